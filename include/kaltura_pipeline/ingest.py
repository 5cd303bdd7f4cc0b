"""The steps of the ingest DAG: plan, transfer a batch, record the outcome."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict

from kaltura_pipeline import ledger as ledger_states
from kaltura_pipeline.documents import S3Documents
from kaltura_pipeline.errors import ConfigurationError
from kaltura_pipeline.ledger import LeaseLostError, Ledger, LedgerBusyError
from kaltura_pipeline.plan import ADD, REFUSE, SKIP, UPDATE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow.providers.amazon.aws.hooks.s3 import S3Hook

    from kaltura_pipeline.ledger import LedgerEntry
    from kaltura_pipeline.plan import Plan, PlanItem
    from kaltura_pipeline.settings import PipelineSettings
    from kaltura_provider.api import KalturaClient, UploadProgress

log = logging.getLogger(__name__)

BUSY, ERROR = "busy", "error"


class Batch(TypedDict):
    """A slice of a plan, small enough for XCom: the plan's address and positions in its list of work."""

    plan: str
    start: int
    stop: int


class Outcome(TypedDict):
    """What became of one title. ``result`` is add, update, skip, refuse, busy or error."""

    key: str
    result: str
    created: bool
    entry_id: str
    message: str
    bytes_sent: int


class BatchSummary(TypedDict):
    """What a batch task hands on: where the outcomes lie, and the entries to wait for (at most a batch)."""

    outcomes: str
    entry_ids: list[str]
    counts: dict[str, int]


class TransferIncompleteError(Exception):
    """Some titles of a batch could not be transferred now; running the task again goes on with them."""


@dataclass(frozen=True)
class Workspace:
    """Where a pipeline works: S3, the source bucket, and its own documents."""

    hook: S3Hook
    bucket: str
    documents: S3Documents

    @classmethod
    def open(cls, settings: PipelineSettings, bucket: str) -> Workspace:
        """Open the workspace of a run.

        :param bucket: source bucket; the documents lie in ``settings.state_bucket`` if that is set, else here too.
        :raises ConfigurationError: no bucket is named.
        """
        from airflow.providers.amazon.aws.hooks.s3 import S3Hook

        if not bucket:
            raise ConfigurationError(
                "no bucket is named: fill 'S3 bucket' in the trigger form, or set KALTURA_PIPELINE_BUCKET"
            )
        hook = S3Hook(aws_conn_id=settings.aws_conn_id)
        documents = S3Documents(hook.get_conn(), settings.state_bucket or bucket, settings.state_prefix)
        return cls(hook, bucket, documents)

    @property
    def client(self) -> Any:
        """The boto3 client of S3."""
        return self.hook.get_conn()

    @property
    def ledger(self) -> Ledger:
        """The ledger of this workspace."""
        return Ledger(self.documents)

    def read(self, key: str) -> bytes:
        """Return the bytes of a small source object. S3: GetObject."""
        body: bytes = self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        return body


def run_name(run_id: str) -> str:
    """Return the folder of a run's documents; run ids hold ``:`` and ``+``, which some S3 tools dislike."""
    return "runs/" + "".join(char if char.isalnum() or char in "-_." else "-" for char in run_id)


def plan_ingest(
    settings: PipelineSettings,
    *,
    run_id: str,
    bucket: str,
    prefix: str,
    known_files: str,
    defaults: Mapping[str, Any] | None,
) -> tuple[str, Plan]:
    """List the bucket, decide, write the plan to S3, and return its address and content.

    :raises BucketError: the bucket cannot be listed.
    """
    from kaltura_pipeline.discovery import discover
    from kaltura_pipeline.plan import build_plan

    workspace = Workspace.open(settings, bucket)
    found = discover(workspace.client, bucket, prefix, settings.state_prefix)
    plan = build_plan(
        workspace.client,
        found,
        workspace.ledger,
        bucket=bucket,
        prefix=prefix,
        known_files=known_files,
        defaults=defaults,
    )
    name = f"{run_name(run_id)}/plan.json"
    workspace.documents.write(name, dict(plan))
    for item in plan["items"]:
        log.info("%-6s %s: %s", item["action"], item["key"], item["reason"])
    for other in plan["not_taken"]:
        log.warning("not taken: %s: %s", other["key"], other["reason"])
    log.info("Plan: %s", ", ".join(f"{name} {count}" for name, count in plan["totals"].items()))
    return workspace.documents.uri(name), plan


def work_of(plan: Plan) -> list[PlanItem]:
    """Return the items of a plan that have something to do, in order."""
    return [item for item in plan["items"] if item["action"] in (ADD, UPDATE)]


