"""Titles in YAML, JSON and NDJSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kaltura_pipeline.manifests.build import Found, Said
from kaltura_pipeline.manifests.documents import Document, Fields, read_json
from kaltura_pipeline.manifests.model import ManifestError, Problem
from kaltura_pipeline.manifests.source import Source
from kaltura_pipeline.manifests.tables import MAXIMUM_ROWS
from kaltura_pipeline.manifests.values import nearest, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kaltura_pipeline.manifests.documents import Path

TOP_FIELDS = ("titles", "defaults")


def found_title(file: str, document: Document, path: Path, row: str = "") -> Found:
    """Return what a mapping says of a title.

    :param file: name for messages.
    :param path: of the mapping in the document.
    :param row: its place as a row, before the line.
    """
    value = document.value
    for key in path:
        value = value[key]
    place = _place(row, document.line(path))
    if value is None:
        return Found(place, {})
    if not isinstance(value, dict):
        what = f"holds {shown(value)} where fields belong"
        return Found(place, {}, (Problem(file, place, "", what, "write one 'field: value' a line"),))
    problems = [
        Problem(file, _place(row, line), name[:60], "is there twice", "keep one of the two")
        for name, line in getattr(value, "twice", ())
    ]
    said = {}
    for name, content in value.items():
        field = Said(content, _place(row, document.line((*path, name))), _inner(document, (*path, name), row))
        said[str(name)] = field
        problems += [
            Problem(file, field.part(*part), f"{name[:60]}.{twice[:60]}", "is there twice", "keep one of the two")
            for part, mapping in _mappings(content)
            for twice, _ in mapping.twice
        ]
    return Found(place, said, tuple(problems))


def _place(row: str, line: int) -> str:
    return ", ".join(part for part in (row, f"line {line}" if line else "") if part)


def _inner(document: Document, field: Path, row: str) -> Callable[[Path], str]:
    def place(path: Path) -> str:
        line = document.line((*field, *path))
        return _place(row, line) if line else ""

    return place


def _mappings(value: object, path: Path = ()) -> Iterator[tuple[Path, Fields]]:
    if isinstance(value, Fields):
        yield path, value
        for key, content in value.items():
            if isinstance(content, Fields):
                yield (*path, key), content
    elif isinstance(value, list):
        for index, content in enumerate(value):
            if isinstance(content, Fields):
                yield (index,), content


def document_titles(file: str, document: Document, form: str) -> Source:
    """Return the titles of a YAML or JSON manifest: a list, or a mapping with ``titles`` and perhaps ``defaults``.

    :raises ManifestError: it is neither.
    """
    value: object = document.value
    base: Path = ()
    problems: list[Problem] = []
    defaults = None
    if isinstance(value, dict) and "titles" in value:
        for name in value:
            if name not in TOP_FIELDS:
                place = _place("", document.line((name,)))
                problems.append(Problem(file, place, name[:60], "unknown field", nearest(name, TOP_FIELDS)))
        for name, line in getattr(value, "twice", ()):
            problems.append(Problem(file, _place("", line), name[:60], "is there twice", "keep one of the two"))
        if "defaults" in value:
            defaults = found_title(file, document, ("defaults",), "defaults")
        value, base = value["titles"], ("titles",)
    if not isinstance(value, list):
        what = "is one title, not a list of them" if isinstance(value, dict) else "has no list of titles"
        fix = "write 'titles:' and below it one '- media: name' a title"
        raise ManifestError(Problem(file, _place("", document.line(base)) or "line 1", "", what, fix))
    if len(value) > MAXIMUM_ROWS:
        raise ManifestError(
            Problem(file, f"row {MAXIMUM_ROWS + 1}", "", f"is beyond {MAXIMUM_ROWS} rows", "split the file")
        )
    titles = (found_title(file, document, (*base, index), f"row {index + 1}") for index in range(len(value)))
    return Source(form, titles, tuple(problems), defaults)


def _in_line(number: int) -> Callable[[Path], int]:
    return lambda path: number


def ndjson_titles(file: str, text: str) -> Source:
    """Return the titles of a file with one JSON document a line."""
    titles = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        if number > MAXIMUM_ROWS:
            raise ManifestError(Problem(file, f"line {number}", "", f"is beyond {MAXIMUM_ROWS} rows", "split the file"))
        try:
            # All of it is in one line, which need not be looked for.
            document = Document(read_json(file, line, number).value, _in_line(number))
            titles.append(found_title(file, document, ()))
        except ManifestError as error:
            titles.append(Found(f"line {number}", {}, error.problems))
    return Source("ndjson", tuple(titles))
