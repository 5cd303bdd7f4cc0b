"""The parent's side of the process that takes files apart."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector
from typing import TYPE_CHECKING, Any

from kaltura_pipeline.quality.demuxer import BUFFER, LENGTH
from kaltura_pipeline.quality.reading import ReadLimitError

if TYPE_CHECKING:
    from collections.abc import Callable

_START_SECONDS = 60.0
_LONGEST_LINE = 1_000_000
_SLOW = "reading it takes too long"
_CRASHED = "it makes the process that reads it crash"
# What a Python needs to start; no credentials.
_ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONHOME", "SYSTEMROOT")


class ChildFailedError(Exception):
    """A file made the process crash, or kept it busy too long; the message says which."""


class Demuxer:
    """A process that reads media files through its parent; started when it is needed, and again after a crash.

    :param thinking_seconds: how long it may work on one file, not counting the time it waits for bytes.
    :param seconds: how long one file may take in all.
    """

    def __init__(self, thinking_seconds: float, seconds: float) -> None:
        self._thinking_seconds = thinking_seconds
        self._seconds = seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._received = b""
        self._have: dict[str, bool] = {}

    def can_read(self, image: bool) -> bool:
        """Tell whether the library for media files, or for images, is installed.

        :param image: whether it is an image.
        :raises ChildFailedError: the process does not start.
        """
        try:
            if not self._have:
                self._start()
        except BaseException:
            self.close()
            raise
        return bool(self._have["image" if image else "av"])

    def facts(self, size: int, image: bool, read_at: Callable[[int, int], bytes]) -> dict[str, Any]:
        """Return the last message of the process about a file, unchecked; see :mod:`.demuxer`.

        :param size: the file's length in bytes.
        :param image: whether it is an image.
        :param read_at: returns bytes by position and length; what it raises comes through, but
            :class:`~.reading.ReadLimitError`, which the process is told.
        :raises ChildFailedError: the file made the process crash, or took too long, twice.
        """
        try:
            return self._try(size, image, read_at)
        except ChildFailedError:
            # A machine short of memory or time may have done it; if it is the file, it does it again.
            return self._try(size, image, read_at)

    def _try(self, size: int, image: bool, read_at: Callable[[int, int], bytes]) -> dict[str, Any]:
        try:
            if self._process is None:
                self._start()
            return self._converse(size, image, read_at)
        except BaseException:
            # Whatever happened, it may be in the middle of an answer.
            self.close()
            raise

    def _converse(self, size: int, image: bool, read_at: Callable[[int, int], bytes]) -> dict[str, Any]:
        end = time.monotonic() + self._seconds
        self._send(json.dumps({"size": size, "image": image, "seconds": int(self._seconds) + 1}).encode() + b"\n")
        thought = 0.0
        while True:
            began = time.monotonic()
            message = self._receive(min(self._thinking_seconds - thought, end - began))
            thought += time.monotonic() - began
            if "facts" in message:
                return message
            try:
                start, length = map(int, message["read"])
            except (LookupError, TypeError, ValueError) as error:
                # A file that has taken the process over could send anything.
                raise ChildFailedError("it makes the process that reads it answer nonsense") from error
            try:
                data = read_at(start, min(length, BUFFER))
            except ReadLimitError:
                self._send(LENGTH.pack(-1))
            else:
                self._send(LENGTH.pack(len(data)) + data)

    def close(self) -> None:
        """End the process."""
        process, self._process, self._received = self._process, None, b""
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()

    def _start(self) -> None:
        environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "kaltura_pipeline.quality.demuxer"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            env=environment,
        )
        if self._process.stdin is not None:
            os.set_blocking(self._process.stdin.fileno(), False)
        self._have = dict(self._receive(_START_SECONDS)["have"])

    def _send(self, data: bytes) -> None:
        pipe = self._process.stdin if self._process is not None else None
        if pipe is None:
            raise ChildFailedError(_CRASHED)
        view = memoryview(data)
        end = time.monotonic() + self._thinking_seconds
        try:
            with DefaultSelector() as selector:
                selector.register(pipe, EVENT_WRITE)
                while view:
                    # A process that hangs reads nothing, and the pipe holds less than an answer.
                    if not selector.select(max(end - time.monotonic(), 0)):
                        raise ChildFailedError(_SLOW)
                    view = view[os.write(pipe.fileno(), view) :]
        except BrokenPipeError:
            raise ChildFailedError(_CRASHED) from None

    def _receive(self, seconds: float) -> dict[str, Any]:
        pipe = self._process.stdout if self._process is not None else None
        if pipe is None:
            raise ChildFailedError(_CRASHED)
        end = time.monotonic() + seconds
        with DefaultSelector() as selector:
            selector.register(pipe, EVENT_READ)
            while b"\n" not in self._received:
                if not selector.select(max(end - time.monotonic(), 0)):
                    raise ChildFailedError(_SLOW)
                data = os.read(pipe.fileno(), 65536)
                if not data or len(self._received) > _LONGEST_LINE:
                    raise ChildFailedError(_CRASHED)
                self._received += data
        line, _, self._received = self._received.partition(b"\n")
        try:
            return dict(json.loads(line))
        except (TypeError, ValueError) as error:
            raise ChildFailedError("it makes the process that reads it answer nonsense") from error
