"""Checking many entries with few requests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kaltura_provider.api.links import default_cdn_url
from kaltura_provider.api.lookup import get_entries
from kaltura_provider.api.paging import chunked
from kaltura_provider.api.playback.captions import captions_and_chapters
from kaltura_provider.api.playback.dates import CLOCK_SECONDS, Dates
from kaltura_provider.api.playback.entry_check import STREAMED, CheckSettings, EntryCheck, is_playable, kind_of
from kaltura_provider.api.playback.viewers import ANONYMOUS, Viewers

if TYPE_CHECKING:
    from kaltura_provider.api.chapters import Chapter
    from kaltura_provider.api.client import KalturaClient
    from kaltura_provider.api.models import Entry
    from kaltura_provider.api.playback.model import PlaybackExpectation, PlaybackResult

#: Entries that a player's questions are asked for with one request.
ENTRIES_A_REQUEST = 100


def check_playback(
    client: KalturaClient,
    expectations: Iterable[PlaybackExpectation],
    *,
    viewer: str = ANONYMOUS,
    user_id: str = "",
    tolerance: float = 2.0,
    every_rendition: bool = False,
    cdn_url: str | None = None,
    threads: int = 4,
) -> list[PlaybackResult]:
    """Check whether entries play for a viewer, and do not where they must not.

    Video and audio are followed from ``baseEntry.getPlaybackContext`` over ``playManifest`` to the first and last
    segment (HLS) and to the beginning of the file (progressive); captions are fetched as WebVTT, and the thumbnail. Of
    images and documents, which have no streams, the file behind ``downloadUrl`` is asked for. An entry that is outside
    of its dates is always checked with an anonymous session, as Kaltura lets those through who may view it: neither
    the context nor ``playManifest`` may give it away.

    Requests to the API: one list of entries and one of captions and chapters for 150 entries, one multirequest for
    100, and one for a session. Of each file at most 16 KB are read, of playlists and captions some megabytes.

    :param client: a client that may see the entries and their captions; its own session is not used to play.
    :param expectations: what is expected of each entry; of several for one entry the last counts.
    :param viewer: ``anonymous`` (a widget session), or ``signed_in``: a user's session with ``sview:`` for the entries.
    :param user_id: the Kaltura user of a viewer who is signed in.
    :param tolerance: seconds by which a stream may be shorter or longer than expected.
    :param every_rendition: follow every rendition, not only the one players begin with.
    :param cdn_url: root of the delivery host; the usual one of the server when None.
    :param threads: entries whose files are fetched at once.
    :return: what was found, in the order of the expectations.
    :raises KalturaError: if Kaltura could not be asked; files that are not served are problems of their entry.
    :raises ValueError: if an argument has no meaning, or the credentials only make sessions of administrators.
    """
    if threads < 1:
        raise ValueError(f"threads is {threads}: use at least 1")
    if not tolerance >= 0:
        raise ValueError(f"tolerance is {tolerance}: give seconds, 0 or more")
    wanted = {expectation.entry_id: expectation for expectation in expectations}
    settings = CheckSettings(cdn_url or default_cdn_url(client.config.service_url), tolerance, every_rendition)
    results: list[PlaybackResult] = []
    with Viewers(client, viewer, user_id) as viewers, ThreadPoolExecutor(threads) as pool:
        entries = get_entries(client, wanted)
        streamed = [entry.id for entry in entries.values() if kind_of(entry) in STREAMED]
        captions, chapters = captions_and_chapters(client, streamed)
        for chunk in chunked(list(wanted), ENTRIES_A_REQUEST):
            checks = _prepare(client, viewers, settings, [(wanted[one], entries.get(one)) for one in chunk], captions)
            results += pool.map(EntryCheck.run, checks)
    return [_with_chapters(result, chapters.get(result.entry_id)) for result in results]


def _with_chapters(result: PlaybackResult, chapters: list[Chapter] | None) -> PlaybackResult:
    if not chapters:
        return result
    found = [{"start": chapter.start, "title": chapter.title} for chapter in chapters]
    return replace(result, facts={**result.facts, "chapters": found})


def _prepare(
    client: KalturaClient,
    viewers: Viewers,
    settings: CheckSettings,
    chosen: list[tuple[PlaybackExpectation, Entry | None]],
    captions: Mapping[str, list[dict[str, Any]]],
) -> list[EntryCheck]:
    before = client.server_time() - CLOCK_SECONDS
    dates = {entry.id: Dates.of(entry) for _, entry in chosen if entry is not None and is_playable(entry)}
    closed = [entry_id for entry_id, date in dates.items() if date.is_closed(before)]
    opened = [entry_id for entry_id, date in dates.items() if not date.is_closed(before)]
    offers = {**viewers.offers(closed, anonymously=True), **viewers.offers(opened, anonymously=False)}
    after = client.server_time() + CLOCK_SECONDS
    return [
        EntryCheck(
            client,
            settings,
            expectation,
            entry,
            offers.get(expectation.entry_id),
            captions.get(expectation.entry_id, []),
            # While the hour passes either answer is right.
            must_open=not date.is_closed(before) and not date.is_closed(after),
            must_close=date.is_closed(before) and date.is_closed(after),
            dates=date,
        )
        for expectation, entry in chosen
        for date in [dates.get(expectation.entry_id, Dates())]
    ]
