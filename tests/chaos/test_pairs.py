"""Two workers on the same file at the same instant, fifty times: fifty entries."""

from __future__ import annotations

import multiprocessing
import os
import time
from typing import Any

import pytest
from demo.media import audio

from kaltura_provider.api import KalturaClient
from kaltura_sandbox.server import SandboxServer
from tests.provider.airflow_fixtures import BUCKET, FakeTaskInstance

PAIRS = 50


def work(name: str, keys: list[str], barrier: Any, results: Any) -> None:
    """What one of two workers does: upload each file at the same moment as the other, and try again if it was busy."""
    from kaltura_provider.transfers.ledger import LedgerBusyError
    from kaltura_provider.transfers.s3_to_kaltura import S3ToKalturaOperator

    for key in keys:
        context: Any = {"ti": FakeTaskInstance(dag_id=name)}
        busy = 0
        barrier.wait(60)
        while True:
            try:
                result = S3ToKalturaOperator(task_id="upload", s3_bucket=BUCKET, s3_key=key).execute(context)
                break
            except LedgerBusyError:
                busy += 1
                # Airflow waits minutes before it tries again.
                time.sleep(0.1)
        results.put((name, key, result["entry_id"], result["created"], busy))


@pytest.mark.timeout(200)
def test_fifty_pairs_make_fifty_entries(s3: Any, client: KalturaClient, sandbox: SandboxServer) -> None:
    keys = [f"pairs-{os.getpid()}/{number}.mp3" for number in range(PAIRS)]
    for key in keys:
        s3.put_object(Bucket=BUCKET, Key=key, Body=audio(1))
    processes = multiprocessing.get_context("spawn")
    barrier, results = processes.Barrier(2), processes.Queue()
    pair = [processes.Process(target=work, args=(name, keys, barrier, results)) for name in ("one", "two")]
    for process in pair:
        process.start()
    found = [results.get(timeout=150) for _ in range(2 * PAIRS)]
    for process in pair:
        process.join(30)
        assert process.exitcode == 0
    by_key: dict[str, list[tuple[str, bool, int]]] = {}
    for _, key, entry_id, created, busy in found:
        by_key.setdefault(key, []).append((entry_id, created, busy))
    assert len(by_key) == PAIRS
    for key, outcomes in by_key.items():
        assert len({entry_id for entry_id, _, _ in outcomes}) == 1, key
        assert sorted(created for _, created, _ in outcomes) == [False, True], key
    # Counted in the server's own database: no entry that nobody knows of is left over.
    names = {key.rsplit("/", 1)[-1].removesuffix(".mp3") for key in keys}
    stored = sandbox.sandbox.store.collection("entry").find()
    live = [entry["id"] for entry in stored if entry["status"] != 3 and entry.get("name") in names]
    assert sorted(live) == sorted(outcomes[0][0] for outcomes in by_key.values())
    open_tokens = client.call("uploadToken", "list", {"filter": {"statusIn": "0,1,2"}})["objects"]
    assert open_tokens == []
    assert any(busy for outcomes in by_key.values() for _, _, busy in outcomes), "they did meet"
