"""
### Yesterday's numbers, every morning

Asks Kaltura's analytics for one local day and writes typed tables (Parquet, CSV) and pages to S3: the day, and the week
and month up to it. Numbers that do not add up, or cannot be, do not take the place of those that are there.

A scheduled run is about the day before its date, in the reporting time zone, and fetches the days before it again while
Kaltura may still change them. Run it for any day from the form, or for months with Airflow's backfill: a run is about
one day and writes to the same place whenever it is repeated.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from airflow.sdk import DAG, CronTriggerTimetable, Param, get_current_context, task

from kaltura_pipeline.assets import PAGES, REPORT
from kaltura_pipeline.deadlines import deadline
from kaltura_pipeline.report_operators import FetchDayOperator, WriteReportPagesOperator
from kaltura_pipeline.settings import PipelineSettings
from kaltura_provider.policies.retry import kaltura_retries

SETTINGS = PipelineSettings.from_environment()

with DAG(
    dag_id="kaltura_report",
    description="Analytics of one local day: tables and pages in S3",
    doc_md=__doc__,
    schedule=CronTriggerTimetable(SETTINGS.report_schedule, timezone=SETTINGS.time_zone)
    if SETTINGS.report_schedule
    else None,
    start_date=datetime(2025, 1, 1),
    catchup=False,
    deadline=deadline("kaltura_report", SETTINGS.report_deadline),
    max_active_runs=2,
    tags=["kaltura", "s3", "report"],
    default_args={"owner": SETTINGS.owner, "retries": 3, "retry_delay": timedelta(minutes=5), **kaltura_retries()},
    params={
        "day": Param(
            None,
            type=["null", "string"],
            format="date",
            examples=["2026-11-24"],
            title="Day",
            description="Empty: the day before the run's date.",
        ),
        "bucket": Param(
            SETTINGS.state_bucket or SETTINGS.bucket or None,
            type=["null", "string"],
            examples=["media-uploads"],
            title="S3 bucket for the report",
            description="Default: KALTURA_PIPELINE_STATE_BUCKET, or KALTURA_PIPELINE_BUCKET.",
        ),
    },
) as dag:

    @task(doc_md="Finds the local day this run is about, and earlier ones that may have changed.", inlets=[PAGES])
    def days() -> list[str]:
        from kaltura_pipeline.errors import ConfigurationError
        from kaltura_pipeline.reporting.daily import days_to_fetch, report_day

        context = get_current_context()
        bucket, chosen, run = context["params"]["bucket"], context["params"]["day"], context["dag_run"]
        if not bucket:
            raise ConfigurationError(
                "no bucket is named: fill 'S3 bucket for the report' in the trigger form, or set "
                "KALTURA_PIPELINE_BUCKET"
            )
        day = report_day(chosen, context.get("logical_date") or run.run_after, SETTINGS.time_zone)
        look_back = not chosen and str(run.run_type) == "scheduled"
        return days_to_fetch(SETTINGS, bucket, day, look_back=look_back)

    wanted: Any = days()
    fetched = FetchDayOperator.partial(
        task_id="fetch",
        settings=SETTINGS,
        bucket="{{ params.bucket or '' }}",
        max_active_tis_per_dag=2,
        doc_md="Fetches all tables of a day and puts those that pass the quality gate in the place of the ones before.",
    ).expand(day=wanted)
    WriteReportPagesOperator(
        task_id="pages",
        settings=SETTINGS,
        bucket="{{ params.bucket or '' }}",
        days=wanted,
        outlets=[REPORT],
        doc_md="Writes the pages a person reads: each day, and the week and month up to the newest.",
    ).set_upstream(fetched)
