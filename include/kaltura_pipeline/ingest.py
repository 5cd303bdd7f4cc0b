"""The step of the ingest DAG that moves files: transfer a batch of a plan."""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypedDict

from kaltura_pipeline.attempts import Attempt, after_error, new_outcome
from kaltura_pipeline.batch import ROOM, Progress, Room
from kaltura_pipeline.enriching import enrich_titles, enrichment_of
from kaltura_pipeline.enrichment.resolved import Resolved
from kaltura_pipeline.lines import read_lines
from kaltura_pipeline.plan import ADD, CHANGED_REPLACE, REPLACE, UPDATE
from kaltura_pipeline.results.model import BUSY
from kaltura_pipeline.run_outcomes import Outcome, count_results, outcomes_name, read_plan
from kaltura_pipeline.workspace import Workspace
from kaltura_provider.transfers import ledger as ledger_states
from kaltura_provider.transfers.ledger import LedgerBusyError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kaltura_pipeline.plan import Batch, PlanItem
    from kaltura_pipeline.settings import PipelineSettings
    from kaltura_provider.api import Entry, KalturaClient, UploadProgress, UploadSource
    from kaltura_provider.api.upload_settings import UploadSettings
    from kaltura_provider.transfers.ledger import LedgerEntry

log = logging.getLogger(__name__)


class BatchSummary(TypedDict):
    """What a batch task hands on.

    ``outcomes`` is where the outcomes lie, ``counts`` says how many titles had each result, and ``entry_ids`` are the
    first two entries: enough to link to them, and little enough for XCom.
    """

    outcomes: str
    counts: dict[str, int]
    entry_ids: list[str]


@dataclass(frozen=True)
class Watch:
    """How a batch can be watched and stopped from outside.

    :param stop: set it to end within a second; a retry goes on from there.
    :param show: takes plain JSON values about the file that is being sent, every ten seconds.
    """

    stop: threading.Event = field(default_factory=threading.Event)
    show: Callable[[Mapping[str, Any]], None] | None = None


class TransferIncompleteError(Exception):
    """Some titles of a batch could not be transferred now; running the task again goes on with them."""


def read_batch(workspace: Workspace, plan: Mapping[str, Any], batch: Batch) -> list[PlanItem]:
    """Read the items of one batch of a plan. S3: GetObject, with Range.

    :param plan: the head of the plan.
    :raises FileNotFoundError: they are gone.
    """
    return list(read_lines(workspace, plan["work"], batch["start"], batch["stop"]))


def ingest_batch(
    settings: PipelineSettings,
    batch: Batch,
    *,
    bucket: str,
    run_id: str,
    owner: str,
    kaltura: KalturaClient,
    watch: Watch | None = None,
) -> BatchSummary:
    """Transfer the titles of one batch; one that fails does not stop the others.

    :param owner: names this worker in the ledger; the same in every try.
    :param watch: how the batch can be watched and stopped.
    :raises TransferIncompleteError: some titles failed in a way that passes; a retry goes on where this one ended.
    :raises KalturaError: the connection itself is wrong, so no title can succeed.
    :raises UploadStoppedError: it was stopped.
    """
    watch = watch or Watch()
    workspace = Workspace.open(settings, bucket)
    plan, version = read_plan(workspace, batch["plan"])
    items = read_batch(workspace, plan, batch)
    job = _Job(
        workspace, kaltura, owner, watch, replaces=plan["options"]["changed_files"] == CHANGED_REPLACE,
        found=_look_up(kaltura, items), room=Room(ROOM),
    )  # fmt: skip
    progress = Progress()
    sent = [item for item in items if item["action"] != UPDATE]
    if settings.files_at_once > 1 and len(sent) > 1:
        with ThreadPoolExecutor(settings.files_at_once, thread_name_prefix="title") as threads:
            futures = [threads.submit(_transfer_one, job, item, progress) for item in sent]
            for future in futures:
                future.result()
    else:
        for item in sent:
            _transfer_one(job, item, progress)
    _update(job, [item for item in items if item["action"] == UPDATE], progress)
    outcomes = [progress.outcomes[item["key"]] for item in items if item["key"] in progress.outcomes]
    name = outcomes_name(run_id, batch)
    workspace.documents.write(name, {"plan": version, "outcomes": outcomes})
    if progress.wall is not None:
        raise progress.wall
    if progress.passing:
        raise TransferIncompleteError(
            f"{len(progress.passing)} of {len(items)} titles are not finished; a retry goes on from here. "
            f"First: {progress.passing[0]}"
        )
    entry_ids = [outcome["entry_id"] for outcome in outcomes if outcome["entry_id"]]
    return {
        "outcomes": workspace.documents.uri(name), "counts": count_results(outcomes), "entry_ids": entry_ids[:2]
    }  # fmt: skip


