"""Receiving processes: any body arrives as it was sent, a kill loses nothing accepted, and work is charged."""

from __future__ import annotations

import hashlib
import os
import random
import resource
import signal
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import anyio
import pytest
import requests

from kaltura_sandbox.multipart import MultipartBody
from kaltura_sandbox.receiving.costs import Costs, Meter
from kaltura_sandbox.receiving.handover import HEADER, Handover
from kaltura_sandbox.receiving.splitter import SHORT, LongPart, Splitter, boundary_of
from kaltura_sandbox.server import SandboxServer
from kaltura_sandbox.settings import Settings

from .conftest import ADMIN_SECRET, PARTNER, Api, make_settings, wait_until
from .test_command import Program
from .test_upload import FULL, MEGABYTE, add_token, uploaded

BOUNDARY = "----bound"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SandboxServer]:
    with SandboxServer(make_settings(tmp_path / "data", receivers=2, final_chunk_wait=1)) as running:
        yield running


def form(*parts: tuple[str, str | None, bytes], end: bool = True) -> bytes:
    """A multipart body: name, file name, content of each part."""
    body = b""
    for name, file_name, content in parts:
        named = f'; filename="{file_name}"' if file_name else ""
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'
        body += head.encode() + content + b"\r\n"
    return body + (f"--{BOUNDARY}--\r\n".encode() if end else b"")


def parsed(body: bytes, spool: Path, parts: list[LongPart]) -> list[Any]:
    """What the application makes of a body."""

    async def stream() -> Any:
        yield body

    async def read() -> MultipartBody:
        multipart = MultipartBody(f"multipart/form-data; boundary={BOUNDARY}", spool, 10**9, parts)
        await multipart.read(stream())
        return multipart

    multipart = anyio.run(read)
    files = [(name, file.name, file.path.read_bytes(), file.size) for name, file in multipart.files]
    multipart.discard()
    return [multipart.fields, files]


def split(body: bytes, spool: Path, sizes: Iterator[int]) -> Splitter:
    """Feed a body in pieces."""
    splitter = Splitter(BOUNDARY.encode(), spool)
    while body:
        room = splitter.room()
        count = min(next(sizes), len(room), len(body))
        room[:count] = body[:count]
        splitter.took(count)
        body = body[count:]
    splitter.finish()
    return splitter


def tricky(chooser: random.Random, length: int) -> bytes:
    """Content that keeps looking as if it ended."""
    pieces = [
        b"\r\n--" + BOUNDARY.encode() + b"X",
        b"\r\n--",
        b"\r\n\r\n",
        b"\r",
        BOUNDARY.encode() + b"Y",
        os.urandom(999),
    ]
    content = b""
    while len(content) < length:
        content += chooser.choice(pieces)
    return content[:length]


@pytest.mark.parametrize("seed", range(12))
def test_a_split_body_means_the_same_as_the_whole_one(tmp_path: Path, seed: int) -> None:
    chooser = random.Random(seed)
    lengths = [0, 1, SHORT - 1, SHORT, SHORT + 1, 3 * SHORT, 2 * MEGABYTE + 5]
    parts = [
        (f"p{index}", chooser.choice([None, "a.mp4", "b c.bin"]), tricky(chooser, chooser.choice(lengths)))
        for index in range(chooser.randint(1, 5))
    ]
    body = form(*parts, end=chooser.random() < 0.8)
    if chooser.random() < 0.2:
        body = body[: chooser.randrange(len(body))]
    steps = chooser.choice([[1, 7, 4096, 70000], [MEGABYTE], [65536]])
    splitter = split(body, tmp_path, iter(lambda: chooser.choice(steps), None))
    kept = bytes(splitter.short)
    assert len(kept) < len(parts) * (SHORT + 200) + 200, "long contents have gone"
    assert parsed(kept, tmp_path, splitter.long) == parsed(body, tmp_path, [])
    assert not list(tmp_path.iterdir()), "files nobody kept are gone"


def test_only_multipart_forms_have_a_boundary() -> None:
    assert boundary_of('multipart/form-data; charset=utf-8; boundary="a b"') == b"a b"
    assert boundary_of("application/json; boundary=x") == b""
    assert boundary_of("") == b""


