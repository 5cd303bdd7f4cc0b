"""From Kaltura's analytics to S3."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from kaltura_provider.operators.base import KalturaBaseOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

_FORMATS = ("parquet", "csv", "ndjson")


class KalturaReportToS3Operator(KalturaBaseOperator):
    """Write one report of one local day to S3, typed (``report.getTable``, ``report.getTotal``, ``baseEntry.list``).

    The files are ``<s3_prefix><report>/day=<day>/data.parquet``, ``data.csv`` or ``data.ndjson``, and
    ``_manifest.json`` with rows, schema, checksums, and how the rows compare with Kaltura's total. Repeating the task
    replaces them; one that fails leaves the files of before. A day is one of ``time_zone``, whole also when its clocks
    change. A day that reaches Kaltura's 12,000 rows is fetched in parts. Units are in the names: ``_seconds``,
    ``_ratio``, ``_mb``; see ``docs/analytics.md``.

    Kaltura's numbers for a day go on changing for some hours after its end: ``provisional`` says whether they may.

    Returns ``{"s3_uri", "report", "day", "rows", "provisional", "agrees", "notes", "requests"}``.

    :param report_type: name or number of the report, such as ``TOP_CONTENT``. Templated.
    :param day: the day, such as ``"{{ ds }}"``. Templated.
    :param s3_bucket: where to write. Templated.
    :param s3_prefix: below what to write, such as ``analytics/``. Templated.
    :param time_zone: IANA name, such as ``Europe/Berlin``. Templated.
    :param formats: some of ``parquet``, ``csv`` and ``ndjson``.
    :param filter: further fields of ``KalturaReportInputFilter``, such as ``{"playbackTypeIn": ["vod", "live"]}``;
        several values as a list. Templated.
    :param object_ids: limits the table to these objects, usually entry ids. Templated.
    :param order: such as ``-count_plays``.
    :param entry_details: whether to add title, owner, categories and length of entries.
    :param on_drift: what to do about missing columns: ``error``, or ``warn`` and leave them empty.
    :param on_disagreement: what to do when rows and total of a day do not agree that is not provisional any more:
        ``error``, or ``warn``.
    :param tolerance: share by which they may differ.
    :param settle_hours: hours after the end of a day in which its numbers are provisional.
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
        "s3_prefix",
        "time_zone",
        "filter",
        "object_ids",
        "aws_conn_id",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {
        **KalturaBaseOperator.template_fields_renderers,
        "filter": "json",
        "object_ids": "json",
    }

    def __init__(
        self,
        *,
        report_type: str | int,
        day: str,
        s3_bucket: str,
        s3_prefix: str = "analytics/",
        time_zone: str = "UTC",
        formats: Sequence[Literal["parquet", "csv", "ndjson"]] = ("parquet",),
        filter: Mapping[str, Any] | None = None,
        object_ids: Sequence[str] | None = None,
        order: str | None = None,
        entry_details: bool = True,
        on_drift: Literal["error", "warn"] = "error",
        on_disagreement: Literal["error", "warn"] = "error",
        tolerance: float = 0.0,
        settle_hours: float = 12.0,
        s3_extra_args: Mapping[str, Any] | None = None,
        aws_conn_id: str | None = "aws_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not formats or not set(formats) <= set(_FORMATS):
            raise ValueError(f"formats must be some of {', '.join(_FORMATS)}, not {formats!r}.")
        for name, value in (("on_drift", on_drift), ("on_disagreement", on_disagreement)):
            if value not in ("error", "warn"):
                raise ValueError(f"{name} must be 'error' or 'warn', not {value!r}.")
        self.report_type = report_type
        self.day = day
        self.s3_bucket = s3_bucket
        self.s3_prefix = s3_prefix
        self.time_zone = time_zone
        self.formats = formats
        self.filter = filter
        self.object_ids = object_ids
        self.order = order
        self.entry_details = entry_details
        self.on_drift: Literal["error", "warn"] = on_drift
        self.on_disagreement = on_disagreement
        self.tolerance = tolerance
        self.settle_hours = settle_hours
        self.s3_extra_args = s3_extra_args
        self.aws_conn_id = aws_conn_id

    def execute(self, context: Context) -> dict[str, Any]:
        """Fetch the report and write it.

        :param context: the task's context.
        :return: where it is and what it holds.
        :raises kaltura_provider.api.KalturaError: Kaltura refused; or ``REPORT_DRIFT``, ``REPORT_TOO_LARGE``, or
            ``REPORT_DISAGREES`` when rows and total differ.
        :raises ValueError: report type, day or time zone are unknown, or S3 refused; names the fix.
        """
        import datetime
        import tempfile
        from pathlib import Path

        from kaltura_provider.api import DayReport, EntryDetails
        from kaltura_provider.api.analytics.day_files import require_agreement, write_day
        from kaltura_provider.hooks.s3_partitions import S3Partitions

        client = self.hook.get_conn()
        partitions = S3Partitions(self.aws_conn_id, self.s3_bucket, self.s3_prefix, self.s3_extra_args)
        report = DayReport(
            client,
            self.report_type,
            self.day,
            self.time_zone,
            filter=self.filter,
            object_ids=self.object_ids or (),
            order=self.order,
            on_drift=self.on_drift,
            tolerance=self.tolerance,
        )
        now = datetime.datetime.now(datetime.timezone.utc)
        with tempfile.TemporaryDirectory(prefix="kaltura-report-") as folder:
            written = write_day(
                report,
                Path(folder),
                fetched_at=now,
                provisional=report.is_provisional(now, self.settle_hours),
                formats=self.formats,
                details=EntryDetails(client) if self.entry_details else None,
            )
            for note in report.notes:
                self.log.warning("%s", note)
            # While events still arrive, rows and total are of different moments.
            if self.on_disagreement == "error" and not written.manifest["provisional"]:
                require_agreement(written.manifest)
            uri = partitions.put(written)
        manifest = written.manifest
        self.log.info("Wrote %d rows of %s for %s to %s.", manifest["rows"], manifest["report"], self.day, uri)
        return {
            "s3_uri": uri,
            "agrees": all(check["agrees"] for check in manifest["totals"]),
            **{name: manifest[name] for name in ("report", "day", "rows", "provisional", "notes", "requests")},
        }
