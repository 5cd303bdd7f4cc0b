"""How an attempt at one title ended: its outcome, what the ledger notes of it, and whether another try can help."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kaltura_pipeline.results.model import BUSY, ERROR
from kaltura_provider.transfers import ledger as ledger_states
from kaltura_provider.transfers.ledger import LeaseLostError

if TYPE_CHECKING:
    from kaltura_pipeline.plan import PlanItem
    from kaltura_pipeline.run_outcomes import Outcome
    from kaltura_provider.api import KalturaError
    from kaltura_provider.transfers.ledger import LedgerEntry


class Attempt(NamedTuple):
    """What became of one title.

    :param outcome: what is noted of it.
    :param again: whether trying again can help.
    :param refusal: Kaltura refused the session or its rights, so that the other titles may fail the same way.
    """

    outcome: Outcome
    again: bool = False
    refusal: KalturaError | None = None


def new_outcome(item: PlanItem, result: str, *, entry_id: str = "", message: str = "", code: str = "") -> Outcome:
    """Return an outcome in which nothing was sent."""
    return {
        "key": item["key"],
        "result": result,
        "created": False,
        "entry_id": entry_id,
        "message": message,
        "code": code,
        "bytes_sent": 0,
        "seconds": 0.0,
        "final": False,
    }


def after_error(item: PlanItem, record: LedgerEntry, error: Exception) -> Attempt:
    """Note an error in the ledger, give the claim back, and return what became of the title.

    :param record: its claimed record.
    :raises UploadStoppedError: that was the error; the claim is given back.
    :raises Exception: the error, if it is none that a title can have.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    from kaltura_provider.api import ErrorClass, KalturaError, SourceChangedError, UploadStoppedError

    if isinstance(error, LeaseLostError):
        return Attempt(new_outcome(item, BUSY, message=str(error)))
    if isinstance(error, KalturaError):
        refused = error.error_class in (ErrorClass.PERMISSION, ErrorClass.RENEW_SESSION)
        # Of a refused session nothing is wrong with the file: it is given back as it was.
        outcome = _failed(item, record, str(error), final=not (refused or error.retryable))
        outcome["code"] = error.code
        return Attempt(outcome, error.retryable, error) if refused else Attempt(outcome, error.retryable)
    if isinstance(error, UploadStoppedError):
        _failed(item, record, str(error), final=False)
        raise error
    if isinstance(error, SourceChangedError):
        return Attempt(_failed(item, record, str(error), final=False), True)
    if isinstance(error, ValueError):
        return Attempt(_failed(item, record, str(error), final=True))
    if isinstance(error, ClientError | BotoCoreError | OSError):
        return Attempt(_failed(item, record, in_s3(error), final=False), True)
    raise error


def in_s3(error: Exception) -> str:
    """Return the words for an error of S3."""
    return f"S3: {error}; check that the object is still there"


def _failed(item: PlanItem, record: LedgerEntry, message: str, *, final: bool) -> Outcome:
    """Note an error in the ledger; a passing one keeps the state, so that the next try goes on."""
    changes = {
        "error": message, "etag": item["etag"], "metadata_digest": item["metadata_digest"],
        "inputs_digest": item["inputs_digest"], "named": item["named"],
        "defaults": item["defaults"],
    }  # fmt: skip
    try:
        if final:
            record.release(ledger_states.FAILED, **changes)
        else:
            record.release(record.body["state"], error=message)
    except LeaseLostError as error:
        return new_outcome(item, BUSY, message=str(error))
    outcome = new_outcome(item, ERROR, message=message, entry_id=record.load().get("entry_id", ""))
    outcome["final"] = final
    return outcome
