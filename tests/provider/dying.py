"""Workers that die between any two requests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kaltura_provider.api import KalturaClient


class Killed(BaseException):
    """The worker dies here: nothing may catch it."""


def dying_client(
    new_client: Callable[[], KalturaClient], monkeypatch: pytest.MonkeyPatch, number: int
) -> KalturaClient:
    """A client that dies before the first request (1), after it, its answer unread (2), before the second (3), ..."""
    client = new_client()
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

    monkeypatch.setattr(client, "perform", perform)
    return client
