"""The tasks of the reconcile DAG; the work itself is done by plain functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import BaseOperator

from kaltura_pipeline.operators import ResultsLink

if TYPE_CHECKING:
    from airflow.sdk import Context

    from kaltura_pipeline.settings import PipelineSettings


class CompareBatchOperator(BaseOperator):
    """Compare a batch with Kaltura, see :func:`kaltura_pipeline.reconciling.compare.compare_batch`.

    Returns how many titles had each result.

    :param settings: the pipeline's settings.
    :param batch: which slice of which plan. Templated.
    :param bucket: the source bucket. Templated.
    """

    template_fields: Sequence[str] = ("batch", "bucket")
    template_fields_renderers: ClassVar[dict[str, str]] = {"batch": "json"}

    def __init__(self, *, settings: PipelineSettings, batch: Any, bucket: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.settings = settings
        self.batch = batch
        self.bucket = bucket

    def execute(self, context: Context) -> dict[str, int]:
        """Compare the batch.

        :param context: the task's context.
        :raises KalturaError: Kaltura could not be asked.
        """
        from kaltura_pipeline.reconciling.compare import compare_batch
        from kaltura_provider.hooks.kaltura import KalturaHook

        hook = KalturaHook(self.settings.kaltura_conn_id, sharing=self.settings.transfer_tasks)
        return compare_batch(
            self.settings, self.batch, bucket=self.bucket, run_id=context["run_id"], kaltura=hook.get_conn()
        )


class RepairBatchOperator(CompareBatchOperator):
    """Mend what differs in a batch, see :func:`kaltura_pipeline.reconciling.compare.repair_batch`.

    Returns how many of the titles that differed had each result.

    :param repair: only ``True`` mends. Templated.
    """

    template_fields: Sequence[str] = (*CompareBatchOperator.template_fields, "repair")

    def __init__(self, *, repair: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.repair = repair

    def execute(self, context: Context) -> dict[str, int]:
        """Mend the batch.

        :param context: the task's context.
        :raises KalturaError: Kaltura could not be asked.
        """
        if str(self.repair) != "True":
            return {}
        from kaltura_pipeline.reconciling.compare import repair_batch
        from kaltura_provider.hooks.kaltura import KalturaHook
        from kaltura_provider.transfers.notes import owner_of

        hook = KalturaHook(self.settings.kaltura_conn_id, sharing=self.settings.transfer_tasks)
        return repair_batch(
            self.settings,
            self.batch,
            bucket=self.bucket,
            run_id=context["run_id"],
            owner=owner_of(context["ti"]),
            kaltura=hook.get_conn(),
        )


class ReconcileRecordOperator(BaseOperator):
    """Write down what was found, see :func:`kaltura_pipeline.reconciling.record.record_reconcile`.

    Returns a :class:`kaltura_pipeline.reconciling.record.ReconcileSummary`. Its link opens the page that says it, where
    a browser can reach S3 (see ``PipelineSettings.state_url``).

    :param settings: the pipeline's settings.
    :param bucket: the source bucket. Templated.
    :param plan: address of the run's plan; empty if there is none. Templated.
    """

    template_fields: Sequence[str] = ("bucket", "plan")
    operator_extra_links = (ResultsLink(),)

    def __init__(self, *, settings: PipelineSettings, bucket: str, plan: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.settings = settings
        self.bucket = bucket
        self.plan = plan

    def execute(self, context: Context) -> dict[str, Any]:
        """Record the run.

        :param context: the task's context.
        :raises airflow.sdk.exceptions.AirflowSkipException: there is nothing to record.
        """
        from airflow.sdk.exceptions import AirflowSkipException

        from kaltura_pipeline.reconciling.record import record_reconcile
        from kaltura_pipeline.run_note import TITLES, in_numbers, say
        from kaltura_pipeline.workspace import Workspace
        from kaltura_provider.hooks.kaltura import KalturaHook

        if not self.plan:
            raise AirflowSkipException("there is nothing to record: the log of 'survey' says why")
        bucket = self.bucket or self.settings.bucket
        summary = record_reconcile(
            self.settings,
            bucket=bucket,
            run_id=context["run_id"],
            plan_uri=self.plan,
            kmc_url=KalturaHook(self.settings.kaltura_conn_id).kmc_url,
        )
        if page := Workspace.open(self.settings, bucket).browser_url(summary["page"]):
            ResultsLink.persist(context, self, page)
        counts, where = summary["counts"], page or summary["page"]
        say(context, in_numbers(counts, TITLES, wrong=summary["drifted"], matter="to be mended", page=where))
        return dict(summary)
