"""Airflow's own shared streams, driven as its triggerer does: events are stored, and that is told, when a test says."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
import structlog
from airflow.triggers.base import BaseEventTrigger


class Triggerer:
    """Runs event triggers under Airflow's stream manager; skips the test before Airflow 3.3, which has none.

    Events are kept in ``sent``; :meth:`store` is the moment at which Airflow has them in its database.
    """

    def __init__(self, ack_timeout: float = 60.0) -> None:
        airflow = pytest.importorskip("airflow.triggers.shared_stream")
        self.streams = airflow.SharedStreamManager(log=structlog.get_logger(), ack_timeout=ack_timeout)
        self.sent: list[tuple[int, Any]] = []
        self._unstored: list[int] = []
        self._arrived = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._triggers: list[BaseEventTrigger] = []

    def start(self, trigger: BaseEventTrigger) -> int:
        """Start a trigger, rebuilt from its serialized form; return its id."""
        _, kwargs = trigger.serialize()
        store = trigger.asset_state_store
        trigger = type(trigger)(**json.loads(json.dumps(kwargs)))
        trigger.asset_state_store = store
        number = len(self._tasks) + 1
        self._triggers.append(trigger)
        self._tasks.append(asyncio.create_task(self._run(number, trigger)))
        return number

    async def _run(self, number: int, trigger: BaseEventTrigger) -> None:
        key = trigger.shared_stream_key()
        assert key is not None
        stream = self.streams.subscribe(trigger_id=number, trigger=trigger, key=key)
        try:
            async for event in trigger.filter_shared_stream(stream):
                seq = self.streams.bind_pending_event(trigger_id=number, key=key)
                assert seq is not None
                self._unstored.append(seq)
                # Through JSON, as it gets to the database.
                self.sent.append((number, json.loads(json.dumps(event.payload))))
                self._arrived.set()
        finally:
            await self.streams.unsubscribe(number, key)

    async def events(self, count: int, seconds: float = 30.0) -> list[Any]:
        """Wait until there are so many events; return their payloads."""
        async with asyncio.timeout(seconds) if hasattr(asyncio, "timeout") else _NoTimeout():
            while len(self.sent) < count:
                for task in self._tasks:
                    if task.done():
                        task.result()
                self._arrived.clear()
                waiting = asyncio.create_task(self._arrived.wait())
                await asyncio.wait([waiting, *self._tasks], return_when=asyncio.FIRST_COMPLETED)
                waiting.cancel()
        return [payload for _, payload in self.sent]

    def store(self) -> None:
        """Airflow has stored all events sent so far, and says so."""
        self.streams.confirm_persisted(self._unstored)
        self._unstored = []

    async def stop(self) -> None:
        """End as a triggerer does that is shut down, or, for what was not stored, that is killed."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.streams.stop_all()
        for trigger in self._triggers:
            await trigger.cleanup()


class _NoTimeout:
    """Python 3.10 has no ``asyncio.timeout``; there pytest's own timeout ends a test that hangs."""

    async def __aenter__(self) -> None:
        return None

    async def __aexit__(self, *_: object) -> None:
        return None
