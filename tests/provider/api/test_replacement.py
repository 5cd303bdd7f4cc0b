"""New content for an entry that has some: exactly once, whatever dies, and nobody else's exchange is touched."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
from tests.provider.api.conftest import ClientFactory
from tests.provider.api.losing import (
    LOSE_ANSWER,
    LOSE_REQUEST,
    PASS,
    action_of,
    forward,
    losing_proxy,
    once,
)
from tests.provider.api.scripted import HANG_UP, Received, Reply, ScriptedServer, client_of, result
from tests.provider.api.test_put_content import Died, DyingClient, DyingJournal
from tests.provider.conftest import FIXTURES
from tests.provider.entries import (
    BROKEN_VIDEO,
    PNG,
    SOUND,
    add_content,
    new_entry,
    sound_entry,
    uploaded,
    wait_for_status,
)

from kaltura_provider.api import (
    ErrorClass,
    Exchange,
    ExchangeState,
    FileSource,
    KalturaClient,
    KalturaError,
    MediaKind,
    MemoryJournal,
    ReplacementStatus,
    put_content,
    renditions_resource,
    replacement_of,
    settle_replacement,
    start_replacement,
)
from kaltura_provider.api.source_flavor import flavors_of, has_size, source_flavor
from kaltura_sandbox.server import SandboxServer

OLD = SOUND
NEW = OLD * 2


def resource_of(client: KalturaClient, content: bytes = NEW, name: str = "new.mp3") -> dict[str, str]:
    """A complete upload."""
    return uploaded(client, content, name)


def start(client: KalturaClient, entry_id: str, resource: Mapping[str, Any], journal: Any, **options: Any) -> Exchange:
    return start_replacement(client, entry_id, resource, journal=journal, **{"kind": MediaKind.AUDIO, **options})


def settled(client: KalturaClient, entry_id: str, *, seconds: float = 30, **options: Any) -> Exchange:
    """Look until there is nothing more to wait for."""
    end = time.monotonic() + seconds
    while (seen := settle_replacement(client, entry_id, **{"approve": False, **options})).state is (
        ExchangeState.WAITING
    ):
        assert time.monotonic() < end, seen.message
        time.sleep(0.02)
    return seen


def source_of(client: KalturaClient, entry_id: str) -> bytes:
    flavor = source_flavor(client, entry_id)
    assert flavor is not None
    return requests.get(client.call("flavorAsset", "getUrl", {"id": flavor.id}), timeout=10).content


def temporary_entries(server: SandboxServer, entry_id: str) -> list[str]:
    """Temporary entries of an entry that are still there."""
    entries = server.sandbox.store.collection("entry").find()
    return [entry["id"] for entry in entries if entry.get("replacedEntryId") == entry_id and entry["status"] != 3]


@pytest.fixture
def entry_id(client: KalturaClient) -> str:
    return sound_entry(client)


def test_new_content_takes_the_place_of_the_old(client: KalturaClient, entry_id: str) -> None:
    journal = MemoryJournal()
    begun = start(client, entry_id, resource_of(client), journal)
    assert (begun.state, begun.entry.id) == (ExchangeState.WAITING, entry_id)
    now = replacement_of(client, entry_id)
    assert (now.status, now.is_open) == (ReplacementStatus.APPROVED_BUT_NOT_READY, True)
    assert journal.load()["replacing_entry_id"] == now.replacing_entry_id
    seen = settled(client, entry_id, size=len(NEW), journal=journal)
    assert (seen.state, seen.verified) == (ExchangeState.DONE, True)
    assert source_of(client, entry_id) == NEW
    assert not replacement_of(client, entry_id).is_open


def test_asking_again_at_any_time_changes_nothing(client: KalturaClient, sandbox: SandboxServer, entry_id: str) -> None:
    journal, resource = MemoryJournal(), resource_of(client)
    first = start(client, entry_id, resource, journal).entry.replacing_entry_id
    assert start(client, entry_id, resource, journal).entry.replacing_entry_id in (first, "")
    assert settled(client, entry_id, journal=journal).state is ExchangeState.DONE
    again = start(client, entry_id, resource, journal)
    assert again.state is ExchangeState.DONE
    assert source_of(client, entry_id) == NEW
    assert temporary_entries(sandbox, entry_id) == []


@pytest.mark.parametrize(
    ("kind", "name", "old", "new"),
    [
        (MediaKind.IMAGE, "a.png", PNG, (FIXTURES / "tiny.jpg").read_bytes()),
        (MediaKind.DOCUMENT, "a.pdf", b"%PDF-1.4 old\n%%EOF\n", b"%PDF-1.4 new\n%%EOF\n"),
        (MediaKind.DATA, "a.json", b'{"a": 1}', b'{"a": 2}'),
    ],
)
def test_other_kinds_are_exchanged_at_once(
    client: KalturaClient, tmp_path: Path, uniq: str, kind: MediaKind, name: str, old: bytes, new: bytes
) -> None:
    (tmp_path / name).write_bytes(old)
    put = put_content(
        client, FileSource(tmp_path / name), entry={}, kind=kind, reference_id=uniq, journal=MemoryJournal(), settle=0
    )
    journal = MemoryJournal()
    text = {"objectType": "KalturaStringResource", "content": new.decode("utf-8", "replace")}
    resource = text if kind is MediaKind.DATA else resource_of(client, new, name)
    for _ in range(2):
        seen = start(client, put.entry.id, resource, journal, kind=kind)
        assert (seen.state, seen.entry.id) == (ExchangeState.DONE, put.entry.id)
    assert settle_replacement(client, put.entry.id, approve=True, journal=journal).state is ExchangeState.DONE
    url = client.call("baseEntry", "get", {"entryId": put.entry.id})["downloadUrl"]
    assert requests.get(url, timeout=10).content == new


def test_an_entry_that_could_not_be_converted_is_mended(client: KalturaClient) -> None:
    entry_id = new_entry(client, media_type=1)
    resource = resource_of(client, BROKEN_VIDEO, "broken.mp4")
    client.call("media", "addContent", {"entryId": entry_id, "resource": resource})
    wait_for_status(client, entry_id, -1)
    journal, video = MemoryJournal(), (FIXTURES / "tiny.mp4").read_bytes()
    start(client, entry_id, resource_of(client, video, "a.mp4"), journal, kind=MediaKind.VIDEO)
    assert settled(client, entry_id, size=len(video), journal=journal).verified
    wait_for_status(client, entry_id, 2)


def test_what_cannot_be_begun_is_refused_before_the_server_is_asked(client: KalturaClient, entry_id: str) -> None:
    with pytest.raises(ValueError, match="upload the file first"):
        start(client, entry_id, {"objectType": "KalturaUrlResource", "url": "https://example.com/a.mp3"}, {})
    with pytest.raises(ValueError, match="KalturaStringResource"):
        start(client, entry_id, resource_of(client), {}, kind=MediaKind.DATA)
    empty = new_entry(client, media_type=5)
    with pytest.raises(KalturaError, match="addContent"):
        start(client, empty, resource_of(client), MemoryJournal())
    assert replacement_of(client, empty).entry.status.name == "NO_CONTENT"  # type: ignore[union-attr]


@pytest.mark.parametrize("use", ["unfinished", "closed"])
def test_a_token_that_holds_no_file_is_refused(client: KalturaClient, entry_id: str, use: str) -> None:
    # The server accepts such tokens, cancels nothing, and waits for their content for ever.
    resource = resource_of(client)
    if use == "closed":
        other = new_entry(client, media_type=5)
        client.call("media", "addContent", {"entryId": other, "resource": resource})
    else:
        resource["token"] = client.call("uploadToken", "add", {"uploadToken": {"fileName": "a.mp3"}})["id"]
    with pytest.raises(KalturaError) as caught:
        start(client, entry_id, resource, MemoryJournal())
    assert caught.value.code == "UPLOAD_TOKEN_INVALID_STATUS_FOR_ADD_ENTRY"
    assert not replacement_of(client, entry_id).is_open


def test_a_file_that_does_not_play_fails_and_the_old_content_stays(client: KalturaClient, entry_id: str) -> None:
    journal = MemoryJournal()
    start(client, entry_id, resource_of(client, BROKEN_VIDEO, "broken.mp4"), journal)
    seen = settled(client, entry_id, journal=journal)
    assert seen.state is ExchangeState.FAILED
    assert "could not be converted (failed: " in seen.message
    assert not replacement_of(client, entry_id).is_open
    assert source_of(client, entry_id) == OLD
    # The process may die before its caller has noted that; the reason is not lost.
    assert settle_replacement(client, entry_id, approve=False, journal=journal) == Exchange(
        ExchangeState.FAILED, seen.message, replacement_of(client, entry_id).entry
    )
    start(client, entry_id, resource_of(client), journal)
    assert settled(client, entry_id, size=len(NEW), journal=journal).verified


def test_a_failure_nobody_settled_does_not_stop_the_next_file(client: KalturaClient, entry_id: str) -> None:
    journal = MemoryJournal()
    start(client, entry_id, resource_of(client, BROKEN_VIDEO, "broken.mp4"), journal)
    end = time.monotonic() + 30
    while replacement_of(client, entry_id).status is not ReplacementStatus.FAILED:
        assert time.monotonic() < end
        time.sleep(0.02)
    start(client, entry_id, resource_of(client), journal)
    assert settled(client, entry_id, size=len(NEW), journal=journal).verified


class TestApproval:
    """Accounts where a person must agree to new content."""

    @pytest.fixture
    def client(self, new_sandbox: Callable[..., SandboxServer], new_client: ClientFactory) -> KalturaClient:
        return new_client(url=new_sandbox(replacement_approval=True).url)

    def test_left_to_a_person(self, client: KalturaClient, entry_id: str) -> None:
        journal = MemoryJournal()
        begun = start(client, entry_id, resource_of(client), journal)
        assert begun.state is ExchangeState.NEEDS_APPROVAL
        self.await_status(client, entry_id, ReplacementStatus.READY_BUT_NOT_APPROVED)
        seen = settle_replacement(client, entry_id, approve=False, journal=journal)
        assert seen.state is ExchangeState.NEEDS_APPROVAL
        assert "Approve it in the KMC" in seen.message
        assert source_of(client, entry_id) == OLD
        client.call("media", "approveReplace", {"entryId": entry_id})
        assert settled(client, entry_id, size=len(NEW), journal=journal).verified

    def test_approved_before_it_is_converted(self, client: KalturaClient, entry_id: str) -> None:
        journal = MemoryJournal()
        start(client, entry_id, resource_of(client), journal)
        seen = settle_replacement(client, entry_id, approve=True, journal=journal)
        assert seen.state is ExchangeState.WAITING
        assert seen.entry.replacement_status == ReplacementStatus.APPROVED_BUT_NOT_READY
        assert settled(client, entry_id, size=len(NEW), journal=journal).verified

    def test_approved_when_it_is_converted(self, client: KalturaClient, entry_id: str) -> None:
        journal = MemoryJournal()
        start(client, entry_id, resource_of(client), journal)
        self.await_status(client, entry_id, ReplacementStatus.READY_BUT_NOT_APPROVED)
        seen = settled(client, entry_id, approve=True, size=len(NEW), journal=journal)
        assert (seen.state, seen.verified) == (ExchangeState.DONE, True)

    def test_cancelled_by_a_person(self, client: KalturaClient, entry_id: str) -> None:
        journal = MemoryJournal()
        start(client, entry_id, resource_of(client), journal)
        client.call("media", "cancelReplace", {"entryId": entry_id})
        seen = settle_replacement(client, entry_id, approve=True, size=len(NEW), journal=journal)
        assert seen.state is ExchangeState.CANCELLED
        assert source_of(client, entry_id) == OLD

    def test_a_document(self, client: KalturaClient, tmp_path: Path, uniq: str) -> None:
        (tmp_path / "a.pdf").write_bytes(b"%PDF-1.4 old\n%%EOF\n")
        source = FileSource(tmp_path / "a.pdf")
        kind, journal = MediaKind.DOCUMENT, MemoryJournal()
        put = put_content(client, source, entry={}, kind=kind, reference_id=uniq, journal=MemoryJournal(), settle=0)
        resource = resource_of(client, b"%PDF-1.4 new\n%%EOF\n", "a.pdf")
        assert start(client, put.entry.id, resource, journal, kind=kind).state is ExchangeState.NEEDS_APPROVAL
        assert settled(client, put.entry.id, approve=True, journal=journal).state is ExchangeState.DONE

    def test_an_approval_whose_answer_is_lost(
        self, client: KalturaClient, new_client: ClientFactory, entry_id: str
    ) -> None:
        journal = MemoryJournal()
        start(client, entry_id, resource_of(client), journal)
        self.await_status(client, entry_id, ReplacementStatus.READY_BUT_NOT_APPROVED)
        with losing_proxy(client.config.service_url, once("media.approveReplace", LOSE_ANSWER)) as proxy:
            through = new_client(url=proxy.url)
            assert settle_replacement(through, entry_id, approve=True, journal=journal).state is ExchangeState.WAITING
            assert settled(through, entry_id, approve=True, size=len(NEW), journal=journal).verified
            assert proxy.calls.count("media.approveReplace") == 1

    @staticmethod
    def await_status(client: KalturaClient, entry_id: str, status: ReplacementStatus) -> None:
        end = time.monotonic() + 30
        while replacement_of(client, entry_id).status is not status:
            assert time.monotonic() < end
            time.sleep(0.02)


class TestOthers:
    """What somebody else exchanges is never touched."""

    @pytest.fixture
    def client(self, new_sandbox: Callable[..., SandboxServer], new_client: ClientFactory) -> KalturaClient:
        return new_client(url=new_sandbox(replacement_approval=True).url)

    @pytest.fixture
    def theirs(self, client: KalturaClient, entry_id: str) -> str:
        """An exchange begun by a person in the KMC."""
        params = {"entryId": entry_id, "resource": resource_of(client, OLD * 3)}
        return str(client.call("media", "updateContent", params)["replacingEntryId"])

    def test_it_is_named_and_left_alone(self, client: KalturaClient, entry_id: str, theirs: str) -> None:
        journal, resource = MemoryJournal(), resource_of(client)
        for _ in range(2):
            with pytest.raises(KalturaError, match="by somebody else") as caught:
                start(client, entry_id, resource, journal)
            assert caught.value.code == "ENTRY_REPLACEMENT_ALREADY_EXISTS"
            assert "Approve or cancel it in the KMC" in caught.value.hint
        with pytest.raises(KalturaError, match="by somebody else"):
            settle_replacement(client, entry_id, approve=True, journal=journal)
        assert replacement_of(client, entry_id).replacing_entry_id == theirs
        client.call("media", "cancelReplace", {"entryId": entry_id})
        start(client, entry_id, resource, journal)
        assert settled(client, entry_id, approve=True, size=len(NEW), journal=journal).verified

    def test_also_when_a_call_of_ours_was_lost(self, client: KalturaClient, entry_id: str, theirs: str) -> None:
        # Noted, and then the process died before it called.
        resource = resource_of(client)
        journal = MemoryJournal()
        journal.save(replacing=resource["token"], replaced_source="none")
        with pytest.raises(KalturaError, match="by somebody else"):
            start(client, entry_id, resource, journal)
        assert replacement_of(client, entry_id).replacing_entry_id == theirs

    def test_one_that_took_the_place_of_ours(self, client: KalturaClient, entry_id: str) -> None:
        journal = MemoryJournal()
        start(client, entry_id, resource_of(client), journal)
        client.call("media", "cancelReplace", {"entryId": entry_id})
        client.call("media", "updateContent", {"entryId": entry_id, "resource": resource_of(client, OLD * 3)})
        with pytest.raises(KalturaError, match="by somebody else"):
            settle_replacement(client, entry_id, approve=True, journal=journal)
        client.call("media", "approveReplace", {"entryId": entry_id})
        end = time.monotonic() + 30
        while replacement_of(client, entry_id).is_open:
            assert time.monotonic() < end
            time.sleep(0.02)
        seen = settle_replacement(client, entry_id, approve=True, size=len(NEW), journal=journal)
        assert seen.state is ExchangeState.FAILED
        assert f"{len(OLD * 3)} bytes, not the {len(NEW)}" in seen.message

    def test_an_earlier_one_of_ours_waits_for_its_person(self, client: KalturaClient, entry_id: str) -> None:
        journal = MemoryJournal()
        start(client, entry_id, resource_of(client), journal)
        with pytest.raises(KalturaError, match="an earlier upload") as caught:
            start(client, entry_id, resource_of(client, OLD * 3), journal)
        assert caught.value.error_class is ErrorClass.PERMANENT
        assert "Approve or cancel" in caught.value.hint


def test_an_earlier_one_of_ours_that_runs_is_waited_for(
    new_sandbox: Callable[..., SandboxServer], new_client: ClientFactory
) -> None:
    client = new_client(url=new_sandbox(conversion_seconds=1.0).url)
    entry_id, journal = sound_entry(client), MemoryJournal()
    start(client, entry_id, resource_of(client), journal)
    newest = resource_of(client, OLD * 3)
    with pytest.raises(KalturaError, match="when that is done") as caught:
        start(client, entry_id, newest, journal)
    assert caught.value.retryable
    assert settled(client, entry_id, size=len(NEW), journal=journal).verified
    start(client, entry_id, newest, journal)
    assert settled(client, entry_id, size=len(OLD * 3), journal=journal).verified


# -- whatever is lost, dies, or happens twice


@pytest.mark.parametrize("verdict", [LOSE_ANSWER, LOSE_REQUEST])
def test_a_call_that_is_lost(
    sandbox: SandboxServer, client: KalturaClient, new_client: ClientFactory, entry_id: str, verdict: str
) -> None:
    journal = MemoryJournal()
    with losing_proxy(sandbox.url, once("media.updateContent", verdict)) as proxy:
        start(new_client(url=proxy.url), entry_id, resource_of(client), journal)
        assert proxy.calls.count("media.updateContent") == (1 if verdict == LOSE_ANSWER else 2)
    assert settled(client, entry_id, size=len(NEW), journal=journal).verified
    assert temporary_entries(sandbox, entry_id) == []


def dying_client(client: KalturaClient, **death: int) -> DyingClient:
    dying = DyingClient(client.config, client._sessions._credentials, client._sessions._spec)
    for moment, number in death.items():
        setattr(dying, moment, number)
    return dying


def exchange(client: KalturaClient, entry_id: str, resource: dict[str, str], journal: Any) -> Exchange:
    """All that a task does about one exchange."""
    start(client, entry_id, resource, journal)
    return settled(client, entry_id, approve=True, size=len(NEW), journal=journal)


@pytest.mark.parametrize("moment", ["die_before", "die_after"])
def test_killed_around_every_call(
    new_sandbox: Callable[..., SandboxServer], new_client: ClientFactory, moment: str
) -> None:
    server = new_sandbox(replacement_approval=True, conversion_seconds=0.05)
    client = new_client(url=server.url, backoff_initial=0.01)
    number = 0
    while True:
        number += 1
        entry_id, resource, journal = sound_entry(client), resource_of(client), MemoryJournal()
        try:
            with dying_client(client, **{moment: number}) as dying:
                exchange(dying, entry_id, resource, journal)
        except Died:
            pass
        else:
            break
        assert exchange(client, entry_id, resource, journal).verified
        assert source_of(client, entry_id) == NEW
        assert temporary_entries(server, entry_id) == []
    assert number > 8, "entry, flavors, token, entry, token, content, entry, approval, entry, flavors"


@pytest.mark.parametrize("written", [True, False])
def test_killed_around_every_note(
    new_sandbox: Callable[..., SandboxServer], new_client: ClientFactory, written: bool
) -> None:
    server = new_sandbox(replacement_approval=True, conversion_seconds=0.05)
    client = new_client(url=server.url, backoff_initial=0.01)
    for number in (1, 2):
        entry_id, resource, journal = sound_entry(client), resource_of(client), DyingJournal()
        journal.die_at, journal.written = number, written
        with pytest.raises(Died):
            exchange(client, entry_id, resource, journal)
        assert exchange(client, entry_id, resource, journal).verified
        assert temporary_entries(server, entry_id) == []


def test_two_at_once_never_lose_what_they_do(
    new_sandbox: Callable[..., SandboxServer], new_client: ClientFactory
) -> None:
    # The server cancels what one of them began when the other one asks: then both must know.
    server = new_sandbox(conversion_seconds=0.3)
    client = new_client(url=server.url)
    for _ in range(8):
        entry_id = sound_entry(client)
        journals = [MemoryJournal(), MemoryJournal()]

        def work(journal: MemoryJournal, entry_id: str = entry_id) -> ExchangeState | str:
            try:
                start(client, entry_id, resource_of(client), journal)
                return settled(client, entry_id, size=len(NEW), journal=journal).state
            except KalturaError as error:
                return error.code

        with ThreadPoolExecutor(2) as pool:
            states = list(pool.map(work, journals))
        changed = source_of(client, entry_id) == NEW
        assert (ExchangeState.DONE in states) == changed, states
        assert set(states) <= {ExchangeState.DONE, ExchangeState.CANCELLED, "ENTRY_REPLACEMENT_ALREADY_EXISTS"}
        if not changed:
            journal = MemoryJournal()
            start(client, entry_id, resource_of(client), journal)
            assert settled(client, entry_id, size=len(NEW), journal=journal).verified
        assert temporary_entries(server, entry_id) == []


def test_two_at_once_with_one_upload(new_sandbox: Callable[..., SandboxServer], new_client: ClientFactory) -> None:
    server = new_sandbox(conversion_seconds=0.3)
    client = new_client(url=server.url)
    entry_id, resource, journal = sound_entry(client), resource_of(client), MemoryJournal()

    def work(_: int) -> ExchangeState | str:
        try:
            start(client, entry_id, resource, journal)
            return settled(client, entry_id, size=len(NEW), journal=journal).state
        except KalturaError as error:
            return error.code

    with ThreadPoolExecutor(2) as pool:
        states = set(pool.map(work, range(2)))
    assert (ExchangeState.DONE in states) == (source_of(client, entry_id) == NEW), states
    assert temporary_entries(server, entry_id) == []


def test_a_request_that_is_carried_out_late_is_noticed(
    new_sandbox: Callable[..., SandboxServer], new_client: ClientFactory
) -> None:
    server = new_sandbox(conversion_seconds=1.0)
    direct = new_client(url=server.url)
    entry_id, journal, late = sound_entry(direct), MemoryJournal(), list[Received]()

    def hold_back(received: Received) -> Reply:
        if action_of(received) != "media.updateContent" or len(late) > 1:
            return forward(server.url, received)
        late.append(received)
        if len(late) == 1:
            return HANG_UP
        answer = forward(server.url, received)
        # Long after it was given up, the first request reaches the server after all, which cancels the second one.
        forward(server.url, late[0])
        return answer

    with ScriptedServer(hold_back) as proxy:
        start(new_client(url=proxy.url, backoff_initial=0.01), entry_id, resource_of(direct), journal)
    seen = settle_replacement(direct, entry_id, approve=False, size=len(NEW), journal=journal)
    assert seen.state is ExchangeState.CANCELLED
    start(direct, entry_id, resource_of(direct), journal)
    assert settled(direct, entry_id, size=len(NEW), journal=journal).verified


def test_a_replacement_a_scan_has_stopped_is_cancelled() -> None:
    asked: list[str] = []

    def answer(received: Received) -> bytes:
        asked.append(action_of(received))
        entry = {"id": "1_a", "type": 1, "mediaType": 1, "status": 2, "replacementStatus": 1, "replacingEntryId": "1_b"}
        if asked[-1] == "baseEntry.get" and received.json["entryId"] == "1_b":
            return result({"id": "1_b", "type": 1, "status": "virusScan.Infected"})
        if asked[-1] == "media.cancelReplace":
            return result({**entry, "replacementStatus": 0, "replacingEntryId": None})
        return result(entry)

    with ScriptedServer(answer) as server, client_of(server) as client:
        seen = settle_replacement(client, "1_a", approve=False)
    assert seen.state is ExchangeState.FAILED
    assert "virusScan.Infected" in seen.message
    assert asked == ["baseEntry.get", "baseEntry.get", "media.cancelReplace"]


def test_the_calls_it_costs(sandbox: SandboxServer, client: KalturaClient, new_client: ClientFactory) -> None:
    entry_id, resource = sound_entry(client), resource_of(client)
    with losing_proxy(sandbox.url, lambda _: PASS) as proxy:
        through = new_client(url=proxy.url)
        start(through, entry_id, resource, MemoryJournal())
        calls = [call for call in proxy.calls if not call.startswith("session")]
    look = ["baseEntry.get", "uploadToken.get"]
    assert calls == [*look, "flavorAsset.list", *look, "media.updateContent"]


def test_sizes_are_compared_as_far_as_they_are_known(client: KalturaClient, entry_id: str) -> None:
    flavor = source_flavor(client, entry_id)
    assert flavor is not None
    assert has_size(flavor, len(OLD))
    assert has_size(flavor, len(OLD) + 1) is False
    assert has_size(None, 5) is None
    kilobytes = type(flavor).from_api({"id": "1_a", "size": 3})
    assert [has_size(kilobytes, size) for size in (3072, 4095, 5000)] == [True, True, False]
    assert {each.is_original for each in flavors_of(client, entry_id)} == {True, False}


def test_several_finished_files_at_once(client: KalturaClient) -> None:
    old, new, small = ((FIXTURES / "tiny.mp4").read_bytes() + b"\0" * extra for extra in (0, 8, 16))
    entry_id = new_entry(client, media_type=1)
    add_content(client, entry_id, old, "old.mp4")
    wait_for_status(client, entry_id, 2)
    journal = MemoryJournal()
    tokens = {params: uploaded(client, content, f"{params}.mp4")["token"] for params, content in ((0, new), (4, small))}
    begun = start(client, entry_id, renditions_resource(tokens), journal, kind=MediaKind.VIDEO)
    assert begun.state is ExchangeState.WAITING
    assert journal.load()["replacing"] == f"{tokens[0]},{tokens[4]}"
    assert settled(client, entry_id, size=len(new), journal=journal).verified
    sizes = {flavor.flavor_params_id: flavor.size_in_bytes for flavor in flavors_of(client, entry_id)}
    assert (sizes[0], sizes[4]) == (len(new), len(small))
