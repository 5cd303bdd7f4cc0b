"""The ledger: one winner a file, and a dead worker's claim ends."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.provider.airflow_fixtures import BUCKET

from kaltura_provider.hooks.s3_documents import DocumentConflictError, S3Documents
from kaltura_provider.transfers.ledger import (
    FAILED,
    LEASE_SECONDS,
    READY,
    UPLOADED,
    LeaseLostError,
    Ledger,
    LedgerBusyError,
)


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def bucket() -> str:
    return BUCKET


@pytest.fixture
def ledger(s3: Any, bucket: str, clock: Clock) -> Ledger:
    return Ledger(S3Documents(s3, bucket, "_kaltura/"), clock)


def test_of_many_workers_at_once_one_gets_the_claim(ledger: Ledger) -> None:
    def claim(number: int) -> str:
        try:
            return str(ledger.claim("b", "k.mp4", f"worker {number}").body["owner"])
        except LedgerBusyError:
            return ""

    with ThreadPoolExecutor(8) as pool:
        winners = [name for name in pool.map(claim, range(8)) if name]
    assert len(winners) == 1


def test_a_running_claim_names_its_owner_and_end(ledger: Ledger) -> None:
    ledger.claim("b", "k.mp4", "first")
    with pytest.raises(LedgerBusyError, match=r"k\.mp4: first is working on it; .* ends in 300 s"):
        ledger.claim("b", "k.mp4", "second")


def test_a_dead_workers_claim_ends_and_its_notes_stay(ledger: Ledger, clock: Clock) -> None:
    ledger.claim("b", "k.mp4", "first").save(entry_id="0_abc", upload_token_id="0_t")
    clock.now += LEASE_SECONDS + 1
    taken = ledger.claim("b", "k.mp4", "second")
    assert taken.load() == {"entry_id": "0_abc", "upload_token_id": "0_t"}
    assert taken.body["attempts"] == 2


def test_a_worker_that_lost_its_claim_cannot_write(ledger: Ledger, clock: Clock) -> None:
    slow = ledger.claim("b", "k.mp4", "first")
    clock.now += LEASE_SECONDS + 1
    ledger.claim("b", "k.mp4", "second").save(entry_id="0_second")
    with pytest.raises(LeaseLostError):
        slow.save(entry_id="0_first")
    record = ledger.read("b", "k.mp4")
    assert record is not None
    assert record["notes"] == {"entry_id": "0_second"}


def test_a_retry_of_the_same_task_gets_its_claim_back(ledger: Ledger) -> None:
    zombie = ledger.claim("b", "k.mp4", "task")
    again = ledger.claim("b", "k.mp4", "task")
    again.save(entry_id="0_x")
    with pytest.raises(LeaseLostError):
        zombie.save(entry_id="0_y")


def test_work_keeps_the_lease_alive(ledger: Ledger, clock: Clock) -> None:
    record = ledger.claim("b", "k.mp4", "first")
    for _ in range(30):
        clock.now += LEASE_SECONDS / 2
        record.renew()
    with pytest.raises(LedgerBusyError):
        ledger.claim("b", "k.mp4", "second")


def test_a_released_record_can_be_claimed_at_once(ledger: Ledger) -> None:
    ledger.claim("b", "k.mp4", "first").release(FAILED, error="broken")
    record = ledger.claim("b", "k.mp4", "second")
    assert (record.body["state"], record.body["error"]) == (FAILED, "")


def test_an_outcome_is_written_where_nobody_works(ledger: Ledger) -> None:
    ledger.claim("b", "k.mp4", "first").release(UPLOADED, entry_id="0_a", error="slow")
    written = ledger.finish("b", "k.mp4", "second", READY, content="x")
    assert ledger.read("b", "k.mp4") == written.body
    found = {name: written.body[name] for name in ("state", "owner", "entry_id", "content", "error", "attempts")}
    assert found == {
        "state": READY, "owner": "second", "entry_id": "0_a", "content": "x", "error": "", "attempts": 1,
    }  # fmt: skip
    assert ledger.claim("b", "k.mp4", "third").body["owner"] == "third", "nobody has claimed it"


def test_an_outcome_waits_for_whoever_works(ledger: Ledger, clock: Clock) -> None:
    working = ledger.claim("b", "k.mp4", "first")
    with pytest.raises(LedgerBusyError, match="first is working on it"):
        ledger.finish("b", "k.mp4", "second", READY)
    with pytest.raises(LedgerBusyError, match="was removed"):
        ledger.finish("b", "other.mp4", "second", READY)
    clock.now += LEASE_SECONDS + 1
    ledger.finish("b", "k.mp4", "second", READY)
    with pytest.raises(LeaseLostError):
        working.save(entry_id="0_late")


def test_of_many_outcomes_at_once_one_is_written(ledger: Ledger) -> None:
    ledger.claim("b", "k.mp4", "first").release(UPLOADED)
    together = threading.Barrier(4)

    def finish(number: int) -> str:
        document = ledger._free("b", "k.mp4", f"worker {number}")
        together.wait(10)
        try:
            return str(ledger._take(document, f"worker {number}", {"state": READY}, None).body["owner"])
        except LedgerBusyError:
            return ""

    with ThreadPoolExecutor(4) as pool:
        winners = [name for name in pool.map(finish, range(4)) if name]
    record = ledger.read("b", "k.mp4")
    assert record is not None
    assert winners == [record["owner"]]


def test_keys_of_any_form_have_their_own_record(ledger: Ledger) -> None:
    keys = ["a b.mp4", "a//b.mp4", "ä😀.mp4", "x" * 1000 + ".mp4", "../../x.mp4", "a'\"b.mp4"]
    for key in keys:
        ledger.claim("b", key, "w").release(FAILED)
    assert all(ledger.read("b", key)["key"] == key for key in keys)  # type: ignore[index]


def test_documents_conflict_when_removed_meanwhile(s3: Any, bucket: str) -> None:
    documents = S3Documents(s3, bucket, "p/")
    document = documents.create("x.json", {"a": 1})
    s3.delete_object(Bucket=bucket, Key="p/x.json")
    with pytest.raises(DocumentConflictError):
        documents.replace(document, {"a": 2})
    assert documents.read("x.json") is None


def test_addresses_go_both_ways(s3: Any, bucket: str) -> None:
    documents = S3Documents(s3, bucket, "p/")
    assert documents.name_of(documents.uri("runs/1/plan.json")) == "runs/1/plan.json"
    with pytest.raises(ValueError, match="state prefix"):
        documents.name_of("s3://elsewhere/p/x.json")


class LostAnswers:
    """An S3 client whose answers to writes are lost, so that each write is sent a second time, as boto3 does."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def put_object(self, **request: Any) -> Any:
        self._client.put_object(**request)
        return self._client.put_object(**request)


