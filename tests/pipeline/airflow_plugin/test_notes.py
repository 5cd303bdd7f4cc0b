"""Runs get what they say of themselves as their notes, and Airflow never has to wait or fail for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path

import pytest
from airflow import settings
from airflow.models import import_all_models
from airflow.models.base import Base
from airflow.models.dagrun import DagRun
from airflow.models.xcom import XComModel
from airflow.utils.state import DagRunState
from airflow.utils.types import DagRunTriggeredByType, DagRunType
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session, sessionmaker

from kaltura_pipeline.airflow_plugin import KalturaPipelinePlugin, notes
from kaltura_pipeline.airflow_plugin.notes import with_summary
from kaltura_pipeline.run_note import NOTE, TITLES, in_numbers, of_plan

SAID = "2 titles, all fine (add 2). Each of them, and why: https://media.example.edu/r.html"


@pytest.fixture
def sessions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Session]]:
    """Airflow's database, with nothing in it."""
    engine = create_engine(f"sqlite:///{tmp_path / 'airflow.db'}")
    import_all_models()
    Base.metadata.create_all(engine)
    made = sessionmaker(engine, expire_on_commit=False)
    monkeypatch.setattr(settings, "NonScopedSession", made)
    yield made
    engine.dispose()


def add_run(session: Session, dag_id: str = "kaltura_ingest", note: str | None = None) -> DagRun:
    now = datetime(2026, 11, 25, tzinfo=timezone.utc)
    run = DagRun(
        dag_id=dag_id, run_id="manual__1", logical_date=now, run_after=now, run_type=DagRunType.MANUAL,
        state=DagRunState.RUNNING, triggered_by=DagRunTriggeredByType.TEST, note=note,
    )  # fmt: skip
    session.add(run)
    session.commit()
    return run


def say(session: Session, run: DagRun, text: str, task_id: str = "record", hour: int = 1) -> None:
    when = datetime(2026, 11, 25, hour, tzinfo=timezone.utc)
    session.add(
        XComModel(
            dag_run_id=run.id, dag_id=run.dag_id, run_id=run.run_id, task_id=task_id, map_index=-1, key=NOTE,
            value=text, timestamp=when,
        )
    )  # fmt: skip
    session.commit()


def end(session: Session, run: DagRun, state: DagRunState = DagRunState.SUCCESS) -> None:
    """End a run as Airflow's scheduler does, without committing."""
    run.state = state
    told = notes.on_dag_run_success if state == DagRunState.SUCCESS else notes.on_dag_run_failed
    told(run)


def note_of(sessions: Callable[[], Session]) -> str | None:
    with sessions() as session:
        note: str | None = session.scalars(select(DagRun)).one().note
        return note


@pytest.mark.parametrize("state", [DagRunState.SUCCESS, DagRunState.FAILED])
def test_a_run_that_ends_has_its_last_word_as_its_note(sessions: Callable[[], Session], state: DagRunState) -> None:
    with sessions() as session:
        run = add_run(session)
        say(session, run, SAID, hour=2)
        say(session, run, "planned", "plan", hour=1)
        end(session, run, state)
        assert note_of(sessions) is None, "nothing is written while Airflow holds its locks"
        session.commit()
        assert note_of(sessions) == f"Kaltura: {SAID}"
        # Cleared and run again: one summary, and the session goes on.
        say(session, run, "0 titles", "verdict", hour=3)
        end(session, run)
        session.commit()
    assert note_of(sessions) == "Kaltura: 0 titles"


def test_what_a_person_wrote_stays(sessions: Callable[[], Session]) -> None:
    with sessions() as session:
        run = add_run(session, note="For the open day")
        say(session, run, SAID)
        for _ in range(2):
            end(session, run)
            session.commit()
    assert note_of(sessions) == f"For the open day\n\nKaltura: {SAID}"


def test_a_run_that_did_not_end_after_all_has_none(sessions: Callable[[], Session]) -> None:
    with sessions() as session:
        run = add_run(session)
        say(session, run, SAID)
        end(session, run)
        session.rollback()
        session.commit()
    assert note_of(sessions) is None


def test_other_dags_and_silent_runs_are_left_alone(sessions: Callable[[], Session]) -> None:
    with sessions() as session:
        run = add_run(session, "somebody_elses")
        say(session, run, SAID)
        end(session, run)
        session.commit()
        assert note_of(sessions) is None
        session.delete(run)
        end(session, add_run(session))
        session.commit()
    assert note_of(sessions) is None


def test_a_database_that_fails_costs_the_scheduler_nothing(
    sessions: Callable[[], Session], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with sessions() as session:
        run = add_run(session)
        monkeypatch.setattr(settings, "NonScopedSession", sessionmaker(create_engine("sqlite:///:memory:")))
        end(session, run)
        session.commit()
        assert session.scalars(select(DagRun)).one().state == DagRunState.SUCCESS
    assert "The note of kaltura_ingest, manual__1 could not be written." in caplog.text


def test_a_note_fits_into_airflows_column() -> None:
    assert len(with_summary(None, "x" * 2000) or "") == 1000
    assert with_summary("mine" * 240, SAID) == "mine" * 240


def test_lines() -> None:
    line = in_numbers({"add": 1200, "skip": 0, "error": 3}, TITLES, wrong=3, matter="failed", page="s3://b/r.html")
    assert line == "1,203 titles, 3 failed (add 1,200, error 3). Each of them, and why: s3://b/r.html"
    assert in_numbers({"add": 1}, TITLES, wrong=0, matter="failed", page="p").startswith("1 title, all fine (add 1).")
    totals = {"add": 2, "replace": 0, "update": 1, "skip": 0, "refuse": 0, "bytes": 7}
    assert (
        of_plan(totals, "s3://b/plan", dry_run=True)
        == "dry run: add 2, update 1. The plan, title by title: s3://b/plan"
    )


def test_airflow_is_given_the_listener() -> None:
    from airflow.listeners.listener import get_listener_manager

    assert KalturaPipelinePlugin.listeners == [notes]
    get_listener_manager().add_listener(notes)  # refuses what fits none of its hooks
