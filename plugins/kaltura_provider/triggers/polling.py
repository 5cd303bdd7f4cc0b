"""Wait in the triggerer for several things in Kaltura, with few calls."""

from __future__ import annotations

import asyncio
import time
from abc import abstractmethod
from collections.abc import AsyncIterator, Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.triggers.base import BaseTrigger, TriggerEvent

from kaltura_provider.hooks import waiting
from kaltura_provider.triggers.shared_looks import join
from kaltura_provider.triggers.threads import in_thread

if TYPE_CHECKING:
    from kaltura_provider.api import KalturaClient
    from kaltura_provider.hooks.kaltura import KalturaHook
    from kaltura_provider.hooks.readiness import Look
    from kaltura_provider.triggers.shared_looks import SharedLooks

#: Seconds after which the log says again what has not changed.
_SAY_AGAIN = 600.0


class KalturaPollingTrigger(BaseTrigger):
    """What triggers that wait for things with ids have in common.

    They send one event when all are done, one has failed, or time is up. Looks happen in a thread, so that thousands of
    things can be waited for without slowing other triggers down. Triggers in the same triggerer that look at the same
    kind of thing with the same credentials and the same session look together, with one call for all their ids (for
    each 150 of them), however many tasks they wait for.

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
        self._looks: SharedLooks | None = None

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
        """Look once; called in a thread, for the ids of all triggers that look together.

        :param client: the client.
        :param ids: what is still waited for.
        :raises kaltura_provider.api.KalturaError: Kaltura could not be asked.
        """

    def sharing(self) -> Hashable:
        """Return what must be equal, besides class, credentials and session, for triggers to look together."""
        return None

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look until there is an event to send."""
        yield await self._wait()

    async def _wait(self) -> TriggerEvent:
        ready: dict[str, dict[str, Any]] = {}
        failed: dict[str, str] = {}
        pending = dict.fromkeys(self.ids, "not looked at yet")
        failures = 0
        first = True
        said, said_at = -1, 0.0
        try:
            while True:
                seen = await self._look(list(pending), first=first)
                first = False
                if isinstance(seen, Exception):
                    failures += 1
                    retryable = _may_pass(seen)
                    if not retryable or failures >= self.max_poll_failures:
                        message = f"{seen} (look {failures} in a row that failed)" if failures > 1 else str(seen)
                        return self._event(
                            waiting.ERROR, ready, failed, pending, message=message or repr(seen), retryable=retryable
                        )
                    self.log.warning(
                        "Looking at %d %s failed (%d of %d in a row): %s",
                        len(pending),
                        self.subject,
                        failures,
                        self.max_poll_failures,
                        seen,
                    )
                else:
                    failures = 0
                    ready.update(seen.ready)
                    failed.update(seen.failed)
                    pending = seen.waiting
                    if failed and self.fail_on_error:
                        return self._event(waiting.FAILED, ready, failed, pending)
                    if not pending:
                        return self._event(waiting.READY, ready, failed, pending)
                    # Each line is written while the event loop waits, and a thousand tasks have a thousand.
                    if len(pending) != said or time.monotonic() - said_at >= _SAY_AGAIN:
                        said, said_at = len(pending), time.monotonic()
                        self.log.info("%d of %d %s are not ready yet.", len(pending), len(self.ids), self.subject)
                if self.end_time is not None and time.time() >= self.end_time:
                    return self._event(waiting.TIMEOUT, ready, failed, pending)
        finally:
            if self._looks is not None:
                await self._looks.leave()

    async def _look(self, ids: list[str], *, first: bool) -> Look | Exception:
        # The last look happens at the deadline, not up to an interval before it.
        left = None if self.end_time is None else max(0.0, self.end_time - time.time())
        if self._looks is None:
            if not first:
                await asyncio.sleep(self.poll_interval if left is None else min(self.poll_interval, left))
            try:
                self._looks = join(*await in_thread(self._connect))
            except Exception as error:
                return error
            first = True
        return await self._looks.look(ids, self.look_at, interval=self.poll_interval, first=first, within=left)

    def _connect(self) -> tuple[Hashable, KalturaHook]:
        from kaltura_provider.hooks.kaltura import KalturaHook

        hook = KalturaHook(self.kaltura_conn_id, self.session)
        # Not the connection's ID: it may have been changed since another trigger read it.
        account = (hook.settings.config, hook.settings.credentials, hook.session_spec)
        return (type(self), self.sharing(), *account), hook

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


def _may_pass(error: Exception) -> bool:
    """Whether the same look may succeed later without anybody changing anything."""
    from airflow.providers.common.compat.sdk import AirflowNotFoundException

    from kaltura_provider.api import KalturaError

    if isinstance(error, KalturaError):
        return error.retryable
    # Wrong connection fields and arguments are ValueErrors. Anything else (the secrets backend is away, say) may pass.
    return not isinstance(error, (AirflowNotFoundException, ValueError, TypeError))
