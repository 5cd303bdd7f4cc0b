"""Looks at Kaltura that the triggers of a triggerer share: a thousand that wait for an entry each cost seven calls."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kaltura_provider.triggers.threads import in_thread

if TYPE_CHECKING:
    from kaltura_provider.api import KalturaClient
    from kaltura_provider.hooks.kaltura import KalturaHook
    from kaltura_provider.hooks.readiness import Look

LookAt = Callable[["KalturaClient", list[str]], "Look"]

#: Triggers that a triggerer starts together come one by one: seconds without a further one until they are looked at,
#: and seconds after which they are in any case.
_GATHER, _GATHER_AT_MOST = 0.05, 1.0
#: How soon after a look there may be another one for triggers that have just come: a share of their interval, and
#: seconds at most.
_FIRST_SHARE, _FIRST_AT_MOST = 0.1, 5.0
#: Seconds between two looks at least, for an interval of 0.
_LEAST = 0.01

_shared: dict[Hashable, SharedLooks] = {}


def join(key: Hashable, hook: KalturaHook) -> SharedLooks:
    """Share looks with the triggers of this event loop that have the same key; each must :meth:`~SharedLooks.leave`.

    :param key: everything that must be the same: what is looked at and how, the account, the credentials, the session.
    :param hook: looks if nobody does so yet, and is closed when the last one has left.
    """
    place = (asyncio.get_running_loop(), key)
    looks = _shared.get(place)
    if looks is None:
        looks = _shared[place] = SharedLooks(place, hook)
    looks.users += 1
    return looks


@dataclass(eq=False)
class _Request:
    ids: list[str]
    look_at: LookAt
    due: float
    answer: asyncio.Future[Look | Exception]


class SharedLooks:
    """Looks with one client and in one thread; made by :func:`join`.

    Each look is asked for anew, so a trigger that is cancelled takes its ids out. Triggers of the same interval look at
    the same moments, counted from the very first look; a trigger's first look does not wait for such a moment.
    """

    def __init__(self, place: Hashable, hook: KalturaHook) -> None:
        self._place = place
        self._hook = hook
        self._loop = asyncio.get_running_loop()
        self._first = self._last = float("-inf")
        # A set that keeps its order.
        self._requests: dict[_Request, None] = {}
        self._changed = asyncio.Event()
        self._looking = False
        self.users = 0
        # Not in the context of the trigger that happens to be the first: what is logged there is in that task's log.
        self._task = contextvars.Context().run(asyncio.create_task, self._run())

    async def look(
        self, ids: list[str], look_at: LookAt, *, interval: float, first: bool, within: float | None
    ) -> Look | Exception:
        """Wait for the next moment to look, and look together with the others.

        :param ids: what to look at.
        :param look_at: looks; called in a thread.
        :param interval: seconds between two looks.
        :param first: whether this is the trigger's first look.
        :param within: look after so many seconds at the latest; None for no such limit.
        :return: what was found of these ids, or why nothing was. It is not raised: all triggers get the same exception,
            and each raise would add to its traceback.
        """
        interval = max(interval, _LEAST)
        due = self._first_moment(interval) if first else self._next_moment(interval)
        if within is not None:
            due = min(due, self._loop.time() + within)
        request = _Request(ids, look_at, due, self._loop.create_future())
        self._requests[request] = None
        self._changed.set()
        try:
            return await request.answer
        finally:
            self._requests.pop(request, None)

    async def leave(self) -> None:
        """Say that one trigger does not look any more. With the last one all connections are closed."""
        self.users -= 1
        if self.users:
            return
        self._close()
        self._changed.set()
        # A look that is under way cannot be stopped, and may take minutes if Kaltura does not answer.
        if not self._looking:
            await asyncio.wait({self._task})

    def _first_moment(self, interval: float) -> float:
        return max(self._loop.time(), self._last + min(interval * _FIRST_SHARE, _FIRST_AT_MOST))

    def _next_moment(self, interval: float) -> float:
        # A timer may be early by a little: its moment is over then, too.
        passed = (self._loop.time() - self._first) / interval + _FIRST_SHARE
        return self._first + (int(passed) + 1) * interval

    def _close(self) -> None:
        # Whoever comes from now on begins anew.
        if _shared.get(self._place) is self:
            del _shared[self._place]

    async def _run(self) -> None:
        due: list[_Request] = []
        try:
            while await self._await_due():
                await self._gather()
                now = self._loop.time()
                due = [request for request in self._requests if request.due <= now]
                for request in due:
                    del self._requests[request]
                if due:
                    self._looking = True
                    await self._answer(due)
                    self._looking = False
        finally:
            self._close()
            for request in (*due, *self._requests):
                request.answer.cancel()
            await in_thread(self._hook.close)

    async def _await_due(self) -> bool:
        """Wait until a look is due; return False when nobody is left."""
        while self.users:
            self._changed.clear()
            due = min((request.due for request in self._requests), default=None)
            pause = None if due is None else due - self._loop.time()
            if pause is not None and pause <= 0:
                return True
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._changed.wait(), pause)
        return False

    async def _gather(self) -> None:
        end = self._loop.time() + _GATHER_AT_MOST
        seen = -1
        while len(self._requests) > seen and self._loop.time() < end:
            seen = len(self._requests)
            await asyncio.sleep(_GATHER)

    async def _answer(self, requests: list[_Request]) -> None:
        ids = list(dict.fromkeys(each for request in requests for each in request.ids))
        self._last = self._loop.time()
        if self._first < 0:
            self._first = self._last
        seen: Look | Exception
        try:
            seen = await in_thread(self._look, requests[0].look_at, ids)
        except Exception as error:
            seen = error
        if len(requests) > 1 and _may_be_about_one(seen):
            # What one of them asks for must not fail the tasks of all others.
            middle = len(requests) // 2
            await self._answer(requests[:middle])
            await self._answer(requests[middle:])
            return
        for request in requests:
            if not request.answer.done():
                request.answer.set_result(seen if isinstance(seen, Exception) else seen.of(request.ids))
                # A thousand triggers that go on at the same moment would hold up all others.
                await asyncio.sleep(0)

    def _look(self, look_at: LookAt, ids: list[str]) -> Look:
        return look_at(self._hook.get_conn(), ids)


def _may_be_about_one(seen: Look | Exception) -> bool:
    """Whether a look was refused for what was asked for, and not for who asked or how Kaltura was at that moment."""
    from kaltura_provider.api import ErrorClass, KalturaError

    if isinstance(seen, KalturaError):
        return seen.error_class is ErrorClass.PERMANENT
    return isinstance(seen, (ValueError, TypeError))
