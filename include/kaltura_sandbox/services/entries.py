"""Entries: where they are kept, what a new one looks like, how one goes."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import fail
from ..ids import short_id
from ..registry import job
from ..schema import TYPES
from . import entries_schema  # noqa: F401  declares the types that entries are rendered as

if TYPE_CHECKING:
    from ..context import Context
    from ..sandbox import Sandbox
    from ..store import Collection, Document, Store

# Values of an entry's status.
ERROR_IMPORTING = -2
ERROR_CONVERTING = -1
IMPORT = 0
PRECONVERT = 1
READY = 2
DELETED = 3
NO_CONTENT = 7

# Values of an entry's type.
AUTOMATIC = -1
MEDIA_CLIP = 1
PLAYLIST = 5
DATA = 6
DOCUMENT = 10

# Values of a media entry's mediaType.
VIDEO = 1
IMAGE = 2
AUDIO = 5

# Values of an entry's moderationStatus.
PENDING_MODERATION = 1
APPROVED = 2
REJECTED = 3
FLAGGED_FOR_REVIEW = 5
AUTO_APPROVED = 6

# Values of an entry's displayInSearch: not at all (temporary entries), in the account.
SYSTEM = -1
PARTNER_ONLY = 1

# Data versions: the first one, and how far apart later ones are.
FIRST_VERSION = 100_002
VERSION_STEP = 10

# What entries of one type have besides the defaults of all.
_TYPE_DEFAULTS: dict[str, dict[str, Any]] = {
    "KalturaMediaEntry": {
        "type": MEDIA_CLIP, "plays": 0, "views": 0, "duration": 0, "msDuration": 0, "sourceType": "6",
    },
    "KalturaDataEntry": {"type": DATA, "retrieveDataContentByGet": 1, "licenseType": None},
    "KalturaDocumentEntry": {"type": DOCUMENT},
}  # fmt: skip

_DeletedHandler = Callable[["Sandbox", "Document"], object]
_DELETED: list[_DeletedHandler] = []


def entries(store: Store) -> Collection:
    """Return the entries of every kind and status, deleted ones too."""
    return store.collection("entry", "referenceId", "status", "userId", "createdAt", "replacedEntryId")


def find_entry(context: Context, entry_id: str, object_type: str | None = None) -> Document:
    """Return an entry of the account.

    :param object_type: the type it must be of or derived from, for example ``KalturaMediaEntry``; None allows all.
    :raises ApiError: ``ENTRY_ID_NOT_FOUND``, also for a deleted entry.
    """
    # Calls without a session know no account; ids are unique among all.
    found = entries(context.store).get(entry_id, context.partner_id or None)
    if found is None or found["status"] == DELETED:
        raise fail("ENTRY_ID_NOT_FOUND", ENTRY_ID=entry_id)
    if object_type is not None and not TYPES[found["objectType"]].is_a(object_type):
        raise fail("ENTRY_ID_NOT_FOUND", ENTRY_ID=entry_id)
    return found


def editable_entry(context: Context, entry_id: str, object_type: str | None = None) -> Document:
    """Return an entry of the account that the caller may change.

    :param object_type: as for :func:`find_entry`.
    :raises ApiError: ``ENTRY_ID_NOT_FOUND``, or ``INVALID_KS`` for the entry of somebody else.
    """
    found = find_entry(context, entry_id, object_type)
    context.require_edit(found["userId"], entry_id)
    return found


def new_entry(context: Context, object_type: str, **values: Any) -> Document:
    """Return a fresh entry of the caller with all its defaults, not stored yet.

    :param object_type: for example ``KalturaMediaEntry``.
    :param values: what differs from the defaults.
    """
    from .access_control import default_access_control_id

    profile_id = default_access_control_id(context.store, context.partner_id)
    return new_document(context.partner_id, object_type, profile_id, **{"userId": context.user_id, **values})


def new_document(partner_id: int, object_type: str, access_control_id: int, **values: Any) -> Document:
    """Return a fresh entry of an account with all its defaults, not stored yet.

    :param object_type: for example ``KalturaMediaEntry``.
    :param access_control_id: the profile that says who may watch it.
    :param values: what differs from the defaults.
    """
    now = int(time.time())
    entry_id = short_id()
    document: Document = {
        "id": entry_id, "partnerId": partner_id, "objectType": object_type,
        "name": f"{partner_id}_{now}", "description": "", "userId": "", "tags": "", "categories": "",
        "categoriesIds": "", "status": NO_CONTENT, "moderationStatus": AUTO_APPROVED, "moderationCount": 0,
        "type": AUTOMATIC, "createdAt": now, "updatedAt": now, "rank": 0, "totalRank": 0,
        "votes": 0, "licenseType": -1, "version": 0, "thumbnailVersion": 0,
        "accessControlId": access_control_id, "replacementStatus": 0,
        "partnerSortValue": 0, "rootEntryId": entry_id, "operationAttributes": [], "entitledUsersEdit": "",
        "entitledUsersPublish": "", "entitledUsersView": "", "capabilities": "", "displayInSearch": PARTNER_ONLY,
        "blockAutoTranscript": False,
    }  # fmt: skip
    return {**document, **_TYPE_DEFAULTS.get(object_type, {}), **values}


def is_audio_or_video(entry: Document) -> bool:
    """Tell whether an entry's content is converted into flavors."""
    return entry["objectType"] == "KalturaMediaEntry" and entry.get("mediaType") != IMAGE


