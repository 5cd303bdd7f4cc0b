"""Media without a signature at its beginning, which libraries for file types do not know: recordings cut out of a
stream, camera files, and QuickTime files that begin with something other than their type.

Each function takes the first bytes of a file, a few thousand, and finds a structure that repeats or cannot be there by
accident. None of them reads a whole file, nor fails on any bytes.
"""

from __future__ import annotations

from collections.abc import Callable

_TS_SYNC = 0x47
# A packet alone, with a time stamp before it (Blu-ray, AVCHD), with checksums behind it (broadcast).
_TS_PACKETS = (188, 192, 204)
_TS_LEAST = 3

_ATOMS = (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"styp", b"moof", b"sidx", b"uuid")
_MXF_PARTITION = b"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02\x01\x01"

# kbit/s of MPEG audio by version (1; 2 and 2.5) and layer.
_BITRATES = {
    (1, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_SAMPLE_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_AUDIO_FRAMES = 3


def is_transport_stream(head: bytes) -> bool:
    """MPEG-TS: a sync byte in every packet; the first packet may be cut."""
    for size in _TS_PACKETS:
        for start in range(min(size, len(head))):
            if head[start] == _TS_SYNC:
                syncs = head[start::size]
                if len(syncs) >= _TS_LEAST and syncs.count(_TS_SYNC) == len(syncs):
                    return True
    return False


def is_mpeg_video(head: bytes) -> bool:
    """MPEG-1 or MPEG-2: a program stream, even if it begins within a pack, or a bare stream of pictures."""
    pack = head.find(b"\x00\x00\x01\xba")
    if pack >= 0 and pack + 5 <= len(head):
        first = head[pack + 4]
        if first & 0xC4 == 0x44 or first & 0xF0 == 0x20:
            return True
    if head.startswith(b"\x00\x00\x01"):
        code = head[3] if len(head) > 3 else 0
        # A sequence, a group of pictures, a system header or a packet of one; a picture only with its slices.
        return code in (0xB0, 0xB3, 0xB8, 0xBB, *range(0xE0, 0xF0)) or (code == 0 and b"\x00\x00\x01\x01" in head[4:])
    return False


def is_mxf(head: bytes) -> bool:
    """MXF: the key of a partition, with whatever an application wrote before it."""
    return _MXF_PARTITION in head


def is_dv(head: bytes) -> bool:
    """Raw DV: a header block, and the first block of subcode 80 bytes later."""
    return len(head) > 83 and head[:3] == b"\x1f\x07\x00" and head[3] & 0x7F == 0x3F and head[80:83] == b"\x3f\x07\x00"


def is_quicktime(head: bytes) -> bool:
    """MP4 or QuickTime: an atom of the top level with a size that can be."""
    size = int.from_bytes(head[:4], "big")
    return head[4:8] in _ATOMS and (size >= 8 or size in (0, 1))


def is_mpeg_audio(head: bytes) -> bool:
    """MP3 or MP2: frames one after the other; the first one may be cut, or have padding before it."""
    return _frames(head, b"\xff", _mpeg_audio_frame)


def is_aac(head: bytes) -> bool:
    """AAC as a stream of its own: ADTS or LOAS frames one after the other, or ADIF."""
    return head.startswith(b"ADIF") or _frames(head, b"\xff", _adts_frame) or _frames(head, b"\x56", _loas_frame)


def is_ac3(head: bytes) -> bool:
    """AC-3 or E-AC-3: its sync word at the beginning and at that of the next frame."""
    return head.startswith(b"\x0b\x77") and head.find(b"\x0b\x77", 32) > 0


def _frames(head: bytes, sync: bytes, length_of: Callable[[bytes], int]) -> bool:
    """Look for some frames of which each begins where the one before it ends.

    At the very beginning of the file those are enough that are within the bytes at hand.
    """
    start = head.find(sync)
    while start >= 0:
        place, found = start, 0
        while found < _AUDIO_FRAMES and (length := length_of(head[place : place + 7])):
            place += length
            found += 1
        if found == _AUDIO_FRAMES or (start == 0 and found and place >= len(head)):
            return True
        start = head.find(sync, start + 1)
    return False


def _mpeg_audio_frame(header: bytes) -> int:
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE0 != 0xE0:
        return 0
    version, layer = header[1] >> 3 & 3, 4 - (header[1] >> 1 & 3)
    bitrate, rate = header[2] >> 4, header[2] >> 2 & 3
    if version == 1 or layer == 4 or bitrate in (0, 15) or rate == 3:
        return 0
    bits = _BITRATES[1 if version == 3 else 2, layer][bitrate - 1] * 1000
    hertz = _SAMPLE_RATES[version][rate]
    padding = header[2] >> 1 & 1
    if layer == 1:
        return (12 * bits // hertz + padding) * 4
    return (72 if layer == 3 and version != 3 else 144) * bits // hertz + padding


def _adts_frame(header: bytes) -> int:
    if len(header) < 7 or header[0] != 0xFF or header[1] & 0xF6 != 0xF0 or header[2] >> 2 & 15 > 12:
        return 0
    length = (header[3] & 3) << 11 | header[4] << 3 | header[5] >> 5
    return length if length > 7 else 0


def _loas_frame(header: bytes) -> int:
    if len(header) < 3 or header[0] != 0x56 or header[1] & 0xE0 != 0xE0:
        return 0
    return ((header[1] & 0x1F) << 8 | header[2]) + 3
