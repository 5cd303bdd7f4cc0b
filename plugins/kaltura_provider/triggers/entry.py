"""Wait in the triggerer until entries are ready."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from airflow.triggers.base import BaseTrigger, TriggerEvent

from kaltura_provider.hooks import waiting

if TYPE_CHECKING:
    from kaltura_provider.hooks.kaltura import KalturaHook
    from kaltura_provider.hooks.readiness import Look

T = TypeVar("T")

# Messages are read by people: of thousands of entries the first ones tell enough.
_NAMED = 10


class KalturaEntryReadyTrigger(BaseTrigger):
    """Send one event when all entries are ready, one has failed, or time is up.

    One poll asks for 150 entries with one call, in a thread of its own, so that thousands of entries can be waited
    for without slowing other triggers down.

    The event is a mapping: ``status`` (``ready``, ``failed``, ``timeout`` or ``error``), ``entry_ids``, ``entries``
    (id -> state of the ready ones), ``failed`` (id -> reason), ``waiting`` (id -> last state), ``message`` and
    ``retryable`` (for errors), and ``echo``.

    When a person stops the task, everything in Kaltura stays as it is: who stops a task that only waits does not ask
    for the entry to be removed.

    :param kaltura_conn_id: ID of the connection; the trigger reads it itself, so nothing secret is serialized.
    :param entry_ids: what to wait for, in any order.
    :param poll_interval: seconds between two looks.
    :param end_time: when to give up, in seconds since 1970. It is absolute so that a restarted triggerer does not
        begin to wait anew. None waits for as long as it takes.
    :param session: restrictions of the session, as
        :class:`~kaltura_provider.hooks.kaltura.KalturaHook` takes them.
    :param fail_on_error: whether the first failed entry ends the wait. Otherwise failed entries count as done.
    :param wait_for_approval: whether to go on waiting when only a person's approval of an entry's new content is
        missing. Otherwise such an entry counts as ready, and its state has ``needs_approval``.
    :param max_poll_failures: give up after this many looks in a row that failed for passing reasons.
    :param echo: plain JSON values, returned in the event unchanged. It carries what the task knew before it was
        deferred.
    """

    def __init__(
        self,
        *,
        kaltura_conn_id: str,
        entry_ids: Sequence[str],
        poll_interval: float = 30.0,
        end_time: float | None = None,
        session: Mapping[str, Any] | str | None = None,
        fail_on_error: bool = True,
        wait_for_approval: bool = True,
        max_poll_failures: int = 5,
        echo: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.kaltura_conn_id = kaltura_conn_id
        self.entry_ids = list(entry_ids)
        self.poll_interval = poll_interval
        self.end_time = end_time
        self.session = session
        self.fail_on_error = fail_on_error
        self.wait_for_approval = wait_for_approval
        self.max_poll_failures = max_poll_failures
        self.echo = echo
        self._hook: KalturaHook | None = None

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return class path and arguments. They hold ids and a deadline, never a credential."""
        return (
            f"{type(self).__module__}.{type(self).__qualname__}",
            {
                "kaltura_conn_id": self.kaltura_conn_id,
                "entry_ids": self.entry_ids,
                "poll_interval": self.poll_interval,
                "end_time": self.end_time,
                "session": self.session,
                "fail_on_error": self.fail_on_error,
                "wait_for_approval": self.wait_for_approval,
                "max_poll_failures": self.max_poll_failures,
                "echo": self.echo,
            },
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Poll until there is an event to send."""
        ready: dict[str, dict[str, Any]] = {}
        failed: dict[str, str] = {}
        pending = dict.fromkeys(self.entry_ids, "not looked at yet")
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
                    "Looking at %d Kaltura entries failed (%d of %d in a row): %s",
                    len(pending),
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
                self.log.info("%d of %d Kaltura entries are not ready yet.", len(pending), len(self.entry_ids))
            pause = self.poll_interval
            if self.end_time is not None:
                left = self.end_time - time.time()
                if left <= 0:
                    yield self._event(waiting.TIMEOUT, ready, failed, pending)
                    return
                # The last look happens at the deadline, not up to an interval before it.
                pause = min(pause, left)
            await asyncio.sleep(pause)

    async def on_kill(self) -> None:
        """Say what stays when a person stops the task; nothing in Kaltura is touched. Airflow 3.3 and newer call it."""
        more = len(self.entry_ids) - _NAMED
        self.log.info(
            "The task was stopped; entries %s%s stay in Kaltura, which goes on with them; clear the task to wait for "
            "them again, nothing is uploaded twice.",
            ", ".join(self.entry_ids[:_NAMED]),
            f" and {more} more" if more > 0 else "",
        )

    async def cleanup(self) -> None:
        """Close this trigger's own connections; nothing in Kaltura is touched."""
        if self._hook is not None:
            await in_thread(self._hook.close)

    def _look(self, entry_ids: list[str]) -> Look:
        from kaltura_provider.hooks.kaltura import KalturaHook
        from kaltura_provider.hooks.readiness import look

        if self._hook is None:
            self._hook = KalturaHook(self.kaltura_conn_id, self.session)
        return look(self._hook.get_conn(), entry_ids, wait_for_approval=self.wait_for_approval)

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
                "entry_ids": self.entry_ids,
                "entries": ready,
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
