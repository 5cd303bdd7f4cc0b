"""Runs that are late: who is told, and what Airflow is to keep of it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from airflow.serialization.serialized_objects import DagSerialization
from tests.pipeline.inbox import Inbox, inbox

from kaltura_pipeline.deadlines import deadline, tell_late
from kaltura_pipeline.errors import ConfigurationError

__all__ = ["inbox"]

SMTP = "airflow.providers.smtp.notifications.smtp.SmtpNotifier"
RUN = {"dag_run_id": "scheduled__2026-11-25T06:00:00+00:00", "state": "running", "run_type": "scheduled"}


@pytest.fixture
def notifiers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example.edu/media/")
    value = json.dumps([{"notifier": SMTP, "kwargs": {"to": "media@example.edu"}}])
    monkeypatch.setenv("KALTURA_PIPELINE_NOTIFIERS", value)


@pytest.mark.usefixtures("notifiers")
async def test_an_e_mail_says_which_run_is_late(inbox: Inbox) -> None:
    assert await tell_late("kaltura_report", 90, {"dag_run": RUN, "deadline": {}}) == "1 told"
    (message,) = inbox.messages
    assert message["Subject"] == "Kaltura: kaltura_report is late"
    body = message.get_body(("html",))
    assert body is not None
    said = " ".join(body.get_content().split())
    assert "kaltura_report is not done 90 minutes after it was queued" in said
    address = "https://airflow.example.edu/media/dags/kaltura_report/runs/scheduled__2026-11-25T06%3A00%3A00%2B00%3A00"
    assert address in said


@pytest.mark.usefixtures("notifiers")
async def test_the_runs_of_a_backfill_wait_for_each_other(inbox: Inbox) -> None:
    done = await tell_late("kaltura_report", 90, {"dag_run": {**RUN, "run_type": "backfill"}})
    assert (done, inbox.messages) == ("nobody is told of a backfill", [])


async def test_who_cannot_be_told_is_in_airflows_record(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "KALTURA_PIPELINE_NOTIFIERS names nobody" in await tell_late("kaltura_ingest", 30)
    monkeypatch.setenv("KALTURA_PIPELINE_NOTIFIERS", '[{"notifier": "no.such.Notifier"}]')
    with pytest.raises(RuntimeError, match=r"no\.such\.Notifier did not send"):
        await tell_late("kaltura_ingest", 30)


def test_a_deadline_survives_airflows_database() -> None:
    from airflow.sdk import DAG

    alert = deadline("kaltura_report", 90)
    assert alert is not None
    assert alert.interval == timedelta(minutes=90)
    kept: Any = DagSerialization.to_dict(DAG("late", schedule=None, deadline=alert))
    text = json.dumps(kept)
    assert "kaltura_pipeline.deadlines.tell_late" in text
    assert "DagRunQueuedAtDeadline" in text


def test_no_minutes_are_no_deadline_and_fewer_a_mistake() -> None:
    assert deadline("kaltura_report", 0) is None
    with pytest.raises(ConfigurationError, match="use 1 or more, or 0 for none"):
        deadline("kaltura_report", -5)
