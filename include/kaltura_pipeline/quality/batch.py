"""Looking at many media files at once: most of the time goes into waiting for the store."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from queue import SimpleQueue
from typing import TYPE_CHECKING, TypeVar

from kaltura_pipeline.quality.media import MediaProber
from kaltura_provider.api.errors import SourceChangedError, SourceUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kaltura_pipeline.quality.facts import MediaFacts
    from kaltura_pipeline.quality.media import ProbeLimits
    from kaltura_pipeline.quality.reading import ReadableSource

    Failure = SourceChangedError | SourceUnavailableError

Source = TypeVar("Source", bound="ReadableSource")


def probe_all(
    sources: Iterable[Source], workers: int = 4, limits: ProbeLimits | None = None
) -> Iterator[tuple[Source, MediaFacts | Failure]]:
    """Look at many files; one that cannot be read just now does not stop the others.

    :param sources: the files; taken from the iterable as they are needed, so that there may be any number.
    :param workers: files looked at at once, each with a process of its own (40 MB).
    :param limits: what one file may cost.
    :return: each file in the given order, with its facts, or with the error that came when it was read.
    :raises RuntimeError: the process that takes files apart does not start.
    """
    free: SimpleQueue[MediaProber] = SimpleQueue()

    def probe(source: Source) -> MediaFacts | Failure:
        prober = free.get()
        try:
            return prober.probe(source)
        except (SourceChangedError, SourceUnavailableError) as error:
            return error
        finally:
            free.put(prober)

    with ExitStack() as stack:
        for _ in range(workers):
            free.put(stack.enter_context(MediaProber(limits)))
        pool = stack.enter_context(ThreadPoolExecutor(workers, "probe"))
        # Runs before the pool waits for its threads: whoever stops early does not wait for what is not begun.
        stack.callback(pool.shutdown, wait=False, cancel_futures=True)
        running: deque[tuple[Source, Future[MediaFacts | Failure]]] = deque()
        for source in sources:
            running.append((source, pool.submit(probe, source)))
            if len(running) >= workers * 2:
                first, future = running.popleft()
                yield first, future.result()
        for first, future in running:
            yield first, future.result()
