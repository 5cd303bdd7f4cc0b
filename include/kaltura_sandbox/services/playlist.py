"""Service ``playlist``: lists of entries, by hand or by filters."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

from ..context import Context
from ..errors import fail
from ..inputs import build_object
from ..ks import ADMIN, Session
from ..listing import find_page
from ..query import equal
from ..registry import ANYONE, USER, action, param
from ..schema import TYPES, ApiObject, int_enum, kaltura_type, list_type, prop, props, render_list
from ..store import Document
from .entries import DELETED, FIRST_VERSION, READY, delete_entry, entries
from .entries_edit import add_entry, update_entry
from .entries_list import list_entries, live_entries
from .entries_view import render_entry

_TYPE = "KalturaPlaylist"
_FILTER = "KalturaMediaEntryFilterForPlaylist"
_PLAYLIST = 5
_STATIC = 3
_DYNAMIC = 10
_DEFAULT_RESULTS = 30
_MAX_RESULTS = 200

int_enum("KalturaPlaylistType", 3, 10, 101, 102)
kaltura_type(_FILTER, "KalturaMediaEntryFilter", prop("limit", "int"), prop("name"))
kaltura_type(
    _TYPE, "KalturaBaseEntry",
    prop("playlistContent"), prop("filters", f"array<{_FILTER}>"), prop("totalResults", "int"),
    prop("playlistType", "KalturaPlaylistType"), *props("int", "plays views duration", read_only=True),
    prop("executeUrl", read_only=True),
)  # fmt: skip
kaltura_type("KalturaPlaylistFilter", "KalturaBaseEntryFilter", prop("playListTypeEqual", "int"))
list_type("KalturaPlaylistListResponse", _TYPE)


def _find(context: Context, playlist_id: str) -> Document:
    found = entries(context.store).get(playlist_id, context.partner_id or None)
    if found is None or found["status"] == DELETED or found["objectType"] != _TYPE:
        raise fail("INVALID_ENTRY_ID/type", ENTRY_TYPE="Playlist", ENTRY_ID=playlist_id)
    return found


def _answer(context: Context, document: Document) -> dict[str, Any]:
    answer = render_entry(context, document)
    # Kaltura builds these two links without the account's number behind "sp".
    for name in ("downloadUrl", "thumbnailUrl"):
        answer[name] = answer[name].replace(f"/sp/{document['partnerId']}00/", "/sp/0/")
    return answer


def _content(playlist: ApiObject) -> str | None:
    """Return the text that Kaltura keeps of a playlist: its ids, or its filters as XML."""
    if playlist.get("filters") is None:
        return None if playlist.get("playlistContent") is None else str(playlist["playlistContent"])
    root = ElementTree.Element("playlist")
    ElementTree.SubElement(root, "total_results").text = str(playlist.get("totalResults", _DEFAULT_RESULTS))
    filters = ElementTree.SubElement(root, "filters")
    for each in playlist["filters"]:
        element = ElementTree.SubElement(filters, "filter")
        for name, value in each.to_document().items():
            if name != "objectType" and isinstance(value, (str, int, float)):
                ElementTree.SubElement(element, name).text = str(value)
    return ElementTree.tostring(root, encoding="unicode")


@action("playlist", "add", param("playlist", _TYPE), param("updateStats", "bool", False), access=USER)
def add(context: Context, playlist: ApiObject, update_stats: bool) -> dict[str, Any]:
    """Make a playlist; it is READY at once."""
    playlist.require("playlistType")
    with context.store.transaction():
        document = add_entry(
            context, playlist, type=_PLAYLIST, status=READY, version=str(FIRST_VERSION),
            thumbnailVersion=FIRST_VERSION, plays=0, views=0, duration=0, licenseType=None,
        )  # fmt: skip
        document = entries(context.store).update(document["id"], playlistContent=_content(playlist))
    return _answer(context, document)


@action("playlist", "get", param("id"), param("version", "int", -1), access=ANYONE)
def get(context: Context, id: str, version: int) -> dict[str, Any]:
    """Answer a playlist."""
    return _answer(context, _find(context, id))


@action("playlist", "update", param("id"), param("playlist", _TYPE), param("updateStats", "bool", False), access=USER)
def update(context: Context, id: str, playlist: ApiObject, update_stats: bool) -> dict[str, Any]:
    """Change a playlist."""
    _find(context, id)
    with context.store.transaction():
        document = update_entry(context, id, playlist, _TYPE)
        content = _content(playlist)
        if content is not None:
            document = entries(context.store).update(id, playlistContent=content)
    return _answer(context, document)


@action("playlist", "delete", param("id"), access=USER)
def delete(context: Context, id: str) -> None:
    """Delete a playlist; its entries stay."""
    found = _find(context, id)
    context.require_edit(found["userId"], id)
    delete_entry(context.sandbox, id)


@action(
    "playlist", "list",
    param("filter", "KalturaPlaylistFilter", None), param("pager", "KalturaFilterPager", None), access=USER,
)  # fmt: skip
def list_playlists(context: Context, filter: ApiObject | None, pager: ApiObject | None) -> dict[str, Any]:
    """List the account's playlists."""
    base = equal("partnerId", context.partner_id) & equal("type", _PLAYLIST) & ~equal("status", DELETED)
    found, total = find_page(
        entries(context.store), filter, pager, base=base, default_order="-createdAt", search=True,
        order_fields=("createdAt", "updatedAt", "name"), aliases={"playListType": "playlistType"},
    )  # fmt: skip
    return render_list("KalturaPlaylistListResponse", [_answer(context, each) for each in found], total)


