"""Wait in the triggerer for several things in Kaltura, with few calls."""

from __future__ import annotations

import asyncio
import time
from abc import abstractmethod
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from airflow.triggers.base import BaseTrigger, TriggerEvent

from kaltura_provider.hooks import waiting

if TYPE_CHECKING:
    from kaltura_provider.api import KalturaClient
    from kaltura_provider.hooks.kaltura import KalturaHook
    from kaltura_provider.hooks.readiness import Look

T = TypeVar("T")


class KalturaPollingTrigger(BaseTrigger):
    """What triggers that wait for things with ids have in common.

    They send one event when all are done, one has failed, or time is up. Each look happens in a thread of its own, so
    that thousands of things can be waited for without slowing other triggers down.

    :param ids: what to wait for.
    :param kaltura_conn_id: ID of the connection; the trigger reads it itself, so nothing secret is serialized.
    :param poll_interval: seconds between two looks.
    :param end_time: when to give up, in seconds since 1970. It is absolute so that a restarted triggerer does not
        begin to wait anew. None waits for as long as it takes.
    :param session: restrictions of the session, as
        :class:`~kaltura_provider.hooks.kaltura.KalturaHook` takes them.
    :param fail_on_error: whether the first that failed ends the wait. Otherwise failed ones count as done.
    :param max_poll_failures: give up after this many looks in a row that failed for passing reasons.
    :param echo: plain JSON values, returned in the event unchanged.
    """

    #: What is waited for, as the log calls it.
    subject: ClassVar[str]
    #: Names in the event of all ids, and of what is known of those that are done.
    ids_key: ClassVar[str]
    states_key: ClassVar[str]

    def __init__(
        self,
        ids: Sequence[str],
        *,
        kaltura_conn_id: str,
        poll_interval: float,
        end_time: float | None,
        session: Mapping[str, Any] | str | None,
        fail_on_error: bool,
        max_poll_failures: int,
        echo: Mapping[str, Any] | None,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.ids = list(ids)
        self.kaltura_conn_id = kaltura_conn_id
        self.poll_interval = poll_interval
        self.end_time = end_time
        self.session = session
        self.fail_on_error = fail_on_error
        self.max_poll_failures = max_poll_failures
        self.echo = echo
        self._hook: KalturaHook | None = None

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return class path and arguments. They hold ids and a deadline, never a credential."""
        return (
            f"{type(self).__module__}.{type(self).__qualname__}",
            {
                self.ids_key: self.ids,
                "kaltura_conn_id": self.kaltura_conn_id,
                "poll_interval": self.poll_interval,
                "end_time": self.end_time,
                "session": self.session,
                "fail_on_error": self.fail_on_error,
                "max_poll_failures": self.max_poll_failures,
                "echo": self.echo,
            },
        )

    @abstractmethod
    def look_at(self, client: KalturaClient, ids: list[str]) -> Look:
        """Look once; called in a thread.

        :param client: the client.
        :param ids: what is still waited for.
        :raises kaltura_provider.api.KalturaError: Kaltura could not be asked.
        """

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Poll until there is an event to send."""
        ready: dict[str, dict[str, Any]] = {}
        failed: dict[str, str] = {}
        pending = dict.fromkeys(self.ids, "not looked at yet")
        failures = 0
        while True:
            try:
                seen = await in_thread(self._look, list(pending))
            except Exception as error:
                failures += 1
                retryable = _may_pass(error)
                if not retryable or failures >= self.max_poll_failures:
                    message = f"{error} (look {failures} in a row that failed)" if failures > 1 else str(error)
                    yield self._event(
                        waiting.ERROR, ready, failed, pending, message=message or repr(error), retryable=retryable
                    )
                    return
                self.log.warning(
                    "Looking at %d %s failed (%d of %d in a row): %s",
                    len(pending),
                    self.subject,
                    failures,
                    self.max_poll_failures,
                    error,
                )
            else:
                failures = 0
                ready.update(seen.ready)
                failed.update(seen.failed)
                pending = seen.waiting
                if failed and self.fail_on_error:
                    yield self._event(waiting.FAILED, ready, failed, pending)
                    return
                if not pending:
                    yield self._event(waiting.READY, ready, failed, pending)
                    return
                self.log.info("%d of %d %s are not ready yet.", len(pending), len(self.ids), self.subject)
            pause = self.poll_interval
            if self.end_time is not None:
                left = self.end_time - time.time()
                if left <= 0:
                    yield self._event(waiting.TIMEOUT, ready, failed, pending)
                    return
                # The last look happens at the deadline, not up to an interval before it.
                pause = min(pause, left)
            await asyncio.sleep(pause)

    async def cleanup(self) -> None:
        """Close this trigger's own connections; nothing in Kaltura is touched."""
        if self._hook is not None:
            await in_thread(self._hook.close)

    def _look(self, ids: list[str]) -> Look:
        from kaltura_provider.hooks.kaltura import KalturaHook

        if self._hook is None:
            self._hook = KalturaHook(self.kaltura_conn_id, self.session)
        return self.look_at(self._hook.get_conn(), ids)

    def _event(
        self,
        status: str,
        ready: dict[str, dict[str, Any]],
        failed: dict[str, str],
        pending: dict[str, str],
        *,
        message: str | None = None,
        retryable: bool | None = None,
    ) -> TriggerEvent:
        return TriggerEvent(  # type: ignore[no-untyped-call]
            {
                "status": status,
                self.ids_key: self.ids,
                self.states_key: ready,
                "failed": failed,
                "waiting": pending,
                "message": message,
                "retryable": retryable,
                "echo": self.echo,
            }
        )


async def in_thread(function: Callable[..., T], *args: Any) -> T:
    """Run a blocking function in a thread of the pool.

    Like ``asyncio.to_thread``, but the thread knows the event loop it serves: Airflow before 3.3 sends what a
    blocking function asks of it (the connection, a secret to mask) through that loop.
    """
    from asgiref.sync import sync_to_async

    return await sync_to_async(function, thread_sensitive=False)(*args)


def _may_pass(error: Exception) -> bool:
    """Whether the same look may succeed later without anybody changing anything."""
    from airflow.providers.common.compat.sdk import AirflowNotFoundException

    from kaltura_provider.api import KalturaError

    if isinstance(error, KalturaError):
        return error.retryable
    # Wrong connection fields and arguments are ValueErrors. Anything else (the secrets backend is away, say) may pass.
    return not isinstance(error, (AirflowNotFoundException, ValueError, TypeError))
