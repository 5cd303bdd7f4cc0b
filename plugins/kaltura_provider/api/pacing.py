"""Keeping the calls of a process below a rate, and out of the way of Kaltura's rate limits.

Kaltura counts calls for each action of each account, usually over 10 seconds, and counts every call in a multirequest
on its own; what the limits are is not published. So the unit here is a call of an action, not an HTTP request: a
multirequest of 20 calls takes as long as 20 requests.

Calls are spread evenly, none is saved up for later: in any stretch of time, however short, no more calls are let
through than the rate allows, plus one.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

if TYPE_CHECKING:
    from kaltura_provider.api.config import ClientConfig

#: Share of the rate that is left while Kaltura refuses calls; another refusal takes the same share of that again.
SLOWED = 0.5
#: The rate never falls below this share of what was set.
SLOWEST = 1 / 16


class Pace:
    """Lets calls pass one after the other. Safe for use by threads; all who share a pace share its rate.

    :param calls_per_second: how many calls may begin in a second; None for any number.
    """

    def __init__(self, calls_per_second: float | None = None) -> None:
        self.calls_per_second = calls_per_second
        # One thread at a time waits for its moment, the others wait for that thread.
        self._turn = threading.Lock()
        self._lock = threading.Lock()
        self._next = 0.0
        self._share = 1.0
        self._slow_until = 0.0
        self._recover_after = 0.0
        self._paused: dict[str, float] = {}

    def take(self, actions: Sequence[str]) -> float:
        """Wait until a request may be sent.

        :param actions: what it calls, such as ``media.add``, one for each call in it. An action that Kaltura refused
            waits longer.
        :return: the seconds waited.
        """
        started = time.monotonic()
        while True:
            self._sit_out(actions)
            with self._turn:
                # The rate may fall while this thread waits for its moment.
                while (wait := self._next - time.monotonic()) > 0:
                    time.sleep(wait)
                with self._lock:
                    now = time.monotonic()
                    if self._pause(actions) > now:
                        continue
                    rate = self._rate(now)
                    if rate is not None:
                        self._next = now + len(actions) / rate
                    return now - started

    def refused(self, service_action: str, seconds: float) -> None:
        """Note that Kaltura refused a call because of too many.

        No thread calls this action for a while, as every call in vain would count against it. Other actions have
        counters of their own and go on, at half the rate.

        :param service_action: the action that was refused.
        :param seconds: how long Kaltura's counters look back.
        """
        with self._lock:
            now = time.monotonic()
            self._rate(now)
            if self._paused.get(service_action, 0.0) <= now and self.calls_per_second is not None:
                # Threads whose calls were on their way together are refused together; that is one refusal.
                self._share = max(SLOWEST, self._share * SLOWED)
            self._paused = {action: until for action, until in self._paused.items() if until > now}
            self._paused[service_action] = max(self._paused.get(service_action, 0.0), now + seconds)
            self._slow_until = max(self._slow_until, now + seconds)
            self._recover_after = seconds

    def rate(self) -> float | None:
        """Return the calls a second that pass at present; None if any number does."""
        with self._lock:
            return self._rate(time.monotonic())

    def _rate(self, now: float) -> float | None:
        if self.calls_per_second is None:
            return None
        # Back up the same steps, one for each quiet stretch.
        while self._share < 1.0 and now >= self._slow_until:
            self._share = min(1.0, self._share / SLOWED)
            self._slow_until += max(self._recover_after, 0.001)
        return self.calls_per_second * self._share

    def _sit_out(self, actions: Sequence[str]) -> None:
        while (wait := self._pause(actions) - time.monotonic()) > 0:
            time.sleep(wait)

    def _pause(self, actions: Sequence[str]) -> float:
        return max((self._paused.get(action, 0.0) for action in actions), default=0.0)


_paces: WeakValueDictionary[tuple[str, int, float | None], Pace] = WeakValueDictionary()
_paces_lock = threading.Lock()


def pace_of(config: ClientConfig) -> Pace:
    """Return the pace of an account: the clients of a process that talk to one account at one rate share it.

    Other processes and machines know nothing of it: whoever runs several tasks of an account at once gives each a
    share of the rate, ``KalturaHook(..., sharing=4)``.

    :param config: whose ``service_url``, ``partner_id`` and ``calls_per_second`` decide.
    """
    key = (config.service_url, config.partner_id, config.calls_per_second)
    with _paces_lock:
        pace = _paces.get(key)
        if pace is None:
            pace = _paces[key] = Pace(config.calls_per_second)
        return pace
