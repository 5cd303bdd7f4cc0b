"""The steps of the ingest DAG that move files: plan, and transfer a batch."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypedDict

from kaltura_pipeline.outcome import BUSY, ERROR, Outcome, count_results
from kaltura_pipeline.plan import ADD, CHANGED_REPLACE, REPLACE, UPDATE
from kaltura_pipeline.workspace import Workspace, run_name
from kaltura_provider.transfers import ledger as ledger_states
from kaltura_provider.transfers.ledger import LeaseLostError, LedgerBusyError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kaltura_pipeline.plan import Plan, PlanItem
    from kaltura_pipeline.settings import PipelineSettings
    from kaltura_provider.api import Entry, KalturaClient, UploadProgress, UploadSource
    from kaltura_provider.api.upload_settings import UploadSettings
    from kaltura_provider.transfers.ledger import LedgerEntry

log = logging.getLogger(__name__)


class Batch(TypedDict):
    """A slice of a plan, small enough for XCom: the plan's address and positions in its list of work."""

    plan: str
    start: int
    stop: int


class BatchSummary(TypedDict):
    """What a batch task hands on: where the outcomes lie, and the entries to wait for (at most a batch)."""

    outcomes: str
    entry_ids: list[str]
    counts: dict[str, int]


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


def plan_ingest(
    settings: PipelineSettings,
    *,
    run_id: str,
    bucket: str,
    prefix: str,
    known_files: str,
    changed_files: str = CHANGED_REPLACE,
    defaults: Mapping[str, Any] | None,
) -> tuple[str, Plan]:
    """List the bucket, decide, write the plan to S3, and return its address and content.

    :raises BucketError: the bucket cannot be listed.
    """
    from kaltura_pipeline.discovery import discover
    from kaltura_pipeline.plan import build_plan

    workspace = Workspace.open(settings, bucket)
    # In a bucket of its own the state is in nobody's way.
    state_prefix = workspace.documents.prefix if workspace.documents.bucket == bucket else ""
    found = discover(workspace.client, bucket, prefix, state_prefix)
    plan = build_plan(
        workspace.client,
        found,
        workspace.ledger,
        bucket=bucket,
        prefix=prefix,
        known_files=known_files,
        changed_files=changed_files,
        defaults=defaults,
    )
    name = f"{run_name(run_id)}/plan.json"
    workspace.documents.write(name, dict(plan))
    if not plan["items"]:
        log.warning("s3://%s/%s holds no media file; if that is wrong, check bucket and prefix", bucket, prefix)
    for item in plan["items"]:
        log.info("%-7s %s: %s", item["action"], item["key"], item["reason"])
    for other in plan["not_taken"]:
        log.warning("not taken: %s: %s", other["key"], other["reason"])
    log.info("Plan: %s", ", ".join(f"{name} {count}" for name, count in plan["totals"].items()))
    return workspace.documents.uri(name), plan


def work_of(items: list[PlanItem]) -> list[PlanItem]:
    """Return the items of a plan that have something to do, in order."""
    return [item for item in items if item["action"] in (ADD, REPLACE, UPDATE)]


def batches(plan_uri: str, plan: Plan, size: int) -> list[Batch]:
    """Cut the work of a plan into slices of at most ``size`` titles."""
    count = len(work_of(plan["items"]))
    return [{"plan": plan_uri, "start": start, "stop": min(start + size, count)} for start in range(0, count, size)]


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
    from kaltura_provider.api import ErrorClass, KalturaError

    watch = watch or Watch()
    workspace = Workspace.open(settings, bucket)
    plan_document = workspace.documents.read(workspace.documents.name_of(batch["plan"]))
    if plan_document is None:
        raise FileNotFoundError(f"the plan {batch['plan']} is gone; start a new run")
    work = work_of(plan_document.body["items"])[batch["start"] : batch["stop"]]
    job = _Job(workspace, kaltura, owner, watch, replaces=plan_document.body["changed_files"] == CHANGED_REPLACE)
    outcomes: list[Outcome] = []
    passing: list[str] = []
    refusal: KalturaError | None = None
    wall: KalturaError | None = None
    for item in work:
        try:
            outcome, again = _transfer(job, item)
            refusal = None
        except KalturaError as error:
            # Of one title (somebody else's entry, say), or of all? A second one in a row is taken for all.
            if refusal is not None or error.error_class is ErrorClass.RENEW_SESSION:
                wall = error
                break
            refusal, outcome, again = error, _outcome(item, ERROR, message=str(error)), False
        outcomes.append(outcome)
        log.info("%s: %s %s %s", item["key"], outcome["result"], outcome["entry_id"], outcome["message"])
        if again:
            passing.append(f"{item['key']}: {outcome['message']}")
    name = f"{run_name(run_id)}/outcomes/{batch['start']:07d}.json"
    workspace.documents.write(name, {"plan": plan_document.etag, "outcomes": outcomes})
    if wall is not None:
        raise wall
    if passing:
        raise TransferIncompleteError(
            f"{len(passing)} of {len(work)} titles are not finished; a retry goes on from here. First: {passing[0]}"
        )
    return {
        "outcomes": workspace.documents.uri(name),
        "entry_ids": [outcome["entry_id"] for outcome in outcomes if outcome["result"] in (ADD, REPLACE)],
        "counts": count_results(outcomes),
    }


