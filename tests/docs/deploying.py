"""Commands of the pages on deployment, as far as this repository can tell that they are right."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from dataclasses import fields
from importlib.metadata import metadata

import yaml
from deploy.mwaa.build import CONSTRAINTS_URL
from tests.conftest import ROOT

from kaltura_pipeline.settings import ENVIRONMENT_PREFIX, PipelineSettings
from kaltura_provider import __version__

# Keys of Secrets that the chart does not name after what they hold.
SECRET_KEYS = {
    "airflow-metadata": "connection",
    "airflow-broker-url": "connection",
    "airflow-redis-password": "password",
}


def cp(arguments: list[str]) -> None:
    """What is copied out of the repository is there, or is built."""
    for source in arguments[:-1]:
        name = source.removeprefix("../kaltura/")
        assert name.startswith("dist/") or list(ROOT.glob(name)), source


def sed(arguments: list[str]) -> None:
    """The words that are replaced are in the file."""
    *_, script, name = arguments
    for word in re.findall(r"(?:^|; )s/([^/]+)/", script):
        assert word in (ROOT / name).read_text(), word


def kubectl(arguments: list[str]) -> None:
    """A secret has the key that the chart reads, and the pod is one of its own."""
    if arguments[:2] == ["-n", "airflow"] and arguments[2:5] == ["create", "secret", "generic"]:
        name, option = arguments[5:]
        keys = {
            "airflow-metadata": "connection",
            "airflow-broker-url": "connection",
            "airflow-redis-password": "password",
        }
        key = keys.get(name) or values_keys().get(name) or name.removeprefix("airflow-")
        assert re.match(rf"--from-(literal|file)={key}=", option), option
    elif "exec" in arguments:
        assert "deploy/airflow-api-server" in arguments
    else:
        assert arguments == ["create", "namespace", "airflow"]


def values_keys() -> dict[str, str]:
    values = yaml.safe_load((ROOT / "deploy" / "helm" / "values.yaml").read_text())
    return {each["secretName"]: each["secretKey"] for each in values["secret"]}


def helm(arguments: list[str]) -> None:
    """The chart's version is that of the values."""
    if arguments[0] != "repo":
        options = dict(zip(arguments[4::2], arguments[5::2], strict=True))
        text = (ROOT / options["--values"]).read_text()
        assert f"chart {options['--version'].rpartition('.')[0]}," in text.splitlines()[0]


def gcloud(arguments: list[str]) -> None:
    """Files that are named are there, or written before; settings exist."""
    known = {ENVIRONMENT_PREFIX + field.name.upper() for field in fields(PipelineSettings)}
    for argument in arguments:
        name, _, value = argument.partition("=")
        if name == "--update-env-variables":
            assert {each.partition("=")[0] for each in value.split(",")} <= known
    if "--update-pypi-packages-from-file" in arguments:
        assert (ROOT / arguments[arguments.index("--update-pypi-packages-from-file") + 1]).is_file()


def download(arguments: list[str]) -> None:
    """What pip gets for an environment without PyPI is this version, with extras that exist."""
    parser = argparse.ArgumentParser()
    parser.add_argument("command")
    for option in ("--only-binary", "--python-version", "--constraint", "--dest"):
        parser.add_argument(option, required=True)
    parser.add_argument("--platform", action="append", required=True)
    parser.add_argument("packages", nargs=2)
    wheel, airflow = parser.parse_args(arguments).packages
    found = re.fullmatch(r"dist/airflow_provider_kaltura-(.+)-py3-none-any\.whl\[([\w,]+)\]", wheel)
    assert found
    assert found[1] == __version__
    assert set(found[2].split(",")) <= set(metadata("airflow-provider-kaltura").get_all("Provides-Extra") or ())
    version = airflow.removeprefix("apache-airflow==")
    page = (ROOT / "docs" / "deploy-mwaa.md").read_text()
    assert CONSTRAINTS_URL.format(airflow=version, python="3.12") in page


DEPLOYING: dict[str, Callable[[list[str]], None]] = {
    "cp": cp,
    "gcloud": gcloud,
    "helm": helm,
    "kubectl": kubectl,
    "sed": sed,
}
