"""Wait until entries are ready to play."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSkipException
from airflow.sdk import BaseSensorOperator, PokeReturnValue

from kaltura_provider.links.kaltura import KalturaEntryLink

if TYPE_CHECKING:
    from airflow.sdk import Context

    from kaltura_provider.hooks.kaltura import KalturaHook


class KalturaEntryReadySensor(BaseSensorOperator):
    """Wait until Kaltura entries are READY (``baseEntry.list``, one call per 150 entries).

    Fails at once, and is not tried again, when an entry ends in a failed state (``ERROR_IMPORTING``,
    ``ERROR_CONVERTING``, ``BLOCKED``, infected) or does not exist; the message names the flavors that failed. An
    entry whose content is being replaced is waited for until the replacement is done. READY does not mean that every
    optional flavor has been converted.

    Returns a mapping of entry id to ``{"status", "status_name", "ms_duration"}``. A task that waits for one entry links
    to it in the Kaltura Management Console.

    :param entry_ids: one entry id, several separated by commas, a list of them, or what upload tasks returned.
        Templated.
    :param kaltura_conn_id: ID of the ``kaltura`` connection. Templated.
    :param session: restrictions of the session, as
        :class:`~kaltura_provider.hooks.kaltura.KalturaHook` takes them. Templated.
    :param fail_on_error: whether a failed entry fails the task. If False, failed entries count as done and are
        returned with ``{"status_name": "FAILED", "reason": ...}``.
    :param wait_for_approval: whether to wait until a person has approved new content of an entry, on accounts that
        ask for it. If False, the wait ends when only that is missing, and the entry's state has ``needs_approval``.
    :param deferrable: wait in the triggerer, so that no worker slot is held. False waits on the worker.
    :param poke_interval: seconds (or a timedelta) between two looks. Default 30.
    :param timeout: seconds (or a timedelta) to wait in all. Default 12 hours.
    """

    template_fields: Sequence[str] = ("kaltura_conn_id", "entry_ids", "session")
    template_fields_renderers: ClassVar[dict[str, str]] = {"entry_ids": "json", "session": "json"}
    operator_extra_links = (KalturaEntryLink(),)
    ui_color = "#dbe9ff"

    def __init__(
        self,
        *,
        entry_ids: str | Sequence[Any] | Mapping[str, Any],
        kaltura_conn_id: str = "kaltura_default",
        session: Mapping[str, Any] | str | None = None,
        fail_on_error: bool = True,
        wait_for_approval: bool = True,
        deferrable: bool = True,
        poke_interval: timedelta | float = 30,
        timeout: timedelta | float = timedelta(hours=12),
        **kwargs: Any,
    ) -> None:
        super().__init__(poke_interval=poke_interval, timeout=timeout, **kwargs)
        self.entry_ids = entry_ids
        self.kaltura_conn_id = kaltura_conn_id
        self.session = session
        self.fail_on_error = fail_on_error
        self.wait_for_approval = wait_for_approval
        self.deferrable = deferrable

    @cached_property
    def hook(self) -> KalturaHook:
        """The hook that looks."""
        from kaltura_provider.hooks.kaltura import KalturaHook

        return KalturaHook(self.kaltura_conn_id, self.session)

    def execute(self, context: Context) -> Any:
        """Look once, then wait on this worker or in the triggerer.

        :param context: the task's context.
        :return: entry id -> state.
        :raises airflow.sdk.exceptions.AirflowFailException: an entry failed.
        :raises airflow.sdk.exceptions.AirflowSensorTimeout: not ready in time.
        """
        if not self.deferrable:
            return super().execute(context)
        from kaltura_provider.hooks.readiness import normalize_entry_ids
        from kaltura_provider.hooks.waiting import TRIGGER_GRACE
        from kaltura_provider.triggers.entry import KalturaEntryReadyTrigger

        # An entry that is ready already needs no triggerer; deferring for nothing costs seconds and a scheduler trip.
        try:
            result = self.poke(context)
        except AirflowFailException as error:
            if self.soft_fail or self.never_fail:
                raise AirflowSkipException(f"Skipped instead of failed, as asked for: {error}") from error
            raise
        if result.is_done:
            return result.xcom_value
        self.defer(
            trigger=KalturaEntryReadyTrigger(
                kaltura_conn_id=self.kaltura_conn_id,
                entry_ids=normalize_entry_ids(self.entry_ids),
                poll_interval=self.poke_interval,
                end_time=time.time() + self.timeout,
                session=self.session,
                fail_on_error=self.fail_on_error,
                wait_for_approval=self.wait_for_approval,
            ),
            method_name="execute_complete",
            timeout=timedelta(seconds=self.timeout) + TRIGGER_GRACE,
        )
        return None  # Not reached: defer() raises.

    def poke(self, context: Context) -> PokeReturnValue:
        """Look once.

        :param context: the task's context.
        :return: done, with entry id -> state, or not done.
        :raises airflow.sdk.exceptions.AirflowFailException: an entry failed.
        """
        from kaltura_provider.hooks.readiness import look, normalize_entry_ids
        from kaltura_provider.hooks.waiting import wait_failure

        entry_ids = normalize_entry_ids(self.entry_ids)
        if len(entry_ids) == 1:
            KalturaEntryLink.persist(context, self, self.hook.entry_url(entry_ids[0]))
        seen = look(self.hook.get_conn(), entry_ids, wait_for_approval=self.wait_for_approval)
        if seen.failed and self.fail_on_error:
            raise wait_failure(seen.failed)
        if seen.waiting:
            states = "; ".join(f"{entry_id}: {state}" for entry_id, state in list(seen.waiting.items())[:10])
            self.log.info("%d entries are not ready yet: %s", len(seen.waiting), states)
            return PokeReturnValue(is_done=False)
        return PokeReturnValue(is_done=True, xcom_value=_result(seen.ready, seen.failed))

    def execute_complete(self, context: Context, event: Any = None) -> dict[str, Any]:
        """Take over from the trigger.

        :param context: the task's context.
        :param event: what the trigger sent.
        :return: entry id -> state.
        :raises airflow.sdk.exceptions.AirflowFailException: an entry failed, or Kaltura refused for good.
        :raises airflow.sdk.exceptions.AirflowSensorTimeout: not ready in time.
        :raises kaltura_provider.hooks.errors.KalturaWaitError: Kaltura could not be asked.
        """
        from kaltura_provider.hooks.waiting import read_event

        event = read_event(event)
        return _result(event.get("entries") or {}, event.get("failed") or {})


def _result(ready: Mapping[str, Mapping[str, Any]], failed: Mapping[str, str]) -> dict[str, Any]:
    return {
        **{entry_id: dict(state) for entry_id, state in ready.items()},
        **{entry_id: {"status_name": "FAILED", "reason": reason} for entry_id, reason in failed.items()},
    }
