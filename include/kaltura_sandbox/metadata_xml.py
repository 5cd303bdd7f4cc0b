"""Custom metadata: reading schemas and checking documents against them, with the words of libxml2."""

from __future__ import annotations

import html
import re
from typing import Any
from xml.parsers import expat

_NAMESPACE = "{http://www.w3.org/2001/XMLSchema}"
_NO_ELEMENT = "The document has no document element.\n at line -1 "


class InvalidMetadata(Exception):
    """The document or schema is not good; the text is escaped for HTML, as Kaltura sends it."""


def schema_fields(xsd: str) -> list[dict[str, str]]:
    """Return the fields that a schema declares: key, label and path of every element with an id.

    :raises InvalidMetadata: the text is no XML schema.
    """
    from lxml import etree

    root = _schema_tree(xsd)
    fields: list[dict[str, str]] = []

    def walk(node: Any, path: str) -> None:
        for child in node:
            if child.tag != f"{_NAMESPACE}element":
                walk(child, path)
                continue
            name = child.get("name", "")
            below = f"{path}/*[local-name()='{name}']"
            if child.get("id"):
                key, label = (child.findtext(f".//{tag}") for tag in ("key", "label"))
                fields.append({"key": key or name, "label": label or name, "xPath": below})
            walk(child, below)

    walk(root, "")
    try:
        etree.XMLSchema(root)
    except etree.XMLSchemaParseError as problem:
        raise InvalidMetadata(_escape(str(problem))) from problem
    return fields


def check_document(xml: str, xsd: str) -> None:
    """Check a document against a schema.

    :raises InvalidMetadata: it does not fit.
    """
    from lxml import etree

    lines = xml.splitlines() or [""]
    parser = _parser()
    try:
        document = etree.fromstring(xml.encode(), parser)
    except etree.XMLSyntaxError as problem:
        found = [(entry.line, entry.message) for entry in parser.error_log] or [(1, str(problem))]
        raise InvalidMetadata(_words(_with_open_element(found, xml), lines) + "\n" + _NO_ELEMENT) from problem
    schema = etree.XMLSchema(_schema_tree(xsd))
    if not schema.validate(document):
        raise InvalidMetadata(_words([(entry.line, entry.message) for entry in schema.error_log], lines))


def _parser() -> Any:
    from lxml import etree

    return etree.XMLParser(resolve_entities=False, no_network=True)


def _schema_tree(xsd: str) -> Any:
    from lxml import etree

    try:
        return etree.fromstring(xsd.encode(), _parser())
    except etree.XMLSyntaxError as problem:
        raise InvalidMetadata(_escape(str(problem))) from problem


def _words(errors: list[tuple[int, str]], lines: list[str]) -> str:
    parts = []
    for number, message in errors:
        line = lines[number - 1] if 0 < number <= len(lines) else ""
        parts.append(_escape(f"{message}\n at line {number} [{line}]"))
    return "\n".join(parts)


def _escape(text: str) -> str:
    return html.escape(text, quote=True).replace("&#x27;", "&#039;")


def _with_open_element(errors: list[tuple[int, str]], xml: str) -> list[tuple[int, str]]:
    """Add the error about the element that is still open after a mismatched end tag.

    Older releases of libxml2, such as Kaltura's, go on after a mismatch and report it; newer ones stop.
    """
    mismatch = re.match(r"Opening and ending tag mismatch: ", errors[-1][1])
    if mismatch is None or len(errors) > 1:
        return errors
    opened: list[tuple[str, int]] = []
    parser = expat.ParserCreate()

    def start(name: str, attributes: dict[str, str]) -> None:
        opened.append((name, parser.CurrentLineNumber))

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda name: opened.pop() and None
    try:
        parser.Parse(xml, True)
    except expat.ExpatError:
        if len(opened) > 1:
            name, line = opened[-2]
            return [*errors, (errors[-1][0], f"Premature end of data in tag {name} line {line}")]
    return errors
