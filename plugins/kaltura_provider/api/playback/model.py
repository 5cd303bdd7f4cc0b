"""What is expected of an entry, and what was found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from kaltura_provider.api.links import checked_entry_id

#: ``auto``: it plays, unless its dates say that it must not be seen yet, or no longer.
EXPECTATIONS = ("auto", "plays", "refused")

PLAYS = "plays"
REFUSED = "refused"
SCHEDULED = "scheduled"
LEAKS = "leaks"
BROKEN = "broken"
NOT_READY = "not_ready"
MISSING = "missing"
UNCHECKED = "unchecked"
#: In the order in which they are counted.
STATES = (PLAYS, SCHEDULED, REFUSED, LEAKS, BROKEN, NOT_READY, MISSING, UNCHECKED)


@dataclass(frozen=True)
class PlaybackExpectation:
    """What a viewer should get of an entry.

    :param entry_id: the entry.
    :param expect: ``plays``; ``refused``, as for an entry behind access control; or ``auto``: it plays, unless its
        ``startDate`` is in the future or its ``endDate`` has passed, when nobody may get it.
    :param duration: seconds its streams should last; what Kaltura says of the entry when None.
    :param captions: captions that players must list besides those there are, each by language, language code or label.
    """

    entry_id: str
    expect: str = "auto"
    duration: float | None = None
    captions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        checked_entry_id(self.entry_id)
        if self.expect not in EXPECTATIONS:
            raise ValueError(f"{self.entry_id}: expect is {self.expect!r}: use {', '.join(EXPECTATIONS)}")
        if self.duration is not None and not 0 < self.duration < float("inf"):
            raise ValueError(f"{self.entry_id}: duration is {self.duration!r}: give seconds, more than 0")
        if isinstance(self.captions, str) or not all(isinstance(name, str) and name for name in self.captions):
            raise ValueError(f"{self.entry_id}: captions is {self.captions!r}: give a list such as ['German', 'en']")
        object.__setattr__(self, "captions", tuple(self.captions))


@dataclass(frozen=True)
class PlaybackResult:
    """What a viewer gets of an entry.

    :param entry_id: the entry.
    :param state: ``plays``; ``scheduled``: kept back by its dates; ``refused``: kept back by something else, such as
        access control; ``leaks``: it can be played although it must not; ``broken``: its streams cannot be read;
        ``not_ready``: its status is another one than READY; ``missing``: there is no such entry; ``unchecked``: it is
        of a kind that no player plays, or that this check cannot follow.
    :param problems: what is not as it should be, each with the next step.
    :param facts: what was measured, as plain JSON values: ``duration`` (seconds), ``renditions`` (mappings with
        ``bandwidth``, ``width`` and ``height``), ``captions`` (names), ``formats``, ``message`` (Kaltura's words when
        it refuses).
    """

    entry_id: str
    state: str
    problems: tuple[str, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether all is as expected."""
        return not self.problems

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain JSON values."""
        return {
            "entry_id": self.entry_id,
            "ok": self.ok,
            "state": self.state,
            "problems": list(self.problems),
            **self.facts,
        }


def count_states(results: Iterable[PlaybackResult]) -> dict[str, int]:
    """Count results by state.

    :param results: the results.
    :return: the states there are, with their numbers.
    """
    found = [result.state for result in results]
    return {state: found.count(state) for state in STATES if state in found}
