"""From Kaltura's analytics to S3."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from kaltura_provider.operators.base import KalturaBaseOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

    from kaltura_provider.api import ReportTable

_CONTENT_TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


class KalturaReportToS3Operator(KalturaBaseOperator):
    """Write one analytics table of one local day to S3 (``report.getTable``, all pages).

    The day is one of ``time_zone``, with the offset from UTC that it had then. Repeating the task writes the object
    again. CSV has a header line, commas, and quotes where needed; JSON is a list of mappings. All values are text as
    Kaltura gives it; mind that times viewed are minutes. A day with nothing to report gives an empty file (CSV) or an
    empty list (JSON), since Kaltura does not even name the columns then.

    Kaltura's numbers for a day go on changing for some hours after its end.

    Returns ``{"s3_uri", "rows", "columns", "bytes", "day", "time_zone", "report_type"}``.

    :param report_type: name or number of the report, such as ``TOP_CONTENT``. Templated.
    :param day: the day, such as ``"{{ ds }}"``. Templated.
    :param s3_bucket: where to write. Templated.
    :param s3_key: where to write. Templated.
    :param time_zone: IANA name, such as ``Europe/Berlin``. Templated.
    :param format: ``csv`` or ``json``.
    :param filter: further fields of ``KalturaReportInputFilter``, such as ``{"playbackTypeIn": ["vod", "live"]}``;
        several values as a list. Templated.
    :param object_ids: limits the table to these objects, usually entry ids. Templated.
    :param order: such as ``-count_plays``.
    :param s3_extra_args: further arguments of S3's ``PutObject``, such as ``{"ServerSideEncryption": "aws:kms"}``.
    :param aws_conn_id: ID of the AWS connection. Templated.
    :param kaltura_conn_id: ID of the ``kaltura`` connection. Templated.
    :param session: restrictions of the session; it needs the permission ANALYTICS_BASE. Templated.
    """

    template_fields: Sequence[str] = (
        *KalturaBaseOperator.template_fields,
        "report_type",
        "day",
        "s3_bucket",
        "s3_key",
        "time_zone",
        "filter",
        "object_ids",
        "aws_conn_id",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {
        **KalturaBaseOperator.template_fields_renderers,
        "filter": "json",
    }

    def __init__(
        self,
        *,
        report_type: str | int,
        day: str,
        s3_bucket: str,
        s3_key: str,
        time_zone: str = "UTC",
        format: Literal["csv", "json"] = "csv",
        filter: Mapping[str, Any] | None = None,
        object_ids: Sequence[str] | None = None,
        order: str | None = None,
        s3_extra_args: Mapping[str, Any] | None = None,
        aws_conn_id: str | None = "aws_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if format not in _CONTENT_TYPES:
            raise ValueError(f"format must be 'csv' or 'json', not {format!r}.")
        self.report_type = report_type
        self.day = day
        self.s3_bucket = s3_bucket
        self.s3_key = s3_key
        self.time_zone = time_zone
        self.format = format
        self.filter = filter
        self.object_ids = object_ids
        self.order = order
        self.s3_extra_args = s3_extra_args
        self.aws_conn_id = aws_conn_id

    def execute(self, context: Context) -> dict[str, Any]:
        """Fetch the table and write it.

        :param context: the task's context.
        :return: where it is and what it holds.
        :raises kaltura_provider.api.KalturaError: Kaltura refused, or the table has more than 12,000 rows.
        :raises ValueError: report type, day or time zone are unknown, or S3 refused; names the fix.
        """
        from kaltura_provider.api import fetch_table
        from kaltura_provider.hooks.s3_write import write_object

        table = fetch_table(
            self.hook.get_conn(),
            self.report_type,
            self.day,
            self.time_zone,
            object_ids=self.object_ids or (),
            filter=self.filter,
            order=self.order,
        )
        body = _csv(table) if self.format == "csv" else _json(table)
        uri = write_object(
            self.aws_conn_id,
            self.s3_bucket,
            self.s3_key,
            body,
            content_type=_CONTENT_TYPES[self.format],
            extra_args=self.s3_extra_args,
        )
        self.log.info("Wrote %d rows of report %s for %s to %s.", len(table), self.report_type, self.day, uri)
        return {
            "s3_uri": uri,
            "rows": len(table),
            "columns": list(table.columns),
            "bytes": len(body),
            "day": str(self.day),
            "time_zone": self.time_zone,
            "report_type": self.report_type,
        }


def _csv(table: ReportTable) -> bytes:
    import csv
    import io

    if not table.columns:
        return b""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(table.columns)
    writer.writerows(table.rows)
    return text.getvalue().encode()


def _json(table: ReportTable) -> bytes:
    import json

    return json.dumps(list(table.records()), ensure_ascii=False).encode()
