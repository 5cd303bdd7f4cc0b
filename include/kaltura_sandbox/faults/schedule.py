"""Faults at random that can be repeated: a schedule is nothing but its seed and its rates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from random import Random
from typing import Any

from .fault import EXPIRED_KS, INDEX_LAG, KALTURA, KINDS, MAY_FOLLOW, PASSING_KINDS, SERVICES, Fault, read_fields


@dataclass(frozen=True)
class Schedule:
    """Faults for a share of all requests, chosen by a seed.

    The n-th request of an action gets the same fault in every run, whatever else happens meanwhile: the decision
    depends on nothing but seed, action and n. ``repr`` shows all that is needed to have it again.

    :param seed: any number.
    :param rate: share of the requests that get a fault, 0 to 1.
    :param kinds: of these kinds, each as likely as the others; all that pass by themselves when empty.
    :param seconds: the longest a late answer or a stall takes.
    :param service: ``kaltura`` or ``s3``.
    :param rates: share by action, for those that are to get more or fewer.
    """

    seed: int
    rate: float = 0.1
    kinds: tuple[str, ...] = ()
    seconds: float = 1.0
    service: str = KALTURA
    rates: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.service not in SERVICES:
            raise ValueError(f"There is no service {self.service!r}; use one of {', '.join(SERVICES)}.")
        for rate in (self.rate, *self.rates.values()):
            if not isinstance(rate, (int, float)) or not 0 <= rate <= 1:
                raise ValueError(f"rate is {rate}: give a share, 0 to 1.")
        object.__setattr__(self, "kinds", tuple(self.kinds) or PASSING_KINDS[self.service])
        possible = [kind for kind in KINDS[self.service] if kind != INDEX_LAG]
        if unknown := [kind for kind in self.kinds if kind not in possible]:
            raise ValueError(f"{unknown[0]!r} can not be scheduled; use some of {', '.join(possible)}.")

    def decide(self, action: str, number: int) -> Fault | None:
        """Return the fault of the n-th request of an action, if it gets one.

        :param action: such as ``media.add`` or ``GetObject``.
        :param number: counted from 1.
        """
        chance = Random(f"{self.seed} {action} {number}")
        if chance.random() >= self.rates.get(action, self.rate):
            return None
        kind = self.kinds[int(chance.random() * len(self.kinds))]
        seconds, at, draw = (round(chance.random(), 2) for _ in range(3))
        return Fault(
            kind,
            seconds=round(seconds * self.seconds, 2),
            at=at,
            half_close=kind.startswith("stall") and draw < 0.25,
            after=kind in MAY_FOLLOW and draw < 0.5,
            sticky=kind == EXPIRED_KS and draw < 0.5,
        )

    def describe(self, calls: Mapping[str, int]) -> str:
        """List the faults of the first requests of each action, a line each.

        :param calls: number of requests by action.
        """
        lines = [repr(self)]
        for action, count in sorted(calls.items()):
            for number in range(1, count + 1):
                if fault := self.decide(action, number):
                    lines.append(f"  {action} {number}: {fault}")
        return "\n".join(lines)

    def to_json(self) -> dict[str, Any]:
        """Return the schedule as JSON data."""
        return {**asdict(self), "kinds": [*self.kinds]}

    @classmethod
    def from_json(cls, value: Any, service: str = KALTURA) -> Schedule:
        """Read a schedule: an object with ``seed`` and any of the other parameters.

        :param service: what the proxy stands in front of.
        :raises ValueError: it is none; the message names what is wrong.
        """
        given = {**read_fields(cls, value, "a schedule", "seed"), "service": service}
        kinds = given.get("kinds", [])
        if not isinstance(kinds, list) or not all(isinstance(kind, str) for kind in kinds):
            raise ValueError("kinds of a schedule is no list of texts.")
        return cls(**{**given, "kinds": tuple(kinds)})
