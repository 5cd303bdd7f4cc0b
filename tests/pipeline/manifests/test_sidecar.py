"""Sidecars and the form's default metadata: what is read, and how an error names file, place, field and fix."""

from __future__ import annotations

from typing import Any

import pytest

from kaltura_pipeline.manifests import CaptionWish, Description, ManifestError, describe, read_sidecar


def errors(file_name: str, data: bytes, **options: Any) -> list[str]:
    with pytest.raises(ManifestError) as caught:
        read_sidecar(file_name, data, **options)
    return [str(problem) for problem in caught.value.problems]


def test_all_fields() -> None:
    data = b"""\
name: Introduction to optics
description: |
  First lecture.
  With experiments.
tags: physics, optics
owner: ada@example.edu
reference_id: optics-01
categories: [Physics > Optics, Term 2026, physics>optics]
access_control: Staff only
conversion_profile: Lectures
template_entry: 1_ab12cd34
start: 2026-12-01 09:00
end: 2026-12-31
time_zone: Europe/Berlin
metadata:
  Lectures: {Course: 201, Lecturer: [Ada, Mary], Room: }
captions:
  - talk.en.vtt
  - {file: u.srt, language: de-AT, label: Deutsch, default: true}
thumbnail: talk.jpg
co_editors: [grace]
co_publishers: press, web
viewers: [class-2026]
"""
    assert read_sidecar("talk.yaml", data) == Description(
        name="Introduction to optics",
        description="First lecture.\nWith experiments.",
        tags=("physics", "optics"),
        owner="ada@example.edu",
        reference_id="optics-01",
        categories=("Physics>Optics", "Term 2026"),
        access_control="Staff only",
        conversion_profile="Lectures",
        template_entry="1_ab12cd34",
        start=1796112000,
        end=1798671600,
        metadata={"Lectures": {"Course": "201", "Lecturer": ["Ada", "Mary"]}},
        captions=(CaptionWish("talk.en.vtt"), CaptionWish("u.srt", "German", "Deutsch", default=True)),
        thumbnail="talk.jpg",
        co_editors=("grace",),
        co_publishers=("press", "web"),
        viewers=("class-2026",),
    )


@pytest.mark.parametrize("data", [b'\xef\xbb\xbf{"name": "\xc3\x84rger"}', '{"name": "Ärger"}'.encode("utf-16")])
def test_json_with_a_byte_order_mark(data: bytes) -> None:
    assert read_sidecar("talk.json", data) == Description(name="Ärger")


@pytest.mark.parametrize("data", [b"name:\ntags:\n", b"", b"# nothing\n", b"null", b"tags: ''\ncaptions: []"])
def test_fields_without_a_value_say_nothing(data: bytes) -> None:
    assert read_sidecar("talk.yaml", data).to_json() == {}


@pytest.mark.parametrize(
    ("written", "read"),
    [("101", "101"), ("012", "012"), ("1e400", "1e400"), ("2026-12-01", "2026-12-01"), ("1:30", "1:30"), ("no", "no")],
)
def test_numbers_and_dates_stay_as_they_are_written(written: str, read: str) -> None:
    assert read_sidecar("talk.yaml", f"name: {written}".encode()) == Description(name=read)


def test_numbers_in_json_stay_as_they_are_written() -> None:
    assert read_sidecar("talk.json", b'{"name": 1.50, "tags": [1e3]}') == Description(name="1.50", tags=("1e3",))


def test_norwegian_is_no_boolean() -> None:
    (wish,) = read_sidecar("talk.yaml", b"captions: [{file: a.vtt, language: no, default: yes}]").captions
    assert wish == CaptionWish("a.vtt", "Norwegian", default=True)


def test_aliases_and_merges() -> None:
    data = b"tags: &all [a, b]\nco_editors: *all\nmetadata:\n  P: &p {A: 1, B: 2}\n  Q: {<<: *p, B: 3}\n"
    description = read_sidecar("talk.yaml", data)
    assert description.co_editors == ("a", "b")
    assert description.metadata["Q"] == {"B": "3", "A": "1"}


