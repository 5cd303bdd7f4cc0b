"""Order captions and translations (REACH)."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.providers.common.compat.sdk import AirflowFailException

from kaltura_provider.operators.base import KalturaBaseOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

    from kaltura_provider.api.reach import Ordered
    from kaltura_provider.api.reach_catalog import CatalogItem, ReachProfile

_NAMED = 10


class KalturaReachOrderOperator(KalturaBaseOperator):
    """Order captions or a translation for entries and wait for them (``reach_reachprofile.list``,
    ``reach_vendorcatalogitem.list``, ``reach_entryvendortask.list``, ``reach_entryvendortask.add``).

    Orders cost money, so each is made once: what is ordered already, or was carried out for the present content of an
    entry, is used instead. That holds for repeated and for parallel tasks, and when answers get lost. Entries must be
    READY. The cheapest item of the account's catalog that is what is wanted is taken, of equal ones the quickest.

    Returns ``{"catalog_item_id": int, "catalog_item": str, "profile_id": int, "price": float, "ordered": int,
    "tasks": {entry id: {"task_id", "entry_id", "status", "status_name", "price", "output_id"}}}``; ``price`` is the
    sum of what this task ordered anew. A dry run returns ``{"dry_run": True, "catalog_item_id", "catalog_item",
    "profile_id", "prices": {entry id: price or None}, "total", "credit_left", "enough"}`` instead.

    :param entry_ids: one entry id, several separated by commas, a list of them, or what upload tasks returned.
        Templated.
    :param language: what is spoken, as Kaltura names it, such as ``English``. Templated.
    :param target_language: what to translate into; empty orders captions. Templated.
    :param service: ``machine`` or ``human``. Templated.
    :param within: longest time (seconds or a timedelta) the vendor may take; None takes any.
    :param profile: ID or name of the REACH profile whose credit is spent; the only one there is if None. A session that
        is no administrator's needs the ID. Templated.
    :param catalog_item_id: the very item of the catalog, instead of language, service and time. Templated.
    :param notes: what the vendor should know, such as names that occur. Templated.
    :param dry_run: log and return price and credit, and order nothing.
    :param wait: whether to wait until the orders are done.
    :param deferrable: wait in the triggerer, so that no worker slot is held. False waits on the worker.
    :param poll_interval: seconds (or a timedelta) between two looks. Default 5 minutes.
    :param wait_timeout: seconds (or a timedelta) to wait in all. Default 14 days.
    :param kaltura_conn_id: ID of the ``kaltura`` connection. Templated.
    :param session: restrictions of the session. Templated.
    """

    template_fields: Sequence[str] = (
        *KalturaBaseOperator.template_fields,
        "entry_ids",
        "language",
        "target_language",
        "service",
        "profile",
        "catalog_item_id",
        "notes",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {
        **KalturaBaseOperator.template_fields_renderers,
        "entry_ids": "json",
    }

    def __init__(
        self,
        *,
        entry_ids: str | Sequence[Any] | Mapping[str, Any],
        language: str = "",
        target_language: str = "",
        service: str = "machine",
        within: timedelta | float | None = None,
        profile: int | str | None = None,
        catalog_item_id: int | str | None = None,
        notes: str = "",
        dry_run: bool = False,
        wait: bool = True,
        deferrable: bool = True,
        poll_interval: timedelta | float = 300,
        wait_timeout: timedelta | float = timedelta(days=14),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.entry_ids = entry_ids
        self.language = language
        self.target_language = target_language
        self.service = service
        self.within = within
        self.profile = profile
        self.catalog_item_id = catalog_item_id
        self.notes = notes
        # Not "dry_run": every Airflow operator has a method of that name.
        self.only_quote = dry_run
        self.wait = wait
        self.deferrable = deferrable
        self.poll_interval = poll_interval
        self.wait_timeout = wait_timeout

    def execute(self, context: Context) -> dict[str, Any]:
        """Order, then wait on this worker or in the triggerer.

        :param context: the task's context.
        :return: see the class.
        :raises airflow.sdk.exceptions.AirflowFailException: an order failed, or could not be made; the message says
            which were made.
        :raises kaltura_provider.api.KalturaError: Kaltura could not be asked.
        :raises kaltura_provider.api.reach_catalog.ReachChoiceError: nothing fits; the message names the nearest.
        """
        from kaltura_provider.api.reach import place_orders
        from kaltura_provider.api.reach_catalog import choose_item, list_catalog, load_profile
        from kaltura_provider.hooks.readiness import normalize_entry_ids

        entry_ids = normalize_entry_ids(self.entry_ids)
        client = self.hook.get_conn()
        item = choose_item(list_catalog(client), self._wish())
        profile = load_profile(client, self.profile)
        if self.only_quote:
            return self._quote(entry_ids, item, profile)
        self.log.info("Ordering %s for %d entries with the credit of %r.", item, len(entry_ids), profile.name)
        orders = place_orders(client, entry_ids, item, profile, notes=str(self.notes or ""))
        result = self._result(orders, item, profile)
        return self._wait_for(orders, result) if self.wait and orders else result

    def execute_complete(self, context: Context, event: Any = None) -> dict[str, Any]:
        """Take over from the trigger.

        :param context: the task's context.
        :param event: what the trigger sent.
        :return: see the class.
        :raises airflow.sdk.exceptions.AirflowFailException: an order failed, or Kaltura refused for good.
        :raises airflow.sdk.exceptions.AirflowSensorTimeout: not done in time.
        :raises kaltura_provider.hooks.errors.KalturaWaitError: Kaltura could not be asked.
        """
        from kaltura_provider.hooks.waiting import ORDERS, read_event

        event = read_event(event, ORDERS)
        return _with_states(event.get("echo") or {}, event.get("tasks") or {})

    def _wish(self) -> Any:
        from kaltura_provider.api.reach_catalog import ReachChoiceError, ReachWish

        item_id = str(self.catalog_item_id or "").strip()
        if item_id and not item_id.isdecimal():
            raise ReachChoiceError(
                f"catalog_item_id {item_id!r} is no ID of a catalog item; it is a number such as 101"
            )
        within = self.within.total_seconds() if isinstance(self.within, timedelta) else self.within
        return ReachWish(
            str(self.language or ""),
            str(self.target_language or ""),
            str(self.service).strip().lower(),
            within,
            int(item_id) if item_id else None,
        )

    def _quote(self, entry_ids: list[str], item: CatalogItem, profile: ReachProfile) -> dict[str, Any]:
        from kaltura_provider.api.reach import quote_orders

        found = quote_orders(self.hook.get_conn(), entry_ids, item, profile)
        if found.unknown:
            raise AirflowFailException(
                f"{len(found.unknown)} entries do not exist: {', '.join(found.unknown[:_NAMED])}. Check entry_ids."
            )
        left = "no limit" if found.left is None else f"{found.left:g}"
        self.log.info(
            "Dry run: %s for %d entries costs %g (%d are ordered already). Credit left in %r: %s%s.",
            item,
            len(entry_ids),
            found.total,
            len(found.existing),
            profile.name,
            left,
            "" if found.is_enough else ", which is not enough",
        )
        return {
            "dry_run": True,
            "catalog_item_id": item.id,
            "catalog_item": str(item),
            "profile_id": profile.id,
            "prices": found.prices,
            "total": found.total,
            "credit_left": found.left,
            "enough": found.is_enough,
        }

    def _result(self, orders: Sequence[Ordered], item: CatalogItem, profile: ReachProfile) -> dict[str, Any]:
        from kaltura_provider.hooks.reach import describe

        new = [each for each in orders if each.is_new and each.task is not None]
        price = round(sum(each.task.price for each in new if each.task is not None), 4)
        self.log.info(
            "Ordered %d for %g; %d were ordered before.", len(new), price, sum(1 for each in orders if not each.is_new)
        )
        errors = {each.entry_id: each.error for each in orders if each.error is not None}
        if errors:
            # What may pass is for Airflow's retries, which look first as well.
            if all(error.retryable for error in errors.values()):
                raise next(iter(errors.values()))
            said = "; ".join(f"entry {entry_id}: {error}" for entry_id, error in [*errors.items()][:_NAMED])
            more = f"; and {len(errors) - _NAMED} more" if len(errors) > _NAMED else ""
            raise AirflowFailException(
                f"{len(errors)} of {len(orders)} orders could not be made: {said}{more} The others stand and are not "
                "made again when the task runs again."
            )
        return {
            "catalog_item_id": item.id,
            "catalog_item": str(item),
            "profile_id": profile.id,
            "price": price,
            "ordered": len(new),
            "tasks": {each.entry_id: describe(each.task) for each in orders if each.task is not None},
        }

    def _wait_for(self, orders: Sequence[Ordered], result: dict[str, Any]) -> dict[str, Any]:
        from kaltura_provider.hooks.reach import look_at_orders
        from kaltura_provider.hooks.waiting import TRIGGER_GRACE, order_failure, order_timeout
        from kaltura_provider.triggers.reach import KalturaReachTaskTrigger

        task_ids = [each.task.id for each in orders if each.task is not None]
        interval, timeout = _seconds(self.poll_interval), _seconds(self.wait_timeout)
        end = time.time() + timeout
        while True:
            seen = look_at_orders(self.hook.get_conn(), task_ids)
            if seen.failed:
                raise order_failure(seen.failed)
            if not seen.waiting:
                return _with_states(result, seen.ready)
            if self.deferrable:
                self.defer(
                    trigger=KalturaReachTaskTrigger(
                        kaltura_conn_id=self.kaltura_conn_id,
                        task_ids=task_ids,
                        poll_interval=interval,
                        end_time=end,
                        session=self.session,
                        echo=result,
                    ),
                    method_name="execute_complete",
                    timeout=timedelta(seconds=timeout) + TRIGGER_GRACE,
                )
            if time.time() >= end:
                raise order_timeout(seen.waiting)
            time.sleep(min(interval, max(end - time.time(), 0)))


def _with_states(result: Mapping[str, Any], states: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    tasks = {
        entry_id: dict(states.get(task["task_id"], task)) for entry_id, task in (result.get("tasks") or {}).items()
    }
    return {**result, "tasks": tasks}


def _seconds(value: timedelta | float) -> float:
    return value.total_seconds() if isinstance(value, timedelta) else float(value)
