"""The files for Astronomer, Composer and Helm agree with this repository and with what reads them."""

from __future__ import annotations

import re
import shlex
from dataclasses import fields
from importlib.metadata import distribution
from typing import Any

import jsonschema
import pytest
import yaml
from deploy.pins import EXTRAS, PINNED, files
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from tests.conftest import ROOT
from tests.packages.scan import SECRET

from kaltura_pipeline.settings import ENVIRONMENT_PREFIX, PipelineSettings
from kaltura_provider import __version__

DEPLOY = ROOT / "deploy"
# What Airflow's constraints files for 3.2 and 3.3 pin of the wheel's dependencies.
CONSTRAINED = frozenset(
    {
        "apache-airflow", "apache-airflow-providers-amazon", "apache-airflow-providers-common-compat",
        "apache-airflow-providers-standard", "asgiref", "boto3", "charset-normalizer", "cryptography", "defusedxml",
        "jinja2", "lxml", "openpyxl", "pyarrow", "pyyaml", "requests", "tenacity",
    }
)  # fmt: skip
TEXT: dict[str, Any] = {"type": "string", "minLength": 1}
NAMED = {"type": "object", "required": ["name", "value"], "additionalProperties": False,
         "properties": {"name": TEXT, "value": TEXT}}  # fmt: skip


def keys(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": properties, "required": list(properties)}


OFF = keys(enabled={"const": False})
ACCOUNT = keys(annotations={"type": "object", "additionalProperties": TEXT})
ARGS = {"type": "array", "items": TEXT, "minItems": 3, "maxItems": 3}
COUNT = {"type": "integer", "minimum": 1}
# The keys of the chart's values that are used, as the chart documents them.
VALUES = keys(
    executor={"const": "CeleryExecutor"}, airflowVersion=TEXT, images=keys(airflow=keys(repository=TEXT, tag=TEXT)),
    fernetKeySecretName=TEXT, apiSecretKeySecretName=TEXT, jwtSecretName=TEXT,
    data=keys(metadataSecretName=TEXT, brokerUrlSecretName=TEXT), postgresql=OFF, redis=keys(passwordSecretName=TEXT),
    secret={"type": "array", "items": keys(envName=TEXT, secretName=TEXT, secretKey=TEXT)},
    env={"type": "array", "items": NAMED},
    config={"type": "object", "additionalProperties": {"type": "object"}},
    createUserJob=OFF, migrateDatabaseJob=keys(args=ARGS),
    workers=keys(
        celery=keys(
            terminationGracePeriodSeconds=COUNT, persistence=OFF, resources={"type": "object"},
            serviceAccount=ACCOUNT, enableDefault={"type": "boolean"},
            sets={"type": "array", "items": keys(name=TEXT, queue=TEXT, replicas=COUNT, args=ARGS)},
        ),
    ),
    triggerer=keys(replicas=COUNT, persistence=OFF, serviceAccount=ACCOUNT), apiServer=keys(serviceAccount=ACCOUNT),
)  # fmt: skip


@pytest.fixture(scope="module")
def values() -> Any:
    return yaml.safe_load((DEPLOY / "helm" / "values.yaml").read_text())


@pytest.fixture(scope="module")
def compose() -> Any:
    return yaml.safe_load((ROOT / "docker-compose.yaml").read_text())


def requires(*extras: str) -> set[str]:
    """Return what the distribution asks for by itself, and with extras."""
    found = set()
    for line in distribution("airflow-provider-kaltura").requires or ():
        need = Requirement(line)
        if canonicalize_name(need.name) == "airflow-provider-kaltura":
            found |= requires(*need.extras) if _wanted(need, extras) else set()
        elif _wanted(need, extras):
            found.add(canonicalize_name(need.name))
    return found


def _wanted(need: Requirement, extras: tuple[str, ...]) -> bool:
    return need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in extras)


def test_every_dependency_is_pinned_by_airflow_or_here() -> None:
    assert requires(*EXTRAS) - CONSTRAINED - PINNED == set()
    assert requires(*EXTRAS) >= CONSTRAINED


def test_requirement_files_are_as_written_from_the_pins() -> None:
    for path, text in files().items():
        assert path.read_text() == text, "run: make pins"


def test_pins_satisfy_the_distribution() -> None:
    needs = {canonicalize_name(each.name): each for each in map(Requirement, _lines("requires"))}
    for name in ("astronomer", "composer"):
        for line in _lines(name):
            pin = Requirement(line)
            (version,) = [each.version for each in pin.specifier]
            if need := needs.get(canonicalize_name(pin.name)):
                assert need.specifier.contains(version), line


