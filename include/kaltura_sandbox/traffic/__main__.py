"""Write the raw events of synthetic traffic as CSV, to count reports again: ``python -m kaltura_sandbox.traffic``."""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from .events import events_between
from .options import add_traffic_options, traffic_plan
from .plan import DAY, TrafficPlan

COLUMNS = (
    "occurred_at", "event_type", "entry_id", "user_id", "session_id", "unique_viewer", "user_agent", "country",
    "referrer", "duration_ms",
)  # fmt: skip
_DEFAULT_SEED = 1


def rows(plan: TrafficPlan, start: int, end: int) -> Iterator[tuple[Any, ...]]:
    """Yield the values of :data:`COLUMNS` for every event of a time.

    :param start: first Unix second.
    :param end: first Unix second after it.
    """
    for moment, kind, event in events_between(plan, start, end):
        yield (
            moment, kind, event["entryId"], event["userId"], event["sessionId"], event["uniqueViewer"],
            event["userAgent"], event["country"], event["referrer"], event["duration"],
        )  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """Write the events of the UTC days that are asked for; return the exit status."""
    parser = argparse.ArgumentParser(prog="kaltura_sandbox.traffic", description=__doc__)
    parser.add_argument(
        "--from", dest="first", type=date.fromisoformat, required=True, metavar="DAY", help="first UTC day: 2026-01-31"
    )
    parser.add_argument("--days", type=int, default=1, metavar="NUMBER", help="UTC days (default %(default)s)")
    parser.add_argument("--out", type=Path, metavar="FILE", help="where to write; the standard output by default")
    add_traffic_options(parser, _DEFAULT_SEED)
    options = parser.parse_args(arguments)
    try:
        plan = traffic_plan(options) or TrafficPlan(_DEFAULT_SEED)
    except ValueError as problem:
        parser.error(str(problem))
    start = (options.first - date(1970, 1, 1)) // timedelta(days=1) * DAY
    with ExitStack() as files:
        out = sys.stdout if options.out is None else files.enter_context(options.out.open("w", newline=""))
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(rows(plan, start, start + options.days * DAY))
    return 0


if __name__ == "__main__":
    sys.exit(main())
