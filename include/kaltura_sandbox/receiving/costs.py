"""What a Kaltura server's work costs, charged on virtual cores that all processes of a sandbox share.

A core is a moment until which it is booked. Whoever works books the core that is free first and sleeps until its time
is over, a few milliseconds at a time: so requests share the cores, and none of them ever holds two. Nothing is held
while sleeping, so a killed process leaves nothing locked.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
import tempfile
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MEGABYTE = 1000 * 1000
_SLICE = 0.005
_COUNTERS = ("requests", "body_bytes", "broken_bytes", "bodies", "peak_bodies")
_MAX_CORES = 64


@dataclass(frozen=True)
class Costs:
    """What the server's work costs; all zero charges nothing.

    :param cores: cores that all requests share.
    :param call: seconds of a core for any API call.
    :param receive: seconds of a core for a megabyte (10⁶ bytes) of a body, spent while it arrives.
    :param append: seconds of a core for a megabyte that is appended to an upload.
    """

    cores: int = 2
    call: float = 0.0
    receive: float = 0.0
    append: float = 0.0

    def __post_init__(self) -> None:
        if not 0 < self.cores <= _MAX_CORES:
            raise ValueError(f"{self.cores} cores are out of range: charge on 1 to {_MAX_CORES}.")
        if min(self.call, self.receive, self.append) < 0:
            raise ValueError("Costs are seconds: give none of them a negative value.")


@dataclass(frozen=True)
class Counts:
    """What the receiving processes have seen.

    :param requests: HTTP requests that were passed on.
    :param body_bytes: bytes of bodies that were received, broken ones included.
    :param broken_bytes: those of them in bodies that ended early; they reached no upload.
    :param bodies: long bodies that are arriving now.
    :param peak_bodies: how many of them arrived at once at most.
    """

    requests: int = 0
    body_bytes: int = 0
    broken_bytes: int = 0
    bodies: int = 0
    peak_bodies: int = 0


class Meter:
    """The virtual cores and the counters, in memory that processes share.

    :param costs: what is charged.
    :param handle: the file of another process's meter to join; a new one when None.
    """

    def __init__(self, costs: Costs, handle: int | None = None) -> None:
        self.costs = costs
        self._thread = _Credited()
        self._guard = threading.Lock()
        self._layout = struct.Struct(f"{costs.cores}d")
        self._counters = struct.Struct(f"{len(_COUNTERS)}q")
        if handle is None:
            handle, path = tempfile.mkstemp(prefix="kaltura-sandbox-meter-")
            os.unlink(path)
            os.truncate(handle, self._layout.size + self._counters.size)
        self.handle = handle
        self._memory = mmap.mmap(handle, self._layout.size + self._counters.size)

    def close(self) -> None:
        """Give the memory back."""
        self._memory.close()
        os.close(self.handle)

    @contextmanager
    def call(self) -> Iterator[None]:
        """Charge an API call for what is done inside."""
        with self._working(self.costs.call):
            yield

    @contextmanager
    def appending(self, length: int) -> Iterator[None]:
        """Charge for appending bytes, done inside."""
        with self._working(self.costs.append * length / MEGABYTE):
            yield

    def receiving(self) -> Receipt:
        """Return what charges the bytes of one body as they arrive."""
        return Receipt(self, self.costs.receive / MEGABYTE)

    def count(self, *, reset_peak: bool = False, **changes: int) -> None:
        """Add to the counters, by their names in :class:`Counts`.

        :param reset_peak: let ``peak_bodies`` begin anew.
        """
        with self._locked():
            values = dict(zip(_COUNTERS, self._counters.unpack_from(self._memory, self._layout.size), strict=True))
            for name, change in changes.items():
                values[name] += change
            values["peak_bodies"] = max(0 if reset_peak else values["peak_bodies"], values["bodies"])
            self._counters.pack_into(self._memory, self._layout.size, *values.values())

    def counts(self) -> Counts:
        """Return the counters."""
        with self._locked():
            return Counts(*self._counters.unpack_from(self._memory, self._layout.size))

    def charge(self, seconds: float, used: float) -> None:
        """Book time on the cores and sleep until it is over.

        :param seconds: time of one core.
        :param used: seconds the work itself took until now; they count if a core was free then.
        """
        while seconds > 0:
            piece = min(seconds, _SLICE)
            end = self._book(time.monotonic() - used, piece)
            seconds -= piece
            late = time.monotonic() - end
            if late < 0:
                time.sleep(-late)
                late = time.monotonic() - end
            # The next piece follows at once, however late this thread woke up.
            used = late

    def _book(self, ready: float, seconds: float) -> float:
        with self._locked():
            free: list[float] = list(self._layout.unpack_from(self._memory))
            core = free.index(min(free))
            end = max(ready, free[core]) + seconds
            free[core] = end
            self._layout.pack_into(self._memory, 0, *free)
        return end

    @contextmanager
    def _working(self, seconds: float) -> Iterator[None]:
        if seconds <= 0:
            yield
            return
        outer, self._thread.credited = self._thread.credited, 0.0
        started = time.thread_time()
        try:
            yield
        finally:
            work = time.thread_time() - started
            used = max(0.0, work - self._thread.credited)
            self._thread.credited = outer + work
            self.charge(seconds, used)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        # The lock of the file keeps other processes out and goes with a killed one; the other one is for threads.
        with self._guard:
            fcntl.lockf(self.handle, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.lockf(self.handle, fcntl.LOCK_UN)


class Receipt:
    """Charges the bytes of one body.

    :param meter: where to charge.
    :param per_byte: seconds of a core.
    """

    def __init__(self, meter: Meter, per_byte: float) -> None:
        self._meter = meter
        self._per_byte = per_byte
        self._mark = time.thread_time()

    def took(self, count: int) -> None:
        """Charge bytes that have arrived; what this thread has worked since the last call counts towards it."""
        if self._per_byte:
            now = time.thread_time()
            self._meter.charge(count * self._per_byte, now - self._mark)
            self._mark = time.thread_time()


@dataclass
class _Credited(threading.local):
    """Working time of this thread that has been counted already, inside what it does now."""

    credited: float = field(default=0.0)
