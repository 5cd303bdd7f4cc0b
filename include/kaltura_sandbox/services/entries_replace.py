"""Replacing the content of an entry that has some: by a hidden temporary entry that takes the new content."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from ..errors import ApiError, fail
from ..schema import ApiObject
from .entries import (
    DELETED,
    DOCUMENT,
    IMAGE,
    MEDIA_CLIP,
    NO_CONTENT,
    READY,
    SYSTEM,
    VERSION_STEP,
    delete_entry,
    editable_entry,
    entries,
    find_entry,
    new_entry,
    next_version,
    remove_file_later,
)
from .entries_content import attach
from .flavor_asset import delete_flavor, flavors, flavors_of, source_flavor

if TYPE_CHECKING:
    from ..context import Context
    from ..sandbox import Sandbox
    from ..store import Document

# Values of an entry's replacementStatus.
NONE = 0
APPROVED_BUT_NOT_READY = 1
READY_BUT_NOT_APPROVED = 2
NOT_READY_AND_NOT_APPROVED = 3
FAILED = 4

# What an entry takes over from the one that replaces it.
_TAKEN_OVER = (
    "width", "height", "duration", "msDuration", "flavorParamsIds", "mediaType", "sourceType", "conversionProfileId",
    "documentType", "contentPath",
)  # fmt: skip


def update_content(
    context: Context, entry_id: str, resource: ApiObject, conversion_profile_id: int | None = None,
    object_type: str | None = None,
) -> Document:  # fmt: skip
    """Replace the content of an entry.

    An entry without content gets it as with :func:`add_content`, a picture gets it in place. Otherwise a temporary
    entry takes the content, and hands it over when it is READY.

    :raises ApiError: ``ENTRY_REPLACEMENT_ALREADY_EXISTS``, ``ENTRY_TYPE_NOT_SUPPORTED``, or a refusal of the resource.
    """
    entry = editable_entry(context, entry_id, object_type)
    if entry["status"] == NO_CONTENT:
        return attach(context, entry_id, resource)
    if entry.get("mediaType") == IMAGE:
        return attach(context, entry_id, resource, replace=True)
    if entry["type"] not in {MEDIA_CLIP, DOCUMENT}:
        raise fail("ENTRY_TYPE_NOT_SUPPORTED", ENTRY_TYPE=str(entry["type"]))
    return _replace(context, entry, resource, conversion_profile_id)


def update_media_content(
    context: Context, entry_id: str, resource: ApiObject, conversion_profile_id: int | None
) -> Document:
    """Replace the content of a media entry as the service ``media`` does it.

    As with Kaltura, any failure here cancels a replacement that is under way, also the failure of asking for a second
    one. The other services leave it alone.

    :raises ApiError: as :func:`update_content`.
    """
    try:
        return update_content(context, entry_id, resource, conversion_profile_id, "KalturaMediaEntry")
    except ApiError as error:
        if error.code != "ENTRY_ID_NOT_FOUND":
            cancel_replacement(context.sandbox, entry_id)
        raise


def _replace(context: Context, entry: Document, resource: ApiObject, conversion_profile_id: int | None) -> Document:
    store = context.store
    with store.transaction():
        entry = find_entry(context, entry["id"])
        if entry.get("replacingEntryId"):
            raise fail("ENTRY_REPLACEMENT_ALREADY_EXISTS")
        kept = {name: entry[name] for name in ("mediaType", "documentType") if name in entry}
        temporary = new_entry(
            context, entry["objectType"], name=entry["name"], userId=entry["userId"], creatorId=entry["userId"],
            displayInSearch=SYSTEM, replacedEntryId=entry["id"], **kept,
        )  # fmt: skip
        profile = conversion_profile_id or entry.get("conversionProfileId")
        if profile:
            temporary["conversionProfileId"] = profile
        entries(store).insert(temporary)
        waiting = context.settings.replacement_approval
        entries(store).update(
            entry["id"], replacingEntryId=temporary["id"], updatedAt=int(time.time()),
            replacementStatus=NOT_READY_AND_NOT_APPROVED if waiting else APPROVED_BUT_NOT_READY,
        )  # fmt: skip
        if attach(context, temporary["id"], resource)["status"] == READY:
            content_ready(context.sandbox, temporary["id"])
        return find_entry(context, entry["id"])


def approve_replacement(context: Context, entry_id: str, object_type: str | None = None) -> Document:
    """Agree to the new content of an entry; it is taken over now or as soon as it is READY.

    :raises ApiError: ``ENTRY_ID_NOT_REPLACED``.
    """
    with context.store.transaction():
        entry = editable_entry(context, entry_id, object_type)
        if entry["replacementStatus"] in {NONE, FAILED}:
            raise fail("ENTRY_ID_NOT_REPLACED", ENTRY_ID=entry_id)
        if entry["replacementStatus"] == READY_BUT_NOT_APPROVED:
            return _take_over(context.sandbox, entry)
        return entries(context.store).update(entry_id, replacementStatus=APPROVED_BUT_NOT_READY)


def cancel_replacement(sandbox: Sandbox, entry_id: str) -> Document:
    """Drop the temporary entry if there is one; the entry keeps its content."""
    store = sandbox.store
    with store.transaction():
        entry = entries(store).get(entry_id)
        if entry is None:
            raise fail("ENTRY_ID_NOT_FOUND", ENTRY_ID=entry_id)
        temporary = entries(store).get(entry.get("replacingEntryId"))
        if temporary is not None and temporary["status"] != DELETED:
            delete_entry(sandbox, temporary["id"])
        return entries(store).update(entry_id, replacingEntryId=None, replacementStatus=NONE)


def content_ready(sandbox: Sandbox, entry_id: str) -> None:
    """Note that an entry became READY; if it replaces another one, that one takes over its content."""
    original = _replaced_by(sandbox, entry_id)
    if original is None:
        return
    if original["replacementStatus"] == NOT_READY_AND_NOT_APPROVED:
        entries(sandbox.store).update(original["id"], replacementStatus=READY_BUT_NOT_APPROVED)
    elif original["replacementStatus"] == APPROVED_BUT_NOT_READY:
        _take_over(sandbox, original)


def content_failed(sandbox: Sandbox, entry_id: str) -> None:
    """Note that an entry's content is broken; if it replaces another one, the replacement has failed."""
    original = _replaced_by(sandbox, entry_id)
    if original is not None:
        entries(sandbox.store).update(original["id"], replacementStatus=FAILED, updatedAt=int(time.time()))


