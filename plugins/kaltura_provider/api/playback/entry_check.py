"""Checking one entry: what is expected of it, next to what a viewer gets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kaltura_provider.api.errors import KalturaError
from kaltura_provider.api.links import thumbnail_url
from kaltura_provider.api.media_kind import MediaKind, kind_of_entry
from kaltura_provider.api.models import EntryStatus
from kaltura_provider.api.playback.captions import check_captions
from kaltura_provider.api.playback.dates import CLOCK_SECONDS, Dates
from kaltura_provider.api.playback.delivery import complaint
from kaltura_provider.api.playback.model import (
    BROKEN,
    LEAKS,
    MISSING,
    NOT_READY,
    PLAYS,
    REFUSED,
    SCHEDULED,
    UNCHECKED,
    PlaybackExpectation,
    PlaybackResult,
)
from kaltura_provider.api.playback.streams import HLS, PROGRESSIVE, Streams, check_hls, check_progressive

if TYPE_CHECKING:
    from kaltura_provider.api.client import KalturaClient
    from kaltura_provider.api.models import Entry
    from kaltura_provider.api.playback.viewers import Offer

STREAMED = (MediaKind.VIDEO, MediaKind.AUDIO)
_SHOWN = (*STREAMED, MediaKind.IMAGE, MediaKind.DOCUMENT)
_PROBE_BYTES = 4096


def kind_of(entry: Entry) -> MediaKind | None:
    """Return what an entry is; None for kinds without content of their own.

    :param entry: the entry.
    """
    return kind_of_entry(entry.entry_type, entry.media_type)


def is_playable(entry: Entry) -> bool:
    """Tell whether it makes sense to ask a player about an entry.

    :param entry: the entry.
    """
    return kind_of(entry) in _SHOWN and entry.status is EntryStatus.READY


@dataclass(frozen=True)
class CheckSettings:
    """What holds for all entries.

    :param cdn_url: root of the delivery host.
    :param tolerance: seconds by which a stream may be shorter or longer than expected.
    :param every_rendition: follow every rendition, not only the one players begin with.
    """

    cdn_url: str
    tolerance: float
    every_rendition: bool


@dataclass(frozen=True)
class EntryCheck:
    """The check of one entry.

    :param client: gives account, clock and masking.
    :param settings: what holds for all entries.
    :param expectation: what is expected.
    :param entry: the entry; None if there is none.
    :param offer: what the player was told; None if it was not asked.
    :param captions: the captions Kaltura has of it.
    :param must_open: its dates let viewers see it.
    :param must_close: its dates keep it back. Neither, if the hour passed while the player was told.
    :param dates: its dates.
    """

    client: KalturaClient
    settings: CheckSettings
    expectation: PlaybackExpectation
    entry: Entry | None
    offer: Offer | None
    captions: list[dict[str, Any]]
    must_open: bool
    must_close: bool
    dates: Dates

    def run(self) -> PlaybackResult:
        """Check the entry."""
        entry, offer = self.entry, self.offer
        if entry is None:
            return self.result(MISSING, ["Kaltura has no such entry, or has deleted it. Check the ID."])
        if kind_of(entry) not in _SHOWN:
            return self.result(UNCHECKED, [f"No player plays an entry of type {entry.entry_type}. Leave it out."])
        if offer is None:
            return self.result(NOT_READY, [_not_ready(entry)])
        if offer.error is not None:
            return self.result(BROKEN, [complaint("Kaltura tells players nothing about it", offer.error)])
        if offer.is_refused:
            return self.refused(entry, offer)
        return self.played(entry, offer)

    def refused(self, entry: Entry, offer: Offer) -> PlaybackResult:
        """The player was told no: that must be right, and hold for the streams as well."""
        facts = {"message": offer.message}
        problems: list[str] = []
        if self.expectation.expect == "refused" or self.must_close:
            gaps, problems = self.open_addresses(entry, offer)
            if gaps:
                return self.result(LEAKS, [*gaps, *problems], facts)
        if self.must_close:
            if self.expectation.expect == "plays":
                problems.append(f"It should play, but {self.dates.words}. Wait, or change its startDate or endDate.")
            return self.result(SCHEDULED, problems, facts)
        if self.expectation.expect != "refused" and self.must_open:
            said = f": {offer.message!r}" if offer.message else ""
            problems.append(
                f"Kaltura refuses viewers{said}. Look at its access control profile "
                f"({entry.raw.get('accessControlId', 'none')}); if only signed-in viewers may play it, check with "
                "viewer='signed_in', or expect 'refused'."
            )
        return self.result(REFUSED, problems, facts)

    def played(self, entry: Entry, offer: Offer) -> PlaybackResult:
        """The player was told yes: that must be right, and there must be something to play."""
        kind = kind_of(entry)
        if kind in STREAMED and not offer.sources:
            problem = (
                "Kaltura names no streams of it: no flavor is ready. Look at its flavors in the KMC, and convert "
                "(flavorAsset.convert) or upload it again."
            )
            return self.result(BROKEN, [problem])
        if self.must_close:
            problem = (
                f"Anyone can play it, although {self.dates.words}. Check its dates in Kaltura; to take it away now, "
                "reject it (media.reject), or give it an access control profile that blocks."
            )
            return self.result(LEAKS, [problem])
        if self.expectation.expect == "refused":
            profile = entry.raw.get("accessControlId", "none")
            problem = (
                "It can be played, although it should be refused. Give it an access control profile that blocks these "
                f"viewers; it has {profile}."
            )
            return self.result(LEAKS, [problem])
        return self.streamed(entry, offer) if kind in STREAMED else self.shown(entry, offer)

    def streamed(self, entry: Entry, offer: Offer) -> PlaybackResult:
        """Video and audio."""
        found, formats = self.streams(offer)
        facts: dict[str, Any] = {"formats": formats}
        if not formats:
            kinds = ", ".join(sorted({str(source.get("format")) for source in offer.sources}))
            problem = f"Kaltura only offers {kinds}, which this check cannot follow. Try it in a player."
            return self.result(UNCHECKED, [problem], facts)
        broken = bool(found.problems)
        facts.update(duration=found.duration, renditions=found.renditions)
        found.problems += self.wrong_duration(entry, found)
        served, problems = check_captions(
            offer.delivery, offer.context.get("playbackCaptions") or [], self.captions, self.expectation.captions
        )
        found.problems += problems + self.thumbnail(entry, offer)
        return self.result(BROKEN if broken else PLAYS, found.problems, {**facts, "captions": served})

    def streams(self, offer: Offer) -> tuple[Streams, list[str]]:
        """Follow the streams of each form that is known here, of the first address that Kaltura names."""
        found, formats = Streams(), []
        by_format = {str(source.get("format")): source for source in reversed(offer.sources)}
        if source := by_format.get(HLS):
            formats.append(HLS)
            every = self.settings.every_rendition
            encrypted = bool(source.get("drm"))
            check_hls(offer.delivery, str(source["url"]), found, encrypted=encrypted, every_rendition=every)
        if source := by_format.get(PROGRESSIVE):
            formats.append(PROGRESSIVE)
            check_progressive(offer.delivery, str(source["url"]), found, encrypted=bool(source.get("drm")))
        return found, formats

    def wrong_duration(self, entry: Entry, found: Streams) -> list[str]:
        """Compare what the playlist adds up to with what is expected."""
        expected = self.expectation.duration or (entry.ms_duration / 1000)
        if found.duration is None or not expected or abs(found.duration - expected) <= self.settings.tolerance:
            return []
        step = (
            "Upload the complete file with media.updateContent."
            if self.expectation.duration
            else "Convert it again, or upload the file again with media.updateContent."
        )
        return [f"Its HLS stream lasts {found.duration:.1f} s, not {expected:.1f} s as expected. {step}"]

    def shown(self, entry: Entry, offer: Offer) -> PlaybackResult:
        """Images and documents: there is a file, and a picture of it."""
        problems = []
        try:
            url = offer.delivery.addressed(str(entry.raw.get("downloadUrl") or ""))
            piece = offer.delivery.beginning(url, "downloadUrl")
            if not piece.head:
                problems.append("Its file is empty. Upload it again with baseEntry.updateContent.")
            elif kind_of(entry) is MediaKind.IMAGE and not piece.is_image():
                what = f"is no image, but begins with {piece.head[:16]!r}"
                problems.append(f"Its file {what}. Upload it again with media.updateContent.")
        except KalturaError as error:
            problems.append(complaint("Its file is not served", error))
        broken = bool(problems)
        if kind_of(entry) is MediaKind.IMAGE:
            problems += self.thumbnail(entry, offer)
        return self.result(BROKEN if broken else PLAYS, problems)

    def thumbnail(self, entry: Entry, offer: Offer) -> list[str]:
        """Fetch the picture that stands for the entry."""
        url = thumbnail_url(self.settings.cdn_url, self.client.partner_id, entry.id, width=320)
        step = "Set one with thumbAsset.setAsDefault."
        try:
            piece = offer.delivery.beginning(offer.delivery.addressed(url), "thumbnail")
        except KalturaError as error:
            return [complaint("Its thumbnail is not served", error, step)]
        if piece.is_image():
            return []
        return [f"Its thumbnail is no image, but begins with {piece.head[:16]!r}. {step}"]

    def open_addresses(self, entry: Entry, offer: Offer) -> tuple[list[str], list[str]]:
        """Ask for the streams although the player was refused them.

        :return: what is given nevertheless, and what could not be found out.
        """
        gaps: list[str] = []
        unknown: list[str] = []
        if kind_of(entry) not in STREAMED:
            return gaps, unknown
        partner = self.client.partner_id
        root = f"{self.settings.cdn_url.rstrip('/')}/p/{partner}/sp/{partner}00/playManifest/entryId/{entry.id}"
        protocol = self.settings.cdn_url.partition(":")[0]
        for form, name in ((HLS, "a.m3u8"), (PROGRESSIVE, "a.mp4")):
            try:
                url = offer.delivery.addressed(f"{root}/format/{form}/protocol/{protocol}/{name}")
                offer.delivery.read(url, "playManifest", _PROBE_BYTES)
            except KalturaError as error:
                if error.http_status is None or error.retryable:
                    unknown.append(complaint(f"Whether its address ({form}) is closed could not be found out", error))
                continue
            if self.must_close and not self.dates.is_closed(self.client.server_time() + CLOCK_SECONDS):
                # The hour has passed meanwhile.
                continue
            gaps.append(
                f"Players are refused, but its address (playManifest, {form}) gives the stream to anyone who knows it. "
                "Check again in some minutes if its dates or rules were changed just now, as caches keep what was "
                "open; else ask Kaltura support. To take it away at once, reject the entry (media.reject)."
            )
        return gaps, unknown

    def result(self, state: str, problems: list[str], facts: Mapping[str, Any] | None = None) -> PlaybackResult:
        """Make the result; what a file or a server said may hold a session."""
        redact = self.client.redactor.redact
        return PlaybackResult(self.expectation.entry_id, state, tuple(map(redact, problems)), dict(facts or {}))


def _not_ready(entry: Entry) -> str:
    status = entry.status
    name = status if isinstance(status, str) else status.name
    failed = isinstance(status, EntryStatus) and status.is_failed
    step = (
        "Upload the file again with media.updateContent."
        if failed
        else "Put KalturaEntryReadySensor before this check."
    )
    return f"It is not ready: its status is {name}. {step}"
