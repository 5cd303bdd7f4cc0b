"""Brings everything about an entry besides its content up to date, in few requests, and as often as one likes."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Any

from kaltura_pipeline.enrichment.captions import CaptionsPart
from kaltura_pipeline.enrichment.entry_parts import CategoriesPart, FieldsPart, MetadataPart
from kaltura_pipeline.enrichment.part import Batch, Part
from kaltura_pipeline.enrichment.thumbnail import ThumbnailPart
from kaltura_provider.api.catalogue import REFUSED_BEFORE_ACTING
from kaltura_provider.api.categories import ensure_category
from kaltura_provider.api.errors import KalturaError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from kaltura_pipeline.enrichment.captions import WantedCaption
    from kaltura_pipeline.enrichment.resolved import Resolved
    from kaltura_pipeline.enrichment.thumbnail import WantedThumbnail
    from kaltura_provider.api import KalturaClient

_ROUNDS = 4


def apply(
    client: KalturaClient,
    entry_id: str,
    resolved: Resolved,
    *,
    captions: Sequence[WantedCaption] = (),
    thumbnail: WantedThumbnail | None = None,
    fields: Mapping[str, Any] | None = None,
    noted: Mapping[str, Any] | None = None,
    read: Callable[[str], bytes],
    fresh: bool = False,
    note: Callable[[Mapping[str, Any]], None] | None = None,
) -> dict[str, Any]:
    """Bring properties, categories, custom metadata, captions and thumbnail of an entry up to date.

    A part that is noted as done and did not change makes no call. The rest takes a request to look, one to write, and
    for a new thumbnail one to send it and one to finish. Safe to repeat after the end of a process at any point, and
    for several at once. A part that fails does not stop the others.

    Set and removed again is only what an earlier call set: categories and fields of custom metadata that somebody else
    added stay. Captions and thumbnails of files that are gone stay as well.

    :param client: the client.
    :param entry_id: an entry that exists, in any status.
    :param resolved: the description; one with problems must not be applied.
    :param captions: the caption files of the title.
    :param thumbnail: its image file.
    :param fields: properties of KalturaBaseEntry to set, such as ``resolved.update_fields`` and ``referenceId``; None
        leaves them alone.
    :param noted: what the last call for this entry returned, or gave to ``note``.
    :param read: returns the bytes of a file by its key; called for changed files only.
    :param fresh: the entry was made with ``fields`` just now and by this process, not from a template entry: nothing is
        there to look for, which saves a request.
    :param note: keeps what it is given as the new ``noted``; called before the first change, and when a part failed.
        It should raise if somebody else works on the entry by now: then nothing more is done.
    :return: what to note, plain JSON.
    :raises KalturaError: from ``baseEntry.update``, ``categoryEntry``, ``metadata_metadata``, ``caption_captionAsset``,
        ``thumbAsset`` or ``uploadToken``; what the other parts did is noted.
    :raises ValueError: a caption or image file cannot be used; the message names it and what to do.
    """
    noted = noted or {}
    made = [ensure_category(client, path) for path in resolved.new_categories]
    categories = list(dict.fromkeys([*resolved.category_ids, *made]))
    parts: list[Part] = [
        FieldsPart(entry_id, fields or {}, noted.get("fields"), are_set=fresh),
        CategoriesPart(entry_id, categories, noted.get("categories")),
        MetadataPart(entry_id, resolved.metadata, noted.get("metadata")),
        CaptionsPart(entry_id, captions, noted.get("captions"), read),
        ThumbnailPart(entry_id, thumbnail, noted.get("thumbnail"), read),
    ]
    return _Application(client, parts, dict(noted), note).run(fresh=fresh)


class _Application:
    """Takes the parts of one entry through their rounds."""

    def __init__(
        self,
        client: KalturaClient,
        parts: Sequence[Part],
        notes: dict[str, Any],
        note: Callable[[Mapping[str, Any]], None] | None,
    ) -> None:
        self.client = client
        self.parts = parts
        self.notes = notes
        self.note = note
        #: What keeps a part from being done; one that another round may settle is asked again.
        self.errors: dict[Part, Exception] = {}
        #: Parts whose error stays: what is there could not be read, although the client tried as often as it may.
        self.ended: set[Part] = set()
        self.intended: set[Part] = set()

    def run(self, *, fresh: bool) -> dict[str, Any]:
        noted = dict(self.notes)
        for number in range(_ROUNDS):
            pending = [part for part in self.parts if not part.done and self._may_go_on(part)]
            if not pending:
                break
            if number:
                self._wait(number)
            self.errors = {part: error for part, error in self.errors.items() if part not in pending}
            self._round(pending, look=number > 0 or not fresh)
        failed = [self.errors[part] for part in self.parts if part in self.errors]
        for part in self.parts:
            if part.done:
                self.notes.update(part.notes())
        if failed:
            self._note(noted)
            raise failed[0]
        return self.notes

    def _round(self, parts: list[Part], *, look: bool) -> None:
        if look:
            batch = Batch(self.client)
            for part in parts:
                part.look(batch)
            # If nothing can be read, nothing is written either.
            self._send(batch, parts)
            self.ended |= self.errors.keys()
        self._intend(self._going(parts))
        batch = Batch(self.client)
        for part in self._going(parts):
            try:
                part.write(batch)
            except ValueError as error:
                self.errors[part] = error
        self._send(batch, batch.parts)
        for part in self._going(parts):
            try:
                part.send(self.client)
            except KalturaError as error:
                self.errors[part] = error
        batch = Batch(self.client)
        for part in self._going(parts):
            part.finish(batch)
        self._send(batch, batch.parts)
        for part in self._going(parts):
            part.done = True

    def _intend(self, parts: list[Part]) -> None:
        before = dict(self.notes)
        for part in parts:
            if part in self.intended:
                continue
            try:
                self.notes.update(part.intention())
                self.intended.add(part)
            except ValueError as error:
                self.errors[part] = error
        self._note(before)

    def _send(self, batch: Batch, affected: Collection[Part]) -> None:
        try:
            errors = batch.send()
        except KalturaError as error:
            # Nobody knows what was done, or nothing was.
            errors = dict.fromkeys(affected, error)
        for part, problem in errors.items():
            self.errors.setdefault(part, part.explain(problem) if isinstance(problem, KalturaError) else problem)

    def _going(self, parts: list[Part]) -> list[Part]:
        return [part for part in parts if part not in self.errors]

    def _may_go_on(self, part: Part) -> bool:
        error = self.errors.get(part)
        return error is None or (
            part not in self.ended
            and isinstance(error, KalturaError)
            and (error.retryable or error.code in part.outdated_by)
        )

    def _note(self, before: Mapping[str, Any]) -> None:
        if self.note is not None and self.notes != before:
            self.note(self.notes)

    def _wait(self, number: int) -> None:
        config = self.client.config
        wait = random.uniform(0, min(config.backoff_max, config.backoff_initial * 2.0 ** (number - 1)))
        if any(
            isinstance(error, KalturaError) and error.code in REFUSED_BEFORE_ACTING for error in self.errors.values()
        ):
            wait += config.rate_limit_wait
        time.sleep(wait)
