"""What a file becomes in Kaltura: by its content, and by its name where the content leaves a choice."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.provider.api.sample_files import LOGIN_PAGE, S3_ERROR, noise, sample, zipped

from kaltura_provider.api import (
    FileSource,
    MediaKind,
    MediaRefusedError,
    detect_media_kind,
    inspect_media,
    inspect_source,
)
from kaltura_provider.api.content_types import HEAD_BYTES

VIDEO = (
    "a.mp4 fast.mp4 fragments.mp4 a.mov a.m4v a.3gp a.3g2 a.f4v a.webm a.mkv a.avi a.ts a.m2ts a.mpg a.vob a.m2v a.flv "
    "a.wmv a.mxf a.dv a.rm a.ogv camera.mod free.mov wide.mov mdat.mov skip.mov long.mov preview.mov cut.ts "
    "broadcast.ts cut.mpg late.mxf"
)
AUDIO = (
    "a.m4a plain.m4a a.mp3 bare.mp3 a.mp2 a.wav long.wav a.w64 a.flac a.ogg a.opus a.oga a.aac loas.aac a.ac3 a.eac3 "
    "a.aiff a.wma a.mka a.amr a.caf a.au a.ra tagged.mp3 padded.mp3 cut.mp3 adif.aac a.dts"
)
IMAGE = "a.jpg a.png a.gif a.webp a.tiff a.bmp a.avif a.jp2 a.heic burst.heic"
DOCUMENT = (
    "a.pdf ascii.pdf late.pdf a.docx a.xlsx a.pptx a.doc a.xls a.ppt a.odt a.ods a.odp a.epub a.zip a.key a.rtf a.txt "
    "german.txt russian.txt wide.txt a.csv a.html a.swf"
)
DATA = "a.json a.xml a.yaml"
KINDS = {
    name: kind
    for kind, names in zip(MediaKind, (VIDEO, AUDIO, IMAGE, DOCUMENT, DATA), strict=True)
    for name in names.split()
}
# What a text is, only its name can tell.
BY_NAME_ONLY = {"a.txt", "german.txt", "russian.txt", "wide.txt", "a.csv", "a.html", *DATA.split()}
REFUSED = [
    "a.exe",
    "program",
    "a.class",
    "a.sh",
    "a.bat",
    "a.php",
    "a.py",
    "a.sqlite",
    "a.tar",
    "a.gz",
    "a.bz2",
    "a.xz",
    "a.7z",
    "a.rar",
    "a.iso",
    "a.ttf",
    "a.jar",
    "a.psd",
    "a.mid",
    "a.vtt",
]


def head_of(name: str) -> bytes:
    return sample(name)[:HEAD_BYTES]


@pytest.mark.parametrize(("name", "kind"), KINDS.items())
def test_every_form_is_taken_as_what_it_is(name: str, kind: MediaKind) -> None:
    found = inspect_media(f"some/where/{name}", head_of(name))
    assert (found.kind, found.file_name, found.mismatch) == (kind, name, False)
    assert f".{found.extension}" == Path(name).suffix
    main = found.mime_type.split("/")[0]
    assert main == kind.value or kind in (MediaKind.DOCUMENT, MediaKind.DATA) or main == "application"
    assert detect_media_kind(name, head_of(name)) is kind


@pytest.mark.parametrize(("name", "kind"), [item for item in KINDS.items() if item[0] not in BY_NAME_ONLY])
def test_every_form_is_known_without_its_extension(name: str, kind: MediaKind) -> None:
    for other in ("upload", "upload.part2", "upload.mp4 (copy)"):
        found = inspect_media(other, head_of(name))
        # The first bytes of these allow both, and nothing else tells.
        if name in ("plain.m4a", "a.wma", "a.mka", "a.ra"):
            assert found.kind is MediaKind.VIDEO
        else:
            assert found.kind is kind
        assert found.extension
        assert found.file_name == f"{other}.{found.extension}"
        assert detect_media_kind(found.file_name) is found.kind


@pytest.mark.parametrize(("name", "kind"), [item for item in KINDS.items() if item[0] not in BY_NAME_ONLY])
def test_a_name_that_lies_does_not_decide(name: str, kind: MediaKind) -> None:
    lie = "a.png" if kind is not MediaKind.IMAGE else "a.mp4"
    found = inspect_media(lie, head_of(name))
    assert found.mismatch
    assert found.kind is kind or (kind is MediaKind.AUDIO and found.kind is MediaKind.VIDEO)
    assert found.file_name == f"a.{found.extension}"
    assert found.extension != Path(lie).suffix[1:]
    assert "not what its extension says" in found.note
    assert f"stored as .{found.extension}" in found.note


def test_a_photo_under_the_name_of_a_video_is_a_photo() -> None:
    found = inspect_media("talk.mp4", sample("a.jpg"))
    assert (found.kind, found.mime_type, found.file_name) == (MediaKind.IMAGE, "image/jpeg", "talk.jpg")
    assert found.note == (
        "'talk.mp4' is a JPEG image, not what its extension says: "
        "it becomes an entry of the kind image, stored as .jpg."
    )


@pytest.mark.parametrize(
    ("name", "content", "kind", "file_name"),
    [
        ("a.mp4", "a.m4a", MediaKind.VIDEO, "a.mp4"),
        ("a.m4a", "a.mp4", MediaKind.AUDIO, "a.m4a"),
        ("a.wma", "a.wmv", MediaKind.AUDIO, "a.wma"),
        ("a.mka", "a.webm", MediaKind.AUDIO, "a.mka"),
        ("a.webm", "a.mka", MediaKind.VIDEO, "a.mkv"),
        # No MP3, but still a sound file for whoever named it.
        ("song.mp3", "plain.m4a", MediaKind.AUDIO, "song.m4a"),
        ("a.ogg", "a.ogv", MediaKind.VIDEO, "a.ogv"),
        ("a.ogv", "a.ogg", MediaKind.AUDIO, "a.ogg"),
        ("a.png", "a.jpg", MediaKind.IMAGE, "a.jpg"),
        ("a.mp4", "a.mkv", MediaKind.VIDEO, "a.mkv"),
        ("a.xlsx", "a.docx", MediaKind.DOCUMENT, "a.docx"),
        ("a.docx", "a.zip", MediaKind.DOCUMENT, "a.docx"),
        ("a.doc", "a.rtf", MediaKind.DOCUMENT, "a.doc"),
        ("a.xls", "a.html", MediaKind.DOCUMENT, "a.xls"),
        ("a.json", "wide.txt", MediaKind.DOCUMENT, "a.json"),
        ("a.json", "a.pdf", MediaKind.DOCUMENT, "a.pdf"),
        ("game.exe", "a.png", MediaKind.IMAGE, "game.png"),
    ],
)  # fmt: skip
def test_the_extension_decides_where_the_content_allows_it(
    name: str, content: str, kind: MediaKind, file_name: str
) -> None:
    found = inspect_media(name, head_of(content))
    assert (found.kind, found.file_name) == (kind, file_name)


@pytest.mark.parametrize("name", REFUSED)
def test_what_kaltura_has_no_kind_for_is_refused(name: str) -> None:
    with pytest.raises(MediaRefusedError) as caught:
        inspect_media(name, head_of(name))
    assert name in str(caught.value)
    assert "set media_kind to video, audio, image, document or data" in str(caught.value)


@pytest.mark.parametrize(
    "name", ["talk.mp4", "talk.mp3", "talk.ts", "talk.mod", "photo.jpg", "paper.pdf", "paper.docx"]
)
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (LOGIN_PAGE, "an HTML page"),
        (S3_ERROR, r"an error message in XML \(AccessDenied\)"),
        (b"export const a: number = 1;\n", "a text"),
        (sample("a.sh"), "a program or script"),
        (sample("a.exe"), "a program"),
        (sample("program"), "a program"),
        (sample("a.gz"), "an archive"),
        (sample("a.tar"), "an archive"),
        (sample("a.sqlite"), "a database"),
        (sample("a.ttf"), "a font"),
        (bytes(20_000), "nothing but zero bytes"),
        (noise(), "no form that is known"),
    ],
)
def test_what_is_damaged_or_something_else_is_refused(name: str, content: bytes, reason: str) -> None:
    with pytest.raises(MediaRefusedError, match=reason) as caught:
        inspect_media(name, content[:HEAD_BYTES])
    message = str(caught.value)
    assert message.startswith(f"'{name}' is not taken as a")
    assert "; to send it as it is, set media_kind" in message


@pytest.mark.parametrize("name", ["a.json", "a.csv", "a.yaml"])
@pytest.mark.parametrize("content", [LOGIN_PAGE, S3_ERROR])
def test_a_message_in_place_of_a_download_is_no_data(name: str, content: bytes) -> None:
    with pytest.raises(MediaRefusedError, match="download the file again"):
        inspect_media(name, content)


@pytest.mark.parametrize("name", ["a.txt", "a.csv", "a.json", "a.docx", "a.doc"])
@pytest.mark.parametrize("content", [noise(), bytes(9000)])
def test_a_document_of_meaningless_bytes_is_refused(name: str, content: bytes) -> None:
    with pytest.raises(MediaRefusedError, match="is not taken as a"):
        inspect_media(name, content)


@pytest.mark.parametrize("media_kind", [None, *MediaKind])
def test_an_empty_file_is_refused_whatever_the_user_says(media_kind: MediaKind | None) -> None:
    with pytest.raises(MediaRefusedError, match=r"'a\.mp4' is empty"):
        inspect_media("a.mp4", b"", media_kind)


@pytest.mark.parametrize(
    ("name", "content", "wanted", "file_name"),
    [
        ("a.mp4", noise(), MediaKind.VIDEO, "a.mp4"),
        ("a.mp4", sample("a.jpg"), MediaKind.VIDEO, "a.mp4"),
        ("a.tar.gz", sample("a.gz"), MediaKind.DOCUMENT, "a.tar.gz"),
        ("README", b"a text", MediaKind.DATA, "README"),
        ("photo", sample("a.jpg"), MediaKind.IMAGE, "photo.jpg"),
        ("report.xyz", b"x", MediaKind.DOCUMENT, "report.xyz"),
    ],
)
def test_the_user_has_the_last_word(name: str, content: bytes, wanted: MediaKind, file_name: str) -> None:
    found = inspect_media(name, content, wanted)
    assert (found.kind, found.file_name) == (wanted, file_name)
    assert "as media_kind says" in found.note


@pytest.mark.parametrize(
    ("name", "extension"),
    [("file.xyz", "extension .xyz"), (".mp4", "without extension"), ("README", "without extension")],
)
def test_a_text_with_an_unknown_name_needs_a_word_from_the_user(name: str, extension: str) -> None:
    for head in (b"hello world", None):
        with pytest.raises(MediaRefusedError, match=extension) as caught:
            detect_media_kind(name, head)
        assert "set media_kind to video, audio, image, document or data" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("CLIP.MOV", MediaKind.VIDEO),
        ("a/b.c/song.Mp3", MediaKind.AUDIO),
        ("c:\\photos\\photo.jpeg", MediaKind.IMAGE),
        ("paper.PDF", MediaKind.DOCUMENT),
        ("values.json", MediaKind.DATA),
        ("talk.mp4.", MediaKind.VIDEO),
        ("talk.mp4 ", MediaKind.VIDEO),
    ],
)
def test_without_content_the_extension_tells(name: str, kind: MediaKind) -> None:
    assert detect_media_kind(name) is kind


@pytest.mark.parametrize(
    ("name", "head", "kind"),
    [
        ("noname", b"\x00\x00\x00\x18ftypisom", MediaKind.VIDEO),
        ("noname", b"\x00\x00\x00\x18ftypM4A ", MediaKind.AUDIO),
        ("noname.bin", b"\x00\x00\x00\x18ftypheic", MediaKind.IMAGE),
        ("x.dat", b"RIFF\x00\x00\x00\x00WAVEfmt ", MediaKind.AUDIO),
        ("x.dat", b"\x1a\x45\xdf\xa3", MediaKind.VIDEO),
        ("x.dat", b"%PDF-1.7", MediaKind.DOCUMENT),
        ("x.dat", b"\x89PNG\r\n\x1a\n", MediaKind.IMAGE),
    ],
)
def test_a_few_bytes_are_enough_for_most_forms(name: str, head: bytes, kind: MediaKind) -> None:
    assert detect_media_kind(name, head) is kind


@pytest.mark.parametrize("text", [b"BMW and others\n", b"MZ is a place\n", b"ID3 tags, explained\n", b"Rar! said he\n"])
def test_a_text_that_begins_as_another_form_is_a_text(text: bytes) -> None:
    assert inspect_media("a.txt", text).kind is MediaKind.DOCUMENT
    assert inspect_media("a.txt", text).file_name == "a.txt"


def test_data_cut_within_a_character_is_still_utf8() -> None:
    text = b'{"a": "' + "ü".encode() * HEAD_BYTES
    assert text[HEAD_BYTES - 1] == "ü".encode()[0]
    assert inspect_media("a.json", text[:HEAD_BYTES]).kind is MediaKind.DATA


def test_an_office_file_of_another_program_stays_what_it_is_named() -> None:
    head = zipped(("customXml/item1.xml", "<x/>"), ("docProps/app.xml", "<x/>"))
    assert inspect_media("a.pptx", head).file_name == "a.pptx"


HOSTILE = [
    "a talk (final) v2.mp4",
    'it\'s "quoted".mp4',
    "folder//double//talk.mp4",
    "🎬 talk 🎉.mp4",
    "ü" * 508 + "é.mp4",
    "TALK.MP4",
    "talk.mp4 ",
    "talk.mp4...",
    "talk\x00\n\x1b[31m.mp4",
    "gpj\u202e4pm.mp4",
    "talk.mp4\ud800.mp4",
    "...",
    "..",
    "",
    ".mp4",
    "/",
    "talk",
    "a" * 5000,
]


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_gets_in_the_way_of_a_video(name: str) -> None:
    found = inspect_media(name, head_of("a.mp4"))
    assert found.kind is MediaKind.VIDEO
    assert found.file_name.endswith(".mp4")
    assert not found.mismatch
    assert found.note.isprintable()


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_spoils_the_message_about_it(name: str) -> None:
    with pytest.raises(MediaRefusedError) as caught:
        inspect_media(name, noise())
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 1200


@settings(max_examples=400, deadline=None)
@given(name=st.text(max_size=300), head=st.binary(max_size=9000), wanted=st.sampled_from([None, *MediaKind]))
@example("a.mp4", b"\xff\xf1\x50\x80\x01\x00" * 1500, None)
@example("a.mp4", b"\xff" * 9000, None)
@example("a.xml", b" " * 9000, None)
@example("a.html", b"<!-- -->" * 1100, None)
@example("a.txt", b"\xfe\xff" + b"\xd8\x00" * 4000, None)
@example("a.mp4", b"\xff\xff\xff\xffftyp" + b"x" * 9000, None)
def test_no_bytes_and_no_name_do_anything_else(name: str, head: bytes, wanted: MediaKind | None) -> None:
    begun = time.thread_time()
    found = None
    with suppress(MediaRefusedError):
        found = inspect_media(name, head, wanted)
    if found is not None:
        assert wanted in (None, found.kind)
        assert len(found.file_name) <= 256
    assert time.thread_time() - begun < 0.05


@settings(max_examples=300, deadline=None)
@given(seed=st.integers(0, 2**32), name=st.sampled_from(["a.mp4", "a.mp3", "a.ts", "a.mpg", "a.aac", "a.jpg", "a.pdf"]))
def test_noise_is_hardly_ever_taken_for_media(seed: int, name: str) -> None:
    # A sync word of two bytes or so comes up by accident once in some thousand times.
    heads = [noise(HEAD_BYTES, seed + number) for number in range(3)]
    assert any(_is_refused(name, head) for head in heads)


def _is_refused(name: str, head: bytes) -> bool:
    try:
        inspect_media(name, head)
    except MediaRefusedError:
        return True
    return False


def test_a_source_is_asked_for_its_beginning_only(tmp_path: Path) -> None:
    path = tmp_path / "talk.mp4"
    path.write_bytes(sample("a.jpg") + bytes(1_000_000))
    asked: list[tuple[int, int]] = []

    class Watched(FileSource):
        def open(self, start: int, length: int):  # type: ignore[no-untyped-def]
            asked.append((start, length))
            return super().open(start, length)

    assert inspect_source(Watched(path)).file_name == "talk.jpg"
    assert asked == [(0, HEAD_BYTES)]


def test_an_empty_source_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "talk.mp4"
    path.touch()
    with pytest.raises(MediaRefusedError, match="is empty"):
        inspect_source(FileSource(path))
