"""Kaltura fetches a file itself: once, checked by size, and pushed into the same entry when that fails."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from tests.provider.api.conftest import ClientFactory
from tests.provider.api.losing import LOSE_ANSWER, LOSE_REQUEST, losing_proxy, once
from tests.provider.api.scripted import Received, ScriptedServer, client_of, result
from tests.provider.api.test_put_content import Died, DyingClient, DyingJournal
from tests.provider.entries import SOUND, new_entry, sound_entry, uploaded, wait_for_status
from tests.sandbox.media_files import Origin, origin

from kaltura_provider.api import (
    EntryStatus,
    ExchangeState,
    KalturaClient,
    KalturaError,
    MediaKind,
    MemoryJournal,
    Pull,
    PullStart,
    PullState,
    check_pull,
    settle_replacement,
    start_pull,
    start_replacement,
)
from kaltura_provider.api.pull import pull_patience, url_problem
from kaltura_provider.api.source_flavor import source_flavor
from kaltura_sandbox.server import SandboxServer

FILE = SOUND * 20
QUERY = "?X-Amz-Signature=5ecre7"


@pytest.fixture
def source() -> Iterator[Origin]:
    """Gives the file as S3 does for an address that is signed for GET: it does not tell the size to HEAD."""
    with origin() as state:
        state.sized = False
        state.files["/talk.mp3" + QUERY] = FILE
        yield state


@pytest.fixture
def impatient(new_sandbox: Callable[..., SandboxServer], new_client: ClientFactory) -> KalturaClient:
    """A client of a Kaltura that gives an import up soon."""
    return new_client(url=new_sandbox(import_retry_seconds=0.1, import_attempts=2, conversion_seconds=0.05).url)


def pull(client: KalturaClient, entry_id: str, source: Origin, journal: Any = None) -> PullStart:
    url = f"{source.url}/talk.mp3{QUERY}"
    return start_pull(client, entry_id, url, kind=MediaKind.AUDIO, journal=journal or MemoryJournal())


def ended(client: KalturaClient, entry_id: str, seconds: float = 30, **options: Any) -> Pull:
    end = time.monotonic() + seconds
    while (seen := check_pull(client, entry_id, len(FILE), **options)).state is PullState.WAITING:
        assert time.monotonic() < end, seen.message
        time.sleep(0.02)
    return seen


def push(client: KalturaClient, entry_id: str) -> None:
    """What follows a pull that failed."""
    journal = MemoryJournal()
    start_replacement(client, entry_id, uploaded(client, FILE, "talk.mp3"), kind=MediaKind.AUDIO, journal=journal)
    end = time.monotonic() + 30
    while True:
        seen = settle_replacement(client, entry_id, approve=True, size=len(FILE), journal=journal)
        if seen.state is not ExchangeState.WAITING:
            break
        assert time.monotonic() < end
        time.sleep(0.02)
    assert (seen.state, seen.verified) == (ExchangeState.DONE, True)
    wait_for_status(client, entry_id, 2)
    flavor = source_flavor(client, entry_id)
    assert flavor is not None
    assert requests.get(client.call("flavorAsset", "getUrl", {"id": flavor.id}), timeout=10).content == FILE


def test_a_file_is_fetched(client: KalturaClient, source: Origin) -> None:
    entry_id, journal = new_entry(client, media_type=5), MemoryJournal()
    begun = pull(client, entry_id, source, journal)
    assert (begun.started, begun.entry.status) == (True, EntryStatus.IMPORT)
    assert journal.load()["pulling"] == entry_id
    assert "5ecre7" not in str(journal.load())
    assert abs(float(journal.load()["pulling_since"]) - time.time()) < 60
    assert ended(client, entry_id).state is PullState.COMPLETE
    wait_for_status(client, entry_id, 2)
    assert len(source.asked) == 1


def test_asking_again_at_any_time_changes_nothing(client: KalturaClient, source: Origin) -> None:
    entry_id, journal = new_entry(client, media_type=5), MemoryJournal()
    pull(client, entry_id, source, journal)
    assert pull(client, entry_id, source, journal).started
    ended(client, entry_id)
    assert pull(client, entry_id, source, journal).started
    assert len(source.asked) == 1


def test_an_entry_that_has_content_is_left_alone(client: KalturaClient, source: Origin) -> None:
    entry_id, journal = sound_entry(client), MemoryJournal()
    for _ in range(2):
        assert not pull(client, entry_id, source, journal).started
    assert source.asked == []


def test_a_download_that_broke_off_is_not_taken_for_complete(client: KalturaClient, source: Origin) -> None:
    source.cut = True
    entry_id = new_entry(client, media_type=5)
    pull(client, entry_id, source)
    wait_for_status(client, entry_id, 2)
    seen = check_pull(client, entry_id, len(FILE))
    assert seen.state is PullState.FAILED
    assert f"{len(FILE) // 2} bytes of {len(FILE)}" in seen.message
    push(client, entry_id)


def test_a_file_that_cannot_be_fetched(impatient: KalturaClient, source: Origin) -> None:
    del source.files["/talk.mp3" + QUERY]
    entry_id = new_entry(impatient, media_type=5)
    pull(impatient, entry_id, source)
    seen = ended(impatient, entry_id)
    assert (seen.state, seen.entry.status) == (PullState.FAILED, EntryStatus.ERROR_IMPORTING)
    assert "Push the file into the same entry" in seen.message
    push(impatient, entry_id)


def test_a_pull_that_takes_too_long(client: KalturaClient, source: Origin) -> None:
    # The sandbox tries again after 300 seconds, as Kaltura does.
    del source.files["/talk.mp3" + QUERY]
    entry_id = new_entry(client, media_type=5)
    pull(client, entry_id, source)
    assert check_pull(client, entry_id, len(FILE), since=time.time()).state is PullState.WAITING
    assert check_pull(client, entry_id, len(FILE)).state is PullState.WAITING
    seen = check_pull(client, entry_id, len(FILE), since=time.time() - 8000)
    assert seen.state is PullState.FAILED
    assert "133 minutes (status IMPORT)" in seen.message
    push(client, entry_id)


def test_an_import_that_ends_while_the_file_is_pushed(
    new_sandbox: Callable[..., SandboxServer], new_client: ClientFactory, source: Origin
) -> None:
    client = new_client(url=new_sandbox(conversion_seconds=0.5).url)
    source.cut = True
    source.gate.clear()
    entry_id, journal = new_entry(client, media_type=5), MemoryJournal()
    pull(client, entry_id, source)
    resource = uploaded(client, FILE, "talk.mp3")
    start_replacement(client, entry_id, resource, kind=MediaKind.AUDIO, journal=journal)
    source.gate.set()
    end = time.monotonic() + 30
    while settle_replacement(client, entry_id, approve=True, journal=journal).state is ExchangeState.WAITING:
        assert time.monotonic() < end
        time.sleep(0.02)
    assert settle_replacement(client, entry_id, approve=True, size=len(FILE), journal=journal).verified


def test_how_long_a_pull_may_take() -> None:
    assert pull_patience(0) == 3600
    assert 3 * 3600 > pull_patience(10 * 10**9) > 2 * 3600


@pytest.mark.parametrize("kind", [MediaKind.IMAGE, MediaKind.DOCUMENT, MediaKind.DATA])
def test_what_could_not_be_checked_is_not_pulled(client: KalturaClient, kind: MediaKind) -> None:
    with pytest.raises(ValueError, match="push it"):
        start_pull(client, "1_a", "https://example.com/a.png", kind=kind, journal=MemoryJournal())


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("https://example.com/a.mp4?b=c%2F%2Fd", ""),
        ("http://127.0.0.1:99/a%20b/.hidden/..c", ""),
        ("s3://bucket/key", "neither http nor https"),
        ("/a.mp4", "neither http nor https"),
        ("https://example.com//a.mp4", "two slashes"),
        ("https://example.com/a.mp4?to=//b", "two slashes"),
        ("https://example.com/a/../b.mp4", "a step"),
        ("https://example.com/a/.", "a step"),
        ("https://example.com/" + "a" * 2000, "2020 characters"),
    ],
)
def test_addresses_that_kaltura_would_not_load(client: KalturaClient, url: str, problem: str) -> None:
    assert problem in url_problem(url)
    assert bool(url_problem(url)) == bool(problem)
    if problem:
        with pytest.raises(ValueError, match="Push the file") as caught:
            start_pull(client, "1_a", url, kind=MediaKind.VIDEO, journal=MemoryJournal())
        assert url not in str(caught.value)


def test_the_address_is_a_secret(source: Origin) -> None:
    secrets: list[str] = []
    url = f"{source.url}/talk.mp3{QUERY}"

    def refuse(received: Received) -> bytes:
        if "baseEntry" in received.target:
            return result({"id": "1_a", "type": 1, "status": 7})
        shown = received.json["resource"]["url"]
        return result({"objectType": "KalturaAPIException", "code": "BAD", "message": f"not {shown}", "args": {}})

    with ScriptedServer(refuse) as server, client_of(server) as client:
        client.redactor._on_secret = secrets.append
        with pytest.raises(KalturaError) as caught:
            start_pull(client, "1_a", url, kind=MediaKind.AUDIO, journal=MemoryJournal())
        assert "5ecre7" not in str(caught.value)
        assert "5ecre7" not in repr(caught.value.__dict__)
    assert url in secrets


# -- whatever is lost, dies, or happens twice


@pytest.mark.parametrize("verdict", [LOSE_ANSWER, LOSE_REQUEST])
def test_a_call_that_is_lost(
    sandbox: SandboxServer, client: KalturaClient, new_client: ClientFactory, source: Origin, verdict: str
) -> None:
    entry_id = new_entry(client, media_type=5)
    with losing_proxy(sandbox.url, once("media.addContent", verdict)) as proxy:
        assert pull(new_client(url=proxy.url), entry_id, source).started
        assert proxy.calls.count("media.addContent") == (1 if verdict == LOSE_ANSWER else 2)
    assert ended(client, entry_id).state is PullState.COMPLETE
    assert len(source.asked) == 1


@pytest.mark.parametrize("moment", ["die_before", "die_after"])
def test_killed_around_every_call(client: KalturaClient, source: Origin, moment: str) -> None:
    # Session, entry, content.
    for number in (1, 2, 3):
        source.asked.clear()
        entry_id, journal = new_entry(client, media_type=5), MemoryJournal()
        dying = DyingClient(client.config, client._sessions._credentials, client._sessions._spec)
        setattr(dying, moment, number)
        died = False
        try:
            with dying:
                pull(dying, entry_id, source, journal)
        except Died:
            died = True
        assert died == (number <= dying.count)
        assert pull(client, entry_id, source, journal).started
        assert ended(client, entry_id).state is PullState.COMPLETE
        assert len(source.asked) == 1


@pytest.mark.parametrize("written", [True, False])
def test_killed_around_the_note(client: KalturaClient, source: Origin, written: bool) -> None:
    entry_id, journal = new_entry(client, media_type=5), DyingJournal()
    journal.die_at, journal.written = 1, written
    with pytest.raises(Died):
        pull(client, entry_id, source, journal)
    assert pull(client, entry_id, source, journal).started
    assert ended(client, entry_id).state is PullState.COMPLETE


def test_two_at_once_fetch_it_once(client: KalturaClient, new_client: ClientFactory, source: Origin) -> None:
    for _ in range(10):
        source.asked.clear()
        entry_id = new_entry(client, media_type=5)
        together = threading.Barrier(2)
        clients = [new_client(), new_client()]

        def work(mine: KalturaClient, entry_id: str = entry_id, together: threading.Barrier = together) -> bool:
            together.wait(10)
            return pull(mine, entry_id, source, MemoryJournal()).started

        with ThreadPoolExecutor(2) as pool:
            started = list(pool.map(work, clients))
        assert sorted(started) == [False, True]
        assert ended(client, entry_id).state is PullState.COMPLETE
        assert len(source.asked) == 1
