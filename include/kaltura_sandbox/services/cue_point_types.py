"""Types of cue points, and what Kaltura demands of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import fail, register_error
from ..listing import Condition
from ..query import Where, contains, equal
from ..schema import ApiObject, int_enum, kaltura_type, list_type, prop, props, string_enum

if TYPE_CHECKING:
    from ..context import Context
    from ..store import Document

_MAX_TAGS = 255
_MAX_TEXT = 32_700

# What Kaltura calls the types.
NAMES = {
    "KalturaThumbCuePoint": "thumbCuePoint.Thumb",
    "KalturaAnnotation": "annotation.Annotation",
    "KalturaCodeCuePoint": "codeCuePoint.Code",
}
# Filters that show one type only.
NAMES_OF_FILTERS = {
    "KalturaThumbCuePointFilter": NAMES["KalturaThumbCuePoint"],
    "KalturaAnnotationFilter": NAMES["KalturaAnnotation"],
    "KalturaCodeCuePointFilter": NAMES["KalturaCodeCuePoint"],
}

register_error("INVALID_CUE_POINT_ID", "Invalid cue point id [@ID@]")
register_error("CUE_POINT_SYSTEM_NAME_EXISTS", "Cue point system name already exists [@NAME@] with id [@ID@]")
register_error("START_TIME_CANNOT_BE_LESS_THAN_0", "Start time cannot be less than 0")
register_error("END_TIME_WITHOUT_START_TIME", "Cannot provide end time without start time")
register_error("END_TIME_CANNOT_BE_LESS_THAN_START_TIME", "End time cannot be less than start time")
register_error(
    "START_TIME_IS_BIGGER_THAN_ENTRY_END_TIME",
    "Start time of the cue point [@CUE_POINT_ID@] cannot be bigger than entry end time [@END_TIME@]",
)
register_error(
    "END_TIME_IS_BIGGER_THAN_ENTRY_END_TIME",
    "End time of the cue point [@CUE_POINT_ID@] cannot be bigger than entry end time [@END_TIME@]",
)
register_error("PARENT_ANNOTATION_NOT_FOUND", "Parent annotation id [@CUE_POINT_ID@] not found")
register_error(
    "PARENT_ANNOTATION_DO_NOT_BELONG_TO_THE_SAME_ENTRY", "parent annotation does not belong to current annotation"
)

string_enum("KalturaCuePointType")
int_enum("KalturaCuePointStatus", 1, 2, 3, 4)
int_enum("KalturaThumbCuePointSubType", 1, 2)
int_enum("KalturaNullableBoolean", -1, 0, 1)
kaltura_type(
    "KalturaCuePoint", None,
    prop("id", read_only=True), prop("intId", "int", read_only=True),
    prop("cuePointType", "KalturaCuePointType", read_only=True),
    prop("status", "KalturaCuePointStatus", read_only=True), prop("entryId", insert_only=True),
    prop("partnerId", "int", read_only=True), *props("time", "createdAt updatedAt", read_only=True),
    prop("triggeredAt", "time"), prop("tags", max_length=_MAX_TAGS), prop("startTime", "int"), prop("userId"),
    prop("partnerData"), prop("partnerSortValue", "int"), prop("forceStop", "KalturaNullableBoolean"),
    prop("thumbOffset", "int"), prop("systemName"), prop("isMomentary", "bool", read_only=True),
    prop("copiedFrom", read_only=True), abstract=True,
)  # fmt: skip
kaltura_type(
    "KalturaThumbCuePoint", "KalturaCuePoint",
    prop("assetId"), *props("string", "description title"), prop("subType", "KalturaThumbCuePointSubType"),
)  # fmt: skip
kaltura_type(
    "KalturaAnnotation", "KalturaCuePoint",
    prop("parentId", insert_only=True), prop("text", max_length=_MAX_TEXT), prop("endTime", "int"),
    *props("int", "duration depth childrenCount directChildrenCount", read_only=True),
    prop("isPublic", "KalturaNullableBoolean"), prop("searchableOnEntry", "KalturaNullableBoolean"),
)  # fmt: skip
kaltura_type(
    "KalturaCodeCuePoint", "KalturaCuePoint",
    *props("string", "code description"), prop("endTime", "int"), prop("duration", "int", read_only=True),
)  # fmt: skip
kaltura_type(
    "KalturaCuePointFilter", "KalturaFilter",
    *props("string", "idEqual idIn entryIdEqual entryIdIn cuePointTypeEqual cuePointTypeIn statusIn freeText"),
    prop("statusEqual", "KalturaCuePointStatus"),
    *props("time", "createdAtGreaterThanOrEqual createdAtLessThanOrEqual updatedAtGreaterThanOrEqual"),
    *props("time", "updatedAtLessThanOrEqual triggeredAtGreaterThanOrEqual triggeredAtLessThanOrEqual"),
    *props("string", "tagsLike tagsMultiLikeOr tagsMultiLikeAnd userIdEqual userIdIn systemNameEqual systemNameIn"),
    *props("int", "startTimeGreaterThanOrEqual startTimeLessThanOrEqual partnerSortValueEqual"),
    *props("int", "partnerSortValueGreaterThanOrEqual partnerSortValueLessThanOrEqual"), prop("partnerSortValueIn"),
    prop("forceStopEqual", "KalturaNullableBoolean"),
)  # fmt: skip
kaltura_type(
    "KalturaThumbCuePointFilter", "KalturaCuePointFilter",
    *props("string", "descriptionLike descriptionMultiLikeOr descriptionMultiLikeAnd"),
    *props("string", "titleLike titleMultiLikeOr titleMultiLikeAnd subTypeIn"),
    prop("subTypeEqual", "KalturaThumbCuePointSubType"),
)  # fmt: skip
kaltura_type(
    "KalturaAnnotationFilter", "KalturaCuePointFilter",
    *props("string", "parentIdEqual parentIdIn textLike textMultiLikeOr textMultiLikeAnd"),
    *props("int", "endTimeGreaterThanOrEqual endTimeLessThanOrEqual"),
    prop("isPublicEqual", "KalturaNullableBoolean"),
)  # fmt: skip
kaltura_type("KalturaCodeCuePointFilter", "KalturaCuePointFilter", *props("string", "codeLike codeEqual codeIn"))
list_type("KalturaCuePointListResponse", "KalturaCuePoint")


def _free_text(value: Any) -> Where:
    text = str(value)
    found = contains("tags", text)
    for name in ("text", "title", "description", "code"):
        found |= contains(name, text)
    return found


CONDITIONS: dict[str, Condition] = {"freeText": _free_text, "subTypeEqual": lambda value: equal("subType", value)}


def check(context: Context, sent: ApiObject, document: Document, entry: Document, *, adding: bool) -> None:
    """Refuse a cue point that lies outside of its entry, or lacks what its type needs; fill in what follows.

    :param sent: what the caller sent.
    :param document: the cue point with that applied; end and duration are set here.
    :param entry: its entry.
    :param adding: whether it is a new one.
    :raises ApiError: says what does not fit.
    """
    length = int(entry.get("msDuration") or 0)
    _check_start(sent, document, length, adding)
    if document["objectType"] == "KalturaCodeCuePoint":
        if adding:
            sent.require("code")
        _check_end(document, length)
    elif document["objectType"] == "KalturaAnnotation" and document.get("parentId") not in {None, "", "0"}:
        if adding:
            _place(context, document)
        _check_end(document, length)
    if document.get("endTime") is not None:
        document["duration"] = document["endTime"] - document["startTime"]


def _check_start(sent: ApiObject, document: Document, length: int, adding: bool) -> None:
    if adding and sent.get("startTime") is None and sent.get("endTime") is not None:
        raise fail("END_TIME_WITHOUT_START_TIME")
    if not adding and "startTime" not in sent:
        return
    start = document.setdefault("startTime", 0)
    if start < 0:
        raise fail("START_TIME_CANNOT_BE_LESS_THAN_0")
    if length and length < start:
        raise fail("START_TIME_IS_BIGGER_THAN_ENTRY_END_TIME", CUE_POINT_ID=start, END_TIME=length)


def _check_end(document: Document, length: int) -> None:
    end: int = document.setdefault("endTime", document["startTime"]) or 0
    if end and end < document["startTime"]:
        raise fail("END_TIME_CANNOT_BE_LESS_THAN_START_TIME")
    if length and length < end:
        raise fail("END_TIME_IS_BIGGER_THAN_ENTRY_END_TIME", CUE_POINT_ID=end, END_TIME=length)


def _place(context: Context, document: Document) -> None:
    """Put an annotation below another one of the same entry."""
    from .cue_point import cue_points

    parents = cue_points(context.store)
    parent = parents.get(document["parentId"], context.partner_id)
    if parent is None or parent["status"] == 2:
        raise fail("PARENT_ANNOTATION_NOT_FOUND", CUE_POINT_ID=document["parentId"])
    if parent["entryId"] != document["entryId"]:
        raise fail("PARENT_ANNOTATION_DO_NOT_BELONG_TO_THE_SAME_ENTRY")
    document["depth"] = parent.get("depth", 0) + 1
    parents.update(
        parent["id"], childrenCount=parent.get("childrenCount", 0) + 1,
        directChildrenCount=parent.get("directChildrenCount", 0) + 1,
    )  # fmt: skip
