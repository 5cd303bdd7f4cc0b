"""Entries as callers see them: with their links, and the text they are searched by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..schema import render
from .entries import IMAGE, is_audio_or_video, stored_path

if TYPE_CHECKING:
    from ..context import Context
    from ..sandbox import Sandbox
    from ..store import Document

_MAX_SHOWN_DATA = 16 * 1024 * 1024


def render_entry(context: Context, entry: Document) -> dict[str, Any]:
    """Make the answer for an entry of any type.

    :param entry: the stored document; its ``objectType`` is the type that is answered.
    """
    base = f"{context.base_url}/p/{entry['partnerId']}/sp/{entry['partnerId']}00"
    return render(entry["objectType"], {**entry, **_links(base, entry), **_computed(context.sandbox, entry)})


def _links(base: str, entry: Document) -> dict[str, str]:
    entry_id, version = entry["id"], entry["version"]
    protocol = base.partition(":")[0]
    links = {
        "thumbnailUrl": f"{base}/thumbnail/entry_id/{entry_id}/version/{entry['thumbnailVersion']}",
        "downloadUrl": f"{base}/raw/entry_id/{entry_id}/version/{version}",
    }
    if is_audio_or_video(entry):
        manifest = f"{base}/playManifest/entryId/{entry_id}/format"
        links["downloadUrl"] = f"{manifest}/download/protocol/{protocol}/flavorParamIds/0"
        links["dataUrl"] = f"{manifest}/url/protocol/{protocol}"
    elif entry.get("mediaType") == IMAGE:
        links["dataUrl"] = f"{base}/thumbnail/entry_id/{entry_id}/def_height/480/def_width/640/version/{version}/type/1"
    return links


def _computed(sandbox: Sandbox, entry: Document) -> dict[str, Any]:
    computed: dict[str, Any] = {"searchText": search_text(entry)}
    if entry["objectType"] == "KalturaDataEntry" and entry.get("retrieveDataContentByGet"):
        path = stored_path(sandbox, entry.get("contentPath"))
        if path is not None and path.exists():
            with path.open("rb") as file:
                computed["dataContent"] = file.read(_MAX_SHOWN_DATA).decode("utf-8", "replace")
    return computed


def search_text(entry: Document) -> str:
    """Return the text that Kaltura's search reads for an entry."""
    return (
        f"_PAR_ONLY_ _{entry['partnerId']}_ _MEDIA_TYPE_{entry.get('mediaType', -1)}|"
        f" {entry['tags']} {entry['name']} {entry['description']}"
    )
