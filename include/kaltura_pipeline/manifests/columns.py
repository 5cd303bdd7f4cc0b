"""Titles in tables: our own columns, and those of Kaltura's bulk upload CSV (its forms V1 to V3)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timezone
from typing import TYPE_CHECKING, Any

from kaltura_pipeline.manifests import fields as table
from kaltura_pipeline.manifests.build import Found, Said
from kaltura_pipeline.manifests.kaltura_names import ACTIONS, COLUMNS, COLUMNS_V1, COLUMNS_V2, Name
from kaltura_pipeline.manifests.model import ManifestError, Problem
from kaltura_pipeline.manifests.source import Source
from kaltura_pipeline.manifests.values import nearest, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kaltura_pipeline.manifests.tables import TableRow

# What separates the values of one custom metadata field; Kaltura's own choice.
SEVERAL = "|,|"
_METADATA = re.compile(r"metadata(?:::(?P<a>.+?)::(?P<b>.+)|\.(?P<c>[^.]+)\.(?P<d>.+))", re.IGNORECASE)
_OWN = {**{name: name for name in (*table.BY_NAME, "media")}, **table.COLUMN_NAMES}
_KALTURA = {name.lower(): (name, meaning) for name, meaning in COLUMNS.items()}
# Names that make a header known as one: see csv_rows.
KNOWN_COLUMNS = frozenset(_OWN) | frozenset(_KALTURA)
_REMARK = "#"


@dataclass(frozen=True)
class _Column:
    """A column of the header.

    :param index: its position, from 0.
    :param title: as the header has it.
    :param field: the field it fills: a name, or ``metadata`` or ``captions``.
    :param key: within the field: profile and field, or the language.
    :param unsupported: what to do instead of using it; empty if it is used.
    :param unknown: the column is none that is known.
    """

    index: int
    title: str
    field: str = ""
    key: tuple[str, ...] = ()
    unsupported: str = ""
    unknown: bool = False


def table_titles(file: str, rows: Sequence[TableRow], form: str) -> Source:
    """Return the titles of a table.

    :param file: name for messages.
    :param form: ``csv`` or ``xlsx``; Kaltura's columns make it ``kaltura-csv``.
    :raises ManifestError: the header cannot be used.
    """
    said = [row for row in rows if not row.empty and not row.cell(0).startswith(_REMARK)]
    if not said:
        raise ManifestError(Problem(file, "row 1", "", "has no rows", "write a header, and below it one row a title"))
    first = said[0]
    if first.cell(0).startswith("*"):
        return _kaltura(file, said)
    names = [_normal(cell) for cell in first.cells]
    own = sum(name in _OWN for name in names)
    kaltura = sum(cell.lower() in _KALTURA for cell in first.cells)
    # Only Kaltura's names have no '_' in them and more than one word; of the same name in both, ours come first.
    if kaltura > own and "url" in names:
        return _kaltura(file, said)
    if "media" in names or own >= 2:
        return _own(file, said, form)
    widths = {len(COLUMNS_V1), len(COLUMNS_V2)}
    if {len(first.cells), len(_trimmed(first))} & widths and _looks_like_media(first.cell(3)):
        return _kaltura(file, said)
    known = "media, " + ", ".join(table.BY_NAME)
    raise ManifestError(
        Problem(file, first.place, "", "is no header: no column is known", f"name the columns, for example: {known}")
    )


def _normal(title: str) -> str:
    return re.sub(r"[\s\-]+", "_", title.strip().lower())


def _trimmed(row: TableRow) -> tuple[str, ...]:
    cells = list(row.cells)
    while cells and not cells[-1]:
        cells.pop()
    return tuple(cells)


def _looks_like_media(text: str) -> bool:
    return "://" in text or bool(re.search(r"\.[A-Za-z0-9]{2,4}$", text))


def _own(file: str, rows: Sequence[TableRow], form: str) -> Source:
    header = rows[0]
    columns = []
    for index, title in enumerate(header.cells):
        name = _normal(title)
        if title.startswith(_REMARK):
            continue
        if found := _METADATA.fullmatch(title):
            key = tuple(part.strip() for part in found.groups() if part)
            columns.append(_Column(index, title, "metadata", key))
        elif name.startswith("captions."):
            columns.append(_Column(index, title, "captions", (title.strip()[len("captions.") :],)))
        elif name in _OWN:
            columns.append(_Column(index, title, _OWN[name]))
        else:
            columns.append(_Column(index, title, unknown=True))
    if not any(column.field == "media" for column in columns):
        fix = "add one with the names of the media files"
        near = [column.title for column in columns if column.unknown and "did you" in nearest(column.title, ["media"])]
        raise ManifestError(
            Problem(
                file, header.place, "media", "has no column 'media'", f"rename {near[0]!r} to media" if near else fix
            )
        )
    return Source(form, *_titles(file, header, columns, rows[1:], [*table.BY_NAME, "media"]))


def _kaltura(file: str, rows: Sequence[TableRow]) -> Source:
    """Kaltura's forms: a header that starts with ``*``, or none and 5 (V1) or 12 (V2) columns."""
    first = rows[0]
    header = [cell.strip("* ") for cell in first.cells]
    if not first.cell(0).startswith("*") and not sum(name.lower() in _KALTURA for name in header) > 1:
        return _kaltura_old(file, rows)
    columns = []
    for index, title in enumerate(header):
        found = _METADATA.fullmatch(title)
        if found and found["a"]:
            columns.append(_Column(index, title, "metadata", (found["a"].strip(), found["b"].strip())))
        elif title.startswith("metadataField_"):
            columns.append(_Column(index, title, unsupported=COLUMNS["metadataProfileId"].fix))
        elif title.lower() in _KALTURA:
            columns.append(_kaltura_column(index, *_KALTURA[title.lower()]))
        else:
            columns.append(_Column(index, title, unknown=True))
    if not any(column.field in {"media", "entry_id", "reference_id"} for column in columns):
        fix = "add one with the names of the media files, as s3://bucket/key or relative to this file's folder"
        raise ManifestError(Problem(file, first.place, "media", "has no column 'url'", fix))
    titles, problems = _titles(file, first, columns, rows[1:], list(COLUMNS))
    # The server reads all times as UTC.
    return Source("kaltura-csv", titles, problems, zone=timezone.utc)


