"""One entry from one file, exactly once, wherever the work is interrupted."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import requests
from tests.provider.api.conftest import ClientFactory
from tests.provider.api.losing import LOSE_ANSWER, LOSE_REQUEST, PASS, action_of, forward, losing_proxy, once
from tests.provider.api.scripted import HANG_UP, Received, Reply, ScriptedServer
from tests.provider.api.test_upload import PART, content_of, make_video, stored_source
from tests.provider.conftest import FIXTURES

from kaltura_provider.api import (
    EntryStatus,
    FileSource,
    KalturaClient,
    KalturaError,
    MediaKind,
    MemoryJournal,
    PutResult,
    UploadProgress,
    check_ready,
    find_by_reference_id,
    get_entry,
    list_renditions,
    look_at_renditions,
    put_content,
)
from kaltura_sandbox.server import SandboxServer


class Died(BaseException):
    """Stands for a process that is killed: nothing catches it."""


class DyingClient(KalturaClient):
    """A client whose process dies right before or right after one of its calls."""

    die_before = 0
    die_after = 0

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._numbers = itertools.count(1)
        self.count = 0

    def perform(self, *args: Any, **options: Any) -> Any:
        number = self.count = next(self._numbers)
        if number == self.die_before:
            raise Died
        result = super().perform(*args, **options)
        if number == self.die_after:
            raise Died
        return result


class DyingJournal(MemoryJournal):
    """A journal whose process dies right before or right after it wrote."""

    def __init__(self) -> None:
        super().__init__()
        self.saves = 0
        self.die_at = 0
        self.written = True

    def save(self, **changes: str) -> None:
        self.saves += 1
        if self.saves == self.die_at and not self.written:
            raise Died
        super().save(**changes)
        if self.saves == self.die_at:
            raise Died


@pytest.fixture
def video(tmp_path: Path) -> FileSource:
    return FileSource(make_video(tmp_path / "lecture 1.mp4", 2 * PART + 55))


Put = Callable[..., PutResult]


@pytest.fixture
def put(client: KalturaClient, video: FileSource, uniq: str) -> Put:
    def run(with_client: KalturaClient = client, **options: Any) -> PutResult:
        values: dict[str, Any] = {
            "entry": {"tags": "one,two"},
            "kind": MediaKind.VIDEO,
            "reference_id": f"ref-{uniq}",
            "journal": MemoryJournal(),
            "part_size": PART,
            "settle": 0.2,
            **options,
        }
        return put_content(with_client, values.pop("source", video), **values)

    return run


def entries_of(server: SandboxServer, uniq: str) -> list[str]:
    """IDs of all entries of this test's file, as the server's own database has them."""
    entries = server.sandbox.store.collection("entry").find()
    return [entry["id"] for entry in entries if entry.get("referenceId") == f"ref-{uniq}" and entry["status"] != 3]


def open_tokens(client: KalturaClient) -> list[str]:
    """IDs of upload tokens that wait for bytes or for somebody to use them."""
    listed = client.call("uploadToken", "list", {"filter": {"statusIn": "0,1,2"}})
    return [token["id"] for token in listed["objects"]]


def check_one_entry(client: KalturaClient, uniq: str, content: bytes) -> None:
    """There is one entry, and it has the content."""
    (entry,) = find_by_reference_id(client, f"ref-{uniq}")
    assert entry.status is not EntryStatus.NO_CONTENT
    assert stored_source(client, entry.id) == content


def test_a_video(client: KalturaClient, put: Put, video: FileSource, uniq: str) -> None:
    journal = MemoryJournal()
    done = put(journal=journal)
    assert (done.created, done.uploaded, done.bytes_sent, done.resumed_from) == (True, True, video.size, 0)
    assert (done.entry.name, done.entry.reference_id, done.entry.media_type) == ("lecture 1", f"ref-{uniq}", 1)
    assert set(done.entry.tags) == {"one", "two"}
    assert journal.load()["entry_id"] == done.entry.id
    check_one_entry(client, uniq, content_of(video))


@pytest.mark.parametrize("parallel", [1, 2])
def test_parts_at_once_can_be_chosen(
    sandbox: SandboxServer, new_client: ClientFactory, put: Put, tmp_path: Path, uniq: str, parallel: int
) -> None:
    video = FileSource(make_video(tmp_path / "lecture 2.mp4", 3 * PART))
    with losing_proxy(sandbox.url, lambda _: PASS) as proxy:
        assert put(new_client(url=proxy.url), source=video, parallel=parallel).bytes_sent == video.size
        # One after another, the last bytes close the file; at once, that takes an empty part.
        assert proxy.calls.count("uploadToken.upload") == {1: 3, 2: 4}[parallel]


def test_again_with_and_without_notes(client: KalturaClient, put: Put, video: FileSource, uniq: str) -> None:
    journal = MemoryJournal()
    first = put(journal=journal)
    for notes in (journal, MemoryJournal()):
        again = put(journal=notes)
        assert (again.entry.id, again.created, again.uploaded, again.bytes_sent) == (first.entry.id, False, False, 0)
    check_one_entry(client, uniq, content_of(video))


@pytest.mark.parametrize(
    ("kind", "file_name", "content", "entry_type", "media_type"),
    [
        (MediaKind.AUDIO, "song.mp3", (FIXTURES / "tiny.mp3").read_bytes(), 1, 5),
        (MediaKind.IMAGE, "photo.jpg", (FIXTURES / "tiny.jpg").read_bytes(), 1, 2),
        (MediaKind.DOCUMENT, "paper.pdf", b"%PDF-1.4\n%%EOF\n", 10, None),
        (MediaKind.DATA, "values.json", b'{"a": [1, 2]}', 6, None),
    ],
)
def test_other_kinds(
    client: KalturaClient,
    put: Put,
    tmp_path: Path,
    uniq: str,
    kind: MediaKind,
    file_name: str,
    content: bytes,
    entry_type: int,
    media_type: int | None,
) -> None:
    (tmp_path / file_name).write_bytes(content)
    journal = MemoryJournal()
    done = put(kind=kind, source=FileSource(tmp_path / file_name), journal=journal)
    assert done.uploaded
    entry = get_entry(client, done.entry.id)
    assert (entry.entry_type, entry.media_type) == (entry_type, media_type)
    if kind is not MediaKind.AUDIO:
        assert entry.status is EntryStatus.READY
        assert requests.get(str(entry.raw["downloadUrl"]), timeout=10).content == content
    if kind is MediaKind.DOCUMENT:
        assert entry.raw["documentType"] == 13
    for notes in (journal, MemoryJournal()):
        again = put(kind=kind, source=FileSource(tmp_path / file_name), journal=notes)
        assert (again.entry.id, again.created, again.uploaded) == (done.entry.id, False, False)


def count_calls(sandbox: SandboxServer, client: KalturaClient, put: Put, uniq: str) -> int:
    """How many calls one undisturbed run makes."""
    dying = DyingClient(client.config, client._sessions._credentials, client._sessions._spec)
    with dying:
        put(dying, reference_id=f"count-{uniq}")
    return dying.count


@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_around_every_call(
    sandbox: SandboxServer, client: KalturaClient, put: Put, video: FileSource, uniq: str, moment: str
) -> None:
    total = count_calls(sandbox, client, put, uniq)
    assert total == 7, "session, search, entry and token, three parts or four, content"
    for number in range(1, total + 1):
        journal = MemoryJournal()
        dying = DyingClient(client.config, client._sessions._credentials, client._sessions._spec)
        setattr(dying, f"die_{moment}", number)
        with dying, pytest.raises(Died):
            put(dying, reference_id=f"ref-{uniq}-{number}", journal=journal)
        put(reference_id=f"ref-{uniq}-{number}", journal=journal)
        check_one_entry(client, f"{uniq}-{number}", content_of(video))


@pytest.mark.parametrize("written", [True, False])
def test_killed_around_every_note(client: KalturaClient, put: Put, video: FileSource, uniq: str, written: bool) -> None:
    undisturbed = DyingJournal()
    put(reference_id=f"count-{uniq}", journal=undisturbed)
    assert undisturbed.saves == 5, "the attempt to add, the entry with its token, three parts"
    for number in range(1, undisturbed.saves + 1):
        journal = DyingJournal()
        journal.die_at, journal.written = number, written
        with pytest.raises(Died):
            put(reference_id=f"ref-{uniq}-{number}", journal=journal)
        put(reference_id=f"ref-{uniq}-{number}", journal=journal)
        check_one_entry(client, f"{uniq}-{number}", content_of(video))


def test_a_restart_sends_only_what_is_missing(client: KalturaClient, put: Put, video: FileSource) -> None:
    journal = MemoryJournal()

    def die(step: Any) -> None:
        raise Died

    with pytest.raises(Died):
        put(journal=journal, on_progress=die, parallel=1)
    done = put(journal=journal)
    assert not done.created
    # Later parts may have been on their way already, on a busy machine all of them.
    assert PART <= done.resumed_from <= video.size
    assert done.bytes_sent == video.size - done.resumed_from


ACTIONS = ("baseEntry.listByReferenceId", "multirequest", "uploadToken.upload", "media.addContent")


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("verdict", [LOSE_ANSWER, LOSE_REQUEST])
def test_every_lost_call_is_survived(
    sandbox: SandboxServer,
    client: KalturaClient,
    new_client: ClientFactory,
    put: Put,
    video: FileSource,
    uniq: str,
    action: str,
    verdict: str,
) -> None:
    with losing_proxy(sandbox.url, once(action, verdict)) as proxy:
        done = put(new_client(url=proxy.url))
        assert (done.created, done.uploaded) == (True, True)
    check_one_entry(client, uniq, content_of(video))


@pytest.mark.parametrize("verdict", [LOSE_ANSWER, LOSE_REQUEST])
def test_a_lost_answer_is_recovered_without_the_search_index(
    new_sandbox: Callable[..., SandboxServer],
    new_client: ClientFactory,
    put: Put,
    video: FileSource,
    uniq: str,
    verdict: str,
) -> None:
    server = new_sandbox(index_lag=3600)
    direct = new_client(url=server.url)
    with losing_proxy(server.url, once("multirequest", verdict)) as proxy:
        done = put(new_client(url=proxy.url))
        assert proxy.calls.count("multirequest") == (1 if verdict == LOSE_ANSWER else 2)
    assert (done.created, done.uploaded) == (True, True)
    assert entries_of(server, uniq) == [done.entry.id]
    assert open_tokens(direct) == []
    assert stored_source(direct, done.entry.id) == content_of(video)


@pytest.mark.parametrize("written", [True, False])
@pytest.mark.parametrize("save", [1, 2])
def test_killed_around_adding_while_nothing_is_indexed(
    new_sandbox: Callable[..., SandboxServer],
    new_client: ClientFactory,
    put: Put,
    video: FileSource,
    uniq: str,
    save: int,
    written: bool,
) -> None:
    server = new_sandbox(index_lag=3600)
    client = new_client(url=server.url)
    journal = DyingJournal()
    journal.die_at, journal.written = save, written
    with pytest.raises(Died):
        put(client, journal=journal)
    done = put(client, journal=journal)
    assert entries_of(server, uniq) == [done.entry.id]
    assert open_tokens(client) == []
    assert stored_source(client, done.entry.id) == content_of(video)


def test_a_request_that_is_carried_out_late_leaves_no_second_entry(
    new_sandbox: Callable[..., SandboxServer], new_client: ClientFactory, put: Put, video: FileSource, uniq: str
) -> None:
    server = new_sandbox(index_lag=3600)
    direct = new_client(url=server.url)
    late: list[Received] = []

    def hold_back(received: Received) -> Reply:
        action = action_of(received)
        if action == "multirequest" and not late:
            late.append(received)
            return HANG_UP
        if action == "uploadToken.upload" and len(late) == 1:
            # Long after it was given up, the first request reaches the server after all.
            forward(server.url, late[0])
            late.append(received)
        return forward(server.url, received)

    with ScriptedServer(hold_back) as proxy:
        done = put(new_client(url=proxy.url))
    assert len(late) == 2
    assert entries_of(server, uniq) == [done.entry.id]
    assert open_tokens(direct) == []
    assert stored_source(direct, done.entry.id) == content_of(video)


def test_an_entry_that_could_not_be_noted_does_not_stay(
    new_sandbox: Callable[..., SandboxServer], new_client: ClientFactory, put: Put, uniq: str
) -> None:
    class Superseded(MemoryJournal):
        """Somebody else has taken over the file meanwhile."""

        def save(self, **changes: str) -> None:
            if changes.get("entry_id"):
                raise RuntimeError("another worker took over")
            super().save(**changes)

    server = new_sandbox()
    client = new_client(url=server.url)
    with pytest.raises(RuntimeError, match="took over"):
        put(client, journal=Superseded())
    assert entries_of(server, uniq) == []
    assert open_tokens(client) == []


def test_two_at_once_for_an_entry_that_exists(
    client: KalturaClient, new_client: ClientFactory, put: Put, tmp_path: Path, uniq: str
) -> None:
    video = FileSource(make_video(tmp_path / f"{uniq}.mp4", 2 * PART))
    entry = client.call("media", "add", {"entry": {"mediaType": 1, "name": "x", "referenceId": f"ref-{uniq}"}})
    barrier = threading.Barrier(2)
    results: list[PutResult] = []

    def run() -> None:
        waited: list[int] = []

        def meet(_: Any) -> None:
            # Both have uploaded before either attaches.
            if not waited:
                waited.append(barrier.wait(20))

        results.append(put(new_client(), source=video, journal=MemoryJournal(), on_progress=meet))

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {result.entry.id for result in results} == {entry["id"]}
    assert sorted(result.uploaded for result in results) == [False, True]
    check_one_entry(client, uniq, content_of(video))
    tokens = client.call("uploadToken", "list", {"filter": {"fileNameEqual": video.name, "statusIn": "0,1,2"}})
    assert tokens["objects"] == [], "no upload is left over"


def test_a_token_that_is_still_being_attached_is_not_deleted(
    sandbox: SandboxServer, client: KalturaClient, new_client: ClientFactory, put: Put, video: FileSource, uniq: str
) -> None:
    # The answer to addContent is lost, and the token closes some time after the entry has changed.
    stale = 3

    def slow_to_close(received: Received) -> Reply:
        nonlocal stale
        action = action_of(received)
        answer = forward(sandbox.url, received)
        if action == "media.addContent":
            return HANG_UP
        if action == "uploadToken.get" and "media.addContent" in server.calls and stale:
            stale -= 1
            return answer.replace(b'"status":3', b'"status":2')
        return answer

    with ScriptedServer(slow_to_close) as server:
        done = put(new_client(url=server.url))
        assert "uploadToken.delete" not in server.calls
    assert stale == 0
    assert done.uploaded
    check_one_entry(client, uniq, content_of(video))


def test_a_token_used_for_something_else_is_not_attached(
    client: KalturaClient, put: Put, video: FileSource, uniq: str
) -> None:
    # Kaltura would accept it, and the entry would wait for its content for ever.
    journal = MemoryJournal()
    other = client.call("media", "add", {"entry": {"mediaType": 1, "name": "thief"}})["id"]

    def steal(step: UploadProgress) -> None:
        if step.bytes_done == step.bytes_total:
            resource = {"objectType": "KalturaUploadedFileTokenResource", "token": step.token_id}
            client.call("media", "addContent", {"entryId": other, "resource": resource})

    with pytest.raises(KalturaError, match="UPLOAD_TOKEN_INVALID_STATUS_FOR_ADD_ENTRY"):
        put(journal=journal, on_progress=steal)
    assert get_entry(client, journal.load()["entry_id"]).status is EntryStatus.NO_CONTENT
    assert put(journal=journal).uploaded
    check_one_entry(client, uniq, content_of(video))


def test_content_of_somebody_else_is_left_alone(
    client: KalturaClient, put: Put, video: FileSource, uniq: str, tmp_path: Path
) -> None:
    other = FileSource(make_video(tmp_path / "other.mp4", PART))

    overtaken: list[PutResult] = []

    def overtake(_: Any) -> None:
        if not overtaken:
            overtaken.append(put(journal=MemoryJournal(), source=other))

    done = put(on_progress=overtake)
    assert overtaken[0].uploaded
    assert not done.uploaded
    check_one_entry(client, uniq, content_of(other))


def test_a_changed_file_is_not_mixed_with_its_old_beginning(
    client: KalturaClient, put: Put, tmp_path: Path, uniq: str
) -> None:
    path = make_video(tmp_path / "draft.mp4", 3 * PART)
    journal = MemoryJournal()

    def die(step: Any) -> None:
        raise Died

    with pytest.raises(Died):
        put(journal=journal, source=FileSource(path), on_progress=die)
    first_token = journal.load()["upload_token_id"]
    path.write_bytes(path.read_bytes()[:-100] + b"x" * 100)
    source = FileSource(path)
    done = put(journal=journal, source=source)
    assert (done.created, done.resumed_from) == (False, 0)
    assert journal.load()["upload_token_id"] != first_token
    check_one_entry(client, uniq, content_of(source))


def test_an_entry_deleted_meanwhile_is_made_again(
    client: KalturaClient, put: Put, video: FileSource, uniq: str
) -> None:
    journal = MemoryJournal()
    first = put(journal=journal)
    client.call("media", "delete", {"entryId": first.entry.id})
    again = put(journal=journal)
    assert again.created
    assert again.entry.id != first.entry.id
    check_one_entry(client, uniq, content_of(video))


def test_a_reference_id_of_something_else(client: KalturaClient, put: Put, uniq: str) -> None:
    client.call("media", "add", {"entry": {"mediaType": 2, "name": "x", "referenceId": f"ref-{uniq}"}})
    with pytest.raises(KalturaError, match=r"REFERENCE_ID_IN_USE.*is no video\..*Choose another reference_id"):
        put()


def test_of_several_entries_the_one_with_content_is_taken(client: KalturaClient, put: Put, uniq: str) -> None:
    first = put()
    for _ in range(2):
        client.call("media", "add", {"entry": {"mediaType": 1, "name": "x", "referenceId": f"ref-{uniq}"}})
    assert put().entry.id == first.entry.id


def test_a_short_reference_id_is_refused(put: Put) -> None:
    with pytest.raises(ValueError, match="at least 2 characters"):
        put(reference_id=" x ")


def test_a_refused_entry_is_not_looked_for(new_client: ClientFactory, sandbox: SandboxServer, put: Put) -> None:
    def judge(received: Received) -> str:
        seen.append(action_of(received))
        return "pass"

    seen: list[str] = []
    fields: Mapping[str, Any] = {"conversionProfileId": 999_999}
    with (
        losing_proxy(sandbox.url, judge) as proxy,
        pytest.raises(KalturaError, match="CONVERSION_PROFILE_ID_NOT_FOUND"),
    ):
        put(new_client(url=proxy.url), entry=fields)
    assert seen == ["baseEntry.listByReferenceId", "multirequest", "uploadToken.list", "uploadToken.delete"]


def test_an_image_is_ready_at_once(client: KalturaClient, put: Put, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes((FIXTURES / "tiny.jpg").read_bytes())
    done = put(kind=MediaKind.IMAGE, source=FileSource(tmp_path / "a.jpg"))
    assert check_ready(client, [done.entry.id])[done.entry.id].is_ready


def test_several_finished_files_of_one_title(
    client: KalturaClient, put: Put, tmp_path: Path, video: FileSource
) -> None:
    params = list_renditions(client)[-1]
    assert not params.is_source
    small = FileSource(make_video(tmp_path / "lecture_small.mp4", 3 * PART + 1))
    done = put(renditions={params.id: small})
    assert (done.uploaded, done.bytes_sent) == (True, video.size + small.size)
    deadline = time.monotonic() + 30
    while not (look := look_at_renditions(client, done.entry.id)).is_decided and time.monotonic() < deadline:
        time.sleep(0.05)
    assert look.find_faults({0: video.size, params.id: small.size}) == []


@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_around_every_call_with_several_files(
    client: KalturaClient, put: Put, tmp_path: Path, video: FileSource, uniq: str, moment: str
) -> None:
    small = FileSource(make_video(tmp_path / "lecture_small.mp4", PART + 1))
    counting = DyingClient(client.config, client._sessions._credentials, client._sessions._spec)
    with counting:
        put(counting, reference_id=f"count-{uniq}", renditions={4: small})
    for number in range(1, counting.count + 1):
        journal = MemoryJournal()
        dying = DyingClient(client.config, client._sessions._credentials, client._sessions._spec)
        setattr(dying, f"die_{moment}", number)
        with dying, pytest.raises(Died):
            put(dying, reference_id=f"ref-{uniq}-{number}", journal=journal, renditions={4: small})
        put(reference_id=f"ref-{uniq}-{number}", journal=journal, renditions={4: small})
        check_one_entry(client, f"{uniq}-{number}", content_of(video))
        (entry,) = find_by_reference_id(client, f"ref-{uniq}-{number}")
        sizes = {flavor.flavor_params_id: flavor for flavor in look_at_renditions(client, entry.id).failed}
        assert sizes == {}
        listed = client.call("uploadToken", "list", {"filter": {"statusIn": "0,1,2"}, "pager": {"pageSize": 500}})
        assert [token for token in listed["objects"] if entry.id in token.get("fileName", "")] == []


def test_a_picture_has_no_renditions(put: Put, video: FileSource) -> None:
    with pytest.raises(ValueError, match="of the kind image, which has no renditions"):
        put(kind=MediaKind.IMAGE, renditions={4: video})
