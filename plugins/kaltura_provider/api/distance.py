"""How far the server is: what a request takes that Kaltura answers without doing anything."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

#: Seconds of a round trip up to which the server is in the same data centre: bytes cost it more than they cost the way.
NEAR = 0.005
#: Seconds of a round trip from which each connection takes long to reach its speed, so that more of them help any file.
FAR = 0.05
#: Seconds to wait for the measurement; whoever answers later than that is in trouble, or does not answer it at all.
_PATIENCE = 2.0


class Distance:
    """Measures the round trip once, beside other work. Safe for use by threads.

    The time in which a connection comes about would be less work, but proxies and service meshes accept connections
    on this side of the way.

    :param ask: sends a request that costs the server nothing, and returns when the answer is there; may raise.
    :param handshakes: round trips that opening a connection for it takes at most.
    """

    def __init__(self, ask: Callable[[], None], handshakes: int) -> None:
        self._ask = ask
        self._handshakes = handshakes
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._seconds = 0.0

    def begin(self) -> None:
        """Begin to measure, unless that is done or under way."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._measure, name="kaltura-distance", daemon=True)
                self._thread.start()

    def round_trip(self) -> float:
        """Return the seconds a request without work takes; 0 if that could not be found out."""
        self.begin()
        if self._thread is not None:
            self._thread.join(_PATIENCE)
        return self._seconds

    def _measure(self) -> None:
        try:
            whole = self._timed()
            # It may have opened a connection first.
            least = whole / (1 + self._handshakes)
            clear = whole < NEAR or least >= FAR
            self._seconds = least if clear else self._timed()
        except Exception:
            # What is wrong, the next call tells.
            self._seconds = 0.0

    def _timed(self) -> float:
        started = time.monotonic()
        self._ask()
        return time.monotonic() - started
