"""How the bytes of a file travel, and who hears of it: the keyword arguments of everything that uploads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypedDict

from kaltura_provider.api.upload_meter import UploadProgress
from kaltura_provider.api.upload_plan import MAX_PARALLEL, MAX_PART_SIZE


class UploadSettings(TypedDict, total=False):
    """Settings of an upload; each may be left out or None.

    :param part_size: bytes of one request; chosen by the size of the file: 5 to 50 MB.
    :param parallel: parts in flight at once, 1 to 16; chosen: 4, or 8 for files of 256 MB and more and for servers that
        are far away.
    :param budget: seconds to go on trying when the server is in trouble or cannot be reached, or the source cannot be
        read; by default as long as the client's settings say (200 with the usual ones).
    :param stop: set it to end the upload within a second; what has arrived stays for a later one.
    :param on_progress: called after each part, in the thread of the caller.
    :param on_tick: called about twice a second while bytes are moving, in the thread of the caller. What it raises ends
        the upload.
    """

    part_size: int | None
    parallel: int | None
    budget: float | None
    stop: threading.Event | None
    on_progress: Callable[[UploadProgress], None] | None
    on_tick: Callable[[UploadProgress], None] | None


def check_settings(settings: UploadSettings) -> None:
    """Refuse settings that cannot work.

    :param settings: the settings.
    :raises ValueError: if the part size or number of parts is out of range.
    """
    part_size, parallel = settings.get("part_size"), settings.get("parallel")
    if part_size is not None and not 0 < part_size <= MAX_PART_SIZE:
        raise ValueError(
            f"part_size {part_size} is out of range: Kaltura takes 1 to {MAX_PART_SIZE} bytes with one request"
        )
    if parallel is not None and not 0 < parallel <= MAX_PARALLEL:
        raise ValueError(f"parallel {parallel} is out of range: send 1 to {MAX_PARALLEL} parts at once")
