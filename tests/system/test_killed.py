"""All of Airflow is killed in the middle of a large ingest, and started again: every file is there once."""

from __future__ import annotations

import hashlib
import io
import shutil
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import psutil
import pytest
import requests
from demo.bucket import s3_client
from demo.stack import USER, LocalStack

from tests.system.tools import entries

if TYPE_CHECKING:
    from kaltura_sandbox.faults import FaultProxy
    from kaltura_sandbox.faults.request import Request

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

BUCKET = "five-hundred"
FILES = 500
# The line to Kaltura is held after so many uploads, and Airflow dies when so many requests wait there: one of each of
# the four tasks at least, among them the upload that was one too many.
BEFORE_DEATH = 150
IN_FLIGHT = 4


class MortalStack(LocalStack):
    """Servers whose Airflow can be killed and started again, behind a line to Kaltura that can be held."""

    line: FaultProxy

    def airflow_environment(self) -> dict[str, str]:
        return {
            **super().airflow_environment(),
            # By default a scheduler counts as dead after 30 s, and its tasks are looked for every 5 minutes.
            "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "20",
            "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "5",
            # On a busy machine the new scheduler starts tasks long before the new API server answers them; those that
            # give up wait a minute for their next try.
            "AIRFLOW__WORKERS__EXECUTION_API_RETRIES": "40",
            "AIRFLOW__WORKERS__EXECUTION_API_RETRY_WAIT_MAX": "3",
        }

    def start_kaltura(self) -> None:
        from kaltura_sandbox.faults import FaultProxy

        super().start_kaltura()
        self.line = FaultProxy(self.kaltura_url)
        self.line.start()

    def kaltura_connection(self) -> dict[str, Any]:
        return {**super().kaltura_connection(), "port": self.line.port}

    def kill_airflow(self) -> int:
        """Kill scheduler, workers, tasks and all else of Airflow with SIGKILL; return how many processes that were."""
        assert self._airflow is not None
        root = psutil.Process(self._airflow.process.pid)
        # Frozen first: what a living parent starts meanwhile would get away.
        frozen: set[psutil.Process] = set()
        while new := {root, *root.children(recursive=True)} - frozen:
            for process in new:
                process.suspend()
            frozen |= new
        for process in frozen:
            process.kill()
        _, alive = psutil.wait_procs(frozen, timeout=10)
        assert not alive
        return len(frozen)

    def start_airflow_again(self) -> None:
        """Start Airflow with the database, the logs and the settings that the dead one left."""
        self._airflow = self._processes.start(
            "airflow-again", [sys.executable, "-m", "airflow", "standalone"], self.airflow_environment()
        )
        self.await_airflow()


class Gate:
    """Lets a number of uploads pass; from then on every request to Kaltura waits, whatever it is."""

    def __init__(self) -> None:
        self.full = threading.Event()
        self.held: Counter[str] = Counter()
        self._opened = threading.Event()
        self._uploads = 0
        self._lock = threading.Lock()

    def __call__(self, request: Request) -> None:
        with self._lock:
            self._uploads += bool(request.upload_token)
            if self._uploads <= BEFORE_DEATH or self._opened.is_set():
                return
            self.held[" + ".join(sorted(set(request.items))) or request.action] += 1
            if self.held.total() >= IN_FLIGHT:
                self.full.set()
        self._opened.wait(120)

    def open(self) -> None:
        """Pass on what waits, though nobody is left to read the answers."""
        self._opened.set()


@pytest.fixture
def mortal() -> Iterator[MortalStack]:
    from tests.conftest import LOGS

    shutil.rmtree(LOGS / "mortal-stack", ignore_errors=True)
    with MortalStack(LOGS / "mortal-stack") as running:
        running.s3.create_bucket(Bucket=BUCKET)
        yield running
        running.line.stop()


