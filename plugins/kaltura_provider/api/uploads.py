"""Uploading a file into an upload token: resumable, streamed, and finished only when the server holds every byte.

What the server says about the token settles every doubt. After an answer got lost, the token is looked at and the
upload goes on where the server stands; nothing is assumed from what was sent.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from kaltura_provider.api.errors import ErrorClass, KalturaError
from kaltura_provider.api.models import UploadToken, UploadTokenStatus
from kaltura_provider.api.multipart import FilePart
from kaltura_provider.api.sources import FileSource, UploadSource
from kaltura_provider.api.upload_plan import MAX_PART_SIZE, Part, default_part_size, plan_parts

if TYPE_CHECKING:
    from kaltura_provider.api.client import KalturaClient

__all__ = ["FileSource", "UploadProgress", "UploadResult", "UploadSource", "upload"]

log = logging.getLogger(__name__)

#: Seconds to wait for the answer to a part: on the last one the server may wait 45 s for others before it copies.
PART_READ_TIMEOUT = 90.0
#: How often the state of a finished upload is looked at, once a second, until it says so.
FINISH_LOOKS = 10
#: Tokens one upload may use up before it gives up.
MAX_TOKENS = 3

# The token can take no more: another one is needed.
_DEAD_TOKEN = frozenset(
    {
        "UPLOAD_TOKEN_NOT_FOUND",
        "UPLOAD_TOKEN_CANNOT_RESUME",
        "UPLOAD_PASSED_MAX_RESUME_TIME_ALLOWED",
        "MAX_ALLOWED_CHUNK_COUNT_EXCEEDED",
    }
)
_UNREACHABLE = frozenset({"HOST_NOT_FOUND", "HOST_UNREACHABLE", "CONNECTION_REFUSED", "CONNECT_TIMEOUT", "TLS_ERROR"})
_OPEN = (UploadTokenStatus.PENDING, UploadTokenStatus.PARTIAL_UPLOAD)
# A token that something was waiting for goes from its last part straight to CLOSED.
_COMPLETE = (UploadTokenStatus.FULL_UPLOAD, UploadTokenStatus.CLOSED)


@dataclass(frozen=True)
class UploadProgress:
    """How far an upload is.

    :param token_id: the upload token.
    :param bytes_done: bytes the server has confirmed.
    :param bytes_total: length of the file.
    """

    token_id: str
    bytes_done: int
    bytes_total: int


@dataclass(frozen=True)
class UploadResult:
    """A finished upload.

    :param token: the token that holds the file.
    :param bytes_sent: bytes the server confirmed in this call; less than the file if an earlier upload was continued.
    :param resumed_from: bytes that were already there.
    """

    token: UploadToken
    bytes_sent: int
    resumed_from: int


def upload(
    client: KalturaClient,
    source: UploadSource,
    *,
    token_id: str | None = None,
    part_size: int | None = None,
    on_progress: Callable[[UploadProgress], None] | None = None,
    on_token: Callable[[UploadToken], None] | None = None,
) -> UploadResult:
    """Upload a file (``uploadToken.add``, ``uploadToken.upload``, ``uploadToken.get``).

    The file is streamed; no part of it is held in memory as a whole. The result is checked: the token is complete and
    holds as many bytes as the source has.

    :param client: the client.
    :param source: the file.
    :param token_id: the token of an upload that was interrupted. It goes on at the byte the server stands; if the
        token can take no more, or belongs to a file of another name or size, a new one is made.
    :param part_size: bytes of one request; chosen by the size of the file when None.
    :param on_progress: called after each part.
    :param on_token: called with a new token before anything is sent into it, so that it can be noted for a resumption.
    :return: the complete token.
    :raises KalturaError: if the upload failed; calling again with the token resumes it.
    :raises SourceChangedError: if the file changed meanwhile.
    :raises ValueError: if the file is empty or the part size out of range.
    """
    if source.size <= 0:
        raise ValueError(f"{source.name} is empty, and Kaltura makes no entry of an empty file: check the source")
    if part_size is not None and not 0 < part_size <= MAX_PART_SIZE:
        raise ValueError(
            f"part_size {part_size} is out of range: Kaltura takes 1 to {MAX_PART_SIZE} bytes with one request"
        )
    return _Upload(client, source, part_size or default_part_size(source.size), on_progress, on_token).run(token_id)


def get_token(client: KalturaClient, token_id: str) -> UploadToken:
    """Read an upload token (``uploadToken.get``).

    :param client: the client.
    :param token_id: ID of the token.
    :raises KalturaError: if there is none, or it belongs to another user.
    """
    return UploadToken.from_api(client.call("uploadToken", "get", {"uploadTokenId": token_id}))


class _Upload:
    """One upload and its state."""

    def __init__(
        self,
        client: KalturaClient,
        source: UploadSource,
        part_size: int,
        on_progress: Callable[[UploadProgress], None] | None,
        on_token: Callable[[UploadToken], None] | None,
    ) -> None:
        self.client = client
        self.source = source
        self.part_size = part_size
        self.on_progress = on_progress
        self.on_token = on_token
        self.bytes_sent = 0
        self.tokens_made = 0
        self.server: str | None = None

    def run(self, token_id: str | None) -> UploadResult:
        token = self._reusable(token_id) if token_id else None
        token = token or self._new_token()
        self.server = self._server_of(token)
        resumed_from = token.uploaded_file_size
        without_progress = 0
        while token.status not in _COMPLETE:
            try:
                token = self._send_rest(token)
                continue
            except KalturaError as error:
                failure = error
            stood_at = token.uploaded_file_size
            token = self._after(failure, token)
            without_progress = 0 if token.uploaded_file_size > stood_at else without_progress + 1
            if token.status in _OPEN:
                if without_progress >= self.client.config.max_attempts:
                    raise failure
                log.warning("%s The upload goes on at byte %d.", failure, token.uploaded_file_size)
                time.sleep(random.uniform(0, self.client.config.backoff_initial * 2.0**without_progress))
        if token.uploaded_file_size != self.source.size:
            raise KalturaError(
                "UPLOAD_SIZE_MISMATCH",
                f"{token.uploaded_file_size} bytes arrived of {self.source.size}",
                error_class=ErrorClass.RETRY,
                service_action="uploadToken.upload",
            )
        return UploadResult(token, self.bytes_sent, resumed_from if self.tokens_made == 0 else 0)

    def _reusable(self, token_id: str) -> UploadToken | None:
        """The token of an earlier upload, if this file can be continued in it."""
        try:
            token = get_token(self.client, token_id)
        except KalturaError as error:
            if error.code in _DEAD_TOKEN:
                return None
            raise
        same_file = token.file_name in ("", self.source.name) and token.file_size in (None, self.source.size)
        if not same_file:
            return None
        if token.status in _OPEN:
            return token if token.uploaded_file_size <= self.source.size else None
        complete = token.status is UploadTokenStatus.FULL_UPLOAD and token.uploaded_file_size == self.source.size
        return token if complete else None

    def _new_token(self) -> UploadToken:
        self.tokens_made += 1
        params = {"uploadToken": {"fileName": self.source.name, "fileSize": self.source.size}}
        # A token nobody uses harms nobody and goes away by itself, so a lost answer may be followed by a second one.
        token = UploadToken.from_api(self.client.call("uploadToken", "add", params, idempotent=True))
        if self.on_token is not None:
            self.on_token(token)
        return token

    def _after(self, failure: KalturaError, token: UploadToken) -> UploadToken:
        """Look where the server stands after a failure."""
        looked: UploadToken | None = None
        if failure.code not in _DEAD_TOKEN:
            if not failure.retryable and failure.code != "UPLOAD_TOKEN_INVALID_STATUS_FOR_UPLOAD":
                raise failure
            try:
                looked = get_token(self.client, token.id)
            except KalturaError as error:
                if error.code not in _DEAD_TOKEN:
                    raise
        if looked is not None and looked.status in (*_OPEN, *_COMPLETE):
            return looked
        if self.tokens_made >= MAX_TOKENS:
            raise failure
        log.warning("%s The upload begins anew.", failure)
        token = self._new_token()
        self.server = self._server_of(token)
        return token

    def _send_rest(self, token: UploadToken) -> UploadToken:
        """Send everything from the byte the server stands at."""
        for part in plan_parts(self.source.size, token.uploaded_file_size, self.part_size):
            token = self._send(token, part)
            self.bytes_sent += part.size
            if self.on_progress is not None:
                self.on_progress(UploadProgress(token.id, part.offset + part.size, self.source.size))
        for _ in range(FINISH_LOOKS):
            if token.status in _COMPLETE:
                return token
            time.sleep(1)
            token = get_token(self.client, token.id)
        return token

    def _send(self, token: UploadToken, part: Part) -> UploadToken:
        try:
            return send_part(self.client, token.id, self.source, part, base_url=self.server)
        except KalturaError as error:
            if self.server is None or error.code not in _UNREACHABLE:
                raise
            # The server a token names is the best, but the others pass the bytes on to it.
            log.warning("%s The upload goes through %s instead.", error, self.client.config.service_url)
            self.server = None
        return send_part(self.client, token.id, self.source, part)

    def _server_of(self, token: UploadToken) -> str | None:
        service = urlsplit(self.client.config.service_url)
        url = token.upload_url if "://" in token.upload_url else f"{service.scheme}://{token.upload_url}"
        parts = urlsplit(url)
        if not token.upload_url or parts.scheme not in ("http", "https") or not parts.netloc:
            return None
        # The session is never sent in the clear to a server that is named in an answer over TLS.
        scheme = "https" if service.scheme == "https" else parts.scheme
        base_url = f"{scheme}://{parts.netloc}"
        return None if base_url == self.client.config.service_url else base_url


def send_part(
    client: KalturaClient, token_id: str, source: UploadSource, part: Part, *, base_url: str | None = None
) -> UploadToken:
    """Send one part (``uploadToken.upload``).

    :param client: the client.
    :param token_id: the token.
    :param source: the file.
    :param part: which bytes, and with which flags.
    :param base_url: root of the server that holds the token; the usual one when None.
    :return: the token as the server answers.
    :raises KalturaError: if it failed; parts that may be repeated have been.
    :raises SourceChangedError: if the file changed meanwhile.
    """
    params = {
        "uploadTokenId": token_id,
        "resume": not part.is_first,
        "finalChunk": part.final,
        "resumeAt": None if part.is_first else part.offset,
    }
    file = FilePart(source.name, part.size, lambda: source.open(part.offset, part.size))
    answer = client.call(
        "uploadToken",
        "upload",
        params,
        files={"fileData": file},
        idempotent=part.may_repeat,
        read_timeout=max(client.config.read_timeout, PART_READ_TIMEOUT),
        base_url=base_url,
    )
    return UploadToken.from_api(answer)
