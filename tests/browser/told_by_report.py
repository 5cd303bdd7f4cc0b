"""What ``kaltura_report`` tells of one play: in Parquet and in PostgreSQL."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from kaltura_provider.hooks.s3_partitions import S3Partitions
from kaltura_provider.transfers.s3_to_postgres import KalturaReportToPostgresOperator

if TYPE_CHECKING:
    import psycopg
    from demo.airflow_api import AirflowApi
    from demo.stack import LocalStack

#: Where the pipeline keeps the tables, in the bucket that the run names.
_PREFIX = "_kaltura/analytics/"


class ReportOfToday:
    """Runs the DAG for the local day that is now.

    :param bucket: where the report goes.
    """

    def __init__(self, stack: LocalStack, api: AirflowApi, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
        from demo.stack import TIME_ZONE

        self._stack = stack
        self._bucket = bucket
        self.day = datetime.now(ZoneInfo(TIME_ZONE)).date().isoformat()
        run_id = api.trigger("kaltura_report", {"day": self.day, "bucket": bucket})
        assert api.await_run("kaltura_report", run_id, 240, lambda _: None) == "success"
        monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", json.dumps(stack.s3_connection()))

    def in_parquet(self, report: str, entry_id: str) -> dict[str, Any]:
        """Return the row of an entry."""
        table = S3Partitions("aws_default", self._bucket, _PREFIX).table(report, self.day)
        assert table is not None
        (row,) = (row for row in table.to_pylist() if row["object_id"] == entry_id)
        return dict(row)

    def in_postgres(self, database: psycopg.Connection[Any], report: str, entry_id: str) -> dict[str, Any]:
        """Load a report, and return the row of an entry."""
        KalturaReportToPostgresOperator(
            task_id="load", report_type=report, day=self.day, s3_bucket=self._bucket, s3_prefix=_PREFIX
        ).execute({})
        query = f"SELECT * FROM {report.lower()} WHERE object_id = %s"
        found = database.execute(query, [entry_id])
        (row,) = found.fetchall()
        return dict(zip((column.name for column in found.description or ()), row, strict=True))
