"""The step that writes the pages: one an entry, and an index of all that there are."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, TypedDict

from kaltura_pipeline.publishing import checking
from kaltura_pipeline.publishing.model import GONE, PUBLISHED, Site, all_outcomes, site_workspace

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kaltura_pipeline.settings import PipelineSettings
    from kaltura_pipeline.workspace import Workspace
    from kaltura_provider.api import Entry, KalturaClient, Player

log = logging.getLogger(__name__)

PAGES = "pages/"
# What the index page lists, by entry id.
INDEX = f"{PAGES}index.json"


class Published(TypedDict):
    """What a publish run wrote: addresses of the index pages, how many pages, and the first entries."""

    indexes: list[str]
    pages: int
    entry_ids: list[str]


def write_pages(
    settings: PipelineSettings, sites: Iterable[Site], *, run_id: str, kaltura: KalturaClient, player: Player
) -> Published:
    """Write a page for each entry that may have one, and an index of all pages there are, to S3.

    Repeating it writes the same pages to the same places. The index keeps what earlier runs published; an entry that
    is asked for and not on Kaltura any more leaves it.

    :param sites: where pages go.
    :param player: the player the pages show.
    :raises KalturaError: the entries could not be read (``baseEntry.list``).
    :raises DocumentConflictError: another run wrote the index meanwhile; a retry adds to what that one wrote.
    """
    from kaltura_provider.api import get_entries

    published: Published = {"indexes": [], "pages": 0, "entry_ids": []}
    for site in sites:
        workspace = site_workspace(settings, site["bucket"])
        outcomes = list(all_outcomes(workspace, run_id, checking.STEP, site))
        wanted = [outcome["entry_id"] for outcome in outcomes if outcome["result"] == PUBLISHED]
        gone = [outcome["entry_id"] for outcome in outcomes if outcome["result"] == GONE]
        entries = get_entries(kaltura, wanted)
        published["indexes"].append(_write_site(workspace, player, list(entries.values()), gone))
        published["pages"] += len(entries)
        published["entry_ids"] += list(entries)[:2]
    return published


def _write_site(workspace: Workspace, player: Player, entries: Sequence[Entry], gone: Sequence[str]) -> str:
    """Write the pages of one bucket; return the address of its index."""
    from kaltura_provider.api import PageItem, render_index, render_page, title_key
    from kaltura_provider.api.embed.model import download_url_of

    known = workspace.documents.read(INDEX)
    listed: dict[str, Any] = dict(known.body) if known else {}
    for entry_id in gone:
        listed.pop(entry_id, None)
        log.warning("%s is not on Kaltura (any more); it gets no page and leaves the index", entry_id)
    for entry in entries:
        item = PageItem.from_entry(entry)
        listed[entry.id] = {
            "title": item.title,
            "description": item.description,
            "duration": item.duration,
            "kind": item.kind.value,
            "created_at": item.created_at,
        }
        page = render_page(player, item, index_href="index.html", download_url=download_url_of(entry))
        workspace.write_html(f"{PAGES}{entry.id}.html", page)
    # The list before the page made of it: what dies in between is mended by the next run.
    if known is None:
        workspace.documents.create(INDEX, listed)
    else:
        workspace.documents.replace(known, listed)
    items = [PageItem(entry_id, **fields, href=f"{entry_id}.html") for entry_id, fields in sorted(listed.items())]
    items.sort(key=title_key)
    return workspace.write_html(f"{PAGES}index.html", render_index(player, items, title="Videos"))
