"""
### Yesterday's plays, every morning

Asks Kaltura's analytics for one local day and writes the table (CSV) and a page to S3. Run it for any day from the
form, or for many days with Airflow's backfill: each run is about the day before its logical date, in the reporting
time zone, and writes to the same place whenever it is repeated.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from airflow.sdk import DAG, CronTriggerTimetable, Param, get_current_context, task

from kaltura_pipeline.assets import PAGES, REPORT
from kaltura_pipeline.settings import PipelineSettings
from kaltura_provider.policies.retry import kaltura_retries
from kaltura_provider.transfers.kaltura_to_s3 import KalturaReportToS3Operator

SETTINGS = PipelineSettings.from_environment()

with DAG(
    dag_id="kaltura_report",
    description="Plays of one local day: a table and a page in S3",
    doc_md=__doc__,
    schedule=CronTriggerTimetable(SETTINGS.report_schedule, timezone=SETTINGS.time_zone)
    if SETTINGS.report_schedule
    else None,
    start_date=datetime(2026, 1, 1),
    catchup=False,
    max_active_runs=2,
    tags=["kaltura", "s3", "report"],
    default_args={"owner": "kaltura", "retries": 3, "retry_delay": timedelta(minutes=5), **kaltura_retries()},
    params={
        "day": Param(
            None,
            type=["null", "string"],
            format="date",
            title="Day",
            description="Empty: the day before the run's date.",
        ),
        "bucket": Param(
            SETTINGS.state_bucket or SETTINGS.bucket or None,
            type=["null", "string"],
            title="S3 bucket for the report",
            description="Default: KALTURA_PIPELINE_STATE_BUCKET, or KALTURA_PIPELINE_BUCKET.",
        ),
    },
) as dag:

    @task(doc_md="Finds the local day this run is about.", inlets=[PAGES])
    def day() -> str:
        from kaltura_pipeline.errors import ConfigurationError
        from kaltura_pipeline.report import report_day

        context = get_current_context()
        if not context["params"]["bucket"]:
            raise ConfigurationError(
                "no bucket is named: fill 'S3 bucket for the report' in the trigger form, or set "
                "KALTURA_PIPELINE_BUCKET"
            )
        moment = context.get("logical_date") or context["dag_run"].run_after
        return report_day(context["params"]["day"], moment, SETTINGS.time_zone)

    chosen: Any = day()
    table = KalturaReportToS3Operator(
        task_id="top_content",
        kaltura_conn_id=SETTINGS.kaltura_conn_id,
        aws_conn_id=SETTINGS.aws_conn_id,
        report_type="TOP_CONTENT",
        day=chosen,
        time_zone=SETTINGS.time_zone,
        s3_bucket="{{ params.bucket or '' }}",
        s3_key=SETTINGS.state_prefix + "reports/{{ ti.xcom_pull('day') }}/top_content.csv",
        doc_md="Pulls every page of the report TOP_CONTENT for that day.",
    )

    @task(multiple_outputs=False, outlets=[REPORT], doc_md="Writes the page a person reads.")
    def page(top_content: dict[str, Any]) -> dict[str, Any]:
        from kaltura_pipeline.report import write_page

        return write_page(SETTINGS, top_content)

    written: Any = table.output
    page(written)