def make_files() -> dict[str, bytes]:
    """Small files, each of another content: pictures and documents, and a tone here and there."""
    from demo.media import audio, document
    from PIL import Image

    tone, page = audio(1), document()
    files: dict[str, bytes] = {}
    for number in range(FILES):
        if number % 10 == 0:
            # An ID3 tag of the first version: 128 bytes at the end.
            files[f"term/{number:03d}.mp3"] = tone + b"TAG" + f"{number:030d}".encode().ljust(125, b"\0")
        elif number % 10 < 4:
            files[f"term/{number:03d}.pdf"] = page + f"\n% copy {number}\n".encode()
        else:
            file = io.BytesIO()
            Image.new("RGB", (64, 36), (number % 256, number // 256, 90)).save(file, "PNG")
            files[f"term/{number:03d}.png"] = file.getvalue()
    assert len({hashlib.sha256(data).digest() for data in files.values()}) == FILES
    return files


def ledger_states(stack: LocalStack) -> Counter[str]:
    """How many files the ledger has in each state."""
    from demo.run import STATE_PREFIX

    from kaltura_provider.hooks.s3_documents import S3Documents
    from kaltura_provider.transfers.ledger import Ledger

    documents = S3Documents(s3_client(stack.s3_url), BUCKET, STATE_PREFIX)
    return Counter(record["state"] for record in Ledger(documents).records())


def digests(made: list[dict[str, Any]]) -> dict[str, str]:
    """The SHA-256 of what each entry holds, by reference ID."""

    def fetch(entry: dict[str, Any]) -> str:
        answer = requests.get(entry["downloadUrl"], timeout=60)
        answer.raise_for_status()
        return hashlib.sha256(answer.content).hexdigest()

    with ThreadPoolExecutor(8) as threads:
        found = threads.map(fetch, made)
        return {entry["referenceId"]: digest for entry, digest in zip(made, found, strict=True)}


def test_nothing_is_lost_or_doubled_when_all_of_airflow_dies(
    mortal: MortalStack, capsys: pytest.CaptureFixture[str]
) -> None:
    """The run goes on by Airflow's own recovery: the new scheduler finds that the old one is dead, takes its queued and
    running tasks for orphans, and runs them again as their next try. No second run is started.
    """
    from demo.airflow_api import AirflowApi

    from kaltura_provider.transfers.upload import reference_id_of

    files = make_files()
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda key: mortal.s3.put_object(Bucket=BUCKET, Key=key, Body=files[key]), files))
    mortal.await_airflow()
    gate = Gate()
    mortal.line.judge = gate
    run_id = AirflowApi(mortal.airflow_url, USER, mortal.password).trigger("kaltura_ingest", {"bucket": BUCKET})
    assert gate.full.wait(180), "the transfer did not get so far"

    killed = mortal.kill_airflow()
    gate.open()
    mortal.line.wait_until_idle(30)
    at_death = ledger_states(mortal)
    assert at_death["uploaded"] > 100, "many files were done"
    assert at_death["claimed"] >= 1, "some were on their way"
    assert at_death.total() < FILES / 2, "and most had not begun"

    mortal.start_airflow_again()
    api = AirflowApi(mortal.airflow_url, USER, mortal.password)
    state = api.await_run("kaltura_ingest", run_id, 240, lambda _: None)
    assert state == "success", api.failure("kaltura_ingest", run_id)
    assert [run["dag_run_id"] for run in api.runs("kaltura_ingest")] == [run_id]
    tries = Counter(task["try_number"] for task in api.tasks("kaltura_ingest", run_id) if task["task_id"] == "transfer")
    assert max(tries) > 1, "tasks that were killed ran again"
    with capsys.disabled():
        print(  # noqa: T201
            f"\n{killed} processes killed at {dict(at_death)}, requests on their way {dict(gate.held)}; {dict(tries)}"
        )

    made = entries(mortal)
    wanted = {reference_id_of(f"s3://{BUCKET}/{key}"): hashlib.sha256(data).hexdigest() for key, data in files.items()}
    # No entry twice, none without a source, none missing; and each holds the bytes of its own source.
    assert sorted(entry["referenceId"] for entry in made) == sorted(wanted)
    assert digests(made) == wanted
    assert ledger_states(mortal) == {"ready": FILES}
