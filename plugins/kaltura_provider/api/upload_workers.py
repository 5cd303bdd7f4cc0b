"""Sending parts of a file from several threads: handed out in order, stopped together, repeated with patience."""

from __future__ import annotations

import queue
import random
import threading
import time
from collections.abc import Callable, Generator, Iterable
from typing import TYPE_CHECKING

from kaltura_provider.api.catalogue import REFUSED_BEFORE_ACTING
from kaltura_provider.api.errors import KalturaError

if TYPE_CHECKING:
    from kaltura_provider.api.config import ClientConfig
    from kaltura_provider.api.multipart import ByteStream
    from kaltura_provider.api.upload_plan import Part

_SERVER_IN_TROUBLE = REFUSED_BEFORE_ACTING | {
    "INTERNAL_SERVERL_ERROR",
    "INTERNAL_SERVER_ERROR",
    "INTERNAL_DATABASE_ERROR",
}


class Stopped(Exception):
    """Another part failed, or the upload was interrupted: this one ends without a result."""


class StoppableStream:
    """A stream that ends with :class:`Stopped` as soon as the upload is stopped.

    :param stream: the bytes.
    :param stop: set when the upload is stopped.
    """

    def __init__(self, stream: ByteStream, stop: threading.Event) -> None:
        self._stream = stream
        self._stop = stop

    def read(self, size: int = -1, /) -> bytes:
        """Return up to ``size`` bytes.

        :param size: number of bytes.
        :raises Stopped: if the upload was stopped.
        """
        if self._stop.is_set():
            raise Stopped
        return self._stream.read(size)

    def close(self) -> None:
        """Close the stream."""
        self._stream.close()


class Patience:
    """Decides whether, and after which time, something is tried again.

    A fault of the network is tried ``max_attempts`` times. A server that is in trouble or asks to slow down is also
    given time to recover: as long as that many of the longest waits would take.

    :param config: settings of the client.
    """

    def __init__(self, config: ClientConfig) -> None:
        self._config = config
        self._failures = 0
        self._since = 0.0

    def reset(self) -> None:
        """Note that it went on."""
        self._failures = 0

    def wait_after(self, error: KalturaError) -> float | None:
        """Count a failure.

        :param error: what happened.
        :return: seconds to wait before the next try; None to give up.
        """
        config = self._config
        if self._failures == 0:
            self._since = time.monotonic()
        self._failures += 1
        in_trouble = error.code in _SERVER_IN_TROUBLE or error.code.startswith("HTTP_5")
        budget = config.max_attempts * (config.backoff_max + config.rate_limit_wait)
        if self._failures >= config.max_attempts and not (
            in_trouble and config.max_attempts > 1 and time.monotonic() - self._since < budget
        ):
            return None
        # A random share of the whole wait, so that parts that failed together do not come back together.
        longest = min(config.backoff_max, config.backoff_initial * 2.0 ** min(self._failures - 1, 30))
        wait = random.uniform(0, longest)
        if error.code in REFUSED_BEFORE_ACTING:
            wait += config.rate_limit_wait
        if error.retry_after is not None:
            wait = max(wait, min(error.retry_after, config.backoff_max))
        return wait


def in_parallel(
    parts: Iterable[Part], send: Callable[[Part, threading.Event], object], threads: int
) -> Generator[Part, None, None]:
    """Send parts from several threads. Close the generator if it is not read to its end.

    However it ends, no thread is left: a failure, or an interruption of the reader, stops all of them.

    :param parts: the parts; they are handed out in this order.
    :param send: sends one part; it is to raise :class:`Stopped` soon after the event it is given is set.
    :param threads: number of threads.
    :return: the parts in the order in which they are done, in the thread of the caller.
    :raises BaseException: the first one ``send`` raised.
    """
    stop = threading.Event()
    lock = threading.Lock()
    waiting = iter(parts)
    news: queue.SimpleQueue[Part | BaseException | None] = queue.SimpleQueue()

    def work() -> None:
        try:
            while not stop.is_set():
                with lock:
                    part = next(waiting, None)
                if part is None:
                    break
                send(part, stop)
                news.put(part)
        except BaseException as error:
            # In this order: what others raise because they are stopped comes after the reason.
            news.put(error)
            stop.set()
        finally:
            news.put(None)

    workers = [threading.Thread(target=work, name=f"kaltura-upload-{n}", daemon=True) for n in range(threads)]
    started = []
    try:
        for worker in workers:
            worker.start()
            started.append(worker)
        running = len(started)
        while running:
            item = news.get()
            if item is None:
                running -= 1
            elif isinstance(item, BaseException):
                raise item
            else:
                yield item
    finally:
        stop.set()
        for worker in started:
            worker.join()
