"""The tasks of the report DAG; the work itself is done by plain functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import BaseOperator

from kaltura_provider.links.kaltura import KalturaLink

if TYPE_CHECKING:
    from airflow.sdk import Context

    from kaltura_pipeline.settings import PipelineSettings


class ReportLink(KalturaLink):
    """Open the newest report page that a task wrote."""

    name = "Report page"


class FetchDayOperator(BaseOperator):
    """Fetch the tables of a local day, see :func:`kaltura_pipeline.reporting.daily.fetch_day`.

    Returns rows by report, warnings, and whether the day is provisional.

    :param settings: the pipeline's settings.
    :param bucket: the state bucket. Templated.
    :param day: the day, such as ``2026-01-31``. Templated.
    """

    template_fields: Sequence[str] = ("bucket", "day")

    def __init__(self, *, settings: PipelineSettings, bucket: str, day: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.settings = settings
        self.bucket = bucket
        self.day = day

    def execute(self, context: Context) -> dict[str, Any]:
        """Fetch the day.

        :param context: the task's context.
        :raises ReportsFailedError: some tables stay as they were; says which, why, and what to do.
        """
        from kaltura_pipeline.reporting.daily import fetch_day
        from kaltura_provider.hooks.kaltura import KalturaHook

        return fetch_day(self.settings, KalturaHook(self.settings.kaltura_conn_id).get_conn(), self.bucket, self.day)


class WriteReportPagesOperator(BaseOperator):
    """Write the pages of days, see :class:`kaltura_pipeline.reporting.pages.PageWriter`.

    Returns the addresses of the pages. Its link opens the newest, where a browser can reach S3 (see
    ``PipelineSettings.state_url``).

    :param settings: the pipeline's settings.
    :param bucket: the state bucket. Templated.
    :param days: the days, the newest last. Templated.
    """

    template_fields: Sequence[str] = ("bucket", "days")
    template_fields_renderers: ClassVar[dict[str, str]] = {"days": "json"}
    operator_extra_links = (ReportLink(),)

    def __init__(self, *, settings: PipelineSettings, bucket: str, days: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.settings = settings
        self.bucket = bucket
        self.days = days

    def execute(self, context: Context) -> dict[str, Any]:
        """Write the pages.

        :param context: the task's context.
        :raises KalturaError: Kaltura could not be asked.
        """
        from datetime import date, datetime, timezone

        from kaltura_pipeline.reporting.daily import partitions_of
        from kaltura_pipeline.reporting.pages import PageWriter
        from kaltura_pipeline.reporting.telling import in_words, numbers_of, tell_report
        from kaltura_pipeline.run_note import say
        from kaltura_pipeline.workspace import Workspace
        from kaltura_provider.hooks.kaltura import KalturaHook

        kaltura = KalturaHook(self.settings.kaltura_conn_id).get_conn()
        writer = PageWriter(self.settings, kaltura, self.bucket, datetime.now(timezone.utc))
        written = {str(day): writer.write(date.fromisoformat(day)) for day in self.days}
        day = str(self.days[-1])
        newest = written[day]
        page = Workspace.open(self.settings, self.bucket).browser_url(newest["day"])
        if page:
            ReportLink.persist(context, self, page)
        numbers = numbers_of(partitions_of(self.settings, self.bucket), day)
        say(context, f"{day}: {in_words(*numbers)}. The page: {page or newest['day']}")
        problems = tell_report(self.settings, context, self.bucket, day, page or newest["day"])
        return {"day": day, "pages": newest, "days": list(self.days), "not_told": problems}
