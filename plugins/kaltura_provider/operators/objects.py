"""What operators that work on many objects share: reading which, and telling which failed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

_NATIVE = "If it comes from a template, set render_template_as_native_obj=True on the DAG."


def read_objects(
    one: Any, many: Any, common: Any, *, id_key: str = "entry_id", value_key: str = "fields", many_key: str = "entries"
) -> dict[str, dict[str, Any]]:
    """Read what each object shall have, in any form a task may be given it.

    :param one: the id of one object, or None.
    :param many: a mapping of ids to values; or a list of ids, or of mappings with the id and either values or, without
        common ones, the values among its other keys; or one of these as JSON text; or None.
    :param common: values of every object, or None.
    :param id_key: name of the id.
    :param value_key: name of the values.
    :param many_key: name of ``many``, for messages.
    :return: by id, its own values over the common ones.
    :raises ValueError: it is something else; names what is wrong and what to do.
    """
    common = _mapping(common, value_key) if common is not None else {}
    if (one is None) == (many is None):
        raise ValueError(f"Set either {id_key}, for one object, or {many_key}, for many.")
    if many is None:
        return {_id(one, id_key): common}
    found: dict[str, dict[str, Any]] = {}
    for object_id, values in _pairs(_decoded(many, many_key), id_key, value_key, many_key, bool(common)):
        merged = {**common, **values}
        if found.setdefault(object_id, merged) != merged:
            raise ValueError(f"{many_key} names {object_id!r} twice, with other {value_key}; name it once.")
    return found


def log_errors(log: Any, kind: str, errors: Mapping[str, Exception]) -> None:
    """Log which objects failed, and raise one of the errors if there are any.

    :param log: the task's log.
    :param kind: what the objects are, such as ``Entry``.
    :param errors: by id.
    :raises Exception: an error that may pass, if there is one, as a repetition of the task then makes sense.
    """
    from kaltura_provider.api.enrichment.rounds import error_to_raise

    for object_id, error in errors.items():
        log.error("%s %s: %s", kind, object_id, error)
    if (error_raised := error_to_raise(errors.values())) is not None:
        raise error_raised


def _pairs(many: Any, id_key: str, value_key: str, many_key: str, has_common: bool) -> Iterable[tuple[str, Any]]:
    if isinstance(many, Mapping) and not {id_key, "entry_id"} & many.keys():
        for object_id, values in many.items():
            yield _id(object_id, id_key), _mapping(values, f"{many_key}[{object_id!r}]")
        return
    for number, item in enumerate([many] if isinstance(many, Mapping) else many, 1):
        where = f"{many_key}, item {number}"
        if not isinstance(item, Mapping):
            yield _id(item, where), {}
            continue
        values = item.get(value_key)
        if values is None:
            values = (
                {} if has_common else {key: value for key, value in item.items() if key not in (id_key, "entry_id")}
            )
        object_id = item.get(id_key, item.get("entry_id"))
        yield _id(object_id, f"{where}: {id_key}"), _mapping(values, f"{where}: {value_key}")


def _decoded(many: Any, many_key: str) -> Any:
    if isinstance(many, str):
        try:
            many = json.loads(many)
        except ValueError:
            raise ValueError(f"{many_key} is text that is no JSON: {many[:80]!r}. {_NATIVE}") from None
    if isinstance(many, str | bytes) or not isinstance(many, Iterable):
        raise ValueError(f"{many_key} must be a mapping or a list, not {type(many).__name__}. {_NATIVE}")
    return many


def _mapping(value: Any, what: str) -> dict[str, Any]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            raise ValueError(f"{what} must be a mapping, not {value[:80]!r}. {_NATIVE}") from None
    if not isinstance(value, Mapping):
        raise ValueError(f"{what} must be a mapping, not {value!r:.80}. {_NATIVE}")
    return {str(key): each for key, each in value.items()}


def _id(value: Any, what: str) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value.strip() or value.strip() == "None":
        raise ValueError(
            f"{what} must be an id such as '1_a2b3c4d5', not {value!r:.80}. If it comes from another task, check that "
            "the task ran and returned one."
        )
    return value.strip()
