"""Synthetic traffic from the command line."""

from __future__ import annotations

import argparse
from datetime import date

from .plan import TrafficPlan

_DEFAULT = TrafficPlan(0)
_NUMBERS = (
    ("--traffic-entries", _DEFAULT.entries, "titles of the made-up library"),
    ("--traffic-viewers", _DEFAULT.viewers, "its known users"),
    ("--traffic-days", _DEFAULT.days, "days with traffic"),
    ("--traffic-sessions", _DEFAULT.sessions, "sessions a day, on average; each has about four events"),
)


def add_traffic_options(parser: argparse.ArgumentParser, seed: int | None = None) -> None:
    """Declare the options.

    :param seed: the seed without ``--traffic-seed``; None: there is no traffic then.
    """
    without = "without it there is none" if seed is None else "default %(default)s"
    parser.add_argument(
        "--traffic-seed", type=int, default=seed, metavar="N",
        help=f"make up a library and its viewers from this number, for reports ({without})",
    )  # fmt: skip
    parser.add_argument(
        "--traffic-from", type=date.fromisoformat, default=_DEFAULT.first_day, metavar="DAY",
        help="first UTC day with traffic (default %(default)s)",
    )  # fmt: skip
    for name, default, text in _NUMBERS:
        parser.add_argument(name, type=int, default=default, metavar="NUMBER", help=f"{text} (default %(default)s)")


def traffic_plan(options: argparse.Namespace) -> TrafficPlan | None:
    """Return what the options ask for; None without a seed.

    :raises ValueError: a number is out of range.
    """
    if options.traffic_seed is None:
        return None
    return TrafficPlan(
        options.traffic_seed, options.traffic_entries, options.traffic_viewers, options.traffic_from,
        options.traffic_days, options.traffic_sessions,
    )  # fmt: skip
