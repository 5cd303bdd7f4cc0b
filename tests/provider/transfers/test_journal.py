"""Notes of an upload in Airflow's task state store."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from tests.provider.airflow_fixtures import FakeStateStore

from kaltura_provider.transfers.journal import TaskStateJournal


def test_another_try_reads_what_this_one_saved(state_store: FakeStateStore) -> None:
    first = TaskStateJournal(state_store, "s3:abc")
    assert first.load() == {}
    first.save(entry_id="1_a")
    first.save(upload_token_id="1_t", fingerprint="e1")
    assert TaskStateJournal(state_store, "s3:abc").load() == {
        "entry_id": "1_a",
        "upload_token_id": "1_t",
        "fingerprint": "e1",
    }


def test_an_empty_value_removes_a_note(state_store: FakeStateStore) -> None:
    journal = TaskStateJournal(state_store, "s3:abc")
    journal.save(entry_id="1_a", upload_token_id="1_t")
    journal.save(upload_token_id="")
    assert TaskStateJournal(state_store, "s3:abc").load() == {"entry_id": "1_a"}


def test_notes_about_another_upload_are_not_used(state_store: FakeStateStore) -> None:
    TaskStateJournal(state_store, "s3:abc").save(entry_id="1_a")
    assert TaskStateJournal(state_store, "s3:other").load() == {}


def test_without_a_store_notes_last_as_long_as_the_process() -> None:
    journal = TaskStateJournal(None, "s3:abc")
    journal.save(entry_id="1_a")
    assert journal.load() == {"entry_id": "1_a"}


class BrokenStore:
    def get(self, key: str) -> Any:
        raise RuntimeError("no supervisor")

    def set(self, key: str, value: Any) -> None:
        raise RuntimeError("no supervisor")


def test_a_store_that_does_not_answer_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        journal = TaskStateJournal(BrokenStore(), "s3:abc")
        journal.save(entry_id="1_a")
        journal.show({"bytes_sent": 1})
    assert journal.load() == {"entry_id": "1_a"}
    assert caplog.text.count("does not answer") == 1
    assert "reference ID 's3:abc'" in caplog.text


def test_progress_is_kept_beside_the_notes(state_store: FakeStateStore) -> None:
    journal = TaskStateJournal(state_store, "s3:abc")
    journal.save(entry_id="1_a")
    journal.show({"bytes_sent": 10, "bytes_total": 100})
    assert state_store.get("kaltura_upload_progress") == {"bytes_sent": 10, "bytes_total": 100}
    assert TaskStateJournal(state_store, "s3:abc").load() == {"entry_id": "1_a"}
