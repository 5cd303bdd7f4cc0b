"""Rows, totals and curves, computed from the events that were kept and those that are made up."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from ..query import Where, at_least, equal, one_of
from ..services.entries import entries
from ..services.stats import stats_events
from ..store import Document, Store
from ..traffic.events import events_between
from ..traffic.plan import TrafficPlan
from .metrics import PLAY, QUARTILES, Totals, figure, text
from .periods import label, slot_seconds
from .types import ReportType

Condition = Callable[[Document, Document], bool]

_DEFAULT_ORDER = "count_plays"


@dataclass(frozen=True)
class Question:
    """What a report is asked about.

    :param report: the kind of report.
    :param partner_id: the account.
    :param start: first Unix second.
    :param end: first Unix second after it.
    :param offset: minutes between UTC and local time, west positive; graph points are named by it.
    :param object_ids: only these keys; None for all.
    :param entry_ids: only these entries; None for all.
    :param conditions: what else must hold of an event and the details of its entry.
    :param traffic: synthetic traffic that counts too; None for none.
    """

    report: ReportType
    partner_id: int
    start: int
    end: int
    offset: int
    object_ids: frozenset[str] | None = None
    entry_ids: frozenset[str] | None = None
    conditions: tuple[Condition, ...] = ()
    traffic: TrafficPlan | None = None


@dataclass(frozen=True)
class Row:
    """One row of a report.

    :param key: what it is about.
    :param entry: details of an entry of the group.
    :param totals: its events.
    """

    key: str
    entry: Document
    totals: Totals

    def cells(self, report: ReportType) -> list[str]:
        """Return the texts of all columns."""
        described = [column(self.key, self.entry) for _, column in report.columns]
        return [*described, *row_values(self.totals, report)]


def _events(store: Store, question: Question) -> Iterator[tuple[int, int, Document]]:
    """Yield time, type and properties of all events, in order of time."""
    allowed = question.entry_ids
    where = equal("partnerId", question.partner_id) & at_least("occurredAt", question.start)
    where &= Where("json_extract({doc}, '$.occurredAt') < ?", (question.end,))
    if allowed is not None:
        where &= one_of("entryId", sorted(allowed))
    found = stats_events(store).find(where, [("occurredAt", False)])
    sent = ((event["occurredAt"], event.get("eventType", 0), event) for event in found)
    if question.traffic is None:
        return sent
    made: Iterator[tuple[int, int, Document]] = events_between(question.traffic, question.start, question.end)
    if allowed is not None:
        made = (event for event in made if event[2]["entryId"] in allowed)
    return heapq.merge(sent, made, key=itemgetter(0)) if found else made


def _matching(store: Store, question: Question) -> Iterator[tuple[int, int, Document, Document, float, str]]:
    """Yield the events that count: time, type, properties, details and milliseconds of the entry, and the key."""
    stored = entries(store)
    known: dict[str, Document] = {}
    key_of, object_ids, conditions = question.report.key, question.object_ids, question.conditions
    for moment, kind, event in _events(store, question):
        entry_id = event.get("entryId") or ""
        entry = known.get(entry_id)
        if entry is None:
            entry = known[entry_id] = stored.get(entry_id, question.partner_id) or {}
        if conditions and not all(holds(event, entry) for holds in conditions):
            continue
        key = key_of(event, entry)
        if object_ids is None or key in object_ids:
            yield moment, kind, event, entry, entry.get("msDuration") or event.get("duration") or 0, key


def table(store: Store, question: Question, order: str | None = None) -> list[Row]:
    """Return all rows of a report.

    :param order: a figure after ``+`` (rising) or ``-`` (falling); anything else means falling plays.
    """
    if question.report.percentiles:
        return _percentiles(store, question)
    rows: dict[str, Row] = {}
    for _, kind, event, entry, duration, key in _matching(store, question):
        row = rows.get(key)
        if row is None:
            row = rows[key] = Row(key, entry, Totals())
        row.totals.add(kind, event, duration)
    name = (order or "").lstrip("+-")
    falling = not (order or "").startswith("+")
    if name not in question.report.metrics:
        falling = True
        name = _DEFAULT_ORDER if _DEFAULT_ORDER in question.report.metrics else question.report.metrics[0]
    found = sorted(rows.values(), key=lambda row: row.key)
    return sorted(found, key=lambda row: figure(name, row.totals), reverse=falling)


def _percentiles(store: Store, question: Question) -> list[Row]:
    """Return how many plays got how far: at least as far as the last quarter they reached."""
    reached = {kind: Totals() for kind in (PLAY, *QUARTILES)}
    for _, kind, event, _, duration, _ in _matching(store, question):
        if kind in reached:
            reached[kind].add(PLAY, event, duration)
    if not any(totals.events for totals in reached.values()):
        return []
    steps = list(reached.values())
    return [Row(str(percent), {}, steps[percent * len(QUARTILES) // 100]) for percent in range(1, 101)]


def total(store: Store, question: Question) -> Totals | None:
    """Return the events of a whole report together; None when there are none."""
    if question.report.percentiles:
        return _sum_of_percentiles(_percentiles(store, question))
    totals = None
    for _, kind, event, _, duration, _ in _matching(store, question):
        totals = totals or Totals()
        totals.add(kind, event, duration)
    return totals


def _sum_of_percentiles(rows: list[Row]) -> Totals | None:
    together = Totals()
    for row in rows:
        together.events[PLAY] = together.of(PLAY) + row.totals.of(PLAY)
        together.users |= row.totals.users
    return together if rows else None


def curves(store: Store, question: Question, step: str) -> dict[str, Totals]:
    """Return the events of a report by graph point, in order of time."""
    points: dict[str, Totals] = {}
    slots: dict[int, Totals] = {}
    seconds = slot_seconds(step)
    for moment, kind, event, _, duration, _ in _matching(store, question):
        slot = moment // seconds
        totals = slots.get(slot)
        if totals is None:
            totals = slots[slot] = points.setdefault(label(moment, step, question.offset), Totals())
        totals.add(kind, event, duration)
    return points


def row_values(totals: Totals, report: ReportType) -> list[Any]:
    """Return the texts of all figures of a group."""
    return [text(figure(name, totals)) for name in report.metrics]