def _replaced_by(sandbox: Sandbox, temporary_id: str) -> Document | None:
    """Return the entry that the named one replaces, if it still waits for it."""
    temporary = entries(sandbox.store).get(temporary_id)
    original = entries(sandbox.store).get((temporary or {}).get("replacedEntryId"))
    return original if original is not None and original.get("replacingEntryId") == temporary_id else None


def _take_over(sandbox: Sandbox, original: Document) -> Document:
    """Move the content of the temporary entry to the original one; call it inside a transaction."""
    store = sandbox.store
    temporary = entries(store).get(original["replacingEntryId"])
    if temporary is None or temporary["status"] != READY:
        return original
    old_source = source_flavor(store, original["id"])
    version = int(old_source["version"]) if old_source is not None and old_source.get("version") else 0
    for asset in flavors_of(store, original["id"]):
        delete_flavor(sandbox, asset)
    for asset in flavors_of(store, temporary["id"]):
        flavors(store).update(
            asset["id"], entryId=original["id"], version=str(version + VERSION_STEP) if version else asset["version"]
        )
    if temporary.get("contentPath"):
        remove_file_later(sandbox, original.get("contentPath"))
        # It must not go together with the temporary entry.
        entries(store).update(temporary["id"], contentPath=None)
    delete_entry(sandbox, temporary["id"])
    taken: dict[str, Any] = {name: temporary.get(name) for name in _TAKEN_OVER}
    if temporary.get("width"):
        taken["thumbnailVersion"] = int(next_version(original["thumbnailVersion"]))
    return entries(store).update(
        original["id"], **taken, status=READY, replacingEntryId=None, replacementStatus=NONE,
        updatedAt=int(time.time()),
    )  # fmt: skip
