"""Uploads: cut, resumed, interrupted, and complete in the end."""

from __future__ import annotations

import hashlib
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from tests.provider.api.conftest import ClientFactory
from tests.provider.api.losing import LOSE_ANSWER, LOSE_REQUEST, PASS, action_of, losing_proxy, once
from tests.provider.api.scripted import Received, ScriptedServer, api_error, client_of, result
from tests.provider.conftest import ADMIN_SECRET, FIXTURES

from kaltura_provider.api import (
    FileSource,
    KalturaClient,
    KalturaError,
    UploadProgress,
    UploadToken,
    UploadTokenStatus,
    get_token,
    upload,
)
from kaltura_provider.api.checksums import Crc
from kaltura_provider.api.upload_meter import UploadMeter
from kaltura_provider.api.upload_parts import PartSender
from kaltura_provider.api.upload_plan import Part, plan_sequence
from kaltura_sandbox.server import SandboxServer

PART = 8_000


def make_video(path: Path, size: int) -> Path:
    """A video of this size: what it lacks is a box that players skip, with bytes that differ from place to place."""
    head = (FIXTURES / "tiny.mp4").read_bytes()
    filler = b"".join(hashlib.sha256(f"{path.name} {n}".encode()).digest() for n in range(size // 32 + 1))
    box = size - len(head)
    path.write_bytes(head + box.to_bytes(4, "big") + b"free" + filler[: box - 8])
    return path


@pytest.fixture
def video(tmp_path: Path) -> FileSource:
    return FileSource(make_video(tmp_path / "clip ü.mp4", 5 * PART + 321))


def send(client: KalturaClient, token_id: str, source: FileSource, part: Part) -> None:
    """Send one part."""
    token = UploadToken.from_api({"id": token_id})
    PartSender(client, source, source.name, token, Crc(), UploadMeter()).send(part)


def stored(client: KalturaClient, token_id: str) -> bytes:
    """What the server holds, attached to a document and downloaded."""
    entry = client.call("baseEntry", "add", {"entry": {"objectType": "KalturaDocumentEntry", "documentType": 11}})["id"]
    resource = {"objectType": "KalturaUploadedFileTokenResource", "token": token_id}
    client.call("baseEntry", "addContent", {"entryId": entry, "resource": resource})
    url = client.call("baseEntry", "get", {"entryId": entry})["downloadUrl"]
    return requests.get(url, timeout=10).content


def stored_source(client: KalturaClient, entry_id: str) -> bytes:
    """The source file of a video."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        flavors = client.call("flavorAsset", "list", {"filter": {"entryIdEqual": entry_id}})["objects"]
        for flavor in flavors:
            if flavor["isOriginal"] and flavor["status"] == 2:
                return requests.get(client.call("flavorAsset", "getUrl", {"id": flavor["id"]}), timeout=10).content
        time.sleep(0.02)
    raise AssertionError(f"entry {entry_id} has no source: {flavors}")


def content_of(source: FileSource) -> bytes:
    stream = source.open(0, source.size)
    try:
        return stream.read(source.size)
    finally:
        stream.close()


# -- how a file is cut


@given(st.integers(1, 10_000), st.integers(1, 3_000), st.data())
def test_parts_cover_what_is_left_and_only_the_last_closes(size: int, part_size: int, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, size))
    parts = list(plan_sequence([(start, size - start)] if start < size else [], size, part_size))
    position = start
    for part in parts:
        assert part.offset == position
        assert part.size <= part_size
        position += part.size
    assert position == size
    assert [part.final for part in parts] == [False] * (len(parts) - 1) + [True]
    assert all(part.size for part in parts[:-1])
    assert all(part.is_first == (part.offset == 0) for part in parts)


def test_the_flags_on_the_wire(video: FileSource) -> None:
    def flags(part: Part) -> dict[str, Any]:
        with ScriptedServer(result({"id": "0_t"})) as server, client_of(server) as client:
            send(client, "0_t", video, part)
            body = server.requests[0].body
        found = re.findall(rb'"(resume|finalChunk|resumeAt|uploadTokenId)": ([^,}]+)', body)
        assert b'filename="clip \xc3\xbc.mp4"' in body
        return {name.decode(): value.decode() for name, value in found if name != b"uploadTokenId"}

    assert flags(Part(0, 5, final=False)) == {"resume": "false", "finalChunk": "false"}
    assert flags(Part(0, 5, final=True)) == {"resume": "false", "finalChunk": "true"}
    assert flags(Part(5, 5, final=False)) == {"resume": "true", "finalChunk": "false", "resumeAt": "5"}
    assert flags(Part(5, 0, final=True)) == {"resume": "true", "finalChunk": "true", "resumeAt": "5"}


# -- against a Kaltura


def test_in_parts(client: KalturaClient, video: FileSource) -> None:
    progress: list[UploadProgress] = []
    tokens: list[UploadToken] = []
    done = upload(client, video, part_size=PART, parallel=1, on_progress=progress.append, on_token=tokens.append)
    assert done.token.status is UploadTokenStatus.FULL_UPLOAD
    assert (done.token.file_name, done.token.file_size) == ("clip ü.mp4", video.size)
    assert (done.bytes_sent, done.resumed_from) == (video.size, 0)
    assert [token.id for token in tokens] == [done.token.id]
    assert [step.bytes_done for step in progress] == [PART, 2 * PART, 3 * PART, 4 * PART, 5 * PART, video.size]
    assert {step.bytes_total for step in progress} == {video.size}
    assert stored(client, done.token.id) == content_of(video)


def test_in_one(client: KalturaClient, video: FileSource) -> None:
    done = upload(client, video)
    assert stored(client, done.token.id) == content_of(video)


class Stop(Exception):
    """Stands for a process that dies."""


def stop_at(bytes_done: int) -> Callable[[UploadProgress], None]:
    def on_progress(step: UploadProgress) -> None:
        if step.bytes_done >= bytes_done:
            raise Stop

    return on_progress


def test_resumed_where_it_stopped(client: KalturaClient, video: FileSource) -> None:
    tokens: list[str] = []
    with pytest.raises(Stop):
        upload(
            client,
            video,
            part_size=PART,
            parallel=1,
            on_progress=stop_at(3 * PART),
            on_token=lambda token: tokens.append(token.id),
        )
    done = upload(client, video, token=tokens[0], part_size=PART)
    assert done.token.id == tokens[0]
    # Later parts may have been on their way already, on a busy machine all of them.
    assert 3 * PART <= done.resumed_from <= video.size
    assert done.bytes_sent == video.size - done.resumed_from
    assert stored(client, done.token.id) == content_of(video)


def test_a_killed_process_is_continued(
    client: KalturaClient, sandbox: SandboxServer, tmp_path: Path, video: FileSource
) -> None:
    script = f"""
        import os, signal
        from kaltura_provider.api import *
        config = ClientConfig({sandbox.url!r}, 102)
        client = KalturaClient(config, AdminSecretCredentials({ADMIN_SECRET!r}), SessionSpec(user_id="tester"))
        def progress(step):
            if step.bytes_done >= {2 * PART}:
                os.kill(os.getpid(), signal.SIGKILL)
        def token(token):
            print(token.id, flush=True)
        source = FileSource({str(tmp_path / video.name)!r})
        upload(client, source, part_size={PART}, parallel=1, on_progress=progress, on_token=token)
    """
    run = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=False)
    assert run.returncode == -signal.SIGKILL, run.stderr
    done = upload(client, video, token=run.stdout.strip(), part_size=PART)
    assert 2 * PART <= done.resumed_from <= video.size
    assert done.bytes_sent == video.size - done.resumed_from
    assert stored(client, done.token.id) == content_of(video)


def test_only_the_last_call_is_missing(client: KalturaClient, video: FileSource) -> None:
    params = {"uploadToken": {"fileName": video.name, "fileSize": video.size}}
    token = client.call("uploadToken", "add", params)["id"]
    send(client, token, video, Part(0, video.size, final=False))
    done = upload(client, video, token=token)
    assert (done.token.id, done.resumed_from, done.bytes_sent) == (token, video.size, 0)
    assert stored(client, token) == content_of(video)


def test_a_complete_upload_is_not_sent_again(client: KalturaClient, video: FileSource) -> None:
    first = upload(client, video, part_size=PART)
    again = upload(client, video, token=first.token.id, part_size=PART)
    assert (again.token.id, again.bytes_sent, again.resumed_from) == (first.token.id, 0, video.size)


@pytest.mark.parametrize("spoil", ["deleted", "used", "other file", "never was", "truncated"])
def test_a_token_that_can_not_be_continued_is_replaced(client: KalturaClient, video: FileSource, spoil: str) -> None:
    declared = video.size + 1 if spoil == "other file" else video.size
    token = client.call("uploadToken", "add", {"uploadToken": {"fileName": video.name, "fileSize": declared}})["id"]
    if spoil == "deleted":
        client.call("uploadToken", "delete", {"uploadTokenId": token})
    elif spoil == "used":
        token = upload(client, video).token.id
        stored(client, token)
    elif spoil == "truncated":
        send(client, token, video, Part(0, 100, final=True))
    elif spoil == "never was":
        token = "0_" + "0" * 32
    made: list[str] = []
    done = upload(client, video, token=token, part_size=PART, on_token=lambda new: made.append(new.id))
    assert made == [done.token.id]
    assert done.token.id != token
    assert (done.bytes_sent, done.resumed_from) == (video.size, 0)
    assert stored(client, done.token.id) == content_of(video)


@pytest.mark.parametrize("verdict", [LOSE_ANSWER, LOSE_REQUEST])
@pytest.mark.parametrize("number", [1, 2, 6])
def test_a_lost_call_changes_nothing(
    client: KalturaClient,
    new_client: ClientFactory,
    sandbox: SandboxServer,
    video: FileSource,
    verdict: str,
    number: int,
) -> None:
    # The first part, one in the middle, the last one.
    with losing_proxy(sandbox.url, once("uploadToken.upload", verdict, number)) as proxy:
        done = upload(new_client(url=proxy.url), video, part_size=PART, parallel=1)
        sent = proxy.calls.count("uploadToken.upload")
    # A part is sent again unless the server turns out to have it.
    known = verdict == LOSE_ANSWER and number != 2
    assert sent == (6 if known else 7)
    assert stored(client, done.token.id) == content_of(video)


def test_a_lost_token_answer_is_asked_again(
    new_client: ClientFactory, sandbox: SandboxServer, video: FileSource
) -> None:
    with losing_proxy(sandbox.url, once("uploadToken.add", LOSE_ANSWER)) as proxy:
        client = new_client(url=proxy.url)
        made: list[UploadToken] = []
        done = upload(client, video, on_token=made.append)
        assert [token.id for token in made] == [done.token.id]


def test_a_token_deleted_meanwhile_is_replaced(client: KalturaClient, video: FileSource) -> None:
    made: list[str] = []

    def delete_once(step: UploadProgress) -> None:
        if len(made) == 1 and step.bytes_done == 2 * PART:
            client.call("uploadToken", "delete", {"uploadTokenId": made[0]})

    done = upload(client, video, part_size=PART, on_progress=delete_once, on_token=lambda token: made.append(token.id))
    assert made[1:] == [done.token.id]
    assert stored(client, done.token.id) == content_of(video)


def test_an_upload_without_progress_is_given_up(
    new_client: ClientFactory, sandbox: SandboxServer, video: FileSource
) -> None:
    def never(received: Received) -> str:
        return LOSE_REQUEST if action_of(received) == "uploadToken.upload" else PASS

    with losing_proxy(sandbox.url, never) as proxy:
        with pytest.raises(KalturaError, match="CONNECTION_LOST"):
            upload(new_client(url=proxy.url), video, part_size=PART)
        assert proxy.calls.count("uploadToken.upload") == 3


def test_a_size_that_does_not_fit_is_noticed(video: FileSource) -> None:
    def answer(received: Received) -> bytes:
        status = 0 if "/add" in received.target else 2
        return result({"id": "0_t", "status": status, "fileName": video.name, "fileSize": "1", "uploadedFileSize": "1"})

    with ScriptedServer(answer) as server, client_of(server) as client:
        with pytest.raises(KalturaError, match="UPLOAD_SIZE_MISMATCH: 1 bytes arrived of 40321") as caught:
            upload(client, video)
        assert caught.value.retryable


def test_a_refused_type_is_final(video: FileSource) -> None:
    refusal = api_error("UPLOAD_TOKEN_FILE_TYPE_RESTRICTED_FOR_UPLOAD")
    with ScriptedServer(result({"id": "0_t", "status": 0}), refusal) as server, client_of(server) as client:
        with pytest.raises(KalturaError, match="The account does not accept this kind of file"):
            upload(client, video)
        assert server.calls == ["uploadToken.add", "uploadToken.upload"]


def test_the_server_of_the_token_is_used(sandbox: SandboxServer, new_client: ClientFactory, video: FileSource) -> None:
    with losing_proxy(sandbox.url, lambda _: PASS) as other:
        token = {"id": "", "status": 0}

        def main_server(received: Received) -> bytes:
            if "/add" not in received.target:
                return api_error("SERVICE_FORBIDDEN", "this is not the place")
            token["id"] = direct.call("uploadToken", "add", received.json)["id"]
            return result({**token, "uploadUrl": other.url})

        direct = new_client()
        with ScriptedServer(main_server) as server:
            client = new_client(url=server.url)
            done = upload(client, video, part_size=PART)
            assert server.calls == ["uploadToken.add"]
        assert other.calls == ["uploadToken.upload"] * 7
        assert get_token(direct, done.token.id).status is UploadTokenStatus.FULL_UPLOAD


def test_a_server_of_the_token_that_is_out_of_reach_is_left_out(
    sandbox: SandboxServer, new_client: ClientFactory, video: FileSource
) -> None:
    def add_url(received: Received) -> bytes:
        answer = requests.post(
            sandbox.url + received.target,
            data=received.body,
            headers={"Content-Type": received.headers["content-type"]},
            timeout=20,
        )
        return result({**answer.json(), "uploadUrl": "http://no-such-host.invalid"})

    with ScriptedServer(add_url) as server:
        client = new_client(url=server.url)
        done = upload(client, video, part_size=PART)
        assert done.token.status is UploadTokenStatus.FULL_UPLOAD


def test_what_can_not_be_uploaded(client: KalturaClient, tmp_path: Path, video: FileSource) -> None:
    (tmp_path / "empty.mp4").write_bytes(b"")
    with pytest.raises(ValueError, match=r"empty\.mp4 is empty"):
        upload(client, FileSource(tmp_path / "empty.mp4"))
    with pytest.raises(ValueError, match="part_size 0 is out of range"):
        upload(client, video, part_size=0)
    with pytest.raises(FileNotFoundError):
        FileSource(tmp_path / "none.mp4")


def test_memory_does_not_grow_with_the_part(client: KalturaClient, tmp_path: Path) -> None:
    import tracemalloc

    path = tmp_path / "big.mp4"
    path.write_bytes((FIXTURES / "tiny.mp4").read_bytes())
    os.truncate(path, 30_000_000)
    with ScriptedServer(result({"id": "0_t", "status": 2, "uploadedFileSize": "30000000"})) as server:
        # In a process of its own, as the server here holds what it receives.
        script = f"""
            import tracemalloc
            from kaltura_provider.api import *
            from kaltura_provider.api.upload_plan import Part
            from kaltura_provider.api.checksums import Crc
            from kaltura_provider.api.upload_meter import UploadMeter
            from kaltura_provider.api.upload_parts import PartSender
            client = KalturaClient(ClientConfig({server.url!r}, 102), AdminSecretCredentials("some-secret"))
            source = FileSource({str(path)!r})
            client.call("system", "ping")
            tracemalloc.start()
            token = UploadToken.from_api({{"id": "0_t"}})
            PartSender(client, source, "big.mp4", token, Crc(), UploadMeter()).send(Part(0, source.size, True))
            print(tracemalloc.get_traced_memory()[1])
        """
        run = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=True
        )
    assert not tracemalloc.is_tracing()
    assert int(run.stdout) < 3_000_000
