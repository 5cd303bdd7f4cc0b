"""An upload whose token and progress are noted, so that it goes on in another process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kaltura_provider.api.models import UploadToken
from kaltura_provider.api.uploads import UploadResult, upload

if TYPE_CHECKING:
    from kaltura_provider.api.client import KalturaClient
    from kaltura_provider.api.journal import Journal
    from kaltura_provider.api.sources import UploadSource
    from kaltura_provider.api.upload_settings import UploadSettings


@dataclass(frozen=True)
class NotedUpload:
    """A finished upload.

    :param result: what came out.
    :param earlier_token: whether an earlier process had made the token, which may have used it already.
    """

    result: UploadResult
    earlier_token: bool


def upload_noted(
    client: KalturaClient,
    source: UploadSource,
    journal: Journal,
    settings: UploadSettings,
    *,
    token_name: str,
    file_name: str,
    fresh_token: UploadToken | None = None,
    prefix: str = "",
) -> NotedUpload:
    """Upload a file, or go on with an upload of the same content that was interrupted.

    :param client: the client.
    :param source: the file.
    :param journal: durable notes: ``upload_token_id``, ``fingerprint`` and ``confirmed``.
    :param settings: see :class:`~kaltura_provider.api.upload_settings.UploadSettings`.
    :param token_name: file name of the token, which no other file has.
    :param file_name: name under which the file travels.
    :param fresh_token: a token that was made for it and noted.
    :param prefix: begins the names of the notes, where one entry has several files.
    :return: the complete token.
    :raises KalturaError: if it failed; calling again continues.
    """
    token_note, content_note, confirmed_note = (
        f"{prefix}{name}" for name in ("upload_token_id", "fingerprint", "confirmed")
    )
    notes = journal.load()
    same = notes.get(content_note) == source.fingerprint
    token: UploadToken | str | None = fresh_token or (notes.get(token_note) if same else None)
    earlier = bool(token) and fresh_token is None

    def note_token(made: UploadToken) -> None:
        nonlocal earlier
        earlier = False
        journal.save(**{token_note: made.id, content_note: source.fingerprint, confirmed_note: ""})

    result = upload(
        client,
        source,
        token=token or None,
        token_name=token_name,
        file_name=file_name,
        confirmed=notes.get(confirmed_note, "") if same else "",
        on_token=note_token,
        on_confirmed=lambda text: journal.save(**{confirmed_note: text}),
        **settings,
    )
    return NotedUpload(result, earlier)
