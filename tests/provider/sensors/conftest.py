"""Fixtures of this folder."""

from tests.provider.airflow_fixtures import (  # noqa: F401
    client,
    connection,
    context,
    s3,
    s3_url,
    sandbox,
    set_connection,
    state_store,
    task_log,
    video,
)
