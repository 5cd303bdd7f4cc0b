"""What is found out about media files, real ones, whole and damaged."""

from __future__ import annotations

import io
import os
import random
import signal
import struct
import time
from typing import TYPE_CHECKING, Any, Literal

import psutil
import pytest
from tests.pipeline.quality.samples import KEY, boxes, clip, noise_video, remuxed
from tests.provider.api.sample_files import sample

from kaltura_pipeline.quality.facts import AudioTrack, MediaFacts
from kaltura_pipeline.quality.media import MediaProber, ProbeLimits, probe_media
from kaltura_pipeline.quality.reading import BytesSource
from kaltura_provider.api.media_kind import MediaKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from kaltura_provider.api.multipart import ByteStream


@pytest.fixture(scope="module")
def prober() -> Iterator[MediaProber]:
    with MediaProber() as prober:
        yield prober


def _damage(facts: MediaFacts) -> list[object]:
    found = (facts.truncated, facts.index_missing, facts.encrypted, facts.unreadable, facts.not_media)
    return [each for each in found if each]


def test_a_video_is_described(prober: MediaProber) -> None:
    facts = prober.probe(BytesSource("talk.mp4", clip()))
    assert (facts.kind, facts.container, facts.video_codec) == ("video", "mp4", "h264")
    assert (facts.width, facts.height, facts.fps, facts.rotation) == (320, 180, 24.0, 0)
    assert facts.duration == pytest.approx(2.0, abs=0.05)
    assert [(track.codec, track.language) for track in facts.audio] == [("aac", "")]
    assert facts.demuxed
    assert _damage(facts) == []
    assert MediaFacts.from_json(facts.to_json()) == facts


@pytest.mark.parametrize(
    ("name", "container", "codecs"),
    [
        ("a.mov", "mov", ["h264", "aac"]),
        ("fragments.mp4", "mp4", ["h264", "aac"]),
        ("a.webm", "webm", ["vp8", "opus"]),
        ("a.mkv", "mkv", ["h264", "aac"]),
        ("a.avi", "avi", ["mpeg4", "mp3"]),
        ("a.ts", "ts", ["h264", "aac"]),
        ("a.mpg", "mpg", ["mpeg1video", "mp2"]),
        ("a.wmv", "wmv", ["wmv2", "wmav2"]),
        ("a.mxf", "mxf", ["mpeg2video", "pcm_s16le"]),
        ("a.flv", "flv", ["flv1", "mp3"]),
        ("a.m4a", "m4a", ["aac"]),
        ("a.mp3", "mp3", ["mp3"]),
        ("a.wav", "wav", ["pcm_s16le"]),
        ("a.ogg", "ogg", ["vorbis"]),
        ("a.flac", "flac", ["flac"]),
        ("a.aiff", "aiff", ["pcm_s16be"]),
    ],
)
def test_every_usual_form_is_read(prober: MediaProber, name: str, container: str, codecs: list[str]) -> None:
    facts = prober.probe(BytesSource(name, sample(name)))
    assert facts.container == container
    assert [codec for codec in (facts.video_codec, *(track.codec for track in facts.audio)) if codec] == codecs
    assert facts.kind == ("video" if facts.video_codec else "audio")
    assert facts.duration == pytest.approx(0.5, abs=0.1)
    assert _damage(facts) == []


@pytest.mark.parametrize("muxer", ["mp4", "matroska"])
def test_sound_tracks_are_listed_with_their_languages(prober: MediaProber, muxer: str) -> None:
    facts = prober.probe(BytesSource("talk.mkv", remuxed(muxer, languages=("deu", "eng"))))
    assert [track.language for track in facts.audio] == ["deu", "eng"]
    assert {track.channels for track in facts.audio} == {facts.audio[0].channels}
    assert facts.audio[0].channels in (1, 2)


def test_a_video_without_sound_has_no_tracks(prober: MediaProber) -> None:
    facts = prober.probe(BytesSource("silent.mp4", remuxed("mp4", keep=("video",))))
    assert (facts.kind, facts.video_codec, facts.audio) == ("video", "h264", ())


