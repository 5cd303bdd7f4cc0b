"""The tables of docs/analytics.md: reports and columns, written from what the code knows."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from kaltura_provider.api.analytics.columns import COLUMNS, Column
from kaltura_provider.api.analytics.details import DETAILS
from kaltura_provider.api.analytics.report_types import REPORT_TYPES

#: What lies between these lines is made.
BEGIN, END = "<!-- made by make docs: do not edit below -->", "<!-- made by make docs: do not edit above -->"

_ADDING = {
    "sum": "adds up",
    "distinct": "counts different things: no sum of days or rows is true",
    "quotient": "computed from two sums",
    "mean": "a mean, weighed by plays",
    "rank": "cannot be added up",
    "same": "",
}
_UNITS = {"min": "minutes", "ms": "milliseconds", "percent": "percent", "ratio": "0 to 1", "MB": "MB", "": ""}


def write_tables(page: str) -> str:
    """Return a page with the made part written anew.

    :param page: its text, with :data:`BEGIN` and :data:`END`.
    """
    head, _, rest = page.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n\n" + "\n".join(_lines()) + f"\n\n{END}{tail}"


def _lines() -> Iterator[str]:
    yield "### Reports"
    yield ""
    yield "| report | number | a row is | columns | mind |"
    yield "|---|---|---|---|---|"
    for report in REPORT_TYPES.values():
        columns = ", ".join(f"`{each.output}`" for each in report.described()) or "as Kaltura gives them"
        row = {"entry": "an entry", "user": "a user", "none": "the whole account", "other": "its first column"}
        yield f"| `{report.name}` | {report.number} | {row[report.dimension]} | {columns} | {report.note} |"
    yield ""
    yield "### Columns"
    yield ""
    yield "| column | Kaltura's | its unit there | meaning | over days |"
    yield "|---|---|---|---|---|"
    for column in sorted(COLUMNS.values(), key=lambda each: each.output):
        yield (
            f"| `{column.output}` | `{column.name}` | {_UNITS[column.unit]} | {column.meaning} | {_adding(column)} |"
        )
    for name, _, meaning in DETAILS:
        yield f"| `{name}` | of the entry | | {meaning} | |"


def _adding(column: Column) -> str:
    return "" if column.kind == "text" else _ADDING[column.adding]


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.write_text(write_tables(target.read_text(encoding="utf-8")), encoding="utf-8")