def test_a_write_whose_answer_was_lost_is_no_conflict(s3: Any, bucket: str, clock: Clock) -> None:
    ledger = Ledger(S3Documents(LostAnswers(s3), bucket, "_kaltura/"), clock)
    record = ledger.claim("b", "k.mp4", "w")
    assert record.body["attempts"] == 1
    record.save(entry_id="0_x")
    record.release(FAILED, error="broken")
    read = ledger.read("b", "k.mp4")
    assert read is not None
    assert (read["state"], read["notes"]) == (FAILED, {"entry_id": "0_x"})


def test_a_write_that_s3_refused_for_nothing_is_sent_again(s3: Any, bucket: str) -> None:
    from botocore.exceptions import ClientError

    class Refusing(LostAnswers):
        refuse = True

        def put_object(self, **request: Any) -> Any:
            self.refuse = not self.refuse
            if not self.refuse:
                raise ClientError({"Error": {"Code": "ConditionalRequestConflict"}}, "PutObject")
            return s3.put_object(**request)

    documents = S3Documents(Refusing(s3), bucket, "p/")
    document = documents.create("x.json", {"a": 1})
    assert documents.replace(document, {"a": 2}).body == {"a": 2}


def test_addresses_hold_any_character(s3: Any, bucket: str) -> None:
    documents = S3Documents(s3, bucket, "a b#?%20/")
    assert documents.name_of(documents.uri("runs/x/plan.json")) == "runs/x/plan.json"
