"""Set-up of the whole test run: an Airflow of its own, and logs that a last test searches for secrets."""

from __future__ import annotations

import logging
import os
import tempfile
from pathlib import Path

import pytest

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


def pytest_configure(config: pytest.Config) -> None:
    """Log everything to a file a process, in full: tests/secrets searches these files afterwards."""
    LOGS.mkdir(parents=True, exist_ok=True)
    if not config.option.log_file:
        config.option.log_file = str(OWN_LOG)
        config.option.log_file_level = "DEBUG"
        config.option.log_file_mode = "w"
    # Fifty lines a request, none of them about this project.
    logging.getLogger("botocore").setLevel(logging.INFO)