def test_sound_alone_in_a_video_container_is_told(prober: MediaProber) -> None:
    facts = prober.probe(BytesSource("talk.mp4", remuxed("mp4", keep=("audio",))))
    assert (facts.video_codec, facts.width) == ("", 0)
    assert [track.codec for track in facts.audio] == ["aac"]


def test_a_turned_picture_has_the_size_it_is_shown_in(prober: MediaProber) -> None:
    facts = prober.probe(BytesSource("phone.mp4", remuxed("mp4", rotation=90)))
    assert (facts.rotation, facts.width, facts.height) == (90, 180, 320)


@pytest.mark.parametrize("protected", [b"drmi", b"drms"])
def test_tracks_protected_by_a_shop_are_told(prober: MediaProber, protected: bytes) -> None:
    plain = {b"drmi": b"avc1", b"drms": b"mp4a"}[protected]
    start = clip().index(plain, clip().index(b"stsd"))
    facts = prober.probe(BytesSource("film.mp4", clip()[:start] + protected + clip()[start + 4 :]))
    assert facts.encrypted


def test_encrypted_tracks_are_told(prober: MediaProber) -> None:
    facts = prober.probe(BytesSource("film.mp4", remuxed("mp4", KEY)))
    assert facts.encrypted
    assert facts.video_codec == "h264"


