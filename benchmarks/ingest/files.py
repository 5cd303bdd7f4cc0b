"""Objects of 1 KB to 1 MB, of two kinds that cost the server little, so that the pipeline is what is measured."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

SMALLEST, LARGEST = 1_000, 1_000_000


def fill(client: Any, bucket: str, count: int, seed: int = 1) -> int:
    """Put objects into a bucket, eight at once; return how many bytes they have. S3: PutObject.

    Their sizes are spread evenly over the orders of magnitude. Half of them are PDFs, half of them JPEG pictures.
    """

    def put(number: int) -> int:
        key, body = make(number, seed)
        client.put_object(Bucket=bucket, Key=key, Body=body)
        return len(body)

    with ThreadPoolExecutor(8) as threads:
        return sum(threads.map(put, range(count)))


def sample(count: int, seed: int = 1) -> Iterator[tuple[str, bytes]]:
    """Yield some of the same files."""
    for number in range(count):
        yield make(number, seed)


def make(number: int, seed: int) -> tuple[str, bytes]:
    """Return key and content of a file, always the same."""
    chance = Random(f"{seed} {number}")
    size = round(math.exp(chance.uniform(math.log(SMALLEST), math.log(LARGEST))))
    folder = f"term-{number % 7}"
    if number % 2:
        head, tail, ending = b"%PDF-1.4\n%", b"\n%%EOF\n", "pdf"
    else:
        # What comes after the end of a picture is passed over.
        head, tail, ending = _picture(), b"", "jpg"
    filling = chance.randbytes(max(0, size - len(head) - len(tail)))
    return f"{folder}/file-{number:06d}.{ending}", head + filling + tail


_PICTURES: list[bytes] = []


def _picture() -> bytes:
    if not _PICTURES:
        from PIL import Image

        file = io.BytesIO()
        Image.new("RGB", (64, 36), (18, 32, 58)).save(file, "JPEG", quality=40)
        _PICTURES.append(file.getvalue())
    return _PICTURES[0]
