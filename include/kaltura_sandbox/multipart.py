"""Multipart bodies: file parts go straight to disk, text parts to memory.

The body is parsed in a worker thread a megabyte at a time, so that a large upload neither fills memory nor holds up
other requests.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import anyio
import python_multipart
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header

from .inputs import UploadedFile

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from .receiving.splitter import LongPart

_BATCH = 1024 * 1024
_SMALL = 64 * 1024  # not worth a change of threads
_MAX_TEXT = 64 * 1024 * 1024


@dataclass
class _Part:
    name: str
    file_name: str | None
    content_type: str
    sink: BinaryIO | None
    path: Path | None
    text: bytearray
    size: int = 0


class MultipartBody:
    """The fields and files of one multipart body.

    :param content_type: the request's header, with the boundary.
    :param spool: directory for file parts.
    :param max_file: greatest size of one file; more is dropped and marked.
    :param in_files: parts whose content is not in the body but in files already.

    A damaged body counts as an empty one.
    """

    def __init__(self, content_type: str, spool: Path, max_file: int, in_files: Iterable[LongPart] = ()) -> None:
        _, options = parse_options_header(content_type)
        self.fields: list[tuple[str, str]] = []
        self.files: list[tuple[str, UploadedFile]] = []
        self._spool = spool
        self._max_file = max_file
        self._in_files = {part.index: part for part in in_files}
        self._index = -1
        self._text_size = 0
        self._part: _Part | None = None
        self._damaged = False
        self._failure: OSError | None = None
        self._header_name = b""
        self._header_value = b""
        self._headers: dict[bytes, bytes] = {}
        boundary = options.get(b"boundary", b"")
        if not boundary:
            self._damaged = True
        self._parser = python_multipart.MultipartParser(
            boundary or b"none",
            {
                "on_part_begin": self._on_part_begin,
                "on_header_field": self._on_header_field,
                "on_header_value": self._on_header_value,
                "on_header_end": self._on_header_end,
                "on_headers_finished": self._on_headers_finished,
                "on_part_data": self._on_part_data,
                "on_part_end": self._on_part_end,
            },
        )

    async def read(self, stream: AsyncIterator[bytes]) -> None:
        """Read the body to its end, also when it turns out to be damaged.

        :param stream: the chunks of the body as they arrive.
        :raises OSError: the files can not be written; the body was read all the same, so that it can be answered.
        """
        batch = bytearray()
        async for chunk in stream:
            batch += chunk
            if len(batch) >= _BATCH:
                await anyio.to_thread.run_sync(self._write, bytes(batch))
                batch.clear()
        if len(batch) > _SMALL:
            await anyio.to_thread.run_sync(self._write, bytes(batch))
        else:
            self._write(bytes(batch))
        if self._failure is not None:
            raise self._failure
        if self._part is not None:
            self._damaged = True
        if self._damaged:
            self.discard()
            self.fields.clear()
            self.files.clear()

    def _write(self, data: bytes) -> None:
        if self._damaged or not data:
            return
        try:
            self._parser.write(data)
        except FormParserError:
            self._damaged = True
        except OSError as problem:
            self._damaged, self._failure = True, problem

    def discard(self) -> None:
        """Remove the files that nobody has moved away."""
        for part in self._in_files.values():
            part.path.unlink(missing_ok=True)
        if self._part is not None and self._part.sink is not None and self._part.path is not None:
            self._part.sink.close()
            self._part.path.unlink(missing_ok=True)
        for _, file in self.files:
            file.path.unlink(missing_ok=True)

    def _on_part_begin(self) -> None:
        self._headers = {}
        self._index += 1

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _on_header_end(self) -> None:
        self._headers[self._header_name.lower()] = self._header_value
        self._header_name = self._header_value = b""

    def _on_headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        file_name = options.get(b"filename")
        sink, path = None, None
        stored = self._in_files.get(self._index)
        if stored is not None and file_name:
            path = stored.path
        elif file_name:
            handle, raw_path = tempfile.mkstemp(dir=self._spool)
            sink, path = os.fdopen(handle, "wb", buffering=0), self._spool / os.path.basename(raw_path)
        self._part = _Part(
            options.get(b"name", b"").decode("utf-8", "replace"),
            file_name.decode("utf-8", "replace") if file_name else None,
            self._headers.get(b"content-type", b"").decode("latin-1"), sink, path, bytearray(),
        )  # fmt: skip
        if stored is not None and file_name:
            self._part.size = stored.size
        elif stored is not None:
            with stored.path.open("rb") as text:
                while block := text.read(_BATCH):
                    self._on_part_data(block, 0, len(block))

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        part = self._part
        if part is None:
            return
        part.size += end - start
        if part.sink is not None:
            if part.size <= self._max_file:
                rest = memoryview(data)[start:end]
                while rest:  # a disk that fills up takes a part first and refuses the next
                    rest = rest[part.sink.write(rest) :]
        elif self._text_size + end - start <= _MAX_TEXT:
            self._text_size += end - start
            part.text += data[start:end]

    def _on_part_end(self) -> None:
        part, self._part = self._part, None
        if part is None:
            return
        if part.path is None or part.file_name is None:
            self.fields.append((part.name, part.text.decode("utf-8", "ignore")))
            return
        if part.sink is not None:
            part.sink.close()
        file = UploadedFile(part.file_name, part.content_type, part.path, part.size, part.size > self._max_file)
        self.files.append((part.name, file))
