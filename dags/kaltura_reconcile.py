"""
### Compare what the files in S3 say with what Kaltura has

Titles, descriptions, tags, owners, dates, categories, custom metadata, captions, thumbnails, access, and whether the
entry is there and ready at all. What somebody changed on Kaltura since is named, and with *Repair* put right again.

1. **survey** lists the bucket and reads what is said of each title that is on Kaltura.
2. **compare** looks at the entries, many with few requests, and changes nothing.
3. **repair** writes what differs, if the form says so, and looks again.
4. **record** writes a page that names every difference; **verdict** fails if there are any and the form asks for that.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from airflow.sdk import DAG, CronTriggerTimetable, Param, get_current_context, task

from kaltura_pipeline.assets import ENTRIES
from kaltura_pipeline.events import source_inlets
from kaltura_pipeline.reconcile_operators import (
    CompareBatchOperator,
    ReconcileRecordOperator,
    RepairBatchOperator,
)
from kaltura_pipeline.settings import PipelineSettings
from kaltura_provider.policies.retry import kaltura_retries

SETTINGS = PipelineSettings.from_environment()
# Sections of the form; what has none is under Airflow's own heading, the one that is open.
FOUND = "What is done with what differs"

with DAG(
    dag_id="kaltura_reconcile",
    description="What Kaltura has, compared with what the files in S3 say, and mended when told to",
    doc_md=__doc__,
    schedule=CronTriggerTimetable(SETTINGS.reconcile_schedule, timezone=SETTINGS.time_zone)
    if SETTINGS.reconcile_schedule
    else None,
    start_date=datetime(2026, 1, 1),
    catchup=False,
    max_active_runs=1,
    tags=["kaltura", "s3", "reconcile"],
    default_args={"owner": SETTINGS.owner, "retries": 3, "retry_delay": timedelta(minutes=1), **kaltura_retries()},
    params={
        "bucket": Param(
            SETTINGS.bucket or None,
            type=["null", "string"],
            examples=["media-uploads"],
            title="S3 bucket",
            description="Where the source files are. Default: KALTURA_PIPELINE_BUCKET.",
        ),
        "prefix": Param(
            SETTINGS.prefix or None,
            type=["null", "string"],
            examples=["lectures/2026/"],
            title="Prefix",
            description="Only objects whose keys start with this, for example lectures/2026/. Empty: all.",
        ),
        "include": Param(
            [],
            type=["null", "array"],
            items={"type": "string"},
            title="Only keys like",
            description="One pattern a line, such as lectures/*.mp4. Empty: all.",
        ),
        "repair": Param(
            False,
            type="boolean",
            title="Repair",
            section=FOUND,
            description="Write again what differs. What others added (categories, fields of custom metadata, captions) "
            "stays.",
        ),
        "create_categories": Param(
            False,
            type="boolean",
            title="Make missing categories",
            section=FOUND,
            description="Otherwise a title that names a category which does not exist is named as refused.",
        ),
        "fail_on_drift": Param(
            True,
            type="boolean",
            title="Fail when something differs",
            section=FOUND,
            description="So that somebody is told. What was repaired does not count.",
        ),
    },
) as dag:

    @task(
        multiple_outputs=False,
        inlets=[*source_inlets(SETTINGS), ENTRIES],
        doc_md="Lists the bucket and plans what to compare. Returns the work, cut into batches.",
    )
    def survey() -> list[dict[str, Any]]:
        from airflow.sdk.exceptions import AirflowSkipException

        from kaltura_pipeline.options import RunOptions
        from kaltura_pipeline.plan import KNOWN_COMPARE
        from kaltura_pipeline.planning import plan_ingest
        from kaltura_provider.hooks.kaltura import KalturaHook

        context = get_current_context()
        params = {**context["params"], "known_files": KNOWN_COMPARE}
        uri, plan = plan_ingest(
            SETTINGS,
            RunOptions.from_params({**params, "bucket": params["bucket"] or SETTINGS.bucket}, SETTINGS),
            run_id=context["run_id"],
            kaltura=lambda: KalturaHook(SETTINGS.kaltura_conn_id).get_conn(),
        )
        context["ti"].xcom_push(key="plan", value=uri)
        if not plan["batches"]:
            raise AirflowSkipException("nothing below this prefix is on Kaltura")
        return [dict(batch) for batch in plan["batches"]]

    surveyed: Any = survey()
    compare = CompareBatchOperator.partial(
        task_id="compare",
        settings=SETTINGS,
        bucket="{{ params.bucket or '' }}",
        pool=SETTINGS.pool,
        max_active_tis_per_dagrun=SETTINGS.transfer_tasks,
        doc_md="Looks at the entries of one batch, and names what differs. Changes nothing.",
    ).expand(batch=surveyed)
    repair = RepairBatchOperator.partial(
        task_id="repair",
        settings=SETTINGS,
        bucket="{{ params.bucket or '' }}",
        repair="{{ params.repair }}",
        pool=SETTINGS.pool,
        max_active_tis_per_dagrun=SETTINGS.transfer_tasks,
        trigger_rule="all_done",
        doc_md="Writes again what differs in one batch, if the form says so, and looks again.",
    ).expand(batch=surveyed)
    record = ReconcileRecordOperator(
        task_id="record",
        settings=SETTINGS,
        bucket="{{ params.bucket or '' }}",
        plan="{{ ti.xcom_pull(task_ids='survey', key='plan') or '' }}",
        trigger_rule="all_done",
        doc_md="Writes a page that names every difference.",
    )

    @task(
        trigger_rule="all_done", retries=0, doc_md="Fails when something differs, if the form asks for that, naming it."
    )
    def verdict() -> None:
        from airflow.sdk.exceptions import AirflowFailException

        context = get_current_context()
        ti = context["ti"]
        if ti.xcom_pull(task_ids="survey", key="plan") is None:
            raise AirflowFailException("the bucket could not be surveyed; the log of 'survey' says why")
        summary = ti.xcom_pull(task_ids="record")
        if summary is None:
            raise AirflowFailException(
                "what was found was not recorded; the log of 'record' says why. Then clear 'record' in this run."
            )
        if summary["drifted"] and context["params"]["fail_on_drift"]:
            raise AirflowFailException(
                f"{summary['drifted']} titles are not on Kaltura as the files say. All of them, and what to do: "
                f"{summary['page']}. The first:\n" + "\n".join(summary["first"])
            )

    compare >> repair >> record >> verdict()
