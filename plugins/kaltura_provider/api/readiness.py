"""Whether entries are ready to be played, and if not, why not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from kaltura_provider.api.errors import KalturaError
from kaltura_provider.api.lookup import get_entries
from kaltura_provider.api.models import Entry, EntryStatus, FlavorStatus, ReplacementStatus
from kaltura_provider.api.source_flavor import flavors_of

if TYPE_CHECKING:
    from kaltura_provider.api.client import KalturaClient

#: Failed entries whose flavors are looked at in one check; each costs a call.
MAX_EXPLAINED = 10
_BRIEF = "id,status,replacementStatus,replacingEntryId,duration,msDuration"

_FAILED = {
    EntryStatus.ERROR_IMPORTING: (
        "Kaltura could not import the file. Check that it can be read where it comes from; then delete the entry and "
        "upload the file again"
    ),
    EntryStatus.ERROR_CONVERTING: (
        "Kaltura could not convert the file. Check that it plays; then replace it, or reconvert the entry in the KMC"
    ),
    EntryStatus.BLOCKED: "the entry is blocked. Unblock it in the KMC or ask Kaltura support",
}
_WAITING = {
    EntryStatus.IMPORT: "Kaltura is importing the file",
    EntryStatus.PRECONVERT: "Kaltura is converting the file",
    EntryStatus.PENDING: "the entry waits for Kaltura to begin",
    EntryStatus.MODERATE: "the entry waits for moderation",
    EntryStatus.NO_CONTENT: "the entry has no content yet",
}


class Readiness(Enum):
    """What a caller can do about an entry."""

    READY = "ready"
    WAITING = "waiting"
    #: The entry plays its old content; the new one is ready too and waits for a person.
    NEEDS_APPROVAL = "needs_approval"
    FAILED = "failed"


@dataclass(frozen=True)
class ReadyState:
    """State of one entry.

    :param entry_id: its ID.
    :param readiness: whether to go on, wait, or give up.
    :param status: name of Kaltura's status, such as ``PRECONVERT``; ``NOT_FOUND`` if there is no such entry.
    :param message: what that means, and the next step if it failed.
    :param entry: the entry, None if there is none.
    """

    entry_id: str
    readiness: Readiness
    status: str
    message: str
    entry: Entry | None = None

    @property
    def is_ready(self) -> bool:
        """Whether the entry can be played."""
        return self.readiness is Readiness.READY

    @property
    def is_failed(self) -> bool:
        """Whether waiting is of no use."""
        return self.readiness is Readiness.FAILED


def check_ready(client: KalturaClient, ids: Iterable[str], *, brief: bool = False) -> dict[str, ReadyState]:
    """Look once whether entries are ready (``baseEntry.list``, one call for 150 entries).

    An entry whose content is being replaced keeps its status all the time; it counts as ready only when the new content
    is in, and as ``NEEDS_APPROVAL`` when that is converted and a person must agree to it. For entries that failed the
    flavors that failed are named (``flavorAsset.list``).

    :param client: the client.
    :param ids: IDs of entries.
    :param brief: ask only for what tells whether entries are ready, and for their durations: an eighth of the traffic.
        All else in :attr:`ReadyState.entry` is empty then.
    :return: the state of each, in the order of ``ids``.
    :raises KalturaError: if the list could not be read.
    """
    wanted = list(dict.fromkeys(str(entry_id) for entry_id in ids if entry_id))
    entries = get_entries(client, wanted, fields=_BRIEF if brief else "")
    states: dict[str, ReadyState] = {}
    explained = 0
    for entry_id in wanted:
        state = _state_of(entry_id, entries.get(entry_id))
        if state.is_failed and state.entry is not None and explained < MAX_EXPLAINED:
            explained += 1
            flavors = _failed_flavors(client, entry_id)
            if flavors:
                message = f"{state.message} (failed: {', '.join(flavors)})"
                state = ReadyState(entry_id, state.readiness, state.status, message, state.entry)
        states[entry_id] = state
    return states


def _state_of(entry_id: str, entry: Entry | None) -> ReadyState:
    if entry is None:
        message = "the entry does not exist: it was deleted, or belongs to another account. Check the ID"
        return ReadyState(entry_id, Readiness.FAILED, "NOT_FOUND", message)
    status = entry.status
    if not isinstance(status, EntryStatus):
        # Plugins add statuses of their own; all that are known report a virus or a failed scan.
        message = (
            f"a plugin of Kaltura stopped the entry ({status}). Check the file, then delete the entry and upload it "
            "again"
        )
        return ReadyState(entry_id, Readiness.FAILED, status, message, entry)
    if status is EntryStatus.DELETED:
        return ReadyState(
            entry_id, Readiness.FAILED, status.name, "the entry was deleted. Upload the file again", entry
        )
    # Looked at before the status: new content mends an entry that failed.
    if entry.replacement_status != ReplacementStatus.NONE or entry.replacing_entry_id:
        return _state_of_exchange(entry)
    if status.is_ready:
        return ReadyState(entry_id, Readiness.READY, status.name, "the entry is ready", entry)
    if status.is_failed:
        return ReadyState(entry_id, Readiness.FAILED, status.name, _FAILED[status], entry)
    return ReadyState(entry_id, Readiness.WAITING, status.name, _WAITING[status], entry)


def _state_of_exchange(entry: Entry) -> ReadyState:
    if entry.replacement_status == ReplacementStatus.FAILED:
        message = (
            "its new content could not be converted. Cancel the replacement (media.cancelReplace) and try another file"
        )
        return ReadyState(entry.id, Readiness.FAILED, "REPLACEMENT_FAILED", message, entry)
    if entry.replacement_status == ReplacementStatus.READY_BUT_NOT_APPROVED:
        message = "its new content waits for approval. Approve it in the KMC or with media.approveReplace"
        return ReadyState(entry.id, Readiness.NEEDS_APPROVAL, "REPLACEMENT_NOT_APPROVED", message, entry)
    return ReadyState(entry.id, Readiness.WAITING, "REPLACING", "Kaltura is converting its new content", entry)


def _failed_flavors(client: KalturaClient, entry_id: str) -> list[str]:
    try:
        flavors = flavors_of(client, entry_id)
    except KalturaError:
        # Only an explanation; a role may see entries and no flavors.
        return []
    return [flavor.describe() for flavor in flavors if flavor.status is FlavorStatus.ERROR]
