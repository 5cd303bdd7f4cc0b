"""Sending one part of a file: where to, how often, and when to stop."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from kaltura_provider.api.errors import KalturaError
from kaltura_provider.api.models import UploadToken
from kaltura_provider.api.multipart import ByteStream, FilePart
from kaltura_provider.api.upload_workers import Patience, StoppableStream, Stopped

if TYPE_CHECKING:
    from kaltura_provider.api.client import KalturaClient
    from kaltura_provider.api.sources import UploadSource
    from kaltura_provider.api.upload_plan import Part

log = logging.getLogger(__name__)

#: Seconds to wait for the answer to a part: on the last one the server may wait 45 s for others before it copies.
PART_READ_TIMEOUT = 90.0

_UNREACHABLE = frozenset({"HOST_NOT_FOUND", "HOST_UNREACHABLE", "CONNECTION_REFUSED", "CONNECT_TIMEOUT", "TLS_ERROR"})


class PartSender:
    """Sends the parts of one file into one token. Safe for use by threads.

    :param client: the client.
    :param source: the file.
    :param token: the token; its ``uploadUrl`` names the server that is used as long as it can be reached.
    """

    def __init__(self, client: KalturaClient, source: UploadSource, token: UploadToken) -> None:
        self._client = client
        self._source = source
        self._token_id = token.id
        self._server = _server_of(client, token)
        #: The failure of a part that was sent again as often as is reasonable.
        self.given_up: KalturaError | None = None

    def send(self, part: Part, stop: threading.Event | None = None) -> UploadToken:
        """Send a part once, or a second time if the server of the token is out of reach.

        :param part: which bytes, and with which flags.
        :param stop: ends the sending as soon as it is set.
        :return: the token as the server answers.
        :raises KalturaError: if it failed.
        """
        server = self._server
        try:
            return send_part(self._client, self._token_id, self._source, part, base_url=server, stop=stop)
        except KalturaError as error:
            if server is None or error.code not in _UNREACHABLE:
                raise
            # The server a token names is the best, but the others pass the bytes on to it.
            log.warning("%s The upload goes through %s instead.", error, self._client.config.service_url)
            self._server = None
        return send_part(self._client, self._token_id, self._source, part, stop=stop)

    def send_patiently(self, part: Part, stop: threading.Event | None = None) -> UploadToken:
        """Send a part, and send it again where that does no harm.

        :param part: which bytes, and with which flags.
        :param stop: ends the sending, and the waiting for the next try, as soon as it is set.
        :return: the token as the server answers.
        :raises KalturaError: if it failed; :attr:`given_up` if repeating did not help.
        :raises Stopped: if it was stopped.
        """
        stop = stop or threading.Event()
        where = f"Bytes {part.offset} to {part.offset + part.size} of {self._source.name}"
        patience = Patience(self._client.config)
        while True:
            try:
                return self.send(part, stop)
            except KalturaError as error:
                if not part.may_repeat or not error.retryable:
                    raise
                wait = patience.wait_after(error)
                if wait is None:
                    self.given_up = error
                    raise
                log.warning("%s: %s They are sent again in %.1f s.", where, error, wait)
            except Stopped:
                raise
            except Exception as error:
                log.error("%s could not be read: %s", where, error)
                raise
            if stop.wait(wait):
                raise Stopped


def send_part(
    client: KalturaClient,
    token_id: str,
    source: UploadSource,
    part: Part,
    *,
    base_url: str | None = None,
    stop: threading.Event | None = None,
) -> UploadToken:
    """Send one part, once (``uploadToken.upload``).

    :param client: the client.
    :param token_id: the token.
    :param source: the file.
    :param part: which bytes, and with which flags.
    :param base_url: root of the server that holds the token; the usual one when None.
    :param stop: ends the sending as soon as it is set.
    :return: the token as the server answers.
    :raises KalturaError: if it failed.
    :raises SourceChangedError: if the file changed meanwhile.
    :raises Stopped: if it was stopped.
    """
    params = {
        "uploadTokenId": token_id,
        "resume": not part.is_first,
        "finalChunk": part.final,
        "resumeAt": None if part.is_first else part.offset,
    }

    def open_part() -> ByteStream:
        if stop is not None and stop.is_set():
            raise Stopped
        stream = source.open(part.offset, part.size)
        return stream if stop is None else StoppableStream(stream, stop)

    answer = client.call(
        "uploadToken",
        "upload",
        params,
        files={"fileData": FilePart(source.name, part.size, open_part)},
        # Repeating is up to the caller, who can be stopped while it waits.
        attempts=1,
        read_timeout=max(client.config.read_timeout, PART_READ_TIMEOUT),
        base_url=base_url,
    )
    return UploadToken.from_api(answer)


def _server_of(client: KalturaClient, token: UploadToken) -> str | None:
    """The root of the server a token names; None if it is the usual one."""
    service = urlsplit(client.config.service_url)
    url = token.upload_url if "://" in token.upload_url else f"{service.scheme}://{token.upload_url}"
    parts = urlsplit(url)
    if not token.upload_url or parts.scheme not in ("http", "https") or not parts.netloc:
        return None
    # The session is never sent in the clear to a server that is named in an answer over TLS.
    scheme = "https" if service.scheme == "https" else parts.scheme
    base_url = f"{scheme}://{parts.netloc}"
    return None if base_url == client.config.service_url else base_url
