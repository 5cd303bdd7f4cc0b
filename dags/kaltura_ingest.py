"""
### Put media files from S3 on Kaltura

Takes every media file below a prefix of a bucket, with the metadata (`talk.yaml`) and captions (`talk.en.vtt`) beside
it, and makes it one entry on Kaltura. Run it as often as you like: what is there already is left alone.

1. **plan** lists the bucket and decides for every file: add, replace, update, skip, refuse, each with its reason.
   The plan is a JSON document in S3; with *dry run* the DAG stops here.
2. **transfer** sends the files, a batch a task. It goes on where an earlier try ended.
3. **wait** waits, without holding a worker, until Kaltura has converted them.
4. **record** notes the outcome and tells `kaltura_publish` through the asset `kaltura_entries`.
5. **verdict** fails when a file could not be ingested, and names it with the reason. The others are live by then.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from airflow.sdk import DAG, CronTriggerTimetable, Param, get_current_context, task

from kaltura_pipeline.assets import ENTRIES
from kaltura_pipeline.operators import IngestBatchOperator
from kaltura_pipeline.settings import PipelineSettings
from kaltura_provider.policies.retry import kaltura_retries
from kaltura_provider.sensors.entry import KalturaEntryReadySensor

SETTINGS = PipelineSettings.from_environment()
BATCH_SIZE = 20

with DAG(
    dag_id="kaltura_ingest",
    description="S3 to Kaltura: every media file below a prefix becomes one entry",
    doc_md=__doc__,
    schedule=CronTriggerTimetable(SETTINGS.ingest_schedule, timezone=SETTINGS.time_zone)
    if SETTINGS.ingest_schedule
    else None,
    start_date=datetime(2026, 1, 1),
    catchup=False,
    max_active_runs=1,
    tags=["kaltura", "s3", "ingest"],
    default_args={"owner": "kaltura", "retries": 3, "retry_delay": timedelta(minutes=1), **kaltura_retries()},
    params={
        "bucket": Param(
            SETTINGS.bucket or None,
            type=["null", "string"],
            title="S3 bucket",
            description="Where the source files are. Default: KALTURA_PIPELINE_BUCKET.",
        ),
        "prefix": Param(
            SETTINGS.prefix or None,
            type=["null", "string"],
            title="Prefix",
            description="Only objects whose keys start with this, for example lectures/2026/. Empty: all.",
        ),
        "known_files": Param(
            "update",
            type="string",
            enum=["update", "skip", "retry"],
            title="Files ingested before",
            description="update: send changed metadata and captions. skip: leave them alone. "
            "retry: like update, and try failed files again.",
        ),
        "changed_files": Param(
            "replace",
            type="string",
            enum=["replace", "refuse"],
            title="Files whose content changed",
            description="replace: exchange the content of the entry they became. refuse: leave it, and name them.",
        ),
        "defaults": Param(
            None,
            type=["null", "object"],
            title="Default metadata",
            description='For files without their own, for example {"tags": ["lecture"], "owner": "media@example.edu"}. '
            "Fields: name, description, tags, owner.",
        ),
        "dry_run": Param(False, type="boolean", title="Dry run", description="Write the plan and stop."),
    },
) as dag:

    @task(
        doc_md="Lists the bucket and writes the plan to S3. Returns the work, cut into batches.", multiple_outputs=False
    )
    def plan() -> list[dict[str, Any]]:
        from airflow.sdk.exceptions import AirflowSkipException

        from kaltura_pipeline.ingest import batches, plan_ingest

        context = get_current_context()
        params = context["params"]
        uri, planned = plan_ingest(
            SETTINGS,
            run_id=context["run_id"],
            bucket=params["bucket"] or "",
            prefix=params["prefix"] or "",
            known_files=params["known_files"],
            changed_files=params["changed_files"],
            defaults=params["defaults"],
        )
        context["ti"].xcom_push(key="plan", value={"uri": uri, "totals": planned["totals"]})
        if params["dry_run"]:
            raise AirflowSkipException(f"dry run: the plan is {uri}")
        return [dict(batch) for batch in batches(uri, planned, BATCH_SIZE)]

    transfer = IngestBatchOperator.partial(
        task_id="transfer",
        settings=SETTINGS,
        bucket="{{ params.bucket or '' }}",
        max_active_tis_per_dagrun=4,
        doc_md="Sends the files of one batch; one that fails does not stop the others.",
    )
    wait = KalturaEntryReadySensor.partial(
        task_id="wait",
        kaltura_conn_id=SETTINGS.kaltura_conn_id,
        poke_interval=5,
        timeout=2 * 3600,
        fail_on_error=False,
        wait_for_approval=False,
        deferrable=True,
        # A batch that failed keeps nobody from waiting for the entries of the others.
        trigger_rule="all_done",
        doc_md="Waits until Kaltura has converted the entries of one batch; holds no worker while it waits.",
    )

    @task(
        outlets=[ENTRIES],
        trigger_rule="all_done",
        doc_md="Notes what became ready in the ledger, writes the manifest, and tells kaltura_publish.",
    )
    def record() -> None:
        from airflow.sdk.exceptions import AirflowSkipException

        from kaltura_pipeline.outcome import record_outcome
        from kaltura_provider.hooks.kaltura import KalturaHook

        context = get_current_context()
        ti = context["ti"]
        planned = ti.xcom_pull(task_ids="plan", key="plan")
        if planned is None or context["params"]["dry_run"]:
            raise AirflowSkipException("there is nothing to record: the run stopped at its plan")
        summary = record_outcome(
            SETTINGS,
            bucket=context["params"]["bucket"] or "",
            run_id=context["run_id"],
            plan_uri=planned["uri"],
            kaltura=KalturaHook(SETTINGS.kaltura_conn_id).get_conn(),
        )
        ti.xcom_push(key="failures", value=summary["failures"][:50])
        ti.xcom_push(key="failed", value={"count": len(summary["failures"]), "manifest": summary["manifest"]})
        if not summary["ready"]:
            raise AirflowSkipException(f"no entry is new or changed: {summary['counts']}")
        context["outlet_events"][ENTRIES].extra = {"manifest": summary["manifest"], "entries": summary["ready"]}

    @task(
        trigger_rule="all_done",
        retries=0,
        doc_md="Fails when files could not be ingested, naming each with its reason.",
    )
    def verdict() -> None:
        from airflow.sdk.exceptions import AirflowFailException

        # This task alone decides the colour of the run, so it must not miss an upstream task that died.
        context = get_current_context()
        if context["ti"].xcom_pull(task_ids="plan", key="plan") is None:
            raise AirflowFailException("the plan failed; its log says why")
        if context["params"]["dry_run"]:
            return
        failures = context["ti"].xcom_pull(task_ids="record", key="failures")
        if failures is None:
            # A new run would take what 'record' had noted as ready for published already.
            raise AirflowFailException(
                "the outcome was not recorded; the log of 'record' says why. Then clear 'record' in this run."
            )
        if failures:
            failed = context["ti"].xcom_pull(task_ids="record", key="failed")
            raise AirflowFailException(
                f"{failed['count']} files were not ingested. All are in {failed['manifest']}; the first:\n"
                + "\n".join(failures)
            )

    summaries: Any = transfer.expand(batch=plan()).output
    ready = wait.expand(entry_ids=summaries.map(lambda summary: summary["entry_ids"]))
    ready >> record() >> verdict()
