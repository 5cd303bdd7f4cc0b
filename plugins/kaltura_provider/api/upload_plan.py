"""How a file is cut for the upload: which bytes in which request, and with which flags.

Kaltura's rules, which :func:`plan_parts` keeps:

* the first part goes alone, with ``resume`` off; sent again it throws away everything after it;
* every later part names its position (``resumeAt``), which makes it safe to send again;
* ``finalChunk`` is true unless said otherwise, and closes the file without a look at its size: it must be false on all
  parts but the last;
* at position 0 ``resume`` is never used, as the server then checks nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

MEGABYTE = 1000 * 1000

MIN_PART_SIZE = 5 * MEGABYTE
MAX_DEFAULT_PART_SIZE = 50 * MEGABYTE
#: The server takes no request above 2000 MB.
MAX_PART_SIZE = 1900 * MEGABYTE


@dataclass(frozen=True)
class Part:
    """One request of an upload.

    :param offset: position of its first byte in the file.
    :param size: number of bytes; 0 for a last part that only closes the file.
    :param final: whether it closes the file.
    """

    offset: int
    size: int
    final: bool

    @property
    def is_first(self) -> bool:
        """Whether it begins the file anew."""
        return self.offset == 0

    @property
    def may_repeat(self) -> bool:
        """Whether it can be sent again without looking what became of it."""
        return not self.is_first and not self.final


def default_part_size(size: int) -> int:
    """Choose how many bytes go into one part.

    Each request costs the server a fixed time, and each part that breaks off is sent again as a whole.

    :param size: length of the file in bytes.
    :return: 5 to 50 MB.
    """
    return max(MIN_PART_SIZE, min(MAX_DEFAULT_PART_SIZE, size // 4))


def plan_parts(size: int, start: int, part_size: int) -> Iterator[Part]:
    """Cut what is left of a file into parts, in the order of the file.

    :param size: length of the file in bytes.
    :param start: bytes the server already has from the beginning.
    :param part_size: bytes of a part at most.
    :return: the parts; the last one closes the file. If the server has all bytes, it is empty.
    """
    offset = start
    while size - offset > part_size:
        yield Part(offset, part_size, final=False)
        offset += part_size
    yield Part(offset, size - offset, final=True)
