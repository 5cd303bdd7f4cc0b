"""CSV and XLSX as rows of texts, with the place of each."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from kaltura_pipeline.manifests.model import ManifestError, Problem
from kaltura_pipeline.manifests.values import shown

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
MAXIMUM_CSV_BYTES = 8 * 1024 * 1024
MAXIMUM_XLSX_BYTES = 4 * 1024 * 1024
MAXIMUM_ROWS = 10_000
MAXIMUM_COLUMNS = 300
MAXIMUM_XLSX_ROWS = 5_000
# What an XLSX unpacks to. Its XML is read slowly, some hundred thousand elements a second.
_MAXIMUM_XML_BYTES = 12 * 1024 * 1024
_MAXIMUM_TAGS = 240_000
_MAXIMUM_MEMBERS = 500
_MAXIMUM_CELLS = 100_000
_HEAD = 64 * 1024
_NAMED_DELIMITER = re.compile(r"\"?sep=(.)\"?[ ,;\t]*[\r\n]")
_DECLARATION = re.compile(rb"<\0?!\0?(?:D\0?O\0?C\0?T\0?Y\0?P\0?E|E\0?N\0?T\0?I\0?T\0?Y)", re.IGNORECASE)


@dataclass(frozen=True)
class TableRow:
    """One row of a table.

    :param number: its number as a spreadsheet shows it, from 1; rows that are empty count.
    :param place: for messages; with the line of the file where that is another number.
    :param cells: its cells as texts without spaces around them.
    :param formulas: positions of cells that hold a formula instead of a value.
    """

    number: int
    place: str
    cells: tuple[str, ...]
    formulas: frozenset[int] = frozenset()

    @property
    def empty(self) -> bool:
        """Whether no cell says anything."""
        return not any(self.cells)

    def cell(self, index: int) -> str:
        """Return a cell's text; rows may be shorter than the header."""
        return self.cells[index] if index < len(self.cells) else ""


def csv_rows(file: str, text: str, known_columns: Collection[str]) -> list[TableRow]:
    """Read a CSV file.

    The delimiter is the one that makes the most columns of the header known ones, or the most columns. A first line
    ``sep=;``, as spreadsheets write it, names it.

    :param file: name for messages.
    :param known_columns: names a header may have, in lower case.
    :raises ManifestError: a quoted cell does not end, or the file is too large.
    """
    stream = io.StringIO(text, newline="")
    first = 0
    if found := _NAMED_DELIMITER.match(text):
        stream.readline()
        first, delimiter = 1, found[1]
    else:
        # Whatever the rows hold, the header is at the beginning.
        delimiter = _delimiter(text[:_HEAD].splitlines(), known_columns)
    reader = csv.reader(stream, delimiter=delimiter, strict=True)
    rows: list[TableRow] = []
    number, line = first, first + 1
    while True:
        number += 1
        line = reader.line_num + first + 1
        try:
            cells = next(reader)
        except StopIteration:
            return rows
        except csv.Error as error:
            raise ManifestError(_csv_problem(file, number, line, error)) from None
        rows.append(_row(file, number, line, tuple(cell.strip() for cell in cells)))


def _delimiter(lines: Sequence[str], known_columns: Collection[str]) -> str:
    # Comments may stand above the header.
    header = next((line for line in lines if line.strip().strip('",;|') and not line.lstrip('" ').startswith("#")), "")
    best = (0, 0, ",")
    for delimiter in DELIMITERS:
        try:
            cells = next(csv.reader([header], delimiter=delimiter))
        except (csv.Error, StopIteration):
            continue
        known = sum(cell.strip(" *").lower() in known_columns for cell in cells)
        if (known, len(cells)) > best[:2]:
            best = (known, len(cells), delimiter)
    return best[2]


def _csv_problem(file: str, number: int, line: int, error: csv.Error) -> Problem:
    place = f"row {number} (line {line})" if number != line else f"row {number}"
    text = str(error)
    if "field larger" in text:
        return Problem(
            file, place, "", "has a cell of more than 131072 characters", "look for a quote that is not closed"
        )
    if "unexpected end" in text:
        return Problem(
            file, place, "", "has a quoted cell that does not end", 'close it with ", and double quotes in it'
        )
    return Problem(file, place, "", f"cannot be read: {text}", "put the cell in quotes, and double the quotes in it")


