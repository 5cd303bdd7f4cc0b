"""How far an upload is, told at a steady pace: in the task's log, and where people look at a task's state."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kaltura_provider.api import UploadProgress

#: Seconds between two reports: often enough to see life, rarely enough to cost nothing.
PACE = 10.0


class ProgressReporter:
    """Tells how far one upload is. Call it as often as you like.

    :param log: the task's logger.
    :param name: which file, in a task that uploads several.
    :param save: keeps a mapping of plain JSON values for people who look at the task's state; None to keep nothing.
    :param pace: seconds between two reports.
    """

    def __init__(
        self, log: Any, name: str, save: Callable[[Mapping[str, Any]], None] | None = None, pace: float = PACE
    ) -> None:
        self._log = log
        self._name = name
        self._save = save
        self._pace = pace
        self._next = time.monotonic() + pace
        self._token_id = ""

    def __call__(self, progress: UploadProgress) -> None:
        """Report, if it is time to.

        :param progress: how far the upload is.
        """
        if progress.token_id != self._token_id:
            self._token_id = progress.token_id
            if progress.bytes_resumed:
                self._log.info(
                    "%s goes on at byte %d: %d of %d bytes came with an earlier try and are not sent again.",
                    self._name,
                    progress.resumed_at,
                    progress.bytes_resumed,
                    progress.bytes_total,
                )
                self._keep(progress)
        now = time.monotonic()
        done = progress.bytes_done == progress.bytes_total
        if now < self._next and not done:
            return
        self._next = now + self._pace
        if not done or progress.seconds >= self._pace:
            self._log.info("%s: %s", self._name, progress)
        self._keep(progress)

    def _keep(self, progress: UploadProgress) -> None:
        if self._save is None:
            return
        left = progress.seconds_left
        self._save(
            {
                "file": self._name,
                "bytes_sent": progress.bytes_done + progress.bytes_moving,
                "bytes_total": progress.bytes_total,
                "bytes_of_earlier_tries": progress.bytes_resumed,
                "megabytes_per_second": round(progress.speed / 1e6, 1),
                "seconds_left": None if left is None else round(left),
                "parts_sent_again": progress.retries,
            }
        )
