"""Whether a file holds all that its own headers announce: demuxers play what is left of a file, and do not tell."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Read = Callable[[int, int], bytes]

# A file that is not cut into fragments has fewer than ten; each fragment has two or three, and may cost a request.
_MOST_BOXES = 120
_MOST_TRACK_BOXES = 200
_PARENTS = (b"trak", b"mdia", b"minf", b"stbl")
# Common Encryption, and the protection of Apple's shops.
_PROTECTED = frozenset({b"encv", b"enca", b"enct", b"drms", b"drmi", b"drmt"})
_CONTENT_BOXES = (b"mdat", b"moov", b"moof")
_EBML, _SEGMENT = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67"
# Recorders count the header itself, or padding they do not write; what is missing then cannot be heard.
_CARELESS = 64
# What recorders write who cannot go back to fill in the size.
_UNKNOWN_RIFF = 0x7FFFFF00


@dataclass(frozen=True)
class Structure:
    """What a file's headers announce.

    :param truncated: what is missing at the end; empty if nothing is known to be.
    :param index_missing: whether it is an MP4 or QuickTime file without index (``moov``).
    :param encrypted: whether it is one with a track that is encrypted or protected.
    """

    truncated: str = ""
    index_missing: bool = False
    encrypted: bool = False


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
    if end is None or end <= size + _CARELESS:
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
    encrypted = False
    for count, (kind, at, header, length) in enumerate(_box_headers(read, 0, size)):
        if count >= _MOST_BOXES:
            return Structure(index_missing=not seen & {b"moov", b"moof"}, encrypted=encrypted)
        seen.add(kind)
        if at + length > size and kind in _CONTENT_BOXES:
            cut = f"its box {kind.decode()!r} should end at byte {at + length}, the file ends at byte {size}"
            return Structure(cut, b"moov" not in seen, encrypted)
        if kind == b"moov":
            encrypted = any(track in _PROTECTED for track in _track_forms(read, at + header, at + length))
    return Structure("", b"moov" not in seen, encrypted)


def _box_headers(read: Read, at: int, end: int) -> Iterator[tuple[bytes, int, int, int]]:
    """Yield the boxes between two places: kind, where it starts, length of its header, length in all."""
    while at + 8 <= end:
        head = read(at, 16)
        kind, header, length = head[4:8], 8, int.from_bytes(head[:4], "big")
        if len(head) < 8 or not all(32 <= letter < 127 or letter == 0xA9 for letter in kind):
            return  # something that is no box
        if length == 1:
            header, length = 16, int.from_bytes(head[8:16], "big")
        elif length == 0:
            length = end - at
        if length < header:
            return
        yield kind, at, header, length
        at += length


def _track_forms(read: Read, at: int, end: int) -> Iterator[bytes]:
    """Yield the name of each track's form, such as ``avc1``: the first entry of its sample description."""
    places = [(at, end)]
    for _ in range(_MOST_TRACK_BOXES):
        if not places:
            return
        at, end = places.pop()
        for kind, start, header, length in islice(_box_headers(read, at, end), _MOST_BOXES):
            if kind == b"stsd":
                yield read(start + header + 12, 4)
                break  # behind it are the tables, which may be long
            if kind in _PARENTS:
                places.append((start + header, min(start + length, end)))
