"""Service ``cuepoint_cuepoint``: moments of an entry, such as chapters, slides, annotations and code."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from ..context import Context
from ..errors import fail
from ..ids import short_id
from ..listing import MAX_PAGE, filter_condition, find_page
from ..query import Where, equal, one_of
from ..registry import USER, action, param
from ..schema import TYPES, ApiObject, render, render_list
from ..sessions import invalid_session
from ..store import Collection, Document, Store
from . import cue_point_types as types
from .entries import DELETED as ENTRY_DELETED
from .entries import entries, find_entry, on_entry_deleted
from .user import ensure_user

if TYPE_CHECKING:
    from ..sandbox import Sandbox

_READY, _DELETED, _PENDING = 1, 2, 4
_SLIDE = 1
_MAX_TITLE = 255


def cue_points(store: Store) -> Collection:
    """Return the cue points of all entries, deleted ones too."""
    return store.collection("cuePoint", "entryId", "systemName")


def _find(context: Context, cue_point_id: str) -> Document:
    found = cue_points(context.store).get(cue_point_id, context.partner_id)
    if found is None or found["status"] == _DELETED:
        raise fail("INVALID_CUE_POINT_ID", ID=cue_point_id)
    return found


def _editable(context: Context, cue_point_id: str) -> Document:
    found = _find(context, cue_point_id)
    owner = str(found.get("userId") or "").lower()
    if not context.is_admin and owner != context.user_id.lower() and not context.may("editcuepoint", cue_point_id):
        raise invalid_session("", -4, "INVALID_TYPE")
    return found


def _answer(document: Document) -> dict[str, Any]:
    return render(document["objectType"], document)


@action("cuepoint_cuepoint", "add", param("cuePoint", "KalturaCuePoint"), access=USER)
def add(context: Context, cue_point: ApiObject) -> dict[str, Any]:
    """Make a cue point; its system name, if it has one, must be free on the entry."""
    cue_point.check_insert()
    cue_point.require("entryId")
    entry = find_entry(context, cue_point["entryId"])
    now = int(time.time())
    with context.store.transaction():
        document: Document = {
            "id": short_id(), "intId": context.store.next_number("cuePoint"), "objectType": cue_point.kind.name,
            "cuePointType": types.NAMES[cue_point.kind.name], "status": _READY, "partnerId": context.partner_id,
            "createdAt": now, "updatedAt": now, "startTime": 0, "userId": context.user_id, "isMomentary": False,
            "tags": "",
        }  # fmt: skip
        if document["objectType"] == "KalturaThumbCuePoint":
            document["subType"] = _SLIDE
        elif document["objectType"] == "KalturaAnnotation":
            document.update(
                parentId="0", isPublic=0, searchableOnEntry=1, depth=0, childrenCount=0, directChildrenCount=0
            )
        cue_point.apply_to(document)
        types.check(context, cue_point, document, entry, adding=True)
        _check_free(context, document)
        if document.get("subType") == _SLIDE:
            # A slide is shown once it has its picture.
            document["status"] = _PENDING
        _cut_title(document)
        ensure_user(context.store, context.partner_id, document["userId"])
        return _answer(cue_points(context.store).insert(document))


def _check_free(context: Context, document: Document) -> None:
    """Refuse a system name that another cue point of the entry has, as far as the search index knows."""
    name = document.get("systemName")
    if not name:
        return
    where = equal("entryId", document["entryId"]) & equal("systemName", name) & ~equal("status", _DELETED)
    for other in cue_points(context.store).find(where, search=True):
        if other["id"] != document["id"]:
            raise fail("CUE_POINT_SYSTEM_NAME_EXISTS", NAME=name, ID=other["id"])


def _cut_title(document: Document) -> None:
    if "title" in document:
        document["title"] = str(document["title"]).encode()[:_MAX_TITLE].decode("utf-8", "ignore")


@action("cuepoint_cuepoint", "get", param("id"), access=USER)
def get(context: Context, id: str) -> dict[str, Any]:
    """Answer a cue point."""
    return _answer(_find(context, id))


@action("cuepoint_cuepoint", "update", param("id"), param("cuePoint", "KalturaCuePoint"), access=USER)
def update(context: Context, id: str, cue_point: ApiObject) -> dict[str, Any]:
    """Change a cue point."""
    with context.store.transaction():
        document = _editable(context, id)
        if cue_point.get("systemName"):
            _check_free(context, {**document, "systemName": cue_point["systemName"]})
        cue_point.check_update()
        # Of another type only what both have is changed.
        known = TYPES[document["objectType"]].properties
        sent = ApiObject(cue_point.kind, {name: value for name, value in cue_point.values.items() if name in known})
        sent.apply_to(document)
        types.check(context, sent, document, find_entry(context, document["entryId"]), adding=False)
        document["updatedAt"] = int(time.time())
        return _answer(cue_points(context.store).save(document))


@action("cuepoint_cuepoint", "delete", param("id"), access=USER)
def delete(context: Context, id: str) -> None:
    """Delete a cue point with all annotations below it."""
    with context.store.transaction():
        _editable(context, id)
        _delete(context.store, id)


def _delete(store: Store, cue_point_id: str) -> None:
    cue_points(store).update(cue_point_id, status=_DELETED, updatedAt=int(time.time()))
    for child in cue_points(store).find(equal("parentId", cue_point_id) & ~equal("status", _DELETED)):
        _delete(store, child["id"])


@action("cuepoint_cuepoint", "updateStatus", param("id"), param("status", "KalturaCuePointStatus"), access=USER)
def update_status(context: Context, id: str, status: int) -> None:
    """Change the status of a cue point."""
    with context.store.transaction():
        _editable(context, id)
        cue_points(context.store).update(id, status=status, updatedAt=int(time.time()))


@action(
    "cuepoint_cuepoint", "updateCuePointsTimes",
    param("id"), param("startTime", "int"), param("endTime", "int", None), access=USER,
)  # fmt: skip
def update_times(context: Context, id: str, start_time: int, end_time: int | None) -> dict[str, Any]:
    """Move a cue point, without looking whether the entry is that long."""
    with context.store.transaction():
        document = _editable(context, id)
        document.update(startTime=start_time, updatedAt=int(time.time()))
        if end_time:
            document["endTime"] = end_time
        return _answer(cue_points(context.store).save(document))


@action(
    "cuepoint_cuepoint", "list",
    param("filter", "KalturaCuePointFilter", None), param("pager", "KalturaFilterPager", None), access=USER,
)  # fmt: skip
def list_cue_points(context: Context, filter: ApiObject | None, pager: ApiObject | None) -> dict[str, Any]:
    """List cue points of entries or by id; without a pager, as many as there may be on a page."""
    if filter is None or not any(filter.get(name) for name in ("idEqual", "idIn", "entryIdEqual", "entryIdIn")):
        kind = filter.kind.name if filter is not None else "KalturaCuePointFilter"
        names = "/".join(f"{kind}::{name}" for name in ("idEqual", "idIn", "entryIdEqual", "entryIdIn"))
        raise fail("PROPERTY_VALIDATION_CANNOT_BE_NULL", PROP_NAME=names)
    found, total = find_page(
        cue_points(context.store), filter, pager or ApiObject(TYPES["KalturaFilterPager"], {"pageSize": MAX_PAGE}),
        base=_seen_by(context, filter), conditions=types.CONDITIONS, search=True,
        order_fields=("createdAt", "updatedAt", "triggeredAt", "startTime", "partnerSortValue", "intId", "endTime"),
    )  # fmt: skip
    return render_list("KalturaCuePointListResponse", [_answer(each) for each in found], total)


@action("cuepoint_cuepoint", "count", param("filter", "KalturaCuePointFilter", None), access=USER)
def count(context: Context, filter: ApiObject | None) -> int:
    """Count cue points, of the whole account without a filter."""
    where = _seen_by(context, filter) & filter_condition(filter, types.CONDITIONS, search=True)
    return cue_points(context.store).count(where, search=True)


def _seen_by(context: Context, filter: ApiObject | None) -> Where:
    """Return the condition for what lists show: nothing deleted, and to users only what is public or their own."""
    where = equal("partnerId", context.partner_id) & ~equal("status", _DELETED)
    if filter is not None and filter.kind.name in types.NAMES_OF_FILTERS:
        where &= equal("cuePointType", types.NAMES_OF_FILTERS[filter.kind.name])
    entry_ids = _entry_ids(filter)
    if entry_ids:
        live = [entries(context.store).get(each, context.partner_id) for each in entry_ids]
        where &= one_of("entryId", [each["id"] for each in live if each and each["status"] != ENTRY_DELETED])
    if context.is_admin or context.may("list", "*") or any(context.may("list", each) for each in entry_ids):
        return where
    public = one_of("objectType", ["KalturaThumbCuePoint", "KalturaCodeCuePoint"]) | equal("isPublic", 1)
    return where & (public | equal("userId", context.user_id) if context.user_id else public)


def _entry_ids(filter: ApiObject | None) -> list[str]:
    if filter is None:
        return []
    single = filter.get("entryIdEqual")
    return [single] if single else [part.strip() for part in filter.get("entryIdIn", "").split(",") if part.strip()]


@on_entry_deleted
def forget_entry(sandbox: Sandbox, entry: Document) -> None:
    """Delete the cue points of a deleted entry."""
    for each in cue_points(sandbox.store).find(equal("entryId", entry["id"]) & ~equal("status", _DELETED)):
        cue_points(sandbox.store).update(each["id"], status=_DELETED)
