"""Uploads in chunks: in any order, at the same time, repeated, cut off by a kill."""

from __future__ import annotations

import contextlib
import hashlib
import os
import random
import resource
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from kaltura_sandbox.server import SandboxServer
from kaltura_sandbox.services.upload_assembly import ChunkFolder

from .conftest import Api, make_settings, wait_until
from .test_command import Program

MEGABYTE = 1024 * 1024
PENDING, PARTIAL, FULL, CLOSED = range(4)


def add_token(api: Api, ks: str, **values: Any) -> str:
    return str(api.call("uploadToken", "add", ks=ks, uploadToken={"fileName": "a.bin", **values})["id"])


def uploaded(api: Api, ks: str, token: str) -> bytes:
    """The stored bytes of a finished upload, read back through a document entry."""
    entry = api.call(
        "document_documents", "addFromUploadedFile", ks=ks, documentEntry={"documentType": 11}, uploadTokenId=token
    )
    return requests.get(entry["downloadUrl"], timeout=60).content


def in_threads(count: int, work: Callable[[int], Any]) -> list[Any]:
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(work, range(count)))


@pytest.fixture
def hasty(tmp_path: Path) -> Iterator[Api]:
    """A sandbox that waits a second for missing chunks instead of 45."""
    with SandboxServer(make_settings(tmp_path / "data", final_chunk_wait=1)) as server:
        yield Api(server.url)


@pytest.mark.parametrize("final_with_bytes", [False, True])
def test_parallel_chunks_out_of_order_are_joined_byte_for_byte(api: Api, final_with_bytes: bool) -> None:
    size, chunk = 64 * MEGABYTE, 3 * MEGABYTE + 17
    content = random.Random(7).randbytes(size)
    ks = api.admin
    token = add_token(api, ks, fileSize=size)
    assert api.upload(token, content[:1000], ks, resume=0, finalChunk=0)["uploadedFileSize"] == "1000"
    offsets = list(range(1000, size, chunk))
    last = offsets.pop() if final_with_bytes else size
    random.Random(3).shuffle(offsets)

    def send(offset: int) -> int:
        end = min(offset + chunk, last)
        answer = Api(api.url).upload(token, content[offset:end], ks, resume=1, finalChunk=0, resumeAt=offset)
        return int(answer["uploadedFileSize"])

    with ThreadPoolExecutor(8) as pool:
        sizes = list(pool.map(send, offsets))
    assert max(sizes) <= size
    answer = api.upload(token, content[last:], ks, resume=1, finalChunk=1, resumeAt=last)
    assert (answer["status"], answer["uploadedFileSize"]) == (FULL, str(size))
    assert hashlib.sha256(uploaded(api, ks, token)).digest() == hashlib.sha256(content).digest()


def test_auto_finalize_closes_with_the_last_byte_whatever_the_order(api: Api) -> None:
    content = os.urandom(7 * MEGABYTE)
    ks = api.admin
    token = add_token(api, ks, fileSize=len(content), autoFinalize=True)
    api.upload(token, content[:MEGABYTE], ks, resume=0, finalChunk=0)

    def send(number: int) -> int:
        offset = (6 - number) * MEGABYTE
        part = content[offset : offset + MEGABYTE]
        return int(Api(api.url).upload(token, part, ks, resume=1, finalChunk=0, resumeAt=offset)["status"])

    assert sorted(in_threads(6, send)) == [PARTIAL] * 5 + [FULL]
    assert uploaded(api, ks, token) == content


def test_of_two_final_requests_one_wins_and_the_other_is_told(api: Api) -> None:
    ks = api.admin
    for _ in range(5):
        token = add_token(api, ks)
        api.upload(token, b"AAAAA", ks, resume=0, finalChunk=0)

        def finish(_: int, token: str = token) -> Any:
            return Api(api.url).upload(token, b"BBBBB", ks, resume=1, finalChunk=1, resumeAt=5)

        answers = in_threads(2, finish)
        assert sorted(str(each.get("code")) for each in answers) == ["None", "UPLOAD_TOKEN_INVALID_STATUS_FOR_UPLOAD"]
        found = api.call("uploadToken", "get", ks=ks, uploadTokenId=token)
        assert (found["status"], found["uploadedFileSize"]) == (FULL, "10")


