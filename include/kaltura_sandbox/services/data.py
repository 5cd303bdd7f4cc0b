"""Service ``data``: entries that hold a text."""

from __future__ import annotations

import time
from typing import Any

from ..answers import FileAnswer
from ..context import Context
from ..registry import ANYONE, action, param
from ..schema import ApiObject, render_list
from ..store import Document
from .downloads import attachment
from .entries import (
    READY,
    content_file,
    delete_entry,
    editable_entry,
    entries,
    find_entry,
    next_version,
    relative_path,
    remove_file_later,
)
from .entries_content import attach, keep
from .entries_edit import add_entry, update_entry
from .entries_list import list_entries
from .entries_view import render_entry

_TYPE = "KalturaDataEntry"


def set_text(context: Context, entry: Document, text: str) -> Document:
    """Make a text the content of a data entry; call it inside a transaction."""
    spooled = context.files.temporary()
    spooled.write_text(text, encoding="utf-8")
    path = keep(context.sandbox, entry["id"], spooled, ".txt")
    remove_file_later(context.sandbox, entry.get("contentPath"))
    return entries(context.store).update(
        entry["id"], contentPath=relative_path(context.sandbox, path), version=next_version(entry["version"]),
        status=READY, updatedAt=int(time.time()),
    )  # fmt: skip


@action("data", "add", param("dataEntry", _TYPE))
def add(context: Context, data_entry: ApiObject) -> dict[str, Any]:
    """Make an entry; it is READY at once."""
    with context.store.transaction():
        entry = add_entry(context, data_entry, status=READY)
        if data_entry.get("dataContent") is not None:
            entry = set_text(context, entry, data_entry["dataContent"])
    return render_entry(context, entry)


@action("data", "get", param("entryId"), param("version", "int", -1), access=ANYONE)
def get(context: Context, entry_id: str, version: int) -> dict[str, Any]:
    """Answer an entry, with its text unless it was made to hide that."""
    return render_entry(context, find_entry(context, entry_id, _TYPE))


@action("data", "update", param("entryId"), param("documentEntry", _TYPE))
def update(context: Context, entry_id: str, document_entry: ApiObject) -> dict[str, Any]:
    """Change an entry; a text that is sent replaces the present one."""
    with context.store.transaction():
        entry = update_entry(context, entry_id, document_entry, _TYPE)
        if document_entry.get("dataContent") is not None:
            entry = set_text(context, entry, document_entry["dataContent"])
    return render_entry(context, entry)


@action("data", "delete", param("entryId"))
def delete(context: Context, entry_id: str) -> None:
    """Delete an entry."""
    editable_entry(context, entry_id, _TYPE)
    delete_entry(context.sandbox, entry_id)


@action("data", "list", param("filter", "KalturaDataEntryFilter", None), param("pager", "KalturaFilterPager", None))
def list_data(context: Context, filter: ApiObject | None, pager: ApiObject | None) -> dict[str, Any]:
    """List entries."""
    found, total = list_entries(context, filter, pager, _TYPE)
    return render_list("KalturaDataListResponse", [render_entry(context, each) for each in found], total)


@action("data", "addContent", param("entryId"), param("resource", "KalturaResource"))
def add_data_content(context: Context, entry_id: str, resource: ApiObject) -> dict[str, Any]:
    """Give an entry its content, also one that has some: data entries are READY from the beginning."""
    editable_entry(context, entry_id, _TYPE)
    return render_entry(context, attach(context, entry_id, resource, replace=True))


@action(
    "data", "serve",
    param("entryId"), param("version", "int", -1), param("forceProxy", "bool", False),
    access=ANYONE, serves_file=True,
)  # fmt: skip
def serve(context: Context, entry_id: str, version: int, force_proxy: bool) -> FileAnswer:
    """Send the text of an entry."""
    entry = find_entry(context, entry_id, _TYPE)
    headers = {"Content-Disposition": attachment(entry["name"])}
    return FileAnswer(content_file(context.sandbox, entry) or b"", "text/plain;charset=UTF-8", headers=headers)
