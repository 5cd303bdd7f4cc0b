"""Are these orders (REACH) done? The same meaning of "done" for the operator, the sensor and the trigger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kaltura_provider.hooks.readiness import Look

if TYPE_CHECKING:
    from kaltura_provider.api import KalturaClient
    from kaltura_provider.api.reach import ReachTask


def look_at_orders(client: KalturaClient, task_ids: Sequence[str]) -> Look:
    """Look once at the state of orders (``reach_entryvendortask.list``, one call per 150 orders).

    :param client: the authenticated client.
    :param task_ids: the orders.
    :return: what was found; ``ready`` holds what :func:`describe` returns.
    :raises kaltura_provider.api.KalturaError: Kaltura could not be asked.
    """
    from kaltura_provider.api.reach import TaskStatus, look_at_tasks

    found = Look()
    tasks = look_at_tasks(client, task_ids)
    for task_id in task_ids:
        task = tasks.get(task_id)
        if task is None:
            found.failed[task_id] = "NOT_FOUND: the account has no such order; check the ID"
        elif task.is_failed:
            found.failed[task_id] = f"{task.describe()} (entry {task.entry_id})"
        elif task.status == TaskStatus.READY:
            found.ready[task_id] = describe(task)
        else:
            found.waiting[task_id] = task.describe()
    return found


def describe(task: ReachTask) -> dict[str, Any]:
    """Return the parts of an order worth handing to later tasks, as plain JSON values.

    :param task: the order.
    :return: ``task_id``, ``entry_id``, ``status`` (number), ``status_name``, ``price`` and ``output_id``, the ID of
        the asset that it brought, such as a caption.
    """
    return {
        "task_id": task.id,
        "entry_id": task.entry_id,
        "status": int(task.status),
        "status_name": task.status.name,
        "price": task.price,
        "output_id": task.output_id or None,
    }


def normalize_task_ids(value: Any) -> list[str]:
    """Read ids of orders in any form a task may hand them over.

    :param value: one id; several separated by commas; a sequence of ids; or what
        :class:`~kaltura_provider.operators.reach.KalturaReachOrderOperator` returned.
    :return: the ids in their order, each once.
    :raises ValueError: there is something in it that is no id.
    """
    if isinstance(value, Mapping):
        tasks = value.get("tasks")
        value = [each.get("task_id") for each in tasks.values()] if isinstance(tasks, Mapping) else [value]
    if isinstance(value, (str, int)):
        value = [part for part in str(value).split(",") if part.strip()]
    if not isinstance(value, Iterable):
        raise ValueError(f"task_ids must be IDs of REACH orders, not {type(value).__name__}.")
    ids: dict[str, None] = {}
    for item in value:
        text = str(item).strip()
        if isinstance(item, bool) or not text.isdecimal():
            raise ValueError(
                f"task_ids contains {item!r}, which is no ID of a REACH order. Each must be a number such as 4711, or "
                "the output of KalturaReachOrderOperator; if it comes from a template, set "
                "render_template_as_native_obj=True on the DAG."
            )
        ids[text] = None
    return list(ids)
