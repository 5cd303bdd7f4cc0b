"""What is left to doubt of written days, after they were held against a direct count."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.chaos.report.direct_count import REPORTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.chaos.report.direct_count import DirectCount

# Viewers without a user: the one key of which Kaltura cannot be asked alone.
_NOBODY = "Unknown"


def faults(counted: DirectCount, folder: Path) -> list[str]:
    """Return all that the tables say otherwise than the count, and what they leave empty without need or a word.

    A mean may be empty for viewers without a user, on a day that had to be cut, if the manifest says so.

    :param counted: the count.
    :param folder: with ``<report>/day=<day>`` of all days.
    """
    wrong = []
    for report in REPORTS:
        wrong += counted.differences(report, folder / report.lower())
        for (day, key), names in counted.gaps(report).items():
            told = _manifest(folder, report, day)
            excused = key == _NOBODY and told["parts"] > 1 and any("empty in 1 rows" in note for note in told["notes"])
            if not excused or any(not name.startswith("avg_") for name in names):
                wrong.append(f"{report} of {day}: {', '.join(names)} of {key} is empty")
    return wrong


def requests_a_day(folder: Path, days: Sequence[str]) -> list[int]:
    """Return how many requests to Kaltura each day took, all reports together."""
    return [sum(_manifest(folder, report, day)["requests"] for report in REPORTS) for day in days]


def _manifest(folder: Path, report: str, day: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / report.lower() / f"day={day}" / "_manifest.json").read_bytes())
    return found
