"""Makes what a run says of itself the note of the run, when it ends.

Tasks cannot write notes. A listener can: Airflow tells it of every run that ends, in the scheduler, or in the API
server when a person ends the run. It writes only after Airflow has committed that, in a session of its own, so that
whatever goes wrong here is a line in a log and nothing more.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from airflow.listeners import hookimpl

if TYPE_CHECKING:
    from airflow.models.dagrun import DagRun
    from sqlalchemy.orm import Session

log = logging.getLogger(__name__)

_ENDED = ("success", "failed")
# Where ours begins in a note; before it stands what a person wrote.
_MARK = "Kaltura: "
# As Airflow's database has it.
_LONGEST = 1000
# Runs that a session is about to commit the end of.
_PENDING = "kaltura_runs_that_end"


@hookimpl
def on_dag_run_success(dag_run: DagRun) -> None:
    """Write the note of a run that succeeded."""
    _write_later(dag_run)


@hookimpl
def on_dag_run_failed(dag_run: DagRun) -> None:
    """Write the note of a run that failed."""
    _write_later(dag_run)


def with_summary(note: str | None, said: str) -> str | None:
    """Put a summary into a note, in the place of an earlier one.

    :param note: the note that is there.
    :param said: what the run says.
    :return: the note; the person's alone if there is no room for both.
    """
    theirs = (note or "").partition(_MARK)[0].rstrip()
    ours = f"{_MARK}{said}"
    if not theirs:
        return ours if len(ours) <= _LONGEST else f"{ours[: _LONGEST - 1]}…"
    both = f"{theirs}\n\n{ours}"
    return both if len(both) <= _LONGEST else note


def _write_later(dag_run: DagRun) -> None:
    from kaltura_pipeline.airflow_plugin.runs import DAGS

    if dag_run.dag_id not in DAGS:
        return
    from sqlalchemy import event
    from sqlalchemy.orm import object_session

    session = object_session(dag_run)
    if session is None:
        return
    if _PENDING not in session.info:
        session.info[_PENDING] = []
        event.listen(session, "after_commit", _write_pending)
    session.info[_PENDING].append((dag_run.dag_id, dag_run.run_id))


def _write_pending(session: Session) -> None:
    if session.in_nested_transaction():
        return
    pending, session.info[_PENDING] = session.info[_PENDING], []
    for dag_id, run_id in pending:
        try:
            write_note(dag_id, run_id)
        except Exception:
            log.warning("The note of %s, %s could not be written.", dag_id, run_id, exc_info=True)


def write_note(dag_id: str, run_id: str) -> None:
    """Write the note of a run that has ended and says something.

    :param dag_id: its DAG.
    :param run_id: its ID.
    """
    from airflow.models.dagrun import DagRun
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session
    from sqlalchemy import select

    from kaltura_pipeline.run_note import NOTE

    # Not scoped: that would be the session which has just committed.
    with create_session(scoped=False) as session:
        run = session.scalar(select(DagRun).where(DagRun.dag_id == dag_id, DagRun.run_id == run_id))
        if run is None or str(getattr(run.state, "value", run.state)) not in _ENDED:
            return
        said: list[Any] = list(session.scalars(XComModel.get_many(run_id=run_id, dag_ids=dag_id, key=NOTE)))
        if not said:
            return
        newest = max(said, key=lambda xcom: xcom.timestamp)
        note = with_summary(run.note, str(XComModel.deserialize_value(newest)))
        if run.dag_run_note is None:
            run.note = note
        else:
            run.dag_run_note.content = note
