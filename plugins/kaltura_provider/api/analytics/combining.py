"""From partial tables to one: rows of one key are added up, each column as it allows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from kaltura_provider.api.analytics.columns import COLUMNS, Column
from kaltura_provider.api.analytics.reading import arrow
from kaltura_provider.api.analytics.report_types import ReportType

if TYPE_CHECKING:
    import pyarrow as pa

#: How the parts were cut: by sets of entries, none in two of them; or by time, for one entry.
Cut = Literal["entries", "time"]


def combine(tables: Sequence[pa.Table], report: ReportType, cut: Cut) -> tuple[pa.Table, list[str]]:
    """Add up partial tables.

    :param tables: tables of the report, at least one.
    :param report: the report.
    :param cut: how they were cut.
    :return: one row a key; and the columns that cannot be told from parts, which are empty.
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
    asked: list[tuple[str, str]] = []
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
    return pa.Table.from_arrays(arrays, schema=schema), lost


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
