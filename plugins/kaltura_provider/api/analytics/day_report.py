"""One report of one local day: all its rows, whatever their number, and whether they add up."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kaltura_provider.api.analytics.asking import MAX_ROWS, Question, ask_table, ask_total
from kaltura_provider.api.analytics.columns import COLUMNS
from kaltura_provider.api.analytics.combining import Cut, combine, without_means
from kaltura_provider.api.analytics.days import Period, local_day
from kaltura_provider.api.analytics.reading import OnDrift, arrow, read_table, schema_of
from kaltura_provider.api.analytics.report_types import REPORT_TYPES, ReportType, report_type
from kaltura_provider.api.errors import KalturaError

if TYPE_CHECKING:
    import pyarrow as pa

    from kaltura_provider.api.client import KalturaClient

# Entries or users of one question when a day is cut: a third of the rows Kaltura gives at once.
_AT_ONCE = MAX_ROWS // 3
_USER = COLUMNS["name"].output


class _TooManyRowsError(Exception):
    """Kaltura gave as many rows as it ever gives, so there may be more."""


@dataclass(frozen=True)
class TotalCheck:
    """A sum of rows next to Kaltura's total.

    :param column: name in the typed table.
    :param rows: sum of the rows.
    :param total: what ``report.getTotal`` says.
    :param agrees: whether both are the same within the tolerance.
    """

    column: str
    rows: float
    total: float
    agrees: bool

    def __str__(self) -> str:
        return f"{self.column}: the rows add up to {self.rows:g}, the total is {self.total:g}"


class DayReport:
    """One report of one local day.

    Usually one call brings it all. A day that reaches Kaltura's 12,000 rows is cut by sets of entries, and for one
    entry by time, until each part fits; nothing is left out. Rows of parts are added up by key. What cannot be told
    from parts, such as different viewers per site, is empty then, and ``notes`` says so; users of whom something
    cannot be told are asked for again.

    :param client: the client; its session needs the permission ANALYTICS_BASE.
    :param report: a name of :data:`REPORT_TYPES`, or a number.
    :param day: the day, as date or ``YYYY-MM-DD``.
    :param time_zone: IANA name, such as ``Europe/Berlin``.
    :param filter: further fields of ``KalturaReportInputFilter``; several values as a list. Without ``playbackTypeIn``
        live plays are left out.
    :param object_ids: limits the table to these rows, usually entry ids.
    :param order: such as ``-count_plays``.
    :param page_size: rows of one call; the default asks for all at once, so that nothing moves between pages.
    :param on_drift: what to do about missing columns: ``error``, or ``warn`` and leave them empty.
    :param tolerance: share by which sums of rows may differ from totals.
    :raises ValueError: report, day, time zone or page size are wrong.
    """

    def __init__(
        self,
        client: KalturaClient,
        report: int | str | ReportType,
        day: datetime.date | str,
        time_zone: str = "UTC",
        *,
        filter: Mapping[str, Any] | None = None,
        object_ids: Sequence[str] = (),
        order: str | None = None,
        page_size: int = MAX_ROWS,
        on_drift: OnDrift = "error",
        tolerance: float = 0.0,
    ) -> None:
        if not 1 <= page_size <= MAX_ROWS:
            raise ValueError(f"page_size {page_size} is out of range: use 1 to {MAX_ROWS} rows")
        if on_drift not in ("error", "warn"):
            raise ValueError(f"on_drift must be 'error' or 'warn', not {on_drift!r}")
        self.client = client
        self.report = report_type(report)
        self.period = local_day(day, time_zone)
        self.page_size = page_size
        self.on_drift: OnDrift = on_drift
        self.tolerance = tolerance
        self.requests = 0
        self.parts = 0
        self.rows = 0
        self.notes: list[str] = []
        self.total: dict[str, float] = {}
        self._sums: dict[str, float] = {}
        self._question = Question(self.report, self.period, filter or {}, object_ids, order)

    def tables(self) -> Iterator[pa.Table]:
        """Fetch the rows (``report.getTable``).

        :return: tables of one schema, as they arrive; no key is in two of them. None at all if nothing happened.
        :raises KalturaError: a call failed, ``BAD_ANSWER``, ``REPORT_DRIFT``, or ``REPORT_TOO_LARGE`` where even an
            hour of one entry has more rows than Kaltura gives.
        :raises ImportError: pyarrow is not installed.
        """
        for table in self._disjoint():
            self.rows += len(table)
            self._add_up(table)
            yield table

    def _disjoint(self) -> Iterator[pa.Table]:
        try:
            whole = self._whole(self._question)
        except _TooManyRowsError:
            pass
        else:
            if whole is not None:
                yield whole
            return
        if self.report.dimension == "none" or not self.report.keys:
            raise self._too_large("it cannot be cut, as it is not known what tells its rows apart")
        entry_ids = self._played(self.period)
        sets = [entry_ids[at : at + _AT_ONCE] for at in range(0, len(entry_ids), _AT_ONCE)]
        if self.report.dimension == "entry":
            for each in sets:
                yield from self._of(each)
            return
        parts = [table for each in sets for table in self._of(each)]
        if parts:
            yield self._combined(parts, "entries", self._question)

    def _of(self, entry_ids: Sequence[str]) -> list[pa.Table]:
        """Return the rows of some entries; parts whose sets of entries have none in common."""
        question = self._question.of(entry_ids)
        try:
            table = self._whole(question)
            return [] if table is None else [table]
        except _TooManyRowsError:
            if len(entry_ids) > 1:
                middle = len(entry_ids) // 2
                return self._of(entry_ids[:middle]) + self._of(entry_ids[middle:])
        parts = self._by_time(question)
        return [self._combined(parts, "time", question)] if parts else []

    def _by_time(self, question: Question) -> list[pa.Table]:
        halves = question.period.halves()
        if halves is None:
            raise self._too_large(f"entry {', '.join(question.entry_ids or ())} alone has that many in an hour")
        parts: list[pa.Table] = []
        for half in halves:
            try:
                table = self._whole(question.over(half))
            except _TooManyRowsError:
                parts += self._by_time(question.over(half))
            else:
                parts += [] if table is None else [table]
        return parts

    def _combined(self, parts: list[pa.Table], cut: Cut, question: Question) -> pa.Table:
        found = combine(parts, self.report, cut)
        if found.lost:
            self._note(f"{', '.join(found.lost)}: empty, as they cannot be told from the parts the day was cut into")
        compute = arrow().compute
        doubtful = found.table.filter(found.doubtful)
        if not len(doubtful):
            return found.table
        tables = [found.table.filter(compute.invert(found.doubtful))]
        if self.report.dimension == "user":
            again = self._of_users(doubtful, question)
            known = compute.is_in(doubtful[_USER], value_set=compute.unique(again[_USER]))
            tables.append(again)
            doubtful = doubtful.filter(compute.invert(known))
        if len(doubtful):
            doubtful, names = without_means(doubtful)
            tables.append(doubtful)
            self._note(
                f"{', '.join(names)}: empty in {len(doubtful)} rows, as they cannot be told from the parts the day was "
                "cut into"
            )
        together: pa.Table = arrow().concat_tables(tables)
        return together

    def _of_users(self, wanted: pa.Table, question: Question) -> pa.Table:
        """Ask once more for the rows of some users, over the whole time."""
        users = wanted[_USER].to_pylist()
        tables = [wanted.slice(0, 0)]
        for at in range(0, len(users), _AT_ONCE):
            some = users[at : at + _AT_ONCE]
            try:
                table = self._whole(question.with_users(some))
            except _TooManyRowsError:
                continue
            if table is not None:
                # Should the filter be of no use, other rows would come twice.
                tables.append(table.filter(arrow().compute.is_in(table[_USER], value_set=arrow().array(some))))
        together: pa.Table = arrow().concat_tables(tables)
        return together

    def _played(self, period: Period) -> list[str]:
        """Return the entries with any event in a time, deleted ones included (``report.getTable`` of TOP_CONTENT)."""
        question = Question(REPORT_TYPES["TOP_CONTENT"], period, self._question.filter)
        try:
            table = self._whole(question)
        except _TooManyRowsError:
            halves = period.halves()
            if halves is None:
                raise self._too_large("more entries than that were played within an hour") from None
            return list(dict.fromkeys([*self._played(halves[0]), *self._played(halves[1])]))
        return [] if table is None else [each for each in table["object_id"].to_pylist() if each]

    def _whole(self, question: Question) -> pa.Table | None:
        """Return all rows of an answer that fits; :raises _TooManyRowsError: it does not."""
        pages: list[pa.Table] = []
        rows = 0
        for page in range(1, MAX_ROWS // self.page_size + 1):
            answer = ask_table(self.client, question, self.page_size, page)
            self.requests += 1
            table, notes = read_table(answer, question.report, self.on_drift)
            for note in notes:
                self._note(note)
            found = 0 if table is None else len(table)
            rows += found
            if table is not None:
                if pages and pages[0].schema.names != table.schema.names:
                    raise KalturaError(
                        "BAD_ANSWER", "the columns changed from one page to the next", service_action="report.getTable"
                    )
                pages.append(table)
            if found < self.page_size:
                self.parts += 1
                return self._once(pages, question.report)
        raise _TooManyRowsError

    def _once(self, pages: list[pa.Table], report: ReportType) -> pa.Table | None:
        """Return the rows of pages, each once: their ranking is approximate, so a row may come on two of them."""
        if len(pages) < 2:
            return pages[0] if pages else None
        together = arrow().concat_tables(pages)
        keys = [COLUMNS[name].output for name in report.keys] or together.schema.names
        seen: dict[tuple[Any, ...], int] = {}
        for number, key in enumerate(zip(*(together[name].to_pylist() for name in keys), strict=True)):
            seen.setdefault(key, number)
        return together if len(seen) == len(together) else together.take(list(seen.values()))

    def _add_up(self, table: pa.Table) -> None:
        compute = arrow().compute
        for field in table.schema:
            column = COLUMNS.get(field.metadata[b"kaltura_column"].decode())
            if column is not None and column.adding == "sum" and column.kind != "text":
                value = compute.sum(table[field.name]).as_py() or 0
                self._sums[field.name] = self._sums.get(field.name, 0) + value

    def check_totals(self) -> list[TotalCheck]:
        """Compare the rows that were fetched with Kaltura's total (``report.getTotal``).

        :return: one check for each figure that adds up; those that do not agree are in ``notes`` as well.
        :raises KalturaError: the call failed.
        """
        self.total = ask_total(self.client, self._question)
        self.requests += 1
        checks = []
        for name, expected in self.total.items():
            column = next((each for each in self.report.described() if each.output == name), None)
            if column is None or column.adding != "sum":
                continue
            rows = self._sums.get(name, 0)
            # What is rounded in each row adds up to a little.
            slack = max(self.tolerance * abs(expected), 10**-column.decimals * self.rows if column.unit else 0.0)
            checks.append(TotalCheck(name, rows, expected, abs(rows - expected) <= slack))
            if not checks[-1].agrees:
                self._note(f"{self.report.name}, {checks[-1]}")
        return checks

    def is_provisional(self, now: datetime.datetime, settle_hours: float) -> bool:
        """Tell whether Kaltura may still change the day's figures.

        :param now: the present moment, with its zone.
        :param settle_hours: hours after the day's end in which they may change.
        """
        return now.timestamp() < self.period.end + settle_hours * 3600

    def empty(self) -> pa.Table:
        """Return a table without rows, as a day without events has it."""
        return schema_of(self.report.described()).empty_table()

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    def _too_large(self, why: str) -> KalturaError:
        return KalturaError(
            "REPORT_TOO_LARGE",
            f"{self.report.name} of {self.period.day} has more than {MAX_ROWS:,} rows: {why}",
            service_action="report.getTable",
        )


def fetch_table(
    client: KalturaClient,
    report: int | str | ReportType,
    day: datetime.date | str,
    time_zone: str = "UTC",
    **options: Any,
) -> pa.Table:
    """Fetch a report of a local day as one table in memory (``report.getTable``).

    :param options: those of :class:`DayReport`.
    :return: the rows; a table without rows if nothing happened.
    :raises KalturaError: see :meth:`DayReport.tables`.
    :raises ValueError: report, day, time zone or an option are wrong.
    """
    fetching = DayReport(client, report, day, time_zone, **options)
    tables = list(fetching.tables())
    table: pa.Table = arrow().concat_tables(tables) if tables else fetching.empty()
    return table
