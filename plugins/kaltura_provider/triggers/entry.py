"""Wait in the triggerer until entries are ready."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kaltura_provider.triggers.polling import KalturaPollingTrigger

if TYPE_CHECKING:
    from kaltura_provider.api import KalturaClient
    from kaltura_provider.hooks.readiness import Look

# Messages are read by people: of thousands of entries the first ones tell enough.
_NAMED = 10


class KalturaEntryReadyTrigger(KalturaPollingTrigger):
    """Send one event when all entries are ready, one has failed, or time is up.

    One call asks for 150 entries, of any number of tasks that wait in the same triggerer with the same connection and
    session, so that thousands of entries can be waited for.

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

    subject = "Kaltura entries"
    ids_key = "entry_ids"
    states_key = "entries"

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
        super().__init__(
            entry_ids,
            kaltura_conn_id=kaltura_conn_id,
            poll_interval=poll_interval,
            end_time=end_time,
            session=session,
            fail_on_error=fail_on_error,
            max_poll_failures=max_poll_failures,
            echo=echo,
        )
        self.wait_for_approval = wait_for_approval

    @property
    def entry_ids(self) -> list[str]:
        """What is waited for."""
        return self.ids

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return class path and arguments. They hold ids and a deadline, never a credential."""
        path, arguments = super().serialize()
        return path, {**arguments, "wait_for_approval": self.wait_for_approval}

    def look_at(self, client: KalturaClient, ids: list[str]) -> Look:
        """Look once at the entries (``baseEntry.list``)."""
        from kaltura_provider.hooks.readiness import look

        return look(client, ids, wait_for_approval=self.wait_for_approval)

    def sharing(self) -> Hashable:
        """Return what must be equal for triggers to look together."""
        return self.wait_for_approval

    async def on_kill(self) -> None:
        """Say what stays when a person stops the task; nothing in Kaltura is touched. Airflow 3.3 and newer call it."""
        more = len(self.entry_ids) - _NAMED
        self.log.info(
            "The task was stopped; entries %s%s stay in Kaltura, which goes on with them; clear the task to wait for "
            "them again, nothing is uploaded twice.",
            ", ".join(self.entry_ids[:_NAMED]),
            f" and {more} more" if more > 0 else "",
        )
