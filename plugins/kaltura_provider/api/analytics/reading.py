"""From the text of a ``KalturaReportTable`` to typed columns."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from kaltura_provider.api.analytics.columns import Column, columns_of
from kaltura_provider.api.analytics.report_types import ReportType
from kaltura_provider.api.errors import KalturaError

if TYPE_CHECKING:
    import pyarrow as pa

#: What separates the cells. In names Kaltura replaces it by a space; "|" is rarer there than ",".
DELIMITER = "|"
#: What to do when columns are missing: fail, or go on without them and say so.
OnDrift = Literal["error", "warn"]

# Each row ends with ";", the last one too. Line breaks are no separators, so they become spaces.
_TO_LINES = bytes.maketrans(b"\n\r;", b"  \n")
# Texts in which a separator can come through; in the others it cannot be.
_FREE_TEXTS = frozenset({"entry_name", "full_name", "name", "category", "playback_context", "referrer", "domain_name"})


def arrow() -> Any:
    """Return the module ``pyarrow``.

    :raises ImportError: it is not installed; names the extra.
    """
    try:
        import pyarrow
        import pyarrow.compute  # noqa: F401  both are reached as attributes
        import pyarrow.csv  # noqa: F401
    except ImportError as error:
        raise ImportError("analytics need pyarrow: pip install 'airflow-provider-kaltura[analytics]'") from error
    return pyarrow


def schema_of(columns: Sequence[Column]) -> pa.Schema:
    """Return the schema of a typed table; each field names Kaltura's column and unit."""
    pa = arrow()
    types = {"text": pa.string(), "count": pa.int64(), "number": pa.float64()}
    return pa.schema([
        pa.field(
            column.output, types[column.kind],
            metadata={"kaltura_column": column.name, "kaltura_unit": column.unit, "meaning": column.meaning},
        )
        for column in columns
    ])  # fmt: skip


def read_table(answer: Any, report: ReportType, on_drift: OnDrift = "error") -> tuple[pa.Table | None, list[str]]:
    """Read one answer of ``report.getTable``.

    :param answer: as received. Without rows it has neither header nor data.
    :param report: what was asked.
    :param on_drift: whether columns that are missing are an error.
    :return: the rows, with units converted and columns named after them; None without rows. And what was odd, in words.
    :raises KalturaError: ``BAD_ANSWER`` for a table that cannot be read, ``REPORT_DRIFT`` for missing columns.
    """
    if not isinstance(answer, dict):
        raise _unreadable("it is no table")
    header, data = answer.get("header"), answer.get("data")
    if not header or not data:
        return None, []
    # A separator at the end of the header is one at the end of each row.
    names = str(header).split(DELIMITER)
    while names and not names[-1]:
        names.pop()
    if len(set(names)) != len(names):
        raise _unreadable(f"the header names a column twice: {', '.join(names)}")
    columns = columns_of(names)
    notes = _drift(names, report, on_drift)
    table = _typed(_cells(str(data), columns), columns)
    return _completed(table, columns, report), notes


def _drift(names: Sequence[str], report: ReportType, on_drift: OnDrift) -> list[str]:
    if not report.columns:
        return []
    missing = [name for name in report.columns if name not in names]
    new = [name for name in names if name not in report.columns]
    notes = [f"{report.name} has new columns, which are passed on: {', '.join(new)}"] if new else []
    if not missing:
        return notes
    said = f"{report.name} lacks the columns {', '.join(missing)}; it has {', '.join(names)}"
    if on_drift == "error" or any(name in report.keys for name in missing):
        raise KalturaError("REPORT_DRIFT", said, service_action="report.getTable")
    return [*notes, f"{said}. They are left empty."]


