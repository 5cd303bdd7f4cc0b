"""What operators share that bring many entries up to date in one task."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowException

if TYPE_CHECKING:
    from kaltura_provider.api.enrichment.enrich import Enriched

# Messages are read by people: of many entries the first ones tell enough.
_NAMED = 10


def pairs_of(entry_id: Any, value: Any, entries: Any, fields: Sequence[str]) -> list[tuple[str, Mapping[str, Any]]]:
    """Read for which entries what is wanted: one entry with a value, or several.

    :param entry_id: the one entry; None for several.
    :param value: what it shall have, by field.
    :param entries: pairs of entry id and value of the first field, or mappings with ``entry_id`` and the fields.
    :param fields: names of the fields; those of a mapping in ``entries`` must be among them.
    :return: entry and fields, in their order.
    :raises ValueError: something is missing, or there twice.
    """
    from kaltura_provider.operators.entry import require_entry_id

    if entries is None:
        if entry_id is None:
            raise ValueError("Set either entry_id, or entries for several entries at once.")
        return [(require_entry_id(entry_id), value)]
    if entry_id is not None:
        raise ValueError("Set either entry_id or entries, not both.")
    if isinstance(entries, (str, bytes, Mapping)) or not isinstance(entries, Iterable):
        raise ValueError(
            f"entries must be a list such as [{{'entry_id': '1_a2b3c4d5', '{fields[0]}': ...}}], not "
            f"{type(entries).__name__}. If it comes from a template, set render_template_as_native_obj=True on the DAG."
        )
    found: dict[str, Mapping[str, Any]] = {}
    for number, item in enumerate(entries, 1):
        if isinstance(item, Mapping):
            given = {key: each for key, each in item.items() if key != "entry_id"}
            if unknown := sorted(set(given) - set(fields)):
                raise ValueError(
                    f"Item {number} of entries has {unknown[0]!r}; it takes entry_id and {', '.join(fields)}."
                )
            one = require_entry_id(item.get("entry_id"))
        elif isinstance(item, Sequence) and not isinstance(item, str) and len(item) == 2:
            one, given = require_entry_id(item[0]), {fields[0]: item[1]}
        else:
            raise ValueError(f"Item {number} of entries is {item!r}; write a pair of entry_id and {fields[0]}.")
        if one in found:
            raise ValueError(f"Entry {one} is twice in entries; put what it shall have into one item.")
        found[one] = given
    return list(found.items())


def changes_of(results: Iterable[Enriched], part: str, log: Callable[..., None]) -> dict[str, Any]:
    """Return what was changed by entry, or raise what went wrong once all entries had their turn.

    :param results: what became of the entries.
    :param part: name of the part in their changes.
    :param log: logs a message.
    :return: counts by entry.
    :raises Exception: the error of the only entry that has one, or one that lists them.
    """
    done: dict[str, Any] = {}
    errors: dict[str, Exception] = {}
    for result in results:
        if result.error is not None:
            errors[result.entry_id] = result.error
        else:
            done[result.entry_id] = result.changes.get(part, {})
    changed = sum(1 for counts in done.values() if any(counts.values()))
    log("%s: %d entries changed, %d are as they should be, %d failed.", part, changed, len(done) - changed, len(errors))
    if len(errors) == 1:
        raise next(iter(errors.values()))
    if errors:
        said = "; ".join(f"{entry_id}: {error}" for entry_id, error in list(errors.items())[:_NAMED])
        more = f"; and {len(errors) - _NAMED} more" if len(errors) > _NAMED else ""
        raise AirflowException(f"{part} of {len(errors)} entries failed, the others are done: {said}{more}")
    return done