def batches(plan_uri: str, plan: Plan, size: int) -> list[Batch]:
    """Cut the work of a plan into slices of at most ``size`` titles."""
    count = len(work_of(plan))
    return [{"plan": plan_uri, "start": start, "stop": min(start + size, count)} for start in range(0, count, size)]


def ingest_batch(
    settings: PipelineSettings, batch: Batch, *, bucket: str, run_id: str, owner: str, kaltura: KalturaClient
) -> BatchSummary:
    """Transfer the titles of one batch; one that fails does not stop the others.

    :param owner: names this worker in the ledger; the same in every try.
    :raises TransferIncompleteError: some titles failed in a way that passes; a retry goes on where this one ended.
    :raises KalturaError: the connection itself is wrong, so no title can succeed.
    """
    workspace = Workspace.open(settings, bucket)
    plan_document = workspace.documents.read(workspace.documents.name_of(batch["plan"]))
    if plan_document is None:
        raise FileNotFoundError(f"the plan {batch['plan']} is gone; start a new run")
    items: list[PlanItem] = plan_document.body["items"]
    work = [item for item in items if item["action"] in (ADD, UPDATE)][batch["start"] : batch["stop"]]
    outcomes: list[Outcome] = []
    passing: list[str] = []
    for item in work:
        outcome, again = _transfer(workspace, kaltura, item, owner)
        outcomes.append(outcome)
        log.info("%s: %s %s %s", item["key"], outcome["result"], outcome["entry_id"], outcome["message"])
        if again:
            passing.append(f"{item['key']}: {outcome['message']}")
    name = f"{run_name(run_id)}/outcomes/{batch['start']:07d}.json"
    workspace.documents.write(name, {"outcomes": outcomes})
    if passing:
        raise TransferIncompleteError(
            f"{len(passing)} of {len(work)} titles are not finished; a retry goes on from here. First: {passing[0]}"
        )
    return {
        "outcomes": workspace.documents.uri(name),
        "entry_ids": [outcome["entry_id"] for outcome in outcomes if outcome["result"] == ADD],
        "counts": _counts(outcomes),
    }


def _transfer(workspace: Workspace, kaltura: KalturaClient, item: PlanItem, owner: str) -> tuple[Outcome, bool]:
    """Transfer one title; return its outcome, and whether trying again can help."""
    from botocore.exceptions import BotoCoreError, ClientError

    from kaltura_provider.api import ErrorClass, KalturaError, SourceChangedError

    try:
        record = workspace.ledger.claim(workspace.bucket, item["key"], owner)
    except LedgerBusyError as error:
        return _outcome(item, BUSY, message=str(error)), False
    try:
        return _put(workspace, kaltura, item, record), False
    except LeaseLostError as error:
        return _outcome(item, BUSY, message=str(error)), False
    except KalturaError as error:
        if error.error_class in (ErrorClass.PERMISSION, ErrorClass.RENEW_SESSION):
            # The next title would meet the same wall: give this one back and stop.
            _failed(record, item, str(error), final=False)
            raise
        return _failed(record, item, str(error), final=not error.retryable), error.retryable
    except (ValueError, SourceChangedError) as error:
        return _failed(record, item, str(error), final=True), False
    except (ClientError, BotoCoreError) as error:
        return _failed(record, item, f"S3: {error}; check that the object is still there", final=False), True


def _put(workspace: Workspace, kaltura: KalturaClient, item: PlanItem, record: LedgerEntry) -> Outcome:
    etag = item["etag"]
    if item["action"] == ADD:
        outcome, etag = _add(workspace, kaltura, item, record)
    else:
        entry_id = record.body["entry_id"]
        kaltura.call("baseEntry", "update", {"entryId": entry_id, "baseEntry": _entry_object(item)})
        outcome = _outcome(item, UPDATE, entry_id=entry_id)
    captions: dict[str, str] = record.body.get("captions", {})
    if item["captions"]:
        from kaltura_pipeline.captions import sync_captions

        captions = sync_captions(kaltura, outcome["entry_id"], item["captions"], captions, workspace.read)
    record.release(
        ledger_states.UPLOADED if item["action"] == ADD else record.body["state"],
        entry_id=outcome["entry_id"],
        etag=etag,
        reference_id=item["reference_id"],
        metadata_digest=item["metadata_digest"],
        captions=captions,
        error="",
    )
    return outcome


