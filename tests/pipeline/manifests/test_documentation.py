"""The published schemas, tables and examples are those of the readers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from kaltura_pipeline.manifests import documentation, fields, read_manifest, read_sidecar, schema
from kaltura_pipeline.manifests.kaltura_names import COLUMNS, ITEM

DOCS = Path(__file__).parents[3] / "docs"
EXAMPLES = sorted((DOCS / "manifests" / "examples").iterdir())
TITLE = Draft202012Validator(schema.title_schema())
MANIFEST = Draft202012Validator(schema.manifest_schema())


@pytest.mark.parametrize(
    ("path", "text"), documentation.files(DOCS).items(), ids=lambda value: getattr(value, "name", "")
)
def test_generated_files_are_up_to_date(path: Path, text: str) -> None:
    again = "run: python -m kaltura_pipeline.manifests.documentation docs"
    assert path.read_bytes().decode() == text, again


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_every_example_is_read_and_in_a_page(example: Path) -> None:
    assert example in documentation.files(DOCS), "it is in no page"
    data = example.read_bytes()
    if example.name.startswith("talk."):
        assert read_sidecar(example.name, data).name
        return
    manifest = read_manifest(example.name, data)
    assert manifest.problems == ()
    assert manifest.rows


@pytest.mark.parametrize(
    "example", [path for path in EXAMPLES if path.suffix in {".yaml", ".json"}], ids=lambda path: path.name
)
def test_the_schema_holds_for_every_example(example: Path) -> None:
    value = yaml.safe_load(example.read_text(encoding="utf-8"))
    validator, other = (TITLE, MANIFEST) if example.name.startswith("talk.") else (MANIFEST, TITLE)
    # YAML's own dates are not JSON; editors read them as texts.
    value = json.loads(json.dumps(value, default=str))
    assert [error.message for error in validator.iter_errors(value)] == []
    assert not other.is_valid(value)


def test_each_line_of_ndjson_is_a_row() -> None:
    for line in (DOCS / "manifests" / "examples" / "lectures.ndjson").read_text().splitlines():
        assert MANIFEST.is_valid([json.loads(line)])


def test_the_schemas_are_schemas() -> None:
    Draft202012Validator.check_schema(schema.title_schema())
    Draft202012Validator.check_schema(schema.manifest_schema())


@pytest.mark.parametrize("field", fields.FIELDS, ids=lambda field: field.name)
def test_each_fields_example_is_valid_and_read(field: fields.Field) -> None:
    document = {field.name: field.example, **({"time_zone": "UTC"} if field.kind == "time" else {})}
    assert TITLE.is_valid(document)
    read_sidecar("t.json", json.dumps(document).encode())


@pytest.mark.parametrize(
    "document",
    [
        {"nam": "x"},
        {"name": ""},
        {"name": "a\nb"},
        {"name": "x" * 257},
        {"name": True},
        {"reference_id": "x"},
        {"owner": "a b"},
        {"viewers": ["a b"]},
        {"tags": ["a,b"]},
        {"tags": {"a": "b"}},
        {"categories": ["a>>b"]},
        {"categories": [f"c{number}" for number in range(33)]},
        {"start": "1.12.2026", "time_zone": "UTC"},
        {"captions": [{"file": "a.vtt", "lang": "en"}]},
        {"captions": [{"file": "a.doc"}]},
        {"captions": [{"language": "en"}]},
        {"thumbnail": "/a.jpg"},
        {"thumbnail": "a\\b.jpg"},
        {"metadata": {"P": "x"}},
        {"media": "a.mp4"},
    ],
)
def test_editors_see_what_the_reader_refuses(document: dict[str, Any]) -> None:
    assert not TITLE.is_valid(document)
    with pytest.raises(ValueError, match=r"t\.json, line 1"):
        read_sidecar("t.json", json.dumps(document).encode())


def test_kalturas_columns_and_elements_are_in_the_pages() -> None:
    columns = (DOCS / "manifests" / "kaltura-csv.md").read_text()
    elements = (DOCS / "manifests" / "kaltura-xml.md").read_text()
    assert [name for name in COLUMNS if f"| `{name}` |" not in columns] == []
    assert [name for name in ITEM if f"| `{name}` |" not in elements] == []
