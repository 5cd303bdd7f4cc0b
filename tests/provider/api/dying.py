"""A worker that dies at a certain request."""

from __future__ import annotations

from typing import Any

from kaltura_provider.api import KalturaClient


class Killed(BaseException):
    """The worker dies here: nothing may catch it."""


def dying(client: KalturaClient, number: int) -> KalturaClient:
    """Let a client die before the first request (1), after it, its answer unread (2), before the second (3), ..."""
    real, count = client.perform, 0

    def perform(*args: Any, **options: Any) -> Any:
        nonlocal count
        count += 1
        if count * 2 - 1 == number:
            raise Killed
        answer = real(*args, **options)
        if count * 2 == number:
            raise Killed
        return answer

    client.perform = perform  # type: ignore[method-assign]
    return client
