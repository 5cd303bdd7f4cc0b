"""A library with made-up traffic, shared by these tests."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from tests.provider.api.scripted import quick

from kaltura_provider.api import AdminSecretCredentials, KalturaClient
from kaltura_sandbox.server import SandboxServer
from kaltura_sandbox.settings import Partner, Settings
from kaltura_sandbox.traffic.plan import TrafficPlan

SECRET = "analytics-admin-secret"
PLAN = TrafficPlan(11, entries=300, viewers=20_000, first_day=date(2026, 3, 1), days=60, sessions=600)
#: A day on which 13,000 users watch at noon, UTC.
EXAM_DAY = "2026-03-18"


@pytest.fixture(scope="session")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KalturaClient]:
    """A client of a sandbox with traffic in March and April 2026."""
    settings = Settings(
        data=tmp_path_factory.mktemp("busy"), partners=(Partner(102, SECRET, "analytics-user-secret"),), traffic=PLAN
    )
    with SandboxServer(settings) as server:
        config = quick(server.url, read_timeout=30.0)
        with KalturaClient(config, AdminSecretCredentials(SECRET)) as client:
            yield client
