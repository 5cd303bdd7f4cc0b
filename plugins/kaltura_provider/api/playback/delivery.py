"""Reading what a player reads: a bounded part of each file, with the session of the viewer in the address, if any."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit, urlunsplit

from kaltura_provider.api.content_types import recognize
from kaltura_provider.api.media_kind import MediaKind

if TYPE_CHECKING:
    from kaltura_provider.api.answers import Answer
    from kaltura_provider.api.client import KalturaClient
    from kaltura_provider.api.errors import KalturaError

#: Bytes that tell what a file is, and where its first parts end.
HEAD_BYTES = 16 * 1024
#: A playlist of a day in segments of two seconds is shorter.
PLAYLIST_BYTES = 8 * 1024 * 1024
#: A delivery that stays silent would otherwise hold up the check of many entries for hours.
_ATTEMPTS = 3

_PREVIEW = "Try its preview in the KMC; if that fails as well, ask Kaltura support."
_FILE_NAME = re.compile(r"/[^/]+\.\w+$")
_CONTENT_RANGE = re.compile(r"bytes \d+-\d+/(\d+)")
_TS_PACKET, _TS_SYNC = 188, 0x47
_BOX_HEADER = 8
_BOXES = frozenset(
    {b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"sidx", b"free", b"skip", b"wide", b"emsg", b"prft", b"uuid"}
)
# Segments of fragmented MP4 may begin with these, which no whole file does.
_FRAGMENT_STARTS = frozenset({b"emsg", b"prft"})


@dataclass(frozen=True)
class Piece:
    """The beginning of a file.

    :param head: its first bytes.
    :param total: bytes of the whole file; None if the server does not say.
    """

    head: bytes
    total: int | None

    def is_media(self) -> bool:
        """Whether it is a sound or a film, or a part of one."""
        if self.head[4:8] in _FRAGMENT_STARTS:
            return True
        content = recognize(self.head)
        return content is not None and bool({MediaKind.VIDEO, MediaKind.AUDIO} & set(content.kinds))

    def is_image(self) -> bool:
        """Whether it is a picture."""
        content = recognize(self.head)
        return content is not None and MediaKind.IMAGE in content.kinds

    def is_cut(self) -> bool:
        """Whether the file surely ends too early, as far as the forms of packets and boxes tell."""
        if self.total is None:
            return False
        if self.head[:1] == bytes([_TS_SYNC]) and self.head[_TS_PACKET : _TS_PACKET + 1] in (b"", bytes([_TS_SYNC])):
            return self.total % _TS_PACKET != 0
        return self._last_box_end() > self.total

    def _last_box_end(self) -> int:
        """Where the last box ends whose beginning is known; 0 for files without boxes."""
        end = 0
        while end + _BOX_HEADER <= len(self.head) and self.head[end + 4 : end + 8] in _BOXES:
            size = int.from_bytes(self.head[end : end + 4], "big")
            if size == 1:
                size = int.from_bytes(self.head[end + 8 : end + 16], "big")
            if size < _BOX_HEADER:
                # 0 stands for "up to the end of the file".
                break
            end += size
        return end


class Delivery:
    """Fetches addresses on behalf of one viewer. Safe for use by threads.

    :param client: the viewer's client.
    :param ks: the viewer's session, added to addresses as players do; empty for viewers without one.
    """

    def __init__(self, client: KalturaClient, ks: str = "") -> None:
        self._client = client
        self._ks = ks

    def read(self, url: str, name: str, limit: int) -> Answer:
        """Fetch a text.

        :param url: its address; see :meth:`addressed`.
        :param name: what it is; named in errors.
        :param limit: bytes at most.
        :raises KalturaError: if there is none.
        """
        return self._client.fetch(url, name, limit=limit, attempts=_ATTEMPTS)

    def beginning(self, url: str, name: str, *, start: int = 0, length: int | None = None) -> Piece:
        """Fetch the first bytes of a file.

        :param url: its address; see :meth:`addressed`.
        :param name: what it is; named in errors.
        :param start: where in the address's file it begins.
        :param length: its bytes, if it is a part of the address's file.
        :raises KalturaError: if there is none.
        """
        wanted = HEAD_BYTES if length is None else min(length, HEAD_BYTES)
        answer = self._client.fetch(
            url, name, limit=wanted, byte_range=f"bytes={start}-{start + wanted - 1}", attempts=_ATTEMPTS
        )
        return Piece(answer.body, _total(answer) if length is None else None)

    def addressed(self, url: str) -> str:
        """Return an address with the viewer's session in it, as players do it.

        Only Kaltura's own addresses take one; those within a playlist are followed as they stand there.

        :param url: an address that Kaltura gave, of ``playManifest``, a caption, a picture or a download.
        """
        if not self._ks or "/ks/" in url:
            return url
        parts = urlsplit(url)
        name = _FILE_NAME.search(parts.path)
        before, after = (parts.path[: name.start()], name.group()) if name else (parts.path.rstrip("/"), "")
        return urlunsplit(parts._replace(path=f"{before}/ks/{quote(self._ks, safe='')}{after}"))


def complaint(what: str, error: KalturaError, step: str = "") -> str:
    """Say that something could not be fetched, and what to do.

    :param what: what it is, as the beginning of a sentence.
    :param error: why.
    :param step: the next step; what the error says when empty.
    """
    message = f", {error.message.rstrip('.')}" if error.message else ""
    # What these usually mean is about calls of the API.
    hint = _PREVIEW if error.code.startswith("HTTP_4") else error.hint
    return f"{what}: {error.code}{message}. {step or hint}".strip()


def _total(answer: Answer) -> int | None:
    if answer.status == 206:
        found = _CONTENT_RANGE.fullmatch(answer.headers.get("content-range", ""))
        return int(found.group(1)) if found else None
    length = answer.headers.get("content-length", "")
    return int(length) if length.isdigit() else None
