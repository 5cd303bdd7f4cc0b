"""Wait in the triggerer until a day of analytics is settled."""

from __future__ import annotations

import time
from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any

from kaltura_provider.triggers.polling import KalturaPollingTrigger

if TYPE_CHECKING:
    from kaltura_provider.api import KalturaClient, Settling
    from kaltura_provider.hooks.readiness import Look


class KalturaReportSettledTrigger(KalturaPollingTrigger):
    """Send one event when a day is settled or time is up.

    A triggerer that restarts begins to count equal reads anew: it waits longer, never too short.

    The event is a mapping: ``status`` (``ready``, ``timeout`` or ``error``), ``reports``, ``settled`` (report and day
    -> what is known of it), ``failed`` (empty), ``waiting`` (report and day -> how far it is), ``message`` and
    ``retryable`` (for errors), and ``echo``.

    :param kaltura_conn_id: ID of the connection; the trigger reads it itself, so nothing secret is serialized.
    :param day: the day, as ``YYYY-MM-DD``.
    :param time_zone: IANA name, such as ``Europe/Berlin``.
    :param report_type: name or number of the report.
    :param min_age: seconds after the day's end from which on it counts as settled; None for never by age.
    :param equal_reads: so many reads in a row must be equal; None for never by reads.
    :param reads_apart: seconds between two reads.
    :param filter: further fields of ``KalturaReportInputFilter``.
    :param end_time: when to give up, in seconds since 1970; None waits for as long as it takes.
    :param session: restrictions of the session, as
        :class:`~kaltura_provider.hooks.kaltura.KalturaHook` takes them.
    :param max_poll_failures: give up after this many reads in a row that failed for passing reasons.
    :param echo: plain JSON values, returned in the event unchanged.
    """

    subject = "reports"
    ids_key = "reports"
    states_key = "settled"

    def __init__(
        self,
        *,
        kaltura_conn_id: str,
        day: str,
        time_zone: str = "UTC",
        report_type: str | int = "TOP_CONTENT",
        min_age: float | None = None,
        equal_reads: int | None = 2,
        reads_apart: float = 1800.0,
        filter: Mapping[str, Any] | None = None,
        end_time: float | None = None,
        session: Mapping[str, Any] | str | None = None,
        max_poll_failures: int = 5,
        echo: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(
            [f"{report_type} of {day}"],
            kaltura_conn_id=kaltura_conn_id,
            poll_interval=reads_apart,
            end_time=end_time,
            session=session,
            fail_on_error=True,
            max_poll_failures=max_poll_failures,
            echo=echo,
        )
        self.day = day
        self.time_zone = time_zone
        self.report_type = report_type
        self.min_age = min_age
        self.equal_reads = equal_reads
        self.reads_apart = reads_apart
        self.filter = filter
        self._settling: Settling | None = None

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return class path and arguments. They hold a day and a deadline, never a credential."""
        path, arguments = super().serialize()
        for name in (self.ids_key, "poll_interval", "fail_on_error"):
            del arguments[name]
        return path, {
            **arguments,
            "day": self.day,
            "time_zone": self.time_zone,
            "report_type": self.report_type,
            "min_age": self.min_age,
            "equal_reads": self.equal_reads,
            "reads_apart": self.reads_apart,
            "filter": self.filter,
        }

    def sharing(self) -> Hashable:
        """Return something of its own: each trigger counts equal reads by itself."""
        return id(self)

    def look_at(self, client: KalturaClient, ids: list[str]) -> Look:
        """Look once at the day (``report.getTotal``)."""
        from kaltura_provider.api import Settling
        from kaltura_provider.hooks.readiness import Look

        if self._settling is None:
            self._settling = Settling(
                self.day,
                self.time_zone,
                self.report_type,
                min_age=self.min_age,
                equal_reads=self.equal_reads,
                reads_apart=self.reads_apart,
                filter=self.filter,
            )
        settled_by, progress = self._settling.look(client, time.time())
        if settled_by is None:
            return Look(waiting=dict.fromkeys(ids, progress))
        return Look(ready={each: self._settling.state(settled_by) for each in ids})
