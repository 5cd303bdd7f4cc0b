"""The runs of the pipeline's DAGs, from Airflow's database."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from datetime import datetime

#: The DAGs, in the order in which a file goes through them.
DAGS = ("kaltura_ingest", "kaltura_publish", "kaltura_report", "kaltura_reconcile")
_RUNS = 5
_RUNNING = ("running", "queued")


@dataclass(frozen=True)
class Run:
    """A run of a DAG.

    :param dag_id: the DAG.
    :param run_id: the run.
    :param state: ``success``, ``failed``, ``running`` or ``queued``.
    :param started: when it began; None if it has not yet.
    :param ended: when it ended; None if it goes on.
    :param note: what it says of itself; may be empty.
    :param tasks: how many task instances are in each state, of a run that goes on.
    """

    dag_id: str
    run_id: str
    state: str
    started: datetime | None
    ended: datetime | None
    note: str
    tasks: dict[str, int]

    @property
    def path(self) -> str:
        """Where Airflow shows it, below its own address."""
        return f"/dags/{quote(self.dag_id)}/runs/{quote(self.run_id)}"


def last_runs() -> list[Run]:
    """Return the last runs of each DAG, the newest first."""
    from airflow.models.dagrun import DagRun
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session
    from sqlalchemy import func, select

    found: list[Run] = []
    with create_session() as session:
        for dag_id in DAGS:
            query = select(DagRun).where(DagRun.dag_id == dag_id).order_by(DagRun.run_after.desc()).limit(_RUNS)
            for run in session.scalars(query):
                state = str(getattr(run.state, "value", run.state))
                tasks: Counter[str] = Counter()
                if state in _RUNNING:
                    counted = (
                        select(TaskInstance.state, func.count())
                        .where(TaskInstance.dag_id == dag_id, TaskInstance.run_id == run.run_id)
                        .group_by(TaskInstance.state)
                    )
                    for name, number in session.execute(counted):
                        tasks[str(getattr(name, "value", name) or "none")] += number
                found.append(
                    Run(dag_id, run.run_id, state, run.start_date, run.end_date, str(run.note or ""), dict(tasks))
                )
    return found