def _add(workspace: Workspace, kaltura: KalturaClient, item: PlanItem, record: LedgerEntry) -> tuple[Outcome, str]:
    """Make the entry; return its outcome and the ETag of the version sent, which may be newer than the plan's."""
    from kaltura_provider.api import MediaKind, put_content
    from kaltura_provider.transfers.s3_source import S3Source

    def progress(done: UploadProgress) -> None:
        record.renew()

    source = S3Source.find(workspace.hook, workspace.bucket, item["key"])
    done = put_content(
        kaltura,
        source,
        entry=item["fields"],
        kind=MediaKind(item["kind"]),
        reference_id=item["reference_id"],
        journal=record,
        on_progress=progress,
    )
    outcome = _outcome(item, ADD, entry_id=done.entry.id)
    outcome["created"] = done.created
    outcome["bytes_sent"] = done.bytes_sent
    if done.resumed_from:
        outcome["message"] = f"resumed at byte {done.resumed_from} of {source.size}"
    return outcome, source.etag.strip('"')


def _entry_object(item: PlanItem) -> dict[str, Any]:
    return {"objectType": "KalturaBaseEntry", **item["fields"]}


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


def _counts(outcomes: Sequence[Outcome]) -> dict[str, int]:
    results = [outcome["result"] for outcome in outcomes]
    return {result: results.count(result) for result in sorted(set(results))}


class RunSummary(TypedDict):
    """The outcome of a whole run, as the asset event and the last task carry it."""

    manifest: str
    counts: dict[str, int]
    ready: int
    failures: list[str]


def record_outcome(
    settings: PipelineSettings,
    *,
    bucket: str,
    run_id: str,
    plan_uri: str,
    states: Mapping[str, Mapping[str, Any]],
) -> RunSummary:
    """Mark in the ledger what became ready, write the manifest that the publish DAG reads, and sum up.

    :param states: state by entry id, as :class:`KalturaEntryReadySensor` returned them.
    """
    workspace = Workspace.open(settings, bucket)
    plan_document = workspace.documents.read(workspace.documents.name_of(plan_uri))
    if plan_document is None:
        raise FileNotFoundError(f"the plan {plan_uri} is gone; start a new run")
    items: list[PlanItem] = plan_document.body["items"]
    outcomes = _outcomes(workspace, run_id)
    failures = [f"{item['key']}: {item['reason']}" for item in items if item["action"] == REFUSE]
    entries = []
    for item in items:
        outcome = outcomes.get(item["key"])
        if item["action"] not in (ADD, UPDATE):
            continue
        if outcome is None:
            failures.append(f"{item['key']}: its batch did not run; start a new run")
            continue
        state = states.get(outcome["entry_id"], {})
        if outcome["result"] == ADD:
            _mark(workspace, item, outcome, state, failures)
        elif outcome["result"] in (BUSY, ERROR):
            failures.append(f"{item['key']}: {outcome['message']}")
        if (outcome["result"] == ADD and state.get("ready")) or outcome["result"] == UPDATE:
            entries.append(
                {
                    "entry_id": outcome["entry_id"],
                    "key": item["key"],
                    "kind": item["kind"],
                    "name": item["fields"]["name"],
                    "created": outcome["created"],
                }
            )
    name = f"{run_name(run_id)}/manifest.json"
    workspace.documents.write(
        name, {"bucket": bucket, "entries": entries, "failures": failures, "totals": plan_document.body["totals"]}
    )
    counts = _counts(list(outcomes.values()))
    counts[SKIP] = plan_document.body["totals"][SKIP]
    return {"manifest": workspace.documents.uri(name), "counts": counts, "ready": len(entries), "failures": failures}


def _outcomes(workspace: Workspace, run_id: str) -> dict[str, Outcome]:
    found: dict[str, Outcome] = {}
    for name in workspace.documents.names(f"{run_name(run_id)}/outcomes/"):
        document = workspace.documents.read(name)
        for outcome in document.body["outcomes"] if document else []:
            found[outcome["key"]] = outcome
    return found


def _mark(
    workspace: Workspace, item: PlanItem, outcome: Outcome, state: Mapping[str, Any], failures: list[str]
) -> None:
    """Move an uploaded title to ready or failed."""
    if not state:
        failures.append(f"{item['key']}: {outcome['entry_id']} was not seen ready; the next run looks again")
        return
    try:
        record = workspace.ledger.claim(workspace.bucket, item["key"], "record_outcome")
        if state.get("ready"):
            record.release(ledger_states.READY)
        elif state.get("failed"):
            record.release(ledger_states.FAILED, error=state["message"])
        else:
            record.release(record.body["state"])
    except (LedgerBusyError, LeaseLostError) as error:
        failures.append(str(error))
        return
    if not state.get("ready"):
        failures.append(f"{item['key']}: {state.get('message') or 'not ready yet'}")
