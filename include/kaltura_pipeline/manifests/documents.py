"""YAML and JSON, read within limits: plain values, and the line of each.

Numbers and dates stay the texts they were written as: ``name: 012`` is not 10, and ``1e400`` is no infinity. Only
``true``, ``false`` and ``null`` are read as such, so ``language: no`` is Norwegian.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kaltura_pipeline.manifests.model import ManifestError, Problem
from kaltura_pipeline.manifests.values import shown

if TYPE_CHECKING:
    from collections.abc import Callable

Path = tuple[str | int, ...]

MAXIMUM_DEPTH = 16
# Values in a YAML file. Its parser takes some microseconds for each, and an alias counts as all it stands for.
MAXIMUM_YAML_VALUES = 200_000
MAXIMUM_YAML_BYTES = 4 * 1024 * 1024
MAXIMUM_JSON_BYTES = 6 * 1024 * 1024
# The lines of a larger JSON text would take longer than reading it; its rows are counted all the same.
_MAXIMUM_LINES_TEXT = 1024 * 1024
# Paths longer than this have no line of their own: title, field, profile, its field, item.
_LINES_DEPTH = 6
_JSON_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')


class Fields(dict[str, Any]):
    """A mapping that remembers which of its keys came twice."""

    def __init__(self) -> None:
        super().__init__()
        self.twice: list[tuple[str, int]] = []


@dataclass(frozen=True)
class Document:
    """A file as plain values.

    :param value: texts, booleans, None, lists and :class:`Fields`.
    :param line: returns the line of the value at a path, or 0 if it is not known.
    """

    value: Any
    line: Callable[[Path], int]


def read_yaml(file: str, text: str) -> Document:
    """Read a YAML document.

    :param file: name for messages.
    :raises ManifestError: it is not YAML, has more than one document, a tag, a cycle, or is too deep or too large.
    """
    import yaml

    # libyaml's parser: the one in Python takes ten times as long.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        parser = loader(text)
        try:
            return _Yaml(file, parser.get_event).document()
        finally:
            parser.dispose()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        why = str(getattr(error, "problem", None) or getattr(error, "reason", None) or "wrong").replace("\n", " ")
        place = f"line {mark.line + 1}, column {mark.column + 1}" if mark else _yaml_position(text, error)
        raise ManifestError(
            Problem(file, place, "", f"is not valid YAML: {why[:120]}", "quote texts that hold ':' or '#'")
        ) from None
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        raise ManifestError(
            Problem(file, f"line {line}", "", "has half a character in it", "save the file as UTF-8")
        ) from None


def _yaml_position(text: str, error: Exception) -> str:
    position = getattr(error, "position", None)
    if not isinstance(position, int):
        return "line 1"
    # libyaml counts bytes.
    return f"line {text.encode()[:position].count(10) + 1}"


@dataclass
class _Anchor:
    value: Any
    size: int
    complete: bool = False


@dataclass
class _Yaml:
    """Builds values from a parser's events, so that nothing is kept of what is over the limits."""

    file: str
    next_event: Callable[[], Any]
    lines: dict[Path, int] = field(default_factory=dict)
    anchors: dict[str, _Anchor] = field(default_factory=dict)
    count: int = 0

    def document(self) -> Document:
        self.next_event()
        if type(event := self.next_event()).__name__ == "StreamEndEvent":
            return Document(None, lambda path: 1)
        value = self._value(self.next_event(), ())
        self.next_event()
        if type(event := self.next_event()).__name__ != "StreamEndEvent":
            self._refuse(event, "has a second document", "remove the line '---' in it, or make two files")
        return Document(value, lambda path: self.lines.get(path, 0))

    def _refuse(self, event: Any, message: str, fix: str) -> None:
        raise ManifestError(Problem(self.file, f"line {event.start_mark.line + 1}", "", message, fix))

    def _counted(self, event: Any, size: int) -> None:
        self.count += size
        if self.count > MAXIMUM_YAML_VALUES:
            self._refuse(
                event,
                f"has more than {MAXIMUM_YAML_VALUES} values, those that aliases repeat counted too",
                "split it, or write the manifest as CSV or NDJSON",
            )

    def _value(self, event: Any, path: Path) -> Any:
        kind = type(event).__name__
        if len(path) <= _LINES_DEPTH:
            self.lines[path] = event.start_mark.line + 1
        if kind == "AliasEvent":
            return self._alias(event)
        if len(path) > MAXIMUM_DEPTH:
            self._refuse(event, f"is deeper than {MAXIMUM_DEPTH} levels", "a description has five at most")
        tag = event.tag
        if tag not in {None, "!", "tag:yaml.org,2002:str", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"}:
            self._refuse(event, f"has the tag {shown(tag)}", "remove it: plain texts, lists and mappings are enough")
        self._counted(event, 1)
        before = self.count
        anchor = _Anchor(None, 0)
        if event.anchor is not None:
            self.anchors[event.anchor] = anchor
        if kind == "ScalarEvent":
            anchor.value = _scalar(event.value) if event.implicit[0] and not event.style else event.value
        elif kind == "SequenceStartEvent":
            anchor.value = self._sequence(path)
        else:
            anchor.value = self._mapping(path)
        anchor.size = self.count - before + 1
        anchor.complete = True
        return anchor.value

    def _alias(self, event: Any) -> Any:
        anchor = self.anchors.get(event.anchor)
        if anchor is None:
            self._refuse(event, f"repeats {shown(event.anchor)}, which is nowhere", f"add &{event.anchor[:40]} before")
        elif not anchor.complete:
            self._refuse(event, f"holds itself through {shown(event.anchor)}", "remove the alias")
        else:
            self._counted(event, anchor.size)
            return anchor.value
        return None

    def _sequence(self, path: Path) -> list[Any]:
        items: list[Any] = []
        while type(event := self.next_event()).__name__ != "SequenceEndEvent":
            items.append(self._value(event, (*path, len(items))))
        return items

    def _mapping(self, path: Path) -> Fields:
        fields, merged = Fields(), []
        while type(event := self.next_event()).__name__ != "MappingEndEvent":
            if type(event).__name__ != "ScalarEvent":
                self._refuse(event, "has a key that is no text", "write 'field: value'")
            key = event.value
            if key == "<<" and not event.style:
                merged.append(self._value(self.next_event(), (*path, key)))
                continue
            self._counted(event, 1)
            if key in fields:
                fields.twice.append((key, event.start_mark.line + 1))
            fields[key] = self._value(self.next_event(), (*path, key))
            inner: Path = (*path, key)
            self.lines[inner] = event.start_mark.line + 1
        for source in merged:
            for each in source if isinstance(source, list) else [source]:
                if not isinstance(each, dict):
                    self._refuse(event, "merges ('<<') what is no mapping", "merge a mapping")
                for key, value in each.items():
                    fields.setdefault(key, value)
        return fields


def _scalar(text: str) -> str | bool | None:
    if text in {"", "~", "null", "Null", "NULL"}:
        return None
    if text in {"true", "True", "TRUE", "false", "False", "FALSE"}:
        return text[0] in "tT"
    return text


def read_json(file: str, text: str, first_line: int = 1) -> Document:
    """Read a JSON document.

    :param file: name for messages.
    :param first_line: the line of the file it starts in.
    :raises ManifestError: it is not JSON.
    """

    def pairs(found: list[tuple[str, Any]]) -> Fields:
        fields = Fields()
        for key, value in found:
            if key in fields:
                fields.twice.append((key, 0))
            fields[key] = value
        return fields

    def constant(name: str) -> None:
        raise ValueError(f"{name} is not JSON")

    try:
        value = json.loads(text, object_pairs_hook=pairs, parse_int=str, parse_float=str, parse_constant=constant)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno + first_line - 1}, column {error.colno}"
        raise ManifestError(Problem(file, place, "", f"is not valid JSON: {error.msg}", "correct it there")) from None
    except ValueError as error:
        constant_name = str(error).partition(" ")[0]
        position = text.find(constant_name)
        line = text.count("\n", 0, max(position, 0)) + first_line
        raise ManifestError(
            Problem(file, f"line {line}", "", f"is not valid JSON: {error}", "put it in quotes")
        ) from None
    except RecursionError:
        raise ManifestError(
            Problem(file, f"line {first_line}", "", "is nested too deeply", "a description has five levels at most")
        ) from None
    if len(text) > _MAXIMUM_LINES_TEXT:
        return Document(value, lambda path: 0)
    lines: dict[Path, int] = {}

    def line_of(path: Path) -> int:
        # Places are asked for when something is wrong or explained, and then for many paths.
        if not lines:
            lines.update(_json_lines(text, first_line))
        return lines.get(path, 0)

    return Document(value, line_of)


def _json_lines(text: str, first_line: int) -> dict[Path, int]:
    lines: dict[Path, int] = {}
    path: list[str | int] = []
    # For each open bracket: the position in a list, or None in a mapping whose next text is a key.
    inside: list[int | None] = []
    line, at, expects_key = first_line, 0, False
    for token in _JSON_TOKEN.finditer(text):
        line += text.count("\n", at, token.start())
        at = token.start()
        first = token[0][0]
        if first in "}]":
            if inside.pop() is not None or path[len(inside) :]:
                del path[len(inside) :]
            expects_key = False
        elif first == ",":
            expects_key = inside[-1] is None
            if (position := inside[-1]) is not None:
                inside[-1] = position + 1
                path[-1] = position + 1
        elif first == ":":
            expects_key = False
        elif expects_key:
            key = json.loads(token[0])
            path[len(inside) - 1 :] = [key]
            lines[tuple(path)] = line
        else:
            if len(path) <= _LINES_DEPTH:
                lines.setdefault(tuple(path), line)
            if first == "[":
                inside.append(0)
                path.append(0)
            elif first == "{":
                inside.append(None)
                path.append("")
                expects_key = True
    return lines
