"""A night's requests: all reports of one day of the sandbox's synthetic traffic, over a slow line."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from moto.server import ThreadedMotoServer

from kaltura_pipeline.reporting.daily import fetch_day
from kaltura_pipeline.settings import PipelineSettings
from kaltura_provider.api import AdminSecretCredentials, ClientConfig, KalturaClient
from kaltura_sandbox.faults.fault import LATE, Fault
from kaltura_sandbox.faults.proxy import FaultProxy
from kaltura_sandbox.faults.rules import Rule
from kaltura_sandbox.server import SandboxServer
from kaltura_sandbox.settings import Partner, Settings
from kaltura_sandbox.traffic.plan import TrafficPlan

_SECRET = "a" * 32
_BUCKET = "night"
#: A day as most are, and one on which so many watch that answers are cut off.
DAYS = ("2026-03-17", "2026-03-21")


@dataclass(frozen=True)
class Night:
    """What a day took.

    :param day: the local day.
    :param rows: rows of all reports.
    :param requests: requests to the API.
    :param seconds: wall time.
    :param waited: seconds of these in which answers were awaited.
    """

    day: str
    rows: int
    requests: int
    seconds: float
    waited: float


def nights(plan: TrafficPlan, latency: float, days: tuple[str, ...] = DAYS) -> list[Night]:
    """Fetch days as ``kaltura_report`` does.

    :param plan: the traffic.
    :param latency: seconds by which each answer comes late.
    :param days: which.
    """
    from benchmarks.report.readers import _Waiting
    from benchmarks.report.storage import storage_at

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    storage_at("http://{}:{}".format(*server.get_host_and_port()), _BUCKET)
    found: list[Night] = []
    with tempfile.TemporaryDirectory() as folder:
        partners = (Partner(102, _SECRET, "b" * 32),)
        with SandboxServer(Settings(Path(folder), partners, traffic=plan)) as sandbox, FaultProxy(sandbox.url) as proxy:
            proxy.set_rules([Rule(Fault(LATE, seconds=latency))])
            with KalturaClient(ClientConfig(proxy.url, 102), AdminSecretCredentials(_SECRET)) as client:
                waiting = _Waiting()
                transport = client._transport
                setattr(transport, "post", waiting.around(transport.post))  # noqa: B010 - mypy allows no other way
                for day in days:
                    before, at_first, started = waiting.seconds, waiting.requests, time.monotonic()
                    told = fetch_day(PipelineSettings(time_zone="Pacific/Chatham"), client, _BUCKET, day)
                    seconds = time.monotonic() - started
                    rows, waited = sum(told["rows"].values()), waiting.seconds - before
                    found.append(Night(day, rows, waiting.requests - at_first, seconds, waited))
    server.stop()
    return found
