"""The step that writes the pages: one an entry, and an index of all that there are."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, TypedDict

from kaltura_pipeline.publishing import checking
from kaltura_pipeline.publishing.model import GONE, PUBLISHED, EntryOutcome, all_outcomes, site_workspace

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kaltura_pipeline.publishing.model import Shown
    from kaltura_pipeline.publishing.model import Site as PublishedSite
    from kaltura_pipeline.settings import PipelineSettings
    from kaltura_pipeline.workspace import Workspace
    from kaltura_provider.api import PageItem, PageOptions, Player

log = logging.getLogger(__name__)

PAGES = "pages/"
# What the index page lists, by entry id.
INDEX = f"{PAGES}index.json"
# Titles and players change now and then; readers see it within minutes.
_MILLISECONDS = 1000
_CACHE = "public, max-age=300"


class Published(TypedDict):
    """What a publish run wrote.

    ``indexes`` are the addresses of the index pages; ``pages`` counts the entries with a page, ``written`` the files
    that are new or have changed; ``entry_ids`` are the first entries.
    """

    indexes: list[str]
    pages: int
    written: int
    entry_ids: list[str]


def write_pages(
    settings: PipelineSettings,
    sites: Iterable[PublishedSite],
    *,
    run_id: str,
    player: Player,
    options: PageOptions | None = None,
) -> Published:
    """Write a page for each entry that may have one, and an index of all pages there are, to S3.

    A file that is there with the same content is left alone, so repeating it writes nothing. The index keeps what
    earlier runs published; an entry that is asked for and not on Kaltura any more leaves it. Kaltura is not asked: what
    pages show was noted by the steps before.

    :param sites: where pages go.
    :param player: the player the pages show.
    :param options: of all pages.
    :raises DocumentConflictError: another run wrote the index meanwhile; a retry adds to what that one wrote.
    """
    published: Published = {"indexes": [], "pages": 0, "written": 0, "entry_ids": []}
    for site in sites:
        workspace = site_workspace(settings, site["bucket"])
        outcomes = list(all_outcomes(workspace, run_id, checking.STEP, site))
        shown = {each["entry_id"]: each["shown"] for each in outcomes if _has_page(each) and each["shown"] is not None}
        gone = [outcome["entry_id"] for outcome in outcomes if outcome["result"] == GONE]
        index, written = _write_site(workspace, player, options, shown, gone)
        published["indexes"].append(index)
        published["pages"] += len(shown)
        published["written"] += written
        published["entry_ids"] += list(shown)[:2]
    return published


def _has_page(outcome: EntryOutcome) -> bool:
    return outcome["result"] == PUBLISHED


def _write_site(
    workspace: Workspace,
    player: Player,
    options: PageOptions | None,
    shown: Mapping[str, Shown],
    gone: Iterable[str],
) -> tuple[str, int]:
    """Write the pages of one bucket; return the address of its index, and how many files are new or changed."""
    from kaltura_provider.api import PageOptions, Site, title_key
    from kaltura_provider.hooks.s3_site import S3Site

    documents, settings = workspace.documents, workspace.settings
    public_url = f"{settings.state_url.rstrip('/')}/{documents.prefix}{PAGES}" if settings.state_url else None
    site = Site(player, options or PageOptions(), public_url=public_url)
    place = S3Site(settings.aws_conn_id, documents.bucket, documents.prefix + PAGES, cache_control=_CACHE)

    known = documents.read(INDEX)
    listed: dict[str, Any] = dict(known.body) if known else {}
    for entry_id in gone:
        listed.pop(entry_id, None)
        log.warning("%s is not on Kaltura (any more); it gets no page and leaves the index", entry_id)
    for entry_id, each in shown.items():
        # Of what nobody looked for, what was seen last counts.
        before = listed.get(entry_id, {})
        unseen = [name for name in ("captions", "chapters") if each.get(name) is None]
        listed[entry_id] = {**each, **{name: before.get(name) or [] for name in unseen}}
    downloads = {entry_id: each["download_url"] for entry_id, each in shown.items() if each["download_url"]}
    pages = site.entry_files((_item(entry_id, listed[entry_id]) for entry_id in shown), downloads=downloads)
    done = place.write(pages)
    # The list before the page made of it: what dies in between is mended by the next run.
    if known is None:
        documents.create(INDEX, listed)
    elif listed != known.body:
        documents.replace(known, listed)
    items = sorted((_item(entry_id, each) for entry_id, each in listed.items()), key=title_key)
    last = place.write([site.index_file(items)])
    return place.uri("index.html"), len(done.written) + len(last.written)


def _item(entry_id: str, shown: Mapping[str, Any]) -> PageItem:
    from kaltura_provider.api import PageChapter, PageItem

    # An index of an earlier version knows less.
    known = ("title", "description", "duration", "kind", "created_at", "captions")
    chapters = [PageChapter(each["start"] / _MILLISECONDS, each["title"]) for each in shown.get("chapters") or ()]
    return PageItem(entry_id, chapters=tuple(chapters), **{name: shown[name] for name in known if name in shown})
