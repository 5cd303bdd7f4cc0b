"""Commands in the documentation: bash reads them, and what they call has these targets, modules and options."""

from __future__ import annotations

import argparse
import json
import re
import runpy
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable
from importlib.metadata import metadata
from pathlib import Path
from typing import Any

import botocore.session
import pytest
import requests
import yaml
from botocore.validate import ParamValidator
from demo.bucket import BUCKET, open_to_all
from tests.conftest import ROOT
from tests.docs.blocks import Block, blocks, of_language, write_files
from tests.docs.deploying import DEPLOYING, download
from tests.docs.shell import read_commands
from tests.pipeline.conftest import kaltura, s3, s3_url, sandbox

from kaltura_pipeline.settings import ENVIRONMENT_PREFIX, PipelineSettings
from kaltura_provider.api import KalturaClient
from kaltura_provider.hooks.errors import KalturaConnectionError

__all__ = ["kaltura", "s3", "s3_url", "sandbox"]

LANGUAGES = {"shell"}
BLOCKS = of_language(*LANGUAGES)
MAKEFILE = (ROOT / "Makefile").read_text()
# Commands that need neither account nor bucket, and are quick, are run.
QUICK = ("kaltura_pipeline.manifest", "kaltura_provider.api.advice", "kaltura_provider.api.analytics")
# What a reader puts in the place of what is said in capitals.
OWN = {"YOUR PARTNER ID": "1234567", "YOUR APP TOKEN ID": "1_a2b3c4d5", "YOUR APP TOKEN": "0" * 32}


class ParsedError(Exception):
    """The arguments were understood."""


def make(arguments: list[str]) -> None:
    if arguments[0] == "-C":
        del arguments[:2]
    for argument in arguments:
        name, assignment, _ = argument.partition("=")
        known = f"$({name})" in MAKEFILE if assignment else re.search(rf"^{name}:", MAKEFILE, re.M)
        assert known, f"the Makefile knows no {name}"


def python(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    if arguments[0] == "-m":
        del arguments[0]
        assert arguments[0].startswith("kaltura_")
    module = arguments[0]
    if module == "-c":
        compile(arguments[1], "-c", "exec")
        return
    monkeypatch.setattr(sys, "argv", arguments)
    if module in QUICK:
        assert exit_status(module) == 0
        return
    understand = argparse.ArgumentParser.parse_args

    def parse_args(self: Any, args: Any = None, namespace: Any = None) -> None:
        understand(self, args, namespace)
        raise ParsedError

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", parse_args)
    monkeypatch.setenv("KALTURA_PIPELINE_BUCKET", "media")
    with pytest.raises(ParsedError):
        exit_status(module)


def exit_status(module: str) -> int:
    with warnings.catch_warnings():
        # The module was imported before.
        warnings.simplefilter("ignore", RuntimeWarning)
        try:
            if module.endswith(".py"):
                runpy.run_path(str(ROOT / module), run_name="__main__")
            else:
                runpy.run_module(module, run_name="__main__", alter_sys=True)
        except SystemExit as end:
            if end.code not in (0, 1, None):
                raise
            return int(end.code or 0)
    return 0


def airflow(arguments: list[str]) -> None:
    from airflow.cli.cli_parser import get_parser

    assert get_parser().parse_args(arguments).func


def pip(arguments: list[str]) -> None:
    if arguments[0] == "download":
        download(arguments)
        return
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["install"])
    parser.add_argument("-c", type=lambda name: (ROOT / name).read_text())
    parser.add_argument("package")
    given = parser.parse_args(arguments)
    extras = re.fullmatch(r"(?:\.|airflow-provider-kaltura)\[([\w,]+)\]", given.package)
    assert extras, given.package
    assert set(extras[1].split(",")) <= set(metadata("airflow-provider-kaltura").get_all("Provides-Extra") or ())


