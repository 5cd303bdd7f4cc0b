"""The schema of a metadata profile from a list of fields, and what must change in one that exists."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, count
from typing import Any

from kaltura_provider.api.metadata_schema import MetadataSchema, MetadataSchemaError
from kaltura_provider.api.suggestions import advice

_NAMESPACE = "http://www.w3.org/2001/XMLSchema"
_XSD = f"{{{_NAMESPACE}}}"
# The KMC's own types, and what they are based on; Kaltura indexes a field by the type's name.
_BASES = {"textType": "string", "dateType": "long", "listType": "string", "intType": "int", "objectType": "string"}
_TYPE_OF = {"text": "textType", "date": "dateType", "list": "listType", "int": "intType", "object": "objectType"}
TYPES = (*_TYPE_OF, "boolean")
_KEYS = ("name", "type", "label", "description", "required", "repeated", "searchable", "options")
_NAME = re.compile(r"(?![Xx][Mm][Ll])[A-Za-z_][A-Za-z0-9_]*")
_EMPTY = (
    f'<xsd:schema xmlns:xsd="{_NAMESPACE}"><xsd:element name="metadata"><xsd:complexType><xsd:sequence/>'
    "</xsd:complexType></xsd:element></xsd:schema>"
)


@dataclass(frozen=True)
class FieldSpec:
    """A field as a profile shall have it; None leaves alone what somebody set, and is the default of a new field.

    :param name: its element; letters, digits and ``_``.
    :param type: one of :data:`TYPES`; a date is a point of time, an object the id of an entry or the like.
    :param label: what people see; the name for a new field.
    :param description: explanation for those who fill it.
    :param required: whether it must have a value.
    :param repeated: whether it may have several.
    :param searchable: whether it is found by searches; a new field is.
    :param options: the values of a list.
    """

    name: str
    type: str = "text"
    label: str | None = None
    description: str | None = None
    required: bool | None = None
    repeated: bool | None = None
    searchable: bool | None = None
    options: tuple[str, ...] | None = None


@dataclass
class SchemaChange:
    """What must change in a schema.

    :param xsd: the new schema.
    :param added: fields that are new.
    :param changed: fields that are not what they were.
    :param dropped: fields that are gone.
    :param extra: fields that nobody asked for; they stay.
    :param refused: changes that present data may not survive: field, what, and what to do.
    """

    xsd: str = ""
    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.dropped)


def read_specs(fields: Sequence[Any]) -> tuple[FieldSpec, ...]:
    """Read a list of fields.

    :param fields: mappings with the keys of :class:`FieldSpec`, or such objects; a text is the name of a text field.
    :raises ValueError: names each field that cannot be, and what to do.
    """
    specs: list[FieldSpec] = []
    problems: list[str] = []
    seen: set[str] = set()
    for number, each in enumerate(fields, 1):
        name = each if isinstance(each, str) else each.get("name") if isinstance(each, Mapping) else None
        where = f"field {number} ({name!r})" if name else f"field {number}"
        if isinstance(each, FieldSpec):
            spec, where = each, f"field {number} ({each.name!r})"
        else:
            if not isinstance(each, str | Mapping):
                problems.append(f"{where}: it must be a mapping with 'name' and 'type', not {type(each).__name__}")
                continue
            values: dict[str, Any] = {"name": each} if isinstance(each, str) else dict(each)
            if unknown := [key for key in values if key not in _KEYS]:
                otherwise = f"use {', '.join(_KEYS)}"
                problems += (f"{where}: unknown key {key!r}; {advice(str(key), _KEYS, otherwise)}" for key in unknown)
                continue
            if isinstance(values.get("options"), str):
                values["options"] = [part.strip() for part in values["options"].split(",") if part.strip()]
            if values.get("options") is not None:
                values["options"] = tuple(str(option) for option in values["options"])
            spec = FieldSpec(
                **{**values, "name": str(values.get("name") or ""), "type": str(values.get("type", "text"))}
            )
        problems += (f"{where}: {problem}" for problem in _problems(spec))
        if spec.name in seen:
            problems.append(f"{where}: the name comes twice; give each field a name of its own")
        seen.add(spec.name)
        specs.append(spec)
    if not fields:
        problems.append("there is no field; a profile has at least one")
    if problems:
        raise ValueError("The fields of the metadata profile cannot be:\n" + "\n".join(f"{each}." for each in problems))
    return tuple(specs)


def change_schema(
    xsd: str, specs: Sequence[FieldSpec], *, drop: Collection[str] = (), allow_breaking: bool = False
) -> SchemaChange:
    """Work out how a schema gets the fields it shall have.

    Fields that are there keep their places, ids and all that is not spoken of; new ones come last, as documents that
    exist have the fields in this order.

    :param xsd: the schema as it is; empty for a new profile.
    :param specs: the fields it shall have.
    :param drop: names of fields to remove.
    :param allow_breaking: also change what documents that exist may not survive.
    :raises MetadataSchemaError: if the schema cannot be read or changed.
    """
    from lxml import etree

    if both := sorted({spec.name for spec in specs} & set(drop)):
        raise ValueError(f"The field {both[0]!r} is to be there and to be dropped; decide.")
    tree = MetadataSchema(xsd or _EMPTY).tree()
    if None in tree.nsmap:
        raise MetadataSchemaError("its schema has no prefix for the namespace of XML Schema; rewrite it with xsd:")
    container = next(
        (
            each
            for each in tree.iterfind(f"{_XSD}element[@name='metadata']//")
            if each.tag in (f"{_XSD}sequence", f"{_XSD}all")
        ),
        None,
    )
    if container is None:
        raise MetadataSchemaError("its schema has no sequence of fields")
    change = SchemaChange()
    present = {each.get("name"): each for each in container.findall(f"{_XSD}element")}
    for name in drop:
        if name in present:
            container.remove(present.pop(name))
            change.dropped.append(name)
    for spec in specs:
        element = present.get(spec.name)
        if element is None:
            if xsd and spec.required and not allow_breaking:
                change.refused.append(
                    f"{spec.name}: it is new and required, which documents that exist do not have; add it without "
                    "'required' first and fill it, or set allow_breaking=True"
                )
            container.append(_element(tree, spec))
            change.added.append(spec.name)
            continue
        had = _read(element)
        wanted = _overlaid(had, spec)
        if wanted != had:
            change.refused += () if allow_breaking else _breaking(had, wanted)
            new = _element(tree, wanted)
            if element.get("id"):
                new.set("id", element.get("id"))
            new.tail = element.tail
            container.replace(element, new)
            change.changed.append(spec.name)
    asked = {spec.name for spec in specs}
    change.extra = [name for name in present if name not in asked]
    _add_types(tree)
    change.xsd = etree.tostring(tree, encoding="unicode")
    # What was put together must be a schema.
    MetadataSchema(change.xsd)
    return change


def _problems(spec: FieldSpec) -> list[str]:
    problems = []
    if not _NAME.fullmatch(spec.name):
        suggestion = re.sub(r"[^A-Za-z0-9_]", "", "".join(word[:1].upper() + word[1:] for word in spec.name.split()))
        suggestion = suggestion if _NAME.fullmatch(suggestion) else "Title"
        problems.append(
            f"{spec.name!r} is no name of a field; use letters, digits and _, such as {suggestion!r}, and 'label' for "
            "what people see"
        )
    if spec.type not in TYPES:
        problems.append(f"unknown type {spec.type!r}; {advice(spec.type, TYPES, 'use ' + ', '.join(TYPES))}")
    for key in ("required", "repeated", "searchable"):
        if not isinstance(getattr(spec, key), bool | None):
            problems.append(f"{key!r} is {getattr(spec, key)!r}; write true or false")
    if spec.type == "list" and not spec.options:
        problems.append("a list has no 'options'; name its values")
    if spec.type != "list" and spec.options is not None:
        problems.append(f"'options' go with the type list, not {spec.type}; set type: list, or leave them out")
    if spec.options and (empty := [option for option in spec.options if option != option.strip() or not option]):
        problems.append(f"the option {empty[0]!r} is empty or has space around it; write it without")
    if spec.options and len(set(spec.options)) < len(spec.options):
        problems.append("an option comes twice; keep one")
    return problems


def _overlaid(had: FieldSpec, spec: FieldSpec) -> FieldSpec:
    options = had.options if spec.options is None or set(spec.options) == set(had.options or ()) else spec.options
    return FieldSpec(
        spec.name,
        spec.type,
        had.label if spec.label is None else spec.label,
        had.description if spec.description is None else spec.description,
        had.required if spec.required is None else spec.required,
        had.repeated if spec.repeated is None else spec.repeated,
        had.searchable if spec.searchable is None else spec.searchable,
        options if spec.type == "list" else None,
    )


def _breaking(had: FieldSpec, wanted: FieldSpec) -> list[str]:
    otherwise = "; leave it as it is, or set allow_breaking=True"
    found = []
    if wanted.type != had.type:
        found.append(
            f"{had.name}: its type is {had.type}, not {wanted.type}; make a new field, or set allow_breaking=True"
        )
    elif gone := [option for option in had.options or () if option not in (wanted.options or ())]:
        found.append(f"{had.name}: documents may have its option {gone[0]!r}, which is not wanted any more{otherwise}")
    if wanted.required and not had.required:
        found.append(f"{had.name}: documents may lack it, and it is to be required{otherwise}")
    if had.repeated and not wanted.repeated:
        found.append(f"{had.name}: documents may have several of it, and one is to be allowed{otherwise}")
    return found


def _read(element: Any) -> FieldSpec:
    """Return a field of a schema; a type that no specification can name is given as it is called there."""
    type_name = (element.get("type") or "").rpartition(":")[2]
    restriction = element.find(f"{_XSD}simpleType/{_XSD}restriction")
    options = None
    if restriction is not None:
        options = tuple(each.get("value", "") for each in restriction.findall(f"{_XSD}enumeration"))
        type_name = "listType" if options else (restriction.get("base") or "").rpartition(":")[2]
    elif element.find(f"{_XSD}complexType") is not None:
        type_name = "group"
    # Schemas that were not made by the KMC use the types of XSD itself.
    same = {"string": "text", "int": "int", "integer": "int", "boolean": "boolean"}
    own = {name: kind for kind, name in _TYPE_OF.items()}
    info = f"{_XSD}annotation/{_XSD}appinfo"
    searchable = element.findtext(f"{info}/searchable")
    return FieldSpec(
        element.get("name"),
        own.get(type_name) or same.get(type_name, type_name),
        element.findtext(f"{info}/label"),
        element.findtext(f"{info}/description") or "",
        element.get("minOccurs", "1") != "0",
        element.get("maxOccurs", "1") not in ("0", "1"),
        None if searchable is None else searchable.strip().casefold() in ("true", "1"),
        options or None,
    )


def _element(tree: Any, spec: FieldSpec) -> Any:
    from lxml import etree

    # A field that was renamed in the KMC keeps its id.
    taken = {each.get("id") for each in tree.iter(f"{_XSD}element")}
    ids = (f"md_{spec.name}{suffix}" for suffix in chain([""], (f"_{number}" for number in count(2))))
    element = etree.Element(
        f"{_XSD}element",
        id=next(each for each in ids if each not in taken),
        name=spec.name,
        minOccurs="1" if spec.required else "0",
        maxOccurs="unbounded" if spec.repeated else "1",
        nsmap=tree.nsmap,
    )
    annotation = etree.SubElement(element, f"{_XSD}annotation")
    etree.SubElement(annotation, f"{_XSD}documentation")
    info = etree.SubElement(annotation, f"{_XSD}appinfo")
    for name, text in (
        ("label", spec.label or spec.name),
        ("key", spec.name),
        ("searchable", "false" if spec.searchable is False else "true"),
        ("timeControl", "false"),
        ("description", spec.description or ""),
    ):
        etree.SubElement(info, name).text = text
    if spec.type == "list":
        simple = etree.SubElement(element, f"{_XSD}simpleType")
        restriction = etree.SubElement(simple, f"{_XSD}restriction", base="listType")
        for option in spec.options or ():
            etree.SubElement(restriction, f"{_XSD}enumeration", value=option)
    else:
        element.set("type", _TYPE_OF.get(spec.type) or f"{tree.prefix}:boolean")
    return element


def _add_types(tree: Any) -> None:
    """Define the KMC's types where they are missing."""
    from lxml import etree

    known = {each.get("name") for kind in ("simpleType", "complexType") for each in tree.findall(f"{_XSD}{kind}")}
    for name, base in _BASES.items():
        if name not in known:
            simple = etree.SubElement(tree, f"{_XSD}simpleType", name=name)
            etree.SubElement(simple, f"{_XSD}restriction", base=f"{tree.prefix}:{base}")
