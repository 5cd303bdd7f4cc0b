"""YAML, JSON, CSV, XML, captions and web code in the documentation: read by what reads them in the product."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import playwright
import pytest
import yaml
from tests.docs.blocks import Block, of_language
from tests.provider.api.embed.html import Html

from kaltura_pipeline.manifests import read_manifest, read_sidecar
from kaltura_pipeline.notify import parse_notifiers
from kaltura_pipeline.quality.captions import check_captions
from kaltura_pipeline.quality.rules import QualityRules
from kaltura_provider.api.chapters import read_chapters
from kaltura_sandbox.faults import rules_from_json

NODE = Path(playwright.__file__).parent / "driver" / "node"


def sidecar(text: str) -> None:
    read_sidecar("talk.yaml", text.encode(), time_zone="UTC")


def manifest(ending: str) -> Callable[[str], None]:
    def read(text: str) -> None:
        found = read_manifest(f"lectures.{ending}", text.encode(), time_zone="UTC")
        assert found.problems == ()
        assert found.rows

    return read


def notifiers(text: str) -> None:
    assert parse_notifiers(text)


def rules(text: str) -> None:
    QualityRules.from_json(json.loads(text))


def why(text: str) -> None:
    from kaltura_pipeline.quarantine import WhyDocument

    assert json.loads(text).keys() == WhyDocument.__annotations__.keys()


def fault_rules(text: str) -> None:
    assert rules_from_json(json.loads(text))


def policy(text: str) -> None:
    """An IAM policy: the actions that it grants exist."""
    import botocore.session

    document = json.loads(text)
    assert document["Version"] == "2012-10-17"
    for statement in document["Statement"]:
        assert statement.keys() == {"Effect", "Action", "Resource"}
        for action in statement["Action"]:
            service, _, name = action.partition(":")
            model = botocore.session.get_session().get_service_model(service)
            assert name in model.operation_names


def aws_connection(text: str) -> None:
    """An Airflow connection that takes a role without a key."""
    from airflow.providers.amazon.aws.utils.connection_wrapper import AwsConnectionWrapper
    from airflow.sdk import Connection

    wrapper = AwsConnectionWrapper(Connection.from_json(text, "aws_default"))
    assert wrapper.assume_role_method == "assume_role_with_web_identity"
    assert wrapper.role_arn
    assert not wrapper.aws_access_key_id


# Blocks with a title stand for this file or setting; the first pattern that fits decides.
NAMED: list[tuple[str, Callable[[str], None]]] = [
    (r"KALTURA_PIPELINE_(REPORT_)?NOTIFIERS", notifiers),
    (r"rules\.json", fault_rules),
    (r"policy\.json", policy),
    (r"aws\.json", aws_connection),
    (r".*\.manifest\.(csv)|spring\.csv", manifest("csv")),
    (r".*\.(yaml|json)", sidecar),
]
# Those without one, by page and beginning.
UNNAMED: list[tuple[str, str, Callable[[str], None]]] = [
    ("docs/manifests/sidecar.md", "", sidecar),
    ("docs/manifests/yaml-json.md", "", manifest("yaml")),
    ("docs/pipeline.md", "name: Introduction to optics", sidecar),
    ("docs/quality.md", "{", rules),
    ("docs/quarantine.md", "{", why),
    ("docs/quarantine.md", "[", notifiers),
]


def described(block: Block) -> None:
    """YAML or JSON."""
    found = [read for pattern, read in NAMED if re.fullmatch(pattern, block.title)]
    found += [
        read for page, start, read in UNNAMED if not block.title and block.page == page and block.code.startswith(start)
    ]
    assert found, f"{block}: say what it is, by a title or in UNNAMED"
    if block.language == "json":
        json.loads(block.code)
    else:
        yaml.safe_load(block.code)
    found[0](block.code)


def captions(block: Block) -> None:
    if ".chapters." in block.title:
        assert read_chapters(block.code.encode(), block.title)
        return
    text, problems = check_captions(block.title, block.code.encode(), language="en")
    assert text
    assert not problems


def web_page(block: Block) -> None:
    scripts = Html(block.code, whole=False).texts("script")
    assert scripts
    for code in scripts:
        script(code)


def script(code: str) -> None:
    done = subprocess.run(
        [NODE, "--check", "-"], input=code, text=True, capture_output=True, timeout=60, check=False
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


READERS: dict[str, Callable[[Block], None]] = {
    "yaml": described,
    "json": described,
    "csv": lambda block: manifest("csv")(block.code),
    "ndjson": lambda block: manifest("ndjson")(block.code),
    "xml": lambda block: manifest("xml")(block.code),
    "rss": lambda block: manifest("rss")(block.code),
    "vtt": captions,
    "html": web_page,
    "js": lambda block: script(block.code),
}
# The queries are run by test_analytics.py.
LANGUAGES = {*READERS, "sql"}


@pytest.mark.parametrize("block", of_language(*READERS), ids=str)
def test_it_is_read(block: Block) -> None:
    READERS[block.language](block)


def test_a_wrong_block_would_be_found() -> None:
    def made(language: str, code: str, title: str = "") -> Any:
        return Block("docs/made.md", 1, language, title, code)

    wrong = [
        made("yaml", "tag: [a]\n", "talk.yaml"),
        made("json", '{"name": "x"}'),
        made("csv", "*title,url\nLight,https://example.com/a.mp4\n"),
        made("js", "const = 1;"),
        made("html", "<script>const = 1;</script>"),
        made("vtt", "00:01.000 --> 00:00.000\nHello.\n", "talk.en.vtt"),
    ]
    for block in wrong:
        with pytest.raises((AssertionError, ValueError)):
            READERS[block.language](block)
