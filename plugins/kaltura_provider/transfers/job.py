"""What a transfer does, in steps between which it waits without holding the file or a worker.

A step claims the file, does what can be done now, and gives the claim back. It ends with what has to be waited for:
nothing, the entry to be ready, its content to be exchanged, or Kaltura to have fetched the file.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kaltura_provider.links.kaltura import KalturaEntryLink

if TYPE_CHECKING:
    from airflow.sdk import Context

    from kaltura_provider.api import Entry, Exchange, MediaKind, PutResult, UploadProgress, UploadResult, UploadSource
    from kaltura_provider.transfers.notes import UploadNotes
    from kaltura_provider.transfers.putting import Put
    from kaltura_provider.transfers.upload import KalturaUploadOperator

#: What is waited for after a step.
NOTHING, READY, EXCHANGE, PULL = "", "ready", "exchange", "pull"


@dataclass(frozen=True)
class Step:
    """How far a transfer has come.

    :param result: what the task returns, as far as it is known.
    :param waits_for: what has to come before the next step.
    :param end_time: when to give that up, in seconds since 1970; None leaves it to the operator.
    """

    result: dict[str, Any]
    waits_for: str = NOTHING
    end_time: float | None = None


class UploadJob:
    """One transfer of one file.

    :param operator: the operator, with its settings.
    :param context: the task's context.
    :param reference_id: identity of the file.
    """

    def __init__(self, operator: KalturaUploadOperator, context: Context, reference_id: str) -> None:
        self.operator = operator
        self.context = context
        self.reference_id = reference_id
        self.client = operator.hook.get_conn()
        self.log = operator.log

    def begin(self, source: UploadSource) -> Step:
        """Bring a file to Kaltura, or find what an earlier try left of that.

        :param source: the file.
        :return: how far it has come.
        """
        with self._claimed() as notes:
            return self._after_put(notes, self._put(notes, source))

    def go_on(self, waited_for: str, result: Mapping[str, Any]) -> Step:
        """Go on after something was waited for.

        :param waited_for: :data:`EXCHANGE` or :data:`PULL`.
        :param result: that of the step before.
        :return: how far it has come.
        """
        source = self.operator.find_source()
        with self._claimed() as notes:
            if waited_for == PULL:
                return self._after_pull(notes, source, dict(result))
            return self._settle(notes, source, dict(result))

    @contextmanager
    def _claimed(self) -> Iterator[UploadNotes]:
        """Hold the claim on the file; however the step ends, it is given back."""
        from kaltura_provider.transfers.ledger import LeaseLostError

        notes = self.operator.open_notes(self.context, self.reference_id)
        try:
            yield notes
        except LeaseLostError:
            raise
        except BaseException as error:
            notes.give_up(f"{type(error).__name__}: {error}")
            raise

    # -- steps

    def _put(self, notes: UploadNotes, source: UploadSource) -> Put:
        from kaltura_provider.transfers.putting import put_source

        operator = self.operator
        found = [source]

        def find() -> UploadSource:
            return found.pop() if found else operator.find_source()

        def show(entry: Entry) -> None:
            self.log.info("%s goes to entry %s, reference ID %s.", operator.source_url(), entry.id, self.reference_id)
            KalturaEntryLink.persist(self.context, operator, operator.hook.entry_url(entry.id))

        def filler(found: UploadSource, kind: MediaKind) -> Callable[[Entry], Entry] | None:
            return operator.filler(found, kind, notes.journal)

        return put_source(
            self.client,
            find,
            media_kind=operator.wanted_kind(),
            entry={name: value for name, value in operator.entry_fields().items() if name != "referenceId"},
            reference_id=self.reference_id,
            journal=notes.journal,
            renditions=self._renditions,
            filler=filler,
            on_entry=show,
            **self._settings(notes, source),
        )

    def _after_put(self, notes: UploadNotes, put: Put) -> Step:
        from kaltura_provider.transfers.putting import changed_since

        done, source = put.result, put.source
        noted = notes.journal.load()
        pulled = noted.get("pulling") == done.entry.id and noted.get("pulled_fingerprint") == source.fingerprint
        if pulled and notes.content != source.fingerprint:
            return self._pulling(notes, put, noted)
        asked = not pulled and not done.is_source and self.operator.if_changed != "keep"
        if asked and (before := changed_since(self.client, done.entry, source, notes.content)):
            return self._change(notes, put, before)
        if not done.uploaded:
            self._check_health(done.entry)
        self._tell(done)
        self._note_content(notes, source, done.checksum if done.is_source else None, known=done.is_source)
        return Step(self._result(done, source), READY)

    def _change(self, notes: UploadNotes, put: Put, before: str) -> Step:
        """The entry was made from other content than the source has now."""
        from kaltura_provider.hooks.errors import UploadSourceError

        if self.operator.if_changed == "fail":
            raise UploadSourceError(
                f"Entry {put.result.entry.id} was made from {before}, but {self.operator.source_url()} now has "
                f"{put.source.size} bytes of new content. Set if_changed='replace' to exchange the entry's content, or "
                "'keep' to accept the entry as it is; or give the new content a reference_id of its own."
            )
        self.log.info(
            "Entry %s was made from %s; its content is exchanged for the new one.", put.result.entry.id, before
        )
        return self._exchange(notes, put.source, put.result.entry, self._result(put.result, put.source))

    def _exchange(self, notes: UploadNotes, source: UploadSource, entry: Entry, result: dict[str, Any]) -> Step:
        """Upload new content into an entry that has some, and begin to exchange it."""
        from kaltura_provider.api import inspect_source, put_new_content
        from kaltura_provider.api.media_kind import kind_of_entry
        from kaltura_provider.hooks.errors import UploadSourceError

        media = inspect_source(source, self.operator.wanted_kind())
        kind = kind_of_entry(entry.entry_type, entry.media_type)
        if media.kind is not kind:
            is_now = kind.value if kind else "no file"
            raise UploadSourceError(
                f"{self.operator.source_url()} is now of the kind {media.kind.value}, but entry {entry.id} is of the "
                f"kind {is_now}, which Kaltura cannot change. Give the new file a reference_id or a key of its own."
            )
        done = put_new_content(
            self.client,
            source,
            entry.id,
            kind=kind,
            journal=notes.journal,
            file_name=media.file_name,
            renditions=self._renditions(),
            **self._settings(notes, source),
        )
        if done.upload is not None:
            result |= _facts(done.upload)
        return self._judge(notes, source, done.exchange, {**result, "uploaded": True, "size": source.size})

    def _settle(self, notes: UploadNotes, source: UploadSource, result: dict[str, Any]) -> Step:
        from kaltura_provider.api import settle_replacement

        exchange = settle_replacement(
            self.client,
            result["entry_id"],
            approve=self.operator.approve_replacement,
            size=source.size,
            journal=notes.journal,
        )
        return self._judge(notes, source, exchange, result)

    def _judge(self, notes: UploadNotes, source: UploadSource, exchange: Exchange, result: dict[str, Any]) -> Step:
        """Do what the state of an exchange asks for."""
        from airflow.providers.common.compat.sdk import AirflowFailException

        from kaltura_provider.api import ExchangeState
        from kaltura_provider.hooks.readiness import describe

        entry_id = result["entry_id"]
        if exchange.state is ExchangeState.NEEDS_APPROVAL and self.operator.approve_replacement:
            return self._settle(notes, source, result)
        self.log.info("Entry %s: %s.", entry_id, exchange.message)
        if exchange.state in (ExchangeState.FAILED, ExchangeState.CANCELLED):
            raise AirflowFailException(f"The content of entry {entry_id} was not exchanged: {exchange.message}.")
        result = {**result, **describe(exchange.entry)}
        if exchange.state is ExchangeState.DONE:
            self._note_content(notes, source, result.get("checksum"), known=True)
            return Step({**result, "needs_approval": False}, READY)
        notes.pause()
        if exchange.state is ExchangeState.NEEDS_APPROVAL and self._waits_for_a_person(exchange):
            return Step({**result, "needs_approval": True})
        return Step(result, EXCHANGE)

    def _waits_for_a_person(self, exchange: Exchange) -> bool:
        """Whether the new content is ready and nothing but a person's approval is missing."""
        from kaltura_provider.api import ReplacementStatus

        return exchange.entry.replacement_status == ReplacementStatus.READY_BUT_NOT_APPROVED

    # -- Kaltura fetches the file

    def _pulling(self, notes: UploadNotes, put: Put, noted: Mapping[str, str]) -> Step:
        from kaltura_provider.api.pull import pull_patience

        notes.pause()
        since = float(noted.get("pulling_since") or time.time())
        result = {**self._result(put.result, put.source), "mode": "pull"}
        return Step(result, PULL, since + pull_patience(put.source.size))

    def _after_pull(self, notes: UploadNotes, source: UploadSource, result: dict[str, Any]) -> Step:
        """Look whether Kaltura has the whole file; if not, push it into the same entry."""
        from kaltura_provider.api import PullState, check_pull, get_entry
        from kaltura_provider.api.pull import pull_patience
        from kaltura_provider.hooks.readiness import describe

        entry_id = result["entry_id"]
        noted = notes.journal.load()
        since = float(noted.get("pulling_since") or 0)
        pull = check_pull(self.client, entry_id, source.size, since=since)
        if pull.state is PullState.WAITING:
            notes.pause()
            return Step(result, PULL, since + pull_patience(source.size))
        if pull.state is PullState.COMPLETE and noted.get("pulled_fingerprint") == source.fingerprint:
            self.log.info("Entry %s: %s (%d).", entry_id, pull.message, source.size)
            self._note_content(notes, source, None, known=True)
            return Step({**result, **describe(pull.entry), "uploaded": True}, READY)
        why = pull.message if pull.state is PullState.FAILED else "the object was replaced meanwhile"
        self.log.warning("Entry %s: %s. The file is pushed into the same entry.", entry_id, why)
        # What was noted about the pull has ended with it.
        notes.journal.save(pulling="", pulled_fingerprint="")
        return self._exchange(notes, source, get_entry(self.client, entry_id), {**result, "mode": "push"})

    # -- what every step needs

    def _renditions(self) -> dict[int, UploadSource]:
        """The further files of the entry, by the ID of their flavor params."""
        from kaltura_provider.api import resolve_renditions

        wanted = dict(self.operator.renditions or {})
        if not wanted:
            return {}
        profile = self.operator.entry_fields().get("conversionProfileId")
        found = resolve_renditions(self.client, wanted, int(profile) if profile else None)
        for name, params in found.items():
            if params.is_source:
                raise ValueError(
                    f"renditions names {name!r}, which is the source itself: that is the file of the task."
                )
        return {found[name].id: self.operator.find_rendition(place) for name, place in wanted.items()}

    def _settings(self, notes: UploadNotes, source: UploadSource) -> Any:
        from kaltura_provider.transfers.journal import TaskStateJournal
        from kaltura_provider.transfers.progress import ProgressReporter

        state = TaskStateJournal(self.context.get("task_state_store"), self.reference_id)
        report = ProgressReporter(self.log, source.name, state.show)

        def tick(progress: UploadProgress) -> None:
            notes.tick(progress)
            report(progress)

        return {
            "on_progress": report,
            "on_tick": tick,
            "stop": self.operator.stop,
            "part_size": self.operator.part_size,
            "parallel": self.operator.parallel,
            "budget": self.operator.patience,
        }

    def _check_health(self, entry: Entry) -> None:
        """Do not call it a success when an entry that was there before is broken."""
        from kaltura_provider.api import EntryStatus
        from kaltura_provider.hooks.readiness import look
        from kaltura_provider.hooks.waiting import wait_failure

        if not isinstance(entry.status, EntryStatus) or entry.status.is_failed:
            failed = look(self.client, [entry.id]).failed
            if failed:
                raise wait_failure(failed)

    def _note_content(self, notes: UploadNotes, source: UploadSource, checksum: Any, *, known: bool) -> None:
        """Note what the entry was made from, and give the claim back."""
        facts: dict[str, Any] = {"content": notes.content}
        if known:
            etag = source.fingerprint.partition("@")[0].strip('"')
            facts = {"content": source.fingerprint, "etag": etag, "bytes_done": source.size, "bytes_total": source.size}
        if checksum is not None:
            facts["checksum"] = str(checksum)
        entry_id = notes.journal.load().get("entry_id", "")
        notes.finish(entry_id=entry_id, reference_id=self.reference_id, **facts)

    def _result(self, done: PutResult, source: UploadSource) -> dict[str, Any]:
        from kaltura_provider.hooks.readiness import describe

        result = {
            "entry_id": done.entry.id,
            "reference_id": self.reference_id,
            "source": self.operator.source_url(),
            "size": source.size,
            "mode": "push",
            "created": done.created,
            "uploaded": done.uploaded,
            **_facts(done),
            **describe(done.entry),
        }
        if self.operator.renditions:
            result["renditions"] = {str(params_id): file.size for params_id, file in self._renditions().items()}
        return result

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


def _facts(done: PutResult | UploadResult) -> dict[str, Any]:
    """What is worth knowing of an upload, as plain JSON values."""
    return {
        "bytes_sent": done.bytes_sent,
        "resumed_from": done.resumed_from,
        "parts_sent_again": done.retries,
        "checksum": str(done.checksum) if done.checksum else None,
        "checksum_verified": done.verified,
    }
