"""Options of the command line that say which faults to make."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from .fault import PASSING_KINDS
from .rules import Rule, rules_from_json
from .schedule import Schedule


def add_options(parser: argparse.ArgumentParser, prefix: str = "") -> None:
    """Add the options.

    :param prefix: of their names: ``fault-`` makes ``--fault-seed``.
    """
    group = parser.add_argument_group("faults")
    group.add_argument(
        f"--{prefix}seed", type=int, metavar="NUMBER", dest="fault_seed",
        help="make faults at random; the same number makes the same ones again",
    )  # fmt: skip
    group.add_argument(
        f"--{prefix}rate", type=float, default=0.1, metavar="SHARE", dest="fault_rate",
        help="share of the requests that get one (default %(default)s)",
    )  # fmt: skip
    group.add_argument(
        f"--{prefix}kinds", default="", metavar="KIND,KIND", dest="fault_kinds",
        help="only these kinds (default: all that pass by themselves)",
    )  # fmt: skip
    group.add_argument(
        f"--{prefix}seconds", type=float, default=1.0, metavar="SECONDS", dest="fault_seconds",
        help="the longest that a late answer or a stall takes (default %(default)s)",
    )  # fmt: skip
    group.add_argument(
        f"--{prefix}rules", type=Path, metavar="FILE", dest="fault_rules",
        help='faults for certain requests, as JSON: [{"action": "media.add", "nth": 1, "fault": "drop_answer"}]',
    )  # fmt: skip


def read_options(options: argparse.Namespace, service: str) -> dict[str, Any]:
    """Return ``rules`` and ``schedule`` for a :class:`~kaltura_sandbox.faults.FaultProxy`.

    :param service: what it stands in front of.
    :raises ValueError: an option is wrong; the message names what.
    """
    rules: list[Rule] = []
    if options.fault_rules is not None:
        try:
            rules = rules_from_json(json.loads(options.fault_rules.read_text()))
        except OSError as problem:
            raise ValueError(f"{options.fault_rules} can not be read: {problem.strerror}.") from None
        except ValueError as problem:
            raise ValueError(f"{options.fault_rules}: {problem}") from None
    schedule = None
    if options.fault_seed is not None:
        kinds = tuple(kind.strip() for kind in options.fault_kinds.split(",") if kind.strip())
        schedule = Schedule(
            options.fault_seed, options.fault_rate, kinds or PASSING_KINDS[service], options.fault_seconds, service
        )
    return {"rules": rules, "schedule": schedule}
