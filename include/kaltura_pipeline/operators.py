"""The pipeline's tasks that show links to Kaltura in Airflow's UI; the work itself is done by plain functions."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import BaseOperator

from kaltura_provider.links.kaltura import KalturaEntryLink, KalturaLink

if TYPE_CHECKING:
    from airflow.sdk import Context

    from kaltura_pipeline.settings import PipelineSettings


# Entries that are waited for at once.
_SLICE = 600
_COUNTED = {"ready": "entries", "failed": "failed"}


class IngestBatchOperator(BaseOperator):
    """Transfer the titles of one batch, see :func:`kaltura_pipeline.ingest.ingest_batch`.

    Returns a :class:`kaltura_pipeline.ingest.BatchSummary`. Its link opens the entries of the batch in the Kaltura
    Management Console.

    :param settings: the pipeline's settings.
    :param batch: which slice of which plan. Templated.
    :param bucket: the source bucket. Templated.
    """

    template_fields: Sequence[str] = ("batch", "bucket")
    template_fields_renderers: ClassVar[dict[str, str]] = {"batch": "json"}
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
        # The tasks of a run keep below the connection's calls a second together.
        hook = KalturaHook(self.settings.kaltura_conn_id, sharing=self.settings.transfer_tasks)
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


class IngestReadyOperator(BaseOperator):
    """Wait, without holding a worker, until Kaltura has converted the entries of a run.

    The entries are read from S3, and waited for in slices: neither XCom nor a trigger holds thousands of ids. Entries
    that fail do not end the wait; the task after this one names them.

    :param settings: the pipeline's settings.
    :param bucket: the source bucket. Templated.
    :param plan: address of the run's plan. Templated.
    :param poll_interval: seconds between two looks.
    :param wait_timeout: seconds to wait in all.
    """

    template_fields: Sequence[str] = ("bucket", "plan")

    def __init__(
        self,
        *,
        settings: PipelineSettings,
        bucket: str,
        plan: str,
        poll_interval: float = 5.0,
        wait_timeout: float = 2 * 3600.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.settings = settings
        self.bucket = bucket
        self.plan = plan
        self.poll_interval = poll_interval
        self.wait_timeout = wait_timeout

    def execute(self, context: Context) -> dict[str, int]:
        """Wait for all entries.

        :param context: the task's context.
        :return: how many are ready and how many failed.
        :raises airflow.sdk.exceptions.AirflowSkipException: there is no plan, as the run failed or ended before.
        :raises airflow.sdk.exceptions.AirflowSensorTimeout: some were not ready in time.
        """
        if not self.plan:
            from airflow.sdk.exceptions import AirflowSkipException

            # Failing would only be tried again, minute after minute, and delay the verdict.
            raise AirflowSkipException("there is no plan whose entries could be waited for; the log of 'plan' says why")
        return self._go_on(context, time.time() + self.wait_timeout, 0, {"ready": 0, "failed": 0})

    def execute_slice(
        self, context: Context, event: Any = None, *, end_time: float, first: int, counts: dict[str, int]
    ) -> dict[str, int]:
        """Take over from the trigger, and go on with the next slice.

        :param context: the task's context.
        :param event: what the trigger sent.
        :param end_time: when to give up, in seconds since 1970.
        :param first: position of the first entry that is to be waited for now.
        :param counts: of the entries before.
        """
        from kaltura_provider.hooks.waiting import read_event

        event = read_event(event)
        counts = {name: counts[name] + len(event.get(part) or ()) for name, part in _COUNTED.items()}
        return self._go_on(context, end_time, first, counts)

    def _go_on(self, context: Context, end_time: float, first: int, counts: dict[str, int]) -> dict[str, int]:
        from itertools import chain, islice

        from kaltura_pipeline.run_outcomes import sent_entries
        from kaltura_provider.hooks.kaltura import KalturaHook
        from kaltura_provider.hooks.readiness import look
        from kaltura_provider.hooks.waiting import TRIGGER_GRACE
        from kaltura_provider.triggers.entry import KalturaEntryReadyTrigger

        batches = sent_entries(self.settings, bucket=self.bucket, run_id=context["run_id"], plan_uri=self.plan)
        entries = islice(chain.from_iterable(batches), first, None)
        client = KalturaHook(self.settings.kaltura_conn_id).get_conn()
        while ids := list(islice(entries, _SLICE)):
            first += len(ids)
            # Most of a later slice is ready by the time it is looked at.
            seen = look(client, ids, wait_for_approval=False)
            counts = {"ready": counts["ready"] + len(seen.ready), "failed": counts["failed"] + len(seen.failed)}
            if seen.waiting:
                self.log.info("%d of %d entries are not ready yet.", len(seen.waiting), len(ids))
                self.defer(
                    trigger=KalturaEntryReadyTrigger(
                        kaltura_conn_id=self.settings.kaltura_conn_id, entry_ids=list(seen.waiting),
                        poll_interval=self.poll_interval, end_time=end_time, fail_on_error=False,
                        wait_for_approval=False,
                    ),
                    method_name="execute_slice",
                    kwargs={"end_time": end_time, "first": first, "counts": counts},
                    timeout=timedelta(seconds=max(0.0, end_time - time.time())) + TRIGGER_GRACE,
                )  # fmt: skip
        return counts


class ResultsLink(KalturaLink):
    """Open the page that says what became of each title."""

    name = "Results"


class IngestRecordOperator(BaseOperator):
    """Note how the titles of a run ended, see :func:`kaltura_pipeline.outcome.record_outcome`.

    Pushes a :class:`kaltura_pipeline.outcome.RunSummary` under the key ``summary``, tells people and the publish DAG.
    Its link opens the page with the results, where a browser can reach S3 (see ``PipelineSettings.state_url``).

    :param settings: the pipeline's settings.
    :param bucket: the source bucket. Templated.
    :param plan: address of the run's plan; empty if the run stopped before or at its plan. Templated.
    """

    template_fields: Sequence[str] = ("bucket", "plan")
    operator_extra_links = (ResultsLink(),)

    def __init__(self, *, settings: PipelineSettings, bucket: str, plan: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.settings = settings
        self.bucket = bucket
        self.plan = plan

    def execute(self, context: Context) -> None:
        """Record the run.

        :param context: the task's context.
        :raises airflow.sdk.exceptions.AirflowSkipException: there is nothing to publish.
        :raises KalturaError: Kaltura could not be asked.
        """
        from airflow.sdk.exceptions import AirflowSkipException

        from kaltura_pipeline.assets import ENTRIES
        from kaltura_pipeline.notify import notify, parse_notifiers
        from kaltura_pipeline.outcome import record_outcome
        from kaltura_pipeline.run_note import TITLES, in_numbers, say
        from kaltura_pipeline.workspace import Workspace
        from kaltura_provider.hooks.kaltura import KalturaHook

        if not self.plan:
            raise AirflowSkipException("there is nothing to record: the run stopped at its plan")
        hook = KalturaHook(self.settings.kaltura_conn_id)
        summary = record_outcome(
            self.settings,
            bucket=self.bucket,
            run_id=context["run_id"],
            plan_uri=self.plan,
            kaltura=hook.get_conn(),
            kmc_url=hook.kmc_url,
        )
        if page := Workspace.open(self.settings, self.bucket).browser_url(summary["page"]):
            ResultsLink.persist(context, self, page)
        counts, where = summary["counts"], page or summary["page"]
        say(context, in_numbers(counts, TITLES, wrong=summary["failed"], matter="failed", page=where))
        notifiers = parse_notifiers(self.settings.notifiers)
        notify(context, summary["results"], notifiers, title=f"s3://{self.bucket}/", page_url=page)
        # Short, as every XCom passes through the database; the documents in S3 have all.
        context["ti"].xcom_push(key="summary", value={**summary, "failures": summary["failures"][:20]})
        if not summary["ready"]:
            raise AirflowSkipException(f"no entry is new or changed: {summary['counts']}")
        if ENTRIES in self.outlets:
            extra: dict[str, Any] = {"manifest": summary["manifest"], "entries": summary["ready"]}
            context["outlet_events"][ENTRIES].extra = extra


class PlanApprovalOperator(ApprovalOperator):
    """Ask a person in Airflow's UI whether a plan is carried out, if the run asks for that.

    :param wanted: ``True`` asks; anything else goes on at once. Templated.
    """

    template_fields: Sequence[str] = (*ApprovalOperator.template_fields, "wanted")
    template_fields_renderers: ClassVar[dict[str, str]] = {"body": "md"}

    def __init__(self, *, wanted: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.wanted = wanted

    def execute(self, context: Context) -> Any:
        """Wait for the answer. A rejection skips what follows.

        :param context: the task's context.
        """
        if str(self.wanted) != "True":
            return None
        return super().execute(context)
