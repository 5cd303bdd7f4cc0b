"""Are these entries ready to play? The same meaning of "ready" for the sensor, the trigger and the transfers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kaltura_provider.api import Entry, KalturaClient


@dataclass
class Look:
    """What one look at some entries found; each is in exactly one of the three.

    :param ready: entry id -> its state, see :func:`describe`.
    :param failed: entry id -> why waiting is of no use, and the next step.
    :param waiting: entry id -> what it waits for.
    """

    ready: dict[str, dict[str, Any]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    waiting: dict[str, str] = field(default_factory=dict)

    def of(self, ids: Iterable[str]) -> Look:
        """Return what was found of some of them.

        :param ids: some of those looked at.
        """
        part = Look()
        for each in ids:
            if each in self.ready:
                part.ready[each] = self.ready[each]
            elif each in self.failed:
                part.failed[each] = self.failed[each]
            elif each in self.waiting:
                part.waiting[each] = self.waiting[each]
        return part


def look(client: KalturaClient, entry_ids: Sequence[str], *, wait_for_approval: bool = True) -> Look:
    """Look once at the state of entries (``baseEntry.list``, one call per 150 entries).

    :param client: the authenticated client.
    :param entry_ids: the entries.
    :param wait_for_approval: whether an entry whose new content waits for a person's approval is still waited for.
        Otherwise it counts as ready, with ``needs_approval`` in its state.
    :return: what was found.
    :raises kaltura_provider.api.KalturaError: Kaltura could not be asked.
    """
    from kaltura_provider.api import Readiness, check_ready

    found = Look()
    for entry_id, state in check_ready(client, entry_ids, brief=True).items():
        if state.is_ready and state.entry is not None:
            found.ready[entry_id] = describe(state.entry)
        elif state.readiness is Readiness.NEEDS_APPROVAL and state.entry is not None and not wait_for_approval:
            found.ready[entry_id] = {**describe(state.entry), "needs_approval": True}
        elif state.is_failed:
            found.failed[entry_id] = f"{state.status}, {state.message}"
        else:
            found.waiting[entry_id] = f"{state.status}, {state.message}"
    return found


def describe(entry: Entry) -> dict[str, Any]:
    """Return the parts of an entry's state worth handing to later tasks, as plain JSON values.

    :param entry: the entry.
    :return: ``status`` (number, or text for a status of a plugin), ``status_name`` and ``ms_duration``.
    """
    status = entry.status
    return {
        "status": status if isinstance(status, str) else int(status),
        "status_name": status if isinstance(status, str) else status.name,
        "ms_duration": entry.ms_duration,
    }


def normalize_entry_ids(value: Any) -> list[str]:
    """Read entry ids in any form a task may hand them over.

    :param value: one id; several separated by commas; a JSON list as text; a sequence of ids; or what upload tasks
        return: mappings with an ``entry_id``, one or a sequence of them.
    :return: the ids in their order, each once.
    :raises ValueError: there is something in it that is no entry id.
    """
    if isinstance(value, str):
        text = value.strip()
        if text.startswith("["):
            try:
                items: Iterable[Any] = json.loads(text)
            except ValueError:
                raise ValueError(
                    f"entry_ids is text that is no JSON list: {text[:80]!r}. Pass a list, or the upstream task's "
                    ".output, or set render_template_as_native_obj=True on the DAG."
                ) from None
        else:
            items = [part for part in text.split(",") if part.strip()]
            if not items:
                raise ValueError("entry_ids is empty text. Pass an entry id such as '1_a2b3c4d5', or a list of them.")
    elif isinstance(value, Mapping):
        items = [value]
    elif isinstance(value, Iterable):
        items = value
    else:
        raise ValueError(f"entry_ids must be an entry id or a list of them, not {type(value).__name__}.")
    ids: dict[str, None] = {}
    for item in items:
        entry_id = item.get("entry_id") if isinstance(item, Mapping) else item
        if not isinstance(entry_id, str) or not entry_id.strip():
            raise ValueError(
                f"entry_ids contains {item!r}, which is no entry id. Each must be text such as '1_a2b3c4d5', or a "
                "mapping with 'entry_id'; skipped upstream tasks give None."
            )
        ids[entry_id.strip()] = None
    return list(ids)
