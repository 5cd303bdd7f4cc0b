"""Custom metadata as Kaltura takes it: an XML document, made from plain values by the schema of its profile."""

from __future__ import annotations

import datetime
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kaltura_provider.api.local_times import LocalTimeError, seconds_of
from kaltura_provider.api.metadata_schema import FieldType, MetadataField, MetadataSchema
from kaltura_provider.api.suggestions import advice

if TYPE_CHECKING:
    from lxml.etree import _Element

_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_SMALLEST_TIME = 100_000_000
_WRITTEN = {True: "true", False: "false"}


@dataclass(frozen=True)
class FieldProblem:
    """A value that the schema does not take.

    :param field: the field as it was written, groups with a dot: ``Speaker.Name``.
    :param message: what is wrong.
    :param fix: what to do about it.
    """

    field: str
    message: str
    fix: str


class _WrongValue(ValueError):
    def __init__(self, message: str, fix: str) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix


def build_document(
    schema: MetadataSchema,
    values: Mapping[str, Any],
    zone: datetime.tzinfo = datetime.timezone.utc,
    *,
    partial: bool = False,
    exact: bool = False,
) -> tuple[str, list[FieldProblem]]:
    """Make the document of an object's custom metadata.

    Fields are found by name or by the label the KMC shows. Values that are None or empty are left out. A point of time
    is a number of seconds since 1970, a date, a time, or either in ISO 8601.

    :param schema: the schema of the profile.
    :param values: by field, one value or, for a field that may be repeated, a list; a group is a mapping of its own.
    :param zone: time zone of dates and times that name none.
    :param partial: the document is to be merged into another: a required field may be missing.
    :param exact: texts are kept as they are, and refused if they cannot be; otherwise space around them and characters
        that XML cannot hold are left out.
    :return: the XML, elements in the schema's order, and what is wrong with it; the XML is good when nothing is.
    """
    from lxml import etree

    root = etree.Element("metadata")
    writer = _Writer(zone, partial=partial, exact=exact)
    writer.write(root, schema.fields, values, "")
    problems = writer.problems or _schema_problems(schema, root, partial=partial)
    return etree.tostring(root, encoding="unicode"), problems


def check_document(schema: MetadataSchema, xml: str) -> list[FieldProblem]:
    """Return what a schema does not take of a document.

    :param schema: the schema of the profile.
    :param xml: the document.
    :raises ValueError: if it is not XML.
    """
    root = parsed_document(xml)
    found = {str(child.tag) for child in root}
    missing = [field for field in schema.fields if field.required and field.name not in found]
    if missing:
        return [FieldProblem(field.name, "the profile requires it", "add a value") for field in missing]
    return _schema_problems(schema, root)


