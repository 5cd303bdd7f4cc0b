"""docker-compose.yaml: whole, without a secret of its own, and of commands that exist."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import stat
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from demo.compose_file import MissingVariableError, Service, read_env, read_services

from kaltura_pipeline.settings import PipelineSettings

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "docker-compose.yaml"
_SECRET = re.compile(r"SECRET|PASSWORD|KEY|CONN_KALTURA")


def write_env(folder: Path, *options: str) -> Path:
    file = folder / ".env"
    command = [sys.executable, str(ROOT / "deploy" / "env.py"), *options, "--file", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert read_env(file)["POSTGRES_PASSWORD"] not in done.stdout
    return file


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Service]:
    return read_services(FILE, read_env(write_env(tmp_path_factory.mktemp("env"), "--sandbox")))


def test_the_first_env_is_for_its_owner_alone_and_never_overwritten(tmp_path: Path) -> None:
    file = write_env(tmp_path)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    before = file.read_text()
    command = [sys.executable, str(ROOT / "deploy" / "env.py"), "--file", str(file)]
    again = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (again.returncode, file.read_text()) == (1, before)
    assert "rename it" in again.stderr
    other = tmp_path / "other"
    other.mkdir()
    assert read_env(write_env(other))["AIRFLOW_FERNET_KEY"] != read_env(file)["AIRFLOW_FERNET_KEY"]
    with pytest.raises(MissingVariableError, match=r"AIRFLOW_CONN_KALTURA_DEFAULT: name your Kaltura account in \.env"):
        read_services(FILE, read_env(file))


def test_no_secret_has_a_default() -> None:
    text = FILE.read_text()
    with_default = re.findall(r"\$\{([A-Z0-9_]+):-([^}]+)\}", text)
    assert [name for name, value in with_default if _SECRET.search(name) and value] == []
    needed = {name for name, rule in re.findall(r"\$\{([A-Z0-9_]+)(:\?)?", text) if rule}
    assert {"AIRFLOW_FERNET_KEY", "AIRFLOW_JWT_SECRET", "POSTGRES_PASSWORD", "REDIS_PASSWORD"} <= needed


@pytest.mark.parametrize("name", ["AIRFLOW_JWT_SECRET", "REDIS_PASSWORD", "POSTGRES_PASSWORD"])
def test_without_a_secret_nothing_starts(tmp_path: Path, name: str) -> None:
    known = read_env(write_env(tmp_path, "--sandbox"))
    with pytest.raises(MissingVariableError, match=f"{name}: run python3 deploy/env.py"):
        read_services(FILE, {**known, name: ""})


def test_every_folder_that_is_mounted_exists(services: dict[str, Service]) -> None:
    volumes: dict[str, Any] = yaml.safe_load(FILE.read_text())["volumes"]
    mounted = {volume.split(":")[0] for service in services.values() for volume in service.volumes}
    folders = {each for each in mounted if each.startswith(".")}
    assert folders == {"./dags", "./plugins", "./include"}
    assert all((ROOT / folder).is_dir() for folder in folders)
    assert mounted - folders == set(volumes)


def test_each_part_of_airflow_runs_once_and_workers_share_the_queues(services: dict[str, Service]) -> None:
    commands = {name: service.command for name, service in services.items() if service.image == "kaltura-airflow"}
    assert {command[0] for command in commands.values()} == {
        "python", "api-server", "scheduler", "dag-processor", "triggerer", "celery"
    }  # fmt: skip
    queues = {command[-1] for command in commands.values() if command[:2] == ("celery", "worker")}
    environment = services["worker"].environment
    assert queues == {"default", environment["KALTURA_PIPELINE_TRANSFER_QUEUE"]}
    settings = PipelineSettings.from_environment(environment)
    assert (settings.pool, settings.transfer_queue) == ("kaltura", "kaltura_uploads")
    assert all(service.health for name, service in services.items() if name not in ("init", "bucket")), (
        "each service says whether it is well"
    )
    assert [name for name, service in services.items() if not service.restarts] == ["init", "bucket"]


def test_modules_that_are_run_exist(services: dict[str, Service]) -> None:
    words = [word for service in services.values() for text in service.command for word in text.split()]
    modules = [module for before, module in pairwise(words) if before == "-m"]
    assert set(modules) == {"kaltura_pipeline.deployment.init", "kaltura_sandbox"}
    assert all(importlib.util.find_spec(module) for module in modules)


@pytest.fixture(scope="module")
def by_docker_compose(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Service], dict[str, Any]]:
    """The services as this project reads them, and as docker-compose does."""
    program = shutil.which("docker-compose")
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("no docker-compose: tests/install.sh should have installed it")
        pytest.skip("docker-compose is not installed")
    env = write_env(tmp_path_factory.mktemp("env"), "--sandbox")
    command = [program, "--env-file", str(env), "--file", str(FILE), "--profile", "sandbox", "config"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return read_services(FILE, read_env(env)), yaml.safe_load(done.stdout)["services"]


def test_docker_compose_reads_what_is_tested_here(
    by_docker_compose: tuple[dict[str, Service], dict[str, Any]],
) -> None:
    here, there = by_docker_compose
    assert here.keys() == there.keys()
    for name, service in here.items():
        told = there[name]
        # It prints a file that can be read again, so a dollar is doubled.
        assert [word.replace("$$", "$") for word in told.get("command") or ()] == list(service.command)
        environment = {key: str(value).replace("$$", "$") for key, value in (told.get("environment") or {}).items()}
        assert environment == service.environment
        health = (told.get("healthcheck") or {}).get("test") or ()
        assert [word.replace("$$", "$") for word in health] == list(service.health)
