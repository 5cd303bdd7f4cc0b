"""Names of files as Kaltura keeps them."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaltura_provider.api import stored_name
from kaltura_provider.api.file_names import MAX_FILE_NAME, extension_of


@pytest.mark.parametrize(
    ("name", "extension", "expected"),
    [
        ("talk.mp4", "mp4", "talk.mp4"),
        ("talk.mp4", "jpg", "talk.jpg"),
        ("TALK.MP4", "mp4", "TALK.mp4"),
        ("a/b//talk.mp4", "mp4", "talk.mp4"),
        ("c:\\videos\\talk.mp4", "mp4", "talk.mp4"),
        ("talk", "mp4", "talk.mp4"),
        ("v1.2 final", "mp4", "v1.2 final.mp4"),
        ("dump.part2", "mp4", "dump.part2.mp4"),
        ("talk.mp4. ", "mp4", "talk.mp4"),
        ("  talk .mp4", "mp4", "talk.mp4"),
        (".mp4", "mp4", "mp4.mp4"),
        ("...", "mp4", "file.mp4"),
        ("", "mp4", "file.mp4"),
        ("", "", "file"),
        ("a \"b\" 'c'.mp4", "mp4", "a \"b\" 'c'.mp4"),
        ("a\r\nb\x00\x1b.mp4", "mp4", "a  b.mp4"),
        ("a\u202eb.mp4", "mp4", "ab.mp4"),
        ("🎬 talk.mp4", "mp4", "_ talk.mp4"),
        ("a\ud800b.mp4", "mp4", "a?b.mp4"),
        ("Grüße.mp4", "mp4", "Grüße.mp4"),
        ("talk.mp4", "../x", "talk.x"),
    ],
)
def test_the_name_a_file_gets(name: str, extension: str, expected: str) -> None:
    assert stored_name(name, extension) == expected


def test_a_long_name_keeps_its_extension_and_whole_letters() -> None:
    name = "ü" * 510 + ".mp4"
    assert len(name.encode()) == 1024
    assert stored_name(name, "mp4") == "ü" * 252 + ".mp4"
    # An accent is a character of its own here; it is not torn off its letter.
    accented = "e\u0301" * 200
    cut = stored_name("x" + accented + ".mp4", "mp4").removesuffix(".mp4")
    assert len(cut) == 251
    assert cut.endswith("e\u0301")


@given(st.text(max_size=400), st.text(max_size=20))
def test_any_name_becomes_one_that_kaltura_keeps_as_it_is(name: str, extension: str) -> None:
    made = stored_name(name, extension)
    assert 0 < len(made) <= MAX_FILE_NAME
    assert not {"/", "\\"} & set(made)
    assert all(unicodedata.category(letter) not in ("Cc", "Cs") and ord(letter) < 0x10000 for letter in made)
    assert made == made.strip()
    # The same name again when it is asked for by the one it made; what follows a dot may become small letters, once.
    kept = extension_of(made)
    again = stored_name(made, kept)
    assert again.casefold() == made.casefold()
    assert stored_name(again, kept) == again


@pytest.mark.parametrize(
    ("name", "extension"),
    [
        ("a.MP4", "mp4"),
        ("a.tar.gz", "gz"),
        ("a.mp4..", "mp4"),
        (".mp4", ""),
        ("a.", ""),
        ("a.b c", ""),
        ("a.b/c", ""),
        ("Mr. Smith's long talk about it", ""),
        ("a.verylongextension", ""),
    ],
)
def test_the_extension_of_a_name(name: str, extension: str) -> None:
    assert extension_of(name) == extension
