"""Caption files as people save them, in the form that is asked for."""

from __future__ import annotations

import re
import sys

import pytest

from kaltura_provider.api.caption_files import caption_as, decode_caption

SRT = "1\n00:00:01,000 --> 00:00:02,500\nГромко: <i>да</i>\n\n2\n00:01:00,000 --> 00:01:01,000\nвторая\nстрока\n"
TTML = """<?xml version="1.0" encoding="utf-16"?>
<tt xmlns="http://www.w3.org/2006/10/ttaf1"><body><div>
<p begin="00:00:01.000" end="00:00:02.500">one</p></div></body></tt>"""


def test_what_has_the_form_is_only_decoded() -> None:
    assert caption_as("a.srt", SRT.replace("\n", "\r\n").encode("cp1251"), "srt", "ru") == SRT
    assert caption_as("a.vtt", b"\xef\xbb\xbfWEBVTT\n", "vtt") == "WEBVTT\n"
    assert "encoding" not in caption_as("a.dfxp", TTML.encode("utf-16"), "ttml")


@pytest.mark.parametrize("form", ["vtt", "ttml"])
def test_converted_there_and_back_the_words_and_times_stay(form: str) -> None:
    there = caption_as("a.srt", SRT.encode(), form)
    assert decode_caption(there.encode()).form == form
    back = caption_as("a", there.encode(), "srt")
    lines = [re.sub("<.*?>", "", line.strip()) for line in back.splitlines() if line.strip()]
    assert lines == [re.sub("<.*?>", "", line) for line in SRT.splitlines() if line]


def test_old_ttml_is_read() -> None:
    assert "00:00:01.000 --> 00:00:02.500\none" in caption_as("a.dfxp", TTML.encode("utf-16"), "vtt")


@pytest.mark.parametrize(
    ("data", "form", "message"),
    [
        (b" \n", "srt", "the caption file is empty"),
        (b"just a text", "srt", "no captions in it; check that it is a caption file"),
        (b"\x00\x01\x02\x00\x05", "srt", "it cannot be decoded"),
        (b"Scenarist_SCC V1.0\n", "vtt", "its content is SCC, and SCC is converted neither from nor to"),
        (b"WEBVTT\n", "srt", "no captions could be read in it"),
        (b"<tt><body>", "srt", "it cannot be read as TTML"),
        (b"<!DOCTYPE tt [<!ENTITY a 'b'>]><tt></tt>", "srt", "it has a DOCTYPE or ENTITY declaration"),
        (b"WEBVTT" + b" " * (4 << 20), "srt", "4194310 bytes are more than 4194304"),
    ],
)
def test_what_cannot_be_used_is_named(data: bytes, form: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"^talk.en: {message}"):
        caption_as("talk.en", data, form)


def test_without_the_library_only_converting_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pysubs2", None)
    assert caption_as("a.srt", SRT.encode(), "srt") == SRT
    with pytest.raises(ValueError, match=r"to make VTT of SRT, install airflow-provider-kaltura\[quality\]"):
        caption_as("a.srt", SRT.encode(), "vtt")
