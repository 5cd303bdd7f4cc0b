"""Faults on demand: a proxy in front of the sandbox, or of an S3 server, that loses, delays and spoils requests."""

from __future__ import annotations

from .counts import Counts, Event
from .fault import KALTURA, S3, Fault
from .proxy import FaultProxy, Judge, at_request
from .request import Request
from .rules import Rule, rules_from_json
from .schedule import Schedule

__all__ = [
    "KALTURA",
    "S3",
    "Counts",
    "Event",
    "Fault",
    "FaultProxy",
    "Judge",
    "Request",
    "Rule",
    "Schedule",
    "at_request",
    "rules_from_json",
]
