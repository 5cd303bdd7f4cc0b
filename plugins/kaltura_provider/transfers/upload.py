"""What all transfers into Kaltura share: one source becomes one entry, exactly once."""

from __future__ import annotations

import hashlib
import threading
import time
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from kaltura_provider.links.kaltura import KalturaEntryLink
from kaltura_provider.operators.base import KalturaBaseOperator
from kaltura_provider.transfers.job import NOTHING, READY, Step, UploadJob

if TYPE_CHECKING:
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook
    from airflow.sdk import Context

    from kaltura_provider.api import Entry, Journal, MediaKind, UploadSource
    from kaltura_provider.transfers.notes import UploadNotes


class KalturaUploadOperator(KalturaBaseOperator):
    """Upload one source and attach it to one entry, exactly once.

    Base class of the transfers; a subclass says what the source is. A task that runs again, after a failure, after
    its worker died or when cleared, goes on where it stopped. What it must know for that lies in a ledger in S3, which
    also keeps two workers off one file; without a ledger, in Airflow's task state store (since 3.3).

    :param entry: properties of the new entry in Kaltura's spelling, such as ``{"name": "Talk", "tags": "a,b",
        "conversionProfileId": 7}``. The name defaults to the file name without its extension. Templated.
    :param reference_id: identity of the entry; an entry that has it already is used instead of a new one. Default:
        derived from where the source is. At least 2 characters. Templated.
    :param media_kind: ``video``, ``audio``, ``image``, ``document`` or ``data``; found by the file's content and name
        if None. Templated.
    :param ledger: where the record about the file lies: ``s3://bucket/prefix``, or a prefix within the bucket of the
        source. None does without: then nothing keeps two tasks from making two entries of one new file. Templated.
    :param aws_conn_id: ID of the AWS connection. Templated.
    :param part_size: bytes of one upload request. Default: 5 to 50 MB, by the size of the file and the distance.
    :param parallel: upload requests at once, 1 to 16; each occupies a process of Kaltura's server. Default: 4, or 8
        where the server is far away.
    :param patience: seconds (or a timedelta) to go on trying while Kaltura or the store is in trouble. Default: 200.
    :param renditions: further finished files of an audio or video, such as ``{"HD/1080": "talk_1080.mp4"}``: name or ID
        of the flavor params, and where the file is. They go into the same entry. Templated.
    :param if_changed: what to do when the entry exists and was made from other content than the source has now:
        ``replace`` its content, ``fail`` (the message says what can be done), or ``keep`` the entry as it is.
    :param approve_replacement: on accounts where new content must be approved: approve it. Otherwise the task ends when
        only that is missing, with ``needs_approval``, and a person approves it in the KMC.
    :param wait_until_ready: whether to wait until Kaltura has converted the entry.
    :param wait_timeout: seconds (or a timedelta) to wait for that. Default 12 hours.
    :param poll_interval: seconds between two looks while waiting. Default 30.
    :param deferrable: wait in the triggerer, so that no worker slot is held. False waits on the worker.
    :param kaltura_conn_id: ID of the ``kaltura`` connection. Templated.
    :param session: restrictions of the session. Templated.
    """

    template_fields: Sequence[str] = (
        *KalturaBaseOperator.template_fields,
        "entry",
        "reference_id",
        "media_kind",
        "renditions",
        "ledger",
        "aws_conn_id",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {
        **KalturaBaseOperator.template_fields_renderers,
        "entry": "json",
        "renditions": "json",
    }
    operator_extra_links = (KalturaEntryLink(),)

    def __init__(
        self,
        *,
        entry: Mapping[str, Any] | None = None,
        reference_id: str | None = None,
        media_kind: str | None = None,
        ledger: str | None = None,
        aws_conn_id: str | None = "aws_default",
        part_size: int | None = None,
        parallel: int | None = None,
        patience: timedelta | float | None = None,
        renditions: Mapping[str, str] | None = None,
        if_changed: Literal["replace", "fail", "keep"] = "replace",
        approve_replacement: bool = False,
        wait_until_ready: bool = False,
        wait_timeout: timedelta | float = timedelta(hours=12),
        poll_interval: float = 30.0,
        deferrable: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.entry = entry
        self.reference_id = reference_id
        self.media_kind = media_kind
        self.ledger = ledger
        self.aws_conn_id = aws_conn_id
        self.part_size = part_size
        self.parallel = parallel
        self.patience = patience.total_seconds() if isinstance(patience, timedelta) else patience
        if if_changed not in ("replace", "fail", "keep"):
            raise ValueError(f"if_changed must be 'replace', 'fail' or 'keep', not {if_changed!r}.")
        self.renditions = renditions
        self.if_changed = if_changed
        self.approve_replacement = approve_replacement
        self.wait_until_ready = wait_until_ready
        self.wait_timeout = wait_timeout.total_seconds() if isinstance(wait_timeout, timedelta) else float(wait_timeout)
        self.poll_interval = poll_interval
        self.deferrable = deferrable
        self.stop: threading.Event | None = None

    @cached_property
    def s3_hook(self) -> S3Hook:
        """The hook of the AWS connection; its client is expensive to make, so there is one."""
        from airflow.providers.amazon.aws.hooks.s3 import S3Hook

        return S3Hook(aws_conn_id=self.aws_conn_id)

    @abstractmethod
    def find_source(self) -> UploadSource:
        """Look the source up.

        :return: the source as it is now.
        :raises ValueError: it cannot be used; the message names the fix.
        """

    @abstractmethod
    def source_url(self) -> str:
        """Return where the source is, without secrets; the default reference ID derives from it."""

    def source_place(self) -> tuple[str, str]:
        """Return bucket and key of a source in S3, or an empty text and its URL: its name in the ledger."""
        return "", self.source_url()

    def find_rendition(self, place: str) -> UploadSource:
        """Look up a further file of the entry.

        :param place: where it is, as the operator's ``renditions`` say.
        :raises ValueError: it cannot be used; the message names the fix.
        """
        raise NotImplementedError

    def filler(self, source: UploadSource, kind: MediaKind, journal: Journal) -> Callable[[Entry], Entry] | None:
        """Say in which other way than by an upload the entry gets its content; None for an upload.

        :param source: the file.
        :param kind: what it becomes.
        :param journal: durable notes about it.
        """
        return None

    def execute(self, context: Context) -> dict[str, Any]:
        """Upload, attach, and wait if asked to.

        :param context: the task's context.
        :return: ``entry_id``, ``reference_id``, ``source`` (URL), ``size`` (bytes), ``mode`` (``push`` or ``pull``),
            ``created`` (whether the entry is new), ``uploaded`` (whether this try gave it its content),
            ``bytes_sent``, ``resumed_from`` (bytes Kaltura had before), ``parts_sent_again``, ``checksum``,
            ``checksum_verified``, ``status`` and ``status_name``.
        :raises kaltura_provider.api.KalturaError: Kaltura refused something, or could not be reached.
        :raises kaltura_provider.api.SourceChangedError: the source changed again and again during the upload.
        :raises kaltura_provider.transfers.ledger.LedgerBusyError: another task is uploading the same file.
        :raises ValueError: the source or an argument cannot be used; the message names the fix.
        """
        self.stop = threading.Event()
        # Before anything is claimed: what is wrong with the source or the arguments is told first.
        source = self.find_source()
        self.wanted_kind()
        job = UploadJob(self, context, self._reference_id())
        return self._go_on(job, job.begin(source))

    def on_kill(self) -> None:
        """End the upload so that the next try, on any worker, goes on where it stands."""
        if self.stop is not None:
            self.log.info("The upload is being stopped; what Kaltura has of the file stays, and the next try goes on.")
            self.stop.set()

    def execute_complete(self, context: Context, event: Any = None) -> dict[str, Any]:
        """Take over from the trigger.

        :param context: the task's context.
        :param event: what the trigger sent.
        :return: the same as :meth:`execute`.
        :raises airflow.sdk.exceptions.AirflowFailException: the entry failed, or Kaltura refused for good.
        :raises airflow.sdk.exceptions.AirflowSensorTimeout: not ready in time.
        :raises kaltura_provider.hooks.errors.KalturaWaitError: Kaltura could not be asked.
        """
        from kaltura_provider.hooks.waiting import ERROR, read_event

        self.stop = threading.Event()
        echo = event.get("echo") if isinstance(event, dict) else None
        if not isinstance(echo, dict) or echo.get("waits_for") in (None, READY) or event.get("status") == ERROR:
            event = read_event(event)
            result = dict((event.get("echo") or {}).get("result") or {})
            result |= (event.get("entries") or {}).get(result.get("entry_id"), {})
            return self._checked(result)
        # However that wait ended: the next step looks itself.
        job = UploadJob(self, context, echo["result"]["reference_id"])
        return self._go_on(job, job.go_on(echo["waits_for"], echo["result"]))

    def open_notes(self, context: Context, reference_id: str) -> UploadNotes:
        """Claim the file and read what earlier tries noted.

        :param context: the task's context.
        :param reference_id: identity of the file.
        :raises kaltura_provider.transfers.ledger.LedgerBusyError: another task has it.
        """
        from kaltura_provider.transfers.journal import TaskStateJournal
        from kaltura_provider.transfers.notes import StateNotes, claim, open_ledger, owner_of

        if not self.ledger:
            return StateNotes(TaskStateJournal(context.get("task_state_store"), reference_id))
        bucket, key = self.source_place()
        ledger = open_ledger(self.s3_hook, self.ledger, bucket)
        return claim(ledger, bucket, key, owner_of(context["ti"]))

    def _go_on(self, job: UploadJob, step: Step) -> dict[str, Any]:
        """Wait for what a step waits for and go on, until there is nothing left to do."""
        while True:
            if step.waits_for == NOTHING or (step.waits_for == READY and not self.wait_until_ready):
                return step.result
            state = self._wait(step)
            if step.waits_for == READY:
                return self._checked({**step.result, **state})
            step = job.go_on(step.waits_for, step.result)

    def _wait(self, step: Step) -> dict[str, Any]:
        """Wait on this worker or in the triggerer; return what the entry is like if it is ready."""
        from kaltura_provider.hooks.readiness import look
        from kaltura_provider.hooks.waiting import TRIGGER_GRACE, wait_failure, wait_timeout
        from kaltura_provider.triggers.entry import KalturaEntryReadyTrigger

        entry_id = step.result["entry_id"]
        end_time = step.end_time if step.end_time is not None else time.time() + self.wait_timeout
        strict = step.waits_for == READY
        while True:
            # Images and data are ready at once; deferring for nothing costs seconds and a scheduler trip.
            seen = look(self.hook.get_conn(), [entry_id], wait_for_approval=self.approve_replacement)
            if seen.failed and strict:
                raise wait_failure(seen.failed)
            if not seen.waiting:
                return seen.ready.get(entry_id, {})
            if self.deferrable:
                self.defer(
                    trigger=KalturaEntryReadyTrigger(
                        kaltura_conn_id=self.kaltura_conn_id,
                        entry_ids=[entry_id],
                        poll_interval=self.poll_interval,
                        end_time=end_time,
                        session=self.session,
                        wait_for_approval=self.approve_replacement,
                        echo={"result": step.result, "waits_for": step.waits_for},
                    ),
                    method_name="execute_complete",
                    timeout=timedelta(seconds=max(0.0, end_time - time.time())) + TRIGGER_GRACE,
                )
            left = end_time - time.time()
            if left <= 0:
                if strict:
                    raise wait_timeout(seen.waiting)
                return {}
            time.sleep(min(self.poll_interval, left))

    def _checked(self, result: dict[str, Any]) -> dict[str, Any]:
        """Compare what the entry has with what was uploaded, where it has several files."""
        from airflow.providers.common.compat.sdk import AirflowFailException

        from kaltura_provider.api import look_at_renditions

        if sizes := {int(params_id): size for params_id, size in result.get("renditions", {}).items()}:
            faults = look_at_renditions(self.hook.get_conn(), result["entry_id"]).find_faults(sizes)
            if faults:
                raise AirflowFailException(
                    f"Entry {result['entry_id']} is ready, but not complete: {' '.join(faults)} Look at its flavors in "
                    "the KMC."
                )
        return result

    def entry_fields(self) -> Mapping[str, Any]:
        """Return the fields of the entry as the user gave them.

        :raises ValueError: they are no mapping.
        """
        if self.entry is None:
            return {}
        if not isinstance(self.entry, Mapping):
            raise ValueError(f"entry must be a mapping such as {{'name': 'Talk'}}, not {type(self.entry).__name__}.")
        return self.entry

    def _reference_id(self) -> str:
        given = str(self.reference_id or "").strip()
        in_entry = str(self.entry_fields().get("referenceId") or "").strip()
        if given and in_entry and given != in_entry:
            raise ValueError(
                f"reference_id is {given!r}, but entry['referenceId'] is {in_entry!r}. Keep reference_id and remove "
                "the other."
            )
        reference_id = given or in_entry or reference_id_of(self.source_url())
        if len(reference_id) < 2:
            raise ValueError(f"reference_id {reference_id!r} is too short: Kaltura wants 2 characters at least.")
        return reference_id

    def wanted_kind(self) -> MediaKind | None:
        """Return the kind of entry the user asked for; None if the file decides.

        :raises ValueError: there is no such kind.
        """
        from kaltura_provider.api import MediaKind

        if not self.media_kind:
            return None
        try:
            return MediaKind[self.media_kind.strip().upper()]
        except KeyError:
            kinds = ", ".join(kind.value for kind in MediaKind)
            raise ValueError(f"media_kind must be one of {kinds}, not {self.media_kind!r}.") from None


def reference_id_of(url: str) -> str:
    """Derive a reference ID from where a source is.

    :param url: the source's URL, such as ``s3://bucket/key``.
    :return: the URL's scheme and a hash of the URL, such as ``s3:0a4d55a8d778e5022fab701977c5d840bbc486d0``.
    """
    return f"{url.split(':', 1)[0]}:{hashlib.sha1(url.encode(), usedforsecurity=False).hexdigest()}"