def _kaltura_column(index: int, name: str, meaning: Name) -> _Column:
    return _Column(index, name, meaning.field, unsupported=meaning.fix)


def _kaltura_old(file: str, rows: Sequence[TableRow]) -> Source:
    forms = {len(names): names for names in (COLUMNS_V1, COLUMNS_V2)}
    titles: list[Found] = []
    problems: dict[Problem, None] = {}
    for row in rows:
        # The last columns of V2 may all be empty, so its width is that of the row, not of what it says.
        names = forms.get(len(row.cells)) or forms.get(len(_trimmed(row)))
        if names is None:
            what = f"has {len(row.cells)} values; files without a header have 5 or 12"
            fix = "put values with commas in quotes, or add a first line with * and the names of the columns"
            titles.append(Found(row.place, {}, (Problem(file, row.place, "", what, fix),)))
            continue
        columns = [_kaltura_column(index, name, COLUMNS[name]) for index, name in enumerate(names)]
        found, more = _titles(file, row, columns, [row], list(COLUMNS))
        titles += found
        problems.update(dict.fromkeys(more))
    return Source("kaltura-csv", tuple(titles), tuple(problems), zone=timezone.utc)


def _titles(
    file: str, header: TableRow, columns: list[_Column], rows: Sequence[TableRow], known: list[str]
) -> tuple[tuple[Found, ...], tuple[Problem, ...]]:
    filled: dict[object, _Column] = {}
    for column in columns:
        key = (column.field, column.key) if column.field else column.index
        if other := filled.get(key):
            what = f"the columns {shown(other.title)} and {shown(column.title)} are the same field"
            raise ManifestError(Problem(file, header.place, column.field, what, "keep one of the two"))
        filled[key] = column
    unknown = {
        column.index: _unknown_column(file, header, column, rows, known)
        for column in columns
        if column.unknown and any(row.cell(column.index) for row in rows)
    }
    titles = tuple(_title(file, columns, row, unknown, len(header.cells)) for row in rows)
    return titles, tuple(unknown.values())