def named_fields(schema: MetadataSchema, values: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the fields that values are of, whatever they were called.

    :param schema: the schema of the profile.
    :param values: by field.
    """
    found = (_find(schema.fields, str(written)) for written in values)
    return tuple(field.name for field in found if field is not None)


def merge_documents(present: str, wanted: str, *, dropped: Collection[str] = (), order: Sequence[str] = ()) -> str:
    """Put fields into a document that holds others as well, as Kaltura replaces a document as a whole.

    :param present: the XML that Kaltura has.
    :param wanted: the XML with the fields to set; each takes the place of all values of this field.
    :param dropped: fields to remove unless they are wanted.
    :param order: all fields of the schema, in order; a present one that is not among them is left out, as Kaltura would
        refuse it. Without an order the present fields keep theirs.
    :return: the merged XML, empty if it has no field.
    :raises ValueError: if one of the documents is not XML.
    """
    from lxml import etree

    new = list(parsed_document(wanted))
    named = {child.tag for child in new}
    kept = [child for child in parsed_document(present) if child.tag not in named and child.tag not in dropped]
    children = [*kept, *new]
    if order:
        place = {name: index for index, name in enumerate(order)}
        children = sorted((child for child in children if child.tag in place), key=lambda child: place[str(child.tag)])
    root = etree.Element("metadata")
    root.extend(children)
    return etree.tostring(root, encoding="unicode") if children else ""


def same_document(one: str, other: str) -> bool:
    """Tell whether two documents say the same, however they are written.

    :param one: XML.
    :param other: XML.
    :raises ValueError: if one of them is not XML.
    """
    from lxml import etree

    first, second = (etree.tostring(parsed_document(text), method="c14n") for text in (one, other))
    return bool(first == second)


def differing_fields(present: str, wanted: str) -> list[tuple[str, Any, Any]]:
    """Compare two documents field by field; the order of the fields means nothing.

    :param present: XML.
    :param wanted: XML.
    :return: each field that differs: its name, and what is wanted and present of it: a text, a list of texts if it has
        several values, or None if it has none. A group is a text with its XML.
    :raises ValueError: if one of them is not XML.
    """
    there, desired = _values(present), _values(wanted)
    return [
        (name, _one(desired.get(name)), _one(there.get(name)))
        for name in dict.fromkeys([*desired, *there])
        if desired.get(name) != there.get(name)
    ]


def _values(xml: str) -> dict[str, list[str]]:
    from lxml import etree

    found: dict[str, list[str]] = {}
    for child in parsed_document(xml):
        text = etree.tostring(child, method="c14n").decode() if len(child) else child.text or ""
        found.setdefault(str(child.tag), []).append(text)
    return found


def _one(values: list[str] | None) -> Any:
    return values[0] if values and len(values) == 1 else values


def fields_of(xml: str) -> tuple[str, ...]:
    """Return the fields a document has, each once.

    :param xml: the document.
    :raises ValueError: if it is not XML.
    """
    return tuple(dict.fromkeys(str(child.tag) for child in parsed_document(xml)))


def parsed_document(xml: str, *, blanks: bool = False) -> _Element:
    """Return a document as lxml reads it, without comments.

    :param xml: the document.
    :param blanks: keep text of blanks alone.
    :raises ValueError: if it is not XML.
    """
    from lxml import etree

    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, remove_blank_text=not blanks, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(xml.encode(), parser)
    except etree.XMLSyntaxError as error:
        raise ValueError(f"custom metadata is not XML: {error}") from None
    for child in root:
        # Not part of the field.
        child.tail = None
    return root


class _Writer:
    """Writes values as elements, and collects what cannot be written."""

    def __init__(self, zone: datetime.tzinfo, *, partial: bool = False, exact: bool = False) -> None:
        self.zone = zone
        self.partial = partial
        self.exact = exact
        self.problems: list[FieldProblem] = []

    def write(self, parent: _Element, fields: Sequence[MetadataField], values: Mapping[str, Any], path: str) -> None:
        found: dict[str, tuple[str, Any]] = {}
        for written, value in values.items():
            where = f"{path}.{written}" if path else str(written)
            field = _find(fields, str(written))
            if field is None:
                names = [name for each in fields for name in (each.name, each.label)]
                listed = ", ".join(each.name for each in fields[:30])
                self._problem(where, "the profile has no such field", advice(str(written), names, f"use: {listed}"))
            elif field.name in found:
                self._problem(where, f"it is the same field as {found[field.name][0]!r}", "name it once")
            else:
                found[field.name] = (where, value)
        for field in fields:
            where, value = found.get(field.name, ("", None))
            given = [each for each in _listed(value) if not _is_empty(each)]
            if given and len(given) > 1 and not field.repeated:
                self._problem(where, f"it has {len(given)} values, of which the profile takes one", "keep one of them")
            elif not given and field.required and not (self.partial and not path):
                self._problem(
                    where or (f"{path}.{field.name}" if path else field.name), "the profile requires it", "add a value"
                )
            else:
                for each in given:
                    self._write_value(parent, field, each, where)

    def _write_value(self, parent: _Element, field: MetadataField, value: Any, where: str) -> None:
        from lxml import etree

        element = etree.SubElement(parent, field.name)
        if field.type is FieldType.GROUP:
            if isinstance(value, Mapping):
                self.write(element, field.fields, value, where)
            else:
                names = ", ".join(each.name for each in field.fields)
                self._problem(where, "it is a group of fields, not one value", f"write its fields: {names}")
            return
        try:
            element.text = _text_of(field, value, self.zone, exact=self.exact)
        except _WrongValue as error:
            self._problem(where, error.message, error.fix)

    def _problem(self, field: str, message: str, fix: str) -> None:
        self.problems.append(FieldProblem(field, message, fix))


def _is_empty(value: Any) -> bool:
    return value is None or value == {} or (isinstance(value, str) and not value.strip())


def _schema_problems(schema: MetadataSchema, root: _Element, *, partial: bool = False) -> list[FieldProblem]:
    validator = schema.partial_validator if partial else schema.validator
    if validator.validate(root):
        return []
    return [_explained(error, schema) for error in validator.error_log][:10]


def _listed(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list | tuple) else (value,)


def _find(fields: Sequence[MetadataField], written: str) -> MetadataField | None:
    def folded(text: str) -> str:
        return "".join(text.split()).casefold()

    tests = (
        lambda field: field.name == written,
        lambda field: field.label == written,
        lambda field: folded(field.name) == folded(written),
        lambda field: folded(field.label) == folded(written),
    )
    return next((field for test in tests for field in fields if test(field)), None)


def _text_of(field: MetadataField, value: Any, zone: datetime.tzinfo, *, exact: bool = False) -> str:
    if isinstance(value, Mapping | list | tuple | set):
        raise _WrongValue("it takes plain values, no groups or lists of them", "write the value alone")
    if isinstance(value, bool):
        if field.type in (FieldType.TIME, FieldType.INTEGER, FieldType.NUMBER):
            raise _WrongValue(f"{_WRITTEN[value]} is no {field.type.value}", "write a number")
        text = _WRITTEN[value]
    else:
        text = str(value)
        if exact and (found := _NOT_XML.search(text)):
            raise _WrongValue(
                f"it has the character U+{ord(found[0]):04X} at position {found.start() + 1}, which Kaltura cannot "
                "store",
                "remove it",
            )
        if (exact and field.type is FieldType.TEXT) or text in field.options:
            return text
        text = _NOT_XML.sub("", text).strip()
    if field.type is FieldType.TIME:
        return str(_seconds(value, text, zone))
    if field.type is FieldType.INTEGER:
        return _integer(value, text)
    if field.type is FieldType.BOOLEAN and not isinstance(value, bool):
        lowered = text.casefold()
        if lowered not in ("true", "false", "1", "0", "yes", "no"):
            raise _WrongValue(f"{text[:60]!r} is neither true nor false", "write true or false")
        return _WRITTEN[lowered in ("true", "1", "yes")]
    if field.type in (FieldType.ISO_DATE, FieldType.ISO_DATE_TIME) and isinstance(value, datetime.date):
        return value.isoformat()
    return _option(field, text) if field.type is FieldType.LIST else text


def _integer(value: Any, text: str) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if not _INTEGER.fullmatch(text):
        raise _WrongValue(f"{text[:60]!r} is no whole number", "write digits only")
    return text.lstrip("+")


def _option(field: MetadataField, text: str) -> str:
    if text in field.options:
        return text
    alike = [option for option in field.options if option.casefold() == text.casefold()]
    if len(alike) == 1:
        return alike[0]
    listed = ", ".join(field.options[:20]) + (", …" if len(field.options) > 20 else "")
    raise _WrongValue(
        f"{text[:60]!r} is none of the values of its list", advice(text, field.options, f"use one of: {listed}")
    )


def _seconds(value: Any, text: str, zone: datetime.tzinfo) -> int:
    if _INTEGER.fullmatch(text):
        seconds = int(text)
        if 0 <= seconds < _SMALLEST_TIME:
            # A year, or 20261125: as seconds it would be a day of the early seventies.
            raise _WrongValue(f"{text} is no time in seconds since 1970", "write a date like 2026-11-25")
        return seconds
    if isinstance(value, datetime.datetime):
        moment = value
    elif isinstance(value, datetime.date):
        moment = datetime.datetime(value.year, value.month, value.day)
    else:
        try:
            # Python 3.10 does not know the Z.
            moment = datetime.datetime.fromisoformat(re.sub("[Zz]$", "+00:00", text))
        except ValueError:
            raise _WrongValue(
                f"{text[:60]!r} is no date or time", "write it like 2026-11-25 or 2026-11-25T10:00:00+01:00"
            ) from None
    if moment.tzinfo:
        return int(moment.timestamp())
    try:
        return seconds_of(moment, zone)
    except LocalTimeError as error:
        raise _WrongValue(error.message, error.fix) from None


def _explained(error: Any, schema: MetadataSchema) -> FieldProblem:
    path = ".".join(re.sub(r"\[[0-9]+\]", "", part) for part in (error.path or "").split("/") if part)
    field = path.removeprefix("metadata").lstrip(".")
    message = error.message.replace("{http://www.w3.org/2001/XMLSchema}", "").rstrip(".")
    fix = "correct the value"
    if not field:
        fix = f"the fields of the profile are: {', '.join(schema.order[:30])}"
    return FieldProblem(field, message[:300], fix)
