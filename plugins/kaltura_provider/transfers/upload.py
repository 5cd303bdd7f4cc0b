"""What all transfers into Kaltura share: one source becomes one entry, exactly once."""

from __future__ import annotations

import hashlib
import time
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from airflow.providers.common.compat.sdk import conf

from kaltura_provider.links.kaltura import KalturaEntryLink
from kaltura_provider.operators.base import KalturaBaseOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

    from kaltura_provider.api import Entry, MediaKind, UploadProgress, UploadSource
    from kaltura_provider.transfers.journal import TaskStateJournal

_MEDIA_KINDS = ("VIDEO", "AUDIO", "IMAGE", "DOCUMENT", "DATA")
_SNIFFED_BYTES = 4096
# How often progress is noted at most (seconds): often enough to see life, rarely enough to cost nothing.
_PROGRESS_PAUSE = 10.0


class KalturaUploadOperator(KalturaBaseOperator):
    """Upload one source and attach it to one entry, exactly once.

    Base class of the transfers; a subclass says what the source is. A task that runs again, after a failure, after
    its worker died or when cleared, goes on where it stopped: with the notes in Airflow's task state store (since 3.3),
    and without them by looking the entry up by its reference ID.

    :param entry: properties of the new entry in Kaltura's spelling, such as ``{"name": "Talk", "tags": "a,b",
        "conversionProfileId": 7}``. The name defaults to the file name without its extension. Templated.
    :param reference_id: identity of the entry; an entry that has it already is used instead of a new one. Default:
        derived from where the source is. At least 2 characters. Templated.
    :param media_kind: ``video``, ``audio``, ``image``, ``document`` or ``data``; found from the file's extension or
        first bytes if None. Templated.
    :param if_changed: what to do when the entry exists and was made from other content than the source has now:
        ``fail`` (the message says what can be done) or ``keep`` the entry as it is. Its content is never exchanged.
    :param wait_until_ready: whether to wait until Kaltura has converted the entry.
    :param wait_timeout: seconds (or a timedelta) to wait for that. Default 12 hours.
    :param poll_interval: seconds between two looks while waiting. Default 30.
    :param deferrable: wait in the triggerer instead of on the worker. Default: Airflow's setting
        ``[operators] default_deferrable``.
    :param kaltura_conn_id: ID of the ``kaltura`` connection. Templated.
    :param session: restrictions of the session. Templated.
    """

    template_fields: Sequence[str] = (
        *KalturaBaseOperator.template_fields,
        "entry",
        "reference_id",
        "media_kind",
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
        if_changed: Literal["fail", "keep"] = "fail",
        wait_until_ready: bool = False,
        wait_timeout: timedelta | float = timedelta(hours=12),
        poll_interval: float = 30.0,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.entry = entry
        self.reference_id = reference_id
        self.media_kind = media_kind
        if if_changed not in ("fail", "keep"):
            raise ValueError(f"if_changed must be 'fail' or 'keep', not {if_changed!r}.")
        self.if_changed = if_changed
        self.wait_until_ready = wait_until_ready
        self.wait_timeout = wait_timeout.total_seconds() if isinstance(wait_timeout, timedelta) else float(wait_timeout)
        self.poll_interval = poll_interval
        self.deferrable = deferrable

    @abstractmethod
    def find_source(self) -> UploadSource:
        """Look the source up.

        :return: the source as it is now.
        :raises ValueError: it cannot be used; the message names the fix.
        """

    @abstractmethod
    def source_url(self) -> str:
        """Return where the source is, without secrets; the default reference ID derives from it."""

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
        from kaltura_provider.api import put_content
        from kaltura_provider.hooks.readiness import describe
        from kaltura_provider.transfers.journal import TaskStateJournal

        source = self.find_source()
        reference_id = self._reference_id()
        kind = self._kind(source)
        fields = {name: value for name, value in self._entry().items() if name != "referenceId"}

        def show(notes: Mapping[str, str]) -> None:
            if (entry_id := notes.get("entry_id")) and entry_id not in shown:
                shown.add(entry_id)
                KalturaEntryLink.persist(context, self, self.hook.entry_url(entry_id))

        shown: set[str] = set()
        journal = TaskStateJournal(context.get("task_state_store"), reference_id, on_save=show)
        self.log.info(
            "Uploading %s (%d bytes) to Kaltura, reference ID %s.", self.source_url(), source.size, reference_id
        )
        put = put_content(
            self.hook.get_conn(),
            source,
            entry=fields,
            kind=kind,
            reference_id=reference_id,
            journal=journal,
            on_progress=self._progress_reporter(journal),
        )
        show({"entry_id": put.entry.id})
        self.log.info(
            "Entry %s: %s, %s; %d bytes sent.",
            put.entry.id,
            "created" if put.created else "existed",
            "content attached" if put.uploaded else "had its content",
            put.bytes_sent,
        )
        if not put.uploaded:
            self._check_existing(put.entry, source, journal.load().get("fingerprint"))
        result = {
            "entry_id": put.entry.id,
            "reference_id": reference_id,
            "source": self.source_url(),
            "size": source.size,
            "created": put.created,
            "uploaded": put.uploaded,
            "bytes_sent": put.bytes_sent,
            "resumed_from": put.resumed_from,
            **describe(put.entry),
        }
        return self._wait(result) if self.wait_until_ready else result

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

    def _kind(self, source: UploadSource) -> MediaKind:
        from kaltura_provider.api import MediaKind, detect_media_kind

        if self.media_kind:
            try:
                return MediaKind[self.media_kind.strip().upper()]
            except KeyError:
                raise ValueError(
                    f"media_kind must be one of {', '.join(kind.lower() for kind in _MEDIA_KINDS)}, not "
                    f"{self.media_kind!r}."
                ) from None
        try:
            return detect_media_kind(source.name, None)
        except ValueError:
            # An extension Kaltura's users do not write; the content may still speak for itself.
            length = min(source.size, _SNIFFED_BYTES)
            with closing(source.open(0, length)) as stream:
                return detect_media_kind(source.name, stream.read(length))

    def _check_existing(self, entry: Entry, source: UploadSource, uploaded_fingerprint: str | None) -> None:
        """Do not call it a success when an entry that was there before is broken, or made from other content."""
        from kaltura_provider.api import EntryStatus
        from kaltura_provider.hooks.errors import UploadSourceError
        from kaltura_provider.hooks.readiness import look
        from kaltura_provider.hooks.waiting import wait_failure

        if not isinstance(entry.status, EntryStatus) or entry.status.is_failed:
            raise wait_failure(look(self.hook.get_conn(), [entry.id]).failed)
        if self.if_changed == "keep":
            return
        if uploaded_fingerprint is not None:
            changed, before = uploaded_fingerprint != source.fingerprint, "other content"
        else:
            sizes = self._source_sizes(entry.id)
            changed = any(sizes) and source.size not in sizes
            before = f"a file of {max(sizes, default=0)} bytes"
        if changed:
            raise UploadSourceError(
                f"Entry {entry.id} was made from {before}, but {self.source_url()} now has {source.size} bytes of new "
                "content. Exchange the entry's content (media.updateContent), or delete the entry and clear this task, "
                "or give the new content a reference_id of its own; if_changed='keep' accepts the entry as it is."
            )

    def _source_sizes(self, entry_id: str) -> list[int]:
        """Return the sizes of the files the entry was made from, as far as Kaltura tells.

        Images and documents have no flavors, and an account may remove sources: then there is nothing to compare.
        """
        from kaltura_provider.api import FlavorAsset, KalturaError

        try:
            answer = self.hook.get_conn().call("flavorAsset", "list", {"filter": {"entryIdEqual": entry_id}})
        except KalturaError as error:
            self.log.warning("It is not known whether entry %s has the same content: %s", entry_id, error)
            return []
        flavors = [FlavorAsset.from_api(item) for item in answer.get("objects") or []]
        return [int(flavor.raw.get("sizeInBytes") or 0) for flavor in flavors if flavor.is_original]

    def _progress_reporter(self, journal: TaskStateJournal) -> Callable[[UploadProgress], None]:
        last = time.monotonic()

        def report(progress: UploadProgress) -> None:
            nonlocal last
            now = time.monotonic()
            if now - last < _PROGRESS_PAUSE:
                return
            last = now
            self.log.info("%d of %d bytes are in Kaltura.", progress.bytes_done, progress.bytes_total)
            journal.save_progress(progress.bytes_done, progress.bytes_total)

        return report


def reference_id_of(url: str) -> str:
    """Derive a reference ID from where a source is.

    :param url: the source's URL, such as ``s3://bucket/key``.
    :return: the URL's scheme and a hash of the URL, such as ``s3:0a4d55a8d778e5022fab701977c5d840bbc486d0``.
    """
    return f"{url.split(':', 1)[0]}:{hashlib.sha1(url.encode(), usedforsecurity=False).hexdigest()}"
