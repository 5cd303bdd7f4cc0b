"""Sending parts of a file from several threads: handed out in order, stopped together, with news for the caller."""

from __future__ import annotations

import queue
import random
import threading
import time
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from kaltura_provider.api.catalogue import REFUSED_BEFORE_ACTING
from kaltura_provider.api.errors import KalturaError

if TYPE_CHECKING:
    from kaltura_provider.api.config import ClientConfig

T = TypeVar("T")
R = TypeVar("R")

#: Seconds an interrupted upload gives its threads to end. One that waits for an answer can take a minute and a half;
#: the process that is to end need not wait for it, and the server keeps what has arrived.
INTERRUPTED_JOIN = 2.0


@dataclass(frozen=True)
class _Done(Generic[R]):
    result: R


class Stopped(Exception):
    """Another part failed, or the upload was interrupted: this one ends without a result."""


class Patience:
    """Decides whether, and after which time, something is tried again.

    It is tried ``max_attempts`` times at least, and beyond that until the time budget is used up: a server that is in
    trouble, asks to slow down, or cannot be reached gets time to recover.

    :param config: settings of the client.
    :param budget: seconds since the first failure; when None, as many of the longest waits as there are attempts.
    """

    def __init__(self, config: ClientConfig, budget: float | None = None) -> None:
        self._config = config
        longest = config.backoff_max + config.rate_limit_wait
        self._budget = config.max_attempts * longest if budget is None else budget
        self._failures = 0
        self._since = 0.0

    def reset(self) -> None:
        """Note that it went on."""
        self._failures = 0

    def wait_after(self, error: Exception) -> float | None:
        """Count a failure.

        :param error: what happened.
        :return: seconds to wait before the next try; None to give up.
        """
        config = self._config
        if self._failures == 0:
            self._since = time.monotonic()
        self._failures += 1
        if self._failures >= config.max_attempts and not (
            config.max_attempts > 1 and time.monotonic() - self._since < self._budget
        ):
            return None
        # A random share of the whole wait, so that parts that failed together do not come back together.
        longest = min(config.backoff_max, config.backoff_initial * 2.0 ** min(self._failures - 1, 30))
        wait = random.uniform(0, longest)
        if isinstance(error, KalturaError):
            if error.code in REFUSED_BEFORE_ACTING:
                wait += config.rate_limit_wait
            if error.retry_after is not None:
                wait = max(wait, min(error.retry_after, config.backoff_max))
        return wait


def in_parallel(
    parts: Iterable[T], send: Callable[[T, threading.Event], R], threads: int, *, tick: float
) -> Generator[R | None, None, None]:
    """Send parts from several threads. Close the generator if it is not read to its end.

    However it ends, no thread is left at work: a failure, or an interruption of the reader, stops all of them.

    :param parts: the parts; they are handed out in this order.
    :param send: sends one part; it is to raise :class:`Stopped` soon after the event it is given is set.
    :param threads: number of threads.
    :param tick: seconds without news after which the caller gets a None, to look after other things.
    :return: what ``send`` returned, in the order in which the parts are done, in the thread of the caller.
    :raises BaseException: the first one ``send`` raised.
    """
    stop = threading.Event()
    lock = threading.Lock()
    waiting = iter(parts)
    news: queue.SimpleQueue[_Done[R] | BaseException | None] = queue.SimpleQueue()

    def work() -> None:
        try:
            while not stop.is_set():
                with lock:
                    part = next(waiting, None)
                if part is None:
                    break
                news.put(_Done(send(part, stop)))
        except BaseException as error:
            # In this order: what others raise because they are stopped comes after the reason.
            news.put(error)
            stop.set()
        finally:
            news.put(None)

    workers = [threading.Thread(target=work, name=f"kaltura-upload-{n}", daemon=True) for n in range(threads)]
    started: list[threading.Thread] = []
    patience: float | None = INTERRUPTED_JOIN
    try:
        for worker in workers:
            worker.start()
            started.append(worker)
        running = len(started)
        while running:
            try:
                item = news.get(timeout=tick)
            except queue.Empty:
                yield None
                continue
            if item is None:
                running -= 1
            elif isinstance(item, BaseException):
                # The failure of a part is told when the others have ended, so that nothing more is sent after it.
                patience = None
                raise item
            else:
                yield item.result
    finally:
        stop.set()
        deadline = None if patience is None else time.monotonic() + patience
        for worker in started:
            worker.join(None if deadline is None else max(0.0, deadline - time.monotonic()))
