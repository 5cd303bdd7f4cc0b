"""Caption files as people save them, and as somebody might make them to do harm."""

from __future__ import annotations

import random
import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kaltura_pipeline.quality.captions import check_captions

SRT = "1\n00:00:01,000 --> 00:00:02,500\n{}\n\n2\n00:00:03,000 --> 00:00:04,000\n<i>again</i>\n"
VTT = "WEBVTT - talk\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:9\n\nNOTE by hand\n\nSTYLE\n::cue {{}}\n\nfirst\n"
VTT += "00:01.000 --> 00:02.500 align:start\n{}\n\n00:00:03.000 --> 00:00:04.000\nagain\n"
TTML = '<?xml version="1.0" encoding="UTF-8"?>\n<tt xmlns="http://www.w3.org/ns/ttml"><body><div>\n'
TTML += '<p begin="00:00:01.000" end="00:00:02.500">{}</p>\n<p begin="3s" end="4s">again</p>\n</div></body></tt>\n'
OLD_TTML = TTML.replace("http://www.w3.org/ns/ttml", "http://www.w3.org/2006/10/ttaf1")
CUE = "1\n00:00:01,000 --> 00:00:02,000\nhi\n\n"


@pytest.mark.parametrize(
    ("name", "form", "text"),
    [("a.srt", "srt", SRT), ("a.en.vtt", "vtt", VTT), ("a.dfxp", "ttml", TTML), ("a.ttml", "ttml", OLD_TTML)],
)
def test_every_form_is_read(name: str, form: str, text: str) -> None:
    read, problems = check_captions(name, text.format("Grüße").encode(), duration=4.0)
    assert problems == ()
    assert (read.form, read.cues, read.end, read.timed, read.encoding) == (form, 2, 4.0, True, "utf-8")
    assert "Grüße" in read.text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_every_usual_encoding_becomes_text(encoding: str, newline: str) -> None:
    text = SRT.format("Grüße aus Köln. Das ist schön, nicht wahr?")
    read, problems = check_captions("a.srt", text.replace("\n", newline).encode(encoding))
    assert problems == ()
    assert read.text == text


@pytest.mark.parametrize(
    ("encoding", "language", "said"),
    [
        ("cp1252", "", "Être ou ne pas être, voilà la question. Ça va très bien."),
        ("cp1252", "", "El niño comió una piña mañana. ¿Qué hora es?"),
        ("cp1250", "", "Zażółć gęślą jaźń. Wszyscy ludzie rodzą się wolni."),
        ("cp1251", "", "Привет из Москвы. Это проверка."),
        ("cp1253", "", "Καλημέρα κόσμε, πώς είστε σήμερα;"),
        ("shift_jis", "", "これは日本語の字幕です。よろしくお願いします。"),
        ("gb18030", "", "这是中文字幕，我们来测试一下编码。"),
        ("cp1255", "he", "שלום עולם, מה שלומך היום"),
        ("cp1254", "tr-TR", "Türkçe altyazı: şu çocuk İstanbul'da"),
        ("cp1256", "ar", "مرحبا بالعالم كيف حالك"),
        ("cp1252", "en-GB", "It’s a “test” – really"),
    ],
)
def test_older_encodings_are_found_out(encoding: str, language: str, said: str) -> None:
    read, problems = check_captions("a.srt", SRT.format(said).encode(encoding), language=language)
    assert problems == ()
    assert said in read.text


