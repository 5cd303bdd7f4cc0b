"""What a schema of custom metadata allows: its fields in their order, read from the XSD of a metadata profile."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any

_NAMESPACE = "{http://www.w3.org/2001/XMLSchema}"
# Types of Kaltura's own schemas, below which lies a plain type of XSD that says less.
_KALTURA_TYPES = {"dateType": "date", "listType": "list", "objectType": "object", "textType": "text"}
_INTEGERS = {"int", "integer", "long", "short", "byte", "nonNegativeInteger", "positiveInteger", "unsignedInt"}
_PARTICLES = tuple(f"{_NAMESPACE}{name}" for name in ("sequence", "choice", "all"))
_REFERRING = ("import", "include", "redefine", "override")
MAX_DEPTH = 8


class MetadataSchemaError(ValueError):
    """The schema of a metadata profile cannot be read."""


class FieldType(Enum):
    """What a field holds."""

    TEXT = "text"
    #: Seconds since 1970, as Kaltura stores a point of time.
    TIME = "time"
    #: ``2026-11-25`` and ``2026-11-25T10:00:00Z``, in schemas that were not made by the KMC.
    ISO_DATE = "date"
    ISO_DATE_TIME = "dateTime"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    #: One of the listed values.
    LIST = "list"
    #: Fields of its own.
    GROUP = "group"


@dataclass(frozen=True)
class MetadataField:
    """A field of a schema.

    :param name: its element.
    :param label: what the KMC calls it.
    :param type: what it holds.
    :param repeated: whether it may have several values.
    :param required: whether it must have one.
    :param options: the values it may have, for a list.
    :param fields: the fields of a group, in order.
    """

    name: str
    label: str
    type: FieldType
    repeated: bool = False
    required: bool = False
    options: tuple[str, ...] = ()
    fields: tuple[MetadataField, ...] = ()


class MetadataSchema:
    """The schema of a metadata profile.

    :param xsd: the text.
    :raises MetadataSchemaError: if it is no schema of custom metadata.
    """

    def __init__(self, xsd: str) -> None:
        from lxml import etree

        parser = etree.XMLParser(resolve_entities=False, no_network=True)
        try:
            self._tree = etree.fromstring(xsd.encode(), parser)
        except etree.XMLSyntaxError as error:
            raise MetadataSchemaError(f"its schema is not XML: {error}") from None
        if next(self._tree.iter(*(f"{_NAMESPACE}{name}" for name in _REFERRING)), None) is not None:
            # Reading them would mean to read files or addresses that somebody else chose.
            raise MetadataSchemaError("its schema refers to other schemas, which are not read")
        root = self._tree.find(f"{_NAMESPACE}element[@name='metadata']")
        if root is None:
            raise MetadataSchemaError("its schema declares no element 'metadata'")
        try:
            #: The schema as lxml validates with it.
            self.validator = etree.XMLSchema(self._tree)
        except etree.XMLSchemaParseError as error:
            raise MetadataSchemaError(f"its schema is not valid: {error}") from None
        #: The fields below the root, in the order in which Kaltura takes them.
        self.fields = self._fields_of(root, 0)

    def tree(self) -> Any:
        """Return a copy of the schema as lxml reads it, to be changed."""
        return copy.deepcopy(self._tree)

    @cached_property
    def partial_validator(self) -> Any:
        """The same for documents that are to be merged into others: fields below the root may be missing."""
        from lxml import etree

        tree = self.tree()
        root = tree.find(f"{_NAMESPACE}element[@name='metadata']")
        # Only what lies below the root: the types of groups stand elsewhere, or below their element.
        kind = self._type_element(root, "complexType", tree)
        below = [] if kind is None else [kind]
        while below:
            for child in below.pop():
                if child.tag == f"{_NAMESPACE}element" or child.tag in _PARTICLES:
                    child.set("minOccurs", "0")
                if child.tag != f"{_NAMESPACE}element":
                    below.append(child)
        return etree.XMLSchema(tree)

    @property
    def order(self) -> tuple[str, ...]:
        """The names of the fields, in their order."""
        return tuple(field.name for field in self.fields)

    def _fields_of(self, element: Any, depth: int) -> tuple[MetadataField, ...]:
        if depth > MAX_DEPTH:
            raise MetadataSchemaError(f"the groups of its schema are nested more than {MAX_DEPTH} deep")
        kind = self._type_element(element, "complexType")
        return () if kind is None else tuple(self._elements(kind, depth))

    def _elements(self, node: Any, depth: int) -> list[MetadataField]:
        """Return the fields below sequences, choices and the like, not those of groups inside."""
        found: list[MetadataField] = []
        for child in node:
            if child.tag != f"{_NAMESPACE}element":
                found += self._elements(child, depth)
            elif child.get("name"):
                found.append(self._field(child, depth))
        return found

    def _field(self, element: Any, depth: int) -> MetadataField:
        name = element.get("name")
        fields = self._fields_of(element, depth + 1)
        options = self._options(element)
        field_type = FieldType.GROUP if fields else FieldType.LIST if options else self._type(element)
        label = element.findtext(f"{_NAMESPACE}annotation/{_NAMESPACE}appinfo/label") or name
        return MetadataField(
            name,
            label.strip() or name,
            field_type,
            repeated=element.get("maxOccurs", "1") not in ("0", "1"),
            required=_is_required(element),
            options=options,
            fields=fields,
        )

    def _type_element(self, element: Any, kind: str, tree: Any = None) -> Any:
        """Return the definition of an element's type, written inside of it or beside it under a name."""
        tree = self._tree if tree is None else tree
        inside = element.find(f"{_NAMESPACE}{kind}")
        if inside is not None:
            return inside
        name = _local(element.get("type") or "")
        return next((each for each in tree.findall(f"{_NAMESPACE}{kind}") if each.get("name") == name), None)

    def _options(self, element: Any) -> tuple[str, ...]:
        kind = self._type_element(element, "simpleType")
        if kind is None:
            return ()
        return tuple(each.get("value", "") for each in kind.iter(f"{_NAMESPACE}enumeration"))

    def _type(self, element: Any) -> FieldType:
        name = _local(element.get("type") or "")
        kind = self._type_element(element, "simpleType")
        # A type that is based on itself would go on forever.
        for _ in range(MAX_DEPTH):
            if name in _KALTURA_TYPES:
                return FieldType.TIME if name == "dateType" else FieldType.TEXT
            restriction = kind.find(f"{_NAMESPACE}restriction") if kind is not None else None
            if restriction is None:
                break
            name = _local(restriction.get("base") or "")
            kind = next(
                (each for each in self._tree.findall(f"{_NAMESPACE}simpleType") if each.get("name") == name), None
            )
        if name in _INTEGERS:
            return FieldType.INTEGER
        if name in ("decimal", "float", "double"):
            return FieldType.NUMBER
        plain = {"boolean": FieldType.BOOLEAN, "date": FieldType.ISO_DATE, "dateTime": FieldType.ISO_DATE_TIME}
        return plain.get(name, FieldType.TEXT)


def _is_required(element: Any) -> bool:
    """Tell whether neither the element nor a sequence around it may be missing, nor is it one of several to choose."""
    node = element
    while node.tag != f"{_NAMESPACE}complexType":
        if node.get("minOccurs", "1") == "0" or node.tag == f"{_NAMESPACE}choice":
            return False
        node = node.getparent()
    return True


def _local(name: str) -> str:
    return name.rpartition(":")[2]
