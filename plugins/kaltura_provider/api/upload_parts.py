"""Sending one part of a file: where to, how often, and when to stop."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from kaltura_provider.api.errors import KalturaError, SourceUnavailableError
from kaltura_provider.api.models import UploadToken
from kaltura_provider.api.multipart import ByteStream, FilePart
from kaltura_provider.api.upload_workers import Patience, Stopped

if TYPE_CHECKING:
    from kaltura_provider.api.checksums import Crc
    from kaltura_provider.api.client import KalturaClient
    from kaltura_provider.api.sources import UploadSource
    from kaltura_provider.api.upload_meter import UploadMeter
    from kaltura_provider.api.upload_plan import Part

log = logging.getLogger(__name__)

#: Seconds to wait for the answer to a part: on the last one the server may wait 45 s for others before it copies.
PART_READ_TIMEOUT = 90.0
#: Bytes of a part that are sent before its turn. More would not get through meanwhile, and be lost if the turn never
#: comes.
AHEAD = 512 * 1024

_UNREACHABLE = frozenset({"HOST_NOT_FOUND", "HOST_UNREACHABLE", "CONNECTION_REFUSED", "CONNECT_TIMEOUT", "TLS_ERROR"})


@dataclass(frozen=True)
class SentPart:
    """A part the server has confirmed.

    :param part: which one.
    :param token: the token as the server answered.
    :param crc: the CRC of the bytes sent.
    """

    part: Part
    token: UploadToken
    crc: int


class PartSender:
    """Sends the parts of one file into one token. Safe for use by threads.

    :param client: the client.
    :param source: the file.
    :param file_name: name under which it travels.
    :param token: the token; its ``uploadUrl`` names the server that is used as long as it can be reached.
    :param crc: the kind of CRC computed of what is sent.
    :param meter: counts what is sent.
    :param budget: seconds to go on trying a part that fails for passing reasons; see :class:`Patience`.
    """

    def __init__(
        self,
        client: KalturaClient,
        source: UploadSource,
        file_name: str,
        token: UploadToken,
        crc: Crc,
        meter: UploadMeter,
        budget: float | None = None,
    ) -> None:
        self._client = client
        self._source = source
        self._file_name = file_name
        self._token_id = token.id
        self._crc = crc
        self._meter = meter
        self._budget = budget
        self._server = _server_of(client, token)
        #: The failure of a part that was sent again as often as is reasonable.
        self.given_up: Exception | None = None

    def send(self, part: Part, stop: threading.Event | None = None, turn: threading.Event | None = None) -> SentPart:
        """Send a part once, or a second time if the server of the token is out of reach.

        :param part: which bytes, and with which flags.
        :param stop: ends the sending as soon as it is set.
        :param turn: set when it is the part's turn. The server does nothing with a part before it is complete, so its
            beginning can be sent ahead, which brings a connection over a long way up to speed.
        :return: the part and the server's answer.
        :raises KalturaError: if it failed.
        :raises Stopped: if it was stopped.
        """
        server = self._server
        try:
            return self._send(part, server, stop, turn)
        except KalturaError as error:
            if server is None or error.code not in _UNREACHABLE:
                raise
            # The server a token names is the best, but the others pass the bytes on to it.
            log.warning("%s The upload goes through %s instead.", error, self._client.config.service_url)
            self._server = None
        return self._send(part, None, stop, turn)

    def send_patiently(
        self, part: Part, stop: threading.Event | None = None, turn: threading.Event | None = None
    ) -> SentPart:
        """Send a part, and send it again where that does no harm.

        :param part: which bytes, and with which flags.
        :param stop: ends the sending, and the waiting for the next try, as soon as it is set.
        :param turn: see :meth:`send`.
        :return: the part and the server's answer.
        :raises KalturaError: if it failed; :attr:`given_up` if repeating did not help.
        :raises Stopped: if it was stopped.
        """
        stop = stop or threading.Event()
        where = f"Bytes {part.offset} to {part.offset + part.size} of {self._source.name}"
        patience = Patience(self._client.config, self._budget)
        while True:
            try:
                return self.send(part, stop, turn)
            except Stopped:
                raise
            except (KalturaError, SourceUnavailableError) as error:
                # A part that could not be read was not received either, so any such part may be tried again.
                if isinstance(error, KalturaError) and not (part.may_repeat and error.retryable):
                    raise
                wait = patience.wait_after(error)
                if wait is None:
                    self.given_up = error
                    raise
                log.warning("%s: %s They are sent again in %.1f s.", where, error, wait)
            except Exception as error:
                log.error("%s could not be read: %s", where, error)
                raise
            self._meter.retried()
            if stop.wait(wait):
                raise Stopped

    def _send(
        self, part: Part, base_url: str | None, stop: threading.Event | None, turn: threading.Event | None
    ) -> SentPart:
        """Send a part once (``uploadToken.upload``)."""
        params = {
            "uploadTokenId": self._token_id,
            "resume": not part.is_first,
            "finalChunk": part.final,
            "resumeAt": None if part.is_first else part.offset,
        }
        # The last one counts: a session that has ended is renewed, and the part then opened and sent a second time.
        opened: list[_MeteredStream] = []

        def open_part() -> ByteStream:
            if stop is not None and stop.is_set():
                raise Stopped
            if opened:
                opened[-1].take_back()
            stream = self._source.open(part.offset, part.size)
            opened.append(_MeteredStream(stream, part.size, self._crc, self._meter, stop, turn))
            return opened[-1]

        try:
            answer = self._client.call(
                "uploadToken",
                "upload",
                params,
                files={"fileData": FilePart(self._file_name, part.size, open_part)},
                # Repeating is up to the caller, who can be stopped while it waits.
                attempts=1,
                read_timeout=max(self._client.config.read_timeout, PART_READ_TIMEOUT),
                base_url=base_url,
            )
        finally:
            if opened:
                opened[-1].take_back()
        return SentPart(part, UploadToken.from_api(answer), opened[-1].crc if opened else 0)


class _MeteredStream:
    """A stream that counts and checksums what passes, and ends with :class:`Stopped` when the upload is stopped."""

    def __init__(
        self,
        stream: ByteStream,
        size: int,
        crc: Crc,
        meter: UploadMeter,
        stop: threading.Event | None,
        turn: threading.Event | None,
    ) -> None:
        self._stream = stream
        self._ahead = min(AHEAD, size - 1)
        self._update = crc.update
        self._meter = meter
        self._stop = stop
        self._turn = turn
        self._count = 0
        self.crc = 0

    def read(self, size: int = -1, /) -> bytes:
        if self._stop is not None and self._stop.is_set():
            raise Stopped
        data = self._stream.read(size)
        if self._count + len(data) > self._ahead:
            self._await_turn()
        self.crc = self._update(data, self.crc)
        self._count += len(data)
        self._meter.moved(len(data))
        return data

    def _await_turn(self) -> None:
        while self._turn is not None and not self._turn.wait(0.1):
            if self._stop is not None and self._stop.is_set():
                raise Stopped

    def take_back(self) -> None:
        """Stop counting the bytes as on their way."""
        self._meter.moved(-self._count)
        self._count = 0

    def close(self) -> None:
        self._stream.close()


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
