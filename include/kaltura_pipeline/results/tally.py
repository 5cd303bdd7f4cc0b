"""The sums of a run, and as many of its titles as a person can look through; bounded, however many there were."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kaltura_pipeline.results.model import FAILURES, MEANING, text_of
from kaltura_pipeline.results.why import why

if TYPE_CHECKING:
    from kaltura_pipeline.results.model import TitleResult

#: Titles a section of the page shows; the files have all of them.
MAXIMUM_ROWS = 500
#: Problems of one title that the page shows.
MAXIMUM_PROBLEMS = 10
#: Characters of a text in log and page; somebody's line of 10 MB is not for people.
MAXIMUM_TEXT = 1_000
#: Failed titles that the log and a notification name.
MAXIMUM_FIRST = 10

# Control characters, lone surrogates, and the marks that turn a text around: "exe.4pm" must not read "mp4.exe".
_INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Line:
    """A title as log and page show it; texts are cut to :data:`MAXIMUM_TEXT`."""

    key: str
    result: str
    entry_id: str
    message: str
    cause: str
    who: str
    step: str
    more: tuple[str, ...]
    quarantined: bool
    page: str


@dataclass
class Tally:
    """Counts results, and keeps the first titles of each kind.

    :param counts: titles by result.
    :param fixers: failed titles by who can fix them.
    :param failed: failed titles to show, by who can fix them.
    :param fine: the other titles to show, by result.
    :param first: the first failed titles, of every kind of failure that there is.
    """

    counts: Counter[str] = field(default_factory=Counter)
    fixers: Counter[str] = field(default_factory=Counter)
    failed: dict[str, list[Line]] = field(default_factory=dict)
    fine: dict[str, list[Line]] = field(default_factory=dict)
    bytes_sent: int = 0
    seconds: float = 0.0
    api_calls: int = 0
    quarantined: int = 0

    def add(self, result: TitleResult) -> None:
        """Count one title."""
        name = result["result"]
        self.counts[name] += 1
        self.bytes_sent += result["bytes_sent"]
        self.seconds += result["seconds"]
        self.api_calls += result["api_calls"]
        self.quarantined += result["quarantined"]
        if name not in FAILURES:
            rows = self.fine.setdefault(name, [])
        else:
            who = why(result)["who"]
            self.fixers[who] += 1
            rows = self.failed.setdefault(who, [])
        if len(rows) < MAXIMUM_ROWS:
            rows.append(_line(result))

    @property
    def total(self) -> int:
        """All titles."""
        return self.counts.total()

    @property
    def failures(self) -> int:
        """Titles that a person has to look at."""
        return sum(self.counts[name] for name in FAILURES)

    def sorted_counts(self) -> dict[str, int]:
        """Return the titles by result, in the order a person wants to see them; results that none had are left out."""
        return {name: self.counts[name] for name in MEANING if self.counts[name]}

    def first(self, limit: int = MAXIMUM_FIRST) -> list[Line]:
        """Return some failed titles, the worst first."""
        lines = [line for rows in self.failed.values() for line in rows]
        # Sorting is stable: within a result they stay in the order they came.
        return sorted(lines, key=lambda line: FAILURES.index(line.result))[:limit]


def log_table(tally: Tally) -> str:
    """Return counts and the first failed titles as lines of text, for a task's log."""
    rows = [f"{name:10} {count:>9,}  {MEANING[name]}" for name, count in tally.sorted_counts().items()]
    head = f"{tally.total:,} titles, {tally.failures:,} need attention, {tally.bytes_sent:,} bytes sent"
    text = [head, *rows]
    first = tally.first()
    if first:
        text.append(f"The first {len(first)} of {tally.failures:,} that need attention:")
    for line in first:
        text.append(f"  {line.key} ({line.result}): {line.cause}")
        text.append(f"    who can fix it: {line.who}; next step: {line.step}")
    return "\n".join(text)


def _line(result: TitleResult) -> Line:
    reason = why(result)
    more = [text_of(problem) for problem in result["problems"][1 : MAXIMUM_PROBLEMS + 1]]
    if (left := len(result["problems"]) - 1 - len(more)) > 0:
        more.append(f"and {left:,} more")
    return Line(
        key=_cut(result["key"]),
        result=result["result"],
        entry_id=_cut(result["entry_id"]),
        message=_cut(result["message"]),
        cause=_cut(reason["cause"]),
        who=reason["who"],
        step=_cut(reason["step"]),
        more=tuple(map(_cut, more)),
        quarantined=result["quarantined"],
        page=result["page"],
    )


def _cut(text: str) -> str:
    # One line each: a line end in a file name must not look like a line of the log.
    text = " ".join(text[: MAXIMUM_TEXT + 1].split())
    text = _INVISIBLE.sub("\ufffd", text)
    return text if len(text) <= MAXIMUM_TEXT else text[:MAXIMUM_TEXT] + "…"
