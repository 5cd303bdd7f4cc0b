"""How far parts may run ahead of what would survive the end of the process."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from kaltura_provider.api.upload_workers import Stopped

if TYPE_CHECKING:
    from kaltura_provider.api.upload_plan import Part


class Window:
    """Lets a part begin only while few others would have to be sent again. Safe for use by threads.

    If the process dies, parts in flight are sent again, and so are those that were confirmed, wait on the server behind
    a gap, and are not noted yet. Together they are never more than the parts that may be in flight: one part that is
    slow, or notes that are, hold the others up instead of making them run ahead in vain.

    :param size: how many parts.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._changed = threading.Condition()
        self._in_flight = 0
        self._at_risk: set[int] = set()
        self._joined = 0

    @property
    def holds(self) -> bool:
        """Whether confirmed parts wait to be noted."""
        with self._changed:
            return bool(self._at_risk)

    def enter(self, stop: threading.Event) -> None:
        """Wait until one more part may begin.

        :param stop: ends the waiting.
        :raises Stopped: if it was stopped.
        """
        with self._changed:
            while self._in_flight + len(self._at_risk) >= self._size:
                self._changed.wait(0.1)
                if stop.is_set():
                    raise Stopped
            self._in_flight += 1

    def confirmed(self, part: Part, joined: int) -> None:
        """Note that a part has arrived.

        :param part: the part.
        :param joined: how many bytes the server has joined from the beginning, as its answer says. They are safe.
        """
        with self._changed:
            self._in_flight -= 1
            self._joined = max(self._joined, joined)
            self._at_risk.add(part.offset + part.size)
            self._at_risk = {end for end in self._at_risk if end > self._joined}
            self._changed.notify_all()

    def noted(self, ends: set[int]) -> None:
        """Note that parts are noted where they outlive the process.

        :param ends: positions behind them.
        """
        with self._changed:
            self._at_risk -= ends
            self._changed.notify_all()
