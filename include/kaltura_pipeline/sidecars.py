"""The metadata file beside a media file: read, checked, and turned into Kaltura entry fields."""

from __future__ import annotations

import json
from difflib import get_close_matches
from typing import Any

# Field of the file -> property of KalturaBaseEntry.
FIELDS = {
    "name": "name",
    "description": "description",
    "tags": "tags",
    "owner": "userId",
    "reference_id": "referenceId",
}
MAXIMUM_BYTES = 1024 * 1024


class SidecarError(ValueError):
    """A metadata file cannot be used; the message names file, field and fix."""


def parse_sidecar(file_name: str, data: bytes) -> dict[str, Any]:
    """Read a metadata file.

    :param file_name: name for error messages; its ending tells YAML (``.yaml``, ``.yml``) from JSON (``.json``).
    :param data: the file's bytes; UTF-8, with or without a byte order mark.
    :returns: properties of KalturaBaseEntry.
    :raises SidecarError: the file is not UTF-8, not YAML or JSON, or has an unknown or wrong field.
    """
    if len(data) > MAXIMUM_BYTES:
        raise SidecarError(f"{file_name}: larger than {MAXIMUM_BYTES} bytes; a metadata file holds only a few fields")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SidecarError(f"{file_name}: not UTF-8 at byte {error.start}; save the file as UTF-8") from None
    return entry_fields(file_name, _load(file_name, text))


def entry_fields(origin: str, fields: object) -> dict[str, Any]:
    """Check metadata fields and name them as Kaltura does.

    :param origin: where the fields come from (a file, a form), for error messages.
    :param fields: a mapping of the keys in :data:`FIELDS`; None means no fields.
    :raises SidecarError: not a mapping, an unknown field, or a value of the wrong kind.
    """
    if fields is None:
        return {}
    if not isinstance(fields, dict):
        raise SidecarError(f"{origin}: write one 'field: value' a line (found {type(fields).__name__})")
    result: dict[str, Any] = {}
    for field, value in fields.items():
        if field not in FIELDS:
            near = get_close_matches(str(field), FIELDS, n=1)
            advice = f"did you mean {near[0]!r}?" if near else f"known fields: {', '.join(FIELDS)}"
            raise SidecarError(f"{origin}: unknown field {field!r}; {advice}")
        if value is None:
            continue
        result[FIELDS[field]] = _tags(origin, value) if field == "tags" else _text(origin, field, value)
    return result


def _load(file_name: str, text: str) -> object:
    if file_name.lower().endswith(".json"):
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            raise SidecarError(f"{file_name}: not valid JSON: {error}") from None
    import yaml

    try:
        # Only plain scalars, lists and mappings: safe_load builds no Python objects.
        return yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as error:
        place = getattr(error, "problem_mark", None)
        line = f" in line {place.line + 1}" if place else ""
        raise SidecarError(f"{file_name}: not valid YAML{line}; quote texts that hold ':' or '#'") from None


def _text(origin: str, field: str, value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise SidecarError(f"{origin}: field {field!r} must be a text; put it in quotes")
    text = str(value).strip()
    if field == "name" and not text:
        raise SidecarError(f"{origin}: field 'name' is empty; fill it or leave the field out")
    if field == "reference_id" and len(text) < 2:
        raise SidecarError(f"{origin}: field 'reference_id' needs at least 2 characters")
    return text


def _tags(origin: str, value: object) -> str:
    tags = value if isinstance(value, list) else [value]
    if not all(isinstance(tag, (str, int, float)) and not isinstance(tag, bool) for tag in tags):
        raise SidecarError(f"{origin}: field 'tags' must be a list of texts, or one text with commas")
    return ", ".join(str(tag).strip() for tag in tags if str(tag).strip())
