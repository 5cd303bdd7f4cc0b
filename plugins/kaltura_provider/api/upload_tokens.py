"""Upload tokens: made, found again, looked at and thrown away."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from kaltura_provider.api.errors import KalturaError
from kaltura_provider.api.models import UploadToken, UploadTokenStatus

if TYPE_CHECKING:
    from kaltura_provider.api.client import KalturaClient
    from kaltura_provider.api.upload_workers import Patience

log = logging.getLogger(__name__)

#: Codes that say that a token can take no more: another one is needed.
DEAD_TOKEN = frozenset(
    {
        "UPLOAD_TOKEN_NOT_FOUND",
        "UPLOAD_TOKEN_CANNOT_RESUME",
        "UPLOAD_PASSED_MAX_RESUME_TIME_ALLOWED",
        "MAX_ALLOWED_CHUNK_COUNT_EXCEEDED",
    }
)
OPEN = (UploadTokenStatus.PENDING, UploadTokenStatus.PARTIAL_UPLOAD)
# A token that something was waiting for goes from its last part straight to CLOSED.
COMPLETE = (UploadTokenStatus.FULL_UPLOAD, UploadTokenStatus.CLOSED)
#: Statuses of tokens that wait for bytes or for somebody to use them, for filters.
UNUSED_STATUSES = "0,1,2"


def get_token(client: KalturaClient, token_id: str) -> UploadToken:
    """Read an upload token (``uploadToken.get``).

    :param client: the client.
    :param token_id: ID of the token.
    :raises KalturaError: if there is none, or it belongs to another user.
    """
    return UploadToken.from_api(client.call("uploadToken", "get", {"uploadTokenId": token_id}))


def list_tokens(client: KalturaClient, *, page: int = 1, **filter: Any) -> list[UploadToken]:
    """List upload tokens, the newest first (``uploadToken.list``), straight from Kaltura's database.

    :param client: the client.
    :param page: which 500 of them.
    :param filter: fields of ``KalturaUploadTokenFilter``, such as ``fileNameEqual``.
    :raises KalturaError: if the call failed.
    """
    params = {"filter": {"orderBy": "-createdAt", **filter}, "pager": {"pageSize": 500, "pageIndex": page}}
    return [UploadToken.from_api(values) for values in client.call("uploadToken", "list", params)["objects"] or []]


def add_token(
    client: KalturaClient,
    file_name: str,
    size: int,
    patience: Patience,
    pause: Callable[[float], None],
    *,
    unique: bool,
) -> UploadToken:
    """Make an upload token (``uploadToken.add``).

    :param client: the client.
    :param file_name: noted at the token; its extension is that of the stored file.
    :param size: length of the file in bytes.
    :param patience: decides how often it is tried.
    :param pause: waits between two tries.
    :param unique: whether no other file's token has this name. Then a token whose answer got lost is found again
        (``uploadToken.list``); otherwise it is left behind empty, and goes away by itself.
    :raises KalturaError: if it failed.
    """
    params = {"uploadToken": {"fileName": file_name, "fileSize": size}}
    doubtful = False
    while True:
        try:
            # Whether there is one already is asked after the wait, when the lost call has surely been carried out.
            pending = str(UploadTokenStatus.PENDING.value)
            if doubtful and (found := list_tokens(client, fileNameEqual=file_name, statusIn=pending)):
                return found[0]
            return UploadToken.from_api(client.call("uploadToken", "add", params))
        except KalturaError as error:
            doubtful = doubtful or (unique and error.outcome_unknown)
            wait = patience.wait_after(error) if error.retryable else None
            if wait is None:
                raise
        pause(wait)


def delete_token(client: KalturaClient, token_id: str) -> None:
    """Throw an upload token away with what it holds (``uploadToken.delete``). Never raises.

    :param client: the client.
    :param token_id: ID of the token.
    """
    try:
        client.call("uploadToken", "delete", {"uploadTokenId": token_id})
    except KalturaError as error:
        if error.code not in DEAD_TOKEN:
            log.warning("%s The unused upload goes away by itself.", error)
