"""An upload says what it does, can be stopped, goes on without waste, and is checked against its source."""

from __future__ import annotations

import io
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.provider.api.conftest import ClientFactory
from tests.provider.api.scripted import HANG_UP, Received, Reply
from tests.provider.api.test_parallel_upload import check, faulty_proxy, upload_threads
from tests.provider.api.test_upload import PART, content_of, make_video, stored

from kaltura_provider.api import (
    Checksum,
    FileSource,
    KalturaClient,
    KalturaError,
    SourceUnavailableError,
    StreamSource,
    UploadProgress,
    UploadStoppedError,
    UploadToken,
    get_token,
    upload,
)
from kaltura_provider.api.checksums import Crc
from kaltura_provider.api.multipart import ByteStream
from kaltura_provider.api.upload_parts import AHEAD
from kaltura_sandbox.faults import FaultProxy, Request
from kaltura_sandbox.server import SandboxServer

SIZE = 9 * PART + 321


@pytest.fixture
def video(tmp_path: Path, uniq: str) -> FileSource:
    return FileSource(make_video(tmp_path / f"{uniq}.mp4", SIZE))


def checksum_of(source: FileSource, algorithm: str = "CRC64NVME") -> Checksum:
    crc = Crc(algorithm)
    return crc.checksum(crc.update(content_of(source), 0))


# -- the checksum


@pytest.mark.parametrize("parallel", [1, 4])
@pytest.mark.parametrize("algorithm", ["CRC64NVME", "CRC32C", "CRC32"])
def test_the_checksum_of_what_was_sent_is_compared_with_the_sources(
    client: KalturaClient, video: FileSource, algorithm: str, parallel: int
) -> None:
    video.checksum = checksum_of(video, algorithm)
    done = upload(client, video, part_size=PART, parallel=parallel)
    assert (done.checksum, done.verified) == (video.checksum, True)


def test_without_a_checksum_of_the_source_one_is_computed(client: KalturaClient, video: FileSource) -> None:
    done = upload(client, video, part_size=PART)
    assert (done.checksum, done.verified) == (checksum_of(video), False)


def test_bytes_that_are_not_the_sources_are_thrown_away(client: KalturaClient, video: FileSource) -> None:
    video.checksum = Checksum("CRC32C", "AAAAAA==")
    made: list[UploadToken] = []
    with pytest.raises(KalturaError, match=r"UPLOAD_CHECKSUM_MISMATCH: the bytes of .* the source says") as caught:
        upload(client, video, part_size=PART, on_token=made.append)
    assert caught.value.retryable
    with pytest.raises(KalturaError, match="UPLOAD_TOKEN_NOT_FOUND"):
        get_token(client, made[0].id)


# -- going on without waste


def interrupted(
    sandbox: SandboxServer, new_client: ClientFactory, video: FileSource, hole: int
) -> tuple[str, str, Counter[int]]:
    """An upload that broke off when all parts but one had arrived; the token, its notes, and how often parts went."""
    tokens: list[str] = []
    notes: list[str] = []

    def note(text: str) -> bool:
        notes.append(text)
        return True

    sent: Counter[int] = Counter()

    def fault(received: Received, offset: int, number: int, go: Callable[[], bytes]) -> Reply | None:
        sent[offset] += 1
        return HANG_UP if offset == hole else None

    with faulty_proxy(sandbox.url, fault) as proxy, pytest.raises(KalturaError):
        upload(
            new_client(url=proxy.url, max_attempts=40),
            video,
            part_size=PART,
            parallel=2,
            budget=0.5,
            on_token=lambda token: tokens.append(token.id),
            on_confirmed=note,
        )
    return tokens[0], notes[-1], sent


def test_what_waits_behind_a_gap_is_not_sent_again(
    sandbox: SandboxServer, client: KalturaClient, new_client: ClientFactory, video: FileSource
) -> None:
    token, confirmed, before = interrupted(sandbox, new_client, video, hole=2 * PART)
    assert before[7 * PART], "the other thread went on"
    resumed: Counter[int] = Counter()

    def count(received: Received, offset: int, number: int, go: Callable[[], bytes]) -> None:
        resumed[offset] += 1

    video.checksum = checksum_of(video)
    with faulty_proxy(sandbox.url, count) as proxy:
        done = upload(new_client(url=proxy.url), video, token=token, confirmed=confirmed, part_size=PART, parallel=2)
    sent_twice = [offset for offset in resumed if before[offset] and offset not in (2 * PART, SIZE)]
    assert sent_twice == []
    assert done.token.id == token
    assert done.verified, "the checksum is joined from what both have sent"
    assert done.resumed_from + done.bytes_sent == SIZE
    check(client, video, token)


def test_notes_that_are_wrong_cost_time_and_nothing_else(
    sandbox: SandboxServer, client: KalturaClient, new_client: ClientFactory, video: FileSource
) -> None:
    token, _, _ = interrupted(sandbox, new_client, video, hole=2 * PART)
    everything = f'{{"algorithm":"CRC64NVME","ranges":[[0,{SIZE},7]]}}'
    done = upload(client, video, token=token, confirmed=everything, part_size=PART, parallel=2)
    assert done.checksum == checksum_of(video)
    check(client, video, token)


# -- stopped


