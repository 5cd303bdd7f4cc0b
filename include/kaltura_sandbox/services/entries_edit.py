"""What callers may set on an entry, and how Kaltura stores it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from ..errors import fail
from ..schema import NULL, ApiObject
from ..sessions import invalid_session
from .entries import NO_CONTENT, editable_entry, entries, find_entry, new_entry

if TYPE_CHECKING:
    from ..context import Context
    from ..store import Document

_MAX_NAME_BYTES = 256
# Longer texts do not fit Kaltura's database column, which it answers like any fault of its own.
_MAX_TEXT_BYTES = 65_535
_MIN_TAG = 2
_REMOVE_DATE = -1
_ADMIN_ONLY = ("adminTags", "startDate", "endDate")
# Properties that are empty texts rather than missing when a caller empties them.
_EMPTY_TEXTS = ("description", "tags", "entitledUsersEdit", "entitledUsersPublish", "entitledUsersView")
# Kept apart: assignments to categories, and the content of data entries.
_NOT_STORED = ("categories", "categoriesIds", "dataContent", "thumbnailUrl")


def add_entry(context: Context, sent: ApiObject, object_type: str | None = None, **values: Any) -> Document:
    """Store a new entry as a caller described it.

    :param object_type: the type it becomes; the sent one's own by default.
    :param values: what differs from the defaults and can not be sent.
    :raises ApiError: any refusal of what was sent.
    """
    sent.check_insert()
    if sent.is_a("KalturaMediaEntry"):
        sent.require("mediaType")
    _check(context, sent)
    document = new_entry(context, object_type or sent.kind.name, **values)
    store = context.store
    with store.transaction():
        _apply(sent, document)
        document.setdefault("creatorId", document["userId"])
        _check_dates(document)
        _know_user(context, document["userId"])
        entries(store).insert(document)
        _assign_categories(context, sent, document["id"])
        return find_entry(context, document["id"])


def update_entry(context: Context, entry_id: str, sent: ApiObject, object_type: str | None = None) -> Document:
    """Change the sent properties of an entry.

    :param object_type: the type the entry must be of; None allows all.
    :raises ApiError: any refusal.
    """
    entry = editable_entry(context, entry_id, object_type)
    sent.check_update()
    _check(context, sent, entry)

    def change(document: Document) -> None:
        _apply(sent, document)
        _check_dates(document)

    with context.store.transaction():
        changed = entries(context.store).update(entry_id, change, updatedAt=int(time.time()))
        _know_user(context, changed["userId"])
        _assign_categories(context, sent, entry_id)
        return find_entry(context, entry_id)


def _check(context: Context, sent: ApiObject, entry: Document | None = None) -> None:
    """Refuse what the caller's session may not set, and profiles that do not exist."""
    from .access_control import require_access_control
    from .conversion_profile import require_conversion_profile

    if not context.is_admin:
        for name in _ADMIN_ONLY:
            if name in sent and not (name == "adminTags" and context.may("editadmintags", "*")):
                raise fail("PROPERTY_VALIDATION_ADMIN_PROPERTY", PROP_NAME=name)
        owner = sent.get("userId")
        if owner is not None and owner != (entry["userId"] if entry else context.user_id):
            raise invalid_session("", -4, "INVALID_TYPE")
    if sent.get("accessControlId", _REMOVE_DATE) != _REMOVE_DATE:
        require_access_control(context, sent["accessControlId"])
    if sent.get("conversionProfileId", -1) != -1:
        require_conversion_profile(context, sent["conversionProfileId"])
        if entry is not None and entry["status"] != NO_CONTENT:
            raise fail("PROPERTY_VALIDATION_ENTRY_STATUS", PROP_NAME="conversionProfileId", STATUS=entry["status"])
    if any(len(sent.get(name, "").encode()) > _MAX_TEXT_BYTES for name in ("name", "description", "tags")):
        raise fail("INTERNAL_SERVERL_ERROR")
    if sent.get("displayInSearch") not in {None, -1, 1}:
        raise fail("ENTRY_DISPLAY_IN_SEARCH_VALUE_NOT_ALLOWED", VALUE=sent["displayInSearch"])


def _apply(sent: ApiObject, document: Document) -> None:
    """Write the sent properties as Kaltura keeps them."""
    before = dict(document)
    sent.apply_to(document)
    for name in _NOT_STORED:
        _restore(document, before, name)
    for name in _EMPTY_TEXTS:
        document.setdefault(name, "")
    if "name" in sent:
        text = (document.get("name") or before["name"]).encode()[:_MAX_NAME_BYTES]
        document["name"] = text.decode("utf-8", "ignore")
    if "tags" in sent:
        document["tags"] = ", ".join(each for each in _split(document["tags"]) if len(each) >= _MIN_TAG)
    if "adminTags" in sent and "adminTags" in document:
        document["adminTags"] = ",".join(_split(document["adminTags"]))
    for name in ("startDate", "endDate"):
        if document.get(name) == _REMOVE_DATE:
            del document[name]
    for name in ("userId", "accessControlId", "licenseType", "displayInSearch", "partnerSortValue"):
        if sent.values.get(name) is NULL or (name == "accessControlId" and document.get(name) == -1):
            _restore(document, before, name)
    if document.get("conversionProfileId") == -1:
        del document["conversionProfileId"]


def _restore(document: Document, before: Document, name: str) -> None:
    if name in before:
        document[name] = before[name]
    else:
        document.pop(name, None)


def _split(text: str) -> list[str]:
    return [each for each in (part.strip().lower() for part in text.split(",")) if each]


def _check_dates(document: Document) -> None:
    start, end = document.get("startDate"), document.get("endDate")
    if start is not None and end is not None and start >= end:
        raise fail("INVALID_ENTRY_SCHEDULE_DATES")


def _know_user(context: Context, user_id: str) -> None:
    """Make a user that is named for the first time, as Kaltura does."""
    from .user import ensure_user

    if user_id:
        ensure_user(context.store, context.partner_id, user_id)


def _assign_categories(context: Context, sent: ApiObject, entry_id: str) -> None:
    """Replace the entry's categories by the sent ones; ids win over names."""
    from . import category_entry

    if "categoriesIds" in sent:
        category_entry.assign_by_ids(context, entry_id, sent.get("categoriesIds", ""))
    elif "categories" in sent:
        category_entry.assign_by_names(context, entry_id, sent.get("categories", ""))
