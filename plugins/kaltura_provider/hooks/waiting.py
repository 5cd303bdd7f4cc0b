"""The event between a trigger that waits for things in Kaltura and the task that asked for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSensorTimeout

from kaltura_provider.hooks.errors import KalturaWaitError

READY = "ready"
FAILED = "failed"
TIMEOUT = "timeout"
ERROR = "error"
_STATES = (READY, FAILED, TIMEOUT, ERROR)

# Airflow's own timeout is only a backstop for a triggerer that is gone; the trigger ends at the deadline itself.
TRIGGER_GRACE = timedelta(minutes=5)

# Messages are read by people: of thousands of entries the first ones tell enough.
_NAMED = 10


def _listed(items: Iterable[str], separator: str = "; ") -> str:
    texts = list(items)
    more = f"{separator}and {len(texts) - _NAMED} more" if len(texts) > _NAMED else ""
    return separator.join(texts[:_NAMED]) + more


def wait_failure(failed: Mapping[str, str]) -> AirflowFailException:
    """Build the exception for entries that failed in Kaltura. Waiting again would not help, so it is never retried.

    :param failed: entry id -> why.
    """
    reasons = _listed(f"{entry_id}: {reason}" for entry_id, reason in failed.items())
    return AirflowFailException(
        f"{len(failed)} Kaltura {'entry' if len(failed) == 1 else 'entries'} will not become ready: {reasons}. "
        "Open the entry in the KMC to see its flavors, then replace or delete it."
    )


def wait_timeout(waiting: Mapping[str, str]) -> AirflowSensorTimeout:
    """Build the exception for entries that were not ready in time.

    :param waiting: entry id -> the state it was last seen in.
    """
    states = _listed(f"{entry_id}: {state}" for entry_id, state in waiting.items())
    return AirflowSensorTimeout(
        f"{len(waiting)} Kaltura {'entry is' if len(waiting) == 1 else 'entries are'} not ready in time: {states}. "
        "Raise the timeout if conversion is only slow. An entry that stays in IMPORT or NO_CONTENT was given no "
        "content: upload it again."
    )


def order_failure(failed: Mapping[str, str]) -> AirflowFailException:
    """Build the exception for orders (REACH) of which nothing will come; a new one costs anew, so it is never retried.

    :param failed: task id -> why, and the next step.
    """
    reasons = _listed(f"{task_id}: {reason}" for task_id, reason in failed.items())
    return AirflowFailException(f"{len(failed)} REACH {'order' if len(failed) == 1 else 'orders'} failed: {reasons}.")


def order_timeout(waiting: Mapping[str, str]) -> AirflowSensorTimeout:
    """Build the exception for orders that were not done in time.

    :param waiting: task id -> the state it was last seen in.
    """
    states = _listed(f"{task_id}: {state}" for task_id, state in waiting.items())
    return AirflowSensorTimeout(
        f"{len(waiting)} REACH {'order is' if len(waiting) == 1 else 'orders are'} not done in time: {states}. Clear "
        "the task to wait on, with a longer timeout; nothing is ordered twice."
    )


def report_failure(failed: Mapping[str, str]) -> AirflowFailException:
    """Build the exception for reports that cannot be waited for.

    :param failed: report and day -> why.
    """
    return AirflowFailException(_listed(f"{report}: {reason}" for report, reason in failed.items()))


def report_timeout(waiting: Mapping[str, str]) -> AirflowSensorTimeout:
    """Build the exception for days of analytics that were not settled in time.

    :param waiting: report and day -> how far it is.
    """
    states = _listed(f"{report}: {state}" for report, state in waiting.items())
    return AirflowSensorTimeout(
        f"Kaltura's figures are not settled in time: {states}. Give a longer timeout, or a min_age after which they "
        "count as settled. Figures of a day that is over for long and still change: ask Kaltura's support."
    )


@dataclass(frozen=True)
class Wording:
    """How the event of a trigger is read.

    :param ids_key: name of the ids in it.
    :param subject: what was waited for.
    :param failure: makes the exception for what failed.
    :param timeout: makes the exception for what was not done in time.
    """

    ids_key: str
    subject: str
    failure: Callable[[Mapping[str, str]], Exception]
    timeout: Callable[[Mapping[str, str]], Exception]


ENTRIES = Wording("entry_ids", "Kaltura entries", wait_failure, wait_timeout)
ORDERS = Wording("task_ids", "REACH orders", order_failure, order_timeout)
REPORTS = Wording("reports", "settled figures of", report_failure, report_timeout)


def read_event(event: Any, wording: Wording = ENTRIES) -> dict[str, Any]:
    """Check the event of a trigger that waits for things with ids, and raise what it reports.

    :param event: what the trigger sent.
    :param wording: what it waited for.
    :return: the event of a wait that ended well: for entries with ``entries`` (id -> state) and ``echo``.
    :raises airflow.sdk.exceptions.AirflowFailException: some failed, or Kaltura refused for good.
    :raises airflow.sdk.exceptions.AirflowSensorTimeout: the deadline passed.
    :raises KalturaWaitError: Kaltura could not be asked several times in a row, or the event makes no sense.
    """
    if not isinstance(event, dict) or event.get("status") not in _STATES:
        raise KalturaWaitError(
            f"The trigger sent no usable event: {event!r}. Make sure that worker and triggerer run the same version "
            "of airflow-provider-kaltura, then clear the task."
        )
    status = event["status"]
    if status == FAILED:
        raise wording.failure(event.get("failed") or {})
    if status == TIMEOUT:
        raise wording.timeout(event.get("waiting") or {})
    if status == ERROR:
        ids = _listed(event.get(wording.ids_key) or [], ", ")
        message = f"Waiting for {wording.subject} {ids} stopped: {event.get('message')}"
        raise KalturaWaitError(message) if event.get("retryable", True) else AirflowFailException(message)
    return event
