"""Following the exchange of an entry's content to its end: approved, done, failed or cancelled.

Audio, video and documents are exchanged by a hidden temporary entry: it takes the new content, is converted, and hands
everything over. The entry stays as it is until then, and READY if it was. Images and data are exchanged in place. What
begins an exchange is :mod:`.replacement_start`.

Notes in the caller's journal, each written before the step it belongs to:

* ``replacing``: the upload tokens whose content is exchanged for the present one;
* ``replaced_source``: ID and version of the source flavor before, to tell an exchange from one that was cancelled;
* ``replacing_entry_id``: the temporary entry, to tell this exchange from one that somebody else has begun;
* ``replacing_error``: why the exchange failed, before it is cancelled.

They need not be deleted: they belong to one upload token, and the next exchange writes them anew.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from kaltura_provider.api.errors import KalturaError
from kaltura_provider.api.lookup import get_entry
from kaltura_provider.api.models import (
    Entry,
    EntryStatus,
    FlavorAsset,
    FlavorStatus,
    ReplacementStatus,
    UploadTokenStatus,
)
from kaltura_provider.api.source_flavor import flavors_of, has_size, mark_of, source_flavor
from kaltura_provider.api.upload_tokens import DEAD_TOKEN, get_token

if TYPE_CHECKING:
    from kaltura_provider.api.client import KalturaClient
    from kaltura_provider.api.journal import Journal

log = logging.getLogger(__name__)

BY_A_PERSON = "Approve or cancel it in the KMC (entry page, Replace Media), then run the task again"
_UNAPPROVED = (ReplacementStatus.READY_BUT_NOT_APPROVED, ReplacementStatus.NOT_READY_AND_NOT_APPROVED)


@dataclass(frozen=True)
class Replacement:
    """Where the exchange of an entry's content stands.

    :param status: what Kaltura says.
    :param replacing_entry_id: the temporary entry that holds the new content; empty if there is none.
    :param version: the entry's ``version``, which grows when an image or a text is exchanged.
    :param entry: the entry.
    """

    status: ReplacementStatus
    replacing_entry_id: str
    version: str
    entry: Entry

    @property
    def is_open(self) -> bool:
        """Whether an exchange runs, waits for approval, or has failed and was not cancelled."""
        return self.status is not ReplacementStatus.NONE or bool(self.replacing_entry_id)


class ExchangeState(Enum):
    """What a caller can do about an exchange."""

    #: Kaltura is converting the new content. Look again.
    WAITING = "waiting"
    #: A person must approve the new content.
    NEEDS_APPROVAL = "needs_approval"
    #: The entry has the new content.
    DONE = "done"
    #: The new content cannot be used. The entry has its old content again.
    FAILED = "failed"
    #: Somebody cancelled the exchange. The entry has its old content.
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Exchange:
    """What one look at an exchange found.

    :param state: what can be done about it.
    :param message: what that means, and the next step if there is one.
    :param entry: the entry, which keeps its ID.
    :param verified: whether Kaltura's source file was found to be as long as the new one. False where it does not tell.
    """

    state: ExchangeState
    message: str
    entry: Entry
    verified: bool = False


def replacement_of(client: KalturaClient, entry_id: str) -> Replacement:
    """Look where the exchange of an entry's content stands (``baseEntry.get``).

    :param client: the client.
    :param entry_id: ID of the entry.
    :raises KalturaError: if the entry cannot be read.
    """
    entry = get_entry(client, entry_id)
    return Replacement(
        ReplacementStatus(entry.replacement_status), entry.replacing_entry_id, str(entry.raw.get("version", "")), entry
    )


def settle_replacement(
    client: KalturaClient,
    entry_id: str,
    *,
    approve: bool,
    size: int | None = None,
    journal: Journal | None = None,
) -> Exchange:
    """Look once at an exchange, and do at most one thing about it.

    Approves new content that waits for it if asked to (``media.approveReplace``), and cancels an exchange whose new
    content cannot be used (``media.cancelReplace``), after which the entry has its old content as before.

    :param client: the client.
    :param entry_id: ID of the entry.
    :param approve: whether to approve, which needs the permission ``CONTENT_INGEST_REPLACE``. Otherwise a person does.
    :param size: bytes of the new file; Kaltura's source file is compared with it at the end.
    :param journal: the notes of :func:`start_replacement`. Without them any exchange is taken for the caller's own,
        and one that was cancelled for one that is done.
    :return: where it stands.
    :raises KalturaError: if a call failed, or the exchange is not the one that the journal tells of.
    """
    notes = journal.load() if journal is not None else {}
    found = replacement_of(client, entry_id)
    if not found.is_open:
        return ended(client, found.entry, notes, size, noted=journal is not None)
    if journal is not None and not is_ours(client, found, journal):
        raise foreign(found)
    if failure := _failure(client, found):
        if journal is not None:
            journal.save(replacing_error=failure)
        answer = client.call(service_of(found.entry), "cancelReplace", {"entryId": entry_id})
        return Exchange(ExchangeState.FAILED, failure, Entry.from_api(answer))
    if found.status in _UNAPPROVED and approve:
        return _approve(client, found)
    return running(found)


def _approve(client: KalturaClient, found: Replacement) -> Exchange:
    try:
        answer = client.call(service_of(found.entry), "approveReplace", {"entryId": found.entry.id})
    except KalturaError as error:
        # Approved or ended meanwhile, or nobody knows: the next look tells.
        if error.code != "ENTRY_ID_NOT_REPLACED" and not error.outcome_unknown:
            raise
        log.warning("%s Looking at it again later.", error)
        return Exchange(ExchangeState.WAITING, "its new content is being approved", found.entry)
    return Exchange(ExchangeState.WAITING, "its new content was approved", Entry.from_api(answer))


def running(found: Replacement) -> Exchange:
    """Describe an exchange that is under way."""
    if found.status is ReplacementStatus.READY_BUT_NOT_APPROVED:
        message = "its new content is ready and waits for approval. Approve it in the KMC or with approveReplace"
        return Exchange(ExchangeState.NEEDS_APPROVAL, message, found.entry)
    if found.status is ReplacementStatus.NOT_READY_AND_NOT_APPROVED:
        message = "Kaltura is converting its new content, which then needs approval in the KMC or with approveReplace"
        return Exchange(ExchangeState.NEEDS_APPROVAL, message, found.entry)
    return Exchange(ExchangeState.WAITING, "Kaltura is converting its new content", found.entry)


def ended(client: KalturaClient, entry: Entry, notes: Mapping[str, str], size: int | None, *, noted: bool) -> Exchange:
    """Judge an exchange of which the entry itself shows nothing any more."""
    if notes.get("replacing_error"):
        return Exchange(ExchangeState.FAILED, notes["replacing_error"], entry)
    if entry.entry_type != 1 or entry.media_type == 2:
        # Nothing tells the new content of these from the old one; images are exchanged within the call.
        return Exchange(ExchangeState.DONE, "it has its new content", entry)
    source = source_flavor(client, entry.id)
    before = notes.get("replaced_source", "")
    if noted and before and before == mark_of(source) and (source is not None or entry.status is not EntryStatus.READY):
        message = (
            "the exchange of its content was cancelled, and it keeps its old content. Run the task again to repeat"
        )
        return Exchange(ExchangeState.CANCELLED, message, entry)
    same = has_size(source, size) if size is not None else None
    if source is not None and same is False:
        message = (
            f"its source file has {source.size_in_bytes} bytes, not the {size} of the new one: something else has "
            "exchanged the content. Look at the entry in the KMC, then run the task again"
        )
        return Exchange(ExchangeState.FAILED, message, entry)
    return Exchange(ExchangeState.DONE, "it has its new content", entry, verified=bool(same))


def _failure(client: KalturaClient, found: Replacement) -> str:
    """Say why the new content cannot be used; empty as long as nothing speaks against it."""
    status: EntryStatus | str = EntryStatus.ERROR_CONVERTING
    if found.status is not ReplacementStatus.FAILED:
        if not found.replacing_entry_id or found.status is ReplacementStatus.READY_BUT_NOT_APPROVED:
            return ""
        # Kaltura marks an exchange as failed when the conversion failed, not when a scan or an import did.
        try:
            status = get_entry(client, found.replacing_entry_id).status
        except KalturaError as error:
            if error.code != "ENTRY_ID_NOT_FOUND":
                raise
            return ""
        if isinstance(status, EntryStatus) and not status.is_failed:
            return ""
    reason = f"stopped in status {status if isinstance(status, str) else status.name}"
    if status is EntryStatus.ERROR_CONVERTING:
        flavors = _flavors_or_none(client, found.replacing_entry_id)
        failed = ", ".join(flavor.describe() for flavor in flavors if flavor.status is FlavorStatus.ERROR)
        reason = f"could not be converted{f' (failed: {failed})' if failed else ''}"
    return f"its new content {reason}. The entry keeps its old content. Check that the file plays, then upload it again"


def _flavors_or_none(client: KalturaClient, entry_id: str) -> list[FlavorAsset]:
    try:
        return flavors_of(client, entry_id) if entry_id else []
    except KalturaError:
        # Only an explanation; a role may see entries and no flavors.
        return []


def is_ours(client: KalturaClient, found: Replacement, journal: Journal) -> bool:
    """Whether an open exchange is the one that was noted."""
    notes = journal.load()
    if notes.get("replacing_entry_id"):
        return notes["replacing_entry_id"] == found.replacing_entry_id
    tokens = [token for token in notes.get("replacing", "").split(",") if token]
    # The process died before it could note the temporary entry; the closed token says that there is one.
    if not tokens or not any(is_closed(client, token) for token in tokens):
        return False
    journal.save(replacing_entry_id=found.replacing_entry_id)
    return True


def is_closed(client: KalturaClient, token_id: str) -> bool:
    """Whether an upload token was used up (``uploadToken.get``)."""
    try:
        return get_token(client, token_id).status is UploadTokenStatus.CLOSED
    except KalturaError as error:
        if error.code not in DEAD_TOKEN:
            raise
        return False


def foreign(found: Replacement) -> KalturaError:
    """Build the error for an exchange that somebody else began."""
    return KalturaError(
        "ENTRY_REPLACEMENT_ALREADY_EXISTS",
        f"the content of entry {found.entry.id} is being exchanged by somebody else ({found.status.name})",
        service_action=f"{service_of(found.entry)}.updateContent",
        hint=f"Nothing was changed. {BY_A_PERSON}.",
    )


def service_of(entry: Entry) -> str:
    """Name the service that exchanges, approves and cancels the content of an entry."""
    return "document_documents" if entry.entry_type == 10 else "media"