def aws(arguments: list[str]) -> None:
    """Hold a command of the AWS CLI against what botocore knows of the service."""
    while arguments[0] in ("--endpoint-url", "--region"):
        del arguments[:2]
    service, command, *options = arguments
    if (service, command) in (("s3", "cp"), ("s3", "sync")):
        source, target = options[:2]
        assert not source.startswith("s3://")
        assert target.startswith("s3://")
        return
    session = botocore.session.get_session()
    model = session.get_service_model({"s3api": "s3"}.get(service, service))
    operation = model.operation_model("".join(word.capitalize() for word in command.split("-")))
    given = {
        "".join(word.capitalize() for word in name.removeprefix("--").split("-")): (
            json.loads(value) if value.startswith(("{", "[")) else value
        )
        for name, value in zip(options[::2], options[1::2], strict=True)
    }
    assert operation.input_shape
    report = ParamValidator().validate(given, operation.input_shape)
    assert not report.has_errors(), report.generate_report()


def docker(arguments: list[str]) -> None:
    """Hold a command of Docker Compose against the file, and what is built against the Dockerfile."""
    if arguments[0] == "push":
        return
    if arguments[0] == "build":
        target = arguments[arguments.index("--target") + 1]
        assert re.search(rf"^FROM \S+ AS {target}$", (ROOT / "Dockerfile").read_text(), re.M)
        return
    file = yaml.safe_load((ROOT / "docker-compose.yaml").read_text())
    profiles = {name for service in file["services"].values() for name in service.get("profiles", ())}
    parser = argparse.ArgumentParser()
    parser.add_argument("compose", choices=["compose"])
    parser.add_argument("--profile", choices=sorted(profiles))
    parser.add_argument("command", choices=["up", "down", "stop"])
    parser.add_argument("--build", action="store_true")
    parser.add_argument("--volumes", action="store_true")
    parser.add_argument("--scale", type=lambda text: text.partition("=")[0], choices=sorted(file["services"]))
    parser.parse_args(arguments)