def test_a_final_request_waits_for_chunks_that_come_meanwhile(api: Api) -> None:
    """The wait must not keep the missing chunks out, nor anybody else."""
    ks = api.admin
    token = add_token(api, ks, fileSize=15)
    api.upload(token, b"AAAAA", ks, resume=0, finalChunk=0)
    with ThreadPoolExecutor(1) as pool:
        final = pool.submit(Api(api.url).upload, token, b"CCCCC", ks, resume=1, finalChunk=1, resumeAt=10)
        other = add_token(api, ks)
        assert api.upload(other, b"x", ks)["status"] == FULL
        assert not final.done()
        middle = api.upload(token, b"BBBBB", ks, resume=1, finalChunk=0, resumeAt=5)
        assert middle["uploadedFileSize"] == "10"
        assert final.result(20)["uploadedFileSize"] == "15"
    assert uploaded(api, ks, token) == b"AAAAABBBBBCCCCC"


def test_a_final_request_gives_up_and_the_token_can_still_be_completed(hasty: Api) -> None:
    ks = hasty.admin
    token = add_token(hasty, ks)
    hasty.upload(token, b"AAAAA", ks, resume=0, finalChunk=0)
    began = time.monotonic()
    answer = hasty.upload(token, b"CCCCC", ks, resume=1, finalChunk=1, resumeAt=10)
    assert answer["code"] == "UPLOAD_TOKEN_CANNOT_MATCH_EXPECTED_SIZE"
    assert time.monotonic() - began >= 1
    hasty.upload(token, b"BBBBB", ks, resume=1, finalChunk=0, resumeAt=5)
    assert hasty.upload(token, b"", ks, resume=1, finalChunk=1, resumeAt=15)["status"] == FULL
    assert uploaded(hasty, ks, token) == b"AAAAABBBBBCCCCC"


def test_more_bytes_than_auto_finalize_declared_never_match(hasty: Api) -> None:
    ks = hasty.admin
    token = add_token(hasty, ks, fileSize=8, autoFinalize=True)
    hasty.upload(token, b"AAAAA", ks, resume=0, finalChunk=0)
    answer = hasty.upload(token, b"BBBBB", ks, resume=1, finalChunk=0, resumeAt=5)
    assert answer["code"] == "UPLOAD_TOKEN_CANNOT_MATCH_EXPECTED_SIZE"
    assert hasty.call("uploadToken", "get", ks=ks, uploadTokenId=token)["status"] == PARTIAL


def test_overlapping_chunk_overwrites(api: Api) -> None:
    ks = api.admin
    token = add_token(api, ks)
    api.upload(token, b"AAAAA", ks, resume=0, finalChunk=0)
    assert api.upload(token, b"BBBBB", ks, resume=1, finalChunk=0, resumeAt=3)["uploadedFileSize"] == "8"
    assert api.upload(token, b"", ks, resume=1, finalChunk=1, resumeAt=8)["status"] == FULL
    assert uploaded(api, ks, token) == b"AAABBBBB"


def test_resent_chunk_keeps_the_first_bytes(api: Api) -> None:
    ks = api.admin
    token = add_token(api, ks)
    api.upload(token, b"AAAAA", ks, resume=0, finalChunk=0)
    api.upload(token, b"BBBBB", ks, resume=1, finalChunk=0, resumeAt=5)
    assert api.upload(token, b"bbbbb", ks, resume=1, finalChunk=0, resumeAt=5)["uploadedFileSize"] == "10"
    api.upload(token, b"", ks, resume=1, finalChunk=1, resumeAt=10)
    assert uploaded(api, ks, token) == b"AAAAABBBBB"


def test_a_request_joins_at_most_ten_waiting_chunks(api: Api) -> None:
    ks = api.admin
    token = add_token(api, ks)
    api.upload(token, b"0", ks, resume=0, finalChunk=0)
    for offset in range(2, 20):
        assert api.upload(token, b"x", ks, resume=1, finalChunk=0, resumeAt=offset)["uploadedFileSize"] == "1"
    assert api.upload(token, b"1", ks, resume=1, finalChunk=0, resumeAt=1)["uploadedFileSize"] == "2"
    # The next one brings a chunk of its own besides the ten.
    assert api.upload(token, b"y", ks, resume=1, finalChunk=0, resumeAt=12)["uploadedFileSize"] == "13"
    assert api.upload(token, b"", ks, resume=1, finalChunk=1, resumeAt=20)["uploadedFileSize"] == "20"


def test_restarting_an_upload_drops_what_was_joined(api: Api) -> None:
    ks = api.admin
    token = add_token(api, ks)
    api.upload(token, b"a long beginning", ks, resume=0, finalChunk=0)
    assert api.upload(token, b"short", ks, resume=0, finalChunk=0)["uploadedFileSize"] == "5"
    assert api.upload(token, b"", ks, resume=1, finalChunk=1, resumeAt=5)["status"] == FULL
    assert uploaded(api, ks, token) == b"short"


