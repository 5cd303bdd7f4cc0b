"""From stored events to the rows of a report."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ..query import Where, at_least, equal, one_of
from ..services.entries import entries
from ..services.stats import stats_events
from ..store import Document, Store
from .metrics import Totals, figure, text
from .periods import label
from .types import ReportType

_DEFAULT_ORDER = "count_plays"

# Tells from an event and the details of its entry whether a report counts it.
Condition = Callable[[Document, Document], bool]


@dataclass(frozen=True)
class Question:
    """What a report is asked.

    :param report: the kind of report.
    :param partner_id: the account.
    :param start: first Unix second.
    :param end: first Unix second after it.
    :param offset: minutes between UTC and local time, west positive.
    :param object_ids: only these keys; None for all.
    :param entry_ids: only these entries; None for all.
    :param conditions: what else must hold.
    """

    report: ReportType
    partner_id: int
    start: int
    end: int
    offset: int = 0
    object_ids: frozenset[str] | None = None
    entry_ids: frozenset[str] | None = None
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class Row:
    """One row of a table.

    :param key: what it stands for.
    :param entry: details of the entry it stands for; empty when it stands for something else.
    :param totals: its events.
    """

    key: str
    entry: Document
    totals: Totals

    def cells(self, report: ReportType) -> list[str]:
        """Return the texts of all columns."""
        described = [read(self.key, self.entry) for _, read in report.columns]
        return described + [text(figure(name, self.totals)) for name in report.metrics]


def _matching(store: Store, question: Question) -> Iterator[tuple[Document, Document, str]]:
    """Yield the events that count, with the details of their entries and their keys."""
    where = equal("partnerId", question.partner_id) & at_least("occurredAt", question.start)
    where &= Where("json_extract({doc}, '$.occurredAt') < ?", (question.end,))
    if question.entry_ids is not None:
        where &= one_of("entryId", sorted(question.entry_ids))
    stored = entries(store)
    known: dict[str, Document] = {}
    for event in stats_events(store).find(where, [("occurredAt", False)]):
        entry_id = str(event.get("entryId") or "")
        if entry_id not in known:
            known[entry_id] = stored.get(entry_id, question.partner_id) or {}
        entry = known[entry_id]
        if not all(condition(event, entry) for condition in question.conditions):
            continue
        key = question.report.key(event, entry)
        if question.object_ids is None or key in question.object_ids:
            yield event, entry, key


def _duration(event: Document, entry: Document) -> float:
    return float(entry.get("msDuration") or event.get("duration") or 0)


def table(store: Store, question: Question, order: str | None = None) -> list[Row]:
    """Return all rows of a report.

    :param order: a figure after ``+`` (rising) or ``-`` (falling); anything else means falling plays.
    """
    rows: dict[str, Row] = {}
    for event, entry, key in _matching(store, question):
        row = rows.setdefault(key, Row(key, entry, Totals()))
        row.totals.add(event, _duration(event, entry))
    name = (order or "").lstrip("+-")
    falling = not (order or "").startswith("+")
    if name not in question.report.metrics:
        falling = True
        name = _DEFAULT_ORDER if _DEFAULT_ORDER in question.report.metrics else question.report.metrics[0]
    found = sorted(rows.values(), key=lambda row: row.key)
    return sorted(found, key=lambda row: figure(name, row.totals), reverse=falling)


def total(store: Store, question: Question) -> Totals | None:
    """Return the events of a whole report together; None when there are none."""
    totals = None
    for event, entry, _ in _matching(store, question):
        totals = totals or Totals()
        totals.add(event, _duration(event, entry))
    return totals


def curves(store: Store, question: Question, step: str) -> dict[str, Totals]:
    """Return the events of a report by graph point, in order of time."""
    points: dict[str, Totals] = {}
    for event, entry, _ in _matching(store, question):
        name = label(event["occurredAt"], step, question.offset)
        points.setdefault(name, Totals()).add(event, _duration(event, entry))
    return points


def row_values(totals: Totals, report: ReportType) -> list[Any]:
    """Return the texts of all figures of a group."""
    return [text(figure(name, totals)) for name in report.metrics]