def _unknown_column(
    file: str, header: TableRow, column: _Column, rows: Sequence[TableRow], known: list[str]
) -> Problem:
    using = [row for row in rows if row.cell(column.index)]
    count = "1 row" if len(using) == 1 else f"{len(using)} rows"
    title = shown(column.title) if column.title else f"without a name, number {column.index + 1},"
    what = f"the column {title} is not known, and {count} from {using[0].place} on say something in it"
    near = nearest(column.title, known)
    if column.title.lower().startswith("metadata"):
        near = "write metadata::PROFILE::FIELD"
    fix = f"{near}; to have it left out, put # before its name"
    return Problem(file, header.place, column.title[:60], what, fix)


def _title(file: str, columns: list[_Column], row: TableRow, unknown: dict[int, Problem], width: int) -> Found:
    said: dict[str, Said] = {}
    problems: list[Problem] = []
    metadata: dict[str, dict[str, Any]] = {}
    captions: list[dict[str, Any]] = []
    inner: dict[str, dict[tuple[str | int, ...], str]] = {"metadata": {}, "captions": {}}
    action = ""
    for column in columns:
        text = row.cell(column.index)
        if not text:
            continue
        place = f"{row.place}, column {shown(column.title)}"
        if column.index in row.formulas:
            problems.append(
                Problem(
                    file,
                    place,
                    column.field,
                    "holds a formula",
                    "paste its value, as a text that does not begin with =",
                )
            )
        elif column.unknown:
            problems.append(unknown[column.index])
        elif column.unsupported:
            problems.append(Problem(file, place, "", "is not supported", column.unsupported))
        elif column.field == "action":
            action, problem = read_action(file, place, text)
            problems += problem
        elif column.field == "metadata" and column.key:
            profile, name = column.key
            several = [part for part in text.split(SEVERAL) if part]
            metadata.setdefault(profile, {})[name] = several if SEVERAL in text else text
            inner["metadata"][profile, name] = place
        elif column.field == "captions" and column.key:
            inner["captions"][len(captions),] = place
            captions.append({"file": text, "language": column.key[0]})
        elif column.field:
            said[column.field] = Said(text, place)
    if any(row.cells[width:]):
        what = f"has {len(row.cells)} cells, and the header {width}: some are in none of its columns"
        problems.append(Problem(file, row.place, "", what, "put cells with a delimiter in them in quotes"))
    if metadata:
        said["metadata"] = Said(metadata, row.place, _places(inner["metadata"]))
    if captions:
        listed = said.get("captions")
        more = [{"file": each.strip()} for each in str(listed.value).split(",") if each.strip()] if listed else []
        said["captions"] = Said([*captions, *more], row.place, _places(inner["captions"]))
    return Found(row.place, said, tuple(problems), action)


def _places(known: dict[tuple[str | int, ...], str]) -> Callable[[tuple[str | int, ...]], str]:
    return lambda path: known.get(path, "")


def read_action(file: str, place: str, text: str) -> tuple[str, list[Problem]]:
    """Return what a row of Kaltura's asks for, in the words of :class:`~kaltura_pipeline.manifests.model.Row`."""
    action = ACTIONS.get(text.strip().lower(), "")
    if action == "delete":
        return "", [Problem(file, place, "action", "entries are not deleted by a manifest", "delete it in the KMC")]
    if not action:
        fix = "write 1 or add, 2 or update, 4 or replace, 6 or add_or_update"
        return "", [Problem(file, place, "action", f"{shown(text)} is no action", fix)]
    return action, []
