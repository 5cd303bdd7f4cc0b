"""What the titles of a batch share while they are transferred side by side."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kaltura_pipeline.plan import PlanItem
    from kaltura_pipeline.run_outcomes import Outcome

#: Bytes of all files that one task has in flight, a single larger file aside.
ROOM = 256 * 1024 * 1024


class Room:
    """Lets only so many bytes of files be in flight at once; a file larger than that goes alone."""

    def __init__(self, size: int) -> None:
        self._size = self._free = size
        self._changed = threading.Condition()

    @contextmanager
    def take(self, size: int) -> Iterator[None]:
        """Wait for room for a file of some bytes, and hold it while the file is in flight."""
        share = min(size, self._size)
        with self._changed:
            self._changed.wait_for(lambda: self._free >= share)
            self._free -= share
        try:
            yield
        finally:
            with self._changed:
                self._free += share
                self._changed.notify_all()


class Progress:
    """What became of the titles of a batch so far."""

    def __init__(self) -> None:
        self.outcomes: dict[str, Outcome] = {}
        self.passing: list[str] = []
        #: The error after which no further title is tried.
        self.wall: Exception | None = None
        self._refusal = False
        self._lock = threading.Lock()

    def refused(self, error: Exception, *, of_all: bool) -> bool:
        """Note that Kaltura refused a session or its rights; return whether that ends the batch.

        Of one title (somebody else's entry, say), or of all? A second one in a row is taken for all.
        """
        with self._lock:
            if self._refusal or of_all:
                self.wall = self.wall or error
            self._refusal = True
            return self.wall is not None

    def add(self, item: PlanItem, outcome: Outcome, *, again: bool, refused: bool = False) -> None:
        """Note what became of a title."""
        with self._lock:
            self._refusal = self._refusal and refused
            self.outcomes[item["key"]] = outcome
            if again:
                self.passing.append(f"{item['key']}: {outcome['message']}")
