"""Python in the documentation: DAGs load, and run where that is cheap; everything else is executed."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tests.docs.blocks import Block, Key, of_language
from tests.docs.dag_runs import load, run
from tests.provider.airflow_fixtures import BUCKET, client, connection, s3, s3_url, set_connection, video
from tests.provider.conftest import new_sandbox, sandbox
from tests.provider.entries import add_content, new_entry, wait_for_status

from kaltura_provider.api import KalturaClient

__all__ = ["client", "connection", "new_sandbox", "s3", "s3_url", "sandbox", "set_connection", "video"]

LANGUAGES = {"python"}
BLOCKS = of_language("python")
DAGS = [block for block in BLOCKS if "DAG(" in block.code]
# Blocks that a test of their page runs, with what it asserts.
ELSEWHERE: dict[Key, str] = {
    ("docs/quality.md", "from kaltura_pipeline.quality.captions import check_captions"): (
        "tests/pipeline/quality/test_docs.py"
    ),
    ("docs/sandbox.md", "from kaltura_sandbox.server import SandboxServer"): "tests/docs/test_docs.py",
    ("docs/sandbox.md", "import requests"): "tests/docs/test_docs.py",
}
# IDs of entries in the examples.
ENTRY = re.compile(r"\b[01]_[a-z]{4}\d{4}\b")
CAPTIONS = b"WEBVTT\n\n00:00.000 --> 00:00.800\nHello.\n"


def picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 48), "teal").save(file, "JPEG")
    return file.getvalue()


@pytest.fixture
def library(client: KalturaClient, s3: Any, video: Path) -> Callable[[str], str]:
    """Make what an example names: entries, whose IDs take the places of its own, and objects in S3."""

    def make(code: str) -> str:
        for name in sorted(set(ENTRY.findall(code))):
            entry_id = new_entry(client, media_type=1)
            add_content(client, entry_id, video.read_bytes(), "a.mp4")
            wait_for_status(client, entry_id, 2)
            code = code.replace(name, entry_id)
        code = code.replace("s3://media/", f"s3://{BUCKET}/").replace('s3_bucket="media"', f's3_bucket="{BUCKET}"')
        for key in re.findall(rf"s3://{BUCKET}/([\w./-]+)", code):
            body = {"mp4": video.read_bytes(), "jpg": picture()}.get(key.rpartition(".")[2], CAPTIONS)
            s3.put_object(Bucket=BUCKET, Key=key, Body=body)
        return code

    return make


@pytest.mark.parametrize("block", DAGS, ids=str)
def test_a_dag_loads(block: Block, tmp_path: Path) -> None:
    assert load(block.code, tmp_path).tasks


def test_all_others_are_run() -> None:
    assert {block.key for block in BLOCKS if block not in DAGS} == {*EXAMPLES, *ELSEWHERE}
    assert all(Path(name).exists() for name in ELSEWHERE.values())


def dag_code(dag_id: str) -> str:
    (block,) = [block for block in DAGS if f'DAG("{dag_id}"' in block.code or f'    "{dag_id}",' in block.code]
    return block.code


def test_from_s3_to_a_page(library: Callable[[str], str], s3: Any, tmp_path: Path) -> None:
    results = run(load(library(dag_code("talk_to_page")), tmp_path))
    entry_id = results["upload"]["entry_id"]
    page = s3.get_object(Bucket=BUCKET, Key=f"pages/{entry_id}.html")["Body"].read().decode()
    assert "<title>Introduction to optics</title>" in page
    assert str(results["player"]["ui_conf_id"]) in page


def test_captions_and_thumbnails(library: Callable[[str], str], client: KalturaClient, tmp_path: Path) -> None:
    code = library(dag_code("captions_and_thumbnails")).replace("/data/film.vtt", str(tmp_path / "film.vtt"))
    (tmp_path / "film.vtt").write_bytes(CAPTIONS)
    (tmp_path / "dags").mkdir()
    results = run(load(code, tmp_path / "dags"))
    assert sorted(done["added"] for done in results["captions"]["entries"].values()) == [1, 2]
    assert [done["added"] for done in results["thumbnails"]["entries"].values()] == [1, 1]


def test_around_entries(library: Callable[[str], str], client: KalturaClient, tmp_path: Path) -> None:
    results = run(load(library(dag_code("around_entries")), tmp_path))
    assert set(results["file"]["category_ids"]) == {"Physics>Optics", "2026"}
    assert all(results[name]["created"] for name in ("staff", "lectures", "course"))


def test_describe(library: Callable[[str], str], client: KalturaClient, tmp_path: Path) -> None:
    client.call("accessControlProfile", "add", {"accessControlProfile": {"name": "Staff only"}})
    results = run(load(library(dag_code("describe")), tmp_path))
    assert results["update"]["updated"] == 2
    assert results["profile"]["created"]


def test_under_fewer_rights(library: Callable[[str], str], client: KalturaClient, tmp_path: Path) -> None:
    code = library(dag_code("restricted"))
    (entry_id,) = set(re.findall(r'entry_id="([^"]+)"', code))
    run(load(code, tmp_path))
    assert client.call("baseEntry", "get", {"entryId": entry_id})["name"] == "A better title"


def test_any_action(client: KalturaClient, tmp_path: Path) -> None:
    results = run(load(dag_code("any_action"), tmp_path))
    count, categories = results["two_in_one"]
    assert isinstance(count, int)
    assert categories["objects"] is not None


class Example:
    """What an example may use, and where it is run."""

    def __init__(self, client: KalturaClient, s3: Any, video: Path) -> None:
        self.client, self.s3, self.video = client, s3, video

    def run(self, code: str, **names: Any) -> dict[str, Any]:
        exec(compile(code, "an example", "exec"), names)
        return names


def csv_report(example: Example, code: str) -> None:
    names = example.run(code)
    assert names["rows"] == []


def snippet(example: Example, code: str) -> None:
    assert "1_abcd1234" in example.run(code)["html"]


def film_for_a_viewer(example: Example, code: str) -> None:
    from kaltura_provider.api import Player

    player = Player("https://cdnapisec.kaltura.com", partner_id=102, ui_conf_id=1)
    html = example.run(code)["film_for"](example.client, player, "1_abcd1234", "A film", "192.0.2.7")
    assert "A film" in html


def pull(example: Example, code: str) -> None:
    """S3 is at an address of its own here, so that it is pushed; the reason is what is shown."""
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook

    from kaltura_provider.api import MemoryJournal
    from kaltura_provider.transfers.s3_source import S3Source

    example.s3.put_object(Bucket=BUCKET, Key="talk.mp4", Body=example.video.read_bytes())
    hook = S3Hook("aws_default")
    names = example.run(
        code, client=example.client, s3_hook=hook, source=S3Source.find(hook, BUCKET, "talk.mp4"),
        log=logging.getLogger(__name__), journal=MemoryJournal(), entry_id="",
    )  # fmt: skip
    assert names["choice"].mode == "push"


EXAMPLES: dict[Key, Callable[[Example, str], None]] = {
    ("docs/analytics.md", "from kaltura_provider.api import fetch_report_csv, read_report_csv"): csv_report,
    ("docs/players.md", "from kaltura_provider.api import PageItem, Player, render_embed"): snippet,
    (
        "docs/players.md",
        "from kaltura_provider.api import KalturaClient, PageItem, Player, render_embed, start_viewer_session",
    ): film_for_a_viewer,
    ("docs/transfer-modes.md", "from kaltura_provider.api import MediaKind, check_pull, start_pull"): pull,
}


@pytest.mark.parametrize("key", EXAMPLES, ids=" ".join)
def test_an_example_runs(key: Key, client: KalturaClient, s3: Any, video: Path) -> None:
    (block,) = [block for block in BLOCKS if block.key == key]
    EXAMPLES[key](Example(client, s3, video), block.code)
