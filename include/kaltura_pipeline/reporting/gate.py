"""Whether a day's numbers may take the place of those that are there."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from kaltura_pipeline.errors import ConfigurationError

_RULES = ("totals", "values", "rows")
_ACTIONS = ("fail", "warn", "off")
# No more than all of a title can be seen on average.
_SHARES = ("avg_completion_ratio", "total_completion_ratio")


@dataclass(frozen=True)
class GateRules:
    """What is looked at, and what follows: ``fail`` keeps the numbers out, ``warn`` says so, ``off`` does not look.

    :param totals: rows and Kaltura's total do not agree.
    :param totals_tolerance: share by which they may differ, as Kaltura's ranking is approximate in large accounts.
    :param values: negative or impossible values.
    :param rows: many fewer or more rows than on the same weekday of the weeks before.
    :param rows_least: share of their median below which there are too few.
    :param rows_most: share of their median above which there are too many.
    :param rows_weeks: how many weeks are looked at; with fewer than two nothing is said.
    """

    totals: str = "fail"
    totals_tolerance: float = 0.01
    values: str = "fail"
    rows: str = "warn"
    rows_least: float = 0.3
    rows_most: float = 3.0
    rows_weeks: int = 4

    @classmethod
    def read(cls, text: str) -> GateRules:
        """Read rules from JSON; what is not named keeps its default.

        :param text: an object, such as ``{"rows": "fail", "rows_least": 0.5}``, or nothing.
        :raises ConfigurationError: it cannot be read; names the field and the fix.
        """
        name = "KALTURA_PIPELINE_REPORT_RULES"
        if not text.strip():
            return cls()
        try:
            values = json.loads(text)
        except ValueError as error:
            raise ConfigurationError(f"{name} is no JSON ({error}); write it as {{'rows': 'fail'}}") from None
        if not isinstance(values, dict):
            raise ConfigurationError(f"{name} must be a JSON object, such as {{'rows': 'fail'}}")
        known = {each.name: each for each in fields(cls)}
        for key, value in values.items():
            if key not in known:
                raise ConfigurationError(f"{name}: {key!r} is no rule; use {', '.join(known)}")
            if key in _RULES and value not in _ACTIONS:
                raise ConfigurationError(f"{name}: {key} must be one of {', '.join(_ACTIONS)}, not {value!r}")
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            if key not in _RULES and not (is_number and value >= 0):
                raise ConfigurationError(f"{name}: {key} must be a number that is not negative, not {value!r}")
        return cls(**values)


@dataclass(frozen=True)
class Verdict:
    """What was found.

    :param failures: why the numbers stay out, in words.
    :param warnings: what to mind about them.
    """

    failures: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def judge(rules: GateRules, manifest: Mapping[str, Any], before: Mapping[str, Mapping[str, Any]]) -> Verdict:
    """Look at a day's numbers by their manifest.

    :param rules: the rules.
    :param manifest: of the day.
    :param before: those of the same weekday in the weeks before, by day.
    """
    verdict = Verdict()
    found = {"totals": _totals(rules, manifest), "values": _values(manifest), "rows": _rows(rules, manifest, before)}
    for rule, sentences in found.items():
        action = getattr(rules, rule)
        if action == "fail" and manifest["provisional"] and rule != "values":
            # While events still arrive, rows are few, and rows and total are of different moments.
            action = "warn"
        if action == "off":
            continue
        (verdict.failures if action == "fail" else verdict.warnings).extend(sentences)
    return verdict


def _totals(rules: GateRules, manifest: Mapping[str, Any]) -> Iterator[str]:
    for check in manifest["totals"]:
        difference = abs(check["rows"] - check["total"])
        if not check["agrees"] and difference > rules.totals_tolerance * abs(check["total"]):
            yield (
                f"{check['column']}: the rows add up to {check['rows']:g}, Kaltura's total is {check['total']:g}; "
                "fetch the day again later, or allow more by totals_tolerance"
            )


def _values(manifest: Mapping[str, Any]) -> Iterator[str]:
    ranges = manifest["ranges"]
    for column, (low, high) in ranges.items():
        if math.isnan(low) or math.isinf(high):
            yield f"{column} holds what is no number"
        elif low < 0:
            yield f"{column} is negative: {low:g}"
        elif column in _SHARES and high > 1 + 1e-6:
            yield f"{column} is more than all: {high:g}"
    plays, users = ranges.get("count_plays"), ranges.get("unique_known_users")
    if plays and users and users[1] > plays[1]:
        yield f"there are more viewers ({users[1]:g}) of a row than plays ({plays[1]:g})"


def _rows(
    rules: GateRules, manifest: Mapping[str, Any], before: Mapping[str, Mapping[str, Any]]
) -> Iterator[str]:  # fmt: skip
    if len(before) < 2:
        return
    usual = statistics.median(each["rows"] for each in before.values())
    rows = manifest["rows"]
    if rows < rules.rows_least * usual:
        yield f"{rows} rows are few: {usual:g} are usual on this weekday; perhaps events have not arrived yet"
    elif usual and rows > rules.rows_most * usual:
        yield f"{rows} rows are many: {usual:g} are usual on this weekday"
