"""Manifests in YAML, JSON and NDJSON."""

from __future__ import annotations

import pytest

from kaltura_pipeline.manifests import Manifest, ManifestError, read_manifest


def problems(manifest: Manifest) -> list[str]:
    return [str(problem) for problem in manifest.problems]


def test_yaml_with_defaults() -> None:
    manifest = read_manifest(
        "batch.yaml",
        b"defaults: {tags: [x], time_zone: Europe/Berlin, metadata: {P: {A: 1}}}\n"
        b"titles:\n- media: a.mp4\n  start: 2026-12-01 09:00\n- {media: b.mp4, tags: [y], metadata: {Q: {B: 2}}}\n",
    )
    first, second = manifest.rows
    assert (manifest.form, manifest.problems, manifest.refused) == ("yaml", (), {})
    assert (first.media, first.file, first.place, first.action) == ("a.mp4", "batch.yaml", "row 1, line 3", "")
    assert (first.description.tags, first.description.start) == (("x",), 1796112000)
    assert second.description.tags == ("y",)
    assert second.description.metadata == {"P": {"A": "1"}, "Q": {"B": "2"}}


def test_one_wrong_row_does_not_spoil_the_others() -> None:
    manifest = read_manifest(
        "batch.yaml",
        b"- media: a.mp4\n- media: b.mp4\n  nmae: x\n  owner: b c\n- 5\n- name: n\n"
        b"- media: /x.mp4\n- media: c.mp4\n- media: a.mp4\n",
    )
    assert [row.media for row in manifest.rows] == ["a.mp4", "c.mp4"]
    assert problems(manifest) == [
        "batch.yaml, row 2, line 3, field 'nmae': unknown field; did you mean 'name'?",
        "batch.yaml, row 2, line 4, field 'owner': 'b c' has ' ' in it; use letters a to z, digits and "
        "! # $ % & ' * + ? ^ _ ` { | } ~ . @ - ,",
        "batch.yaml, row 3, line 5: holds '5' where fields belong; write one 'field: value' a line",
        "batch.yaml, row 4, line 6, field 'media': the row names no media file; "
        "add the name of an object of the bucket",
        "batch.yaml, row 5, line 7, field 'media': '/x.mp4' leads out of the manifest's folder; "
        "name it relative to that folder, or as s3://bucket/key",
        "batch.yaml, row 7, line 9, field 'media': 'a.mp4' is named in row 1, line 1 already; keep one of the two",
    ]
    assert manifest.refused == {"b.mp4": manifest.problems[:2]}, "the first row about a.mp4 can be used"


def test_json() -> None:
    manifest = read_manifest(
        "batch.json", b'[{"media": "a.mp4", "name": "A"},\n {"media": "b.mp4",\n  "tags": "x",\n  "owner": "\xc3\xa4"}]'
    )
    assert [row.media for row in manifest.rows] == ["a.mp4"]
    assert problems(manifest)[0].startswith("batch.json, row 2, line 4, field 'owner': 'ä' has 'ä' in it")


def test_ndjson_survives_lines_that_are_none() -> None:
    manifest = read_manifest("batch.ndjson", b'{"media": "a.mp4"}\n\n{"media": \n{"media": "c.mp4"}\n')
    assert [(row.media, row.place) for row in manifest.rows] == [("a.mp4", "line 1"), ("c.mp4", "line 4")]
    (problem,) = problems(manifest)
    assert problem.startswith("batch.ndjson, line 3, column 11: is not valid JSON")


def test_one_reference_id_for_two_rows() -> None:
    manifest = read_manifest("b.yaml", b"- {media: a.mp4, reference_id: r1}\n- {media: b.mp4, reference_id: r1}")
    (problem,) = problems(manifest)
    assert "row 2, line 2, field 'reference_id': 'r1' is named in row 1, line 1 already" in problem


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("b.yaml", b"media: a.mp4", "b.yaml, line 1: is one title, not a list of them; write 'titles:'"),
        ("b.yaml", b"", "b.yaml, line 1: has no list of titles"),
        ("b.yaml", b"titles: 5", "b.yaml, line 1: has no list of titles"),
        (
            "b.yaml",
            b"defaults: {nam: x}\ntitles: []",
            "b.yaml, defaults, line 1, field 'nam': unknown field; did you mean",
        ),
        ("b.yaml", b"defaults: {thumbnail: x.jpg}\ntitles: []", "field 'thumbnail': cannot be the same for all titles"),
        ("b.doc", b"", "b.doc: is of no known form; name it with one of .yaml"),
        ("b.yaml", b"- {media: a.mp4}\n" * 10_001, "row 10001: is beyond 10000 rows; split the file"),
        ("b.yaml", b"- {x: 1}\n" * 1_000, "is where the 500th problem was found"),
    ],
)
def test_files_that_cannot_be_read(name: str, data: bytes, message: str) -> None:
    with pytest.raises(ManifestError) as caught:
        read_manifest(name, data)
    assert message in str(caught.value)


def test_unknown_fields_at_the_top() -> None:
    manifest = read_manifest("b.yaml", b"titles: [{media: a.mp4}]\ndefault: {tags: [a]}")
    assert problems(manifest) == ["b.yaml, line 2, field 'default': unknown field; did you mean 'defaults'?"]
