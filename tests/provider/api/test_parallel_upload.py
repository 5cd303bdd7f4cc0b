"""Uploads of several parts at once: the same bytes arrive whatever happens to any part, and nothing is left running."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.provider.api.conftest import ClientFactory
from tests.provider.api.losing import action_of, forward
from tests.provider.api.scripted import (
    HANG_UP,
    Received,
    Reply,
    ScriptedServer,
    api_error,
    http,
    parts_of,
    quick,
    result,
)
from tests.provider.api.test_upload import content_of, make_video, send, stored
from tests.provider.conftest import ADMIN_SECRET, FIXTURES

from kaltura_provider.api import (
    FileSource,
    KalturaClient,
    KalturaError,
    SourceUnavailableError,
    UploadProgress,
    get_token,
    upload,
)
from kaltura_provider.api.multipart import ByteStream
from kaltura_provider.api.upload_plan import (
    FIRST_PART,
    MEGABYTE,
    MIN_PART_SIZE,
    ONE_NEAR_REQUEST_SIZE,
    ONE_REQUEST_SIZE,
    Part,
    Plan,
    choose_plan,
    plan_open_parts,
)
from kaltura_provider.api.upload_workers import Patience
from kaltura_sandbox.server import SandboxServer

PART = 8_000
SIZE = 9 * PART + 321
#: Offsets of the parts: the first, the ones in the middle, and the empty last one.
FIRST, MIDDLE, LAST_BYTES, FINAL = 0, 4 * PART, 9 * PART, SIZE


@pytest.fixture
def video(tmp_path: Path, uniq: str) -> FileSource:
    return FileSource(make_video(tmp_path / f"{uniq}.mp4", SIZE))


def make_file(path: Path, size: int) -> FileSource:
    """A video of this size, or the beginning of one."""
    head = (FIXTURES / "tiny.mp4").read_bytes()
    if size > len(head) + 8:
        make_video(path, size)
    else:
        path.write_bytes(head[:size])
    return FileSource(path)


def offset_of(received: Received) -> int | None:
    """Position of the part a request carries; None if it carries none."""
    if action_of(received) != "uploadToken.upload":
        return None
    params = json.loads(next(parts_of(received))[1])
    return int(params.get("resumeAt", 0))


#: Gets a request, its offset, how often that was seen, and what passes it on. None passes it on as well.
Fault = Callable[[Received, int, int, Callable[[], bytes]], "Reply | None"]


def faulty_proxy(url: str, fault: Fault) -> ScriptedServer:
    """A proxy that treats the parts of uploads as it likes, and passes everything else on."""
    seen: Counter[int] = Counter()
    lock = threading.Lock()

    def answer(received: Received) -> Reply:
        if not received.complete:
            return HANG_UP
        offset = offset_of(received)
        if offset is None:
            return forward(url, received)
        with lock:
            seen[offset] += 1
            number = seen[offset]
        reply = fault(received, offset, number, lambda: forward(url, received))
        return forward(url, received) if reply is None else reply

    return ScriptedServer(answer)


def upload_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("kaltura-upload")]


def check(client: KalturaClient, source: FileSource, token_id: str) -> None:
    """The bytes are the same, no other token is open, and no thread is left."""
    listed = client.call("uploadToken", "list", {"filter": {"fileNameEqual": source.name, "statusIn": "0,1,2"}})
    assert [token["id"] for token in listed["objects"]] == [token_id]
    assert hashlib.sha256(stored(client, token_id)).hexdigest() == hashlib.sha256(content_of(source)).hexdigest()
    assert upload_threads() == []


# -- how a file is cut


@given(st.integers(1, 10_000), st.integers(1, 3_000), st.data())
def test_open_parts_cover_what_is_left_and_none_closes(size: int, part_size: int, data: st.DataObject) -> None:
    position = start = data.draw(st.integers(0, size))
    for part in plan_open_parts([(start, size - start)], part_size):
        assert part.offset == position
        assert 0 < part.size <= part_size
        assert not part.final
        position += part.size
    assert position == size


def test_plans_for_a_near_server() -> None:
    assert choose_plan(ONE_NEAR_REQUEST_SIZE) == Plan(1, ONE_NEAR_REQUEST_SIZE, ONE_NEAR_REQUEST_SIZE)
    assert choose_plan(64 * MEGABYTE) == Plan(4, FIRST_PART, 16 * MEGABYTE)
    assert choose_plan(600 * MEGABYTE) == Plan(4, FIRST_PART, 50 * MEGABYTE)
    assert choose_plan(601 * MEGABYTE) == Plan(4, FIRST_PART, 37_562_500)
    assert choose_plan(10**12) == Plan(4, FIRST_PART, 50 * MEGABYTE)
    assert choose_plan(100 * MEGABYTE, parallel=2, part_size=1000) == Plan(2, 1000, 1000)
    assert choose_plan(100 * MEGABYTE, parallel=1) == Plan(1, 50 * MEGABYTE, 50 * MEGABYTE)


def test_plans_for_a_server_further_away() -> None:
    assert choose_plan(ONE_REQUEST_SIZE, round_trip=0.02) == Plan(1, ONE_REQUEST_SIZE, ONE_REQUEST_SIZE)
    assert choose_plan(64 * MEGABYTE, round_trip=0.02) == Plan(4, FIRST_PART, 16 * MEGABYTE)
    assert choose_plan(512 * MEGABYTE, round_trip=0.02) == Plan(8, FIRST_PART, 32 * MEGABYTE)
    assert choose_plan(64 * MEGABYTE, round_trip=0.08) == Plan(8, FIRST_PART, 8 * MEGABYTE)
    assert choose_plan(20 * MEGABYTE, round_trip=0.08) == Plan(8, FIRST_PART, MIN_PART_SIZE)


@given(st.integers(ONE_NEAR_REQUEST_SIZE + 1, 10**13), st.integers(1, 16), st.floats(0, 1))
def test_all_senders_get_the_same_number_of_parts(size: int, parallel: int, round_trip: float) -> None:
    plan = choose_plan(size, parallel=parallel, round_trip=round_trip)
    assert MIN_PART_SIZE <= plan.part_size <= 50 * MEGABYTE
    parts = -(-size // plan.part_size)
    assert plan.part_size == MIN_PART_SIZE or parts % parallel == 0 or size < 10**7 * parallel


@pytest.mark.parametrize("parallel", [0, -1, 17])
def test_a_number_of_parts_out_of_range(client: KalturaClient, video: FileSource, parallel: int) -> None:
    with pytest.raises(ValueError, match="send 1 to 16 parts at once"):
        upload(client, video, parallel=parallel)


# -- the same bytes


@pytest.mark.parametrize("parallel", [None, 1, 2, 3, 8, 16])
def test_the_same_bytes_around_every_boundary(
    client: KalturaClient, tmp_path: Path, uniq: str, parallel: int | None
) -> None:
    edges = [edge * PART + step for edge in (1, 2, 3, 9, 17) for step in (-1, 0, 1)]
    for size in [1, 2, *edges, 20 * PART + 123]:
        source = make_file(tmp_path / f"{uniq}-{size}.mp4", size)
        progress: list[UploadProgress] = []
        done = upload(client, source, part_size=PART, parallel=parallel, on_progress=progress.append)
        steps = [step.bytes_done for step in progress]
        assert steps == sorted(set(steps)), "progress only grows"
        assert steps[-1] == size
        assert (done.bytes_sent, done.resumed_from) == (size, 0)
        check(client, source, done.token.id)


@pytest.mark.parametrize("size", [ONE_REQUEST_SIZE, ONE_NEAR_REQUEST_SIZE, ONE_NEAR_REQUEST_SIZE + 1])
def test_the_same_bytes_with_the_usual_settings(client: KalturaClient, tmp_path: Path, uniq: str, size: int) -> None:
    source = make_file(tmp_path / f"{uniq}.mp4", size)
    check(client, source, upload(client, source).token.id)


def test_the_first_part_goes_alone_then_as_many_as_asked_for(
    sandbox: SandboxServer, client: KalturaClient, new_client: ClientFactory, video: FileSource
) -> None:
    together = threading.Barrier(4)
    log: list[tuple[str, int]] = []

    def wait_for_each_other(received: Received, offset: int, number: int, go: Callable[[], bytes]) -> Reply:
        log.append(("got", offset))
        if PART <= offset <= 8 * PART:
            # Two rounds of four: this ends only if four are on their way at once.
            together.wait(20)
        reply = go()
        log.append(("answered", offset))
        return reply

    with faulty_proxy(sandbox.url, wait_for_each_other) as proxy:
        done = upload(new_client(url=proxy.url), video, part_size=PART, parallel=4)
    assert log[:2] == [("got", FIRST), ("answered", FIRST)]
    assert log[-2:] == [("got", FINAL), ("answered", FINAL)]
    in_flight = most = 0
    for what, _ in log:
        in_flight += 1 if what == "got" else -1
        most = max(most, in_flight)
    assert most == 4
    check(client, video, done.token.id)


def test_a_part_that_arrives_after_all_others(
    sandbox: SandboxServer, client: KalturaClient, new_client: ClientFactory, video: FileSource
) -> None:
    others = threading.Semaphore(0)

    def late(received: Received, offset: int, number: int, go: Callable[[], bytes]) -> Reply:
        if offset == PART:
            for _ in range(8):
                assert others.acquire(timeout=20)
        reply = go()
        others.release() if PART < offset < SIZE else None
        return reply

    with faulty_proxy(sandbox.url, late) as proxy:
        done = upload(new_client(url=proxy.url), video, part_size=PART, parallel=4)
    check(client, video, done.token.id)


# -- faults

FAULTS: dict[str, Callable[[Callable[[], bytes]], Reply]] = {
    "request lost": lambda go: HANG_UP,
    "answer lost": lambda go: (go(), HANG_UP)[1],
    "502": lambda go: http("bad gateway", "502 Bad Gateway"),
    "502 although done": lambda go: (go(), http("bad gateway", "502 Bad Gateway"))[1],
    "HTML": lambda go: http("<html>captive portal</html>", headers={"Content-Type": "text/html"}),
    "blocked": lambda go: api_error("ACTION_BLOCKED"),
    "internal error": lambda go: api_error("INTERNAL_SERVERL_ERROR"),
}


@pytest.mark.parametrize("where", [FIRST, PART, MIDDLE, LAST_BYTES, FINAL])
@pytest.mark.parametrize("what", FAULTS)
def test_a_fault_of_one_part(
    sandbox: SandboxServer, client: KalturaClient, new_client: ClientFactory, video: FileSource, where: int, what: str
) -> None:
    sent: Counter[int] = Counter()

    def fault(received: Received, offset: int, number: int, go: Callable[[], bytes]) -> Reply | None:
        sent[offset] += 1
        return FAULTS[what](go) if (offset, number) == (where, 1) else None

    with faulty_proxy(sandbox.url, fault) as proxy:
        done = upload(new_client(url=proxy.url), video, part_size=PART, parallel=4)
    # Only that part went twice, and not even it where the server turned out to have it.
    known = where in (FIRST, FINAL) and what in ("answer lost", "502 although done")
    assert sent == {**dict.fromkeys([*range(0, SIZE, PART), SIZE], 1), where: 1 if known else 2}
    check(client, video, done.token.id)


def test_a_part_that_is_said_to_have_arrived_but_did_not(
    sandbox: SandboxServer, client: KalturaClient, new_client: ClientFactory, video: FileSource
) -> None:
    def swallow(received: Received, offset: int, number: int, go: Callable[[], bytes]) -> Reply | None:
        return result({"id": "", "status": 1}) if (offset, number) == (MIDDLE, 1) else None

    progress: list[int] = []
    with faulty_proxy(sandbox.url, swallow) as proxy:
        done = upload(
            new_client(url=proxy.url),
            video,
            part_size=PART,
            parallel=4,
            on_progress=lambda step: progress.append(step.bytes_done),
        )
    assert progress == sorted(set(progress))
    assert done.bytes_sent == SIZE
    check(client, video, done.token.id)


def test_a_server_in_trouble_is_waited_for_longer(
    sandbox: SandboxServer, client: KalturaClient, new_client: ClientFactory, video: FileSource
) -> None:
    def trouble(received: Received, offset: int, number: int, go: Callable[[], bytes]) -> Reply | None:
        return http(status="503 Service Unavailable") if offset == MIDDLE and number <= 6 else None

    with faulty_proxy(sandbox.url, trouble) as proxy:
        patient = new_client(url=proxy.url, max_attempts=3, rate_limit_wait=20.0)
        done = upload(patient, video, part_size=PART, parallel=4)
    check(client, video, done.token.id)


def test_a_look_at_the_token_is_as_patient(
    sandbox: SandboxServer, client: KalturaClient, new_client: ClientFactory, video: FileSource
) -> None:
    # The answer to the last part is lost in a longer trouble: only the token can tell that all is well.
    looks = 0

    def trouble(received: Received) -> Reply:
        nonlocal looks
        if action_of(received) == "uploadToken.get":
            looks += 1
            if looks <= 8:
                return http(status="503 Service Unavailable")
        reply = forward(sandbox.url, received)
        return HANG_UP if offset_of(received) == FINAL else reply

    with ScriptedServer(trouble) as proxy:
        patient = new_client(url=proxy.url, max_attempts=3, rate_limit_wait=20.0)
        done = upload(patient, video, part_size=PART, parallel=4)
        assert proxy.calls.count("uploadToken.upload") == 11
    assert looks == 9
    check(client, video, done.token.id)


def test_patience() -> None:
    lost, busy = KalturaError("CONNECTION_LOST"), KalturaError("INTERNAL_SERVERL_ERROR")
    for error in (lost, busy, SourceUnavailableError("S3 is away")):
        patience = Patience(quick("http://a", max_attempts=3, backoff_max=60.0))
        assert [patience.wait_after(error) is None for _ in range(9)] == [False] * 9, "there is a minute of time each"
        hurried = Patience(quick("http://a", max_attempts=3, backoff_max=0.0, rate_limit_wait=0.0))
        assert [hurried.wait_after(error) is None for _ in range(3)] == [False, False, True]
        hurried.reset()
        assert hurried.wait_after(error) is not None
        assert Patience(quick("http://a", max_attempts=1), budget=60.0).wait_after(error) is None
        asked_for = Patience(quick("http://a", max_attempts=3, backoff_max=0.0), budget=60.0)
        assert [asked_for.wait_after(error) is None for _ in range(9)] == [False] * 9
    blocked = Patience(quick("http://a", rate_limit_wait=7.0)).wait_after(KalturaError("ACTION_BLOCKED"))
    assert blocked is not None
    assert blocked >= 7.0


def test_a_part_that_never_arrives_is_given_up(
    sandbox: SandboxServer, new_client: ClientFactory, video: FileSource
) -> None:
    tries: list[int] = []

    def never(received: Received, offset: int, number: int, go: Callable[[], bytes]) -> Reply | None:
        if offset != MIDDLE:
            return None
        tries.append(number)
        return HANG_UP

    with (
        faulty_proxy(sandbox.url, never) as proxy,
        pytest.raises(KalturaError, match="CONNECTION_LOST"),
    ):
        upload(new_client(url=proxy.url), video, part_size=PART, parallel=4)
    # As often as the client is told to at least, and once more where the waits were short.
    assert len(tries) >= 3
    assert upload_threads() == []


def test_a_refusal_stops_all_parts(
    sandbox: SandboxServer, client: KalturaClient, new_client: ClientFactory, tmp_path: Path, uniq: str
) -> None:
    source = make_file(tmp_path / f"{uniq}.mp4", 100 * PART)
    sent: list[int] = []

    def refuse(received: Received, offset: int, number: int, go: Callable[[], bytes]) -> Reply | None:
        sent.append(offset)
        return api_error("SERVICE_FORBIDDEN", "not allowed") if offset == 2 * PART else None

    with faulty_proxy(sandbox.url, refuse) as proxy, pytest.raises(KalturaError, match="SERVICE_FORBIDDEN"):
        upload(new_client(url=proxy.url), source, part_size=PART, parallel=4)
    assert len(sent) < 50
    assert upload_threads() == []


class BrokenSource(FileSource):
    """A file that cannot be read at one place."""

    def open(self, start: int, length: int) -> ByteStream:
        if start == MIDDLE:
            raise OSError("the disk has a bad block")
        return super().open(start, length)


def test_a_source_that_can_not_be_read_at_one_place(
    client: KalturaClient, tmp_path: Path, video: FileSource, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(OSError, match="the disk has a bad block"):
        upload(client, BrokenSource(tmp_path / video.name), part_size=PART, parallel=4)
    assert f"Bytes {MIDDLE} to {MIDDLE + PART} of {video.name} could not be read: the disk has a bad block" in (
        caplog.text
    )
    assert upload_threads() == []


@pytest.mark.skipif(threading.current_thread() is not threading.main_thread(), reason="only a main thread gets signals")
def test_an_interrupted_upload_leaves_no_thread_and_goes_on_later(
    sandbox: SandboxServer, client: KalturaClient, new_client: ClientFactory, video: FileSource
) -> None:
    tokens: list[str] = []

    def interrupt(received: Received, offset: int, number: int, go: Callable[[], bytes]) -> Reply | None:
        if offset == MIDDLE:
            os.kill(os.getpid(), signal.SIGINT)
        return None

    # A process that a shell started in the background ignores Ctrl-C.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with faulty_proxy(sandbox.url, interrupt) as proxy, pytest.raises(KeyboardInterrupt):
            upload(
                new_client(url=proxy.url),
                video,
                part_size=PART,
                parallel=2,
                on_token=lambda token: tokens.append(token.id),
            )
    finally:
        signal.signal(signal.SIGINT, before)
    assert upload_threads() == []
    done = upload(client, video, token=tokens[0], part_size=PART, parallel=2)
    assert done.token.id == tokens[0]
    assert done.resumed_from >= PART
    check(client, video, tokens[0])


# -- continued


def test_a_killed_process_is_continued(
    client: KalturaClient, sandbox: SandboxServer, tmp_path: Path, video: FileSource
) -> None:
    script = f"""
        import os, signal
        from kaltura_provider.api import *
        config = ClientConfig({sandbox.url!r}, 102)
        client = KalturaClient(config, AdminSecretCredentials({ADMIN_SECRET!r}), SessionSpec(user_id="tester"))
        def progress(step):
            if step.bytes_done >= {4 * PART}:
                os.kill(os.getpid(), signal.SIGKILL)
        def token(token):
            print(token.id, flush=True)
        source = FileSource({str(tmp_path / video.name)!r})
        upload(client, source, part_size={PART}, parallel=4, on_progress=progress, on_token=token)
    """
    run = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=False)
    assert run.returncode == -signal.SIGKILL, run.stderr
    token_id = run.stdout.strip()
    stands_at = get_token(client, token_id).uploaded_file_size
    done = upload(client, video, token=token_id, part_size=PART, parallel=4)
    assert done.token.id == token_id
    assert PART <= stands_at <= done.resumed_from
    assert done.bytes_sent + done.resumed_from == SIZE
    check(client, video, token_id)


@pytest.mark.parametrize("parallel", [1, 4])
def test_parts_behind_a_gap_are_sent_again(client: KalturaClient, video: FileSource, parallel: int) -> None:
    params = {"uploadToken": {"fileName": video.name, "fileSize": video.size}}
    token = client.call("uploadToken", "add", params)["id"]
    send(client, token, video, Part(0, PART, final=False))
    send(client, token, video, Part(5 * PART, PART, final=False))
    done = upload(client, video, token=token, part_size=PART, parallel=parallel)
    assert (done.token.id, done.resumed_from, done.bytes_sent) == (token, PART, SIZE - PART)
    check(client, video, token)


# -- what it costs


def test_memory(sandbox: SandboxServer, client: KalturaClient, tmp_path: Path) -> None:
    size, threads = 64 * MEGABYTE, 4
    path = tmp_path / "big.mp4"
    path.write_bytes((FIXTURES / "tiny.mp4").read_bytes())
    os.truncate(path, size)
    script = f"""
        import resource
        from kaltura_provider.api import *
        config = ClientConfig({sandbox.url!r}, 102)
        client = KalturaClient(config, AdminSecretCredentials({ADMIN_SECRET!r}), SessionSpec(user_id="tester"))
        # The first call imports everything and starts the session.
        client.call("system", "ping")
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        done = upload(client, FileSource({str(path)!r}), parallel={threads})
        assert done.token.uploaded_file_size == {size}
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
        client.call("uploadToken", "delete", {{"uploadTokenId": done.token.id}})
    """
    run = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert int(run.stdout) * 1024 < (8 + 2 * threads) * MEGABYTE
