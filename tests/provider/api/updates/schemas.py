"""Random schemas of custom metadata made of Kaltura's field types, values that fit them, and values that do not."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import quoteattr

from hypothesis import strategies as st

UTC = datetime.timezone.utc
TYPES = """<xsd:simpleType name="textType"><xsd:restriction base="xsd:string"/></xsd:simpleType>
<xsd:simpleType name="dateType"><xsd:restriction base="xsd:long"/></xsd:simpleType>
<xsd:simpleType name="listType"><xsd:restriction base="xsd:string"/></xsd:simpleType>
<xsd:simpleType name="intType"><xsd:restriction base="xsd:int"/></xsd:simpleType>
<xsd:simpleType name="objectType"><xsd:restriction base="xsd:string"/></xsd:simpleType>"""
# Any text that XML can hold; a text of blanks alone is no value.
TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x00\ufffe\uffff", min_codepoint=9).filter(
        lambda each: each in "\t\n\r" or ord(each) >= 32
    ),
    min_size=1,
    max_size=12,
).filter(str.strip)


@dataclass(frozen=True)
class Declared:
    """A field of a random schema."""

    name: str
    kind: str
    repeated: bool
    required: bool
    options: tuple[str, ...] = ()
    limit: int | None = None
    fields: tuple[Declared, ...] = ()

    @property
    def label(self) -> str:
        return f"Label of {self.name}"

    def xsd(self) -> str:
        occurs = f'minOccurs="{int(self.required)}" maxOccurs="{"unbounded" if self.repeated else 1}"'
        annotation = f"<xsd:annotation><xsd:appinfo><label>{self.label}</label></xsd:appinfo></xsd:annotation>"
        base = {
            "text": "textType", "date": "dateType", "int": "intType", "boolean": "xsd:boolean", "object": "objectType",
        }.get(self.kind, "listType")  # fmt: skip
        if self.kind == "group":
            fields = "".join(each.xsd() for each in self.fields)
            inside = f"<xsd:complexType><xsd:sequence>{fields}</xsd:sequence></xsd:complexType>"
        elif self.kind == "list":
            values = "".join(f"<xsd:enumeration value={quoteattr(each)}/>" for each in self.options)
            inside = f"<xsd:simpleType><xsd:restriction base='listType'>{values}</xsd:restriction></xsd:simpleType>"
        elif self.limit is not None:
            rule = "maxLength" if self.kind == "text" else "maxInclusive"
            inside = (
                f"<xsd:simpleType><xsd:restriction base='{base}'><xsd:{rule} value='{self.limit}'/></xsd:restriction>"
                "</xsd:simpleType>"
            )
        else:
            return (
                f'<xsd:element id="id_{self.name}" name="{self.name}" {occurs} type="{base}">{annotation}</xsd:element>'
            )
        return f'<xsd:element id="id_{self.name}" name="{self.name}" {occurs}>{annotation}{inside}</xsd:element>'


@dataclass(frozen=True)
class Example:
    """A schema with values that fit, what is read back of them, and values of which one field does not fit.

    :param path: the field that does not fit.
    """

    xsd: str
    values: dict[str, Any]
    read: dict[str, Any]
    wrong: dict[str, Any]
    path: str


def _one(draw: Any, field: Declared) -> tuple[Any, Any]:
    """Draw a value, and what is read back."""
    if field.kind == "text":
        # The last one means something to Kaltura among other calls.
        text = draw(st.one_of(TEXT, TEXT, TEXT, st.just("{1:result:id}")))
        text = text if field.limit is None else text.strip()[: field.limit].strip() or "x"
        return text, text
    if field.kind == "object":
        entry = draw(st.from_regex(r"[01]_[0-9a-z]{8}", fullmatch=True))
        return entry, entry
    if field.kind == "date":
        seconds = draw(st.integers(100_000_000, 2**33))
        moment = datetime.datetime.fromtimestamp(seconds, UTC)
        return draw(
            st.sampled_from([seconds, str(seconds), moment, moment.isoformat(), f"{moment:%Y-%m-%d %H:%M:%S}Z"])
        ), seconds
    if field.kind == "int":
        number = draw(st.integers(-(2**31), 2**31 - 1 if field.limit is None else field.limit))
        return draw(st.sampled_from([number, str(number)])), number
    if field.kind == "boolean":
        written = draw(st.sampled_from([True, False, "yes", "0", "true"]))
        return written, written in (True, "yes", "true")
    if field.kind == "list":
        option = draw(st.sampled_from(field.options))
        return option, option
    return _filled(draw, field.fields, at_least_one=True)


def _filled(draw: Any, fields: tuple[Declared, ...], *, at_least_one: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    pairs = {}
    for number, field in enumerate(fields):
        if field.required or (at_least_one and number == 0) or draw(st.booleans()):
            several = [_one(draw, field) for _ in range(draw(st.integers(1, 3)) if field.repeated else 1)]
            values, read = [each for each, _ in several], [each for _, each in several]
            pairs[field] = (values, read) if field.repeated else (values[0], read[0])
    order = draw(st.permutations(list(pairs)))
    written = {draw(st.sampled_from([field.name, field.label])): pairs[field][0] for field in order}
    return written, {field.name: read for field, (_, read) in pairs.items()}


def _bad(draw: Any, field: Declared) -> Any:
    """Draw what a field does not take."""
    bad: dict[str, list[Any]] = {
        "text": ["a\x01b", "half \ud83d", {"a": "b"}, [["nested"]]],
        "object": ["\x00", {"a": 1}],
        "date": ["soon", "2026-13-01", 2026, True, {"at": 1}],
        "int": ["x", "1.5", 1.5, True, 2**31, str(-(2**31) - 1)],
        "boolean": ["perhaps", 2, {"a": 1}],
        "list": ["none of them", 7.5],
        "group": ["a text", 5, {"no such field": 1}],
    }
    values = bad[field.kind]
    if field.limit is not None:
        values = [*values, "x" * (field.limit + 1) if field.kind == "text" else field.limit + 1]
    if not field.repeated and field.kind not in ("group",):
        good = _one(draw, field)[0]
        values = [*values, [good, good]]
    return draw(st.sampled_from(values))


def _fields(draw: Any, prefix: str, depth: int) -> tuple[Declared, ...]:
    kinds = ["text", "date", "int", "boolean", "list", "object", *(["group"] if depth else [])]
    fields = []
    for number in range(draw(st.integers(1, 5 if depth == 2 else 3))):
        kind, name = draw(st.sampled_from(kinds)), f"{prefix}{number}"
        fields.append(
            Declared(
                name,
                kind,
                repeated=draw(st.booleans()),
                required=draw(st.booleans()),
                options=tuple(f"Option {each}" for each in range(draw(st.integers(1, 4)))) if kind == "list" else (),
                limit=draw(st.none() | st.integers(1, 8)) if kind in ("text", "int") else None,
                fields=_fields(draw, f"{name}x", depth - 1) if kind == "group" else (),
            )
        )
    return tuple(fields)


@st.composite
def examples(draw: Any) -> Example:
    """Draw an example."""
    fields = _fields(draw, "F", 2)
    root = "".join(field.xsd() for field in fields)
    xsd = (
        '<xsd:schema xmlns:xsd="http://www.w3.org/2001/XMLSchema"><xsd:element name="metadata"><xsd:complexType>'
        f"<xsd:sequence>{root}</xsd:sequence></xsd:complexType></xsd:element>{TYPES}</xsd:schema>"
    )
    values, read = _filled(draw, fields, at_least_one=False)
    field = draw(st.sampled_from(fields))
    wrong = {key: value for key, value in values.items() if key not in (field.name, field.label)}
    path = field.name
    how = draw(st.sampled_from(["value", "unknown", *(["missing"] if field.required else [])]))
    if how == "value":
        value: Any = _bad(draw, field)
        path += ".no such field" if value == {"no such field": 1} else ""
        wrong[field.name] = [value] if field.repeated else value
    elif how == "unknown":
        wrong, path = {**values, "Q": "x"}, "Q"
    return Example(xsd, values, read, wrong, path)
