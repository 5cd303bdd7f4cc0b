"""Reading here and there in a file: the right bytes, in few requests and little memory."""

from __future__ import annotations

import random
import tracemalloc
from itertools import repeat

import pytest

from kaltura_pipeline.quality.reading import BLOCK, BytesSource, RangedReader, ReadLimitError
from kaltura_provider.api import SourceChangedError

MB = 1024 * 1024


def test_every_read_returns_what_stands_there() -> None:
    chance = random.Random(3)
    data = chance.randbytes(5 * MB + 123)
    reader = RangedReader(BytesSource("a", data), 1 << 40, 1 << 20)
    for _ in range(2000):
        start, length = chance.randrange(len(data) + 1000), chance.randrange(200_000)
        assert reader.read_at(start, length) == data[start : start + length]
    assert reader.read_at(-5, 10) == b""


def test_reading_on_takes_ever_larger_pieces_and_little_memory() -> None:
    source = BytesSource("a", bytes(64 * MB))
    reader = RangedReader(source, 1 << 40, 1 << 20)
    tracemalloc.start()
    for start in range(0, source.size, 32 * 1024):
        reader.read_at(start, 32 * 1024)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert reader.bytes_read == source.size
    assert reader.requests < 75
    assert peak < 12 * MB


def test_going_back_costs_nothing() -> None:
    reader = RangedReader(BytesSource("a", bytes(10 * MB)), 1 << 40, 1 << 20)
    for _ in range(50):
        reader.read_at(0, 100)
        reader.read_at(9 * MB, 100)
    assert reader.requests == 2
    assert reader.bytes_read == 5 * BLOCK


@pytest.mark.parametrize(("max_bytes", "max_requests"), [(MB, 100), (100 * MB, 4)])
def test_the_limits_hold(max_bytes: int, max_requests: int) -> None:
    reader = RangedReader(BytesSource("a", bytes(50 * MB)), max_bytes, max_requests)
    with pytest.raises(ReadLimitError):
        list(map(reader.read_at, range(0, 50 * MB, 3 * BLOCK), repeat(10)))
    assert reader.limit_reached
    assert reader.bytes_read <= max_bytes
    assert reader.requests <= max_requests


def test_a_source_that_ends_early_has_changed() -> None:
    source = BytesSource("talk.mp4", bytes(1000))
    source.size = 2000
    with pytest.raises(SourceChangedError, match=r"talk\.mp4 ended at byte 1000 of 2000"):
        RangedReader(source, MB, 10).read_at(0, 10)
