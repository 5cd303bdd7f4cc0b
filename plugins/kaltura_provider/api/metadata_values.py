"""Plain values of the custom metadata that Kaltura keeps as XML."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kaltura_provider.api.metadata_document import parsed_document
from kaltura_provider.api.metadata_schema import FieldType, MetadataField, MetadataSchema

if TYPE_CHECKING:
    from lxml.etree import _Element


def read_document(schema: MetadataSchema, xml: str) -> dict[str, Any]:
    """Return the values of a document as :func:`~kaltura_provider.api.metadata_document.build_document` takes them.

    :param schema: the schema of the profile.
    :param xml: the document.
    :return: by name of the field, the value: text, number, truth, seconds since 1970, or a mapping for a group; a list
        of them for a field that may be repeated.
    :raises ValueError: if it is not XML, or a value is not of its field's type.
    """
    return _values_of(parsed_document(xml, blanks=True), schema.fields)


def _values_of(element: _Element, fields: Sequence[MetadataField]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for field in fields:
        found = [_value_of(child, field) for child in element if child.tag == field.name]
        if found:
            values[field.name] = found if field.repeated else found[0]
    return values


def _value_of(element: _Element, field: MetadataField) -> Any:
    text = element.text or ""
    if field.type is FieldType.GROUP:
        return _values_of(element, field.fields)
    if field.type in (FieldType.TIME, FieldType.INTEGER):
        return int(text)
    if field.type is FieldType.NUMBER:
        return float(text)
    if field.type is FieldType.BOOLEAN:
        return text.strip() in ("true", "1")
    return text
