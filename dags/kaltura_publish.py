"""
### Bring entries up to date, see them play, and put them on pages

Runs when `kaltura_ingest` has made entries ready (asset `kaltura_entries`), or from the form: for entries you name, for
a category, or for a search. Run it as often as you like: what is as it should be is left alone.

1. **collect** finds out which entries, and what of them changed in S3.
2. **approve** asks a person in Airflow, if the form says so. **moderation** waits for the moderator in Kaltura instead.
3. **publish** sends what changed, many entries with few requests, and approves entries in Kaltura if a person approved
   them in Airflow.
4. **check** looks, as a viewer would, whether each entry plays, and does not before its time.
5. **player** creates the player, or finds the one that exists. **pages** writes a page an entry and an index to S3, and
   emits the asset `kaltura_pages`.
6. **record** writes down what became of each entry; **verdict** fails when more failed than the settings allow.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from airflow.sdk import DAG, Param, get_current_context, task

from kaltura_pipeline.assets import ENTRIES, PAGES
from kaltura_pipeline.operators import PlanApprovalOperator
from kaltura_pipeline.publish_operators import (
    APPROVALS,
    CheckBatchOperator,
    ModerationSensor,
    PublishBatchOperator,
    PublishRecordOperator,
    WritePagesOperator,
)
from kaltura_pipeline.settings import PipelineSettings
from kaltura_provider.operators.player import KalturaPlayerOperator
from kaltura_provider.policies.retry import kaltura_retries

SETTINGS = PipelineSettings.from_environment()
# Sections of the form; what has none is under Airflow's own heading, the one that is open.
DONE = "What is done with them"
SHOWN = "Player and pages"

with DAG(
    dag_id="kaltura_publish",
    description="Every new Kaltura entry: up to date, approved, seen to play, on a page",
    doc_md=__doc__,
    schedule=[ENTRIES],
    start_date=datetime(2026, 1, 1),
    catchup=False,
    max_active_runs=1,
    tags=["kaltura", "s3", "publish"],
    default_args={"owner": SETTINGS.owner, "retries": 3, "retry_delay": timedelta(minutes=1), **kaltura_retries()},
    params={
        "entry_ids": Param(
            None,
            type=["null", "array"],
            items={"type": "string"},
            title="Entry ids",
            description="One a line. Nothing here, no category and no search: what ingest made.",
        ),
        "category": Param(
            None,
            type=["null", "string"],
            examples=["Physics>Optics"],
            title="Category",
            description="Full path, such as Physics>Optics, or id: its entries and those of the categories below it.",
        ),
        "search": Param(
            None,
            type=["null", "string"],
            examples=["optics"],
            title="Search",
            description="Words in title, description or tags.",
        ),
        "update": Param(
            False,
            type="boolean",
            title="Bring up to date",
            section=DONE,
            description="Send what changed in S3 beside the files the entries were made of, as kaltura_ingest does on "
            "its schedule.",
        ),
        "create_categories": Param(
            False,
            type="boolean",
            title="Make missing categories",
            section=DONE,
            description="Otherwise an entry whose metadata names a category that does not exist is left as it is.",
        ),
        "approval": Param(
            SETTINGS.publish_approval,
            type="string",
            enum=list(APPROVALS),
            title="Approval",
            section=DONE,
            description="none: publish at once. airflow: ask under Required Actions. kaltura: wait for the moderator.",
        ),
        "check_playback": Param(
            True,
            type="boolean",
            title="Look whether they play",
            section=DONE,
            description="Only what plays, or will at its time, gets a page.",
        ),
        "bucket": Param(
            SETTINGS.state_bucket or SETTINGS.bucket or None,
            type=["null", "string"],
            examples=["media-uploads"],
            title="S3 bucket for the pages",
            section=SHOWN,
            description="For entries that are chosen here only. Default: KALTURA_PIPELINE_STATE_BUCKET, or "
            "KALTURA_PIPELINE_BUCKET.",
        ),
        "player_name": Param(
            SETTINGS.player_name,
            type="string",
            minLength=1,
            examples=["Airflow pages"],
            title="Player",
            section=SHOWN,
            description="Created when it does not exist.",
        ),
        "embed_type": Param(
            SETTINGS.embed_type,
            type="string",
            enum=["dynamic", "thumbnail", "iframe"],
            title="Embedding",
            section=SHOWN,
            description="dynamic: pages around it can drive the player. thumbnail: the player comes after a click. "
            "iframe: needs nothing of the page around it.",
        ),
    },
) as dag:

    @task(
        multiple_outputs=False,
        inlets=[ENTRIES],
        doc_md="Reads the manifests of the ingest runs that triggered this one, or finds what the form names, and "
        "compares it with S3. Returns the work, cut into batches.",
    )
    def collect() -> list[dict[str, Any]]:
        from airflow.sdk.exceptions import AirflowSkipException

        from kaltura_pipeline.publishing.collecting import PublishOptions, collect_entries
        from kaltura_provider.hooks.kaltura import KalturaHook

        context = get_current_context()
        params, events = context["params"], context["triggering_asset_events"].get(ENTRIES, [])
        options = PublishOptions(
            manifests=tuple(event.extra["manifest"] for event in events if "manifest" in event.extra),
            entry_ids=tuple(params["entry_ids"] or ()),
            category=(params["category"] or "").strip(),
            search=(params["search"] or "").strip(),
            bucket=params["bucket"] or "",
            update=params["update"],
            create_categories=params["create_categories"],
        )
        found = collect_entries(
            SETTINGS,
            options,
            run_id=context["run_id"],
            kaltura=lambda: KalturaHook(SETTINGS.kaltura_conn_id).get_conn(),
        )
        for key in ("sites", "totals", "first"):
            context["ti"].xcom_push(key=key, value=found[key])
        if not found["batches"]:
            raise AirflowSkipException("there is no entry to publish")
        return [dict(batch) for batch in found["batches"]]

    collected: Any = collect()
    sites = collected["sites"]
    approve = PlanApprovalOperator(
        task_id="approve",
        wanted="{{ params.approval == 'airflow' }}",
        subject="{% set number = (ti.xcom_pull(task_ids='collect', key='totals') or {}).entries %}"
        "Publish {{ number }} {{ 'entry' if number == 1 else 'entries' }}?",
        body="{% for line in ti.xcom_pull(task_ids='collect', key='first') or [] %}* {{ line }}\n{% endfor %}",
        doc_md="Waits for a person's approval if the form asks for it; holds no worker while it waits.",
        ignore_downstream_trigger_rules=True,
    )
    moderation = ModerationSensor(
        task_id="moderation",
        settings=SETTINGS,
        sites=sites,
        approval="{{ params.approval }}",
        poke_interval=60,
        doc_md="Waits for the moderator in Kaltura if the form asks for it; holds no worker while it waits.",
    )
    publish = PublishBatchOperator.partial(
        task_id="publish",
        settings=SETTINGS,
        approve="{{ params.approval == 'airflow' }}",
        pool=SETTINGS.pool,
        max_active_tis_per_dagrun=SETTINGS.transfer_tasks,
        doc_md="Brings the entries of one batch up to date; one that fails does not stop the others.",
    ).expand(batch=collected)
    check = CheckBatchOperator.partial(
        task_id="check",
        settings=SETTINGS,
        check="{{ params.check_playback }}",
        pool=SETTINGS.pool,
        max_active_tis_per_dagrun=SETTINGS.transfer_tasks,
        trigger_rule="all_done",
        doc_md="Looks whether the entries of one batch play, and do not before their time.",
    ).expand(batch=collected)
    player = KalturaPlayerOperator(
        task_id="player",
        kaltura_conn_id=SETTINGS.kaltura_conn_id,
        name="{{ params.player_name }}",
        doc_md="Creates the player (uiConf) or finds the one of this name.",
    )
    made: Any = player.output
    pages = WritePagesOperator(
        task_id="pages",
        settings=SETTINGS,
        sites=sites,
        player=made,
        embed_type="{{ params.embed_type }}",
        outlets=[PAGES],
        doc_md="Writes a page an entry and an index page to S3.",
    )
    record = PublishRecordOperator(
        task_id="record",
        settings=SETTINGS,
        sites=sites,
        trigger_rule="all_done",
        doc_md="Writes down what became of each entry, and why.",
    )

    @task(
        trigger_rule="all_done",
        retries=0,
        doc_md="Fails when entries could not be published, naming each with its reason.",
    )
    def verdict() -> None:
        from airflow.sdk.exceptions import AirflowFailException

        context = get_current_context()
        ti = context["ti"]
        if ti.xcom_pull(task_ids="collect", key="sites") is None:
            raise AirflowFailException("the entries could not be collected; the log of 'collect' says why")
        summary = ti.xcom_pull(task_ids="record")
        if summary is None:
            return
        if ti.xcom_pull(task_ids="pages") is None:
            raise AirflowFailException(
                "the pages were not written; the log of 'pages' or 'player' says why. Then clear that task in this run."
            )
        if summary["failed"] > SETTINGS.max_failures * summary["attempted"]:
            raise AirflowFailException(
                f"{summary['failed']} of {summary['attempted']} entries failed. Why, and what to do: "
                f"{', '.join(summary['pages'])}. The first:\n" + "\n".join(summary["failures"])
            )

    collected >> approve >> moderation >> publish >> check >> pages >> record >> verdict()
    collected >> player