def test_chunks_of_several_senders_are_joined_byte_for_byte(server: SandboxServer) -> None:
    api = Api(server.url)
    size, chunk = 32 * MEGABYTE, 3 * MEGABYTE + 17
    content = random.Random(7).randbytes(size)
    ks = api.admin
    token = add_token(api, ks, fileSize=size)
    api.upload(token, content[:1000], ks, resume=0, finalChunk=0)
    offsets = list(range(1000, size, chunk))
    random.Random(3).shuffle(offsets)

    def send(offset: int) -> None:
        Api(api.url).upload(token, content[offset : offset + chunk], ks, resume=1, finalChunk=0, resumeAt=offset)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(send, offsets))
    answer = api.upload(token, b"", ks, resume=1, finalChunk=1, resumeAt=size)
    assert (answer["status"], answer["uploadedFileSize"]) == (FULL, str(size))
    assert hashlib.sha256(uploaded(api, ks, token)).digest() == hashlib.sha256(content).digest()
    assert server.sandbox.meter.counts().body_bytes >= size
    assert not list(server.sandbox.files.spool.iterdir())


def test_a_killed_process_is_replaced_and_loses_no_accepted_part(server: SandboxServer) -> None:
    assert server.receivers is not None
    api = Api(server.url)
    ks, content, part = api.admin, os.urandom(8 * MEGABYTE), MEGABYTE
    token = add_token(api, ks, fileSize=len(content))
    accepted, victims = 0, list(server.receivers.process_ids)
    for offset in range(0, len(content), part):
        if victims:
            os.kill(victims.pop(), signal.SIGKILL)
        while True:  # as a client does whose connection broke
            try:
                answer = Api(server.url).upload(
                    token, content[offset : offset + part], ks, resume=int(offset > 0), finalChunk=0, resumeAt=offset
                )
                break
            except requests.ConnectionError:
                continue
        assert int(answer["uploadedFileSize"]) == accepted + part
        accepted += part
    Api(server.url).upload(token, b"", ks, resume=1, finalChunk=1, resumeAt=len(content))
    assert uploaded(Api(server.url), ks, token) == content
    wait_until(lambda: server.receivers is not None and len(server.receivers.process_ids) == 2)


def test_a_body_that_breaks_off_is_counted_and_changes_nothing(server: SandboxServer) -> None:
    api = Api(server.url)
    token = add_token(api, api.admin)
    body = form(("ks", None, api.admin.encode()), ("uploadTokenId", None, token.encode()), ("fileData", "a.bin", b"x"))
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        head = (
            f"POST /api_v3/service/uploadToken/action/upload HTTP/1.1\r\nHost: {host}\r\nContent-Length: {MEGABYTE}\r\n"
        )
        head += f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n"
        connection.sendall(head.encode() + body[:-30] + bytes(200_000))
    wait_until(lambda: server.sandbox.meter.counts().broken_bytes)
    assert server.sandbox.meter.counts().broken_bytes == len(body) - 30 + 200_000
    assert api.call("uploadToken", "get", ks=api.admin, uploadTokenId=token)["status"] == 0
    wait_until(lambda: not list(server.sandbox.files.spool.iterdir()))


def test_a_full_disk_is_no_success(server: SandboxServer) -> None:
    assert server.receivers is not None
    api = Api(server.url)
    ks = api.admin
    token = add_token(api, ks)
    for process in server.receivers.process_ids:
        resource.prlimit(process, resource.RLIMIT_FSIZE, (MEGABYTE, resource.RLIM_INFINITY))
    reply = api.post(
        "/api_v3/service/uploadToken/action/upload",
        data={"ks": ks, "uploadTokenId": token},
        files={"fileData": ("a.bin", os.urandom(2 * MEGABYTE))},
    )
    assert reply.status_code == 500
    assert "uploadedFileSize" not in api.call("uploadToken", "get", ks=ks, uploadTokenId=token)


def test_only_the_receiving_processes_reach_the_application(server: SandboxServer, tmp_path: Path) -> None:
    stolen = tmp_path / "stolen.txt"
    stolen.write_text("secret of the machine")
    forged = Handover("guess", "10.0.0.1", (LongPart(0, stolen, 21),)).to_header()
    api = Api(server.url)
    api.http.headers[HEADER] = forged
    assert api.call("system", "ping") is True, "a header of the client is dropped"
    assert server.receivers is not None
    with socket.socket(socket.AF_UNIX) as direct:
        direct.connect(server.receivers.application.getsockname())
        direct.sendall(
            f"GET /api_v3/service/system/action/ping HTTP/1.1\r\nHost: x\r\n{HEADER}: {forged}\r\n\r\n".encode()
        )
        assert b" 500 " in direct.recv(65536).split(b"\r\n")[0]
    assert stolen.read_text() == "secret of the machine"