@pytest.mark.parametrize(
    ("file_name", "data", "parts"),
    [
        ("t.yaml", b"titel: x", ["t.yaml, line 1, field 'titel': unknown field", "known fields: name"]),
        ("t.yaml", b"a: 1\nnam: x", ["t.yaml, line 2, field 'nam'", "did you mean 'name'?"]),
        ("t.yaml", b"media: x.mp4", ["unknown field; remove it here"]),
        ("t.yaml", b"name: a: b", ["t.yaml, line 1, column 8", "quote texts"]),
        ("t.yaml", b"- a\n- b", ["t.yaml, line 1", "one 'field: value' a line"]),
        ("t.yaml", b"name: [a]", ["field 'name': must be a text, and is a list"]),
        ("t.yaml", b"name: true", ["field 'name': must be a text, and is read as true; put it in quotes"]),
        ("t.yaml", b"name: '  '", ["field 'name': is empty; fill it or leave the field out"]),
        ("t.yaml", "name: {}".format("ä" * 129).encode(), ["has 258 bytes in UTF-8", "cut it after", "to 256 bytes"]),
        ("t.yaml", b'name: "a\\nb"', ["has a line break; write it in one line"]),
        ("t.yaml", b"tags: {a: b}", ["field 'tags': must be a list of texts"]),
        ("t.yaml", b'tags: [a, "b,c"]', ["field 'tags[2]': 'b,c' has a comma", "write two items"]),
        ("t.yaml", b"owner: ada lovelace", ["field 'owner': 'ada lovelace' has ' ' in it; use letters"]),
        ("t.yaml", b"owner: " + b"a" * 321, ["has 321 characters; shorten it to 320"]),
        ("t.yaml", b"viewers: [a, b c]", ["field 'viewers[2]': 'b c' has ' ' in it"]),
        ("t.yaml", b"reference_id: x", ["field 'reference_id': 'x' is too short", "at least 2 characters"]),
        ("t.yaml", b"categories: ['a>>b']", ["field 'categories[1]': 'a>>b' has a level without a name"]),
        ("t.yaml", b"categories: [%s]" % (b"c" * 201), ["has 201 characters; shorten it to 200"]),
        (
            "t.yaml",
            b"categories: [%s]" % b", ".join(b"c%d" % number for number in range(33)),
            ["has 33 categories; Kaltura takes at most 32"],
        ),
        ("t.yaml", b"template_entry: my entry", ["use an entry ID such as 1_ab12cd34"]),
        ("t.yaml", b"captions: [a.doc]", ["field 'captions[1].file': 'a.doc'", ".srt or .vtt"]),
        ("t.yaml", b"captions:\n- a.vtt\n- {fil: b.vtt}", ["line 3, field 'captions[2].fil'", "did you mean 'file'?"]),
        ("t.yaml", b"captions: [{file: a.vtt, language: germn}]", ["'germn' is not known; use one of: de"]),
        ("t.yaml", b"captions: [a.vtt, a.vtt]", ["names 'a.vtt' twice"]),
        ("t.yaml", b"captions: [{file: a.vtt, default: on it}]", ["'on it' is neither true nor false"]),
        ("t.yaml", b"thumbnail: ../x.jpg", ["leads out of the manifest's folder"]),
        ("t.yaml", b"thumbnail: C:\\x.jpg", ["is a path of one computer"]),
        (
            "t.yaml",
            b"thumbnail: ftp://host/x.jpg",
            ["not fetched from ftp:// addresses", "copy the file"],
        ),
        ("t.yaml", b"metadata: [a]", ["field 'metadata': must be a mapping"]),
        ("t.yaml", b"metadata:\n  P:\n    A: 1\n    B: true", ["line 4, field 'metadata.P.B'", "put it in quotes"]),
        ("t.yaml", b"name: a\nname: b", ["line 2, field 'name': is there twice; keep one"]),
        ("t.yaml", b"start: 2026-12-01 09:00", ["field 'start'", "is of no time zone; add 'time_zone'"]),
        ("t.yaml", b"start: 1.12.2026", ["'1.12.2026' is not a date and time; write it like 2026-12-01 09:00"]),
        (
            "t.yaml",
            b"time_zone: Berlin\nstart: 2026-12-01",
            ["is not a time zone; did you mean Europe/Berlin?"],
        ),
        (
            "t.yaml",
            b"start: 2026-12-01\nend: 2026-12-01\ntime_zone: UTC",
            ["line 2, field 'end': is not after start; put start before end"],
        ),
        ("t.yaml", b"name: \xff\xff\xe4", ["line 1: is not UTF-8 at byte 6", "save the file as UTF-8"]),
        ("t.yaml", b"a: 1\nname: \0", ["line 2: has a NUL character"]),
        ("t.yaml", b'name: "\\u0007"', ["field 'name': has the character U+0007 at position 1"]),
        ("t.json", b'{"name": "\\ud800"}', ["field 'name': has the character U+D800 at position 1"]),
        ("t.json", b'{"a": 1,\n "name" 2}', ["t.json, line 2, column 9: is not valid JSON"]),
        ("t.json", b'{"name": NaN}', ["line 1: is not valid JSON: NaN", "put it in quotes"]),
        ("t.json", b'{"tags":\n ["a",\n true]}', ["line 3, field 'tags[2]': must be a text, and is read as true"]),
        ("t.json", b'{"name": "a",\n "name": "b"}', ["field 'name': is there twice"]),
        ("t.json", b"[" * 100_000, ["nested too deeply"]),
        ("t.yaml", b"x" * (1024 * 1024 + 1), ["is larger than 1024 KB"]),
        ("t.yaml", b"name: !!python/object/apply:os.system [ls]", ["line 1: has the tag", "remove it"]),
        ("t.yaml", b"a: &a [*a]", ["line 1: holds itself through 'a'; remove the alias"]),
        ("t.yaml", b"a: 1\n---\nb: 2", ["line 2: has a second document"]),
    ],
)
def test_errors_name_file_place_field_and_fix(file_name: str, data: bytes, parts: list[str]) -> None:
    text = "\n".join(errors(file_name, data))
    assert text.startswith(file_name)
    for part in parts:
        assert part in text