def test_a_declared_encoding_that_is_no_longer_true_is_left_out() -> None:
    data = TTML.replace("UTF-8", "UTF-16").format("hi").encode("utf-16")
    read, problems = check_captions("a.dfxp", data)
    assert problems == ()
    assert read.text.startswith('<?xml version="1.0"?>')


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        (
            "a.srt",
            CUE + "2\n00:00:05,000 --> 00:00:04,000\nx\n",
            "a.srt, line 6: it ends at 00:00:04.000, not after its start at 00:00:05.000; correct the times",
        ),
        (
            "a.srt",
            CUE + "2\n00:00:00,500 --> 00:00:04,000\nx\n",
            "line 6: it starts at 00:00:00.500, before the one above, at 00:00:01.000; put the captions in the order",
        ),
        (
            "a.srt",
            CUE + "2\n01:00:00,000 --> 01:00:04,000\nx\n",
            "line 6: it ends at 01:00:04.000, after the media, at 00:00:10.000; check that the captions belong",
        ),
        ("a.srt", CUE + "2\n00:00:aa,000 --> 00:00:05,000\nx\n", "line 6: times that cannot be read: '00:00:aa,000"),
        ("a.srt", CUE + "2\n00:03,000 --> 00:05,000\nx\n", "write them as 00:00:01,000 --> 00:00:02,500"),
        ("a.vtt", "WEBVTT\n\n00:01.000 --> \nx\n", "line 3: times that cannot be read: '00:01.000 -->'"),
        ("a.vtt", "WEBVTT\n\n", "no captions in it"),
        ("a.srt", "hello\n", "line 1: no captions in it; check that it is a caption file"),
        ("a.srt", "1\n00:00:01,000 --> 00:00:02,000\n\n", "none of its captions has a text"),
        ("a.srt", "WEBVTT\n\n00:01.000 --> 00:02.000\nx\n", "its content is VTT, not what its name says; name it .vtt"),
        ("a.vtt", CUE, "its content is SRT, not what its name says; name it .srt"),
        ("a.txt", CUE, "its name is not that of a caption file"),
        ("a.srt", "", "the file is empty"),
        ("a.dfxp", TTML.format("<b>"), "a.dfxp, line 3: no well-formed XML"),
        ("a.dfxp", "<!DOCTYPE tt [<!ENTITY a 'b'>]>" + TTML[39:].format("&a;"), "it has a DOCTYPE or ENTITY"),
        ("a.dfxp", TTML.format("x").replace("2.500", "0.500"), "caption 1: it ends at 00:00:00.500, not after"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(name: str, text: str, said: str) -> None:
    _, problems = check_captions(name, text.encode(), duration=10.0)
    assert any(said in str(problem) for problem in problems), problems
    assert all(problem.file == name and problem.fix for problem in problems)


def test_a_caption_may_end_a_little_late() -> None:
    assert check_captions("a.srt", SRT.format("x").encode(), duration=2.5)[1] == ()
    assert len(check_captions("a.srt", SRT.format("x").encode(), duration=2.5, tolerance=1.0)[1]) == 1


def test_an_arrow_in_the_text_is_text() -> None:
    read, problems = check_captions("a.srt", (CUE + "from A --> to B\n").encode())
    assert (read.cues, problems) == (1, ())


def test_times_in_the_text_are_text() -> None:
    text = "1\n00:00:01,000 --> 00:00:02,000\nbetween 09:00:00,000 and 10:00:00,000\n\n" + CUE.replace("1,", "3,")
    read, problems = check_captions("a.srt", text.replace("00:00:02,000\nhi", "00:00:04,000\nhi").encode())
    assert (read.cues, problems) == (2, ())


def test_not_every_one_of_a_thousand_problems_is_listed() -> None:
    text = "".join(f"{n}\n00:00:05,000 --> 00:00:04,000\nx\n\n" for n in range(1000))
    _, problems = check_captions("a.srt", text.encode())
    assert len(problems) == 21
    assert "980 more problems" in str(problems[-1])


def test_without_the_library_the_text_is_decoded_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pysubs2", None)
    read, problems = check_captions("a.srt", SRT.format("Grüße").encode("utf-16"))
    assert (read.timed, read.form, problems) == (False, "srt", ())
    assert "Grüße" in read.text


MANY = 4 * 1024 * 1024
HOSTILE = {
    "captions": CUE * 100_000,
    "blank lines": CUE + "\n" * MANY,
    "blank lines after spaces": CUE + " \n" * MANY,
    "one long line": CUE + " " * MANY,
    "digits": CUE + "1" * MANY,
    "numbers": CUE + "1\n" * 240_000,
    "colons": CUE + "00:00:" * MANY,
    "arrows": CUE + "-->" * MANY,
    "arrow lines": CUE + "-->\n" * 240_000,
    "tags": CUE + "< " * MANY,
}
HOSTILE_XML = {
    "deep": "<div>" * 800_000,
    "deep and closed": "<div>" * 49_000 + "</div>" * 49_000 + "</body></tt>",
    "many": "<p begin='1s' end='2s'>a</p>" * 100_000,
    "spans": "<p begin='1s' end='2s'>" + "<span>" * 90_000 + "</span>" * 90_000 + "</p></body></tt>",
    "long numbers": "<p begin='" + "9" * 5000 + "s' end='2s'>a</p></body></tt>",
}


@pytest.mark.parametrize(
    ("name", "data"),
    [
        *(pytest.param("a.srt", text[:MANY].encode(), id=what) for what, text in HOSTILE.items()),
        *(pytest.param("a.dfxp", (TTML[:93] + text)[:MANY].encode(), id=what) for what, text in HOSTILE_XML.items()),
        pytest.param("a.srt", bytes(MANY), id="zeros"),
        pytest.param("a.srt", b"\xff" * MANY, id="ones"),
        pytest.param("a.srt", CUE.encode() + b"\xe4\n" * 240_000, id="letters"),
        pytest.param("a.srt", random.Random(1).randbytes(MANY), id="noise"),
        pytest.param("a.srt", b"x" * (MANY + 1), id="too large"),
    ],
)
def test_a_hostile_file_takes_no_time(name: str, data: bytes) -> None:
    began = time.process_time()
    check_captions(name, data)
    assert time.process_time() - began < 1.0


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["a.srt", "a.vtt", "a.dfxp"]),
    st.one_of(
        st.binary(max_size=300),
        st.lists(
            st.sampled_from(
                ["WEBVTT\n", CUE, "00:00:01,000", " --> ", "\n", "\0", "\ufeff", "<tt", ">", "é", "9" * 400]
            ),
            max_size=20,
        ).map(lambda pieces: "".join(pieces).encode()),
    ),
)
def test_no_bytes_make_it_fail(name: str, data: bytes) -> None:
    read, problems = check_captions(name, data, duration=5.0)
    assert all(problem.file == name and problem.message and problem.fix for problem in problems)
    read.text.encode()
    assert problems or read.form
