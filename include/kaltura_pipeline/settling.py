"""How one title of a run ended, noted in the ledger."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kaltura_pipeline.plan import ADD, REPLACE, UPDATE
from kaltura_provider.transfers import ledger as ledger_states
from kaltura_provider.transfers.ledger import LeaseLostError, LedgerBusyError

if TYPE_CHECKING:
    from kaltura_pipeline.plan import PlanItem
    from kaltura_pipeline.run_outcomes import Outcome
    from kaltura_pipeline.workspace import Workspace
    from kaltura_provider.api import KalturaClient
    from kaltura_provider.hooks.readiness import Look
    from kaltura_provider.hooks.s3_documents import Document
    from kaltura_provider.transfers.ledger import LedgerEntry

log = logging.getLogger(__name__)

_OWNER = "record_outcome"


class NeedsApprovalError(Exception):
    """New content of an entry is ready, and a person must approve it."""


@dataclass(frozen=True)
class Settled:
    """How a title ended.

    :param problem: what is wrong with it; empty if nothing is.
    :param record: its record in the ledger, if that was written now.
    """

    problem: str
    record: Document | None = None


def settle(
    workspace: Workspace, kaltura: KalturaClient, item: PlanItem, outcome: Outcome | None, seen: Look
) -> Settled:
    """Note in the ledger how one title ended.

    :raises NeedsApprovalError: nothing is wrong, and a person's approval is missing.
    """
    if outcome is None:
        return Settled("its batch ended before it; the log of 'transfer' says why, and the next run takes it up")
    if outcome["result"] not in (ADD, REPLACE):
        return Settled("" if outcome["result"] == UPDATE else outcome["message"])
    entry_id = outcome["entry_id"]
    ready, failed = entry_id in seen.ready, seen.failed.get(entry_id, "")
    if not ready and not failed:
        return Settled(f"{entry_id} is not ready yet ({seen.waiting.get(entry_id)}); the next run looks again")
    state = ledger_states.READY if ready else ledger_states.FAILED
    try:
        if outcome["result"] == ADD:
            return Settled(failed, workspace.ledger.finish(workspace.bucket, item["key"], _OWNER, state, error=failed))
        record = workspace.ledger.claim_known(workspace.bucket, item["key"], _OWNER)
        if not _is_noted(record):
            return Settled(_settle_exchange(workspace, kaltura, item, record, entry_id), record.document)
        record.release(state, error=failed)
    except (LedgerBusyError, LeaseLostError) as error:
        return Settled(str(error))
    return Settled(failed, record.document)


def refuse(workspace: Workspace, item: PlanItem) -> Document | None:
    """Note in the ledger that nothing more is to be done about a refused title.

    The next run leaves it alone until one of its files changes. A title that is on Kaltura already keeps its record:
    only its new metadata is refused.

    :return: the record, if it was written.
    """
    if item["entry_id"]:
        return None
    try:
        record = workspace.ledger.claim(workspace.bucket, item["key"], _OWNER, attempt=False)
        record.release(
            ledger_states.FAILED, error=item["reason"], etag=item["etag"], inputs_digest=item["inputs_digest"],
            metadata_digest=item["metadata_digest"], named=item["named"], defaults=item["defaults"],
        )  # fmt: skip
    except (LedgerBusyError, LeaseLostError) as error:
        log.warning("%s: %s", item["key"], error)
        return None
    return record.document


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
