"""One source becomes one entry, in the version it has when it arrives; what operators and the pipeline share."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from kaltura_provider.api import Entry, Journal, KalturaClient, MediaKind, PutResult, UploadSource
    from kaltura_provider.api.upload_settings import UploadSettings

log = logging.getLogger(__name__)

#: Versions of a source that are begun before the task gives up: something writes it faster than it can be sent.
MAX_VERSIONS = 3


@dataclass(frozen=True)
class Put:
    """What became of a source.

    :param result: what became of it in Kaltura.
    :param source: the version of the source that was found last.
    """

    result: PutResult
    source: UploadSource


def put_source(
    client: KalturaClient,
    find: Callable[[], UploadSource],
    *,
    media_kind: MediaKind | None,
    entry: Mapping[str, Any],
    reference_id: str,
    journal: Journal,
    renditions: Callable[[], Mapping[int, UploadSource]] = dict,
    filler: Callable[[UploadSource, MediaKind], Callable[[Entry], Entry] | None] | None = None,
    on_entry: Callable[[Entry], None] | None = None,
    known: Sequence[Entry] | None = None,
    **settings: Unpack[UploadSettings],
) -> Put:
    """Make an entry of a source, once; see :func:`kaltura_provider.api.put_content`.

    If the source changes while it is sent, the upload starts over with the new version, into the same entry.

    :param client: the client.
    :param find: looks the source up in the version it has now.
    :param media_kind: what kind of entry the source becomes; None decides by its content and name.
    :param entry: fields of the entry.
    :param reference_id: identity of the source.
    :param journal: durable notes.
    :param renditions: looks up the further finished files of the entry, by the ID of their flavor params.
    :param filler: says in which other way than by an upload an entry gets this content; None for an upload.
    :param on_entry: called with the entry as soon as it is known.
    :param known: the entries with this reference ID, if the caller has looked for them already.
    :param settings: see :class:`~kaltura_provider.api.upload_settings.UploadSettings`.
    :return: what became of it.
    :raises KalturaError: if a call failed; calling again continues.
    :raises SourceChangedError: if the source changed again and again.
    :raises SourceUnavailableError: if the source could not be read for longer than the budget.
    :raises UploadStoppedError: if it was stopped.
    :raises ValueError: if the source cannot be used.
    """
    from kaltura_provider.api import SourceChangedError, inspect_source, put_content

    for version in range(1, MAX_VERSIONS + 1):
        source = find()
        try:
            media = inspect_source(source, media_kind)
            log.log(logging.WARNING if media.mismatch else logging.INFO, "%s", media.note)
            result = put_content(
                client,
                source,
                entry=entry,
                kind=media.kind,
                file_name=media.file_name,
                reference_id=reference_id,
                journal=journal,
                renditions=renditions(),
                fill=filler(source, media.kind) if filler is not None else None,
                on_entry=on_entry,
                known=known,
                **settings,
            )
            return Put(result, source)
        except SourceChangedError as error:
            if version == MAX_VERSIONS:
                raise SourceChangedError(
                    f"{error} That happened {MAX_VERSIONS} times: wait until its writer is done, then clear the task."
                ) from error
            log.warning("%s The upload starts over with the new version, into the same entry.", error)
    raise AssertionError("unreachable")


def changed_since(client: KalturaClient, entry: Entry, file: UploadSource, content: str) -> str:
    """Say from what an entry was made, if that is not what the source has now (``flavorAsset.list``).

    :param client: the client.
    :param entry: the entry.
    :param file: the source as it is now.
    :param content: fingerprint of the content the entry was given; empty if nothing was noted. Then sizes are compared.
    :return: such as ``a file of 1862 bytes``; an empty text if nothing speaks for a change.
    :raises KalturaError: if the sizes cannot be asked for.
    """
    from kaltura_provider.api.source_flavor import has_size, source_flavor

    if content:
        return "other content" if content != file.fingerprint else ""
    source = source_flavor(client, entry.id)
    if source is None or has_size(source, file.size) is not False:
        # Images and documents have no flavors, and an account may remove sources: then there is nothing to compare.
        return ""
    return f"a file of {source.size_in_bytes} bytes"
