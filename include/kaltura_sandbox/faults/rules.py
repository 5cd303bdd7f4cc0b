"""Rules: which requests get which fault."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from random import Random
from typing import Any

from ..casting import to_text
from .fault import Fault, read_fields
from .request import Request


@dataclass(frozen=True)
class Rule:
    """A fault for some requests. Of those that match, it takes all, unless told which.

    :param fault: the fault.
    :param action: pattern of actions such as ``uploadToken.upload`` or ``media.*``, of S3 operations such as
        ``GetObject``; case does not count. A multirequest matches by its own name and by those of its items.
    :param path: pattern of the path, for S3 of bucket and key: ``/bucket/folder/*``.
    :param where: parameters a Kaltura request must have, as texts: ``{"resumeAt": "5000000"}``.
    :param nth: only the n-th request that matches, counted from 1.
    :param every: of these, only each n-th.
    :param probability: of these, this share, chosen by ``seed``.
    :param times: not more often than this in all.
    :param seed: for ``probability``.
    """

    fault: Fault
    action: str = "*"
    path: str = "*"
    where: Mapping[str, str] = field(default_factory=dict)
    nth: int | None = None
    every: int | None = None
    probability: float = 1.0
    times: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("nth", "every", "times"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"{name} is {value}: count from 1.")
        if not 0 <= self.probability <= 1:
            raise ValueError(f"probability is {self.probability}: give a share, 0 to 1.")

    def matches(self, request: Request) -> bool:
        """Tell whether a request is one this rule is about."""
        pattern = self.action.lower()
        return (
            any(fnmatchcase(name.lower(), pattern) for name in (request.action, *request.items))
            and fnmatchcase(request.path, self.path)
            and all(to_text(request.params.get(name)) == value for name, value in self.where.items())
            and request.can_get(self.fault)
        )

    def takes(self, number: int) -> bool:
        """Tell whether the n-th matching request gets the fault, ``times`` aside."""
        if self.nth is not None and number != self.nth:
            return False
        if self.every is not None and number % self.every:
            return False
        return self.probability >= 1 or Random(f"{self.seed} {self.action} {number}").random() < self.probability

    def to_json(self) -> dict[str, Any]:
        """Return the rule as JSON data, without what has its default."""
        defaults = asdict(Rule(self.fault))
        changed = {name: value for name, value in asdict(self).items() if value != defaults[name]}
        return {"fault": self.fault.to_json(), **changed}

    @classmethod
    def from_json(cls, value: Any) -> Rule:
        """Read a rule: an object with any of the parameters; ``fault`` is the name of its kind or an object.

        :raises ValueError: it is none; the message names what is wrong.
        """
        given = read_fields(cls, value, "a rule", "fault")
        return cls(**{**given, "fault": Fault.from_json(given["fault"])})


def rules_from_json(value: Any) -> list[Rule]:
    """Read a list of rules.

    :raises ValueError: it is none; the message names the rule and what is wrong.
    """
    if not isinstance(value, list):
        raise ValueError('Write a list of rules: [{"action": "media.add", "nth": 1, "fault": "drop_answer"}].')
    rules = []
    for number, item in enumerate(value, 1):
        try:
            rules.append(Rule.from_json(item))
        except ValueError as problem:
            raise ValueError(f"Rule {number}: {problem}") from None
    return rules


class RuleBook:
    """Rules and how often each has matched. Safe for use by threads.

    :param rules: the first one that takes a request wins; all that match count it.
    """

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        self.rules = tuple(rules)
        self._matched = [0] * len(self.rules)
        self._taken = [0] * len(self.rules)
        self._lock = threading.Lock()

    def decide(self, request: Request) -> Fault | None:
        """Return the fault a request gets, if any."""
        found: Fault | None = None
        with self._lock:
            for index, rule in enumerate(self.rules):
                if not rule.matches(request):
                    continue
                self._matched[index] += 1
                exhausted = rule.times is not None and self._taken[index] >= rule.times
                if found is None and not exhausted and rule.takes(self._matched[index]):
                    self._taken[index] += 1
                    found = rule.fault
        return found