@dataclass(frozen=True)
class _Job:
    """What the titles of a batch have in common."""

    workspace: Workspace
    kaltura: KalturaClient
    owner: str
    watch: Watch
    replaces: bool


def _transfer(job: _Job, item: PlanItem) -> tuple[Outcome, bool]:
    """Transfer one title; return its outcome, and whether trying again can help.

    :raises KalturaError: Kaltura refused the session or its rights.
    :raises UploadStoppedError: it was stopped; the claim is given back.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    from kaltura_provider.api import ErrorClass, KalturaError, SourceChangedError, UploadStoppedError

    try:
        record = job.workspace.ledger.claim(job.workspace.bucket, item["key"], job.owner)
    except LedgerBusyError as error:
        return _outcome(item, BUSY, message=str(error)), False
    try:
        return _put(job, item, record), False
    except LeaseLostError as error:
        return _outcome(item, BUSY, message=str(error)), False
    except KalturaError as error:
        if error.error_class in (ErrorClass.PERMISSION, ErrorClass.RENEW_SESSION):
            # Nothing is wrong with the file: give it back as it was.
            _failed(record, item, str(error), final=False)
            raise
        return _failed(record, item, str(error), final=not error.retryable), error.retryable
    except UploadStoppedError as error:
        _failed(record, item, str(error), final=False)
        raise
    except SourceChangedError as error:
        return _failed(record, item, str(error), final=False), True
    except ValueError as error:
        return _failed(record, item, str(error), final=True), False
    except (ClientError, BotoCoreError, OSError) as error:
        return _failed(record, item, f"S3: {error}; check that the object is still there", final=False), True


def _put(job: _Job, item: PlanItem, record: LedgerEntry) -> Outcome:
    facts: dict[str, Any] = {}
    if item["action"] == UPDATE:
        outcome = _outcome(item, UPDATE, entry_id=record.body["entry_id"])
        facts["etag"] = item["etag"]
        _update(job.kaltura, item, outcome["entry_id"])
    else:
        outcome, facts = _send(job, item, record)
        if not outcome["created"] and not _has_metadata(record, item):
            # An earlier try or a lost ledger made the entry, maybe with other metadata than now.
            _update(job.kaltura, item, outcome["entry_id"])
    captions: dict[str, str] = record.body.get("captions", {})
    if item["captions"]:
        from kaltura_pipeline.captions import sync_captions

        captions = sync_captions(job.kaltura, outcome["entry_id"], item["captions"], captions, job.workspace.read)
    record.release(
        record.body["state"] if item["action"] == UPDATE else ledger_states.UPLOADED,
        entry_id=outcome["entry_id"],
        **facts,
        reference_id=item["reference_id"],
        metadata_digest=item["metadata_digest"],
        captions=captions,
        error="",
    )
    return outcome


def _send(job: _Job, item: PlanItem, record: LedgerEntry) -> tuple[Outcome, dict[str, Any]]:
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
        entry=item["fields"],
        reference_id=item["reference_id"],
        journal=record,
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
    outcome = _outcome(item, ADD, entry_id=done.entry.id)
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
    outcome = _outcome(item, REPLACE, entry_id=entry.id, message=new.exchange.message)
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


def _update(kaltura: KalturaClient, item: PlanItem, entry_id: str) -> None:
    fields = {"objectType": "KalturaBaseEntry", **item["fields"], "referenceId": item["reference_id"]}
    kaltura.call("baseEntry", "update", {"entryId": entry_id, "baseEntry": fields}, idempotent=True)


def _failed(record: LedgerEntry, item: PlanItem, message: str, *, final: bool) -> Outcome:
    """Note an error in the ledger; a passing one keeps the state, so that the next try goes on."""
    changes = {"error": message, "etag": item["etag"], "metadata_digest": item["metadata_digest"]}
    try:
        if final:
            record.release(ledger_states.FAILED, **changes)
        else:
            record.release(record.body["state"], error=message)
    except LeaseLostError as error:
        return _outcome(item, BUSY, message=str(error))
    return _outcome(item, ERROR, message=message, entry_id=record.load().get("entry_id", ""))


def _outcome(item: PlanItem, result: str, *, entry_id: str = "", message: str = "") -> Outcome:
    return {
        "key": item["key"],
        "result": result,
        "created": False,
        "entry_id": entry_id,
        "message": message,
        "bytes_sent": 0,
    }