@pytest.mark.parametrize("parallel", [1, 4])
def test_stopped_within_a_second_and_continued(
    sandbox: SandboxServer, client: KalturaClient, new_client: ClientFactory, video: FileSource, parallel: int
) -> None:
    stop, ended = threading.Event(), threading.Event()
    moments: list[float] = []
    tokens: list[str] = []

    def hold(received: Received, offset: int, number: int, go: Callable[[], bytes]) -> Reply | None:
        if offset == 4 * PART:
            stop.set()
            moments.append(time.monotonic())
            # This part gets no answer for longer than anybody wants to wait for it.
            ended.wait(20)
        return None

    with faulty_proxy(sandbox.url, hold) as proxy:
        far = new_client(url=proxy.url)
        with pytest.raises(UploadStoppedError, match=r"was stopped at \d+ of \d+ bytes.*goes on from there"):
            upload(
                far, video, part_size=PART, parallel=parallel, stop=stop, on_token=lambda token: tokens.append(token.id)
            )
        assert time.monotonic() - moments[0] < 4
        ended.set()
    done = upload(client, video, token=tokens[0], part_size=PART)
    assert done.token.id == tokens[0]
    assert done.resumed_from >= 3 * PART
    check(client, video, tokens[0])


def test_what_the_caller_raises_ends_the_upload(
    client: KalturaClient, sandbox: SandboxServer, video: FileSource
) -> None:
    class Lost(Exception):
        """Another worker has the file now."""

    ticks: list[UploadProgress] = []

    def tick(progress: UploadProgress) -> None:
        ticks.append(progress)
        raise Lost

    slow = SlowSource(video)
    with pytest.raises(Lost):
        upload(client, slow, part_size=PART, parallel=2, on_tick=tick)
    assert len(ticks) == 1
    assert upload_threads() == []


class SlowSource:
    """A file on a store that takes its time."""

    checksum = None

    def __init__(self, source: FileSource, pause: float = 0.7) -> None:
        self._source, self._pause = source, pause
        self.name, self.size, self.fingerprint = source.name, source.size, source.fingerprint

    def open(self, start: int, length: int) -> ByteStream:
        time.sleep(self._pause)
        return self._source.open(start, length)


def test_progress_is_told_while_parts_are_on_their_way(client: KalturaClient, video: FileSource) -> None:
    ticks: list[UploadProgress] = []
    upload(client, SlowSource(video), part_size=SIZE, parallel=1, on_tick=ticks.append)
    assert ticks, "one request took longer than the pace of the ticks"
    assert {(tick.bytes_done, tick.bytes_total) for tick in ticks} == {(0, SIZE)}
    text = str(UploadProgress("t", 50_000_000, 200_000_000, 50_000_000, 20_000_000, 3, 4.0))
    assert text == "100000000 of 200000000 bytes (50 %), 20.0 MB/s, about 5 s left, 3 parts sent again"


# -- sources


def test_an_open_stream(client: KalturaClient, video: FileSource) -> None:
    stream = io.BytesIO(content_of(video))
    source = StreamSource(stream, video.name)
    done = upload(client, source, part_size=PART, parallel=4)
    assert stored(client, done.token.id) == content_of(video)
    assert not stream.closed
    assert StreamSource(stream, "a.mp4").fingerprint != source.fingerprint, "two streams may differ"
    assert StreamSource(stream, "a.mp4", "v1").fingerprint == "v1"


class MoodySource(FileSource):
    """A file on a store that is away for a while, when opened or while it is read."""

    def __init__(self, path: Path, failures: int, *, while_reading: bool) -> None:
        super().__init__(path)
        self.failures = failures
        self.while_reading = while_reading

    def open(self, start: int, length: int) -> ByteStream:
        stream: Any = super().open(start, length)
        if start >= 4 * PART and self.failures:
            self.failures -= 1
            if not self.while_reading:
                raise SourceUnavailableError("the store is away")
            pieces = iter([stream.read(PART // 2)])

            def read_some(size: int = -1, /) -> bytes:
                for piece in pieces:
                    return bytes(piece)
                raise SourceUnavailableError("the store went away")

            stream.read = read_some
        return stream  # type: ignore[no-any-return]


@pytest.mark.parametrize("while_reading", [False, True])
def test_a_store_that_is_away_for_a_while_is_waited_for(
    client: KalturaClient, tmp_path: Path, video: FileSource, *, while_reading: bool
) -> None:
    source = MoodySource(tmp_path / video.name, 5, while_reading=while_reading)
    done = upload(client, source, part_size=PART, parallel=2, budget=30)
    assert done.retries == 5
    check(client, video, done.token.id)


def test_a_store_that_stays_away_is_given_up(client: KalturaClient, tmp_path: Path, video: FileSource) -> None:
    source = MoodySource(tmp_path / video.name, 1000, while_reading=False)
    with pytest.raises(SourceUnavailableError, match="the store is away"):
        upload(client, source, part_size=PART, parallel=2, budget=0.2)
    assert upload_threads() == []


# -- connections


def test_the_first_part_is_alone_and_the_others_are_on_their_way(
    sandbox: SandboxServer, new_client: ClientFactory, tmp_path: Path
) -> None:
    """Over a long way connections take their time to get going; the server sees no other part before the first."""
    source = FileSource(make_video(tmp_path / "film.mp4", 6_000_000))
    before: list[int] = []

    def hold_first(request: Request) -> None:
        if request.upload_token and request.params.get("resume") is False:
            deadline = time.monotonic() + 20
            while time.monotonic() < deadline and proxy.counts.part_bytes[request.upload_token] < 3 * AHEAD:
                time.sleep(0.01)
            before.append(proxy.counts.part_bytes[request.upload_token])

    with FaultProxy(sandbox.url, judge=hold_first) as proxy:
        done = upload(new_client(url=proxy.url), source, part_size=1_500_000, parallel=4)
    assert before == [3 * AHEAD]
    assert (done.bytes_sent, done.retries) == (source.size, 0)