def _look_up(kaltura: KalturaClient, items: list[PlanItem]) -> dict[str, list[Entry]]:
    """Look for entries that files new to the ledger became all the same, many with one request.

    Only a ledger that was lost, or an entry that somebody made by hand, makes it find something.
    """
    from kaltura_provider.api import KalturaError
    from kaltura_provider.api.lookup import find_by_reference_ids

    try:
        return find_by_reference_ids(kaltura, [item["reference_id"] for item in items if item["action"] == ADD])
    except KalturaError as error:
        log.warning("%s Each title looks for itself.", error)
        return {}


@dataclass(frozen=True)
class _Job:
    """What the titles of a batch have in common."""

    workspace: Workspace
    kaltura: KalturaClient
    owner: str
    watch: Watch
    replaces: bool
    found: Mapping[str, list[Entry]]
    room: Room


def _transfer_one(job: _Job, item: PlanItem, progress: Progress) -> None:
    """Transfer one title and note what became of it."""
    from kaltura_provider.api import UploadStoppedError

    with job.room.take(item["size"]):
        if progress.wall is not None:
            return
        if job.watch.stop.is_set():
            raise UploadStoppedError(f"{item['key']}: the task was stopped before it")
        started = time.monotonic()
        attempt = _transfer(job, item)
        attempt.outcome["seconds"] = round(time.monotonic() - started, 3)
        _note(item, attempt, progress)


def _update(job: _Job, items: list[PlanItem], progress: Progress) -> None:
    """Bring titles up to date whose content is there already."""
    from kaltura_provider.api import UploadStoppedError

    for item, attempt in enrich_titles(job.workspace, job.kaltura, items, owner=job.owner):
        _note(item, attempt, progress)
        if progress.wall is not None:
            return
        if job.watch.stop.is_set():
            raise UploadStoppedError(f"{item['key']}: the task was stopped after it")


def _note(item: PlanItem, attempt: Attempt, progress: Progress) -> None:
    from kaltura_provider.api import ErrorClass

    outcome, refusal = attempt.outcome, attempt.refusal
    if refusal and progress.refused(refusal, of_all=refusal.error_class is ErrorClass.RENEW_SESSION):
        return
    progress.add(item, outcome, again=attempt.again, refused=refusal is not None)
    log.info("%s: %s %s %s", item["key"], outcome["result"], outcome["entry_id"], outcome["message"])


def _transfer(job: _Job, item: PlanItem) -> Attempt:
    """Transfer one title.

    :raises UploadStoppedError: it was stopped; the claim is given back.
    """
    try:
        record = job.workspace.ledger.claim(job.workspace.bucket, item["key"], job.owner)
    except LedgerBusyError as error:
        return Attempt(new_outcome(item, BUSY, message=str(error)))
    try:
        return Attempt(_put(job, item, record))
    except Exception as error:
        return after_error(item, record, error)


def _put(job: _Job, item: PlanItem, record: LedgerEntry) -> Outcome:
    if item["new_entry"] and record.body.get("version_etag") != item["etag"]:
        _forget_entry(item, record)
    wanted = Resolved.from_json(item["wanted"])
    outcome, facts = _send(job, item, record, wanted)
    parts = _enrich(job, item, record, wanted, outcome)
    record.release(
        ledger_states.UPLOADED,
        entry_id=outcome["entry_id"],
        **facts,
        reference_id=item["reference_id"],
        metadata_digest=item["metadata_digest"],
        inputs_digest=item["inputs_digest"],
        named=item["named"],
        defaults=item["defaults"],
        parts=parts,
        error="",
    )
    return outcome


def _forget_entry(item: PlanItem, record: LedgerEntry) -> None:
    """The new content shall be an entry of its own: what was noted of the one before is set aside, once."""
    before = {name: record.body.get(name) for name in ("entry_id", "etag", "reference_id")}
    record.update(
        state=ledger_states.CLAIMED, notes={}, parts={}, entry_id="", content="", metadata_digest="",
        version_etag=item["etag"], earlier=[*record.body.get("earlier", []), before],
    )  # fmt: skip


def _enrich(
    job: _Job, item: PlanItem, record: LedgerEntry, wanted: Resolved, outcome: Outcome
) -> dict[str, Any]:  # fmt: skip
    """Give an entry what it shall have besides its content; return what the ledger notes of that."""
    noted: dict[str, Any] = record.body.get("parts", {})
    # An earlier try or a lost ledger may have made the entry with other metadata than now.
    tell = not outcome["created"] and not _has_metadata(record, item)
    named = wanted.category_ids or wanted.new_categories or wanted.metadata
    beside = item["captions"] or item["thumbnail"] or item["chapters"] or item["attachments"]
    if not (tell or noted or named or beside):
        return noted
    from kaltura_provider.api.enrichment.enrich import enrich_one

    wish = enrichment_of(
        job.workspace, item, outcome["entry_id"], fields=tell or outcome["created"], noted=noted,
        note=lambda parts: record.update(parts=dict(parts)), fresh=outcome["created"],
    )  # fmt: skip
    return enrich_one(job.kaltura, wish)


