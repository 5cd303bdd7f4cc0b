"""A report as the file that Kaltura writes: several sections, not one plain table."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, timezone

from .types import ReportType

_RULE = "# ------------------------------------"


def write_csv(
    report: ReportType, title: str, description: str, headers: str, rows: Iterable[Sequence[str]],
    totals: Sequence[str] | None, *, curve: Sequence[tuple[str, str]], period: tuple[int, int, int] | None,
) -> str:  # fmt: skip
    """Return the text of the file, without a byte order mark.

    :param title: first line.
    :param description: third line.
    :param headers: headings of the totals and, after a semicolon, of the table; without the semicolon Kaltura
        leaves the table out.
    :param rows: the cells of the table.
    :param totals: the figures of all rows together; None when there are no events.
    :param curve: points and values of the graph section, which is left out when empty.
    :param period: first and last Unix second, and minutes between UTC and local time.
    """
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow([title])
    lines.writerow([_dates(*period) if period else ""])
    lines.writerow([description])
    if curve:
        text.write(f"{_RULE}\nGraph\n{_RULE}\n")
        lines.writerows(curve)
    total_headers, separator, table_headers = headers.partition(";")
    text.write(f"{_RULE}\nTotal\n{_RULE}\n")
    lines.writerow(_headings(total_headers, report.metrics))
    lines.writerow(totals or [""] * len(report.metrics))
    if separator:
        text.write(f"{_RULE}\nTable\n{_RULE}\n")
        lines.writerow(_headings(table_headers, [*(name for name, _ in report.columns), *report.metrics]))
        lines.writerows(rows)
    return text.getvalue()


def _headings(given: str, names: Sequence[str]) -> list[str]:
    """Use the headings that were given as far as they go."""
    chosen = [part.strip() for part in given.split(",")]
    return [chosen[index] if index < len(chosen) and chosen[index] else name for index, name in enumerate(names)]


def _dates(start: int, end: int, offset: int) -> str:
    zone = timezone(-timedelta(minutes=offset))
    first, last = (datetime.fromtimestamp(moment, zone).strftime("%Y-%m-%d") for moment in (start, end))
    return f"From {first} to {last}"
