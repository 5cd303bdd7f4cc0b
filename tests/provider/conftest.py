"""A running Kaltura for the tests of the provider."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.provider.airflow_fixtures import (
    approving_client,
    client,
    connection,
    context,
    restore_ends_after,
    s3,
    s3_url,
    set_connection,
    state_store,
    task_log,
    video,
)

from kaltura_provider.policies.retry import KALTURA_RETRY_POLICY
from kaltura_sandbox.server import SandboxServer
from kaltura_sandbox.settings import Partner, Settings

# Airflow before 3.3 has no retry policies.
collect_ignore = [] if KALTURA_RETRY_POLICY is not None else ["policies/test_retry.py"]

__all__ = [
    "approving_client",
    "client",
    "connection",
    "context",
    "restore_ends_after",
    "s3",
    "s3_url",
    "set_connection",
    "state_store",
    "task_log",
    "video",
]

PARTNER = 102
ADMIN_SECRET = "admin-secret-for-tests"
USER_SECRET = "user-secret-for-tests"

FIXTURES = Path(__file__).parent.parent / "contract" / "scenarios" / "_fixtures"


def sandbox_settings(data: Path, **changes: Any) -> Settings:
    """Settings of a sandbox that converts quickly."""
    # All tests of a session make profiles in one account.
    values = {
        "conversion_seconds": 0.2, "final_chunk_wait": 1.0, "max_access_controls": 1000, "reach_seconds": 0.2, **changes
    }  # fmt: skip
    return Settings(data=data, partners=(Partner(PARTNER, ADMIN_SECRET, USER_SECRET),), **values)


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    """One sandbox for all tests: each makes objects of its own and leaves those of others alone."""
    with SandboxServer(sandbox_settings(tmp_path_factory.mktemp("sandbox"))) as server:
        yield server


@pytest.fixture
def new_sandbox(tmp_path: Path) -> Iterator[Callable[..., SandboxServer]]:
    """Start sandboxes with settings of their own, such as ``index_lag=2``."""
    servers: list[SandboxServer] = []

    def start(**changes: Any) -> SandboxServer:
        server = SandboxServer(sandbox_settings(tmp_path / f"sandbox-{len(servers)}", **changes))
        server.start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.stop()