def test_a_command_with_receivers_charges_and_ends_with_its_processes(tmp_path: Path) -> None:
    program = Program(tmp_path, "--receivers", "2", "--cost-call", "80", "--cost-receive", "1", "--cost-append", "1")
    children = Path(f"/proc/{program.process.pid}/task/{program.process.pid}/children").read_text().split()
    assert len(children) >= 2
    api = Api(program.url)
    started = time.monotonic()
    assert api.call("system", "ping") is True
    assert time.monotonic() - started >= 0.08
    program.end(signal.SIGKILL)
    wait_until(lambda: not any(Path(f"/proc/{child}/exe").exists() for child in children))


def test_charging_for_bodies_needs_receivers(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="receivers"):
        make_settings(tmp_path, costs=Costs(receive=0.001))
    with pytest.raises(ValueError, match="negative"):
        Costs(call=-1)
    with pytest.raises(ValueError, match="cores"):
        Costs(cores=0)


def test_costs_are_charged_for_calls_bytes_and_joined_bytes(tmp_path: Path) -> None:
    costs = Costs(2, call=0.05, receive=0.02, append=0.03)
    with SandboxServer(make_settings(tmp_path / "data", receivers=1, costs=costs)) as server:
        api = Api(server.url)
        ks, content = api.admin, os.urandom(5_000_000)
        token = add_token(api, ks)

        def seconds(offset: int) -> float:
            started = time.monotonic()
            api.upload(token, content, ks, resume=int(offset > 0), finalChunk=0, resumeAt=offset)
            return time.monotonic() - started

        first, second, early = seconds(0), seconds(5_000_000), seconds(15_000_000)
        closing = seconds(10_000_000)
    assert first >= 0.05 + 5 * 0.02
    assert second >= 0.05 + 5 * 0.02 + 5 * 0.03
    assert 0.05 + 5 * 0.02 <= early < second, "a part that waits for others is not joined yet"
    assert closing >= 0.05 + 5 * 0.02 + 5 * 0.03


@pytest.fixture
def meter() -> Iterator[Meter]:
    made = Meter(Costs(2, call=0.1))
    yield made
    made.close()


def test_all_share_the_cores_and_nobody_holds_two(meter: Meter) -> None:
    def work(_: int) -> float:
        with meter.call():
            pass
        return time.monotonic() - started

    started = time.monotonic()
    work(0)
    alone = time.monotonic() - started
    started = time.monotonic()
    with ThreadPoolExecutor(6) as pool:
        ends = sorted(pool.map(work, range(6)))
    assert alone >= 0.1
    assert ends[-1] >= 0.3
    assert ends[0] > 0.2, "they advance together, a slice at a time"


def test_work_that_is_done_counts(meter: Meter) -> None:
    started, processor = time.monotonic(), time.thread_time()
    with meter.call():
        while time.thread_time() - processor < 0.08:
            pass
    busy = time.monotonic() - started
    processor = time.thread_time()
    with meter.call():
        time.sleep(0.08)
    waited = time.monotonic() - started - busy
    assert busy >= 0.09
    assert waited >= 0.17, "waiting is no work"
    assert waited > busy or busy > 0.17  # the latter on a machine that is busy with other things


def test_processes_share_a_meter(meter: Meter) -> None:
    handle = os.dup(meter.handle)
    other = Meter(meter.costs, handle)

    def requests_of_another() -> None:
        for _ in range(500):
            other.count(requests=1)

    def bodies() -> None:
        for _ in range(500):
            meter.count(bodies=1)
            meter.count(bodies=-1)

    threads = [threading.Thread(target=requests_of_another), threading.Thread(target=bodies)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert (meter.counts().requests, meter.counts().bodies, meter.counts().peak_bodies) == (500, 0, 1)
    other.close()


def test_settings_without_costs_charge_nothing() -> None:
    settings = Settings(Path("x"), (make_settings(Path("x")).partners[0],))
    assert settings.costs == Costs()
    assert (settings.partners[0].id, settings.partners[0].admin_secret) == (PARTNER, ADMIN_SECRET)
