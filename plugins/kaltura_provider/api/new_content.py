"""New content for an entry that has some: uploaded, and exchanged for what is there, exactly once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kaltura_provider.api.data_text import read_text
from kaltura_provider.api.file_names import extension_of, stored_name
from kaltura_provider.api.media_kind import MediaKind
from kaltura_provider.api.noted_upload import upload_noted
from kaltura_provider.api.renditions import renditions_resource
from kaltura_provider.api.replacement import Exchange, is_closed
from kaltura_provider.api.replacement_start import start_replacement
from kaltura_provider.api.token_names import delete_unused, new_mark, token_name

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from kaltura_provider.api.client import KalturaClient
    from kaltura_provider.api.journal import Journal
    from kaltura_provider.api.sources import UploadSource
    from kaltura_provider.api.upload_settings import UploadSettings
    from kaltura_provider.api.uploads import UploadResult


@dataclass(frozen=True)
class NewContent:
    """New content that was handed to an entry.

    :param exchange: where the exchange stands; follow up with
        :func:`~kaltura_provider.api.replacement.settle_replacement`.
    :param upload: the upload of the file; None if an earlier try had done it, or it is a text.
    """

    exchange: Exchange
    upload: UploadResult | None


def put_new_content(
    client: KalturaClient,
    source: UploadSource,
    entry_id: str,
    *,
    kind: MediaKind,
    journal: Journal,
    file_name: str | None = None,
    renditions: Mapping[int, UploadSource] | None = None,
    **settings: Unpack[UploadSettings],
) -> NewContent:
    """Upload new content for an entry and begin to exchange it for what the entry has.

    Can be called again at any time, after any kind of interruption, with the same journal: it goes on where it stopped.
    Uses the actions of :func:`~kaltura_provider.api.upload` and
    :func:`~kaltura_provider.api.replacement_start.start_replacement`.

    :param client: the client.
    :param source: the new content.
    :param entry_id: an entry that has content.
    :param kind: what the entry is.
    :param journal: durable notes.
    :param file_name: name under which the file travels; made of the source's name when None.
    :param renditions: further finished files, by the ID of their flavor params.
    :param settings: see :class:`~kaltura_provider.api.upload_settings.UploadSettings`.
    :return: where the exchange stands.
    :raises KalturaError: if a call failed; calling again continues. ``ENTRY_REPLACEMENT_ALREADY_EXISTS`` if somebody
        else is exchanging the content.
    :raises SourceChangedError: if the source changed meanwhile.
    :raises ValueError: if the source cannot be used.
    """
    if kind is MediaKind.DATA:
        text = {"objectType": "KalturaStringResource", "content": read_text(source)}
        return NewContent(start_replacement(client, entry_id, text, kind=kind, journal=journal), None)
    files: dict[int, UploadSource] = {0: source, **(renditions or {})}
    if tokens := _handed_over(client, journal, files):
        resource = _resource(tokens)
        return NewContent(start_replacement(client, entry_id, resource, kind=kind, journal=journal), None)
    notes = journal.load()
    mark = notes.get("add_mark") or new_mark()
    if not notes.get("add_mark"):
        journal.save(add_mark=mark, entry_id=entry_id)
    results: dict[int, UploadResult] = {}
    for params_id, file in files.items():
        which = params_id or None
        name = file_name if file_name and not params_id else stored_name(file.name, extension_of(file.name))
        named = token_name(mark, entry_id, name, which)
        prefix = _prefix(params_id)
        done = upload_noted(client, file, journal, settings, token_name=named, file_name=name, prefix=prefix)
        results[params_id] = done.result
        delete_unused(client, named, keep={done.result.token.id})
    resource = _resource({params_id: result.token.id for params_id, result in results.items()})
    exchange = start_replacement(client, entry_id, resource, kind=kind, journal=journal)
    return NewContent(exchange, results[0])


def _handed_over(client: KalturaClient, journal: Journal, files: Mapping[int, UploadSource]) -> dict[int, str]:
    """The tokens of just these files, if an earlier process began to exchange them and the server was at it."""
    notes = journal.load()
    replacing = notes.get("replacing", "").split(",")
    tokens: dict[int, str] = {}
    for params_id, file in files.items():
        token_id = notes.get(f"{_prefix(params_id)}upload_token_id", "")
        if token_id not in replacing or notes.get(f"{_prefix(params_id)}fingerprint") != file.fingerprint:
            return {}
        tokens[params_id] = token_id
    return tokens if any(is_closed(client, token_id) for token_id in tokens.values()) else {}


def _prefix(params_id: int) -> str:
    return f"rendition_{params_id}_" if params_id else ""


def _resource(tokens: Mapping[int, str]) -> dict[str, Any]:
    if len(tokens) > 1:
        return renditions_resource(tokens)
    return {"objectType": "KalturaUploadedFileTokenResource", "token": tokens[0]}
