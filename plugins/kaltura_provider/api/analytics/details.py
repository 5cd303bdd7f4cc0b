"""What entries are called, whose they are and where they lie, beside their figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kaltura_provider.api.analytics.reading import arrow

if TYPE_CHECKING:
    import pyarrow as pa

    from kaltura_provider.api.client import KalturaClient

#: Columns that are added: name, type, meaning.
DETAILS = (
    ("title", "string", "the entry's whole name when the table was fetched; empty if it is gone"),
    ("owner_id", "string", "its owner then"),
    ("categories", "string", "its categories then, full paths with commas between them"),
    ("entry_duration_seconds", "double", "its length then"),
)


class EntryDetails:
    """Adds columns on entries to tables, looking each entry up once.

    :param client: the client.
    """

    def __init__(self, client: KalturaClient) -> None:
        self.client = client
        self.requests = 0
        self._known: dict[str, tuple[Any, ...]] = {}

    def add_to(self, table: pa.Table) -> pa.Table:
        """Return a table with what is known of its entries (``baseEntry.list``).

        :param table: a table with entry ids in ``object_id``.
        :raises KalturaError: a call failed.
        """
        pa = arrow()
        ids = table["object_id"].to_pylist()
        self._look_up([each for each in dict.fromkeys(ids) if each and each not in self._known])
        nothing = (None,) * len(DETAILS)
        rows = [self._known.get(each, nothing) for each in ids]
        for number, (name, kind, meaning) in enumerate(DETAILS):
            field = pa.field(name, kind, metadata={"kaltura_column": "", "kaltura_unit": "", "meaning": meaning})
            table = table.append_column(field, pa.array([row[number] for row in rows], field.type))
        return table

    def _look_up(self, entry_ids: Sequence[str]) -> None:
        from kaltura_provider.api.lookup import get_entries

        if not entry_ids:
            return
        found = get_entries(self.client, entry_ids)
        self.requests += -(-len(entry_ids) // 150)
        for entry_id in entry_ids:
            entry = found.get(entry_id)
            if entry is None:
                self._known[entry_id] = (None,) * len(DETAILS)
                continue
            seconds = entry.ms_duration / 1000 if entry.ms_duration else None
            self._known[entry_id] = (entry.name, entry.user_id or None, entry.raw.get("categories") or None, seconds)
