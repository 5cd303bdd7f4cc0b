"""Wait until orders (REACH) are done."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSkipException
from airflow.sdk import BaseSensorOperator, PokeReturnValue

if TYPE_CHECKING:
    from airflow.sdk import Context

    from kaltura_provider.hooks.kaltura import KalturaHook


class KalturaReachTaskSensor(BaseSensorOperator):
    """Wait until orders of captions, translations and the like are done (``reach_entryvendortask.list``, one call per
    150 orders).

    Fails at once, and is not tried again, when an order was rejected, failed or was cancelled; the message says why and
    what to do.

    Returns a mapping of order id to ``{"task_id", "entry_id", "status", "status_name", "price", "output_id"}``.

    :param task_ids: one id, several separated by commas, a list of them, or what ``KalturaReachOrderOperator``
        returned. Templated.
    :param kaltura_conn_id: ID of the ``kaltura`` connection. Templated.
    :param session: restrictions of the session, as
        :class:`~kaltura_provider.hooks.kaltura.KalturaHook` takes them. Templated.
    :param fail_on_error: whether a failed order fails the task. If False, failed ones count as done and are returned
        with ``{"status_name": "FAILED", "reason": ...}``.
    :param deferrable: wait in the triggerer, so that no worker slot is held. False waits on the worker.
    :param poke_interval: seconds (or a timedelta) between two looks. Default 5 minutes.
    :param timeout: seconds (or a timedelta) to wait in all. Default 14 days, as people work on it.
    """

    template_fields: Sequence[str] = ("kaltura_conn_id", "task_ids", "session")
    template_fields_renderers: ClassVar[dict[str, str]] = {"task_ids": "json", "session": "json"}
    ui_color = "#dbe9ff"

    def __init__(
        self,
        *,
        task_ids: str | Sequence[Any] | Mapping[str, Any],
        kaltura_conn_id: str = "kaltura_default",
        session: Mapping[str, Any] | str | None = None,
        fail_on_error: bool = True,
        deferrable: bool = True,
        poke_interval: timedelta | float = 300,
        timeout: timedelta | float = timedelta(days=14),
        **kwargs: Any,
    ) -> None:
        super().__init__(poke_interval=poke_interval, timeout=timeout, **kwargs)
        self.task_ids = task_ids
        self.kaltura_conn_id = kaltura_conn_id
        self.session = session
        self.fail_on_error = fail_on_error
        self.deferrable = deferrable

    @cached_property
    def hook(self) -> KalturaHook:
        """The hook that looks."""
        from kaltura_provider.hooks.kaltura import KalturaHook

        return KalturaHook(self.kaltura_conn_id, self.session)

    def execute(self, context: Context) -> Any:
        """Look once, then wait on this worker or in the triggerer.

        :param context: the task's context.
        :return: order id -> state.
        :raises airflow.sdk.exceptions.AirflowFailException: an order failed.
        :raises airflow.sdk.exceptions.AirflowSensorTimeout: not done in time.
        """
        if not self.deferrable:
            return super().execute(context)
        from kaltura_provider.hooks.reach import normalize_task_ids
        from kaltura_provider.hooks.waiting import TRIGGER_GRACE
        from kaltura_provider.triggers.reach import KalturaReachTaskTrigger

        try:
            result = self.poke(context)
        except AirflowFailException as error:
            if self.soft_fail or self.never_fail:
                raise AirflowSkipException(f"Skipped instead of failed, as asked for: {error}") from error
            raise
        if result.is_done:
            return result.xcom_value
        self.defer(
            trigger=KalturaReachTaskTrigger(
                kaltura_conn_id=self.kaltura_conn_id,
                task_ids=normalize_task_ids(self.task_ids),
                poll_interval=self.poke_interval,
                end_time=time.time() + self.timeout,
                session=self.session,
                fail_on_error=self.fail_on_error,
            ),
            method_name="execute_complete",
            timeout=timedelta(seconds=self.timeout) + TRIGGER_GRACE,
        )
        return None  # Not reached: defer() raises.

    def poke(self, context: Context) -> PokeReturnValue:
        """Look once.

        :param context: the task's context.
        :return: done, with order id -> state, or not done.
        :raises airflow.sdk.exceptions.AirflowFailException: an order failed.
        """
        from kaltura_provider.hooks.reach import look_at_orders, normalize_task_ids
        from kaltura_provider.hooks.waiting import order_failure

        seen = look_at_orders(self.hook.get_conn(), normalize_task_ids(self.task_ids))
        if seen.failed and self.fail_on_error:
            raise order_failure(seen.failed)
        if seen.waiting:
            states = "; ".join(f"{task_id}: {state}" for task_id, state in list(seen.waiting.items())[:10])
            self.log.info("%d REACH orders are not done yet: %s", len(seen.waiting), states)
            return PokeReturnValue(is_done=False)
        return PokeReturnValue(is_done=True, xcom_value=_result(seen.ready, seen.failed))

    def execute_complete(self, context: Context, event: Any = None) -> dict[str, Any]:
        """Take over from the trigger.

        :param context: the task's context.
        :param event: what the trigger sent.
        :return: order id -> state.
        :raises airflow.sdk.exceptions.AirflowFailException: an order failed, or Kaltura refused for good.
        :raises airflow.sdk.exceptions.AirflowSensorTimeout: not done in time.
        :raises kaltura_provider.hooks.errors.KalturaWaitError: Kaltura could not be asked.
        """
        from kaltura_provider.hooks.waiting import ORDERS, read_event

        event = read_event(event, ORDERS)
        return _result(event.get("tasks") or {}, event.get("failed") or {})


def _result(done: Mapping[str, Mapping[str, Any]], failed: Mapping[str, str]) -> dict[str, Any]:
    return {
        **{task_id: dict(state) for task_id, state in done.items()},
        **{task_id: {"status_name": "FAILED", "reason": reason} for task_id, reason in failed.items()},
    }