def next_version(version: int | str) -> str:
    """Return the version of an entry's data after a change."""
    return str(int(version) + VERSION_STEP if int(version) else FIRST_VERSION)


def content_file(sandbox: Sandbox, entry: Document) -> Path | None:
    """Return the file with an entry's content as it was uploaded, or None."""
    if is_audio_or_video(entry):
        from .flavor_asset import flavor_file, source_flavor

        source = source_flavor(sandbox.store, entry["id"])
        return flavor_file(sandbox.files, source) if source is not None else None
    path = stored_path(sandbox, entry.get("contentPath"))
    return path if path is not None and path.exists() else None


def stored_path(sandbox: Sandbox, relative: str | None) -> Path | None:
    """Return the path of a file that a document names relative to the data directory."""
    return sandbox.files.root / relative if relative else None


def relative_path(sandbox: Sandbox, path: Path) -> str:
    """Return a file's path as documents keep it, so that the data directory can be moved."""
    return path.relative_to(sandbox.files.root).as_posix()


def on_entry_deleted(handler: _DeletedHandler) -> _DeletedHandler:
    """Declare what else goes when an entry is deleted.

    The function gets the sandbox and the entry; it runs inside the transaction that deletes the entry.
    """
    _DELETED.append(handler)
    return handler


def delete_entry(sandbox: Sandbox, entry_id: str) -> None:
    """Mark an entry as deleted, with all that hangs on it; its files go a little later."""
    from .flavor_asset import delete_flavor, flavors_of

    with sandbox.store.transaction():
        entry = entries(sandbox.store).update(entry_id, status=DELETED, updatedAt=int(time.time()))
        for asset in flavors_of(sandbox.store, entry_id):
            delete_flavor(sandbox, asset)
        remove_file_later(sandbox, entry.get("contentPath"))
        for handler in _DELETED:
            handler(sandbox, entry)
        temporary = entry.get("replacingEntryId")
        if temporary:
            delete_entry(sandbox, temporary)


def remove_file_later(sandbox: Sandbox, relative: str | None) -> None:
    """Remove a content file once the present transaction is committed; readers of an open file are not disturbed."""
    if relative:
        sandbox.jobs.schedule("content.remove", {"path": relative})


@job("content.remove")
def _remove_content(sandbox: Sandbox, payload: dict[str, Any]) -> None:
    (sandbox.files.root / payload["path"]).unlink(missing_ok=True)
