"""Service ``document_documents``: PDFs and other documents."""

from __future__ import annotations

from typing import Any

from ..answers import FileAnswer
from ..context import Context
from ..errors import fail
from ..registry import ANYONE, action, param
from ..schema import ApiObject, render_list
from .downloads import attachment, media_type
from .entries import content_file, delete_entry, editable_entry, find_entry
from .entries_content import add_content, add_file
from .entries_edit import add_entry, update_entry
from .entries_list import list_entries
from .entries_replace import approve_replacement, cancel_replacement, update_content
from .entries_view import render_entry

_TYPE = "KalturaDocumentEntry"
_SERVICE = "document_documents"


@action(_SERVICE, "addFromUploadedFile", param("documentEntry", _TYPE), param("uploadTokenId"))
def add_from_uploaded_file(context: Context, document_entry: ApiObject, upload_token_id: str) -> dict[str, Any]:
    """Make an entry whose content is an upload; it is READY at once."""
    with context.store.transaction():
        entry = add_entry(context, document_entry)
        return render_entry(context, add_file(context, entry["id"], upload_token_id))


@action(_SERVICE, "get", param("entryId"), param("version", "int", -1), access=ANYONE)
def get(context: Context, entry_id: str, version: int) -> dict[str, Any]:
    """Answer an entry."""
    return render_entry(context, find_entry(context, entry_id, _TYPE))


@action(_SERVICE, "update", param("entryId"), param("documentEntry", _TYPE))
def update(context: Context, entry_id: str, document_entry: ApiObject) -> dict[str, Any]:
    """Change an entry."""
    return render_entry(context, update_entry(context, entry_id, document_entry, _TYPE))


@action(_SERVICE, "delete", param("entryId"))
def delete(context: Context, entry_id: str) -> None:
    """Delete an entry."""
    editable_entry(context, entry_id, _TYPE)
    delete_entry(context.sandbox, entry_id)


@action(
    _SERVICE, "list",
    param("filter", "KalturaDocumentEntryFilter", None), param("pager", "KalturaFilterPager", None),
)  # fmt: skip
def list_documents(context: Context, filter: ApiObject | None, pager: ApiObject | None) -> dict[str, Any]:
    """List entries; only READY ones unless the filter names statuses or one id."""
    found, total = list_entries(context, filter, pager, _TYPE)
    return render_list("KalturaDocumentListResponse", [render_entry(context, each) for each in found], total)


@action(
    _SERVICE, "addContent",
    param("entryId"), param("resource", "KalturaResource"), param("conversionProfileId", "int", None),
)  # fmt: skip
def add_document_content(
    context: Context, entry_id: str, resource: ApiObject, conversion_profile_id: int | None
) -> dict[str, Any]:
    """Give an entry its content."""
    return render_entry(context, add_content(context, entry_id, resource, _TYPE))


@action(
    _SERVICE, "updateContent",
    param("entryId"), param("resource", "KalturaResource"), param("conversionProfileId", "int", None),
)  # fmt: skip
def update_document_content(
    context: Context, entry_id: str, resource: ApiObject, conversion_profile_id: int | None
) -> dict[str, Any]:
    """Replace the content of an entry."""
    return render_entry(context, update_content(context, entry_id, resource, conversion_profile_id, _TYPE))


@action(_SERVICE, "approveReplace", param("entryId"))
def approve_replace(context: Context, entry_id: str) -> dict[str, Any]:
    """Agree to the new content of an entry."""
    return render_entry(context, approve_replacement(context, entry_id, _TYPE))


@action(_SERVICE, "cancelReplace", param("entryId"))
def cancel_replace(context: Context, entry_id: str) -> dict[str, Any]:
    """Drop the new content of an entry; without one nothing happens."""
    editable_entry(context, entry_id, _TYPE)
    return render_entry(context, cancel_replacement(context.sandbox, entry_id))


@action(
    _SERVICE, "serve",
    param("entryId"), param("flavorAssetId", default=None), param("forceProxy", "bool", False),
    access=ANYONE, serves_file=True,
)  # fmt: skip
def serve(context: Context, entry_id: str, flavor_asset_id: str | None, force_proxy: bool) -> FileAnswer:
    """Send the document."""
    entry = find_entry(context, entry_id, _TYPE)
    path = content_file(context.sandbox, entry)
    if path is None:
        raise fail("FILE_DOESNT_EXIST")
    headers = {"Content-Disposition": attachment(f"{entry['name']}{path.suffix}")}
    return FileAnswer(path, media_type(path), headers=headers)