def _cells(data: str, columns: Sequence[Column]) -> pa.Table:
    pa = arrow()
    content = data.encode().translate(_TO_LINES)
    names = [column.name for column in columns]
    first, _, _ = content.partition(b"\n")
    surplus = _idle_cells(first.decode(), len(names))
    kinds = {column.name: pa.string() if column.kind == "text" else pa.float64() for column in columns}
    idle = [f"\x00{number}" for number in range(surplus)]
    broken: list[str] = []

    def keep(row: Any) -> str:
        broken.append(row.text)
        return "skip"

    try:
        table = _parse(content, [*names, *idle], kinds, keep)
        if broken:
            mended = "\n".join(_mended(row, columns) for row in broken).encode()
            table = pa.concat_tables([table.select(names), _parse(mended, names, kinds, None)])
    except pa.ArrowInvalid as error:
        raise _unreadable(_in_words(str(error), names)) from error
    return table.select(names)


def _parse(content: bytes, names: list[str], kinds: dict[str, Any], keep: Any) -> pa.Table:
    pa = arrow()
    return pa.csv.read_csv(
        io.BytesIO(content),
        read_options=pa.csv.ReadOptions(column_names=names, use_threads=False),
        parse_options=pa.csv.ParseOptions(
            delimiter=DELIMITER, quote_char=False, double_quote=False, escape_char=False, invalid_row_handler=keep
        ),
        convert_options=pa.csv.ConvertOptions(column_types=kinds, null_values=[""], strings_can_be_null=False),
    )


def _idle_cells(row: str, columns: int) -> int:
    cells = row.split(DELIMITER)
    idle = 0
    while len(cells) > columns and not cells[-1]:
        cells.pop()
        idle += 1
    return idle if len(cells) == columns else 0


def _mended(row: str, columns: Sequence[Column]) -> str:
    """Put a name together that holds the separator: the one free text of the report takes what is too much."""
    cells = row.split(DELIMITER)
    free = [number for number, column in enumerate(columns) if column.name in _FREE_TEXTS]
    surplus = len(cells) - len(columns)
    if surplus < 1 or len(free) != 1:
        raise _unreadable(f"a row has {len(cells)} cells for {len(columns)} columns: {row[:200]!r}")
    at = free[0]
    return DELIMITER.join([*cells[:at], " ".join(cells[at : at + surplus + 1]), *cells[at + surplus + 1 :]])


def _typed(table: pa.Table, columns: Sequence[Column]) -> pa.Table:
    pa = arrow()
    compute = pa.compute
    arrays = []
    for column in columns:
        values = table.column(column.name)
        if column.kind == "number":
            if column.factor != 1.0:
                values = compute.multiply(values, column.factor)
            values = compute.round(values, column.decimals)
        elif column.kind == "count":
            try:
                values = compute.cast(values, pa.int64())
            except pa.ArrowInvalid:
                raise _unreadable(f"{column.name} is no whole number in some row") from None
        arrays.append(values)
    return pa.Table.from_arrays(arrays, schema=schema_of(columns))


def _completed(table: pa.Table, columns: Sequence[Column], report: ReportType) -> pa.Table:
    """Put the columns in the report's order, and empty ones where Kaltura gave none."""
    pa = arrow()
    known = report.described()
    if not known:
        return table
    names = [column.name for column in columns]
    schema = schema_of([*known, *(column for column in columns if column.name not in report.columns)])
    arrays = [
        table.column(each.name)
        if each.metadata[b"kaltura_column"].decode() in names
        else pa.nulls(len(table), each.type)
        for each in schema
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


def _in_words(error: str, names: Sequence[str]) -> str:
    if "column #" in error:
        number = error.partition("column #")[2].partition(":")[0]
        value = error.rpartition("invalid value ")[2]
        if number.isdigit() and int(number) < len(names):
            return f"column {names[int(number)]} holds {value[:60]}, which is no number"
    return error[:200]


def _unreadable(reason: str) -> KalturaError:
    return KalturaError("BAD_ANSWER", f"the table is unreadable: {reason}", service_action="report.getTable")