def test_the_first_part_names_the_file(api: Api) -> None:
    ks = api.admin
    token = str(api.call("uploadToken", "add", ks=ks)["id"])
    assert api.upload(token, b"x", ks, file_name="talk.MOV")["fileName"] == "talk.MOV"
    entry = api.call("media", "add", ks=ks, entry={"mediaType": 1})
    resource = {"objectType": "KalturaUploadedFileTokenResource", "token": token}
    api.call("media", "addContent", ks=ks, entryId=entry["id"], resource=resource)
    assert api.call("flavorAsset", "getByEntryId", ks=ks, entryId=entry["id"])[0]["fileExt"] == "mov"


def test_a_file_above_the_limit_is_refused(tmp_path: Path) -> None:
    with SandboxServer(make_settings(tmp_path, upload_max_bytes=1000)) as server:
        api = Api(server.url)
        token = add_token(api, api.admin)
        assert api.upload(token, b"x" * 1001, api.admin)["code"] == "UPLOAD_ERROR"
        assert api.upload(token, b"x" * 1000, api.admin)["status"] == FULL
        entry = api.call("media", "add", ks=api.admin, entry={"mediaType": 1})["id"]
        for action, fields in (
            ("thumbAsset/action/addFromImage", {"entryId": entry}),
            ("media/action/bulkUploadAdd", {}),
        ):
            reply = api.post(
                f"/api_v3/service/{action}", data={"format": "1", "ks": api.admin, **fields},
                files={"fileData": ("a.csv", b"x" * 1001)},
            )  # fmt: skip
            assert reply.json()["code"] == "UPLOAD_ERROR"


def test_restricted_accounts_refuse_random_bytes_and_drop_the_token(tmp_path: Path) -> None:
    with SandboxServer(make_settings(tmp_path, restrict_file_types=True)) as server:
        api = Api(server.url)
        ks = api.admin
        token = add_token(api, ks)
        content = b"\x00\x91" + random.Random(1).randbytes(700)
        assert api.upload(token, content, ks)["code"] == "UPLOAD_TOKEN_FILE_TYPE_RESTRICTED_FOR_UPLOAD"
        assert api.call("uploadToken", "get", ks=ks, uploadTokenId=token)["code"] == "UPLOAD_TOKEN_NOT_FOUND"
        for good in (b"just words", b"%PDF-1.7 x", b"\x00\x00\x00\x20ftypisom" + content):
            assert api.upload(add_token(api, ks), good, ks)["status"] == FULL


def test_a_restricted_file_fails_the_entry_that_waits_for_it(tmp_path: Path) -> None:
    with SandboxServer(make_settings(tmp_path, restrict_file_types=True)) as server:
        api = Api(server.url)
        ks = api.admin
        token = add_token(api, ks)
        entry = api.call("media", "add", ks=ks, entry={"mediaType": 1})["id"]
        resource = {"objectType": "KalturaUploadedFileTokenResource", "token": token}
        api.call("media", "addContent", ks=ks, entryId=entry, resource=resource)
        api.upload(token, b"\x00\x91" * 500, ks)
        assert api.call("media", "get", ks=ks, entryId=entry)["status"] == -2


def test_another_account_does_not_see_a_token(api: Api) -> None:
    token = add_token(api, api.admin)
    other = api.other_admin
    assert api.call("uploadToken", "get", ks=other, uploadTokenId=token)["code"] == "UPLOAD_TOKEN_NOT_FOUND"
    assert api.call("uploadToken", "list", ks=other)["totalCount"] == 0


def test_a_closed_token_given_to_a_second_entry_hangs_that_entry(api: Api) -> None:
    ks = api.admin
    token = add_token(api, ks)
    api.upload(token, b"x", ks)
    resource = {"objectType": "KalturaUploadedFileTokenResource", "token": token}
    statuses = []
    for _ in range(2):
        entry = api.call("media", "add", ks=ks, entry={"mediaType": 1})["id"]
        statuses.append(api.call("media", "addContent", ks=ks, entryId=entry, resource=resource)["status"])
    assert statuses == [1, 0]


def test_an_upload_goes_on_after_a_kill(tmp_path: Path) -> None:
    content = os.urandom(6 * MEGABYTE)
    program = Program(tmp_path)
    try:
        api = Api(program.url)
        ks = api.admin
        token = add_token(api, ks, fileSize=len(content))
        api.upload(token, content[:MEGABYTE], ks, resume=0, finalChunk=0)
        api.upload(token, content[2 * MEGABYTE : 3 * MEGABYTE], ks, resume=1, finalChunk=0, resumeAt=2 * MEGABYTE)
        api.upload(token, content[MEGABYTE : 2 * MEGABYTE], ks, resume=1, finalChunk=0, resumeAt=MEGABYTE)
    finally:
        program.end(signal.SIGKILL)
    program = Program(tmp_path)
    try:
        api = Api(program.url)
        offset = int(api.call("uploadToken", "get", ks=ks, uploadTokenId=token)["uploadedFileSize"])
        assert offset == 2 * MEGABYTE
        answer = api.upload(token, content[offset:], ks, resume=1, finalChunk=1, resumeAt=offset)
        assert (answer["status"], answer["uploadedFileSize"]) == (FULL, str(len(content)))
        assert uploaded(api, ks, token) == content
    finally:
        program.end(signal.SIGKILL)


