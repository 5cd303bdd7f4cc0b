"""The documentation tells the truth: its links lead somewhere, its settings exist, nothing is left out."""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from tests.conftest import ROOT
from tests.docs.blocks import PAGES, of_language
from tests.docs.check_site import faults

# The names of places on a page, as GitHub makes them of headings.
_DROPPED = re.compile(r"[^\w\- ]")


@cache
def places(page: Path) -> set[str]:
    tokens = MarkdownIt("commonmark").parse(page.read_text(encoding="utf-8"))
    headings = [text for token, text in pairwise(tokens) if token.type == "heading_open"]
    return {_DROPPED.sub("", each.content.replace("`", "").lower()).replace(" ", "-") for each in headings}


def test_the_examples_of_the_sandbox_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    printed = []
    examples = [block for block in of_language("python") if block.page == "docs/sandbox.md"]
    for number, block in enumerate(examples):
        exec(compile(block.code, str(block), "exec"), {"tmp_path": tmp_path / str(number)})
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


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target, place in re.findall(r"\]\(([^)#:]*)(?:#([^)]*))?\)", page.read_text(encoding="utf-8")):
        to = page.parent / target if target else page
        assert to.exists(), f"{page.name} links to {target}"
        if place and to.suffix == ".md":
            assert place in places(to), f"{page.name} links to {target}#{place}"


def test_the_reference_has_every_module() -> None:
    from kaltura_provider.get_provider_info import get_provider_info

    info = get_provider_info()
    groups = {
        kind: [name for group in info[kind] for name in group["python-modules"]]
        for kind in ("operators", "sensors", "triggers")
    }
    groups["transfers"] = [each["python-module"] for each in info["transfers"]]
    groups["hook"] = ["kaltura_provider.hooks.kaltura.KalturaHook"]
    for kind, modules in groups.items():
        text = (ROOT / "docs" / "reference" / f"{kind}.md").read_text()
        assert sorted(re.findall(r"^::: (\S+)", text, re.M)) == sorted(modules), f"docs/reference/{kind}.md"


def test_the_check_of_the_built_site_finds_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text(
        '<h1 id="top">A</h1><a href="b.html#there">b</a><a href="#top">up</a><a href="https://example.com">other</a>'
    )
    (tmp_path / "b.html").write_text('<p id="there">B</p>')
    assert faults(tmp_path) == []
    (tmp_path / "b.html").write_text(
        '<a href="c.html">c</a><a href="index.html#nowhere">a</a><script src="//cdn.example.com/x.js"></script>'
    )
    assert faults(tmp_path) == [
        "b.html: c.html is not there",
        "b.html: index.html#nowhere: there is no such place on that page",
        "b.html: //cdn.example.com/x.js is loaded from another site",
        "index.html: b.html#there: there is no such place on that page",
    ]


def test_every_setting_is_documented() -> None:
    from dataclasses import fields

    from kaltura_pipeline.settings import ENVIRONMENT_PREFIX, PipelineSettings

    text = (ROOT / "docs" / "pipeline.md").read_text()
    for field in fields(PipelineSettings):
        assert f"`{ENVIRONMENT_PREFIX}{field.name.upper()}`" in text


def test_every_setting_that_is_named_exists() -> None:
    from dataclasses import fields

    from kaltura_pipeline.settings import ENVIRONMENT_PREFIX, PipelineSettings

    known = {ENVIRONMENT_PREFIX + field.name.upper() for field in fields(PipelineSettings)}
    for page in PAGES:
        named = set(re.findall(rf"\b{ENVIRONMENT_PREFIX}[A-Z_]+\b", page.read_text(encoding="utf-8")))
        assert named <= known, page.name


def test_operations_says_what_the_code_does() -> None:
    from kaltura_pipeline import operators
    from kaltura_pipeline.settings import PipelineSettings
    from kaltura_provider.transfers.ledger import LEASE_SECONDS

    text = (ROOT / "docs" / "operations.md").read_text()
    settings, wait = PipelineSettings(), operators.IngestReadyOperator(
        task_id="wait", settings=PipelineSettings(), bucket="", plan=""
    )  # fmt: skip
    assert f"{settings.transfer_tasks} transfer tasks (`KALTURA_PIPELINE_TRANSFER_TASKS`)" in text
    titles = settings.files_at_once * settings.transfer_tasks
    assert f"{settings.files_at_once} a task (`KALTURA_PIPELINE_FILES_AT_ONCE`), so {titles}" in text
    assert (
        f"up to {operators._SLICE} entries each, a call for 150 of them every {wait.poll_interval:.0f} seconds" in text
    )
    assert f"longer than `wait` waits ({wait.wait_timeout / 3600:.0f} hours)" in text
    assert f"its claim ends after {LEASE_SECONDS / 60:.0f} minutes" in text
    errors = (ROOT / "docs" / "errors.md").read_text()
    for code in re.findall(r"`([A-Z]+(?:_[A-Z0-9]+)+)`", text.split("## Runbook")[1]):
        assert code.startswith("KALTURA_PIPELINE_") or f"`{code}`" in errors, code


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


def test_make_targets_in_the_text_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for page in PAGES:
        for target in set(re.findall(r"`make ([a-z-]+)[` ]", page.read_text(encoding="utf-8"))):
            assert re.search(rf"^{target}:", makefile, re.M), f"{page.name}: make {target}"


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
