"""Brings everything about entries besides their content up to date, in few requests, and as often as one likes."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from kaltura_provider.api.categories import ensure_category
from kaltura_provider.api.enrichment.attachments import AttachmentsPart
from kaltura_provider.api.enrichment.captions import REPLACE, CaptionRules, CaptionsPart
from kaltura_provider.api.enrichment.categories import CategoriesPart
from kaltura_provider.api.enrichment.chapters import ChaptersPart
from kaltura_provider.api.enrichment.fields import FieldsPart
from kaltura_provider.api.enrichment.metadata import MetadataPart
from kaltura_provider.api.enrichment.part import Part
from kaltura_provider.api.enrichment.rounds import Rounds
from kaltura_provider.api.enrichment.thumbnail import ThumbnailPart
from kaltura_provider.api.errors import KalturaError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from kaltura_provider.api import KalturaClient
    from kaltura_provider.api.chapters import Chapter
    from kaltura_provider.api.enrichment.attachments import WantedAttachment
    from kaltura_provider.api.enrichment.captions import WantedCaption
    from kaltura_provider.api.enrichment.metadata import MetadataWish
    from kaltura_provider.api.enrichment.thumbnail import WantedFrame, WantedThumbnail

# Captions and images of so many entries are in memory at once.
_TOGETHER = 20


def _no_file(key: str) -> bytes:
    raise ValueError(f"{key}: nothing to read files with was given; pass read=")


@dataclass(frozen=True)
class Enrichment:
    """What an entry shall have besides its content.

    :param entry_id: an entry that exists, in any status.
    :param fields: properties of KalturaBaseEntry; None leaves them alone.
    :param category_ids: categories to be in.
    :param new_categories: full paths of further categories, which are made if they do not exist.
    :param metadata: custom metadata by the id of its profile, as text.
    :param captions: caption files.
    :param thumbnail: image file or frame; None leaves the thumbnail alone.
    :param attachments: files to go with it.
    :param chapters: chapters; None leaves them alone, an empty list removes those this package made.
    :param noted: what was noted of this entry last: ``notes`` of its :class:`Enriched`, or what ``note`` was given.
    :param read: returns the bytes of a file by its key; called for changed files only.
    :param note: keeps what it is given as the new ``noted``; called before the first change, and when a part failed.
        It raises if somebody else works on the entry by now: then nothing more is done for it.
    :param fresh: the entry was made with ``fields`` just now and by this process, not from a template entry: nothing is
        there to look for, which saves calls.
    :param verify: whether to look at parts that are noted as done, and to mend them: for the case that somebody changed
        them on Kaltura since. ``noted`` only tells then what an earlier call set.
    :param caption_rules: what is done about captions that are there.
    """

    entry_id: str
    fields: Mapping[str, Any] | None = None
    category_ids: Sequence[int] = ()
    new_categories: Sequence[str] = ()
    metadata: Mapping[str, MetadataWish] = field(default_factory=dict)
    captions: Sequence[WantedCaption] = ()
    thumbnail: WantedThumbnail | WantedFrame | None = None
    attachments: Sequence[WantedAttachment] = ()
    chapters: Sequence[Chapter] | None = None
    noted: Mapping[str, Any] | None = None
    read: Callable[[str], bytes] = _no_file
    note: Callable[[Mapping[str, Any]], None] | None = None
    fresh: bool = False
    verify: bool = False
    caption_rules: CaptionRules = REPLACE

    def parts(self, category_ids: Sequence[int]) -> list[Part]:
        """Return the parts of the entry, for one time each.

        :param category_ids: all its categories, also those that had to be made.
        :raises ValueError: two captions are the same, or both to be the default; or two attachments have one name.
        """
        entry_id, noted, verify = self.entry_id, self.noted or {}, self.verify
        categories = list(dict.fromkeys(category_ids))
        return [
            FieldsPart(entry_id, self.fields or {}, noted.get("fields"), are_set=self.fresh, verify=verify),
            CategoriesPart(entry_id, categories, noted.get("categories"), verify=verify),
            MetadataPart(entry_id, self.metadata, noted.get("metadata"), verify=verify),
            CaptionsPart(
                entry_id, self.captions, noted.get("captions"), self.read, verify=verify, rules=self.caption_rules
            ),
            ThumbnailPart(entry_id, self.thumbnail, noted.get("thumbnail"), self.read, verify=verify),
            AttachmentsPart(entry_id, self.attachments, noted.get("attachments"), self.read, verify=verify),
            ChaptersPart(entry_id, self.chapters, noted.get("chapters"), verify=verify),
        ]


@dataclass(frozen=True)
class Enriched:
    """What became of an entry.

    :param entry_id: the entry.
    :param notes: what to note of it, plain JSON; also of the parts that were done before an error.
    :param error: what kept a part from being done, the first one; None if all is as it shall be.
    :param changes: numbers of what was added, changed and deleted, for captions, thumbnails, attachments and chapters.
    """

    entry_id: str
    notes: dict[str, Any]
    error: Exception | None = None
    changes: dict[str, Any] = field(default_factory=dict)


def enrich(client: KalturaClient, wanted: Iterable[Enrichment]) -> Iterator[Enriched]:
    """Bring properties, categories, custom metadata and what hangs on entries up to date.

    A part that is noted as done and did not change makes no call. The calls of about twenty entries travel together:
    requests to look, to write and to finish, and one for each new picture. Safe to repeat after the end of a process at
    any point, and for several at once. A part that fails stops neither the others nor the other entries.

    Set and removed again is only what an earlier call set: categories and fields of custom metadata that somebody else
    added stay. Captions and thumbnails of files that are gone stay as well.

    :param client: the client.
    :param wanted: the entries, each once; taken as they are needed.
    :return: one result an entry, in their order. Errors are in there: from ``baseEntry.update``, ``category.add``,
        ``categoryEntry``, ``metadata_metadata``, ``caption_captionAsset``, ``thumbAsset``,
        ``attachment_attachmentAsset``, ``cuepoint_cuepoint`` and ``uploadToken``, a ValueError for a file that cannot
        be used, which names it and what to do, or what ``note`` raised.
    """
    remaining = iter(wanted)
    made: dict[str, int] = {}
    while together := list(islice(remaining, _TOGETHER)):
        yield from _Enriching(client, [_Title(client, each, made) for each in together]).results()


def enrich_one(client: KalturaClient, wanted: Enrichment) -> dict[str, Any]:
    """Bring one entry up to date; see :func:`enrich`.

    :return: what to note, plain JSON.
    :raises Exception: the error of its :class:`Enriched`; what the other parts did is noted.
    """
    (result,) = enrich(client, [wanted])
    if result.error is not None:
        raise result.error
    return result.notes


class _Title:
    """An entry on its way."""

    def __init__(self, client: KalturaClient, wanted: Enrichment, made: dict[str, int]) -> None:
        self.wanted = wanted
        self.noted = dict(wanted.noted or {})
        self.notes = dict(self.noted)
        #: What ends the work on this entry.
        self.stopped: Exception | None = None
        self.parts: list[Part] = []
        try:
            for path in wanted.new_categories:
                if path not in made:
                    made[path] = ensure_category(client, path)
            self.parts = wanted.parts([*wanted.category_ids, *(made[path] for path in wanted.new_categories)])
        except (KalturaError, ValueError) as error:
            self.stopped = error

    def keep(self, before: Mapping[str, Any]) -> None:
        """Hand over the notes if they changed."""
        if self.wanted.note is not None and self.notes != before:
            try:
                self.wanted.note(self.notes)
            except Exception as error:
                self.stopped = error


class _Enriching(Rounds):
    """Takes the parts of some entries through their rounds, all together, and keeps notes of them."""

    def __init__(self, client: KalturaClient, titles: Sequence[_Title]) -> None:
        self.titles = titles
        self.title_of = {part: title for title in titles if title.stopped is None for part in title.parts}
        self.intended: set[Part] = set()
        super().__init__(client, self.title_of)

    def results(self) -> Iterator[Enriched]:
        self.run()
        for title in self.titles:
            yield self._result(title)

    def _result(self, title: _Title) -> Enriched:
        if title.stopped is None:
            for part in title.parts:
                if part.done:
                    title.notes.update(part.notes())
            failed = [self.errors[part] for part in title.parts if part in self.errors]
            if failed:
                title.keep(title.noted)
                title.stopped = title.stopped or failed[0]
        changes = {name: counts for part in title.parts if part.done for name, counts in part.changes().items()}
        return Enriched(title.wanted.entry_id, title.notes, title.stopped, changes)

    def must_look(self, part: Part, *, first: bool) -> bool:
        return not (first and self.title_of[part].wanted.fresh)

    def is_stopped(self, part: Part) -> bool:
        return self.title_of[part].stopped is not None

    def before_writing(self, parts: list[Part]) -> None:
        before = {title.wanted.entry_id: dict(title.notes) for title in self.titles}
        for part in parts:
            if part in self.intended:
                continue
            try:
                self.title_of[part].notes.update(part.intention())
                self.intended.add(part)
            except ValueError as error:
                self.errors[part] = error
        for title in self.titles:
            if title.stopped is None:
                title.keep(before[title.wanted.entry_id])
