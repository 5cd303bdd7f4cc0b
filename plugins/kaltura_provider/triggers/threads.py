"""Blocking calls of triggers, off the event loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


async def in_thread(function: Callable[..., T], *args: Any) -> T:
    """Run a blocking function in a thread of the pool.

    Like ``asyncio.to_thread``, but the thread knows the event loop it serves: Airflow before 3.3 sends what a
    blocking function asks of it (the connection, a secret to mask) through that loop.
    """
    from asgiref.sync import sync_to_async

    return await sync_to_async(function, thread_sensitive=False)(*args)
