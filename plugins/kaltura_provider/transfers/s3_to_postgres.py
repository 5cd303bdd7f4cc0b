"""From analytics in S3 to PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

if TYPE_CHECKING:
    import pyarrow as pa
    from airflow.sdk import Context


class KalturaReportToPostgresOperator(BaseOperator):
    """Load one report of one local day from S3 into a table of PostgreSQL.

    It reads what ``KalturaReportToS3Operator`` wrote, checks it against the checksum in its manifest, and puts it in
    the place of the day's rows in one transaction: repeating the task, or two at once, give the same table, and one
    that dies leaves the rows of before. The table is made when it is missing, with a primary key of the day and the
    report's keys, and gets columns that are new; ``python -m kaltura_provider.api.analytics ddl --dialect postgresql``
    prints it.

    Needs ``pip install 'airflow-provider-kaltura[postgres]'``.

    Returns ``{"table", "report", "day", "rows", "replaced", "added_columns", "provisional", "s3_uri"}``.

    :param report_type: name or number of the report, such as ``TOP_CONTENT``. Templated.
    :param day: the day, such as ``"{{ ds }}"``. Templated.
    :param s3_bucket: where the report is. Templated.
    :param s3_prefix: below what, such as ``analytics/``. Templated.
    :param table: name of the table, such as ``analytics.top_content``; the schema exists. Default: the report's name in
        small letters, in the first schema of the connection's search path. Templated.
    :param postgres_conn_id: ID of the PostgreSQL connection. Templated.
    :param aws_conn_id: ID of the AWS connection. Templated.
    """

    template_fields: Sequence[str] = (
        "report_type",
        "day",
        "s3_bucket",
        "s3_prefix",
        "table",
        "postgres_conn_id",
        "aws_conn_id",
    )
    ui_color = "#dbe9ff"

    def __init__(
        self,
        *,
        report_type: str | int,
        day: str,
        s3_bucket: str,
        s3_prefix: str = "analytics/",
        table: str | None = None,
        postgres_conn_id: str = "postgres_default",
        aws_conn_id: str | None = "aws_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.report_type = report_type
        self.day = day
        self.s3_bucket = s3_bucket
        self.s3_prefix = s3_prefix
        self.table = table
        self.postgres_conn_id = postgres_conn_id
        self.aws_conn_id = aws_conn_id

    def execute(self, context: Context) -> dict[str, Any]:
        """Load the day.

        :param context: the task's context.
        :return: what was loaded.
        :raises ValueError: report type, day or table are wrong, the day is not in S3, its file does not fit its
            manifest, or the table cannot be used; names the fix.
        :raises ImportError: an extra is not installed; names it.
        """
        from contextlib import closing

        from kaltura_provider.api import report_type
        from kaltura_provider.api.analytics.days import parse_day
        from kaltura_provider.api.analytics.ddl import quoted_table
        from kaltura_provider.api.analytics.tables import columns_of_schema
        from kaltura_provider.hooks.postgres_days import replace_day

        try:
            from airflow.providers.postgres.hooks.postgres import PostgresHook
        except ImportError as error:
            raise ImportError(
                "loading into PostgreSQL needs its provider: pip install 'airflow-provider-kaltura[postgres]'"
            ) from error
        report, day = report_type(self.report_type), str(parse_day(self.day))
        table = self.table or report.name.lower()
        # Before anything is read.
        quoted_table(table, "postgresql")
        manifest, data, uri = self._read(report.name, day)
        with closing(PostgresHook(postgres_conn_id=self.postgres_conn_id).get_conn()) as connection:
            done = replace_day(connection, table, report, day, data, columns_of_schema(manifest["schema"]))
        if done["added_columns"]:
            self.log.warning("%s has new columns: %s.", table, ", ".join(done["added_columns"]))
        self.log.info("Loaded %d rows of %s for %s into %s.", len(data), report.name, day, table)
        return {
            "table": table, "report": report.name, "day": day, "rows": len(data), **done,
            "provisional": manifest["provisional"], "s3_uri": uri,
        }  # fmt: skip

    def _read(self, report: str, day: str) -> tuple[dict[str, Any], pa.Table, str]:
        """Read manifest and rows, which fit each other."""
        import hashlib
        import io

        from kaltura_provider.api.analytics.day_files import FILES
        from kaltura_provider.api.analytics.reading import arrow
        from kaltura_provider.hooks.s3_partitions import S3Partitions

        arrow()
        import pyarrow.parquet as parquet

        partitions = S3Partitions(self.aws_conn_id, self.s3_bucket, self.s3_prefix)
        folder, (name, _) = partitions.folder(report, day), FILES["parquet"]
        uri = f"s3://{partitions.bucket}/{folder}"
        manifest = partitions.manifest(report, day)
        body = partitions.read(folder + name)
        if manifest is None or body is None:
            raise ValueError(
                f"{uri} has no {name if manifest else 'manifest'}: let KalturaReportToS3Operator write the day first, "
                "with parquet among its formats, or check s3_bucket and s3_prefix."
            )
        expected = manifest["files"].get(name, {}).get("sha256")
        if hashlib.sha256(body).hexdigest() != expected:
            raise ValueError(
                f"{uri}{name} does not fit its manifest, so whoever wrote it has not finished, or it was changed "
                "since. Nothing was loaded. Let KalturaReportToS3Operator write the day again, then clear this task."
            )
        return manifest, parquet.read_table(io.BytesIO(body)), uri