def test_a_kill_between_chunks_of_many_uploads_loses_no_answered_byte(tmp_path: Path) -> None:
    program = Program(tmp_path)
    api = Api(program.url)
    ks = api.admin
    answered: dict[str, list[bytes]] = {}

    def feed_until_killed(_: int) -> None:
        own = Api(program.url)
        try:
            token = add_token(own, ks)
            chunk = os.urandom(50_000)
            own.upload(token, chunk, ks, resume=0, finalChunk=0)
            answered[token] = [chunk]
            while True:
                chunk = os.urandom(50_000)
                offset = 50_000 * len(answered[token])
                own.upload(token, chunk, ks, resume=1, finalChunk=0, resumeAt=offset)
                answered[token].append(chunk)
        except (requests.RequestException, ValueError):
            pass

    with ThreadPoolExecutor(4) as pool:
        feeding = pool.map(feed_until_killed, range(4))
        wait_until(lambda: len(answered) == 4 and all(len(each) > 8 for each in answered.values()), 30)
        program.end(signal.SIGKILL)
        list(feeding)

    program = Program(tmp_path)
    try:
        api = Api(program.url)
        for token, chunks in answered.items():
            size = int(api.call("uploadToken", "get", ks=ks, uploadTokenId=token)["uploadedFileSize"])
            # A chunk may have been joined whose answer never came.
            assert size - 50_000 * len(chunks) in {0, 50_000}
            api.upload(token, b"end", ks, resume=1, finalChunk=1, resumeAt=size)
            stored = uploaded(api, ks, token)
            assert stored[: 50_000 * len(chunks)] == b"".join(chunks)
            assert stored.endswith(b"end")
            assert len(stored) == size + 3
    finally:
        program.end(signal.SIGKILL)


def test_a_crash_before_joined_bytes_are_counted_loses_no_chunk(tmp_path: Path) -> None:
    chunks = ChunkFolder(tmp_path)
    (tmp_path / "joined").write_bytes(b"abc")
    (tmp_path / "chunk.3").write_bytes(b"def")
    for _ in range(2):  # the second time as the next process does, which knows the old size only
        size, joined = chunks.join_waiting("joined", 3)
        assert (size, [each.name for each in joined]) == (6, ["chunk.3"])
    assert (tmp_path / "joined").read_bytes() == b"abcdef"


def test_a_full_disk_is_no_success(tmp_path: Path) -> None:
    program = Program(tmp_path)
    try:
        api = Api(program.url)
        ks, content = api.admin, os.urandom(2 * MEGABYTE)
        token = add_token(api, ks)
        pid, unlimited = program.process.pid, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (3 * MEGABYTE // 2, resource.RLIM_INFINITY))
        with pytest.raises(requests.JSONDecodeError):  # HTTP 500 without a body
            api.upload(token, content, ks, finalChunk=0)
        assert "uploadedFileSize" not in api.call("uploadToken", "get", ks=ks, uploadTokenId=token)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, unlimited)
        assert api.upload(token, content, ks)["status"] == FULL
        assert uploaded(api, ks, token) == content
    finally:
        program.end(signal.SIGKILL)


def test_a_stop_does_not_wait_for_missing_chunks(tmp_path: Path) -> None:
    program = Program(tmp_path)
    api = Api(program.url)
    ks = api.admin
    token = add_token(api, ks)
    api.upload(token, b"a", ks, resume=0, finalChunk=0)
    with ThreadPoolExecutor(1) as pool:
        fields = {"format": "1", "ks": ks, "uploadTokenId": token, "resume": "1", "finalChunk": "1", "resumeAt": "5"}
        address = f"{program.url}/api_v3/service/uploadToken/action/upload"
        waiting = pool.submit(requests.post, address, data=fields, files={"fileData": ("a", b"z")}, timeout=60)
        wait_until(lambda: len(list(tmp_path.rglob("chunk.5"))) == 1)
        begun = time.monotonic()
        program.end(signal.SIGTERM)
        assert time.monotonic() - begun < 15
        with contextlib.suppress(requests.ConnectionError):
            assert waiting.result().status_code == 500
