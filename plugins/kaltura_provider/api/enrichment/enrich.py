"""Brings everything about entries besides their content up to date, in few requests, and as often as one likes."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from kaltura_provider.api.catalogue import REFUSED_BEFORE_ACTING
from kaltura_provider.api.categories import ensure_category
from kaltura_provider.api.enrichment.captions import REPLACE, CaptionRules, CaptionsPart
from kaltura_provider.api.enrichment.categories import CategoriesPart
from kaltura_provider.api.enrichment.fields import FieldsPart
from kaltura_provider.api.enrichment.metadata import MetadataPart
from kaltura_provider.api.enrichment.part import Batch, Part
from kaltura_provider.api.enrichment.thumbnail import ThumbnailPart
from kaltura_provider.api.errors import KalturaError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from kaltura_provider.api import KalturaClient
    from kaltura_provider.api.enrichment.captions import WantedCaption
    from kaltura_provider.api.enrichment.metadata import MetadataWish
    from kaltura_provider.api.enrichment.thumbnail import WantedFrame, WantedThumbnail

_ROUNDS = 4
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
    noted: Mapping[str, Any] | None = None
    read: Callable[[str], bytes] = _no_file
    note: Callable[[Mapping[str, Any]], None] | None = None
    fresh: bool = False
    verify: bool = False
    caption_rules: CaptionRules = REPLACE

    def parts(self, category_ids: Sequence[int]) -> list[Part]:
        """Return the parts of the entry, for one time each.

        :param category_ids: all its categories, also those that had to be made.
        :raises ValueError: two captions are the same, or both to be the default.
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
        ]


@dataclass(frozen=True)
class Enriched:
    """What became of an entry.

    :param entry_id: the entry.
    :param notes: what to note of it, plain JSON; also of the parts that were done before an error.
    :param error: what kept a part from being done, the first one; None if all is as it shall be.
    :param changes: numbers of what was added, changed and deleted, for captions and thumbnails.
    """

    entry_id: str
    notes: dict[str, Any]
    error: Exception | None = None
    changes: dict[str, Any] = field(default_factory=dict)


def enrich(client: KalturaClient, wanted: Iterable[Enrichment]) -> Iterator[Enriched]:
    """Bring properties, categories, custom metadata, captions and thumbnails of entries up to date.

    A part that is noted as done and did not change makes no call. The calls of about twenty entries travel together:
    requests to look, to write and to finish, and one for each new picture. Safe to repeat after the end of a process at
    any point, and for several at once. A part that fails stops neither the others nor the other entries.

    Set and removed again is only what an earlier call set: categories and fields of custom metadata that somebody else
    added stay. Captions and thumbnails of files that are gone stay as well.

    :param client: the client.
    :param wanted: the entries, each once; taken as they are needed.
    :return: one result an entry, in their order. Errors are in there: from ``baseEntry.update``, ``category.add``,
        ``categoryEntry``, ``metadata_metadata``, ``caption_captionAsset``, ``thumbAsset`` and ``uploadToken``, a
        ValueError for a file that cannot be used, which names it and what to do, or what ``note`` raised.
    """
    remaining = iter(wanted)
    made: dict[str, int] = {}
    while together := list(islice(remaining, _TOGETHER)):
        yield from _Enriching(client, [_Title(client, each, made) for each in together]).run()


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


class _Enriching:
    """Takes the parts of some entries through their rounds, all together."""

    def __init__(self, client: KalturaClient, titles: Sequence[_Title]) -> None:
        self.client = client
        self.titles = titles
        self.parts = {part: title for title in titles if title.stopped is None for part in title.parts}
        #: What keeps a part from being done; one that another round may settle is asked again.
        self.errors: dict[Part, Exception] = {}
        #: Parts whose error stays: what is there could not be read, although the client tried as often as it may.
        self.ended: set[Part] = set()
        self.intended: set[Part] = set()

    def run(self) -> Iterator[Enriched]:
        for number in range(_ROUNDS):
            pending = [part for part in self.parts if not part.done and self._may_go_on(part)]
            if not pending:
                break
            if number:
                self._wait(number)
            self.errors = {part: error for part, error in self.errors.items() if part not in pending}
            self._round(pending, first=number == 0)
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

    def _round(self, parts: list[Part], *, first: bool) -> None:
        batch = Batch(self.client)
        for part in parts:
            if not (first and self.parts[part].wanted.fresh):
                part.look(batch)
        self._send(batch)
        # If nothing can be read, nothing is written either.
        self.ended |= self.errors.keys()
        looked = batch.parts
        for part in self._going(parts):
            try:
                # What was not looked at has no differences to tell.
                part.done = part in looked and not part.differences()
            except ValueError as error:
                self.errors[part] = error
        parts = [part for part in parts if not part.done]
        self._intend(self._going(parts))
        batch = Batch(self.client)
        for part in self._going(parts):
            try:
                part.write(batch)
            except Exception as error:  # whatever reading a file raises; it is of one entry only
                self.errors[part] = error
        self._send(batch)
        for part in self._going(parts):
            try:
                part.send(self.client)
            except KalturaError as error:
                self.errors[part] = error
        batch = Batch(self.client)
        for part in self._going(parts):
            try:
                part.finish(batch)
            except Exception as error:  # of reading a file that somebody else had promised to send
                self.errors[part] = error
        self._send(batch)
        for part in self._going(parts):
            part.done = True

    def _intend(self, parts: list[Part]) -> None:
        before = {title.wanted.entry_id: dict(title.notes) for title in self.titles}
        for part in parts:
            if part in self.intended:
                continue
            try:
                self.parts[part].notes.update(part.intention())
                self.intended.add(part)
            except ValueError as error:
                self.errors[part] = error
        for title in self.titles:
            if title.stopped is None:
                title.keep(before[title.wanted.entry_id])

    def _send(self, batch: Batch) -> None:
        for part, problem in batch.send().items():
            self.errors.setdefault(part, part.explain(problem) if isinstance(problem, KalturaError) else problem)

    def _going(self, parts: list[Part]) -> list[Part]:
        return [part for part in parts if part not in self.errors and self.parts[part].stopped is None]

    def _may_go_on(self, part: Part) -> bool:
        error = self.errors.get(part)
        return self.parts[part].stopped is None and (
            error is None
            or (
                part not in self.ended
                and isinstance(error, KalturaError)
                and (error.retryable or error.code in part.outdated_by)
            )
        )

    def _wait(self, number: int) -> None:
        config = self.client.config
        wait = random.uniform(0, min(config.backoff_max, config.backoff_initial * 2.0 ** (number - 1)))
        if any(
            isinstance(error, KalturaError) and error.code in REFUSED_BEFORE_ACTING for error in self.errors.values()
        ):
            wait += config.rate_limit_wait
        time.sleep(wait)
