"""A running Airflow with local Kaltura and S3, shared by the tests that need one."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from demo.airflow_api import AirflowApi
    from demo.stack import LocalStack


@pytest.fixture(scope="session")
def stack() -> Iterator[LocalStack]:
    from demo.stack import LocalStack

    from tests.conftest import LOGS

    # Each worker that runs tests has its own.
    state = LOGS / f"stack-{os.environ.get('PYTEST_XDIST_WORKER', 'only')}"
    shutil.rmtree(state, ignore_errors=True)
    with LocalStack(state) as running:
        running.await_airflow()
        yield running


@pytest.fixture(scope="session")
def airflow_api(stack: LocalStack) -> AirflowApi:
    from demo.airflow_api import AirflowApi
    from demo.stack import USER

    return AirflowApi(stack.airflow_url, USER, stack.password)