def _send(job: _Job, item: PlanItem, record: LedgerEntry, wanted: Resolved) -> tuple[Outcome, dict[str, Any]]:
    """Bring the file to Kaltura; return the outcome, and what to note of the version sent.

    That may be newer than the plan's. An entry that was made from other content gets the new one.
    """
    from kaltura_provider.transfers.progress import ProgressReporter
    from kaltura_provider.transfers.putting import changed_since, put_source
    from kaltura_provider.transfers.s3_source import S3Source

    workspace, watch = job.workspace, job.watch
    report = ProgressReporter(log, item["key"], watch.show)

    def tick(progress: UploadProgress) -> None:
        record.renew(progress)
        report(progress)

    settings: UploadSettings = {
        "on_progress": report,
        "on_tick": tick,
        "stop": watch.stop,
        "part_size": workspace.settings.part_size or None,
        "parallel": workspace.settings.parallel or None,
    }
    put = put_source(
        job.kaltura,
        lambda: S3Source.find(workspace.hook, workspace.bucket, item["key"]),
        media_kind=None,
        entry=wanted.fields,
        reference_id=item["reference_id"],
        journal=record,
        renditions=lambda: {
            int(params_id): S3Source.find(workspace.hook, workspace.bucket, key)
            for params_id, key in item["renditions"].items()
        },
        # Of what the ledger did not know when the batch began.
        known=job.found.get(item["reference_id"]) if record.body["attempts"] == 1 and not record.load() else None,
        **settings,
    )
    done, source = put.result, put.source
    etag = {"etag": source.fingerprint.partition("@")[0].strip('"')}
    content = source.fingerprint if done.is_source else str(record.body.get("content") or "")
    if before := changed_since(job.kaltura, done.entry, source, content):
        if not job.replaces:
            raise ValueError(
                f"the content changed since it became entry {done.entry.id} (from {before}); run with changed files = "
                f"{CHANGED_REPLACE}, or put the new version under a new key"
            )
        outcome, facts = _replace(job, item, record, source, done.entry, settings)
        return outcome, {**etag, **facts}
    outcome = new_outcome(item, ADD, entry_id=done.entry.id)
    outcome["created"] = done.created
    outcome["bytes_sent"] = done.bytes_sent
    if done.resumed_from:
        outcome["message"] = f"resumed: {done.resumed_from} of {source.size} bytes were there already"
    facts = {**etag, "content": source.fingerprint}
    if done.checksum is not None:
        facts |= {"checksum": str(done.checksum), "bytes_done": source.size, "bytes_total": source.size}
    return outcome, facts


def _replace(
    job: _Job, item: PlanItem, record: LedgerEntry, source: UploadSource, entry: Entry, settings: UploadSettings
) -> tuple[Outcome, dict[str, Any]]:
    """Exchange the content of an entry; what became of that is settled when the run is recorded."""
    from kaltura_provider.api import ExchangeState, inspect_source, put_new_content
    from kaltura_provider.api.media_kind import kind_of_entry

    media = inspect_source(source)
    if media.kind is not kind_of_entry(entry.entry_type, entry.media_type):
        raise ValueError(
            f"it is now of the kind {media.kind.value}, which entry {entry.id} cannot become; give it a key of its own"
        )
    new = put_new_content(
        job.kaltura, source, entry.id, kind=media.kind, journal=record, file_name=media.file_name, **settings
    )
    if new.exchange.state in (ExchangeState.FAILED, ExchangeState.CANCELLED):
        raise ValueError(f"{entry.id}: {new.exchange.message}")
    outcome = new_outcome(item, REPLACE, entry_id=entry.id, message=new.exchange.message)
    facts: dict[str, Any] = {"bytes_done": source.size, "bytes_total": source.size}
    if new.upload is not None:
        outcome["bytes_sent"] = new.upload.bytes_sent
        facts["checksum"] = str(new.upload.checksum)
    if new.exchange.state is ExchangeState.DONE:
        facts["content"] = source.fingerprint
    return outcome, facts


def _has_metadata(record: LedgerEntry, item: PlanItem) -> bool:
    sent = record.body["metadata_digest"] if record.body["state"] == ledger_states.UPLOADED else None
    return bool(sent == item["metadata_digest"])
