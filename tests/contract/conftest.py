"""One sandbox for all contract tests, answering as fast as it can."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kaltura_sandbox.server import SandboxServer

PARTNER_ID = 102
ADMIN_SECRET = "contract-admin-secret"
USER_SECRET = "contract-user-secret"


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    from kaltura_sandbox.server import SandboxServer
    from kaltura_sandbox.settings import Partner, Settings

    # The real server waits 45 s for missing bytes; what it answers then is the same after 2 s.
    settings = Settings(
        data=tmp_path_factory.mktemp("sandbox"),
        partners=(Partner(PARTNER_ID, ADMIN_SECRET, USER_SECRET),),
        final_chunk_wait=2,
        # The reports were recorded over some events.
        sample_events=True,
    )
    with SandboxServer(settings) as server:
        yield server
