"""Start DAGs when entries appear in Kaltura."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseEventTrigger, TriggerEvent

from kaltura_provider.hooks.new_entries import MIN_TIME, READY, Watch, WatchState, first_state, look
from kaltura_provider.triggers.threads import in_thread

if TYPE_CHECKING:
    from kaltura_provider.hooks.kaltura import KalturaHook
    from kaltura_provider.hooks.new_entries import Found, LookResult

#: Under which name the state is kept in the asset state store.
STATE_KEY = "kaltura_new_entries"
#: Seconds between two looks at most, when Kaltura cannot be asked.
MAX_PAUSE = 600.0


class KalturaNewEntriesTrigger(BaseEventTrigger):
    """Send an event for each batch of new entries.

    For an :class:`~airflow.sdk.AssetWatcher`. The event is a mapping with ``entry_ids``, at most 150 of them, the
    oldest entry first.

    Where the watcher is, is kept in the asset's state store, and written when Airflow has stored the event, not
    before: a triggerer that dies at any moment loses no entry, but may report some twice (at least once). That takes
    Airflow 3.3 or newer; before, the watcher begins anew with every start of the triggerer, at ``since`` or at that
    moment.

    Each asset needs a watcher of its own: two assets whose triggers have the same arguments share one in Airflow, which
    then has no state store of its own.

    :param kaltura_conn_id: ID of the connection; the trigger reads it itself, so nothing secret is serialized.
    :param status: ``ready`` reports entries when they can be played, however long after they were added; ``added``
        reports them as soon as Kaltura's search shows them, whatever their status.
    :param filter: further conditions, properties of ``KalturaBaseEntryFilter``, such as
        ``{"tagsMultiLikeOr": "lecture", "categoriesIdsMatchOr": "123"}``. They are asked when an entry is first seen.
    :param poll_interval: seconds between two looks. A look is one call, and one for each 150 entries not ready yet.
    :param overlap: seconds by which a look reaches back, as Kaltura's search shows entries late.
    :param since: report entries added from this Unix time on when the watcher starts for the first time; from that
        moment on when None.
    :param give_up_after: seconds after which an entry that never became ready is no longer asked for.
    :param session: restrictions of the session, as :class:`~kaltura_provider.hooks.kaltura.KalturaHook` takes them.
    """

    def __init__(
        self,
        *,
        kaltura_conn_id: str = "kaltura_default",
        status: str = READY,
        filter: Mapping[str, Any] | None = None,
        poll_interval: float = 60.0,
        overlap: int = 300,
        since: int | None = None,
        give_up_after: int = 7 * 24 * 3600,
        session: Mapping[str, Any] | str | None = None,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        if since is not None and since <= MIN_TIME:
            raise ValueError(f"since is {since}; give Unix seconds, such as 1790000000")
        self.kaltura_conn_id = kaltura_conn_id
        self.status = status
        self.filter = dict(filter or {})
        self.poll_interval = poll_interval
        self.overlap = overlap
        self.since = since
        self.give_up_after = give_up_after
        self.session = session
        # Wrong arguments are found when the DAG file is parsed.
        self.watch = Watch(status, self.filter, overlap, give_up_after)

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return class path and arguments. They hold no credential."""
        return (
            f"{type(self).__module__}.{type(self).__qualname__}",
            {
                "kaltura_conn_id": self.kaltura_conn_id,
                "status": self.status,
                "filter": self.filter,
                "poll_interval": self.poll_interval,
                "overlap": self.overlap,
                "since": self.since,
                "give_up_after": self.give_up_after,
                "session": self.session,
            },
        )

    def shared_stream_key(self) -> tuple[str, str]:
        """Ask Airflow 3.3 to tell when an event is stored, which it does for shared streams; nobody shares this one."""
        return ("kaltura-new-entries", json.dumps(self.serialize()[1], sort_keys=True, default=str))

    @classmethod
    def create_shared_stream_producer(cls, kwargs: dict[str, Any]) -> Any:
        """Make what looks for entries, and notes where it is when Airflow has stored an event."""
        return _Producer(cls(**kwargs))

    async def filter_shared_stream(self, shared_stream: AsyncIterator[Any]) -> AsyncIterator[TriggerEvent]:
        """Send an event for each batch.

        :param shared_stream: batches of entries, after a request for the state store.
        """
        async for item in shared_stream:
            if isinstance(item, _StoreWanted):
                item.give(self.asset_state_store)
            elif item.entry_ids:
                yield _event(item)

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look for entries and keep the state in memory; Airflow before 3.3 calls this."""
        async for found in _Looks(self).run(None):
            if found.entry_ids:
                yield _event(found)


class _StoreWanted:
    """Goes from the producer, which Airflow gives no state store, to the trigger, which has one."""

    def __init__(self) -> None:
        self.store: Any = None
        self.given = asyncio.Event()

    def give(self, store: Any) -> None:
        self.store = store
        self.given.set()


class _Looks:
    """Looks again and again. What cannot be done now is logged and tried again: a watcher has nobody to fail for."""

    def __init__(self, trigger: KalturaNewEntriesTrigger) -> None:
        self.trigger = trigger
        self._hook: KalturaHook | None = None

    async def run(self, state: WatchState | None) -> AsyncIterator[Found]:
        pause = interval = self.trigger.poll_interval
        try:
            while True:
                try:
                    if state is None:
                        state = await in_thread(self._first)
                    result = await in_thread(self._look, state)
                except Exception as error:
                    self.trigger.log.error(
                        "New Kaltura entries cannot be looked for: %s Next try in %.0f s.", error, pause
                    )
                    await asyncio.sleep(pause)
                    pause = min(pause * 2, max(MAX_PAUSE, interval))
                    continue
                pause = interval
                for found in result.found:
                    yield found
                    state = found.state
                if not result.more:
                    await asyncio.sleep(interval)
        finally:
            if self._hook is not None:
                await in_thread(self._hook.close)

    def _get_hook(self) -> KalturaHook:
        from kaltura_provider.hooks.kaltura import KalturaHook

        if self._hook is None:
            self._hook = KalturaHook(self.trigger.kaltura_conn_id, self.trigger.session)
        return self._hook

    def _first(self) -> WatchState:
        return first_state(self._get_hook().get_conn(), self.trigger.since)

    def _look(self, state: WatchState) -> LookResult:
        return look(self._get_hook().get_conn(), state, self.trigger.watch)


class _Producer:
    """What Airflow's ``SharedStreamProducer`` asks for, without importing it: it is new in 3.3."""

    def __init__(self, trigger: KalturaNewEntriesTrigger) -> None:
        self._trigger = trigger
        self._store: Any = None

    async def open_stream(self) -> AsyncIterator[tuple[Any, Any]]:
        wanted = _StoreWanted()
        yield wanted, wanted
        await wanted.given.wait()
        self._store = wanted.store
        state = WatchState.from_json(await self._read()) if self._store is not None else None
        if self._store is None:
            self._trigger.log.warning("There is no asset state store; the watcher begins anew with every start.")
        async for found in _Looks(self._trigger).run(state):
            yield found, found

    async def _read(self) -> Any:
        try:
            return await self._store.aget(STATE_KEY)
        except ValueError as error:
            # Airflow's own message is about tasks.
            raise ValueError(
                "Several assets are watched by a KalturaNewEntriesTrigger of the same arguments, which Airflow makes "
                "one trigger, without a state store of its own. Give one of them another poll_interval."
            ) from error

    async def advance(self, items: Sequence[Any]) -> None:
        last = None
        for item in items:
            if isinstance(item.broker_payload, _StoreWanted):
                continue
            if not item.outcome.is_clean:
                # Airflow then starts the trigger anew, from the state before.
                raise RuntimeError("Airflow did not store an event in time; its entries are reported again")
            last = item.broker_payload
        if last is not None and self._store is not None:
            await self._store.aset(STATE_KEY, last.state.to_json())

    def get_advance_lane(self, _: Any) -> None:
        # One lane: a later state says that everything before is dealt with.
        return None

    async def aclose(self) -> None:
        return None


def _event(found: Found) -> TriggerEvent:
    return TriggerEvent({"entry_ids": found.entry_ids})  # type: ignore[no-untyped-call]
