"""Compares what entries shall have besides their content with what they have, and writes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from kaltura_provider.api.categories import find_categories
from kaltura_provider.api.enrichment.fields import FieldsPart
from kaltura_provider.api.enrichment.part import Batch, Difference, Part
from kaltura_provider.api.errors import KalturaError

if TYPE_CHECKING:
    from kaltura_provider.api import KalturaClient
    from kaltura_provider.api.enrichment.enrich import Enrichment

# Answers for so many entries are in memory at once.
_TOGETHER = 100
_GONE = "ENTRY_ID_NOT_FOUND"


def look_at(client: KalturaClient, wanted: Iterable[Enrichment]) -> list[tuple[str, list[Difference]]]:
    """Compare entries with what they shall have, with a request for twenty of them or more, and none that writes.

    What is noted as done is looked at all the same. Notes only tell which categories and which fields of custom
    metadata an earlier call set, so that they count as a difference when they are wanted no more. No file is read: a
    tag on captions, thumbnails and attachments tells which version of a file they were given, and their size or version
    whether they still have it. To mend what differs, pass the same to
    :func:`~kaltura_provider.api.enrichment.enrich.enrich` with ``verify``.

    :param client: the client.
    :param wanted: the entries.
    :return: each entry with its differences, in their order; none if it is as it shall be. One that is gone has the
        difference ``entry``.
    :raises KalturaError: a look failed, from ``baseEntry.get``, ``category.list``, ``categoryEntry.list``,
        ``metadata_metadata.list``, ``caption_captionAsset.list``, ``thumbAsset.list``,
        ``attachment_attachmentAsset.list`` or ``cuepoint_cuepoint.list``.
    :raises ValueError: two captions that are wanted are the same, or both to be the default.
    """
    remaining = iter(wanted)
    found: list[tuple[str, list[Difference]]] = []
    while together := list(islice(remaining, _TOGETHER)):
        found += _look_at(client, together)
    return found


def _look_at(client: KalturaClient, wanted: list[Enrichment]) -> list[tuple[str, list[Difference]]]:
    paths = [path for wish in wanted for path in wish.new_categories]
    categories = find_categories(client, paths) if paths else {}
    batch = Batch(client)
    looked = [(wish, _parts(wish, categories)) for wish in wanted]
    for _, parts in looked:
        for part in parts:
            part.look(batch)
    errors = batch.send()
    return [(wish.entry_id, _differences(wish, parts, errors, categories)) for wish, parts in looked]


def _parts(wish: Enrichment, categories: Mapping[str, int]) -> list[Part]:
    known = [categories[path] for path in wish.new_categories if path in categories]
    parts = replace(wish, verify=True, fresh=False).parts([*wish.category_ids, *known])
    # The entry itself is always looked at: lists of what is gone are empty, as those of an entry without anything.
    return [part for part in parts if isinstance(part, FieldsPart) or not part.done]


def _differences(
    wish: Enrichment, parts: list[Part], errors: Mapping[Part, Exception], categories: Mapping[str, int]
) -> list[Difference]:
    failed = [errors[part] for part in parts if part in errors]
    if failed:
        first = failed[0]
        if isinstance(first, KalturaError) and first.code == _GONE:
            return [Difference("entry", "id", wish.entry_id, None)]
        raise first
    missing = [path for path in wish.new_categories if path not in categories]
    return [
        *(difference for part in parts for difference in part.differences()),
        *(Difference("categories", path, "assigned", None) for path in missing),
    ]
