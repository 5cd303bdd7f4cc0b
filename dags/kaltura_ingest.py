"""
### Put media files from S3 on Kaltura

Takes every media file below a prefix of a bucket, with what lies beside it under its name (metadata `talk.yaml`,
captions `talk.en.vtt`, a thumbnail `talk.jpg`) or is said of it in a manifest, and makes it one entry on Kaltura. Run
it as often as you like: what is there already is left alone.

1. **plan** lists the bucket, checks every title and decides: add, replace, update, skip, refuse, each with its reason.
   The plan lies in S3; with *dry run* the DAG stops here.
2. **approve** asks a person, if the form says so.
3. **transfer** sends the files, a batch a task. It goes on where an earlier try ended.
4. **wait** waits, without holding a worker, until Kaltura has converted them.
5. **record** notes the outcome, puts what was refused into quarantine, writes a page that says why, and tells
   `kaltura_publish` through the asset `kaltura_entries`.
6. **verdict** fails when more titles failed than the settings allow. The others are live by then.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from airflow.sdk import DAG, Param, get_current_context, task

from kaltura_pipeline.assets import ENTRIES
from kaltura_pipeline.deadlines import deadline
from kaltura_pipeline.events import ingest_schedule, source_inlets
from kaltura_pipeline.operators import (
    IngestBatchOperator,
    IngestReadyOperator,
    IngestRecordOperator,
    PlanApprovalOperator,
)
from kaltura_pipeline.settings import PipelineSettings
from kaltura_provider.policies.retry import kaltura_retries

SETTINGS = PipelineSettings.from_environment()
# Sections of the form; what has none is under Airflow's own heading, the one that is open.
NARROWED = "Only some of the files"
KNOWN = "Files that are known already"
DESCRIBED = "What is said and asked of titles"
# Empty if there is nothing to carry out.
PLAN = "{{ '' if params.dry_run else (ti.xcom_pull(task_ids='plan', key='plan') or {'uri': ''}).uri }}"

with DAG(
    dag_id="kaltura_ingest",
    description="S3 to Kaltura: every media file below a prefix becomes one entry",
    doc_md=__doc__,
    schedule=ingest_schedule(SETTINGS, SETTINGS.ingest_queue, region_name=SETTINGS.ingest_queue_region or None),
    start_date=datetime(2026, 1, 1),
    catchup=False,
    deadline=deadline("kaltura_ingest", SETTINGS.ingest_deadline),
    max_active_runs=1,
    tags=["kaltura", "s3", "ingest"],
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
            section=NARROWED,
            description="One pattern a line, such as lectures/*.mp4. * stands for any characters. Empty: all.",
        ),
        "exclude": Param(
            [],
            type=["null", "array"],
            items={"type": "string"},
            title="No keys like",
            section=NARROWED,
            description="One pattern a line; what fits is left alone.",
        ),
        "min_age_minutes": Param(
            0,
            type="number",
            minimum=0,
            title="Minimum age in minutes",
            section=NARROWED,
            description="Files that were written later are left for a later run.",
        ),
        "complete_when": Param(
            [],
            type=["null", "array"],
            items={"type": "string", "enum": ["metadata", "captions", "thumbnail", "done"]},
            examples=["metadata", "captions", "thumbnail", "done"],
            title="Wait for",
            section=NARROWED,
            description="What must lie beside a media file before it is taken. done: a file talk.done.",
        ),
        "manifest": Param(
            None,
            type=["null", "string"],
            examples=["lectures/manifest.csv"],
            title="Manifest",
            section=DESCRIBED,
            description="Key of a file that describes titles; only these are taken. Files named manifest.* or "
            "*.manifest.* are found by themselves.",
        ),
        "known_files": Param(
            "update",
            type="string",
            enum=["update", "skip", "retry"],
            title="Files ingested before",
            section=KNOWN,
            description="update: send changed metadata and captions. skip: leave them alone. "
            "retry: like update, and try failed files again.",
        ),
        "changed_files": Param(
            "replace",
            type="string",
            enum=["replace", "new_entry", "skip", "refuse"],
            title="Files whose content changed",
            section=KNOWN,
            description="replace: exchange the content of the entry they became. new_entry: make another entry. "
            "skip: leave it. refuse: leave it, and name them as failed.",
        ),
        "duplicate_files": Param(
            "refuse",
            type="string",
            enum=["refuse", "add"],
            title="Files with the content of another",
            section=KNOWN,
            description="refuse: name them as failed. add: make an entry of each all the same.",
        ),
        "defaults": Param(
            None,
            type=["null", "object"],
            title="Default metadata",
            section=DESCRIBED,
            description='For files without their own, for example {"tags": ["lecture"], "owner": "media@example.edu"}. '
            "All fields of a metadata file.",
        ),
        "rules": Param(
            None,
            type=["null", "object"],
            title="Rules for media",
            section=DESCRIBED,
            description='What a media file must be like, for example {"must_have_audio": true, "max_duration": 14400}.',
        ),
        "create_categories": Param(
            False,
            type="boolean",
            title="Make missing categories",
            section=DESCRIBED,
            description="Otherwise a title that names a category which does not exist is refused.",
        ),
        "approve": Param(
            False,
            type="boolean",
            title="Ask before sending",
            description="Show the plan under Required Actions, and go on when somebody approves.",
        ),
        "dry_run": Param(
            False,
            type="boolean",
            title="Dry run",
            description="Write the plan and stop.",
        ),
    },
) as dag:

    @task(
        multiple_outputs=False,
        inlets=source_inlets(SETTINGS),
        doc_md="Lists the bucket and writes the plan to S3. Returns the work, cut into batches.",
    )
    def plan() -> list[dict[str, Any]]:
        from airflow.sdk.exceptions import AirflowSkipException

        from kaltura_pipeline.events import prefixes_to_plan
        from kaltura_pipeline.options import RunOptions
        from kaltura_pipeline.planning import plan_ingest
        from kaltura_pipeline.run_note import of_plan, say
        from kaltura_provider.hooks.kaltura import KalturaHook

        context = get_current_context()
        params = context["params"]
        where = prefixes_to_plan(
            context["triggering_asset_events"], params["bucket"] or SETTINGS.bucket, params["prefix"] or ""
        )
        if where == []:
            # Says to 'verdict' that the plan did not fail.
            context["ti"].xcom_push(key="nothing_to_plan", value=True)
            raise AirflowSkipException("what was put into S3 lies outside of bucket and prefix")
        uri, planned = plan_ingest(
            SETTINGS,
            RunOptions.from_params(params, SETTINGS, where),
            run_id=context["run_id"],
            kaltura=lambda: KalturaHook(SETTINGS.kaltura_conn_id).get_conn(),
        )
        context["ti"].xcom_push(key="plan", value={"uri": uri, "totals": planned["totals"]})
        say(context, of_plan(planned["totals"], uri, dry_run=params["dry_run"]))
        if params["dry_run"]:
            raise AirflowSkipException(f"dry run: the plan is {uri}")
        return [dict(batch) for batch in planned["batches"]]

    planned = plan()
    approve = PlanApprovalOperator(
        task_id="approve",
        wanted="{{ params.approve and ti.xcom_pull(task_ids='plan') | length > 0 }}",
        subject="Put {{ params.bucket }}/{{ params.prefix or '' }} on Kaltura?",
        body="{% set plan = ti.xcom_pull(task_ids='plan', key='plan') %}"
        "| | |\n|---|---|\n{% for name, value in plan.totals.items() %}| {{ name }} | {{ value }} |\n{% endfor %}\n"
        "The whole plan, title by title: {{ plan.uri }}",
        ignore_downstream_trigger_rules=True,
        doc_md="Waits for a person's approval if the form asks for it; holds no worker while it waits.",
    )
    transfer = IngestBatchOperator.partial(
        task_id="transfer",
        settings=SETTINGS,
        bucket="{{ params.bucket or '' }}",
        pool=SETTINGS.pool,
        **({"queue": SETTINGS.transfer_queue} if SETTINGS.transfer_queue else {}),
        max_active_tis_per_dagrun=SETTINGS.transfer_tasks,
        doc_md="Sends the files of one batch; one that fails does not stop the others.",
    ).expand(batch=planned)
    wait = IngestReadyOperator(
        task_id="wait",
        settings=SETTINGS,
        bucket="{{ params.bucket or '' }}",
        plan=PLAN,
        # A batch that failed keeps nobody from waiting for the entries of the others.
        trigger_rule="all_done",
        doc_md="Waits until Kaltura has converted the entries; holds no worker while it waits.",
    )

    record = IngestRecordOperator(
        task_id="record",
        settings=SETTINGS,
        bucket="{{ params.bucket or '' }}",
        plan=PLAN,
        outlets=[ENTRIES],
        trigger_rule="all_done",
        doc_md="Notes what became ready in the ledger, writes the results, and tells kaltura_publish.",
    )

    @task(
        trigger_rule="all_done",
        retries=0,
        doc_md="Fails when files could not be ingested, naming each with its reason.",
    )
    def verdict() -> None:
        from airflow.sdk.exceptions import AirflowFailException

        # This task alone decides the colour of the run, so it must not miss an upstream task that died.
        context = get_current_context()
        if context["ti"].xcom_pull(task_ids="plan", key="nothing_to_plan"):
            return
        if context["ti"].xcom_pull(task_ids="plan", key="plan") is None:
            raise AirflowFailException("the plan failed; its log says why")
        if context["params"]["dry_run"]:
            return
        summary = context["ti"].xcom_pull(task_ids="record", key="summary")
        if summary is None:
            # A new run would take what 'record' had noted as ready for published already.
            raise AirflowFailException(
                "the outcome was not recorded; the log of 'record' says why. Then clear 'record' in this run."
            )
        if summary["failed"] > SETTINGS.max_failures * summary["attempted"]:
            raise AirflowFailException(
                f"{summary['failed']} of {summary['attempted']} titles failed. Why, and what to do: {summary['page']}. "
                "The first:\n" + "\n".join(summary["failures"])
            )

    planned >> approve >> transfer >> wait >> record >> verdict()
