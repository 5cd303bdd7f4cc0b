"""A library with made-up traffic, and where its tables go."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from kaltura_pipeline.reporting.daily import partitions_of
from kaltura_pipeline.settings import PipelineSettings
from kaltura_provider.api import AdminSecretCredentials, ClientConfig, KalturaClient
from kaltura_provider.hooks.s3_partitions import S3Partitions
from kaltura_sandbox.faults.proxy import FaultProxy
from kaltura_sandbox.server import SandboxServer
from kaltura_sandbox.settings import Partner, Settings
from kaltura_sandbox.traffic.plan import TrafficPlan

SECRET = "report-admin-secret"
PLAN = TrafficPlan(5, entries=40, viewers=500, first_day=date(2026, 3, 1), days=60, sessions=150)


@pytest.fixture(scope="session")
def busy_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    settings = Settings(
        data=tmp_path_factory.mktemp("busy"), partners=(Partner(102, SECRET, "report-user-secret"),), traffic=PLAN
    )
    with SandboxServer(settings) as server:
        yield server


@pytest.fixture
def line(busy_sandbox: SandboxServer) -> Iterator[FaultProxy]:
    """The way to Kaltura, which can be broken."""
    with FaultProxy(busy_sandbox.url) as running:
        yield running


@pytest.fixture
def busy(line: FaultProxy) -> Iterator[KalturaClient]:
    config = ClientConfig(line.url, 102, max_attempts=2, backoff_initial=0.02, read_timeout=10)
    with KalturaClient(config, AdminSecretCredentials(SECRET)) as client:
        yield client


@pytest.fixture
def settings() -> PipelineSettings:
    return PipelineSettings(time_zone="Pacific/Chatham")


@pytest.fixture
def tables(settings: PipelineSettings, bucket: str) -> S3Partitions:
    return partitions_of(settings, bucket)


def plays(tables: S3Partitions, day: str, report: str = "TOP_CONTENT") -> Any:
    """The plays of a day by its table; None without one."""
    table = tables.table(report, day)
    return None if table is None else sum(table["count_plays"].to_pylist())
