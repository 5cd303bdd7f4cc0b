"""How a file is cut for the upload: which bytes in which request, how many at once, and with which flags.

Kaltura's rules, which the parts made here keep:

* the first part goes alone, with ``resume`` off; sent again it throws away everything after it;
* every later part names its position (``resumeAt``), which makes it safe to send again, and to send in any order;
* ``finalChunk`` is true unless said otherwise, and closes the file without a look at its size: it must be false on all
  parts but the last;
* at position 0 ``resume`` is never used, as the server then checks nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from kaltura_provider.api.distance import FAR, NEAR

MEGABYTE = 1000 * 1000

#: Position and number of bytes of something missing.
Gap = tuple[int, int]

MIN_PART_SIZE = 5 * MEGABYTE
#: A part that breaks off is sent again as a whole, and parts in flight should end at about the same time.
MAX_DEFAULT_PART_SIZE = 50 * MEGABYTE
#: Over a line where each connection is slow, shorter parts end more evenly.
MAX_FAR_PART_SIZE = 34 * MEGABYTE
#: The server takes no request above 2000 MB.
MAX_PART_SIZE = 1900 * MEGABYTE

#: Everything waits for the first part. With its parameters it fits into the ten packets that a fresh connection sends
#: before it waits for the other side, so it takes one round trip however far the server is.
FIRST_PART = 8 * 1024

DEFAULT_PARALLEL = 4
MAX_DEFAULT_PARALLEL = 8
#: Each request occupies a process of the server.
MAX_PARALLEL = 16
BIG_FILE = 256 * MEGABYTE

#: Up to this size one request is faster than a first part, one more, and a last one; a near server gains from more.
ONE_REQUEST_SIZE = MIN_PART_SIZE
ONE_NEAR_REQUEST_SIZE = 20 * MEGABYTE


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


@dataclass(frozen=True)
class Plan:
    """How one file goes up.

    :param parallel: parts in flight at once; 1 sends them one after another.
    :param first_size: bytes of the part everything waits for.
    :param part_size: bytes of the others at most.
    """

    parallel: int
    first_size: int
    part_size: int


def depends_on_distance(size: int) -> bool:
    """Tell whether it makes a difference for a file how far the server is.

    :param size: length of the file in bytes.
    """
    return size > ONE_REQUEST_SIZE


def choose_plan(
    size: int, *, parallel: int | None = None, part_size: int | None = None, round_trip: float = 0.0
) -> Plan:
    """Choose how a file is cut and how many parts are in flight.

    :param size: length of the file in bytes.
    :param parallel: parts in flight; chosen when None: 4, or 8 for big files and far servers.
    :param part_size: bytes of a part; chosen when None: 5 to 50 MB.
    :param round_trip: seconds a packet takes to the server and back.
    :return: the plan.
    """
    near, far = round_trip < NEAR, round_trip >= FAR
    one_request = part_size or (ONE_NEAR_REQUEST_SIZE if near else ONE_REQUEST_SIZE)
    if size <= one_request:
        return Plan(1, one_request, one_request)
    if parallel is None:
        parallel = MAX_DEFAULT_PARALLEL if far or (size >= BIG_FILE and not near) else DEFAULT_PARALLEL
    if part_size is None:
        part_size = even_part_size(size, parallel, MAX_DEFAULT_PART_SIZE if near else MAX_FAR_PART_SIZE)
    return Plan(parallel, min(FIRST_PART, part_size) if parallel > 1 else part_size, part_size)


def even_part_size(size: int, parallel: int, most: int) -> int:
    """Choose how many bytes go into one part, so that all senders get the same number of parts of the same size.

    Each request costs the server a fixed time, so there are as few as the limit allows; and whoever gets one part more
    than the others keeps the end waiting.

    :param size: length of the file in bytes.
    :param parallel: parts in flight.
    :param most: bytes of a part at most.
    :return: at least 5 MB.
    """
    rounds = -(-size // (parallel * most))
    return max(MIN_PART_SIZE, -(-size // (parallel * rounds)))


def plan_sequence(gaps: Iterable[Gap], size: int, part_size: int) -> Iterator[Part]:
    """Cut what is missing of a file into parts to be sent one after another.

    :param gaps: position and length of what is missing, in the order of the file.
    :param size: length of the file in bytes.
    :param part_size: bytes of a part at most.
    :return: the parts; the last one closes the file. If nothing is missing at its end, it is empty.
    """
    end = 0
    for start, length in gaps:
        end = start + length
        for part in plan_open_parts([(start, length)], part_size):
            yield replace(part, final=part.offset + part.size == size)
    if end != size:
        yield Part(size, 0, final=True)


def plan_open_parts(gaps: Iterable[Gap], part_size: int) -> Iterator[Part]:
    """Cut what is missing of a file into parts that may arrive in any order; none of them closes the file.

    :param gaps: position and length of what is missing, in the order of the file.
    :param part_size: bytes of a part at most.
    :return: the parts, in the order of the file.
    """
    for start, length in gaps:
        for offset in range(start, start + length, part_size):
            yield Part(offset, min(part_size, start + length - offset), final=False)
