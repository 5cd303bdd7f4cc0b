"""XML as a tree with the line of each element, without document types, entities or anything fetched."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kaltura_pipeline.manifests.model import ManifestError, Problem
from kaltura_pipeline.manifests.text import decoded
from kaltura_pipeline.manifests.values import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

MAXIMUM_XML_BYTES = 4 * 1024 * 1024
_MAXIMUM_DEPTH = 32
_MAXIMUM_ELEMENTS = 60_000
# Attributes of one element come all at once, so a tag that long is refused before it is parsed.
_LONG_TAG = re.compile(r"<[A-Za-z_][^<>]{65536}")
_DECLARED = re.compile(rb"^\s*<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,30})[\"']")
_ENCODINGS = re.compile(
    r"(utf-?8|us-ascii|ascii|latin-?1|iso-?8859-\d{1,2}|windows-125\d|cp125\d|koi8-[ru]|shift[_-]jis|euc-(jp|kr)|gbk"
    r"|gb2312|gb18030|big5|macintosh)",
    re.IGNORECASE,
)


@dataclass
class Element:
    """One element.

    :param tag: its name without namespace.
    :param space: its namespace; empty if it has none.
    :param attributes: by name without namespace.
    :param line: where it starts.
    """

    tag: str
    space: str
    attributes: dict[str, str]
    line: int
    children: list[Element] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text in it, without that of its children."""
        return "".join(self.pieces).strip()

    @property
    def place(self) -> str:
        """Where it is, for messages."""
        return f"line {self.line}, element {shown(self.tag)}"

    def all(self, *tags: str) -> Iterator[Element]:
        """Yield the children of these names."""
        return (child for child in self.children if child.tag in tags)

    def first(self, *tags: str) -> Element | None:
        """Return the first child of these names."""
        return next(self.all(*tags), None)


def read_xml(file: str, data: bytes) -> Element:
    """Read an XML document.

    :param file: name for messages.
    :return: its root.
    :raises ManifestError: it is not well-formed, has a document type, or is too deep or too large.
    """
    from xml.sax import SAXParseException
    from xml.sax.xmlreader import InputSource

    from defusedxml.common import DefusedXmlException
    from defusedxml.expatreader import DefusedExpatParser

    text = _text(file, data)
    if long := _LONG_TAG.search(text):
        line = text.count("\n", 0, long.start()) + 1
        raise ManifestError(
            Problem(file, f"line {line}", "", "has an element of more than 65536 characters", "correct it there")
        )
    parser: Any = DefusedExpatParser(forbid_dtd=True, forbid_entities=True, forbid_external=True)
    handler = _handler(file, parser)
    parser.setContentHandler(handler)
    parser.setFeature("http://xml.org/sax/features/namespaces", True)
    try:
        # The text is encoded anew, whatever its declaration says.
        parser._source = InputSource()
        parser._source.setEncoding("utf-8")
        # The first piece makes expat's parser, which can then be told to give text in one piece rather than by line.
        parser.feed(b"")
        parser._parser.buffer_text = True
        parser._parser.buffer_size = 1024 * 1024
        # The rest at once: expat would begin a long token anew for each piece of it.
        parser.feed(text.encode())
        parser.close()
    except DefusedXmlException:
        line = text.count("\n", 0, max(text.upper().find("<!DOCTYPE"), 0)) + 1
        raise ManifestError(
            Problem(
                file, f"line {line}", "", "declares a document type, which may hide entities", "remove <!DOCTYPE ...>"
            )
        ) from None
    except SAXParseException as error:
        place = f"line {error.getLineNumber()}, column {(error.getColumnNumber() or 0) + 1}"
        raise ManifestError(
            Problem(
                file, place, "", f"is not well-formed XML: {error.getMessage()}", "correct it there; write & as &amp;"
            )
        ) from None
    return handler.root  # type: ignore[no-any-return]


def _text(file: str, data: bytes) -> str:
    declared = _DECLARED.match(data)
    encodings = []
    if declared:
        name = declared[1].decode()
        if _ENCODINGS.fullmatch(name):
            encodings = [name]
        elif not name.lower().startswith("utf-16"):
            raise ManifestError(
                Problem(file, "line 1", "", f"says it is in {shown(name)}, which is not read", "save the file as UTF-8")
            )
    return decoded(file, data, encodings)[0]


def _handler(file: str, parser: Any) -> Any:
    from xml.sax.handler import ContentHandler

    class Handler(ContentHandler):
        def __init__(self) -> None:
            super().__init__()
            self.root: Element | None = None
            self.open: list[Element] = []
            self.elements = 0

        def startElementNS(self, name: Any, qname: Any, attrs: Any) -> None:
            line = parser.getLineNumber()
            self.elements += 1
            if len(self.open) >= _MAXIMUM_DEPTH:
                refuse(line, f"is deeper than {_MAXIMUM_DEPTH} elements", "a title has eight levels at most")
            if self.elements > _MAXIMUM_ELEMENTS:
                refuse(line, f"has more than {_MAXIMUM_ELEMENTS} elements", "split the file")
            element = Element(name[1], name[0] or "", {key[1]: value for key, value in attrs.items()}, line)
            if self.open:
                self.open[-1].children.append(element)
            else:
                self.root = element
            self.open.append(element)

        def endElementNS(self, name: Any, qname: Any) -> None:
            self.open.pop()

        def characters(self, content: str) -> None:
            self.open[-1].pieces.append(content)

    def refuse(line: int, message: str, fix: str) -> None:
        raise ManifestError(Problem(file, f"line {line}", "", message, fix))

    return Handler()
