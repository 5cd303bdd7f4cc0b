"""What the proxy has seen: calls, faults and bytes, by action."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .fault import S3, Fault
from .request import Request

#: Requests and faults whose order is remembered: the last ones.
_LOG_SIZE = 100_000


@dataclass(frozen=True)
class Event:
    """A fault that was made.

    :param seconds: since the proxy was started or reset.
    :param action: the request's action.
    :param number: the how manieth request of that action it was, from 1.
    :param key: for S3 bucket and key, ``/bucket/key``.
    :param fault: the fault.
    """

    seconds: float
    action: str
    number: int
    key: str
    fault: Fault

    def to_json(self) -> dict[str, Any]:
        """Return the event as JSON data."""
        key = {"key": self.key} if self.key else {}
        return {
            "seconds": self.seconds, "action": self.action, "number": self.number, **key, "fault": self.fault.to_json(),
        }  # fmt: skip

    def __str__(self) -> str:
        return f"{self.seconds:7.3f} s  {self.action} {self.number}{self.key and ' ' + self.key}: {self.fault}"


class Counts:
    """Counters, safe for use by threads. All by action: ``media.add``, ``multirequest``, ``GetObject``.

    Each attribute is a ``Counter``; read them when nothing is on its way, or call :meth:`to_json` at any time.

    * ``calls``: requests.
    * ``items``: actions within multirequests.
    * ``faults``: faults, by action and kind: ``media.add drop_answer``.
    * ``bytes_received``: bytes of request bodies that came from clients.
    * ``bytes_passed_on``: of these, what the server was sent.
    * ``bytes_answered``: bytes of answer bodies that clients were sent.
    * ``part_bytes``: by upload token, bytes of files and parts of files that came from clients.
    * ``part_bytes_announced``: the same, each part counted as if it had come whole.
    """

    _NAMES = (
        "calls", "items", "faults", "bytes_received", "bytes_passed_on", "bytes_answered", "part_bytes",
        "part_bytes_announced",
    )  # fmt: skip

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Begin anew."""
        with self._lock:
            self.calls: Counter[str] = Counter()
            self.items: Counter[str] = Counter()
            self.faults: Counter[str] = Counter()
            self.bytes_received: Counter[str] = Counter()
            self.bytes_passed_on: Counter[str] = Counter()
            self.bytes_answered: Counter[str] = Counter()
            self.part_bytes: Counter[str] = Counter()
            self.part_bytes_announced: Counter[str] = Counter()
            self._events: deque[Event] = deque(maxlen=_LOG_SIZE)
            self._order: deque[str] = deque(maxlen=_LOG_SIZE)
            self._began = time.monotonic()

    def count_call(self, request: Request) -> int:
        """Count a request; return the how manieth of its action it is."""
        with self._lock:
            self.calls[request.action] += 1
            self._order.append(request.action)
            for item in request.items:
                self.items[item] += 1
            return self.calls[request.action]

    def count_fault(self, request: Request, number: int, fault: Fault) -> Event:
        """Count a fault; return it as it is remembered."""
        with self._lock:
            self.faults[f"{request.action} {fault.kind}"] += 1
            elapsed = time.monotonic() - self._began
            event = Event(
                round(elapsed, 3), request.action, number, request.path if request.service == S3 else "", fault
            )
            self._events.append(event)
            return event

    def receipt(self, request: Request) -> Callable[[int], None]:
        """Begin to count the body of a request; of a file it carries also by upload token.

        :return: to be called with the number of bytes that have come so far, each time some more have.
        """
        token, whole = request.upload_token, request.file_length
        counted = counted_of_file = 0
        if token and whole is not None:
            with self._lock:
                self.part_bytes_announced[token] += whole

        def count(received: int) -> None:
            nonlocal counted, counted_of_file
            of_file = max(0, received - (request.file_start or 0))
            of_file = of_file if whole is None else min(of_file, whole)
            with self._lock:
                self.bytes_received[request.action] += received - counted
                if token:
                    self.part_bytes[token] += of_file - counted_of_file
                    self.part_bytes_announced[token] += of_file - counted_of_file if whole is None else 0
            counted, counted_of_file = received, of_file

        return count

    def count_passed_on(self, request: Request, count: int) -> None:
        """Count bytes of a request's body that the server was sent."""
        with self._lock:
            self.bytes_passed_on[request.action] += count

    def count_answered(self, request: Request, count: int) -> None:
        """Count bytes of an answer's body."""
        with self._lock:
            self.bytes_answered[request.action] += count

    def to_json(self) -> dict[str, dict[str, int]]:
        """Return all counters as JSON data."""
        with self._lock:
            return {name: dict(getattr(self, name)) for name in self._NAMES}

    def order(self) -> list[str]:
        """Return the actions of all requests, in order of arrival."""
        with self._lock:
            return [*self._order]

    def events(self) -> list[Event]:
        """Return the faults that were made, in order."""
        with self._lock:
            return [*self._events]
