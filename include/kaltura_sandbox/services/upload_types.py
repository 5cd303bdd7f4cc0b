"""Which files an account with restricted file types takes: those whose first bytes tell what they are."""

from __future__ import annotations

from pathlib import Path

# Beginnings of files that are media, documents or text for people. Each row: offset and bytes.
_KNOWN: tuple[tuple[int, bytes], ...] = (
    (4, b"ftyp"), (4, b"moov"), (4, b"mdat"), (4, b"wide"), (4, b"free"),
    (0, b"\x1aE\xdf\xa3"), (0, b"RIFF"), (0, b"FLV"), (0, b"OggS"), (0, b"ID3"), (0, b"fLaC"), (0, b"FORM"),
    (0, b"\xff\xfb"), (0, b"\xff\xf3"), (0, b"\xff\xf2"), (0, b"\xff\xe3"), (0, b"\xff\xf1"), (0, b"\xff\xf9"),
    (0, b"\x00\x00\x01\xba"), (0, b"\x00\x00\x01\xb3"), (0, b"0&\xb2u"), (0, b"\x06\x0e+4"), (0, b"#!AMR"),
    (0, b"\xff\xd8\xff"), (0, b"\x89PNG"), (0, b"GIF8"), (0, b"BM"), (0, b"II*\x00"), (0, b"MM\x00*"),
    (0, b"%PDF"), (0, b"PK\x03\x04"), (0, b"\xd0\xcf\x11\xe0"), (0, b"{\\rtf"),
)  # fmt: skip
_TRANSPORT_PACKET = 188
_TRANSPORT_SYNC = 0x47
_HEAD_BYTES = 4096


def is_restricted(path: Path) -> bool:
    """Tell whether a file is of no known type: neither media nor a document nor text."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if not head or any(head[at : at + len(mark)] == mark for at, mark in _KNOWN):
        return False
    if head[0] == _TRANSPORT_SYNC and head[_TRANSPORT_PACKET : _TRANSPORT_PACKET + 1] in {b"", b"\x47"}:
        return False
    return not _is_text(head)


def _is_text(head: bytes) -> bool:
    if b"\x00" in head:
        return False
    try:
        head.decode()
    except UnicodeDecodeError as problem:
        # A letter cut in two by the end of what was read is no fault.
        return problem.start >= _HEAD_BYTES - 3
    return True
