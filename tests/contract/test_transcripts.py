"""The sandbox gives the answers that Kaltura's own server gave; see README.md beside this file."""

from __future__ import annotations

import argparse
import functools
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from demo.media import video

from tests.contract import replay
from tests.contract.conftest import ADMIN_SECRET, PARTNER_ID, USER_SECRET

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kaltura_sandbox.server import SandboxServer

SCENARIOS = Path(__file__).parent / "scenarios"
FIXTURES = SCENARIOS / "_fixtures"
PATHS = sorted(path for path in SCENARIOS.glob("*/*.json") if path.parent != FIXTURES)


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files without writing a log."""

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


@pytest.fixture(scope="session")
def media_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a small video that the sandbox may import, of the size and length of the recorded one."""
    folder = tmp_path_factory.mktemp("media")
    (folder / "small.mp4").write_bytes(video(3, (320, 240)))
    handler = functools.partial(QuietHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/small.mp4"
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


def test_no_scenario_is_missing() -> None:
    assert len(PATHS) == 325
