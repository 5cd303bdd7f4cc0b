"""Service ``media``: video, audio and image entries."""

from __future__ import annotations

from typing import Any

from ..context import Context
from ..registry import ANYONE, WIDGET, action, param
from ..schema import ApiObject, render_list
from .entries import delete_entry, editable_entry, find_entry
from .entries_content import add_content, add_file, add_url
from .entries_edit import add_entry, update_entry
from .entries_list import count_entries, list_entries
from .entries_replace import approve_replacement, cancel_replacement, update_media_content
from .entries_view import render_entry

_TYPE = "KalturaMediaEntry"


@action("media", "add", param("entry", _TYPE))
def add(context: Context, entry: ApiObject) -> dict[str, Any]:
    """Make an entry without content."""
    return render_entry(context, add_entry(context, entry))


@action("media", "get", param("entryId"), param("version", "int", -1), access=ANYONE)
def get(context: Context, entry_id: str, version: int) -> dict[str, Any]:
    """Answer an entry."""
    return render_entry(context, find_entry(context, entry_id, _TYPE))


@action("media", "update", param("entryId"), param("mediaEntry", _TYPE))
def update(context: Context, entry_id: str, media_entry: ApiObject) -> dict[str, Any]:
    """Change an entry."""
    return render_entry(context, update_entry(context, entry_id, media_entry, _TYPE))


@action("media", "delete", param("entryId"))
def delete(context: Context, entry_id: str) -> None:
    """Delete an entry."""
    editable_entry(context, entry_id, _TYPE)
    delete_entry(context.sandbox, entry_id)


@action(
    "media", "list",
    param("filter", "KalturaMediaEntryFilter", None), param("pager", "KalturaFilterPager", None), access=WIDGET,
)  # fmt: skip
def list_media(context: Context, filter: ApiObject | None, pager: ApiObject | None) -> dict[str, Any]:
    """List entries; only READY ones unless the filter names statuses or one id."""
    found, total = list_entries(context, filter, pager, _TYPE)
    return render_list("KalturaMediaListResponse", [render_entry(context, each) for each in found], total)


@action("media", "count", param("filter", "KalturaMediaEntryFilter", None))
def count(context: Context, filter: ApiObject | None) -> int:
    """Count the entries that a list with the same filter has."""
    return count_entries(context, filter, _TYPE)


@action("media", "addContent", param("entryId"), param("resource", "KalturaResource", None))
def add_media_content(context: Context, entry_id: str, resource: ApiObject | None) -> dict[str, Any]:
    """Give an entry its first content."""
    return render_entry(context, add_content(context, entry_id, resource, _TYPE))


@action(
    "media", "updateContent",
    param("entryId"), param("resource", "KalturaResource"), param("conversionProfileId", "int", None),
    param("advancedOptions", "raw", None),
)  # fmt: skip
def update_content(
    context: Context, entry_id: str, resource: ApiObject, conversion_profile_id: int | None, advanced_options: Any
) -> dict[str, Any]:
    """Replace the content of an entry."""
    return render_entry(context, update_media_content(context, entry_id, resource, conversion_profile_id))


@action("media", "approveReplace", param("entryId"))
def approve_replace(context: Context, entry_id: str) -> dict[str, Any]:
    """Agree to the new content of an entry."""
    return render_entry(context, approve_replacement(context, entry_id, _TYPE))


@action("media", "cancelReplace", param("entryId"))
def cancel_replace(context: Context, entry_id: str) -> dict[str, Any]:
    """Drop the new content of an entry; without one nothing happens."""
    editable_entry(context, entry_id, _TYPE)
    return render_entry(context, cancel_replacement(context.sandbox, entry_id))


@action("media", "addFromUrl", param("mediaEntry", _TYPE), param("url"))
def add_from_url(context: Context, media_entry: ApiObject, url: str) -> dict[str, Any]:
    """Make an entry whose content comes from an address."""
    entry = add_entry(context, media_entry)
    return render_entry(context, add_url(context, entry["id"], url))


@action("media", "addFromUploadedFile", param("mediaEntry", _TYPE), param("uploadTokenId"))
def add_from_uploaded_file(context: Context, media_entry: ApiObject, upload_token_id: str) -> dict[str, Any]:
    """Make an entry whose content is an upload."""
    with context.store.transaction():
        entry = add_entry(context, media_entry)
        return render_entry(context, add_file(context, entry["id"], upload_token_id))
