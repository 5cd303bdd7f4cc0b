"""Deadlines of the DAGs: whom to tell when a run is not done in time.

Airflow looks at them by itself and shows those that were missed on its home page, so somebody learns of a run that
hangs or waits for its turn, of which neither a failed task nor a missing report tells.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from kaltura_pipeline.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow.sdk import DeadlineAlert  # type: ignore[attr-defined]

log = logging.getLogger(__name__)


def deadline(dag_id: str, minutes: int) -> DeadlineAlert | None:
    """Make what a DAG takes as ``deadline``.

    :param dag_id: the DAG.
    :param minutes: from when a run is queued until it is to be done; 0 for no deadline.
    :raises ConfigurationError: the minutes are below 0.
    """
    if minutes < 0:
        raise ConfigurationError(f"the deadline of {dag_id} is {minutes} minutes; use 1 or more, or 0 for none")
    if not minutes:
        return None
    # The types of airflow.sdk leave these out.
    from airflow.sdk import AsyncCallback, DeadlineAlert, DeadlineReference  # type: ignore[attr-defined]

    return DeadlineAlert(
        # Not the logical date: a run from the form may have none, and a backfill's is long past.
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=timedelta(minutes=minutes),
        callback=AsyncCallback(tell_late, {"dag_id": dag_id, "minutes": minutes}),
    )


async def tell_late(dag_id: str, minutes: int, context: Mapping[str, Any] | None = None) -> str:
    """Tell those whom the setting ``notifiers`` names that a run is late; Airflow's triggerer calls this.

    :param dag_id: the DAG.
    :param minutes: its deadline.
    :param context: what Airflow knows of the run.
    :return: what was done, for Airflow's record of the deadline.
    :raises RuntimeError: somebody could not be told; says who and why.
    """
    return await asyncio.to_thread(_tell, dag_id, minutes, context or {})


def _tell(dag_id: str, minutes: int, context: Mapping[str, Any]) -> str:
    from kaltura_pipeline.notify import Message, parse_notifiers, send
    from kaltura_pipeline.settings import PipelineSettings

    run: Mapping[str, Any] = context.get("dag_run") or {}
    if run.get("run_type") == "backfill":
        # All its runs are queued at once, so most of them wait longer than any deadline.
        return "nobody is told of a backfill"
    run_id, state = str(run.get("dag_run_id") or "unknown"), str(run.get("state") or "unknown")
    late = f"{minutes:,} minute{'s' if minutes != 1 else ''}"
    said = f"{dag_id} is not done {late} after it was queued (run {run_id}, {state})"
    log.error("%s.", said)
    notifiers = parse_notifiers(PipelineSettings.from_environment().notifiers)
    if not notifiers:
        return "nobody is told: KALTURA_PIPELINE_NOTIFIERS names nobody"
    step = f"See which task it waits for: {_address(dag_id, run_id)}"
    message = Message(
        f"Kaltura: {dag_id} is late", f"{said}.\n\n{step}", f"<p>{escape(said)}.</p><p>{escape(step)}</p>"
    )
    results = {"dag_id": dag_id, "run_id": run_id, "state": state, "minutes": minutes}
    if problems := send(context, message, notifiers, results=results):
        raise RuntimeError("; ".join(problems))
    return f"{len(notifiers)} told"


def _address(dag_id: str, run_id: str) -> str:
    from airflow.configuration import conf

    root = (conf.get("api", "base_url", fallback="") or "").rstrip("/")
    return f"{root}/dags/{quote(dag_id)}/runs/{quote(run_id)}"
