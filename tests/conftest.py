"""Set-up of the whole test run: an Airflow of its own, and logs that a last test searches for secrets."""

from __future__ import annotations

import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from botocore.loaders import JSONFileLoader

from tests.stack import airflow_api, stack

__all__ = ["airflow_api", "stack"]

ROOT = Path(__file__).resolve().parent.parent
LOGS = ROOT / ".state" / "test-logs"
OWN_LOG = LOGS / f"pytest-{os.getpid()}.log"

# Before anything imports Airflow: never the user's own AIRFLOW_HOME, settings or connections.
for name in [name for name in os.environ if name.startswith(("AIRFLOW", "KALTURA_"))]:
    del os.environ[name]
os.environ["AIRFLOW_HOME"] = tempfile.mkdtemp(prefix="airflow-home-")
os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
os.environ["AIRFLOW__CORE__DAGS_FOLDER"] = str(ROOT / "dags")
os.environ["AIRFLOW__CORE__PLUGINS_FOLDER"] = str(ROOT / "plugins")
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# Each client has a session of its own, which parses megabytes of JSON anew; what botocore keeps per session is kept for
# the whole run.
_load_file: Any = JSONFileLoader.load_file


@cache
def _parsed(path: str) -> Any:
    return _load_file(JSONFileLoader(), path)


def _parsed_once(_: JSONFileLoader, file_path: str) -> Any:
    return _parsed(file_path)


setattr(JSONFileLoader, "load_file", _parsed_once)  # noqa: B010 - mypy knows of no other way to exchange a method


@pytest.fixture(autouse=True)
def forget_masks() -> Iterator[None]:
    """Empty Airflow's list of secrets to mask, as Airflow does before each task: each makes all that follow slower."""
    yield
    if masker := sys.modules.get("airflow.sdk._shared.secrets_masker"):
        masker.reset_secrets_masker()


def pytest_configure(config: pytest.Config) -> None:
    """Log everything to a file a process, in full: tests/secrets searches these files afterwards."""
    LOGS.mkdir(parents=True, exist_ok=True)
    if not config.option.log_file:
        config.option.log_file = str(OWN_LOG)
        config.option.log_file_level = "DEBUG"
        config.option.log_file_mode = "w"
    # Fifty lines a request, none of them about this project.
    logging.getLogger("botocore").setLevel(logging.INFO)
