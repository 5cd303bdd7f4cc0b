"""The steps of the publish DAG: collect the entries of one or more ingest runs, and write their pages."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypedDict

from kaltura_pipeline.errors import ConfigurationError
from kaltura_pipeline.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kaltura_pipeline.settings import PipelineSettings
    from kaltura_provider.api import Entry, KalturaClient, Player

log = logging.getLogger(__name__)

PAGES = "pages/"
# What the index page lists, by entry id.
INDEX = f"{PAGES}index.json"


class Collected(TypedDict):
    """What is to be published (at most as many entries as the triggering runs ingested), and to which buckets.

    ``entry_ids`` are all entries; ``by_bucket`` has the same by the bucket that their pages go to.
    """

    entry_ids: list[str]
    by_bucket: dict[str, list[str]]


def collect_entries(
    settings: PipelineSettings, *, manifests: Iterable[str], entry_ids: Sequence[str], bucket: str
) -> Collected:
    """Gather what to publish, from ingest manifests or from ids named in the form.

    :param manifests: addresses of ingest manifests, from the asset events that triggered this run.
    :param entry_ids: ids from the trigger form; if there are any, manifests are not read.
    :param bucket: bucket for the pages of ``entry_ids``; of a manifest's entries they go where the manifest lies.
    :raises ConfigurationError: neither manifests nor ids are given.
    """
    wanted = list(manifests)
    if not entry_ids and not wanted:
        raise ConfigurationError("nothing to publish: name entry ids in the trigger form, or run kaltura_ingest first")
    found: dict[str, list[str]] = {}
    if entry_ids:
        target = bucket or settings.state_bucket
        if not target:
            raise ConfigurationError(
                "no bucket is named for the pages: fill 'S3 bucket for the pages' in the trigger form, or set "
                "KALTURA_PIPELINE_BUCKET"
            )
        found[target] = list(entry_ids)
        wanted = []
    for uri in wanted:
        target = uri.split("/", 3)[2]
        documents = _workspace(settings, target).documents
        document = documents.read(documents.name_of(uri))
        if document is None:
            raise FileNotFoundError(f"the manifest {uri} is gone; name its entry ids in the trigger form instead")
        found.setdefault(target, []).extend(entry["entry_id"] for entry in document.body["entries"])
    by_bucket = {target: _unique(ids) for target, ids in found.items()}
    return {"entry_ids": _unique(entry_id for ids in by_bucket.values() for entry_id in ids), "by_bucket": by_bucket}


def _workspace(settings: PipelineSettings, bucket: str) -> Workspace:
    """Open the very bucket that holds manifest and pages, whatever the settings say by now."""
    return Workspace.open(replace(settings, state_bucket=bucket), bucket)


def _unique(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(value.strip() for value in values if value.strip()))


class Published(TypedDict):
    """What a publish run wrote: addresses of the index pages, and how many pages are new or written again."""

    indexes: list[str]
    pages: int


def write_pages(
    settings: PipelineSettings, collected: Collected, *, kaltura: KalturaClient, player: Player
) -> Published:
    """Write a page for each entry, and an index of all pages there are, to S3.

    Repeating it writes the same pages to the same places. The index keeps what earlier runs published; an entry that
    is asked for and not on Kaltura any more leaves it.

    :param collected: what to publish.
    :param player: the player the pages show.
    :raises KalturaError: the entries could not be read (``baseEntry.list``).
    :raises DocumentConflictError: another run wrote the index meanwhile; a retry adds to what that one wrote.
    """
    from kaltura_provider.api import get_entries

    entries = get_entries(kaltura, collected["entry_ids"])
    indexes = []
    for bucket, entry_ids in collected["by_bucket"].items():
        found = [entries[entry_id] for entry_id in entry_ids if entry_id in entries]
        gone = [entry_id for entry_id in entry_ids if entry_id not in entries]
        indexes.append(_write_site(_workspace(settings, bucket), player, found, gone))
    return {"indexes": indexes, "pages": len(entries)}


def _write_site(workspace: Workspace, player: Player, entries: Sequence[Entry], gone: Sequence[str]) -> str:
    """Write the pages of one bucket; return the address of its index."""
    from kaltura_provider.api import PageItem, render_index, render_page

    known = workspace.documents.read(INDEX)
    listed: dict[str, Any] = dict(known.body) if known else {}
    for entry_id in gone:
        listed.pop(entry_id, None)
        log.warning("%s is not on Kaltura (any more); it gets no page and leaves the index", entry_id)
    for entry in entries:
        listed[entry.id] = {
            "title": entry.name or entry.id,
            "description": str(entry.raw.get("description") or ""),
            "duration": entry.duration or None,
        }
        page = render_page(
            player, PageItem(entry.id, **listed[entry.id]), index_href="index.html", download_url=_download_url(entry)
        )
        workspace.write_html(f"{PAGES}{entry.id}.html", page)
    # The list before the page made of it: what dies in between is mended by the next run.
    if known is None:
        workspace.documents.create(INDEX, listed)
    else:
        workspace.documents.replace(known, listed)
    items = [PageItem(entry_id, **fields, href=f"{entry_id}.html") for entry_id, fields in sorted(listed.items())]
    items.sort(key=lambda item: item.title.casefold())
    return workspace.write_html(f"{PAGES}index.html", render_index(player, items, title="Videos"))


def _download_url(entry: Entry) -> str | None:
    """Return where to download what no player shows; None for all that a player does."""
    from kaltura_provider.api import MediaKind
    from kaltura_provider.api.media_kind import kind_of_entry

    if kind_of_entry(entry.entry_type, entry.media_type) not in (MediaKind.DOCUMENT, MediaKind.DATA):
        return None
    return str(entry.raw.get("downloadUrl") or "") or None
