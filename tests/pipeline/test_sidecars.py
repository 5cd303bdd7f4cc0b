"""Metadata files: what is read, and how an error names file, field and fix."""

from __future__ import annotations

import pytest

from kaltura_pipeline.sidecars import SidecarError, entry_fields, parse_sidecar


def test_yaml_becomes_entry_properties() -> None:
    data = b"name: Talk\ndescription: About things\ntags: [one, two]\nowner: me@example.edu\nreference_id: r-17\n"
    assert parse_sidecar("talk.yaml", data) == {
        "name": "Talk",
        "description": "About things",
        "tags": "one, two",
        "userId": "me@example.edu",
        "referenceId": "r-17",
    }


def test_json_and_byte_order_mark() -> None:
    assert parse_sidecar("talk.json", b'\xef\xbb\xbf{"name": "\xc3\x84rger"}') == {"name": "Ärger"}


def test_fields_without_a_value_are_left_out() -> None:
    assert parse_sidecar("talk.yaml", b"name:\ntags:\n") == {}
    assert parse_sidecar("talk.yaml", b"") == {}


def test_a_number_is_a_good_name() -> None:
    assert parse_sidecar("talk.yaml", b"name: 101\n") == {"name": "101"}


@pytest.mark.parametrize(
    ("file_name", "data", "parts"),
    [
        ("t.yaml", b"titel: x", ["t.yaml", "'titel'", "known fields"]),
        ("t.yaml", b"nam: x", ["t.yaml", "'nam'", "did you mean 'name'"]),
        ("t.yaml", b"name: a: b", ["t.yaml", "line 1", "quote"]),
        ("t.yaml", b"- a\n- b", ["t.yaml", "field: value"]),
        ("t.yaml", b"name: [a]", ["t.yaml", "'name'", "text"]),
        ("t.yaml", b"name: yes", ["t.yaml", "'name'", "quotes"]),
        ("t.yaml", b"name: '  '", ["t.yaml", "'name'", "empty"]),
        ("t.yaml", b"tags: {a: b}", ["t.yaml", "'tags'", "list"]),
        ("t.yaml", b"reference_id: x", ["t.yaml", "'reference_id'", "2 characters"]),
        ("t.yaml", b"name: \xe4", ["t.yaml", "UTF-8", "byte 6"]),
        ("t.json", b"{", ["t.json", "JSON"]),
        ("t.json", b"[" * 100_000, ["t.json", "JSON"]),
        ("t.yaml", b"x" * (1024 * 1024 + 1), ["t.yaml", "larger"]),
        ("t.yaml", b"name: !!python/object/apply:os.system [ls]", ["t.yaml"]),
    ],
)
def test_errors_name_file_field_and_fix(file_name: str, data: bytes, parts: list[str]) -> None:
    with pytest.raises(SidecarError) as caught:
        parse_sidecar(file_name, data)
    for part in parts:
        assert part in str(caught.value)


def test_default_metadata_is_checked_the_same_way() -> None:
    assert entry_fields("form", {"tags": "a, b"}) == {"tags": "a, b"}
    with pytest.raises(SidecarError, match="form: unknown field 'tag'; did you mean 'tags'"):
        entry_fields("form", {"tag": "a"})
