"""Which bytes of a file the server has confirmed, and their checksum; can be written down and read again.

The server itself tells only how many bytes it has joined from the beginning. Parts that arrived before an earlier one
wait beside the file and are not counted, so whoever resumes an upload by that number alone sends them again.
"""

from __future__ import annotations

import json
from bisect import insort
from collections.abc import Callable, Iterator

from kaltura_provider.api.checksums import Checksum, Crc


class ConfirmedRanges:
    """The confirmed bytes of one file.

    :param crc: the kind of CRC kept for them.
    """

    def __init__(self, crc: Crc) -> None:
        self._crc = crc
        # (first byte, byte behind the last, CRC); in order, without overlaps, neighbours joined.
        self._ranges: list[tuple[int, int, int]] = []

    @property
    def total(self) -> int:
        """Number of confirmed bytes."""
        return sum(end - start for start, end, _ in self._ranges)

    def add(self, start: int, size: int, crc: int) -> None:
        """Note bytes that were confirmed.

        :param start: position of the first one.
        :param size: how many.
        :param crc: their CRC.
        """
        end = start + size
        if not size or any(start < other_end and other_start < end for other_start, other_end, _ in self._ranges):
            return
        insort(self._ranges, (start, end, crc))
        joined: list[tuple[int, int, int]] = []
        for item in self._ranges:
            if joined and joined[-1][1] == item[0]:
                before = joined.pop()
                crc = self._crc.join(before[2], item[2], item[1] - item[0])
                joined.append((before[0], item[1], crc))
            else:
                joined.append(item)
        self._ranges = joined

    def clear(self) -> None:
        """Forget everything: the server turned out not to have it."""
        self._ranges = []

    def missing(self, joined: int, size: int) -> Iterator[tuple[int, int]]:
        """Find what has to be sent.

        :param joined: how many bytes the server has joined from the beginning.
        :param size: length of the file in bytes.
        :return: position and number of bytes of each gap, in the order of the file.
        """
        position = joined
        for start, end, _ in self._ranges:
            if start > position:
                yield position, min(start, size) - position
            position = max(position, end)
        if position < size:
            yield position, size - position

    def checksum(self, size: int, read_crc: Callable[[int, int], int]) -> Checksum:
        """Join the checksum of the whole file.

        :param size: length of the file in bytes.
        :param read_crc: returns the CRC of bytes that an earlier process sent and took no note of, by position and
            number.
        """
        total, position = 0, 0
        for start, end, crc in [*self._ranges, (size, size, 0)]:
            if start > position:
                total = self._crc.join(total, read_crc(position, start - position), start - position)
            total = self._crc.join(total, crc, end - start) if end > start else total
            position = end
        return self._crc.checksum(total)

    def to_text(self) -> str:
        """Write the ranges down in one line of JSON."""
        return json.dumps({"algorithm": self._crc.algorithm, "ranges": self._ranges}, separators=(",", ":"))

    def read_text(self, text: str) -> None:
        """Take over what :meth:`to_text` wrote; a text of another kind of CRC, or none, brings nothing.

        :param text: the text.
        """
        try:
            values = json.loads(text)
            if values["algorithm"] == self._crc.algorithm:
                self._ranges = [(int(start), int(end), int(crc)) for start, end, crc in values["ranges"]]
        except (ValueError, KeyError, TypeError):
            # Losing it costs time, never bytes.
            return
