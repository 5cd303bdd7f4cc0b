"""How far the server is, is found out beside other work, and never keeps anybody waiting for long."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from tests.provider.api.test_upload import make_video
from tests.provider.conftest import ADMIN_SECRET, PARTNER

from kaltura_provider.api import AdminSecretCredentials, ClientConfig, FileSource, KalturaClient, upload
from kaltura_provider.api.distance import FAR, NEAR, Distance
from kaltura_sandbox.faults import Fault, FaultProxy, Rule
from kaltura_sandbox.faults.fault import LATE
from kaltura_sandbox.server import SandboxServer


def client_of(url: str) -> KalturaClient:
    return KalturaClient(ClientConfig(url, PARTNER), AdminSecretCredentials(ADMIN_SECRET))


def test_a_server_on_this_machine_is_near(client: KalturaClient) -> None:
    assert 0 < client.round_trip() < FAR


@pytest.mark.parametrize("seconds", [0.02, 0.12])
def test_a_far_server_behind_a_proxy_that_accepts_connections_at_once(sandbox: SandboxServer, seconds: float) -> None:
    rules = [Rule(Fault(LATE, seconds=seconds), action="OPTIONS")]
    with FaultProxy(sandbox.url, rules=rules) as line, client_of(line.url) as client:
        # Opening the connection may have been part of what was measured.
        assert max(NEAR, seconds / 2) <= client.round_trip() < 2 * seconds + 0.05
        calls = line.counts.calls["OPTIONS"]
        assert client.round_trip() > NEAR
        assert line.counts.calls["OPTIONS"] == calls <= 2


def test_a_far_server_gets_more_at_once(sandbox: SandboxServer, tmp_path: Path) -> None:
    source = FileSource(make_video(tmp_path / "film.mp4", 41_000_000))

    def requests(*rules: Rule) -> int:
        with FaultProxy(sandbox.url, rules=list(rules)) as line, client_of(line.url) as client:
            upload(client, source)
            return line.counts.calls["uploadToken.upload"]

    # The first part, four or eight more, and the last. To a machine that is busy, a near server is far at times.
    assert any(requests() == 1 + 4 + 1 for _ in range(5))
    assert requests(Rule(Fault(LATE, seconds=0.15), action="OPTIONS")) == 1 + 8 + 1


def test_small_files_ask_nothing(sandbox: SandboxServer, tmp_path: Path) -> None:
    source = FileSource(make_video(tmp_path / "clip.mp4", 1_000_000))
    with FaultProxy(sandbox.url) as line, client_of(line.url) as client:
        upload(client, source)
        assert line.counts.calls["OPTIONS"] == 0


def test_a_question_that_fails_is_no_failure() -> None:
    def ask() -> None:
        raise ConnectionError

    assert Distance(ask, handshakes=1).round_trip() == 0.0


def test_it_asks_once_for_all_threads() -> None:
    asked = []
    distance = Distance(lambda: asked.append(1), handshakes=1)
    threads = [threading.Thread(target=distance.round_trip) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(asked) == 1