def connection(text: str) -> None:
    """What is exported as a connection is one that the hook takes."""
    from airflow.sdk import Connection

    from kaltura_provider.hooks.connection import read_connection

    for words, value in OWN.items():
        text = text.replace(words, value)
    text = re.sub(r"<[a-z ]+>", "0" * 32, text)
    made = Connection.from_json(text, "c") if text.startswith("{") else Connection.from_uri(text, "c")
    assert read_connection(made, on_secret=lambda _: None).config.partner_id > 0


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_its_commands_are_known(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    called = read_commands(block.code, tmp_path)
    assert called.commands or called.variables, "it does nothing"
    examples = ROOT / "docs" / "manifests" / "examples"
    shutil.copytree(examples, tmp_path, dirs_exist_ok=True)
    write_files(block.page, tmp_path)
    monkeypatch.chdir(tmp_path)
    for program, *arguments in called.commands:
        with monkeypatch.context() as patch:
            if program in ("python", "python3"):
                python(arguments, patch)
            elif program == "curl":
                assert block.key in CURL, f"{block}: say what it does, in CURL"
            elif program in CHECKS:
                CHECKS[program](arguments)
    settings = {name: value for name, value in called.variables.items() if name.startswith(ENVIRONMENT_PREFIX)}
    known = {ENVIRONMENT_PREFIX + name.upper() for name in PipelineSettings.__dataclass_fields__}
    assert settings.keys() <= known
    PipelineSettings.from_environment(settings)
    for name, value in called.variables.items():
        if name.startswith("AIRFLOW_CONN_"):
            connection(value)


CHECKS: dict[str, Callable[[list[str]], None]] = {
    **DEPLOYING,
    "airflow": airflow,
    "aws": aws,
    "docker": docker,
    "make": make,
    "pip": pip,
}


@pytest.mark.parametrize(
    ("code", "error", "words"),
    [
        ("make nothing-like-this", AssertionError, "knows no nothing-like-this"),
        ("make test NOTHING=1", AssertionError, "knows no NOTHING"),
        ("make 'test", AssertionError, "unexpected EOF"),
        ("wget http://127.0.0.1", AssertionError, "wget: command not found"),
        ("curl http://127.0.0.1", AssertionError, "say what it does"),
        ("python -m kaltura_pipeline.ledger list --nothing", SystemExit, "2"),
        ("python -m kaltura_pipeline.nothing", ImportError, "kaltura_pipeline.nothing"),
        ("python -m kaltura_provider.api.advice NOTHING_LIKE_THIS", AssertionError, "assert 1 == 0"),
        ("airflow backfill create --nothing", SystemExit, "2"),
        ("pip install '.[nothing]'", AssertionError, "nothing"),
        ("python3 deploy/env.py --nothing", SystemExit, "2"),
        ("docker compose up --scale nothing=2", SystemExit, "2"),
        ("aws sqs create-queue --nothing x", AssertionError, "Missing required parameter"),
        ("aws sqs create-queue --queue-name x --attributes '[1]'", AssertionError, "Invalid type"),
        ("export KALTURA_PIPELINE_NOTHING=1", AssertionError, "KALTURA_PIPELINE_NOTHING"),
        ("export KALTURA_PIPELINE_BATCH_SIZE=many", ValueError, "must be a whole number"),
        ("export AIRFLOW_CONN_X=kaltura://none:x@www.kaltura.com", KalturaConnectionError, "[Pp]artner"),
    ],
)
def test_a_wrong_command_would_be_found(
    code: str, error: type[BaseException], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(error, match=words):
        test_its_commands_are_known(Block("docs/made.md", 1, "shell", "", code), tmp_path, monkeypatch)


# -- what curl does


def run_curl(block: Block, folder: Path, places: dict[str, str], **variables: str) -> str:
    """Run a block against the servers of the test."""
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("there is no curl on this machine")
    code = block.code
    for place, url in places.items():
        assert place in code
        code = code.replace(place, url)
    code = "\n".join(line for line in code.splitlines() if not line.startswith("python "))
    environment = {"PATH": f"{Path(curl).parent}:/usr/bin:/bin", **variables}
    done = subprocess.run(
        ["/bin/bash", "-eu", "-o", "pipefail", "-c", code], cwd=folder, env=environment, text=True,
        capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


MAKE_TOKEN = (
    "docs/connection.md",
    "KS=$(curl -s https://www.kaltura.com/api_v3/service/session/action/start -d format=1 -d partnerId=1234567 \\",
)
PUT_FILES = ("docs/tutorials/first-ingest.md", "python -m kaltura_pipeline.manifest validate talk.yaml")
# Not run: from the network, and of roles the sandbox knows nothing (tests/deploy/test_permissions.py).
GET_CONSTRAINTS = (
    "docs/deploy-mwaa.md",
    "curl -o constraints.txt https://raw.githubusercontent.com/apache/airflow/constraints-3.3.1/constraints-3.12.txt",
)
MAKE_ROLE = (
    "docs/permissions.md",
    'curl -s https://www.kaltura.com/api_v3/service/userRole/action/add -d format=1 -d ks="$KS" \\',
)
CURL = {MAKE_TOKEN, PUT_FILES, GET_CONSTRAINTS, MAKE_ROLE}


def block_of(key: tuple[str, str]) -> Block:
    (block,) = [block for block in blocks() if block.key == key]
    return block


def test_an_app_token_is_made(kaltura: KalturaClient, sandbox: Any, tmp_path: Path) -> None:
    places = {"https://www.kaltura.com": sandbox.url, "partnerId=1234567": "partnerId=102"}
    answer = run_curl(block_of(MAKE_TOKEN), tmp_path, places, ADMIN_SECRET="admin-secret-for-tests")
    token = json.loads(answer)
    made = kaltura.call("appToken", "get", {"id": token["id"]})
    assert (made["hashType"], made["sessionType"], made["sessionUserId"]) == ("SHA256", 2, "airflow")
    assert made["sessionPrivileges"] == "disableentitlement"


def test_the_files_of_the_tutorial_are_put_and_pages_are_read(s3: Any, s3_url: str, tmp_path: Path) -> None:
    s3.create_bucket(Bucket=BUCKET)
    open_to_all(s3)
    write_files(PUT_FILES[0], tmp_path)
    (tmp_path / "talk.mp4").write_bytes(b"a video")
    run_curl(block_of(PUT_FILES), tmp_path, {"http://127.0.0.1:5555/media/": f"{s3_url}/{BUCKET}/"})
    keys = [each["Key"] for each in s3.list_objects_v2(Bucket=BUCKET)["Contents"]]
    assert keys == ["mine/talk.en.vtt", "mine/talk.mp4", "mine/talk.yaml"]
    s3.put_object(Bucket=BUCKET, Key="_kaltura/pages/index.html", Body=b"a page")
    assert requests.get(f"{s3_url}/{BUCKET}/_kaltura/pages/index.html", timeout=10).content == b"a page"
