"""The sandbox gives the answers that Kaltura's own server gave; see README.md beside this file."""

from __future__ import annotations

import argparse
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.contract import replay
from tests.contract.conftest import ADMIN_SECRET, PARTNER_ID, USER_SECRET

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kaltura_sandbox.server import SandboxServer

SCENARIOS = Path(__file__).parent / "scenarios"
FIXTURES = SCENARIOS / "_fixtures"
# Areas that the sandbox answers in full today.
AREAS = ["errors", "media", "multirequest", "session", "system", "transport", "upload"]
PATHS = [path for area in AREAS for path in sorted((SCENARIOS / area).glob("*.json"))]


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves the fixture files without writing a log."""

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments, directory=str(FIXTURES))  # type: ignore[arg-type]

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


@pytest.fixture(scope="session")
def media_url() -> Iterator[str]:
    """Address of a small video that the sandbox may import."""
    with ThreadingHTTPServer(("127.0.0.1", 0), QuietHandler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/tiny.mp4"
        server.shutdown()


@pytest.fixture(scope="session")
def runner(sandbox: SandboxServer, media_url: str) -> replay.Runner:
    return replay.Runner(
        argparse.Namespace(
            url=sandbox.url,
            timeout=120,
            partner_id=PARTNER_ID,
            admin_secret=ADMIN_SECRET,
            user_secret=USER_SECRET,
            media_url=media_url,
        )
    )


@pytest.mark.parametrize("path", PATHS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_scenario(runner: replay.Runner, path: Path) -> None:
    result = runner.run(path)
    assert result["result"] == "passed", (
        f"{result.get('path')}: expected {result.get('expected')}, got {result.get('actual')}"
    )


def test_every_area_has_scenarios() -> None:
    assert {path.parent.name for path in PATHS} == set(AREAS)
    assert len(PATHS) > 200
