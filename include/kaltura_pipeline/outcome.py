"""What became of the titles of an ingest run: noted in the ledger, summed up, and handed to the publish DAG."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, TypedDict

from kaltura_pipeline.plan import ADD, REFUSE, REPLACE, SKIP, UPDATE
from kaltura_pipeline.workspace import Workspace, run_name
from kaltura_provider.transfers import ledger as ledger_states
from kaltura_provider.transfers.ledger import LeaseLostError, LedgerBusyError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kaltura_pipeline.plan import PlanItem
    from kaltura_pipeline.settings import PipelineSettings
    from kaltura_provider.api import KalturaClient
    from kaltura_provider.hooks.readiness import Look
    from kaltura_provider.transfers.ledger import LedgerEntry

log = logging.getLogger(__name__)

BUSY, ERROR = "busy", "error"


class Outcome(TypedDict):
    """What became of one title. ``result`` is add, update, replace, skip, refuse, busy or error."""

    key: str
    result: str
    created: bool
    entry_id: str
    message: str
    bytes_sent: int


def count_results(outcomes: Sequence[Outcome]) -> dict[str, int]:
    """Return how many titles had each result."""
    results = [outcome["result"] for outcome in outcomes]
    return {result: results.count(result) for result in sorted(set(results))}


class RunSummary(TypedDict):
    """The outcome of a whole run, as the asset event and the last task carry it."""

    manifest: str
    counts: dict[str, int]
    ready: int
    failures: list[str]


def record_outcome(
    settings: PipelineSettings, *, bucket: str, run_id: str, plan_uri: str, kaltura: KalturaClient
) -> RunSummary:
    """Mark in the ledger what became ready, write the manifest that the publish DAG reads, and sum up.

    Kaltura is asked once more for the entries' states: of a batch whose wait ran out, those that are ready still count.

    :raises KalturaError: the states could not be read (``baseEntry.list``).
    """
    from kaltura_provider.hooks.readiness import look

    workspace = Workspace.open(settings, bucket)
    plan_document = workspace.documents.read(workspace.documents.name_of(plan_uri))
    if plan_document is None:
        raise FileNotFoundError(f"the plan {plan_uri} is gone; start a new run")
    items: list[PlanItem] = plan_document.body["items"]
    outcomes = _outcomes(workspace, run_id, plan_document.etag)
    sent = [outcome["entry_id"] for outcome in outcomes.values() if outcome["result"] in (ADD, REPLACE)]
    seen = look(kaltura, sent, wait_for_approval=False)
    failures = [f"{item['key']}: {item['reason']}" for item in items if item["action"] == REFUSE]
    entries = []
    for item in items:
        if item["action"] not in (ADD, UPDATE, REPLACE):
            continue
        outcome = outcomes.get(item["key"])
        try:
            problem = _settle(workspace, kaltura, item, outcome, seen)
        except NeedsApprovalError as waiting:
            log.warning("%s: %s", item["key"], waiting)
            continue
        if problem:
            failures.append(f"{item['key']}: {problem}")
        elif outcome is not None:
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
    counts = count_results(list(outcomes.values()))
    counts[SKIP] = plan_document.body["totals"][SKIP]
    return {"manifest": workspace.documents.uri(name), "counts": counts, "ready": len(entries), "failures": failures}


def _outcomes(workspace: Workspace, run_id: str, plan: str) -> dict[str, Outcome]:
    """Read what the batches noted; not what is left of an earlier plan, if the whole run was cleared and run again."""
    found: dict[str, Outcome] = {}
    for name in workspace.documents.names(f"{run_name(run_id)}/outcomes/"):
        document = workspace.documents.read(name)
        if document and document.body["plan"] == plan:
            found.update({outcome["key"]: outcome for outcome in document.body["outcomes"]})
    return found


class NeedsApprovalError(Exception):
    """New content of an entry is ready, and a person must approve it."""


def _settle(workspace: Workspace, kaltura: KalturaClient, item: PlanItem, outcome: Outcome | None, seen: Look) -> str:
    """Note in the ledger how one title ended; return what is wrong with it, or nothing.

    :raises NeedsApprovalError: nothing is wrong, and a person's approval is missing.
    """
    if outcome is None:
        return "its batch ended before it; the log of 'transfer' says why, and the next run takes it up"
    if outcome["result"] not in (ADD, REPLACE):
        return "" if outcome["result"] == UPDATE else outcome["message"]
    entry_id = outcome["entry_id"]
    ready, failed = entry_id in seen.ready, seen.failed.get(entry_id, "")
    if not ready and not failed:
        return f"{entry_id} is not ready yet ({seen.waiting.get(entry_id)}); the next run looks again"
    try:
        record = workspace.ledger.claim(workspace.bucket, item["key"], "record_outcome", attempt=False)
        if outcome["result"] == REPLACE and not _is_noted(record):
            return _settle_exchange(workspace, kaltura, item, record, entry_id)
        record.release(ledger_states.READY if ready else ledger_states.FAILED, error=failed)
    except (LedgerBusyError, LeaseLostError) as error:
        return str(error)
    return failed


def _is_noted(record: LedgerEntry) -> bool:
    """Whether the ledger knows already that the entry has the content that was sent last."""
    return bool(record.body.get("content")) and record.body["content"] == record.load().get("fingerprint")


def _settle_exchange(
    workspace: Workspace, kaltura: KalturaClient, item: PlanItem, record: LedgerEntry, entry_id: str
) -> str:
    """Find out whether an entry has its new content, and note it."""
    from kaltura_provider.api import ExchangeState, KalturaError, settle_replacement

    approve = workspace.settings.approve_replacement
    try:
        exchange = settle_replacement(kaltura, entry_id, approve=approve, size=item["size"], journal=record)
    except KalturaError as error:
        record.release(record.body["state"], error=str(error))
        return str(error)
    if exchange.state is ExchangeState.DONE:
        record.release(ledger_states.READY, error="", content=record.load().get("fingerprint", ""))
        return ""
    if exchange.state in (ExchangeState.FAILED, ExchangeState.CANCELLED):
        record.release(ledger_states.FAILED, error=exchange.message)
        return f"{entry_id}: {exchange.message}"
    record.release(record.body["state"], error="")
    if exchange.state is ExchangeState.NEEDS_APPROVAL:
        raise NeedsApprovalError(f"{entry_id}: {exchange.message}")
    return f"{entry_id} is not ready yet ({exchange.message}); the next run looks again"
