"""What `make dist` hands out: the provider without tests, sandbox or secrets, and the sandbox for who asks for it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from email import message_from_string
from pathlib import Path
from zipfile import ZipFile

import pytest
from tests.packages.scan import SECRET, build

ROOT = Path(__file__).parents[2]
ALLOWED = re.compile(r"(?:kaltura_provider|kaltura_pipeline|airflow_provider_kaltura-[^/]+\.dist-info)/")
FOREIGN = re.compile(
    r"(?:^|/)(?:tests?|kaltura_sandbox|benchmarks|demo|conftest\.py|test_[^/]+|\.env[^/]*|[^/]+\.py[co])(?:/|$)"
)


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    to = tmp_path_factory.mktemp("dist")
    build(ROOT, to, "sdist", "wheel")
    build(ROOT / "packaging" / "sandbox", to, "wheel")
    return to


def unpacked(wheel: Path) -> dict[str, bytes]:
    with ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def metadata(files: Mapping[str, bytes]) -> tuple[str, set[str], str]:
    told = message_from_string(next(files[name] for name in files if name.endswith(".dist-info/METADATA")).decode())
    return told["Name"], set(told.get_all("Requires-Dist") or ()), told["Version"]


@pytest.fixture(scope="module")
def provider(dist: Path) -> dict[str, bytes]:
    return unpacked(next(dist.glob("airflow_provider_kaltura-*.whl")))


@pytest.fixture(scope="module")
def sandbox(dist: Path) -> Path:
    return next(dist.glob("airflow_provider_kaltura_sandbox-*.whl"))


def test_the_wheel_has_the_provider_and_the_pipeline_and_nothing_else(provider: dict[str, bytes]) -> None:
    assert [name for name in provider if not ALLOWED.match(name) or FOREIGN.search(name)] == []
    for root, package in (("plugins", "kaltura_provider"), ("include", "kaltura_pipeline")):
        files = {
            str(path.relative_to(ROOT / root))
            for path in (ROOT / root / package).rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }
        assert files == {name for name in provider if name.startswith(f"{package}/")}


def test_no_secret_is_in_the_wheel(provider: dict[str, bytes]) -> None:
    assert [name for name, content in provider.items() if SECRET.search(content)] == []


@pytest.mark.parametrize(
    "text",
    [
        b"sandbox-admin-secret",
        b"AKIA" + b"A" * 16,
        b"-----BEGIN RSA PRIVATE" + b" KEY",
        b'"app_token": "' + b"0f" * 16 + b'"',
    ],
)
def test_the_scan_finds_secrets(text: bytes) -> None:
    assert SECRET.search(b"x = " + text)


def test_the_wheel_registers_provider_and_page(provider: dict[str, bytes]) -> None:
    told = next(provider[name] for name in provider if name.endswith("entry_points.txt")).decode()
    assert "[apache_airflow_provider]\nprovider_info = kaltura_provider.get_provider_info:get_provider_info" in told
    assert "[airflow.plugins]\nkaltura_pipeline = kaltura_pipeline.airflow_plugin:KalturaPipelinePlugin" in told
    assert any(name.endswith("/licenses/LICENSE") for name in provider)


def test_the_source_distribution_is_what_the_wheel_needs_and_the_dags(dist: Path) -> None:
    with tarfile.open(next(dist.glob("airflow_provider_kaltura-*.tar.gz"))) as archive:
        names = {member.name.split("/", 1)[1] for member in archive if member.isfile()}
    assert [name for name in names if FOREIGN.search(name)] == []
    assert {str(path.relative_to(ROOT)) for path in (ROOT / "dags").glob("*.py")} <= names
    assert {"pyproject.toml", "README.md", "LICENSE"} <= names


def test_the_sandbox_is_a_wheel_that_runs_without_the_provider(sandbox: Path, tmp_path: Path) -> None:
    with ZipFile(sandbox) as archive:
        archive.extractall(tmp_path)
    code = (
        "import sys, kaltura_sandbox, kaltura_sandbox.server; "
        "print(kaltura_sandbox.__file__, [n for n in sys.modules if n.startswith(('kaltura_provider', 'airflow'))])"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    told = subprocess.run([sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True)
    assert told.stdout.split() == [str(tmp_path / "kaltura_sandbox" / "__init__.py"), "[]"]


def test_the_sandbox_asks_for_what_its_extra_asks_for(provider: dict[str, bytes], sandbox: Path) -> None:
    name, needs, version = metadata(provider)
    sandbox_name, sandbox_needs, sandbox_version = metadata(unpacked(sandbox))
    assert (sandbox_name, sandbox_version) == (f"{name}-sandbox", version)
    extra = {need.split(";")[0] for need in needs if need.endswith("extra == 'sandbox'")}
    assert extra
    assert extra <= sandbox_needs
    assert sandbox_needs - extra <= needs | {"anyio>=4", "h11>=0.14"}, "those two come with starlette and uvicorn"
