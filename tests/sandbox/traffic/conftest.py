"""A sandbox with a year of made-up traffic."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kaltura_sandbox.server import SandboxServer
from kaltura_sandbox.traffic.plan import TrafficPlan

from ..conftest import Api, make_settings

PLAN = TrafficPlan(seed=7)


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """Reports are asked of one sandbox; nothing of what is asked changes it."""
    with SandboxServer(make_settings(tmp_path_factory.mktemp("seeded"), traffic=PLAN)) as server:
        yield Api(server.url)
