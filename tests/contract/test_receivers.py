"""The answers are the same when receiving processes take the requests."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.contract import replay
from tests.contract.conftest import ADMIN_SECRET, PARTNER_ID, USER_SECRET
from tests.contract.test_transcripts import PATHS

if TYPE_CHECKING:
    from collections.abc import Iterator

# Where requests differ in form, and where bodies are long; what other areas answer does not depend on who takes them.
AREAS = ("multirequest", "transport", "upload")
CHOSEN = [path for path in PATHS if path.parent.name in AREAS]


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[replay.Runner]:
    from kaltura_sandbox.server import SandboxServer
    from kaltura_sandbox.settings import Partner, Settings

    settings = Settings(
        data=tmp_path_factory.mktemp("received"),
        partners=(Partner(PARTNER_ID, ADMIN_SECRET, USER_SECRET),),
        final_chunk_wait=1,
        receivers=2,
    )
    with SandboxServer(settings) as server:
        yield replay.Runner(
            argparse.Namespace(
                url=server.url,
                timeout=120,
                partner_id=PARTNER_ID,
                admin_secret=ADMIN_SECRET,
                user_secret=USER_SECRET,
                media_url="",
            )
        )


def test_the_areas_are_there() -> None:
    assert {path.parent.name for path in CHOSEN} == set(AREAS)


@pytest.mark.parametrize("path", CHOSEN, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_scenario(runner: replay.Runner, path: Path) -> None:
    result = runner.run(path)
    assert result["result"] in {"passed", "skipped"}, (
        f"{result.get('path')}: expected {result.get('expected')}, got {result.get('actual')}"
    )