@action(
    "playlist", "execute",
    param("id"), param("detailed", default=""), param("playlistContext", "raw", None), param("filter", _FILTER, None),
    param("pager", "KalturaFilterPager", None), access=ANYONE,
)  # fmt: skip
def execute(
    context: Context, id: str, detailed: str, playlist_context: Any, filter: ApiObject | None, pager: ApiObject | None
) -> list[dict[str, Any]]:
    """Answer the READY entries of a playlist, those of a static one in its order."""
    found = _find(context, id)
    # Viewers see what the account has, even if a list of entries would show them nothing.
    whole_account = Session("", found["partnerId"], found["userId"], ADMIN, 0, "")
    owner = replace(context, session=whole_account, partner_id=found["partnerId"])
    if found.get("playlistType") == _DYNAMIC:
        filters = [build_object(TYPES[_FILTER], each, "filters") for each in found.get("filters", [])]
        chosen = _by_filters(owner, filters, found.get("totalResults") or _DEFAULT_RESULTS)
    else:
        ids = [part.strip() for part in found.get("playlistContent", "").split(",")]
        ready = {each["id"]: each for each in live_entries(owner, ",".join(ids)) if each["status"] == READY}
        chosen = [ready[each] for each in ids if each in ready]
    size, index = _page(pager, len(chosen))
    return [render_entry(context, each) for each in chosen[size * (index - 1) : size * index]]


@action(
    "playlist", "executeFromFilters",
    param("filters", f"array<{_FILTER}>"), param("totalResults", "int"), param("detailed", default="1"), access=USER,
)  # fmt: skip
def execute_from_filters(
    context: Context, filters: list[ApiObject], total_results: int, detailed: str
) -> list[dict[str, Any]]:
    """Answer the entries that a dynamic playlist with these filters has."""
    return [render_entry(context, each) for each in _by_filters(context, filters, total_results)]


def _by_filters(context: Context, filters: list[ApiObject], total: int) -> list[Document]:
    """Return the entries that filters find, one filter after the other, none twice."""
    chosen: dict[str, Document] = {}
    for each in filters:
        limit = min(each.get("limit", _MAX_RESULTS), _MAX_RESULTS)
        pager = ApiObject(TYPES["KalturaFilterPager"], {"pageSize": limit, "pageIndex": 1})
        for entry in list_entries(context, each, pager, "KalturaMediaEntry")[0]:
            chosen.setdefault(entry["id"], entry)
    return list(chosen.values())[: max(total, 0)]


def _page(pager: ApiObject | None, total: int) -> tuple[int, int]:
    if pager is None:
        return total, 1
    return max(pager.get("pageSize", _DEFAULT_RESULTS), 1), max(pager.get("pageIndex", 1), 1)
