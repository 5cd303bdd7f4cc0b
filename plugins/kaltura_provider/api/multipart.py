"""A multipart request body that streams its files, so that no part of a file is ever held in memory as a whole."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from kaltura_provider.api.errors import SourceChangedError
from kaltura_provider.api.file_names import quote_file_name

CONTENT_TYPE_JSON = "application/json"


class ByteStream(Protocol):
    """What a source opens: something to read bytes from and to close. Any binary file is one."""

    def read(self, size: int = ..., /) -> bytes:
        """Return up to ``size`` bytes, and ``b""`` at the end."""
        ...

    def close(self) -> None:
        """Release what the stream holds."""
        ...


@dataclass(frozen=True)
class FilePart:
    """A file, or a piece of one, to send with a call.

    :param file_name: name with extension; Kaltura stores the file under this extension.
    :param size: number of bytes to send.
    :param open: returns a new stream of exactly these bytes; called again when the call is repeated.
    :param content_type: media type of the part.
    """

    file_name: str
    size: int
    open: Callable[[], ByteStream]
    content_type: str = "application/octet-stream"

    @classmethod
    def of_bytes(cls, file_name: str, content: bytes) -> FilePart:
        """Wrap bytes that are in memory anyway, such as a caption file.

        :param file_name: name with extension.
        :param content: the bytes.
        """
        from io import BytesIO

        return cls(file_name, len(content), lambda: BytesIO(content))


class SourceReadError(Exception):
    """Carries a fault of the source through the HTTP library, which takes every ``OSError`` for one of the network."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(str(cause))
        self.cause = cause


class MultipartBody:
    """A ``multipart/form-data`` body with a length known in advance and the ``read`` that HTTP libraries stream from.

    To be opened before it is read, and closed afterwards.

    The parameters travel in one part named ``json``, which Kaltura decodes like a JSON body.

    :param params: the parameters of the call.
    :param files: the files by parameter name, such as ``fileData``.
    """

    def __init__(self, params: Mapping[str, Any], files: Mapping[str, FilePart]) -> None:
        self._boundary = f"kaltura-{os.urandom(16).hex()}"
        pieces: list[bytes | FilePart] = [
            self._head('name="json"', CONTENT_TYPE_JSON),
            json.dumps(params, allow_nan=False).encode(),
        ]
        for name, part in files.items():
            names = f'name="{quote_file_name(name)}"; filename="{quote_file_name(part.file_name)}"'
            pieces += [b"\r\n", self._head(names, part.content_type), part]
        pieces.append(f"\r\n--{self._boundary}--\r\n".encode())
        self._sources = [piece for piece in pieces if isinstance(piece, FilePart)]
        self._opened: list[ByteStream] = []
        self._length = sum(piece.size if isinstance(piece, FilePart) else len(piece) for piece in pieces)
        self._wanted = 0
        self._blocks = self._generate(pieces)
        self._rest = b""

    @property
    def content_type(self) -> str:
        """The value for the header ``Content-Type``."""
        return f"multipart/form-data; boundary={self._boundary}"

    def __len__(self) -> int:
        return self._length

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, at most ``size``; the sources are read in blocks of that size.

        :param size: number of bytes; everything that is left if negative.
        :raises SourceReadError: if a source fails or delivers less than it announced.
        """
        if size < 0:
            return b"".join(iter(lambda: self.read(1 << 20), b""))
        self._wanted = size
        data = self._rest or next(self._blocks, b"")
        self._rest = data[size:]
        return data[:size]

    def open(self) -> None:
        """Open the sources, so that one that cannot be read costs no request that is broken off in the middle.

        :raises SourceReadError: if a source cannot be opened.
        """
        for source in self._sources:
            try:
                self._opened.append(source.open())
            except Exception as error:
                raise SourceReadError(error) from error

    def close(self) -> None:
        """Close the sources."""
        self._blocks.close()
        while self._opened:
            self._opened.pop().close()

    def _head(self, names: str, content_type: str) -> bytes:
        head = f"--{self._boundary}\r\nContent-Disposition: form-data; {names}\r\nContent-Type: {content_type}\r\n\r\n"
        return head.encode()

    def _generate(self, pieces: Sequence[bytes | FilePart]) -> Generator[bytes, None, None]:
        opened = iter(self._opened)
        for piece in pieces:
            if isinstance(piece, FilePart):
                yield from self._read_part(piece, next(opened))
            else:
                yield piece

    def _read_part(self, part: FilePart, stream: ByteStream) -> Generator[bytes, None, None]:
        left = part.size
        try:
            while left:
                data = stream.read(min(self._wanted, left))
                if not data:
                    raise SourceChangedError(
                        f"{part.file_name} ended {left} bytes early: it changed while it was uploaded. Upload it again."
                    )
                left -= len(data)
                yield data
        except Exception as error:
            raise SourceReadError(error) from error
