"""Moderation of entries: approving, rejecting, and what viewers flag."""

from __future__ import annotations

import time
from typing import Any

from ..context import Context
from ..listing import find_page
from ..query import equal
from ..registry import ADMIN, action, param
from ..schema import ApiObject, int_enum, kaltura_type, list_type, prop, props, render, render_list
from ..store import Collection, Store
from .entries import APPROVED, FLAGGED_FOR_REVIEW, REJECTED, entries, find_entry

_FLAG_PENDING = 1
_FLAG_MODERATED = 2
_FLAG_OF_ENTRY = 2

int_enum("KalturaModerationFlagType")
int_enum("KalturaModerationFlagStatus", 1, 2)
kaltura_type(
    "KalturaModerationFlag", None,
    *props("int", "id partnerId", read_only=True), prop("userId", read_only=True),
    prop("moderationObjectType", "int", read_only=True), *props("string", "flaggedEntryId flaggedUserId"),
    prop("status", "KalturaModerationFlagStatus", read_only=True), prop("comments"),
    prop("flagType", "KalturaModerationFlagType"), *props("time", "createdAt updatedAt", read_only=True),
)  # fmt: skip
list_type("KalturaModerationFlagListResponse", "KalturaModerationFlag")


def _flags(store: Store) -> Collection:
    return store.collection("moderationFlag", "flaggedEntryId")


@action("media", "approve", param("entryId"), access=ADMIN)
@action("baseEntry", "approve", param("entryId"), access=ADMIN)
def approve(context: Context, entry_id: str) -> None:
    """Let an entry be played and listed."""
    _decide(context, entry_id, APPROVED)


@action("media", "reject", param("entryId"), access=ADMIN)
@action("baseEntry", "reject", param("entryId"), access=ADMIN)
def reject(context: Context, entry_id: str) -> None:
    """Keep an entry from being played and listed."""
    _decide(context, entry_id, REJECTED)


def _decide(context: Context, entry_id: str, status: int) -> None:
    find_entry(context, entry_id)
    now = int(time.time())
    with context.store.transaction():
        entries(context.store).update(entry_id, moderationStatus=status, moderationCount=0, updatedAt=now)
        for flag in _flags(context.store).find(equal("flaggedEntryId", entry_id) & equal("status", _FLAG_PENDING)):
            _flags(context.store).update(flag["id"], status=_FLAG_MODERATED, updatedAt=now)


@action("media", "flag", param("moderationFlag", "KalturaModerationFlag"))
@action("baseEntry", "flag", param("moderationFlag", "KalturaModerationFlag"))
def flag(context: Context, moderation_flag: ApiObject) -> dict[str, Any]:
    """Report an entry to the moderators."""
    moderation_flag.require("flaggedEntryId")
    moderation_flag.check_insert()
    entry = find_entry(context, moderation_flag["flaggedEntryId"])
    now = int(time.time())
    document = {
        "id": context.store.next_number("moderationFlag"), "partnerId": entry["partnerId"],
        "userId": context.user_id, "moderationObjectType": _FLAG_OF_ENTRY, "status": _FLAG_PENDING, "createdAt": now,
        "updatedAt": now,
    }  # fmt: skip
    moderation_flag.apply_to(document)
    with context.store.transaction():
        _flags(context.store).insert(document)
        entries(context.store).update(
            entry["id"], lambda found: found.update(moderationCount=found["moderationCount"] + 1),
            moderationStatus=FLAGGED_FOR_REVIEW,
        )  # fmt: skip
    return render("KalturaModerationFlag", document)


@action("media", "listFlags", param("entryId"), param("pager", "KalturaFilterPager", None), access=ADMIN)
@action("baseEntry", "listFlags", param("entryId"), param("pager", "KalturaFilterPager", None), access=ADMIN)
def list_flags(context: Context, entry_id: str, pager: ApiObject | None) -> dict[str, Any]:
    """List the flags of an entry that nobody has decided about."""
    where = equal("partnerId", context.partner_id) & equal("flaggedEntryId", entry_id) & equal("status", _FLAG_PENDING)
    found, total = find_page(_flags(context.store), None, pager, base=where)
    rendered = [render("KalturaModerationFlag", each) for each in found]
    return render_list("KalturaModerationFlagListResponse", rendered, total)