def _lines(name: str) -> list[str]:
    if name == "requires":
        return list(distribution("airflow-provider-kaltura").requires or ())
    text = (DEPLOY / name / "requirements.txt").read_text()
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def test_composer_gets_names_extras_and_versions_alone() -> None:
    first, *others = (DEPLOY / "composer" / "requirements.txt").read_text().splitlines()
    assert first == f"airflow-provider-kaltura[{','.join(EXTRAS)}]=={__version__}"
    assert {Requirement(line).name for line in others} == PINNED
    for line in (first, *others):
        assert re.fullmatch(r"[a-z0-9-]+(\[[a-z,]+\])?==[0-9.]+", line)


def test_the_runtime_needs_no_system_packages() -> None:
    assert (DEPLOY / "astronomer" / "packages.txt").read_text() == ""
    settings = yaml.safe_load((DEPLOY / "astronomer" / "airflow_settings.yaml").read_text())
    assert settings["airflow"]["pools"][0]["pool_name"] == "kaltura"
    assert set(settings["airflow"]) == {"pools"}


def test_the_dockerfile_installs_the_wheel_with_the_extras_that_the_dags_need() -> None:
    text = (DEPLOY / "astronomer" / "Dockerfile").read_text()
    assert f'"$1[{",".join(EXTRAS)}]"' in text
    assert re.search(r"^FROM \S+:3\.[2-9]\d*-\d+$", text, re.M)


def test_the_values_have_the_keys_and_types_of_the_chart(values: Any) -> None:
    jsonschema.validate(values, VALUES)
    broken = {**values, "triggerer": {**values["triggerer"], "replica": 1}}
    with pytest.raises(jsonschema.ValidationError, match="replica"):
        jsonschema.validate(broken, VALUES)


def test_the_workers_are_those_of_the_compose_file(values: Any, compose: Any) -> None:
    commands = []
    for each in values["workers"]["celery"]["sets"]:
        shell, option, script = each["args"]
        assert (shell, option) == ("bash", "-c")
        commands.append(shlex.split(script.removeprefix("exec airflow ")))
        assert commands[-1][-1] == each["queue"]
    assert commands == [compose["services"][name]["command"] for name in ("worker", "worker-uploads")]
    job = values["migrateDatabaseJob"]["args"][2].removeprefix("exec ")
    assert shlex.split(job) == compose["services"]["init"]["command"]


def test_the_values_set_what_the_compose_file_sets(values: Any, compose: Any) -> None:
    env = {each["name"]: each["value"] for each in values["env"]}
    theirs = compose["x-airflow"]["environment"]
    for name in ("POOL", "TRANSFER_QUEUE", "TRANSFER_TASKS"):
        assert env[f"KALTURA_PIPELINE_{name}"] == theirs[f"KALTURA_PIPELINE_{name}"]
    section, timeout = values["config"]["scheduler"], "task_instance_heartbeat_timeout"
    assert str(section[timeout]) == theirs["AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT"]
    assert str(values["config"]["celery"]["worker_concurrency"]) == theirs["AIRFLOW__CELERY__WORKER_CONCURRENCY"]
    known = {ENVIRONMENT_PREFIX + field.name.upper() for field in fields(PipelineSettings)}
    assert {name for name in env if name.startswith(ENVIRONMENT_PREFIX)} <= known
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert f"AIRFLOW__CORE__DAGS_FOLDER={values['config']['core']['dags_folder']}" in dockerfile
    assert f"apache/airflow:{values['airflowVersion']}-" in dockerfile


def test_the_settings_of_airflow_exist(values: Any) -> None:
    from airflow.configuration import conf

    for section, options in values["config"].items():
        for option in options:
            assert conf.get(section, option, fallback=None) is not None, f"[{section}] {option}"


def test_the_page_makes_the_secrets_that_the_values_name(values: Any) -> None:
    page = (ROOT / "docs" / "deploy-helm.md").read_text()
    made = set(re.findall(r"create secret generic (\S+) ", page))
    named = {each["secretName"] for each in values["secret"]} | set(values["data"].values())
    named |= {values[name] for name in ("fernetKeySecretName", "apiSecretKeySecretName", "jwtSecretName")}
    assert made == named | {values["redis"]["passwordSecretName"]}


def test_no_secret_is_below_deploy() -> None:
    found = [path for path in DEPLOY.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    assert len(found) > 15
    assert [path for path in found if SECRET.search(path.read_bytes())] == []
