"""The worker dies in the middle of an upload; Airflow tries the task again, and the upload goes on."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import threading
import time
import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import psutil
import pytest
import requests
from demo.bucket import s3_client

from tests.system.tools import kaltura_client

if TYPE_CHECKING:
    from demo.airflow_api import AirflowApi
    from demo.stack import LocalStack

    from kaltura_sandbox.faults import FaultProxy
    from kaltura_sandbox.faults.request import Request

pytestmark = [pytest.mark.system, pytest.mark.timeout(400)]

KEY = "lectures/long film.mp4"
SIZE = 60_000_000
PARTS_BEFORE_DEATH = 3


@pytest.fixture
def bucket(stack: LocalStack) -> str:
    name = f"resume-{uuid.uuid4().hex[:8]}"
    stack.s3.create_bucket(Bucket=name)
    return name


@pytest.fixture
def proxy(stack: LocalStack, airflow_api: AirflowApi) -> Iterator[FaultProxy]:
    """A line between the tasks and Kaltura that the test can hold."""
    from kaltura_sandbox.faults import FaultProxy

    connection = stack.kaltura_connection()
    with FaultProxy(stack.kaltura_url) as line:
        airflow_api.put_connection("kaltura_default", {**connection, "port": line.port})
        yield line
        airflow_api.put_connection("kaltura_default", connection)


class Killer:
    """Lets the first parts of an upload pass, and kills the task's process once the ledger knows of them.

    :param stack: the servers.
    :param bucket: where the ledger is.
    """

    def __init__(self, stack: LocalStack, bucket: str) -> None:
        self.killed: int | None = None
        self._stack = stack
        self._bucket = bucket
        self._port = 0
        self._parts = 0
        self._lock = threading.Lock()

    def watch(self, line: FaultProxy) -> None:
        """Begin to look at the requests."""
        self._port = line.port
        line.judge = self

    def __call__(self, request: Request) -> None:
        """Hold what comes after the first parts until the process is dead."""
        if not request.upload_token or self.killed:
            return
        with self._lock:
            self._parts += 1
            if self._parts <= PARTS_BEFORE_DEATH:
                return
        with self._lock:
            if self.killed is None:
                self._await_note()
                self.killed = self._client()
                os.kill(self.killed, signal.SIGKILL)

    def _await_note(self) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            notes = ledger_record(self._stack, self._bucket).get("notes", {})
            ranges = json.loads(notes.get("confirmed") or '{"ranges": []}')["ranges"]
            # More than the tiny first part.
            if sum(end - start for start, end, _ in ranges) > 1_000_000:
                return
            time.sleep(0.1)
        raise TimeoutError("the ledger never heard of the parts that came")

    def _client(self) -> int:
        """The one process that talks through the line; it is Airflow's task."""
        mine = {
            each.pid
            for each in psutil.net_connections("tcp")
            if each.raddr and each.raddr.port == self._port and each.pid not in (None, os.getpid())
        }
        (pid,) = mine
        assert pid is not None
        return pid


def ledger_record(stack: LocalStack, bucket: str) -> dict[str, Any]:
    """What the ledger says of the only file."""
    from demo.run import STATE_PREFIX

    from kaltura_provider.hooks.s3_documents import S3Documents

    documents = S3Documents(s3_client(stack.s3_url), bucket, STATE_PREFIX)
    for name in documents.names("ledger/"):
        if (document := documents.read(name)) is not None:
            return dict(document.body)
    return {}


def film() -> bytes:
    """A film of 60 MB: a short one, and a box that players skip."""
    from demo.media import video

    short = video(1)
    free = SIZE - len(short)
    return short + free.to_bytes(4, "big") + b"free" + os.urandom(free - 8)


def log_of(api: AirflowApi, run_id: str, attempt: int) -> str:
    """The log of a try of the task that uploads."""
    path = f"dags/kaltura_ingest/dagRuns/{run_id}/taskInstances/transfer/logs/{attempt}"
    content = api.get(path, map_index=0, full_content="true")["content"]
    return "\n".join(str(line.get("event", "")) if isinstance(line, dict) else str(line) for line in content)


def test_a_killed_task_is_tried_again_and_goes_on(
    stack: LocalStack, airflow_api: AirflowApi, bucket: str, proxy: FaultProxy
) -> None:
    data = film()
    stack.s3.put_object(Bucket=bucket, Key=KEY, Body=data)
    killer = Killer(stack, bucket)
    killer.watch(proxy)

    run_id = airflow_api.trigger("kaltura_ingest", {"bucket": bucket})
    state = airflow_api.await_run("kaltura_ingest", run_id, 300, lambda _: None)

    assert killer.killed, "the process was not killed"
    assert state == "success", airflow_api.failure("kaltura_ingest", run_id)
    (task,) = (task for task in airflow_api.tasks("kaltura_ingest", run_id) if task["task_id"] == "transfer")
    assert (task["state"], task["try_number"]) == ("success", 2)

    # The second try says from where it goes on, and what that saved.
    log = log_of(airflow_api, run_id, 2)
    said = re.search(
        r"long film\.mp4 goes on at byte (\d+): (\d+) of (\d+) bytes came with an earlier try and are not sent", log
    )
    assert said, log
    place, saved, total = (int(number) for number in said.groups())
    assert total == SIZE
    assert 0 < place <= saved > 1_000_000

    # So much less was sent; what was on its way when the process died came in part only.
    (sent,) = proxy.counts.part_bytes.values()
    assert sent - SIZE <= 4 * 15_000_000
    record = ledger_record(stack, bucket)
    assert record["attempts"] == 2
    with kaltura_client(stack) as client:
        entry = client.call("baseEntry", "get", {"entryId": record["entry_id"]})
        found = client.call("baseEntry", "list", {"filter": {"referenceIdEqual": entry["referenceId"]}})
    assert found["totalCount"] == 1
    stored = requests.get(entry["downloadUrl"], timeout=60).content
    assert hashlib.sha256(stored).digest() == hashlib.sha256(data).digest()
