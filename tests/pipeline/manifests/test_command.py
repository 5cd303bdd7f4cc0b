"""``python -m kaltura_pipeline.manifest`` as people use it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from kaltura_pipeline.manifest import main
from kaltura_pipeline.manifests import schema


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "talk.yaml").write_text("name: Talk\nstart: 2026-12-01 09:00\n")
    (tmp_path / "bad.csv").write_text("media;name;metadata.P.A\na.mp4;A;1\nb.mp4;B;2\n/c.mp4;C;\n")
    (tmp_path / "list.json").write_text('[{"media": "a.mp4"}]')
    return tmp_path


@pytest.mark.usefixtures("folder")
def test_validate(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", "list.json"]) == 0
    assert capsys.readouterr().out == "list.json: json, 1 of 1 titles can be used\n"
    assert main(["validate", "talk.yaml", "bad.csv", "none.yaml"]) == 1
    captured = capsys.readouterr()
    assert captured.out.splitlines() == [
        "talk.yaml, line 2, field 'start': '2026-12-01 09:00' is of no time zone; "
        "add 'time_zone', for example Europe/Berlin",
        "talk.yaml: sidecar, 0 of 1 titles can be used",
        "bad.csv, row 4, column 'media', field 'media': '/c.mp4' leads out of the manifest's folder; "
        "name it relative to that folder, or as s3://bucket/key",
        "bad.csv: csv, 2 of 3 titles can be used",
    ]
    assert captured.err == "none.yaml: cannot be read: No such file or directory\n"


@pytest.mark.usefixtures("folder")
def test_explain(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", "--explain", "--time-zone", "Europe/Berlin", "talk.yaml", "bad.csv"]) == 1
    out = capsys.readouterr().out
    assert 'talk.yaml, line 1: described\n    name               "Talk"  (line 1)\n' in out
    assert "    start              2026-12-01 08:00:00 UTC  (line 2)\n" in out
    assert "bad.csv, row 3, b.mp4: described\n" in out
    assert """    name               "B"  (row 3, column 'name')\n""" in out
    assert """    metadata.P.A       "2"  (row 3, column 'metadata.P.A')\n""" in out
    assert "bad.csv, row 4: cannot be used\n" in out


@pytest.mark.usefixtures("folder")
def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", "--json", "--explain", "bad.csv"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert (document["form"], document["titles"], document["usable"]) == ("csv", 3, 2)
    assert document["problems"][0]["field"] == "media"
    assert document["explained"][0]["fields"][0] == {
        "field": "media",
        "place": "row 2, column 'media'",
        "value": "a.mp4",
    }


def test_what_a_file_is_may_be_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", "--as", "manifest", "talk.yaml"]) == 1
    assert "is one title, not a list of them" in capsys.readouterr().out
    (folder / "broken.yaml").write_text("name: a: b")
    assert main(["validate", "broken.yaml"]) == 1
    assert "broken.yaml, line 1, column 8: is not valid YAML" in capsys.readouterr().out


def test_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out) == schema.title_schema()
    assert main(["schema", "manifest"]) == 0
    assert json.loads(capsys.readouterr().out) == schema.manifest_schema()


@pytest.mark.usefixtures("folder")
def test_as_a_command_it_needs_neither_airflow_nor_an_account() -> None:
    code = (
        "import sys; from kaltura_pipeline.manifest import main; status = main(sys.argv[1:]);"
        "print(sorted({'airflow', 'boto3', 'openpyxl'} & set(sys.modules)), status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "validate", "list.json"], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["list.json: json, 1 of 1 titles can be used", "[] 0"]


def test_importing_the_readers_is_cheap() -> None:
    code = (
        "import sys; import kaltura_pipeline.manifests;"
        "print(sorted({'yaml', 'csv', 'openpyxl', 'defusedxml', 'charset_normalizer', 'airflow'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
