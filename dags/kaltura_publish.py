"""
### Make a player and put every new entry on a page

Runs when `kaltura_ingest` has made entries ready (asset `kaltura_entries`), or from the form for entries you name.

1. **collect** reads which entries the ingest runs made.
2. **player** creates the player, or finds the one that exists.
3. **pages** writes one page an entry and an index page to S3.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from airflow.sdk import DAG, Param, get_current_context, task

from kaltura_pipeline.assets import ENTRIES, PAGES
from kaltura_pipeline.operators import WritePagesOperator
from kaltura_pipeline.settings import PipelineSettings
from kaltura_provider.operators.player import KalturaPlayerOperator
from kaltura_provider.policies.retry import kaltura_retries

SETTINGS = PipelineSettings.from_environment()

with DAG(
    dag_id="kaltura_publish",
    description="A player and a page for every new Kaltura entry",
    doc_md=__doc__,
    schedule=[ENTRIES],
    start_date=datetime(2026, 1, 1),
    catchup=False,
    max_active_runs=1,
    tags=["kaltura", "s3", "publish"],
    default_args={"owner": "kaltura", "retries": 3, "retry_delay": timedelta(minutes=1), **kaltura_retries()},
    params={
        "entry_ids": Param(
            None,
            type=["null", "array"],
            items={"type": "string"},
            title="Entry ids",
            description="One a line. Empty: what ingest made.",
        ),
        "bucket": Param(
            SETTINGS.state_bucket or SETTINGS.bucket or None,
            type=["null", "string"],
            title="S3 bucket for the pages",
            description="For entry ids named here only. Default: KALTURA_PIPELINE_STATE_BUCKET, or "
            "KALTURA_PIPELINE_BUCKET.",
        ),
        "player_name": Param(
            SETTINGS.player_name,
            type="string",
            minLength=1,
            title="Player",
            description="Created when it does not exist.",
        ),
    },
) as dag:

    @task(
        multiple_outputs=False,
        doc_md="Reads the manifests of the ingest runs that triggered this one, or takes the ids from the form.",
    )
    def collect() -> dict[str, Any]:
        from kaltura_pipeline.publish import collect_entries

        context = get_current_context()
        events = context["triggering_asset_events"].get(ENTRIES, [])
        return dict(
            collect_entries(
                SETTINGS,
                manifests=[event.extra["manifest"] for event in events if "manifest" in event.extra],
                entry_ids=context["params"]["entry_ids"] or [],
                bucket=context["params"]["bucket"] or "",
            )
        )

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
        collected=collect(),
        player=made,
        outlets=[PAGES],
        doc_md="Writes a page an entry and an index page to S3.",
    )
