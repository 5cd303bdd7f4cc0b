"""A Kaltura and an S3 of their own for the tests that count everything there is."""

from tests.provider.airflow_fixtures import client, connection, context, s3, s3_url, set_connection, state_store
from tests.provider.conftest import sandbox

__all__ = ["client", "connection", "context", "s3", "s3_url", "sandbox", "set_connection", "state_store"]
