"""Service ``baseEntry``: entries of every kind."""

from __future__ import annotations

from typing import Any

from ..casting import to_int
from ..context import Context
from ..errors import fail
from ..registry import ANYONE, WIDGET, action, param
from ..schema import ApiObject, render_list
from ..store import Document
from .entries import (
    AUTOMATIC,
    DATA,
    DOCUMENT,
    MEDIA_CLIP,
    NO_CONTENT,
    PLAYLIST,
    READY,
    delete_entry,
    editable_entry,
    find_entry,
)
from .entries_content import add_content, add_file
from .entries_edit import add_entry, update_entry
from .entries_list import count_entries, entries_by_reference, list_entries, live_entries
from .entries_replace import update_content
from .entries_view import render_entry

_TYPES = {
    "KalturaMediaEntry": MEDIA_CLIP, "KalturaDataEntry": DATA, "KalturaDocumentEntry": DOCUMENT,
    "KalturaPlaylist": PLAYLIST,
}  # fmt: skip
_BY_NUMBER = {number: name for name, number in _TYPES.items()}


def _add(context: Context, entry: ApiObject, entry_type: str) -> Document:
    name = entry.kind.name
    if name == "KalturaBaseEntry":
        name = _BY_NUMBER.get(to_int(entry.get("type", entry_type)), name)
    status = READY if name == "KalturaPlaylist" else NO_CONTENT
    return add_entry(context, entry, name, type=_TYPES.get(name, AUTOMATIC), status=status)


@action("baseEntry", "add", param("entry", "KalturaBaseEntry"), param("type", default="-1"))
def add(context: Context, entry: ApiObject, type: str) -> dict[str, Any]:
    """Make an entry without content; one without a type gets it from its first content."""
    return render_entry(context, _add(context, entry, type))


@action(
    "baseEntry", "addFromUploadedFile",
    param("entry", "KalturaBaseEntry"), param("uploadTokenId"), param("type", default="-1"),
)  # fmt: skip
def add_from_uploaded_file(context: Context, entry: ApiObject, upload_token_id: str, type: str) -> dict[str, Any]:
    """Make an entry whose content is an upload."""
    with context.store.transaction():
        made = _add(context, entry, type)
        return render_entry(context, add_file(context, made["id"], upload_token_id))


@action("baseEntry", "get", param("entryId"), param("version", "int", -1), access=ANYONE)
def get(context: Context, entry_id: str, version: int) -> dict[str, Any]:
    """Answer an entry as the type it is of."""
    return render_entry(context, find_entry(context, entry_id))


@action("baseEntry", "getByIds", param("entryIds"), access=WIDGET)
def get_by_ids(context: Context, entry_ids: str) -> list[dict[str, Any]]:
    """Answer several entries in every status but deleted; unknown ids are left out."""
    return [render_entry(context, each) for each in live_entries(context, entry_ids)]


@action("baseEntry", "update", param("entryId"), param("baseEntry", "KalturaBaseEntry"))
def update(context: Context, entry_id: str, base_entry: ApiObject) -> dict[str, Any]:
    """Change an entry."""
    return render_entry(context, update_entry(context, entry_id, base_entry))


@action("baseEntry", "delete", param("entryId"))
def delete(context: Context, entry_id: str) -> None:
    """Delete an entry."""
    editable_entry(context, entry_id)
    delete_entry(context.sandbox, entry_id)


@action(
    "baseEntry", "list",
    param("filter", "KalturaBaseEntryFilter", None), param("pager", "KalturaFilterPager", None), access=WIDGET,
)  # fmt: skip
def list_base_entries(context: Context, filter: ApiObject | None, pager: ApiObject | None) -> dict[str, Any]:
    """List entries of every type; only READY ones unless the filter names statuses or one id."""
    found, total = list_entries(context, filter, pager)
    return render_list("KalturaBaseEntryListResponse", [render_entry(context, each) for each in found], total)


@action("baseEntry", "count", param("filter", "KalturaBaseEntryFilter", None), param("type", default=None))
def count(context: Context, filter: ApiObject | None, type: str | None) -> int:
    """Count the entries that a list with the same filter has."""
    return count_entries(context, filter, _BY_NUMBER.get(to_int(type)))


@action("baseEntry", "listByReferenceId", param("refId"), param("pager", "KalturaFilterPager", None))
def list_by_reference_id(context: Context, ref_id: str, pager: ApiObject | None) -> dict[str, Any]:
    """List the entries with a reference id, in every status but deleted."""
    if not ref_id.strip():
        raise fail("MISSING_MANDATORY_PARAMETER", PARAM_NAME="refId")
    found, total = entries_by_reference(context, ref_id, pager)
    return render_list("KalturaBaseEntryListResponse", [render_entry(context, each) for each in found], total)


@action("baseEntry", "addContent", param("entryId"), param("resource", "KalturaResource"))
def add_base_content(context: Context, entry_id: str, resource: ApiObject) -> dict[str, Any]:
    """Give an entry its first content."""
    return render_entry(context, add_content(context, entry_id, resource))


@action(
    "baseEntry", "updateContent",
    param("entryId"), param("resource", "KalturaResource"), param("conversionProfileId", "int", None),
    param("advancedOptions", "raw", None),
)  # fmt: skip
def update_base_content(
    context: Context, entry_id: str, resource: ApiObject, conversion_profile_id: int | None, advanced_options: Any
) -> dict[str, Any]:
    """Replace the content of an entry."""
    return render_entry(context, update_content(context, entry_id, resource, conversion_profile_id))
