"""The index of the ledger: never wrong, whatever it says, and cheap when little changed."""

from __future__ import annotations

import gzip
from typing import Any

import pytest

from kaltura_pipeline.catalogue import Catalogue
from kaltura_pipeline.ledger_index import INDEX, LedgerIndex
from kaltura_provider.hooks.s3_documents import S3Documents
from kaltura_provider.transfers.ledger import READY, Ledger


@pytest.fixture
def documents(s3: Any, bucket: str) -> S3Documents:
    return S3Documents(s3, bucket, "_kaltura/")


def load(documents: S3Documents, bucket: str) -> tuple[int, dict[str, Any]]:
    """Load the index; return how many records were read one by one, and what it says of three keys."""
    with Catalogue.open() as catalogue:
        index = LedgerIndex(catalogue, documents)
        return index.load(), {key: index.find(bucket, key) for key in ("a", "b", "c")}


def put(documents: S3Documents, bucket: str, key: str, **fields: Any) -> None:
    Ledger(documents).claim(bucket, key, "test").release(READY, **fields)


def test_only_what_changed_is_read_again(documents: S3Documents, bucket: str) -> None:
    assert load(documents, bucket) == (0, {"a": None, "b": None, "c": None})
    put(documents, bucket, "a", entry_id="0_a")
    put(documents, bucket, "b", entry_id="0_b")
    read, found = load(documents, bucket)
    assert read == 2
    assert found["a"] == {"bucket": bucket, "key": "a", "state": "ready", "entry_id": "0_a"}
    assert load(documents, bucket)[0] == 0
    put(documents, bucket, "b", entry_id="0_other")
    Ledger(documents).forget(bucket, "a")
    read, found = load(documents, bucket)
    assert (read, found["a"], found["b"]["entry_id"]) == (1, None, "0_other")
    assert load(documents, bucket)[0] == 0


@pytest.mark.parametrize("content", [b"", b"no gzip", b"\x1f\x8b\x08\x00 cut off", gzip.compress(b"{}\n", mtime=0)])
def test_a_broken_index_costs_requests_only(s3: Any, documents: S3Documents, bucket: str, content: bytes) -> None:
    put(documents, bucket, "a", entry_id="0_a")
    load(documents, bucket)
    s3.put_object(Bucket=bucket, Key=f"_kaltura/{INDEX}", Body=content)
    read, found = load(documents, bucket)
    assert (read, found["a"]["entry_id"]) == (1, "0_a")
    assert load(documents, bucket)[0] == 0


def test_what_a_run_wrote_need_not_be_read(documents: S3Documents, bucket: str) -> None:
    ledger = Ledger(documents)
    for key in ("a", "b"):
        put(documents, bucket, key, entry_id="0_old")
    load(documents, bucket)
    put(documents, bucket, "b", entry_id="0_behind_our_back")
    with Catalogue.open() as catalogue:
        index = LedgerIndex(catalogue, documents)
        index.note(ledger.finish(bucket, "a", "test", READY, entry_id="0_new"))
        ledger.claim(bucket, "c", "test").release(READY)
        index.note(ledger.finish(bucket, "c", "test", READY, entry_id="0_c"))
        index.save()
    read, found = load(documents, bucket)
    assert read == 1, "only what nobody had told the index"
    entries = [found[key]["entry_id"] for key in ("a", "b", "c")]
    assert entries == ["0_new", "0_behind_our_back", "0_c"]


def test_a_run_that_wrote_no_record_leaves_the_index_alone(documents: S3Documents) -> None:
    with Catalogue.open() as catalogue:
        LedgerIndex(catalogue, documents).save()
    assert documents.open(INDEX) is None
