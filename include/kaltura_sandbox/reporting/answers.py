"""The answers of reports as texts: of those that count events, and of the one that counts what an account uses."""

from __future__ import annotations

from collections.abc import Iterable

from ..store import Store
from .figures import Question, curves, row_values, table, total
from .metrics import Totals, text
from .periods import labels
from .usage import usage, usage_points


def rows_of(
    store: Store, question: Question, order: str | None, first: int, last: int | None
) -> tuple[int, list[list[str]]]:
    """Return how many rows there are, and the cells of some of them.

    :param order: as for :func:`.figures.table`.
    :param first: the first row to answer, from 0.
    :param last: the one after the last; None for all.
    """
    if question.report.usage:
        rows = [_texts(usage(store, question).values())]
        return len(rows), rows[first:last]
    found = table(store, question, order)
    return len(found), [row.cells(question.report) for row in found[first:last]]


def total_of(store: Store, question: Question) -> list[str] | None:
    """Return the figures of everything together; None without events."""
    if question.report.usage:
        return _texts(usage(store, question).values())
    totals = total(store, question)
    return row_values(totals, question.report) if totals else None


def points_of(store: Store, question: Question, step: str, *, empty: bool) -> dict[str, list[str]]:
    """Return the figures by graph point, in order of time.

    :param step: a key of :data:`.periods.STEPS`.
    :param empty: also name points without events.
    """
    if question.report.usage:
        return {name: _texts(values.values()) for name, values in usage_points(store, question, step).items()}
    points = curves(store, question, step)
    if empty:
        names = labels(question.start, question.end, step, question.offset)
        points = {name: points.get(name, Totals()) for name in names}
    return {name: row_values(totals, question.report) for name, totals in points.items()}


def _texts(values: Iterable[float]) -> list[str]:
    return [text(value) for value in values]
