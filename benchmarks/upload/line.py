"""A model of one direction of a TCP connection over a far line: round trip, rate, slow start; nothing is ever lost."""

from __future__ import annotations

from dataclasses import dataclass

#: Ten segments, as today's systems begin with.
INITIAL_WINDOW = 10 * 1460
MAX_WINDOW = 4 * 1024 * 1024
#: Without an answer for this long, besides the round trip, the window counts as stale.
MIN_TIMEOUT = 0.2


@dataclass(frozen=True)
class LineSettings:
    """What a line is like.

    :param round_trip: seconds.
    :param rate: bytes per second of each connection; 0 for no limit.
    """

    round_trip: float
    rate: float = 0.0


class Line:
    """How much may be sent when, and when it arrives. All times are seconds of one clock.

    :param settings: the line.
    :param opened: when the first byte may be sent.
    """

    def __init__(self, settings: LineSettings, opened: float) -> None:
        self._settings = settings
        self._window = INITIAL_WINDOW
        self._in_flight = 0
        self._free = opened
        self._last_sent = opened
        self._used_up = False

    @property
    def window(self) -> int:
        """Bytes that may be on their way at once."""
        return self._window

    def room(self, now: float) -> int:
        """Return how many bytes may be sent now."""
        if not self._in_flight:
            # RFC 2861: a window that was not used says nothing about the line any more.
            stale = int((now - self._last_sent) / (self._settings.round_trip + MIN_TIMEOUT))
            if stale > 0:
                self._window = max(INITIAL_WINDOW, self._window >> min(stale, 20))
                self._last_sent = now
        return max(0, self._window - self._in_flight)

    def send(self, count: int, now: float) -> float:
        """Send bytes; return when the last of them arrives."""
        self._in_flight += count
        # Only a sender that the window holds up learns whether the line bears more.
        self._used_up = self._used_up or 2 * self._in_flight > self._window
        self._last_sent = self._free = max(now, self._free)
        if self._settings.rate:
            self._free += count / self._settings.rate
        return self._free + self._settings.round_trip / 2

    def acknowledged(self, count: int) -> None:
        """Note that the sender knows of bytes that arrived: one round trip after they were sent, at least."""
        self._in_flight -= count
        if self._used_up:
            self._window = min(MAX_WINDOW, self._window + count)
        self._used_up = 2 * self._in_flight > self._window
