"""From partial tables to one: rows of one key are added up, each column as it allows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from kaltura_provider.api.analytics.columns import COLUMNS, Column
from kaltura_provider.api.analytics.reading import arrow
from kaltura_provider.api.analytics.report_types import ReportType

if TYPE_CHECKING:
    import pyarrow as pa

#: How the parts were cut: by sets of entries, none in two of them; or by time, for one entry.
Cut = Literal["entries", "time"]
# No column of Kaltura's has such a name.
_DOUBTS = ("hidden*", "capped*", "below*")


@dataclass(frozen=True)
class Combined:
    """What partial tables add up to.

    :param table: one row a key.
    :param lost: columns that cannot be told from parts, which are empty.
    :param doubtful: for each row, whether its means cannot be told from parts.
    """

    table: pa.Table
    lost: list[str]
    doubtful: Any


def combine(tables: Sequence[pa.Table], report: ReportType, cut: Cut) -> Combined:
    """Add up partial tables.

    :param tables: tables of the report, at least one.
    :param report: the report.
    :param cut: how they were cut.
    """
    pa = arrow()
    compute = pa.compute
    together = pa.concat_tables(tables)
    columns = [_column(field) for field in together.schema]
    outputs = {column.name: column.output for column in columns}
    keys = [outputs[name] for name in report.keys if name in outputs]
    for column in columns:
        if column.adding == "mean":
            weighed = compute.multiply(together[column.output], together[outputs[column.of[0]]])
            together = together.append_column(f"{column.output}*", weighed)
    together = _with_doubts(together, columns, outputs)
    asked: list[tuple[Any, str]] = [([], "count_all"), *((name, "max") for name in _DOUBTS)]
    for column in columns:
        if column.output in keys:
            continue
        asked.append((column.output, _function(column, cut)))
        if column.adding == "mean":
            asked.append((f"{column.output}*", "sum"))
    grouped = together.group_by(keys, use_threads=False).aggregate(asked)
    lost: list[str] = []
    arrays = []
    for column, field in zip(columns, together.schema, strict=False):
        if column.output in keys:
            values: Any = grouped[column.output]
        elif column.adding == "quotient":
            above, below = (grouped[f"{outputs[name]}_sum"] for name in column.of)
            values = _divided(above, below, column)
        elif column.adding == "mean":
            weight = outputs[column.of[0]]
            values = _divided(grouped[f"{column.output}*_sum"], grouped[f"{weight}_sum"], column)
        elif column.adding == "rank" or (column.adding == "distinct" and not _countable(column)):
            values = pa.nulls(len(grouped), field.type)
            lost.append(column.output)
        else:
            values = grouped[f"{column.output}_{_function(column, cut)}"]
            if column.kind == "number":
                values = compute.round(values, column.decimals)
        arrays.append(compute.cast(values, field.type))
    schema = pa.schema(list(together.schema)[: len(columns)])
    hidden, capped, below = (grouped[f"{name}_max"] for name in _DOUBTS)
    doubtful = compute.and_(compute.greater(grouped["count_all"], 1), compute.or_(hidden, compute.and_(capped, below)))
    return Combined(pa.Table.from_arrays(arrays, schema=schema), lost, doubtful)


def without_means(table: pa.Table) -> tuple[pa.Table, list[str]]:
    """Empty the columns with means; return their names as well."""
    names = [field.name for field in table.schema if _column(field).adding == "mean"]
    for name in names:
        number = table.schema.get_field_index(name)
        field = table.schema.field(number)
        table = table.set_column(number, field, arrow().nulls(len(table), field.type))
    return table, names


def _with_doubts(table: pa.Table, columns: Sequence[Column], outputs: Mapping[str, str]) -> pa.Table:
    """Tell of each partial row what its means may hide.

    A play of before the part may go on in it: without a play there the mean is 0, though something was seen. And
    Kaltura cuts shares of a whole off at 1, also where such plays bring more.
    """
    pa = arrow()
    compute = pa.compute
    no = pa.array([False] * len(table), pa.bool_())
    hidden, capped, below = no, no, no
    for column in columns:
        if column.adding != "mean":
            continue
        mean, weight = table[column.output], table[outputs[column.of[0]]]
        without = compute.equal(weight, 0)
        for other in columns:
            if other.adding == "sum" and other.kind != "text" and other.name not in (column.of[0], "count_loads"):
                hidden = compute.or_(hidden, compute.and_(without, compute.greater(table[other.output], 0)))
        hidden = compute.or_(hidden, compute.is_null(mean))
        if column.unit == "percent":
            full = compute.greater_equal(mean, 1)
            capped = compute.or_(capped, full)
            below = compute.or_(below, compute.and_not(compute.invert(without), full))
    for name, found in zip(_DOUBTS, (hidden, capped, below), strict=True):
        table = table.append_column(name, compute.fill_null(found, True))
    return table


def _column(field: Any) -> Column:
    name = field.metadata[b"kaltura_column"].decode()
    return COLUMNS.get(name) or Column(name, name, "text", "", adding="rank")


def _countable(column: Column) -> bool:
    # No entry is in two sets of entries, and one entry is one entry at any time.
    return column.name == "unique_videos"


def _function(column: Column, cut: Cut) -> str:
    if column.adding == "distinct" and cut == "time":
        return "max"
    return "first" if column.kind == "text" or column.adding in ("same", "rank") else "sum"


def _divided(above: Any, below: Any, column: Column) -> Any:
    compute = arrow().compute
    zero = compute.equal(below, 0)
    safe = compute.if_else(zero, 1, below)
    quotient = compute.divide(compute.cast(above, "double"), compute.cast(safe, "double"))
    return compute.round(compute.if_else(zero, 0.0, quotient), column.decimals)
