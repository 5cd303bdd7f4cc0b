"""What an upload tells about itself while it runs."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class UploadProgress:
    """How far an upload is.

    :param token_id: the upload token.
    :param bytes_done: bytes the server has confirmed, wherever in the file they are.
    :param bytes_total: length of the file.
    :param bytes_moving: bytes of parts that are on their way now.
    :param bytes_resumed: bytes of ``bytes_done`` that an earlier upload had brought.
    :param retries: how often a part was sent again.
    :param seconds: how long this upload runs.
    :param resumed_at: position of the first byte that an earlier upload had not brought.
    """

    token_id: str
    bytes_done: int
    bytes_total: int
    bytes_moving: int = 0
    bytes_resumed: int = 0
    retries: int = 0
    seconds: float = 0.0
    resumed_at: int = 0

    @property
    def speed(self) -> float:
        """Bytes a second since this upload began, those on their way included."""
        return (self.bytes_done + self.bytes_moving - self.bytes_resumed) / self.seconds if self.seconds > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """How long it may still take; None while nothing tells."""
        left = self.bytes_total - self.bytes_done - self.bytes_moving
        return left / self.speed if self.speed > 0 else None

    def __str__(self) -> str:
        sent = self.bytes_done + self.bytes_moving
        share = 100 * sent / self.bytes_total if self.bytes_total else 100.0
        text = f"{sent} of {self.bytes_total} bytes ({share:.0f} %), {self.speed / 1e6:.1f} MB/s"
        if self.seconds_left is not None and sent < self.bytes_total:
            text += f", about {_duration(self.seconds_left)} left"
        if self.retries:
            text += f", {self.retries} {'part' if self.retries == 1 else 'parts'} sent again"
        return text


class UploadMeter:
    """Counts what the threads of one upload do. Safe for use by threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._started = time.monotonic()
        self._moving = 0
        self.retries = 0
        self.resumed_at = 0

    def moved(self, count: int) -> None:
        """Count bytes of parts that are on their way.

        :param count: how many; negative when their part is confirmed or broke off.
        """
        with self._lock:
            self._moving += count

    def retried(self) -> None:
        """Count a part that is sent again."""
        with self._lock:
            self.retries += 1

    def progress(self, token_id: str, done: int, total: int, resumed: int) -> UploadProgress:
        """Say how far the upload is.

        :param token_id: the upload token.
        :param done: confirmed bytes.
        :param total: length of the file in bytes.
        :param resumed: bytes that an earlier upload had brought.
        """
        with self._lock:
            moving = min(self._moving, total - done)
            return UploadProgress(
                token_id, done, total, moving, resumed, self.retries, time.monotonic() - self._started,
                self.resumed_at,
            )  # fmt: skip


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
