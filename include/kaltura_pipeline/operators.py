"""The pipeline's tasks that show links to Kaltura in Airflow's UI; the work itself is done by plain functions."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from kaltura_provider.links.kaltura import KalturaEntryLink, KalturaPlayerLink

if TYPE_CHECKING:
    from airflow.sdk import Context

    from kaltura_pipeline.settings import PipelineSettings


class IngestBatchOperator(BaseOperator):
    """Transfer the titles of one batch, see :func:`kaltura_pipeline.ingest.ingest_batch`.

    Returns a :class:`kaltura_pipeline.ingest.BatchSummary`. Its link opens the entry in the Kaltura Management
    Console, or the list of entries when the batch made several.

    :param settings: the pipeline's settings.
    :param batch: which slice of which plan. Templated.
    :param bucket: the source bucket. Templated.
    """

    template_fields: Sequence[str] = ("batch", "bucket")
    operator_extra_links = (KalturaEntryLink(),)

    def __init__(self, *, settings: PipelineSettings, batch: Any, bucket: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.settings = settings
        self.batch = batch
        self.bucket = bucket
        self._stop: threading.Event | None = None

    def on_kill(self) -> None:
        """End the upload so that the next try, on any worker, goes on where it stands."""
        if self._stop is not None:
            self._stop.set()

    def execute(self, context: Context) -> dict[str, Any]:
        """Transfer the batch.

        :param context: the task's context.
        :raises TransferIncompleteError: some titles are not finished; a retry goes on with them.
        :raises KalturaError: no title can succeed, as the connection or its rights are wrong.
        """
        from kaltura_pipeline.ingest import Watch, ingest_batch
        from kaltura_provider.hooks.kaltura import KalturaHook
        from kaltura_provider.transfers.journal import TaskStateJournal
        from kaltura_provider.transfers.notes import owner_of

        self._stop = threading.Event()
        # What a person sees of the task while it runs; what a retry needs lies in the ledger.
        state = TaskStateJournal(context.get("task_state_store"), context["run_id"])
        hook = KalturaHook(self.settings.kaltura_conn_id)
        summary = ingest_batch(
            self.settings,
            self.batch,
            bucket=self.bucket,
            run_id=context["run_id"],
            owner=owner_of(context["ti"]),
            kaltura=hook.get_conn(),
            watch=Watch(self._stop, state.show),
        )
        if summary["entry_ids"]:
            KalturaEntryLink.persist(context, self, hook.entries_url(summary["entry_ids"]))
        return dict(summary)


class WritePagesOperator(BaseOperator):
    """Write the pages of a publish run, see :func:`kaltura_pipeline.publish.write_pages`.

    Returns a :class:`kaltura_pipeline.publish.Published`. Its links open the entries in the Kaltura Management Console
    and the first of them in the player.

    :param settings: the pipeline's settings.
    :param collected: what to publish. Templated.
    :param player: what :class:`kaltura_provider.operators.player.KalturaPlayerOperator` returned. Templated.
    """

    template_fields: Sequence[str] = ("collected", "player")
    operator_extra_links = (KalturaEntryLink(), KalturaPlayerLink())

    def __init__(self, *, settings: PipelineSettings, collected: Any, player: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.settings = settings
        self.collected = collected
        self.player = player

    def execute(self, context: Context) -> dict[str, Any]:
        """Write the pages.

        :param context: the task's context.
        :raises KalturaError: the entries could not be read.
        """
        from kaltura_pipeline.publish import write_pages
        from kaltura_provider.api import Player
        from kaltura_provider.hooks.kaltura import KalturaHook

        hook = KalturaHook(self.settings.kaltura_conn_id)
        player = Player(hook.cdn_url, hook.partner_id, self.player["ui_conf_id"])
        if entry_ids := self.collected["entry_ids"]:
            KalturaEntryLink.persist(context, self, hook.entries_url(entry_ids))
            KalturaPlayerLink.persist(context, self, hook.player_url(player.ui_conf_id, entry_ids[0]))
        return dict(write_pages(self.settings, self.collected, kaltura=hook.get_conn(), player=player))