def test_a_cut_file_with_its_index_first_is_told(prober: MediaProber) -> None:
    data = remuxed("mp4", {"movflags": "faststart"})
    facts = prober.probe(BytesSource("talk.mp4", data[: len(data) // 2]))
    assert facts.truncated == (f"its box 'mdat' should end at byte {len(data)}, the file ends at byte {len(data) // 2}")
    assert not facts.index_missing
    assert facts.video_codec == "h264"


def test_a_cut_file_with_its_index_last_has_none(prober: MediaProber) -> None:
    facts = prober.probe(BytesSource("talk.mp4", clip()[:-5000]))
    assert facts.truncated or facts.index_missing
    start = boxes(clip())[b"moov"][0]
    facts = prober.probe(BytesSource("talk.mp4", clip()[:start]))
    assert facts.index_missing
    assert not facts.truncated
    facts = prober.probe(BytesSource("talk.mp4", clip()[: start - 1000]))
    assert facts.index_missing
    assert "'mdat'" in facts.truncated


def test_a_file_whose_data_is_missing_at_a_box_border_is_told(prober: MediaProber) -> None:
    data = remuxed("mp4", {"movflags": "faststart"})
    facts = prober.probe(BytesSource("talk.mp4", data[: boxes(data)[b"mdat"][0]]))
    assert facts.truncated.startswith("its index names data up to byte")


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("talk.mkv", lambda: remuxed("matroska")),
        ("talk.avi", lambda: sample("a.avi")),
        ("talk.wav", lambda: sample("a.wav")),
        ("talk.aiff", lambda: sample("a.aiff")),
        ("fragments.mp4", lambda: sample("fragments.mp4")),
        ("picture.bmp", lambda: sample("a.bmp")),
        ("picture.png", lambda: sample("a.png")),
    ],
)
def test_other_forms_that_are_cut_are_told(prober: MediaProber, name: str, data: Callable[[], bytes]) -> None:
    whole = data()
    assert not prober.probe(BytesSource(name, whole)).truncated
    facts = prober.probe(BytesSource(name, whole[: len(whole) * 2 // 3]))
    assert facts.truncated, facts


@pytest.mark.parametrize(("name", "order"), [("a.wav", "little"), ("a.avi", "little"), ("a.aiff", "big")])
def test_a_header_that_counts_itself_does_no_harm(
    prober: MediaProber, name: str, order: Literal["little", "big"]
) -> None:
    data = sample(name)
    counted = len(data).to_bytes(4, order)
    assert _damage(prober.probe(BytesSource(name, data[:4] + counted + data[8:]))) == []


def test_what_stands_after_the_end_does_no_harm(prober: MediaProber) -> None:
    facts = prober.probe(BytesSource("talk.mp4", clip() + bytes(100_000)))
    assert _damage(facts) == []


def test_a_recording_that_was_never_finished_is_told(prober: MediaProber) -> None:
    start, _ = boxes(clip())[b"mdat"]
    recording = clip()[:start] + struct.pack(">I", 0) + clip()[start + 4 : start + 20_000]
    assert prober.probe(BytesSource("talk.mp4", recording)).index_missing


def test_a_text_named_as_a_video_is_no_media(prober: MediaProber) -> None:
    facts = prober.probe(BytesSource("talk.mp4", b"The recording is on the other disk.\n"))
    assert "its content is a text" in facts.not_media
    assert facts.kind == ""


def test_images_have_a_size(prober: MediaProber) -> None:
    facts = prober.probe(BytesSource("poster.png", sample("a.png")))
    assert (facts.kind, facts.container, facts.width, facts.height, facts.duration) == ("image", "png", 64, 48, None)


def test_documents_are_not_taken_apart(prober: MediaProber) -> None:
    facts = prober.probe(BytesSource("handout.pdf", sample("a.pdf")))
    assert (facts.kind, facts.demuxed, facts.unreadable) == ("document", False, "")


def test_the_users_word_on_the_kind_counts(prober: MediaProber) -> None:
    facts = prober.probe(BytesSource("notes.mp4", b"a text"), MediaKind.DOCUMENT)
    assert (facts.kind, facts.not_media) == ("document", "")


def test_broken_bytes_neither_crash_nor_hang(prober: MediaProber) -> None:
    chance = random.Random(7)
    began = time.monotonic()
    for number in range(150):
        name = ("fast.mp4", "a.mkv", "a.avi", "a.ts", "a.wmv", "a.mp3", "a.jpg")[number % 7]
        data = bytearray(sample(name))
        for _ in range(chance.randint(1, 60)):
            data[chance.randrange(16, len(data))] = chance.randrange(256)
        facts = prober.probe(BytesSource(name, bytes(data)))
        assert facts.size == len(data)
    assert time.monotonic() - began < 60


def test_a_file_may_not_name_other_files_to_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import av

    from kaltura_pipeline.quality.child import Demuxer

    (tmp_path / "other.ts").write_bytes(sample("a.ts"))
    monkeypatch.chdir(tmp_path)
    playlist = b"ffconcat version 1.0\nfile other.ts\n"
    with av.open(io.BytesIO(playlist)) as followed:
        assert followed.streams.video  # this is what must not happen
    demuxer = Demuxer(thinking_seconds=10, seconds=10)
    try:
        answer = demuxer.facts(len(playlist), False, lambda start, length: playlist[start : start + length])
    finally:
        demuxer.close()
    assert "error" in answer["facts"]


class Trap:
    """A file that does something to the process that reads it, in the middle of that."""

    name = "talk.mp4"

    def __init__(self, what: Callable[[psutil.Process], object]) -> None:
        self._data = noise_video(1)
        self.size = len(self._data)
        self._what = what
        self.opened = 0

    def open(self, start: int, length: int) -> ByteStream:
        self.opened += 1
        if self.opened == 3:
            self._what(_demuxers()[-1])
        return BytesSource(self.name, self._data).open(start, length)


def _demuxers() -> list[psutil.Process]:
    """The processes that read files, the last one that was started at the end."""
    running = [child for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE]
    found = [child for child in running if "kaltura_pipeline.quality.demuxer" in child.cmdline()]
    return sorted(found, key=psutil.Process.create_time)


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGKILL, signal.SIGSTOP])
def test_a_demuxer_that_the_system_ends_or_stops_is_started_again(number: int) -> None:
    before = _demuxers()
    with MediaProber(ProbeLimits(thinking_seconds=2.0)) as prober:
        prober.probe(BytesSource("first.mp4", clip()))
        trap = Trap(lambda process: os.kill(process.pid, number))
        facts = prober.probe(trap)
    assert trap.opened >= 3
    assert (facts.video_codec, facts.unreadable) == ("h264", "")
    assert _demuxers() == before


@pytest.mark.parametrize(
    ("library", "said"),
    [
        ("import os; os.kill(os.getpid(), 11)", "crash"),
        ("import os; [os.write(pipe, b'{\"read\": 5}\\\\n') for pipe in (1, 3)]", "nonsense"),
        ("while True: pass", "takes too long"),
        ("import ctypes; ctypes.string_at(0)", "crash"),
        ("x = bytearray(8 * 1024**3)", "MemoryError"),
    ],
)
def test_what_a_file_can_make_the_library_do_stays_in_its_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, library: str, said: str
) -> None:
    data = clip()
    (tmp_path / "av.py").write_text(f"__version__ = '18.0'\ndef open(file, **_):\n    {library}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with MediaProber(ProbeLimits(thinking_seconds=1.0)) as prober:
        facts = prober.probe(BytesSource("bad.mp4", data))
        assert said in facts.unreadable
        assert prober.probe(BytesSource("poster.png", sample("a.png"))).width == 64


def test_the_demuxer_has_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-for-children")
    monkeypatch.setenv("AIRFLOW_CONN_KALTURA_DEFAULT", "kaltura://secret")
    seen: dict[str, str] = {}
    with MediaProber() as prober:
        prober.probe(BytesSource("first.mp4", clip()))
        prober.probe(Trap(lambda process: seen.update(process.environ())))
    assert "PYTHONPATH" in seen
    assert not [name for name in seen if name.startswith(("AWS_", "AIRFLOW_", "KALTURA_"))]


def test_a_failing_source_is_not_the_files_fault(prober: MediaProber) -> None:
    from kaltura_provider.api import SourceUnavailableError

    def fail(_: psutil.Process) -> None:
        raise SourceUnavailableError("s3://b/k cannot be read")

    prober.probe(BytesSource("first.mp4", clip()))
    with pytest.raises(SourceUnavailableError):
        prober.probe(Trap(fail))
    assert prober.probe(BytesSource("next.mp4", clip())).video_codec == "h264"


def test_what_may_be_read_is_bounded() -> None:
    data = noise_video(1)
    with MediaProber(ProbeLimits(max_bytes=300_000)) as prober:
        facts = prober.probe(BytesSource("talk.mp4", data))
    assert facts.bytes_read <= 300_000
    assert "not looked at to its end" in facts.note
    # Nothing is held against a file that was not looked at.
    assert _damage(facts) == []


def test_without_a_demuxer_headers_are_checked_and_it_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    whole, encrypted = remuxed("mp4", {"movflags": "faststart"}), remuxed("mp4", KEY)
    for library in ("av", "PIL"):
        (tmp_path / f"{library}.py").write_text("raise ImportError\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(MediaProber, "_said", set())
    contents = (whole, whole[:20_000], b"a text", encrypted)
    with MediaProber() as prober:
        facts = [prober.probe(BytesSource("talk.mp4", data)) for data in contents]
    assert not any(fact.demuxed for fact in facts)
    assert "airflow-provider-kaltura[quality]" in facts[0].note
    assert [bool(fact.truncated) for fact in facts] == [False, True, False, False]
    assert [bool(fact.not_media) for fact in facts] == [False, False, True, False]
    assert [fact.encrypted for fact in facts] == [False, False, False, True]
    assert len([record for record in caplog.records if "is not installed" in record.message]) == 1


def test_probing_a_large_object_in_s3_costs_a_few_requests(s3: Any, bucket: str) -> None:
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook

    from kaltura_provider.transfers.s3_source import S3Source

    data = noise_video(4)
    assert len(data) > 50_000_000
    assert boxes(data)[b"moov"][1] == len(data)
    s3.put_object(Bucket=bucket, Key="in/talk.mp4", Body=data)
    source = S3Source.find(S3Hook("aws_default"), bucket, "in/talk.mp4")
    answers: list[int] = []
    source.client.meta.events.register(
        "after-call.s3.GetObject", lambda parsed, **_: answers.append(int(parsed["ContentLength"]))
    )
    facts = probe_media(source)
    assert (facts.video_codec, facts.audio) == ("h264", (AudioTrack("aac", 2),))
    assert facts.duration == pytest.approx(4.0, abs=0.1)
    assert (facts.requests, facts.bytes_read) == (len(answers), sum(answers))
    assert facts.requests <= 8
    assert facts.bytes_read < 0.02 * len(data)
