"""Whether a file holds all that its own headers announce: demuxers play what is left of a file, and do not tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    Read = Callable[[int, int], bytes]

# A file that is not cut into fragments has fewer than ten; each fragment has two or three, and may cost a request.
_MOST_BOXES = 120
_CONTENT_BOXES = (b"mdat", b"moov", b"moof")
_EBML, _SEGMENT = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67"
# What recorders write who cannot go back to fill in the size.
_UNKNOWN_RIFF = 0x7FFFFF00


@dataclass(frozen=True)
class Structure:
    """What a file's headers announce.

    :param truncated: what is missing at the end; empty if nothing is known to be.
    :param index_missing: whether it is an MP4 or QuickTime file without index (``moov``).
    """

    truncated: str = ""
    index_missing: bool = False


def inspect_structure(read: Read, size: int) -> Structure:
    """Compare a file's size with what its headers announce: MP4, QuickTime, Matroska, WebM, AVI, WAV, AIFF.

    Of other forms nothing is known, as they have no size in them. Of a fragmented MP4 only the first fragments are
    looked at.

    :param read: returns bytes by position and length.
    :param size: the file's length in bytes.
    """
    head = read(0, 16)
    if head[:4] == _EBML:
        return Structure(_cut(_matroska_end(read), size, "Matroska segment"))
    if head[:4] == b"RIFF":
        return Structure(
            _cut(_chunk_end(head, "little"), size, f"{head[8:12].decode('ascii', 'replace').strip()} data")
        )
    if head[:4] == b"FORM":
        return Structure(_cut(_chunk_end(head, "big"), size, "AIFF data"))
    return _boxes(read, size)


def _cut(end: int | None, size: int, what: str) -> str:
    # One byte of padding is often counted and not written.
    if end is None or end <= size + 1:
        return ""
    return f"its {what} should end at byte {end}, the file ends at byte {size}"


def _chunk_end(head: bytes, order: Literal["little", "big"]) -> int | None:
    length = int.from_bytes(head[4:8], order)
    return None if length == 0 or length >= _UNKNOWN_RIFF else 8 + length


def _matroska_end(read: Read) -> int | None:
    length, start = _variable_length(read(4, 8), 4)
    if length is None or read(start + length, 4) != _SEGMENT:
        return None
    at = start + length + 4
    length, start = _variable_length(read(at, 8), at)
    return None if length is None else start + length


def _variable_length(data: bytes, at: int) -> tuple[int | None, int]:
    """Read an EBML size; return it, or None if it says "unknown", and where its content starts."""
    if not data or not data[0]:
        return None, at
    width = 9 - data[0].bit_length()
    value = int.from_bytes(data[:width], "big") & ((1 << 7 * width) - 1)
    return (None if value == (1 << 7 * width) - 1 else value), at + width


def _boxes(read: Read, size: int) -> Structure:
    seen: set[bytes] = set()
    at = 0
    for _ in range(_MOST_BOXES):
        head = read(at, 16)
        kind = head[4:8]
        if len(head) < 8 or not all(32 <= letter < 127 for letter in kind):
            break  # the end, or something after it that is no box
        length = int.from_bytes(head[:4], "big")
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        elif length == 0:
            length = size - at
        if length < 8:
            break
        seen.add(kind)
        if at + length > size and kind in _CONTENT_BOXES:
            cut = f"its box {kind.decode()!r} should end at byte {at + length}, the file ends at byte {size}"
            return Structure(cut, b"moov" not in seen)
        at += length
    else:
        return Structure(index_missing=not {b"moov", b"moof"} & seen)
    return Structure(index_missing=b"moov" not in seen)
