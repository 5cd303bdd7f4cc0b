"""What is noted of an upload: which bytes have arrived, and their checksum, in whatever order they came."""

from __future__ import annotations

import base64
import binascii
import itertools
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaltura_provider.api.checksums import ALGORITHMS, Checksum, Crc
from kaltura_provider.api.upload_ranges import ConfirmedRanges


def test_known_checksums() -> None:
    # The check values of the catalogue of parametrised CRC algorithms, for the digits from 1 to 9.
    digits = b"123456789"
    for algorithm, value in {"CRC64NVME": "ae8b14860a799888", "CRC32C": "e3069283", "CRC32": "cbf43926"}.items():
        crc = Crc(algorithm)
        expected = base64.b64encode(binascii.unhexlify(value)).decode()
        assert crc.checksum(crc.update(digits, 0)) == Checksum(algorithm, expected)
    assert Crc("CRC32").update(b"more", zlib.crc32(digits)) == zlib.crc32(digits + b"more")
    with pytest.raises(ValueError, match="'SHA256' is no checksum that can be joined from parts: CRC64NVME, CRC32C"):
        Crc("SHA256")


@given(
    st.binary(min_size=1, max_size=2000),
    st.lists(st.integers(1, 1999), max_size=12),
    st.randoms(use_true_random=False),
    st.sampled_from(sorted(ALGORITHMS)),
)
def test_parts_in_any_order_give_the_gaps_and_the_checksum(
    content: bytes, cuts: list[int], random: object, algorithm: str
) -> None:
    crc = Crc(algorithm)
    edges = sorted({0, len(content), *(cut for cut in cuts if cut < len(content))})
    parts = list(itertools.pairwise(edges))
    random.shuffle(parts)  # type: ignore[attr-defined]
    arrived, lost = parts[: len(parts) // 2 + 1], parts[len(parts) // 2 + 1 :]
    ranges = ConfirmedRanges(crc)
    for start, end in arrived:
        ranges.add(start, end - start, crc.update(content[start:end], 0))
        ranges.add(start, end - start, 0)  # said twice, counted once
    again = ConfirmedRanges(Crc(algorithm))
    again.read_text(ranges.to_text())
    missing = {byte for start, length in again.missing(0, len(content)) for byte in range(start, start + length)}
    assert missing == {byte for start, end in lost for byte in range(start, end)}
    assert again.total == len(content) - len(missing)
    # What nobody took note of is read again.
    read: list[tuple[int, int]] = []

    def read_crc(start: int, length: int) -> int:
        read.append((start, length))
        return crc.update(content[start : start + length], 0)

    assert again.checksum(len(content), read_crc) == crc.checksum(crc.update(content, 0))
    assert sum(length for _, length in read) == len(missing)


def test_what_the_server_has_joined_is_not_missing() -> None:
    ranges = ConfirmedRanges(Crc())
    ranges.add(50, 10, 0)
    assert list(ranges.missing(0, 100)) == [(0, 50), (60, 40)]
    assert list(ranges.missing(20, 100)) == [(20, 30), (60, 40)]
    assert list(ranges.missing(55, 100)) == [(60, 40)]
    assert list(ranges.missing(100, 100)) == []


@pytest.mark.parametrize(
    "text", ["", "no json", "[]", "{}", '{"algorithm":"CRC32","ranges":[[0,5,1]]}', '{"ranges":1}']
)
def test_notes_that_can_not_be_used_bring_nothing(text: str) -> None:
    ranges = ConfirmedRanges(Crc("CRC64NVME"))
    ranges.read_text(text)
    assert list(ranges.missing(0, 5)) == [(0, 5)]


def test_notes_stay_small() -> None:
    crc = Crc()
    ranges = ConfirmedRanges(crc)
    for number in range(0, 10_000, 2):
        ranges.add(number * 50_000_000, 50_000_000, 1)
        if number % 16 == 0:
            ranges.add((number - 1) * 50_000_000, 50_000_000, 1) if number else None
    for number in range(1, 10_000, 2):
        ranges.add(number * 50_000_000, 50_000_000, 1)
    assert len(ranges.to_text()) < 100, "neighbours are joined"
