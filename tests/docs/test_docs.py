"""The documentation tells the truth: its DAGs load, its links lead somewhere, its settings exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.conftest import ROOT

PAGES = [
    *(ROOT / f"{name}.md" for name in ("README", "CONTRIBUTING", "SECURITY")),
    *sorted((ROOT / "docs").glob("*.md")),
]
PYTHON = re.compile(r"^```python\n(.*?)^```", re.S | re.M)
DAGS = [
    (page.name, number, code)
    for page in PAGES
    for number, code in enumerate(PYTHON.findall(page.read_text()))
    if "DAG(" in code
]


@pytest.mark.parametrize(
    ("page", "number", "code"),
    DAGS,
    ids=lambda value: str(value) if not isinstance(value, str) or len(value) < 40 else "",
)
def test_dags_in_the_documentation_load(tmp_path: Path, page: str, number: int, code: str) -> None:
    from airflow.dag_processing.dagbag import DagBag

    (tmp_path / "example.py").write_text(code)
    bag = DagBag(str(tmp_path))
    assert bag.import_errors == {}
    assert len(bag.dags) == 1


def test_there_are_such_dags() -> None:
    assert len(DAGS) >= 3


def test_the_examples_of_the_sandbox_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    printed = []
    for number, code in enumerate(PYTHON.findall((ROOT / "docs" / "sandbox.md").read_text())):
        exec(compile(code, f"docs/sandbox.md example {number}", "exec"), {"tmp_path": tmp_path / str(number)})
        printed.append(capsys.readouterr().out)
    assert printed[0].startswith("http://127.0.0.1:")
    assert "the connection was reset\n['session.start', 'media.add']\n" in printed[1]
    assert "media.add 1: drop_answer" in printed[1]
    assert "Schedule(seed=7, rate=0.2" in printed[1]


def test_every_fault_is_documented() -> None:
    from kaltura_sandbox.faults.fault import KINDS

    text = (ROOT / "docs" / "sandbox.md").read_text()
    for kind in {kind for kinds in KINDS.values() for kind in kinds}:
        assert f"`{kind}`" in text, kind


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_setting_is_documented() -> None:
    from dataclasses import fields

    from kaltura_pipeline.settings import ENVIRONMENT_PREFIX, PipelineSettings

    text = (ROOT / "docs" / "pipeline.md").read_text()
    for field in fields(PipelineSettings):
        assert f"`{ENVIRONMENT_PREFIX}{field.name.upper()}`" in text


def test_every_connection_field_is_documented() -> None:
    from kaltura_provider.get_provider_info import get_provider_info

    text = (ROOT / "docs" / "connection.md").read_text()
    for name in get_provider_info()["connection-types"][0]["conn-fields"]:
        assert f"`{name}`" in text, name


def test_every_operator_is_documented() -> None:
    import importlib
    import inspect

    from airflow.sdk import BaseOperator

    from kaltura_provider.get_provider_info import get_provider_info

    info = get_provider_info()
    modules = [name for kind in ("operators", "sensors") for group in info[kind] for name in group["python-modules"]]
    modules += [transfer["python-module"] for transfer in info["transfers"]]
    text = (ROOT / "docs" / "operators.md").read_text()
    for module in modules:
        for name, member in inspect.getmembers(importlib.import_module(module), inspect.isclass):
            if issubclass(member, BaseOperator) and member.__module__ == module:
                assert f"`{name}`" in text, name


def test_make_targets_in_the_readme_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in set(re.findall(r"\bmake ([a-z]+)\b", (ROOT / "README.md").read_text())):
        assert re.search(rf"^{target}:", makefile, re.M), target


def test_what_becomes_what_is_documented() -> None:
    from kaltura_provider.api.media_kind import KIND_OF, entry_template

    section = (ROOT / "docs" / "operators.md").read_text().split("## What becomes what")[1].split("\n## ")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if "|" in line][2:]
    documented = {extension: (kind, entry) for kind, extensions, _, entry in rows for extension in extensions.split()}
    assert {extension: kind for extension, (kind, _) in documented.items()} == {
        extension: kind.value for extension, kind in KIND_OF.items()
    }
    for extension, kind in KIND_OF.items():
        template = entry_template(kind, f"a.{extension}")
        number = template.fields.get("mediaType") or template.params.get("type") or 6
        assert documented[extension][1].startswith(f"`{template.service}.add`")
        assert documented[extension][1].endswith(f" {number}")


def test_what_drives_a_player_is_documented() -> None:
    script = (ROOT / "plugins" / "kaltura_provider" / "api" / "templates" / "player.js").read_text()
    methods = re.findall(r'"(\w+)"', script.split("const METHODS = [")[1].split("]")[0])
    events = [
        "ready",
        "error",
        *re.findall(r"^    (\w+): \[", script.split("const EVENTS = {")[1].split("};")[0], re.M),
    ]
    assert len(methods) == 10
    assert len(events) == 16
    text = (ROOT / "docs" / "players.md").read_text()
    for method in methods:
        assert re.search(rf"`{method}\(", text), method
    for event in events:
        assert f"`{event}`" in text, event