def test_all_problems_are_reported() -> None:
    assert len(errors("t.yaml", b"nam: x\nowner: a b\nreference_id: x\nstart: never\nend: later\n")) == 5


def test_a_zone_for_files_that_name_none() -> None:
    assert read_sidecar("t.yaml", b"start: 2026-12-01 09:00", time_zone="Europe/Berlin").start == 1796112000
    assert "did you mean Europe/Berlin" in errors("t.yaml", b"name: a", time_zone="Europe/Berlln")[0]


def test_addresses_of_s3_lose_their_signature() -> None:
    url = "https://media.s3.eu-central-1.amazonaws.com/a%20b/t.jpg?X-Amz-Signature=abcdef"
    assert read_sidecar("t.yaml", f"thumbnail: {url}".encode()).thumbnail == "s3://media/a b/t.jpg"
    url = "https://s3.amazonaws.com/media/t.jpg"
    assert read_sidecar("t.yaml", f"thumbnail: {url}".encode()).thumbnail == "s3://media/t.jpg"


def test_errors_show_no_secrets_of_addresses() -> None:
    (text,) = errors("t.yaml", b"thumbnail: https://user:hunter2@example.com/t.jpg?token=hunter2")
    assert "'https://example.com'" in text
    assert "hunter2" not in text


def test_default_metadata_is_checked_the_same_way() -> None:
    assert describe("form", None) == Description()
    assert describe("form", {"tags": "a, b", "name": 5}) == Description(name="5", tags=("a", "b"))
    with pytest.raises(ManifestError, match="form, field 'tag': unknown field; did you mean 'tags'"):
        describe("form", {"tag": "a"})
    with pytest.raises(ManifestError, match="form: must hold one 'field: value' a line"):
        describe("form", ["a"])


def test_an_ingested_description_survives_its_journey_as_json() -> None:
    data = b"name: A\ntags: [a]\ncaptions: [{file: a.vtt, language: en}]\nmetadata: {P: {A: 1}}"
    description = read_sidecar("t.yaml", data)
    assert Description.from_json(description.to_json()) == description
