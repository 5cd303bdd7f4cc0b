"""The parts of the ingest benchmark: its files, its goals, what it sees of processes and of Airflow's database."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from benchmarks.ingest import report
from benchmarks.ingest.figures import LoopFigures, RunFigures, TaskFigures, tasks_of, xcom_of
from benchmarks.ingest.files import LARGEST, SMALLEST, fill, make
from benchmarks.ingest.memory import MemoryWatch, cpu_seconds, high_water
from benchmarks.ingest.targets import evaluate
from demo.bucket import s3_client
from demo.stack import ROOT
from moto.server import ThreadedMotoServer

from kaltura_provider.api.content_types import recognize
from kaltura_sandbox.server import SandboxServer
from kaltura_sandbox.settings import Partner, Settings

MB = 1_000_000
TASKS = {"plan": TaskFigures(1, 60.0, 60.0, 250 * MB), "transfer": TaskFigures(100, 900.0, 15.0, 200 * MB)}
FIRST = RunFigures(
    10_000, "success", 600.0, {"multirequest": 10_400, "uploadToken.upload": 10_000, "media.addContent": 10_000},
    {"GetObject": 40_000, "PutObject": 50_000}, TASKS, 40_000, 20_000, entries=10_000,
)  # fmt: skip
AGAIN = replace(FIRST, seconds=25.0, kaltura={}, tasks={"plan": TASKS["plan"]})


def missed(first: RunFigures = FIRST, again: RunFigures = AGAIN) -> list[str]:
    return [target.name for target in evaluate(first, again) if not target.met]


# -- goals


def test_what_is_good_enough_meets_all_goals() -> None:
    assert missed() == []
    assert len(evaluate(FIRST, AGAIN)) == 14


@pytest.mark.parametrize(
    ("changes", "goal"),
    [
        ({"state": "failed"}, "new: the run succeeds"),
        ({"kaltura": {"multirequest": 40_001}}, "new: requests to Kaltura a file: at most 4"),
        ({"tasks": {**TASKS, "transfer": TaskFigures(250, 1.0, 1.0, MB)}}, "new: task instances: at most 250"),
        ({"xcom_bytes": 65_537}, "new: bytes of XCom: at most 65536"),
        ({"tasks": {"plan": TaskFigures(1, 1.0, 1.0, 301 * MB)}}, "new: MB of any task: at most 300"),
        ({"tasks": {"plan": TaskFigures(1, 1.0, 1.0, 0)}}, "new: MB of any task: at most 300"),
    ],
)
def test_a_run_over_new_files_misses_a_goal(changes: dict[str, Any], goal: str) -> None:
    assert missed(first=replace(FIRST, **changes)) == [goal]


def test_a_file_without_an_entry_is_a_miss() -> None:
    short = replace(FIRST, entries=9_999)
    assert missed(short, replace(AGAIN, entries=9_999)) == ["new: one entry a file", "unchanged: one entry a file"]


@pytest.mark.parametrize(
    ("changes", "goals"),
    [
        ({"kaltura": {"baseEntry.list": 201}}, ["unchanged: requests to Kaltura a file: at most 0.02"]),
        ({"seconds": 60.1}, ["unchanged: seconds: at most 60"]),
        ({"entries": 10_001}, ["unchanged: one entry a file", "unchanged: no further entry"]),
    ],
)
def test_a_run_over_unchanged_files_misses_a_goal(changes: dict[str, Any], goals: list[str]) -> None:
    assert missed(again=replace(AGAIN, **changes)) == goals


def test_a_table_names_requests_a_file_and_tasks() -> None:
    shown = report.run_table("New files", FIRST)
    assert "30400 requests, 3.040 a file: multirequest 10400" in shown
    assert "90000 requests, 9.00 a file: PutObject 50000, GetObject 40000" in shown
    assert [line.split()[:2] for line in shown.splitlines() if line.startswith("  transfer")] == [["transfer", "100"]]
    compared = report.loop_table(LoopFigures(200, 10.0, 801, 90 * MB), FIRST)
    assert "extrapolated to 10000 files: 500 s; the ingest took 1.20 times that" in compared


# -- files


def test_files_are_what_their_names_say_and_no_two_are_equal() -> None:
    files = [make(number, seed=3) for number in range(300)]
    assert files == [make(number, seed=3) for number in range(300)]
    assert len({body for _, body in files}) == len({key for key, _ in files}) == 300
    assert all(SMALLEST <= len(body) <= LARGEST for _, body in files)
    # Evenly over three orders of magnitude.
    for least, most in ((1_000, 10_000), (10_000, 100_000), (100_000, 1_000_000)):
        assert sum(least <= len(body) < most for _, body in files) > 60
    types = {content.mime_type for _, body in files if (content := recognize(body[:8192]))}
    assert types == {"application/pdf", "image/jpeg"}


# -- processes


def test_the_watch_sees_tasks_by_their_title() -> None:
    task = str(uuid.uuid4())
    hold = (
        "import sys\nfrom setproctitle import setproctitle\nsetproctitle(sys.argv[1])\nheld = b'x' * int(sys.argv[2])\n"
    )
    code = hold + "print('ready', flush=True)\nsys.stdin.read()\n"
    start = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {code!r}, *sys.argv[1:]])\n"
    # Like Airflow's, the task's process is a child of a child; the other one runs no task.
    for title, seen in ((f"airflow worker -- {task}", {task}), (f"airflow worker -- LocalExecutor: {task}", set())):
        with subprocess.Popen(
            [sys.executable, "-c", start, title, str(40 * MB)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            watch = MemoryWatch(process.pid)
            watch.look()
            process.communicate()
        assert {*watch.tasks} == seen
        assert all(40 * MB < size < 200 * MB for size in watch.tasks.values())


def test_a_high_water_mark_stays() -> None:
    code = (
        "held = b'x' * 80_000_000\ndel held\nfrom pathlib import Path\n"
        "from benchmarks.ingest.memory import high_water\nprint(high_water(Path('/proc/self')))"
    )
    done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=True, cwd=ROOT)
    assert int(done.stdout) > 80 * MB
    assert (high_water(Path("/proc/0")), cpu_seconds(Path("/proc/0"))) == (0, 0.0)


# -- Airflow's database


def test_tasks_and_xcoms_are_read_from_the_database(tmp_path: Path) -> None:
    path = tmp_path / "airflow.db"
    first, second, other = (str(uuid.uuid4()) for _ in range(3))
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE task_instance (id TEXT, task_id TEXT, run_id TEXT, duration REAL)")
        database.execute("CREATE TABLE xcom (run_id TEXT, value JSON)")
        rows: list[tuple[str, str, str, float | None]] = [
            (first, "transfer", "a", 2.0),
            (second, "transfer", "a", 3.0),
            (other, "transfer", "b", 9.0),
        ]
        rows.append((uuid.uuid4().hex, "verdict", "a", None))
        database.executemany("INSERT INTO task_instance VALUES (replace(?, '-', ''), ?, ?, ?)", rows)
        database.executemany("INSERT INTO xcom VALUES (?, ?)", [("a", '"é"'), ("a", None), ("b", '"long, long"')])
        database.commit()
    found = tasks_of(path, "a", {first: 7, second: 5, other: 99}, {first: 1.5, second: 1.0, other: 9.0})
    assert found == {"transfer": TaskFigures(2, 5.0, 3.0, 7, 2.5), "verdict": TaskFigures(1, 0.0, 0.0)}
    assert xcom_of(path, "a") == (4, 4), "in bytes, not characters"


# -- the loop over the official client


@pytest.fixture
def s3_url() -> Iterator[str]:
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def test_the_official_client_makes_an_entry_of_each_file(s3_url: str, tmp_path: Path) -> None:
    s3 = s3_client(s3_url)
    s3.create_bucket(Bucket="loop")
    size = fill(s3, "loop", 4)
    assert size == sum(len(make(number, 1)[1]) for number in range(4))
    partner = Partner(102, "secret-of-the-test", "user-secret-of-the-test")
    with SandboxServer(Settings(data=tmp_path, partners=(partner,))) as sandbox:
        job = {
            "kaltura": sandbox.url, "s3": s3_url, "secret": "secret-of-the-test", "partner": 102, "bucket": "loop",
            "files": 3, "seed": 1,
        }  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.ingest.loop"],
            input=json.dumps(job) + "\n", stdout=subprocess.PIPE, text=True, check=True, cwd=ROOT,
        )  # fmt: skip
        from kaltura_provider.api import AdminSecretCredentials, ClientConfig, KalturaClient

        with KalturaClient(ClientConfig(sandbox.url, 102), AdminSecretCredentials("secret-of-the-test")) as client:
            listed = client.call("baseEntry", "list", {"filter": {"statusIn": "2", "orderBy": "+name"}})
    assert [entry["name"] for entry in listed["objects"]] == ["file-000000.jpg", "file-000001.pdf", "file-000002.jpg"]
    result = json.loads(done.stdout)
    assert result["seconds"] > 0
    assert 20 * MB < result["memory"] < 400 * MB
