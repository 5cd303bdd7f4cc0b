"""Wait in the triggerer until orders (REACH) are done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kaltura_provider.triggers.polling import KalturaPollingTrigger

if TYPE_CHECKING:
    from kaltura_provider.api import KalturaClient
    from kaltura_provider.hooks.readiness import Look


class KalturaReachTaskTrigger(KalturaPollingTrigger):
    """Send one event when all orders are done, one has failed, or time is up.

    One call asks for 150 orders, of any number of tasks that wait in the same triggerer with the same connection and
    session. When a person stops the task, the orders stay: they are paid for.

    The event is a mapping: ``status`` (``ready``, ``failed``, ``timeout`` or ``error``), ``task_ids``, ``tasks``
    (id -> state of those that are done), ``failed`` (id -> reason), ``waiting`` (id -> last state), ``message`` and
    ``retryable`` (for errors), and ``echo``.

    :param kaltura_conn_id: ID of the connection; the trigger reads it itself, so nothing secret is serialized.
    :param task_ids: the orders.
    :param poll_interval: seconds between two looks.
    :param end_time: when to give up, in seconds since 1970; None waits for as long as it takes.
    :param session: restrictions of the session, as
        :class:`~kaltura_provider.hooks.kaltura.KalturaHook` takes them.
    :param fail_on_error: whether the first failed order ends the wait. Otherwise failed ones count as done.
    :param max_poll_failures: give up after this many looks in a row that failed for passing reasons.
    :param echo: plain JSON values, returned in the event unchanged.
    """

    subject = "REACH orders"
    ids_key = "task_ids"
    states_key = "tasks"

    def __init__(
        self,
        *,
        kaltura_conn_id: str,
        task_ids: Sequence[str],
        poll_interval: float = 300.0,
        end_time: float | None = None,
        session: Mapping[str, Any] | str | None = None,
        fail_on_error: bool = True,
        max_poll_failures: int = 5,
        echo: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(
            task_ids,
            kaltura_conn_id=kaltura_conn_id,
            poll_interval=poll_interval,
            end_time=end_time,
            session=session,
            fail_on_error=fail_on_error,
            max_poll_failures=max_poll_failures,
            echo=echo,
        )

    def look_at(self, client: KalturaClient, ids: list[str]) -> Look:
        """Look once at the orders (``reach_entryvendortask.list``)."""
        from kaltura_provider.hooks.reach import look_at_orders

        return look_at_orders(client, ids)

    async def on_kill(self) -> None:
        """Say what stays when a person stops the task. Airflow 3.3 and newer call it."""
        self.log.info(
            "The task was stopped; %d REACH orders stay. Cancel them in the KMC, Services Dashboard, while the work "
            "has not begun; clear the task to wait for them again, nothing is ordered twice.",
            len(self.ids),
        )
