"""Chapters in every form people write them, and what is wrong with them."""

from __future__ import annotations

from typing import Any

import pytest

from kaltura_provider.api.chapters import Chapter, clock, parse_time, read_chapters

TWO = [Chapter(0, "Intro"), Chapter(83_000, "Light: part 1", "waves")]
WEBVTT = """WEBVTT - chapters

NOTE made by hand

1
00:00.000 --> 01:23.000
Intro

00:01:23.000 --> 00:02:00.000 align:start
<b>Light: part 1</b>
waves
"""
YAML = """chapters:
- {time: 0:00, title: Intro}
- time: 1:23
  title: "Light: part 1"
  description: waves
"""
JSON = '[{"time": 0, "title": "Intro"}, {"start": 83.0, "name": "Light: part 1", "text": "waves"}]'


@pytest.mark.parametrize(
    ("value", "milliseconds"),
    [
        (0, 0), (5000, 5000), ("5000", 5000), (12.5, 12_500), ("12.5", 12_500), ("1:23", 83_000), ("0:05", 5000),
        ("00:01:23.500", 83_500), ("1:02:03,5", 3_723_500), ("75:10", 4_510_000), (" 1:23 ", 83_000),
    ],
)  # fmt: skip
def test_times(value: Any, milliseconds: int) -> None:
    assert parse_time(value) == milliseconds


@pytest.mark.parametrize(
    "value", [-1, -0.5, "", "1:5", "1:60", "1:60:00", "soon", None, True, float("nan"), float("inf"), [1]]
)
def test_what_is_no_time(value: Any) -> None:
    with pytest.raises(ValueError, match=r"is no time.*'1:23'"):
        parse_time(value)


def test_times_as_people_read_them() -> None:
    assert [clock(each) for each in (0, 83_000, 83_500, 3_723_000)] == ["0:00", "1:23", "1:23.500", "1:02:03"]


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (WEBVTT, "talk.vtt"), (WEBVTT.replace("\n", "\r\n"), "chapters"), (("\ufeff" + WEBVTT).encode(), "x"),
        (YAML, "talk.yaml"), (YAML, "chapters"), (JSON, "talk.json"), (JSON, "chapters"),
        ([{"title": "Intro", "time": "0:00"}, {"time": 83_000, "title": "Light: part 1", "description": "waves"}], "x"),
        (TWO[::-1], "x"), ({"chapters": TWO}, "x"),
    ],
)  # fmt: skip
def test_forms(value: Any, name: str) -> None:
    assert read_chapters(value, name) == TWO


def test_lines_as_below_a_video() -> None:
    text = "# agenda\n0:00 Intro\n\n - (1:23) – Light\n[1:02:03] The end\n"
    found = [Chapter(0, "Intro"), Chapter(83_000, "Light"), Chapter(3_723_000, "The end")]
    assert read_chapters(text, "talk.txt") == found
    assert read_chapters(["0:00 Intro", "1:23 Light", "1:02:03 The end"]) == found


def test_no_chapters() -> None:
    assert read_chapters([]) == read_chapters("") == read_chapters(None) == []


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("0:00 Intro\nLight\n", r"t\.txt, line 2: 'Light' does not begin with a time.*'1:23 Title'"),
        ("0:00 Intro\n12:345 Light\n", r"line 2: .* does not begin with a time"),
        ("0:00 Intro\n1:75 Light\n", r"line 2: '1:75' is no time: an hour has 60 minutes"),
        ("0:00\n", r"chapter at 0:00: no title"),
        ("0:00 A\n00:00:00 B\n", r"chapter at 0:00: 'B' and 'A' begin at the same time; change one"),
        ("WEBVTT\n\nnothing\n", r"no chapter was found; each needs a line such as"),
        ("WEBVTT\n\n00:00.000 --> 00:01.000\nA\n\n\nx\n1:99.000 --> 2:00.000\nB\n", r"line 7: '1:99.000' is no time"),
        ("[{]", r"no JSON: .* correct it there"),
        ("chapters:\n- title: a: b\n", r"line 2: no YAML: .* not allowed here; .*quote titles"),
        (b"0:00 \xe4\n", r"not UTF-8 at byte 5; save the file as UTF-8"),
        ([{"time": 1}], r"chapter at 0:00.001: no title"),
        ([{"title": "A"}], r"chapter 1: no time; write it like '1:23'"),
        ([{"tme": 0, "title": "A"}], r"chapter 1: 'tme' is no field of a chapter; did you mean 'time'\?"),
        ([5], r"chapter 1: 5 is no chapter"),
        ({"a": 1}, r"a list of chapters is needed.*render_template_as_native_obj"),
        ([{"time": 0, "title": "ä" * 128}], r"the title has 256 bytes, of which Kaltura keeps 255; shorten it"),
        ([{"time": 0, "title": "{1:result:id}"}], r"'\{1:result:id\}' has a meaning of its own"),
        ([{"time": each, "title": "A"} for each in range(401)], r"401 chapters, of which an entry can have 400"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(value: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_chapters(value, "t.txt")