def _row(file: str, number: int, line: int, cells: tuple[str, ...], formulas: frozenset[int] = frozenset()) -> TableRow:
    place = f"row {number}" if number == line else f"row {number} (line {line})"
    if number > MAXIMUM_ROWS:
        raise ManifestError(Problem(file, place, "", f"is beyond {MAXIMUM_ROWS} rows", "split the file"))
    if len(cells) > MAXIMUM_COLUMNS:
        raise ManifestError(
            Problem(
                file,
                place,
                "",
                f"has {len(cells)} columns",
                f"keep the columns that say something, {MAXIMUM_COLUMNS} at most",
            )
        )
    return TableRow(number, place, cells, formulas)


def xlsx_rows(file: str, data: bytes) -> list[TableRow]:
    """Read the first sheet of an XLSX file.

    Numbers and dates become the texts people would write; a formula is not computed, but marked.

    :param file: name for messages.
    :raises ManifestError: it is no such file, is too large, or declares entities.
    """
    _check_package(file, data)
    import warnings

    import openpyxl

    try:
        with warnings.catch_warnings():
            # What is said of styles and extensions is of no use here.
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(io.BytesIO(data), read_only=True)
            try:
                return list(_sheet_rows(file, book))
            finally:
                book.close()
    except ManifestError:
        raise
    except Exception as error:
        # openpyxl raises whatever its parts raise on a damaged file: KeyError, ValueError, ParseError, BadZipFile ...
        raise ManifestError(
            Problem(file, "", "", f"cannot be read as XLSX ({type(error).__name__})", "save it again, or as CSV UTF-8")
        ) from None


def _check_package(file: str, data: bytes) -> None:
    import zipfile
    import zlib

    again = "save it again as XLSX, or as CSV UTF-8"
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            members = package.infolist()
            unpacked = sum(member.file_size for member in members)
            if len(members) > _MAXIMUM_MEMBERS or unpacked > _MAXIMUM_XML_BYTES:
                size = f"unpacks to {len(members)} parts and {unpacked} bytes"
                raise ManifestError(
                    Problem(file, "", "", size, "keep the sheet with the titles only, or save as CSV UTF-8")
                )
            if len({member.filename for member in members}) < len(members):
                raise ManifestError(Problem(file, "", "", "holds two parts of one name", again))
            tags = 0
            for member in members:
                # A part unpacks to no more than it says: zipfile stops there.
                content = package.read(member) if member.filename.endswith((".xml", ".rels")) else b""
                tags += content.count(b"<")
                if tags > _MAXIMUM_TAGS:
                    fix = "keep the sheet with the titles only, or save it as CSV UTF-8"
                    raise ManifestError(Problem(file, "", "", f"unpacks to more than {_MAXIMUM_TAGS} XML tags", fix))
                if _DECLARATION.search(content):
                    part = f"part {shown(member.filename)}"
                    raise ManifestError(Problem(file, part, "", "declares a document type", again))
    except ManifestError:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError, ValueError) as error:
        raise ManifestError(Problem(file, "", "", f"is not an XLSX file ({type(error).__name__})", again)) from None


def _sheet_rows(file: str, book: Any) -> Iterator[TableRow]:
    sheet = book.worksheets[0] if book.worksheets else None
    if sheet is None:
        return
    # The size a sheet says it has may be wrong; without it openpyxl goes by the cells.
    sheet.reset_dimensions()
    seen = 0
    for number, cells in enumerate(sheet.iter_rows(values_only=True, max_row=MAXIMUM_XLSX_ROWS + 1), start=1):
        seen += len(cells)
        if number > MAXIMUM_XLSX_ROWS:
            fix = "split the sheet, or save it as CSV UTF-8"
            raise ManifestError(Problem(file, f"row {number}", "", f"is beyond {MAXIMUM_XLSX_ROWS} rows", fix))
        if seen > _MAXIMUM_CELLS:
            fix = "split the sheet, or save it as CSV UTF-8"
            raise ManifestError(Problem(file, f"row {number}", "", f"is beyond {_MAXIMUM_CELLS} cells", fix))
        formulas = frozenset(index for index, cell in enumerate(cells) if _is_formula(cell))
        yield _row(file, number, number, tuple(map(_cell, cells)), formulas)


def _is_formula(cell: object) -> bool:
    # With values_only, a formula comes as its text, or as an object where it fills several cells.
    return (isinstance(cell, str) and cell.startswith("=") and len(cell) > 1) or type(cell).__name__ == "ArrayFormula"


def _cell(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, datetime):
        # A spreadsheet keeps a time as a fraction of a day, a few microseconds off.
        rounded = cell.replace(microsecond=0) + timedelta(seconds=cell.microsecond >= 500_000)
        return rounded.isoformat(" ")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return str(cell).strip()
