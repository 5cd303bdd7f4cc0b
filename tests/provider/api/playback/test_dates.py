"""An entry that its dates keep back must not be playable: neither for a player nor at its address."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest
from tests.provider.api.conftest import ClientFactory
from tests.provider.api.playback.conftest import change, check, video_entry
from tests.provider.entries import ready_entry

from kaltura_provider.api import KalturaClient
from kaltura_sandbox.faults import FaultProxy, at_request
from kaltura_sandbox.server import SandboxServer

DAY = 24 * 3600


@pytest.fixture(scope="module")
def premiere(admin: KalturaClient, video: Path) -> str:
    """A video of tomorrow."""
    return video_entry(admin, video, startDate=int(time.time()) + DAY)


@pytest.mark.parametrize("viewer", ["anonymous", "signed_in"])
def test_kept_back(admin: KalturaClient, premiere: str, viewer: str) -> None:
    """Also who is signed in is no reason to try with rights that open it."""
    result = check(admin, premiere, viewer=viewer)
    assert (result.state, result.problems) == ("scheduled", ())
    assert result.facts["message"].startswith("Out of scheduling We're sorry")


def test_over(admin: KalturaClient) -> None:
    entry_id = ready_entry(admin, startDate=int(time.time()) - 2 * DAY, endDate=int(time.time()) - DAY)
    assert check(admin, entry_id).state == "scheduled"
    (problem,) = check(admin, entry_id, expect="plays").problems
    assert "It should play, but it starts at 2" in problem
    assert " and ends at 2" in problem
    assert problem.endswith("Wait, or change its startDate or endDate.")


def test_within_its_dates(admin: KalturaClient) -> None:
    entry_id = ready_entry(admin, startDate=int(time.time()) - DAY, endDate=int(time.time()) + DAY)
    assert check(admin, entry_id, expect="plays").ok


def test_a_player_is_told_too_much(
    sandbox: SandboxServer, admin: KalturaClient, new_client: ClientFactory, video: Path
) -> None:
    entry_id = video_entry(admin, video, startDate=int(time.time()) + DAY)
    forget = at_request("multirequest", 1, lambda: change(admin, entry_id, startDate=int(time.time()) - DAY))
    with FaultProxy(sandbox.url, judge=forget) as proxy:
        result = check(admin, entry_id, using=new_client(url=proxy.url))
    assert result.state == "leaks"
    assert "Anyone can play it, although it starts at 2" in result.problems[0]


def test_only_the_address_is_open(
    sandbox: SandboxServer, admin: KalturaClient, new_client: ClientFactory, video: Path
) -> None:
    entry_id = video_entry(admin, video, startDate=int(time.time()) + DAY)

    def forget(request: Any) -> None:
        if "playManifest" in request.path:
            change(admin, entry_id, startDate=int(time.time()) - DAY)

    with FaultProxy(sandbox.url, judge=forget) as proxy:
        result = check(admin, entry_id, using=new_client(url=proxy.url))
    assert result.state == "leaks"
    assert len(result.problems) == 2
    assert all("gives the stream to anyone who knows it" in problem for problem in result.problems)


def test_the_hour_passes_during_the_check(
    sandbox: SandboxServer, admin: KalturaClient, new_client: ClientFactory, video: Path
) -> None:
    """Closed when the entry was read, open when the player asks: nothing is wrong with that."""
    start = int(time.time()) + 2
    entry_id = video_entry(admin, video)
    change(admin, entry_id, startDate=start)
    waiting = threading.Event()
    at_the_hour = at_request("multirequest", 1, lambda: waiting.wait(max(0.0, start + 0.1 - time.time())))
    with FaultProxy(sandbox.url, judge=at_the_hour) as proxy:
        result = check(admin, entry_id, using=new_client(url=proxy.url))
    assert (result.state, result.problems) == ("plays", ())
