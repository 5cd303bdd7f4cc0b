"""What pages and snippets show: a player, entries, chapters."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kaltura_provider.api.embed.escape import checked_url, clean
from kaltura_provider.api.embed.languages import checked_language
from kaltura_provider.api.links import checked_entry_id, player_script_url, player_url
from kaltura_provider.api.media_kind import MediaKind, kind_of_entry

if TYPE_CHECKING:
    from kaltura_provider.api.models import Entry

_SOUND = "3 / 1"
_PICTURE = "16 / 9"
_RATIO = re.compile(r"\s*(\d+(?:\.\d+)?)\s*[/:]\s*(\d+(?:\.\d+)?)\s*")


@dataclass(frozen=True)
class Player:
    """A player and where it comes from.

    :param cdn_url: root of the delivery host.
    :param partner_id: the account.
    :param ui_conf_id: the player.
    """

    cdn_url: str
    partner_id: int
    ui_conf_id: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "partner_id", int(self.partner_id))
        object.__setattr__(self, "ui_conf_id", int(self.ui_conf_id))
        checked_url(self.cdn_url)

    @property
    def script_url(self) -> str:
        """Where its script is loaded from."""
        return player_script_url(self.cdn_url, self.partner_id, self.ui_conf_id)

    def url(self, entry_id: str, *, start: float | None = None, config: Mapping[str, Any] | None = None) -> str:
        """Return a page that is nothing but this player with an entry.

        :param entry_id: the entry.
        :param start: second to start at.
        :param config: sections of the player's configuration.
        """
        return player_url(self.cdn_url, self.partner_id, self.ui_conf_id, entry_id, start=start, config=config)


@dataclass(frozen=True)
class PageChapter:
    """A place in a film with a name.

    :param seconds: where it begins.
    :param title: what it is called.
    """

    seconds: float
    title: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "seconds", checked_seconds(self.seconds, f"the chapter {self.title!r}"))
        object.__setattr__(self, "title", clean(self.title))

    @property
    def time(self) -> str:
        """Where it begins, as a reader sees it."""
        return clock(self.seconds)


@dataclass(frozen=True)
class PageItem:
    """An entry on a page.

    :param entry_id: its ID.
    :param title: what a reader sees and a screen reader says.
    :param description: some sentences; may be empty.
    :param duration: seconds; None if unknown.
    :param href: address of its own page, absolute or relative; the bare player when None.
    :param kind: what it is.
    :param language: language of title and description, such as ``ar``; that of the page when empty.
    :param created_at: when it was published, in Unix seconds; None if unknown.
    :param chapters: places to jump to: :class:`PageChapter` objects, or pairs of seconds and title.
    :param captions: names of the languages it has captions in, such as ``("English", "Deutsch")``.
    """

    entry_id: str
    title: str
    description: str = ""
    duration: int | None = None
    href: str | None = None
    kind: MediaKind = MediaKind.VIDEO
    language: str = ""
    created_at: int | None = None
    chapters: tuple[PageChapter, ...] = ()
    captions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        checked_entry_id(self.entry_id)
        if self.href is not None:
            checked_url(self.href, relative=True)
        if self.language:
            checked_language(self.language)
        object.__setattr__(self, "kind", MediaKind(self.kind))
        # A page without any title cannot be found again.
        object.__setattr__(self, "title", clean(self.title).strip() or self.entry_id)
        object.__setattr__(self, "description", clean(self.description))
        object.__setattr__(self, "chapters", _chapters(self.chapters))
        object.__setattr__(self, "captions", tuple(map(clean, self.captions)))

    @classmethod
    def from_entry(
        cls,
        entry: Entry,
        *,
        href: str | None = None,
        language: str = "",
        chapters: Iterable[PageChapter | Sequence[Any]] = (),
        captions: Iterable[str] = (),
    ) -> PageItem:
        """Take what a page shows from an entry as Kaltura has it.

        :param entry: the entry.
        :param href: see the class.
        :param language: see the class.
        :param chapters: see the class.
        :param captions: see the class.
        """
        return cls(
            entry_id=entry.id,
            title=entry.name,
            description=str(entry.raw.get("description") or ""),
            duration=entry.duration or None,
            href=href,
            kind=kind_of_entry(entry.entry_type, entry.media_type) or MediaKind.VIDEO,
            language=language,
            created_at=entry.created_at or None,
            chapters=tuple(chapters),  # type: ignore[arg-type]
            captions=tuple(captions),
        )

    @property
    def length(self) -> str:
        """The duration as minutes and seconds."""
        return "" if self.duration is None else clock(self.duration)

    @property
    def summary(self) -> str:
        """The description on one line, for other programs."""
        return " ".join(self.description.split())

    @property
    def is_played(self) -> bool:
        """Whether a player shows it; documents are downloaded, and images are pictures of the page."""
        return self.kind in (MediaKind.VIDEO, MediaKind.AUDIO)

    @property
    def ratio(self) -> str:
        """Width to height of its player: sound alone needs little more than the controls."""
        return _SOUND if self.kind is MediaKind.AUDIO else _PICTURE

    @property
    def date(self) -> str:
        """When it was published, as ISO 8601; empty if unknown."""
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.created_at)) if self.created_at else ""


def download_url_of(entry: Entry) -> str | None:
    """Return where to download what no player shows; None for all that a player does.

    :param entry: the entry.
    """
    if kind_of_entry(entry.entry_type, entry.media_type) not in (MediaKind.DOCUMENT, MediaKind.DATA):
        return None
    return str(entry.raw.get("downloadUrl") or "") or None


def clock(seconds: float) -> str:
    """Write a length of time as minutes and seconds, and hours if there are any.

    :param seconds: the length.
    """
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def iso_duration(seconds: int) -> str:
    """Write a length of time as ISO 8601 does, such as ``PT1H2M5S``.

    :param seconds: the length.
    """
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "H"), (minutes, "M"), (rest, "S"))
    return "PT" + ("".join(f"{number}{unit}" for number, unit in parts if number) or "0S")


def checked_seconds(value: float | str, what: str) -> float:
    """Return a place in a film, as a whole number where it is one.

    :param value: seconds.
    :param what: whose they are, for the message.
    :raises ValueError: if it is no number from 0 on.
    """
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not 0 <= number < math.inf:
        raise ValueError(f"{value!r} is no time for {what}: give seconds from the beginning, such as 90")
    return int(number) if number == int(number) else number


def checked_ratio(ratio: str) -> tuple[float, float]:
    """Read width and height of a ratio such as ``16 / 9``.

    :param ratio: the ratio.
    :raises ValueError: if it is none.
    """
    found = _RATIO.fullmatch(ratio)
    if not found or not float(found[1]) or not float(found[2]):
        raise ValueError(f"ratio {ratio!r} is no width and height: use one such as 16 / 9")
    return float(found[1]), float(found[2])


def _chapters(chapters: Iterable[Any]) -> tuple[PageChapter, ...]:
    made = []
    for chapter in chapters:
        if isinstance(chapter, PageChapter):
            made.append(chapter)
            continue
        try:
            seconds, title = chapter
        except (TypeError, ValueError):
            raise ValueError(f"{chapter!r} is no chapter: use seconds and title, such as (90, 'Questions')") from None
        made.append(PageChapter(seconds, str(title)))
    return tuple(sorted(made, key=lambda each: each.seconds))
