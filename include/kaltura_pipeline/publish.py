"""The steps of the publish DAG: collect the entries of one or more ingest runs, and write their pages."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, TypedDict

from kaltura_pipeline.errors import ConfigurationError
from kaltura_pipeline.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kaltura_pipeline.settings import PipelineSettings
    from kaltura_provider.api import KalturaClient, Player

log = logging.getLogger(__name__)

PAGES = "pages/"
# What the index page lists, by entry id.
INDEX = f"{PAGES}index.json"


class Collected(TypedDict):
    """What is to be published: where the pages go, and the entries (at most as many as one run ingested)."""

    bucket: str
    entry_ids: list[str]


def collect_entries(
    settings: PipelineSettings, *, manifests: Iterable[str], entry_ids: Sequence[str], bucket: str
) -> Collected:
    """Gather what to publish, from ingest manifests or from ids named in the form.

    :param manifests: addresses of ingest manifests, from the asset events that triggered this run.
    :param entry_ids: ids from the trigger form; if there are any, manifests are not read.
    :param bucket: bucket for the pages when no manifest names one.
    :raises ConfigurationError: neither manifests nor ids are given.
    """
    wanted = list(manifests)
    if not entry_ids and not wanted:
        raise ConfigurationError("nothing to publish: name entry ids in the trigger form, or run kaltura_ingest first")
    if entry_ids:
        return {"bucket": settings.state_bucket or bucket, "entry_ids": _unique(entry_ids)}
    found: list[str] = []
    for uri in wanted:
        manifest_bucket = uri.split("/", 3)[2]
        workspace = Workspace.open(settings, manifest_bucket)
        document = workspace.documents.read(workspace.documents.name_of(uri))
        if document is None:
            raise FileNotFoundError(f"the manifest {uri} is gone; name its entry ids in the trigger form instead")
        found.extend(entry["entry_id"] for entry in _pages_first(document.body["entries"]))
        bucket = manifest_bucket
    return {"bucket": bucket, "entry_ids": _unique(found)}


def _pages_first(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(entries, key=lambda entry: str(entry["key"]))


def _unique(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(value.strip() for value in values if value.strip()))


class Published(TypedDict):
    """What a publish run wrote: address of the index page, and how many pages are new or written again."""

    index: str
    pages: int


def write_pages(
    settings: PipelineSettings, collected: Collected, *, kaltura: KalturaClient, player: Player
) -> Published:
    """Write a page for each entry, and an index of all pages there are, to S3.

    Repeating it writes the same pages to the same places. The index keeps what earlier runs published.

    :param collected: what to publish.
    :param player: the player the pages show.
    :raises KalturaError: the entries could not be read (``baseEntry.list``).
    """
    from kaltura_provider.api import PageItem, get_entries, render_index, render_page

    workspace = Workspace.open(settings, collected["bucket"])
    entries = get_entries(kaltura, collected["entry_ids"])
    for missing in sorted(set(collected["entry_ids"]) - set(entries)):
        log.warning("%s is not on Kaltura any more; it gets no page", missing)
    known = workspace.documents.read(INDEX)
    listed: dict[str, Any] = dict(known.body) if known else {}
    for entry in entries.values():
        listed[entry.id] = {
            "title": entry.name or entry.id,
            "description": str(entry.raw.get("description") or ""),
            "duration": entry.duration or None,
        }
        page = render_page(player, PageItem(entry.id, **listed[entry.id]), index_href="index.html")
        workspace.write_html(f"{PAGES}{entry.id}.html", page)
    # The list before the page made of it: what dies in between is mended by the next run.
    workspace.documents.write(INDEX, listed)
    items = [PageItem(entry_id, **fields, href=f"{entry_id}.html") for entry_id, fields in sorted(listed.items())]
    items.sort(key=lambda item: item.title.casefold())
    index = workspace.write_html(f"{PAGES}index.html", render_index(player, items, title="Videos"))
    return {"index": index, "pages": len(entries)}
