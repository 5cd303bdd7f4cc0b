"""What all transfers into Kaltura share: one source becomes one entry, exactly once."""

from __future__ import annotations

import hashlib
import threading
import time
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from kaltura_provider.links.kaltura import KalturaEntryLink
from kaltura_provider.operators.base import KalturaBaseOperator

if TYPE_CHECKING:
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook
    from airflow.sdk import Context

    from kaltura_provider.api import Entry, MediaKind, PutResult, UploadProgress, UploadSource
    from kaltura_provider.transfers.notes import UploadNotes
    from kaltura_provider.transfers.putting import Put


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
    :param part_size: bytes of one upload request. Default: 5 to 50 MB, by the size of the file.
    :param parallel: upload requests at once, 1 to 16; each occupies a process of Kaltura's server. Default: 4, or 8
        for files of 256 MB and more and for servers that are far away.
    :param patience: seconds (or a timedelta) to go on trying while Kaltura or the store is in trouble. Default: 200.
    :param if_changed: what to do when the entry exists and was made from other content than the source has now:
        ``fail`` (the message says what can be done) or ``keep`` the entry as it is. Its content is never exchanged.
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
        "ledger",
        "aws_conn_id",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {
        **KalturaBaseOperator.template_fields_renderers,
        "entry": "json",
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
        if_changed: Literal["fail", "keep"] = "fail",
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
        if if_changed not in ("fail", "keep"):
            raise ValueError(f"if_changed must be 'fail' or 'keep', not {if_changed!r}.")
        self.if_changed = if_changed
        self.wait_until_ready = wait_until_ready
        self.wait_timeout = wait_timeout.total_seconds() if isinstance(wait_timeout, timedelta) else float(wait_timeout)
        self.poll_interval = poll_interval
        self.deferrable = deferrable
        self._stop: threading.Event | None = None

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

    def execute(self, context: Context) -> dict[str, Any]:
        """Upload, attach, and wait if asked to.

        :param context: the task's context.
        :return: ``entry_id``, ``reference_id``, ``source`` (URL), ``size`` (bytes), ``created`` (whether the entry is
            new), ``uploaded`` (whether this try gave it its content), ``bytes_sent``, ``resumed_from`` (bytes Kaltura
            had before), ``status`` and ``status_name``.
        :raises kaltura_provider.api.KalturaError: Kaltura refused something, or could not be reached.
        :raises kaltura_provider.api.SourceChangedError: the source changed during the upload.
        :raises ValueError: the source or an argument cannot be used; the message names the fix.
        """
        from kaltura_provider.transfers.ledger import LeaseLostError

        self._stop = threading.Event()
        # Before anything is claimed: what is wrong with the source or the arguments is told first.
        source = self.find_source()
        reference_id = self._reference_id()
        self._media_kind()
        self._entry()
        notes = self._open_notes(context, reference_id)
        try:
            put = self._put(context, notes, source, reference_id)
            result = self._finish(notes, put, reference_id)
        except LeaseLostError:
            raise
        except BaseException as error:
            notes.give_up(f"{type(error).__name__}: {error}")
            raise
        return self._wait(result) if self.wait_until_ready else result

    def on_kill(self) -> None:
        """End the upload so that the next try, on any worker, goes on where it stands."""
        if self._stop is not None:
            self.log.info("The upload is being stopped; what Kaltura has of the file stays, and the next try goes on.")
            self._stop.set()

    def execute_complete(self, context: Context, event: Any = None) -> dict[str, Any]:
        """Take over from the trigger.

        :param context: the task's context.
        :param event: what the trigger sent.
        :return: the same as :meth:`execute`.
        :raises airflow.sdk.exceptions.AirflowFailException: the entry failed, or Kaltura refused for good.
        :raises airflow.sdk.exceptions.AirflowSensorTimeout: not ready in time.
        :raises kaltura_provider.hooks.errors.KalturaWaitError: Kaltura could not be asked.
        """
        from kaltura_provider.hooks.waiting import read_event

        event = read_event(event)
        result = dict(event.get("echo") or {})
        return {**result, **(event.get("entries") or {}).get(result.get("entry_id"), {})}

    def _open_notes(self, context: Context, reference_id: str) -> UploadNotes:
        from kaltura_provider.transfers.journal import TaskStateJournal
        from kaltura_provider.transfers.notes import StateNotes, claim, open_ledger, owner_of

        if not self.ledger:
            return StateNotes(TaskStateJournal(context.get("task_state_store"), reference_id))
        bucket, key = self.source_place()
        ledger = open_ledger(self.s3_hook, self.ledger, bucket)
        return claim(ledger, bucket, key, owner_of(context["ti"]))

    def _put(self, context: Context, notes: UploadNotes, source: UploadSource, reference_id: str) -> Put:
        from kaltura_provider.transfers.journal import TaskStateJournal
        from kaltura_provider.transfers.progress import ProgressReporter
        from kaltura_provider.transfers.putting import put_source

        state = TaskStateJournal(context.get("task_state_store"), reference_id)
        report = ProgressReporter(self.log, source.name, state.show)

        found = [source]

        def find() -> UploadSource:
            return found.pop() if found else self.find_source()

        def show(entry: Entry) -> None:
            self.log.info("Uploading %s to entry %s, reference ID %s.", self.source_url(), entry.id, reference_id)
            KalturaEntryLink.persist(context, self, self.hook.entry_url(entry.id))

        def tick(progress: UploadProgress) -> None:
            notes.tick(progress)
            report(progress)

        return put_source(
            self.hook.get_conn(),
            find,
            media_kind=self._media_kind(),
            entry={name: value for name, value in self._entry().items() if name != "referenceId"},
            reference_id=reference_id,
            journal=notes.journal,
            on_entry=show,
            on_progress=report,
            on_tick=tick,
            stop=self._stop,
            part_size=self.part_size,
            parallel=self.parallel,
            budget=self.patience,
        )

    def _finish(self, notes: UploadNotes, put: Put, reference_id: str) -> dict[str, Any]:
        """Check and note how it ended."""
        from kaltura_provider.hooks.readiness import describe

        done, source = put.result, put.source
        if not done.uploaded:
            self._check_health(done.entry)
        if not done.is_source:
            self._check_content(done.entry, source, notes)
        self._tell(done)
        checksum = str(done.checksum) if done.checksum else None
        notes.finish(
            entry_id=done.entry.id,
            reference_id=reference_id,
            content=source.fingerprint if done.is_source else notes.content,
            **({"etag": source.fingerprint.partition("@")[0].strip('"')} if done.is_source else {}),
            **({"checksum": checksum, "bytes_done": source.size, "bytes_total": source.size} if checksum else {}),
        )
        return {
            "entry_id": done.entry.id,
            "reference_id": reference_id,
            "source": self.source_url(),
            "size": source.size,
            "created": done.created,
            "uploaded": done.uploaded,
            "bytes_sent": done.bytes_sent,
            "resumed_from": done.resumed_from,
            "parts_sent_again": done.retries,
            "checksum": checksum,
            "checksum_verified": done.verified,
            **describe(done.entry),
        }

    def _tell(self, done: PutResult) -> None:
        """Say in the log what was done."""
        self.log.info(
            "Entry %s: %s, %s; %d bytes sent, %d came with earlier tries, %d parts sent again.",
            done.entry.id,
            "created" if done.created else "existed",
            "content attached" if done.uploaded else "had its content",
            done.bytes_sent,
            done.resumed_from,
            done.retries,
        )
        if done.checksum is not None:
            compared = "the same as S3 has" if done.verified else "the source has none to compare with"
            self.log.info("Checksum of the bytes sent: %s, %s.", done.checksum, compared)

    def _wait(self, result: dict[str, Any]) -> dict[str, Any]:
        from kaltura_provider.hooks.readiness import look
        from kaltura_provider.hooks.waiting import TRIGGER_GRACE, wait_failure, wait_timeout
        from kaltura_provider.triggers.entry import KalturaEntryReadyTrigger

        entry_id = result["entry_id"]
        end_time = time.time() + self.wait_timeout
        while True:
            # Images and data are ready at once; deferring for nothing costs seconds and a scheduler trip.
            seen = look(self.hook.get_conn(), [entry_id])
            if seen.failed:
                raise wait_failure(seen.failed)
            if not seen.waiting:
                return {**result, **seen.ready[entry_id]}
            if self.deferrable:
                self.defer(
                    trigger=KalturaEntryReadyTrigger(
                        kaltura_conn_id=self.kaltura_conn_id,
                        entry_ids=[entry_id],
                        poll_interval=self.poll_interval,
                        end_time=end_time,
                        session=self.session,
                        echo=result,
                    ),
                    method_name="execute_complete",
                    timeout=timedelta(seconds=self.wait_timeout) + TRIGGER_GRACE,
                )
            left = end_time - time.time()
            if left <= 0:
                raise wait_timeout(seen.waiting)
            time.sleep(min(self.poll_interval, left))

    def _entry(self) -> Mapping[str, Any]:
        if self.entry is None:
            return {}
        if not isinstance(self.entry, Mapping):
            raise ValueError(f"entry must be a mapping such as {{'name': 'Talk'}}, not {type(self.entry).__name__}.")
        return self.entry

    def _reference_id(self) -> str:
        given = str(self.reference_id or "").strip()
        in_entry = str(self._entry().get("referenceId") or "").strip()
        if given and in_entry and given != in_entry:
            raise ValueError(
                f"reference_id is {given!r}, but entry['referenceId'] is {in_entry!r}. Keep reference_id and remove "
                "the other."
            )
        reference_id = given or in_entry or reference_id_of(self.source_url())
        if len(reference_id) < 2:
            raise ValueError(f"reference_id {reference_id!r} is too short: Kaltura wants 2 characters at least.")
        return reference_id

    def _media_kind(self) -> MediaKind | None:
        from kaltura_provider.api import MediaKind

        if not self.media_kind:
            return None
        try:
            return MediaKind[self.media_kind.strip().upper()]
        except KeyError:
            kinds = ", ".join(kind.value for kind in MediaKind)
            raise ValueError(f"media_kind must be one of {kinds}, not {self.media_kind!r}.") from None

    def _check_health(self, entry: Entry) -> None:
        """Do not call it a success when an entry that was there before is broken."""
        from kaltura_provider.api import EntryStatus
        from kaltura_provider.hooks.readiness import look
        from kaltura_provider.hooks.waiting import wait_failure

        if not isinstance(entry.status, EntryStatus) or entry.status.is_failed:
            raise wait_failure(look(self.hook.get_conn(), [entry.id]).failed)

    def _check_content(self, entry: Entry, source: UploadSource, notes: UploadNotes) -> None:
        """Do not call it a success when an entry that was there before was made from other content."""
        from kaltura_provider.hooks.errors import UploadSourceError
        from kaltura_provider.transfers.putting import changed_since

        if self.if_changed == "keep":
            return
        if before := changed_since(self.hook.get_conn(), entry, source, notes.content):
            raise UploadSourceError(
                f"Entry {entry.id} was made from {before}, but {self.source_url()} now has {source.size} bytes of new "
                "content. Exchange the entry's content (media.updateContent), or delete the entry and clear this task, "
                "or give the new content a reference_id of its own; if_changed='keep' accepts the entry as it is."
            )


def reference_id_of(url: str) -> str:
    """Derive a reference ID from where a source is.

    :param url: the source's URL, such as ``s3://bucket/key``.
    :return: the URL's scheme and a hash of the URL, such as ``s3:0a4d55a8d778e5022fab701977c5d840bbc486d0``.
    """
    return f"{url.split(':', 1)[0]}:{hashlib.sha1(url.encode(), usedforsecurity=False).hexdigest()}"
