"""Imports in the background: tried again and again, and given up after a while."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

from ..registry import job
from .entries import DELETED, ERROR_IMPORTING, IMPORT, entries
from .flavor_asset import ERROR, IMPORTING, flavors, source_flavor
from .upload_fetch import FetchError, fetch

if TYPE_CHECKING:
    from ..sandbox import Sandbox
    from ..store import Document

_log = logging.getLogger(__name__)


def start_import(sandbox: Sandbox, entry_id: str, url: str, headers: list[str], delay: float = 0.0) -> None:
    """Load an address; call it inside the transaction that puts the entry into IMPORT.

    :param delay: seconds until then. By then the entry may have got its content otherwise, and nothing is done.
    """
    # Not in the job itself, whose payload shows up in logs: addresses and headers may hold secrets.
    entries(sandbox.store).update(entry_id, importUrl=url, importHeaders=headers)
    sandbox.jobs.schedule("entry.import", {"entry": entry_id, "attempt": 1}, delay)


@job("entry.import")
def run_import(sandbox: Sandbox, payload: dict[str, Any]) -> None:
    """Try once; on a failure try again later, or give up."""
    from .entries_content import content_imported

    entry = entries(sandbox.store).get(payload["entry"])
    if entry is None or entry["status"] != IMPORT:
        return
    if payload["attempt"] > sandbox.settings.import_attempts:
        give_up(sandbox, entry["id"])
        return
    try:
        spooled = fetch(sandbox, entry["importUrl"], entry["importHeaders"], probe=True)
    except FetchError as problem:
        _log.info("import of entry %s, attempt %d: %s", entry["id"], payload["attempt"], problem)
        sandbox.jobs.schedule(
            "entry.import", {**payload, "attempt": payload["attempt"] + 1}, sandbox.settings.import_retry_seconds
        )
        return
    content_imported(sandbox, entry["id"], spooled)


def give_up(sandbox: Sandbox, entry_id: str) -> Document:
    """Put an entry into ERROR_IMPORTING, with its source flavor if it has one; a deleted entry stays as it is.

    A replacement whose import failed is not marked as failed by that: Kaltura leaves it running for ever.
    """
    with sandbox.store.transaction():
        entry = entries(sandbox.store).get(entry_id)
        if entry is None:
            raise KeyError(entry_id)
        if entry["status"] == DELETED:
            return entry
        source = source_flavor(sandbox.store, entry_id)
        if source is not None and source["status"] == IMPORTING:
            flavors(sandbox.store).update(source["id"], status=ERROR)
        return entries(sandbox.store).update(entry_id, status=ERROR_IMPORTING, updatedAt=int(time.time()))
