"""Checksums as S3 names them, computed while bytes pass by and joined from parts that were read in any order.

The CRCs are computed by a native library at tens of gigabytes a second, so that a digest costs an upload nothing; a
cryptographic hash would halve it, and could not be joined from parts.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass

#: What is computed when the source has no checksum of its own; it is what S3 itself computes for every new object.
DEFAULT_ALGORITHM = "CRC64NVME"
#: Bytes of a checksum by its name in S3.
ALGORITHMS = {"CRC64NVME": 8, "CRC32C": 4, "CRC32": 4}


@dataclass(frozen=True)
class Checksum:
    """A checksum of a whole file.

    :param algorithm: one of :data:`ALGORITHMS`.
    :param value: the checksum in Base64, as S3 shows it.
    """

    algorithm: str
    value: str

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.value}"


class Crc:
    """One kind of CRC.

    :param algorithm: one of :data:`ALGORITHMS`.
    :raises ValueError: if it is none of them.
    """

    def __init__(self, algorithm: str = DEFAULT_ALGORITHM) -> None:
        if algorithm not in ALGORITHMS:
            raise ValueError(f"{algorithm!r} is no checksum that can be joined from parts: {', '.join(ALGORITHMS)}")
        from awscrt import checksums

        self.algorithm = algorithm
        #: Continues a CRC (0 at the beginning) over more bytes.
        self.update: Callable[[bytes, int], int] = getattr(checksums, algorithm.lower())
        self._combine: Callable[[int, int, int], int] = getattr(checksums, f"combine_{algorithm.lower()}")

    def join(self, first: int, second: int, second_length: int) -> int:
        """Return the CRC of two pieces that follow one another.

        :param first: CRC of the first piece.
        :param second: CRC of the second piece.
        :param second_length: bytes of the second piece.
        """
        return self._combine(first, second, second_length)

    def checksum(self, crc: int) -> Checksum:
        """Write a CRC as S3 does.

        :param crc: the CRC of a whole file.
        """
        return Checksum(self.algorithm, base64.b64encode(crc.to_bytes(ALGORITHMS[self.algorithm], "big")).decode())
