"""The JSON Schema of sidecars and manifests, made from the table of fields.

A schema says what an editor can check while a person types. What needs more than the value itself, such as a time
that a zone leaves out, is checked by the reader only.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from kaltura_pipeline.manifests import fields as table
from kaltura_pipeline.manifests.mappings import TOP_FIELDS
from kaltura_pipeline.manifests.values import CAPTION_FIELDS

if TYPE_CHECKING:
    from kaltura_pipeline.manifests.fields import Field

DRAFT = "https://json-schema.org/draft/2020-12/schema"
# A time without a zone, or with one.
_TIME_PATTERN = (
    r"^\s*[0-9]{4}-[0-9]{2}-[0-9]{2}([T ]+[0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?)?"
    r"\s*([Zz]|[+-][0-9]{2}:?[0-9]{2})?\s*$"
)


def title_schema() -> dict[str, Any]:
    """Return the schema of a sidecar: the fields of one title, all of them optional."""
    return {
        "$schema": DRAFT,
        "title": "Description of one title for Kaltura (sidecar)",
        **_title(table.FIELDS),
        "$defs": _definitions(),
    }


def manifest_schema() -> dict[str, Any]:
    """Return the schema of a manifest: a list of titles, or a mapping with ``titles`` and ``defaults``."""
    titles = {"type": "array", "items": {"$ref": "#/$defs/row"}}
    defaults = _title(
        tuple(field for field in table.FIELDS if field.name not in {"reference_id", "captions", "thumbnail"})
    )
    mapping = {
        "type": "object",
        "properties": dict(zip(TOP_FIELDS, (titles, {"$ref": "#/$defs/defaults"}), strict=True)),
        "required": ["titles"],
        "additionalProperties": False,
    }
    row = {**_title((table.MEDIA, *table.FIELDS)), "required": ["media"]}
    return {
        "$schema": DRAFT,
        "title": "Titles for Kaltura (manifest)",
        "oneOf": [titles, mapping],
        "$defs": {"row": row, "defaults": defaults, **_definitions()},
    }


def written(schema: dict[str, Any]) -> str:
    """Return a schema as the text of its file."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _title(fields: tuple[Field, ...]) -> dict[str, Any]:
    properties = {
        field.name: {"description": field.about, **_value(field), "examples": [field.example]} for field in fields
    }
    return {"type": ["object", "null"], "properties": properties, "additionalProperties": False}


def _value(field: Field) -> dict[str, Any]:
    if field.kind == "line":
        # A number is read as the text it is written as.
        return {"anyOf": [_line(field), {"type": ["number", "null"]}]}
    return {"$ref": f"#/$defs/{field.kind}"}


def _line(field: Field) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string", "minLength": field.shortest, "pattern": r"^\s*\S[^\r\n]*\s*$"}
    if field.longest or field.longest_bytes:
        schema["maxLength"] = field.longest or field.longest_bytes
    if field.pattern:
        schema["pattern"] = rf"^\s*{field.pattern}\s*$"
    return schema


def _listed(item: dict[str, Any], most: int = 1000) -> dict[str, Any]:
    items = {"anyOf": [item, {"type": "number"}]}
    return {"anyOf": [{"type": "array", "maxItems": most, "items": items}, {"type": ["string", "number", "null"]}]}


def _definitions() -> dict[str, Any]:
    text = {"type": ["string", "number", "null"]}
    object_name = {
        "type": "string",
        "minLength": 1,
        "maxLength": 1100,
        "pattern": r"^(?!\s*/)[^\\\r\n\t]*[^/\\\r\n\t]$",
    }
    level = "[^>,]*[^>,\\s][^>,]*"
    caption = {
        "type": "object",
        "required": ["file"],
        "properties": dict(
            zip(
                CAPTION_FIELDS,
                (
                    {**object_name, "pattern": r"\.([sS][rR][tT]|[vV][tT][tT])$"},
                    {"type": ["string", "null"], "description": "BCP-47, such as en or pt-BR"},
                    text,
                    {"type": ["boolean", "null"]},
                ),
                strict=True,
            )
        ),
        "additionalProperties": False,
    }
    caption_file = caption["properties"]["file"]  # type: ignore[index]
    value = {"anyOf": [text, {"type": "array", "items": text}]}
    return {
        "text": {"type": ["string", "number", "null"], "maxLength": 100_000},
        "tags": _listed({"type": "string", "pattern": "^[^,]*$", "maxLength": table.TAG.longest}),
        "categories": _listed({"type": "string", "pattern": f"^{level}(>{level})*$"}, table.MAXIMUM_CATEGORIES),
        "users": _listed(
            {"type": "string", "pattern": rf"^\s*{table.USER.pattern}\s*$", "maxLength": table.USER.longest}
        ),
        "object": {"anyOf": [object_name, {"type": "null"}]},
        "time": {"anyOf": [{"type": "string", "pattern": _TIME_PATTERN}, {"type": "null"}]},
        "zone": {"type": ["string", "null"], "pattern": "^[A-Za-z0-9_+/-]+$"},
        "captions": {
            "anyOf": [
                {"type": "array", "items": {"anyOf": [caption_file, caption]}},
                caption,
                {"type": ["string", "null"]},
            ]
        },
        "metadata": {
            "type": ["object", "null"],
            "additionalProperties": {"type": ["object", "null"], "additionalProperties": value},
        },
    }
