"""The tasks of the publish DAG; the work itself is done by plain functions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import BaseOperator, BaseSensorOperator

from kaltura_pipeline.operators import ResultsLink
from kaltura_provider.links.kaltura import KalturaEntryLink, KalturaPlayerLink

if TYPE_CHECKING:
    from airflow.sdk import Context

    from kaltura_pipeline.settings import PipelineSettings

# How a run asks whether its entries may be published.
NO_APPROVAL, IN_AIRFLOW, IN_KALTURA = "none", "airflow", "kaltura"
APPROVALS = (NO_APPROVAL, IN_AIRFLOW, IN_KALTURA)


class ModerationSensor(BaseSensorOperator):
    """Wait, without holding a worker, until a moderator has decided about all entries of a run.

    What is not decided in time is left out of the run; the next one takes it up.

    :param settings: the pipeline's settings.
    :param sites: what ``collect`` returned as ``sites``. Templated.
    :param approval: only ``kaltura`` waits. Templated.
    :param wait_timeout: seconds to wait in all.
    """

    template_fields: Sequence[str] = ("sites", "approval")
    template_fields_renderers: ClassVar[dict[str, str]] = {"sites": "json"}

    def __init__(
        self, *, settings: PipelineSettings, sites: Any, approval: str, wait_timeout: float = 24 * 3600.0, **kwargs: Any
    ) -> None:
        super().__init__(mode="reschedule", timeout=wait_timeout + 3600.0, **kwargs)
        self.settings = settings
        self.sites = sites
        self.approval = approval
        self.wait_timeout = wait_timeout

    def poke(self, context: Context) -> bool:
        """Look once.

        :param context: the task's context.
        :return: whether nothing is waited for any more.
        :raises KalturaError: the entries could not be read (``baseEntry.list``).
        """
        if self.approval != IN_KALTURA:
            return True
        from kaltura_pipeline.publishing.moderation import waiting
        from kaltura_provider.hooks.kaltura import KalturaHook

        left = waiting(self.settings, self.sites, KalturaHook(self.settings.kaltura_conn_id).get_conn())
        started = context["dag_run"].start_date
        if left and started and datetime.now(timezone.utc) - started > timedelta(seconds=self.wait_timeout):
            self.log.warning("%d entries still wait for moderation; this run goes on without them.", left)
            return True
        if left:
            self.log.info("%d entries wait for moderation: approve or reject them in the KMC.", left)
        return not left


class PublishBatchOperator(BaseOperator):
    """Bring the entries of a batch up to date, see :func:`kaltura_pipeline.publishing.batch.publish_batch`.

    Returns how many entries had each result.

    :param settings: the pipeline's settings.
    :param batch: which slice of the work. Templated.
    :param approve: ``True`` approves entries that wait for moderation. Templated.
    """

    template_fields: Sequence[str] = ("batch", "approve")
    template_fields_renderers: ClassVar[dict[str, str]] = {"batch": "json"}

    def __init__(self, *, settings: PipelineSettings, batch: Any, approve: str = "False", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.settings = settings
        self.batch = batch
        self.approve = approve

    def execute(self, context: Context) -> dict[str, int]:
        """Publish the batch.

        :param context: the task's context.
        :raises TransferIncompleteError: some entries are not finished; a retry goes on with them.
        :raises KalturaError: no entry can succeed, as the connection or its rights are wrong.
        """
        from kaltura_pipeline.publishing.batch import publish_batch
        from kaltura_provider.hooks.kaltura import KalturaHook
        from kaltura_provider.transfers.notes import owner_of

        hook = KalturaHook(self.settings.kaltura_conn_id, sharing=self.settings.transfer_tasks)
        return publish_batch(
            self.settings,
            self.batch,
            run_id=context["run_id"],
            owner=owner_of(context["ti"]),
            kaltura=hook.get_conn(),
            approve=str(self.approve) == "True",
        )


class CheckBatchOperator(BaseOperator):
    """Look whether the entries of a batch play, see :func:`kaltura_pipeline.publishing.checking.check_batch`.

    Returns how many entries had each state.

    :param settings: the pipeline's settings.
    :param batch: which slice of the work. Templated.
    :param check: ``False`` takes every entry for fine. Templated.
    """

    template_fields: Sequence[str] = ("batch", "check")
    template_fields_renderers: ClassVar[dict[str, str]] = {"batch": "json"}

    def __init__(self, *, settings: PipelineSettings, batch: Any, check: str = "True", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.settings = settings
        self.batch = batch
        self.check = check

    def execute(self, context: Context) -> dict[str, int]:
        """Check the batch.

        :param context: the task's context.
        :raises KalturaError: Kaltura could not be asked.
        """
        from kaltura_pipeline.publishing.checking import check_batch
        from kaltura_provider.hooks.kaltura import KalturaHook

        hook = KalturaHook(self.settings.kaltura_conn_id, sharing=self.settings.transfer_tasks)
        return check_batch(
            self.settings,
            self.batch,
            run_id=context["run_id"],
            kaltura=hook.get_conn(),
            cdn_url=hook.cdn_url,
            check=str(self.check) == "True",
        )


class WritePagesOperator(BaseOperator):
    """Write the pages of a publish run, see :func:`kaltura_pipeline.publishing.pages.write_pages`.

    Returns a :class:`kaltura_pipeline.publishing.pages.Published`. Its links open the entries in the Kaltura Management
    Console and the first of them in the player.

    :param settings: the pipeline's settings.
    :param sites: what ``collect`` returned as ``sites``. Templated.
    :param player: what :class:`kaltura_provider.operators.player.KalturaPlayerOperator` returned. Templated.
    :param embed_type: how pages show the player; that of the settings if empty. Templated.
    """

    template_fields: Sequence[str] = ("sites", "player", "embed_type")
    template_fields_renderers: ClassVar[dict[str, str]] = {"sites": "json", "player": "json"}
    operator_extra_links = (KalturaEntryLink(), KalturaPlayerLink())

    def __init__(
        self, *, settings: PipelineSettings, sites: Any, player: Any, embed_type: str = "", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.settings = settings
        self.sites = sites
        self.player = player
        self.embed_type = embed_type

    def execute(self, context: Context) -> dict[str, Any]:
        """Write the pages, and say so to whoever waits for the asset.

        :param context: the task's context.
        """
        from kaltura_pipeline.assets import PAGES
        from kaltura_pipeline.publishing.pages import write_pages
        from kaltura_provider.api import PageOptions, Player
        from kaltura_provider.hooks.kaltura import KalturaHook

        hook = KalturaHook(self.settings.kaltura_conn_id)
        options = PageOptions(self.settings.page_language, embed_type=self.embed_type or self.settings.embed_type)
        player = Player(hook.cdn_url, hook.partner_id, self.player["ui_conf_id"])
        published = write_pages(self.settings, self.sites, run_id=context["run_id"], player=player, options=options)
        if entry_ids := published["entry_ids"]:
            KalturaEntryLink.persist(context, self, hook.entries_url(entry_ids))
            KalturaPlayerLink.persist(context, self, hook.player_url(player.ui_conf_id, entry_ids[0]))
        if PAGES in self.outlets:
            extra: dict[str, Any] = {"indexes": published["indexes"], "pages": published["pages"]}
            context["outlet_events"][PAGES].extra = extra
        return dict(published)


class PublishRecordOperator(BaseOperator):
    """Write down what became of each entry, see :func:`kaltura_pipeline.publishing.record.record_publish`.

    Returns a :class:`kaltura_pipeline.publishing.record.PublishSummary`. Its link opens the page that says it, where a
    browser can reach S3 (see ``PipelineSettings.state_url``).

    :param settings: the pipeline's settings.
    :param sites: what ``collect`` returned as ``sites``. Templated.
    """

    template_fields: Sequence[str] = ("sites",)
    template_fields_renderers: ClassVar[dict[str, str]] = {"sites": "json"}
    operator_extra_links = (ResultsLink(),)

    def __init__(self, *, settings: PipelineSettings, sites: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.settings = settings
        self.sites = sites

    def execute(self, context: Context) -> dict[str, Any]:
        """Record the run.

        :param context: the task's context.
        :raises airflow.sdk.exceptions.AirflowSkipException: nothing was collected.
        """
        from airflow.sdk.exceptions import AirflowSkipException

        from kaltura_pipeline.publishing.model import site_workspace
        from kaltura_pipeline.publishing.record import record_publish
        from kaltura_pipeline.run_note import ENTRIES, in_numbers, say
        from kaltura_provider.hooks.kaltura import KalturaHook

        if not self.sites:
            raise AirflowSkipException("there is nothing to record: the log of 'collect' says why")
        kmc_url = KalturaHook(self.settings.kaltura_conn_id).kmc_url
        summary = record_publish(self.settings, self.sites, run_id=context["run_id"], kmc_url=kmc_url)
        workspace = site_workspace(self.settings, self.sites[0]["bucket"])
        if page := workspace.browser_url(summary["pages"][0]):
            ResultsLink.persist(context, self, page)
        counts, where = summary["counts"], page or summary["pages"][0]
        say(context, in_numbers(counts, ENTRIES, wrong=summary["failed"], matter="failed", page=where))
        return dict(summary)
