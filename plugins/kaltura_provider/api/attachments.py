"""Attachments of entries: files that go with them, such as slides or transcripts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from kaltura_provider.api.enrichment.attachments import WantedAttachment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from kaltura_provider.api.client import KalturaClient
    from kaltura_provider.api.enrichment.enrich import Enriched


def put_attachments(
    client: KalturaClient,
    wanted: Iterable[tuple[str, Sequence[WantedAttachment] | Mapping[str, bytes]]],
    read: Callable[[str], bytes] | None = None,
) -> Iterator[Enriched]:
    """Attach files to entries, or replace them (``attachment_attachmentAsset.list``, ``add``, ``setContent``,
    ``update``, ``get``).

    A file of a name that an entry has already takes its place; unchanged content is not sent again. The calls for about
    twenty entries travel together: one request that looks and, where something differs, one that makes, one for each
    content, and one that finishes and reads back. Safe to repeat after the end of a process at any point, and for
    several at once.

    :param client: the client.
    :param wanted: entry and its files: descriptions of them, or contents by file name.
    :param read: returns the bytes of a file by its key, where descriptions are given.
    :return: one result an entry, in their order, with ``changes`` of each; errors are in there.
    :raises ValueError: two files of an entry have one name.
    """
    from kaltura_provider.api.enrichment.enrich import Enrichment, enrich

    enrichments = []
    for entry_id, files in wanted:
        if isinstance(files, Mapping):
            contents = dict(files)
            described = [
                WantedAttachment(name, hashlib.sha256(content).hexdigest()) for name, content in contents.items()
            ]
            enrichments.append(Enrichment(entry_id, attachments=described, read=contents.__getitem__))
        elif read is None:
            raise ValueError(f"entry {entry_id}: nothing to read files with was given; pass read=, or their contents")
        else:
            enrichments.append(Enrichment(entry_id, attachments=list(files), read=read))
    return enrich(client, enrichments)
