"""Wait until a day of analytics is settled."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import BaseSensorOperator, PokeReturnValue

if TYPE_CHECKING:
    from airflow.sdk import Context

    from kaltura_provider.api import Settling
    from kaltura_provider.hooks.kaltura import KalturaHook


class KalturaReportSettledSensor(BaseSensorOperator):
    """Wait until Kaltura's figures of a local day have stopped changing (``report.getTotal``).

    A day is settled when its end is ``min_age`` ago, or when it is over and ``equal_reads`` reads in a row, each
    ``reads_apart`` from the one before, are equal; whichever comes first. Events arrive late, so two reads soon after
    each other prove little. A day on which nothing happened is equal to itself as well.

    Returns ``{"report", "day", "settled_by", "reads", "total"}``; ``settled_by`` is ``age`` or ``equal_reads``, and
    ``total`` holds the figures that were read last, or None.

    :param day: the day, such as ``"{{ ds }}"``. Templated.
    :param time_zone: IANA name, such as ``Europe/Berlin``. Templated.
    :param report_type: name or number of the report whose total is read. Templated.
    :param min_age: time after the day's end (seconds or a timedelta) from which on it counts as settled. None: equal
        reads alone decide.
    :param equal_reads: so many reads in a row must be equal. None: age alone decides, and Kaltura is not asked.
    :param reads_apart: time between two reads (seconds or a timedelta), and between two looks.
    :param filter: further fields of ``KalturaReportInputFilter``, those the report is fetched with. Templated.
    :param kaltura_conn_id: ID of the ``kaltura`` connection. Templated.
    :param session: restrictions of the session; it needs the permission ANALYTICS_BASE. Templated.
    :param deferrable: wait in the triggerer, so that no worker slot is held. False waits on the worker.
    :param timeout: time to wait in all (seconds or a timedelta). Default 2 days.
    """

    template_fields: Sequence[str] = ("kaltura_conn_id", "day", "time_zone", "report_type", "filter", "session")
    template_fields_renderers: ClassVar[dict[str, str]] = {"filter": "json", "session": "json"}
    ui_color = "#dbe9ff"

    def __init__(
        self,
        *,
        day: str,
        time_zone: str = "UTC",
        report_type: str | int = "TOP_CONTENT",
        min_age: timedelta | float | None = None,
        equal_reads: int | None = 2,
        reads_apart: timedelta | float = timedelta(minutes=30),
        filter: Mapping[str, Any] | None = None,
        kaltura_conn_id: str = "kaltura_default",
        session: Mapping[str, Any] | str | None = None,
        deferrable: bool = True,
        timeout: timedelta | float = timedelta(days=2),
        **kwargs: Any,
    ) -> None:
        from kaltura_provider.api.analytics.settling import check_rules

        super().__init__(poke_interval=_seconds(reads_apart), timeout=timeout, **kwargs)
        self.min_age = None if min_age is None else _seconds(min_age)
        self.equal_reads = equal_reads
        self.reads_apart = _seconds(reads_apart)
        check_rules(self.min_age, equal_reads, self.reads_apart)
        if not deferrable and self.mode == "reschedule" and equal_reads is not None:
            raise ValueError(
                "mode='reschedule' forgets what was read before. Use deferrable=True, which holds no worker slot "
                "either, mode='poke', or min_age with equal_reads=None."
            )
        self.day = day
        self.time_zone = time_zone
        self.report_type = report_type
        self.filter = filter
        self.kaltura_conn_id = kaltura_conn_id
        self.session = session
        self.deferrable = deferrable

    @cached_property
    def hook(self) -> KalturaHook:
        """The hook that looks."""
        from kaltura_provider.hooks.kaltura import KalturaHook

        return KalturaHook(self.kaltura_conn_id, self.session)

    @cached_property
    def _settling(self) -> Settling:
        """What was read so far; used when the templates are rendered."""
        from kaltura_provider.api import Settling

        return Settling(
            self.day,
            self.time_zone,
            self.report_type,
            min_age=self.min_age,
            equal_reads=self.equal_reads,
            reads_apart=self.reads_apart,
            filter=self.filter,
        )

    def execute(self, context: Context) -> Any:
        """Wait on this worker or in the triggerer.

        :param context: the task's context.
        :return: what is known of the settled day.
        :raises ValueError: report type, day or time zone are unknown; names the fix.
        :raises airflow.sdk.exceptions.AirflowSensorTimeout: not settled in time.
        :raises kaltura_provider.api.KalturaError: Kaltura refused.
        """
        if not self.deferrable:
            return super().execute(context)
        from kaltura_provider.hooks.waiting import TRIGGER_GRACE
        from kaltura_provider.triggers.report import KalturaReportSettledTrigger

        # A wrong argument fails here; a day that is old enough needs no triggerer.
        result = self.poke(context)
        if result.is_done:
            return result.xcom_value
        self.defer(
            trigger=KalturaReportSettledTrigger(
                kaltura_conn_id=self.kaltura_conn_id,
                day=str(self._settling.period.day),
                time_zone=self.time_zone,
                report_type=self.report_type,
                min_age=self.min_age,
                equal_reads=self.equal_reads,
                reads_apart=self.reads_apart,
                filter=self.filter,
                end_time=time.time() + self.timeout,
                session=self.session,
            ),
            method_name="execute_complete",
            timeout=timedelta(seconds=self.timeout) + TRIGGER_GRACE,
        )
        return None  # Not reached: defer() raises.

    def poke(self, context: Context) -> PokeReturnValue:
        """Look once.

        :param context: the task's context.
        :return: done, with what is known of the day, or not done.
        :raises kaltura_provider.api.KalturaError: Kaltura refused.
        """
        settled_by, progress = self._settling.look(self.hook.get_conn(), time.time())
        self.log.info("%s of %s: %s.", self._settling.report.name, self._settling.period.day, progress)
        if settled_by is None:
            return PokeReturnValue(is_done=False)
        return PokeReturnValue(is_done=True, xcom_value=self._settling.state(settled_by))

    def execute_complete(self, context: Context, event: Any = None) -> dict[str, Any]:
        """Take over from the trigger.

        :param context: the task's context.
        :param event: what the trigger sent.
        :return: what is known of the settled day.
        :raises airflow.sdk.exceptions.AirflowFailException: Kaltura refused for good.
        :raises airflow.sdk.exceptions.AirflowSensorTimeout: not settled in time.
        :raises kaltura_provider.hooks.errors.KalturaWaitError: Kaltura could not be asked.
        """
        from kaltura_provider.hooks.waiting import REPORTS, read_event

        (state,) = read_event(event, REPORTS)["settled"].values()
        return dict(state)


def _seconds(time: timedelta | float) -> float:
    return time.total_seconds() if isinstance(time, timedelta) else float(time)
