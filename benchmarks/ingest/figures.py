"""What is measured of a run of the ingest, and of the loop it is compared with."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class TaskFigures:
    """Task instances of one task: how many, and how long they took.

    :param count: task instances.
    :param seconds: of all together.
    :param longest: seconds of the longest.
    :param memory: most bytes of a process of theirs; 0 if none was seen.
    :param cpu: seconds of CPU of their processes together.
    """

    count: int
    seconds: float
    longest: float
    memory: int = 0
    cpu: float = 0.0


@dataclass(frozen=True)
class RunFigures:
    """One DAG run.

    :param files: objects in the bucket.
    :param state: how the run ended.
    :param seconds: from its trigger to its end.
    :param kaltura: HTTP requests to Kaltura by action; a multirequest is one.
    :param s3: requests to S3 by operation.
    :param tasks: by task ID.
    :param xcom_bytes: bytes of the run's XComs in Airflow's database.
    :param xcom_largest: bytes of the largest of them.
    :param helper_memory: most bytes of a process that looked into media files.
    :param helpers: most such processes at once.
    :param entries: entries on Kaltura when it ended.
    :param servers: seconds of CPU of each server.
    """

    files: int
    state: str
    seconds: float
    kaltura: Mapping[str, int]
    s3: Mapping[str, int]
    tasks: Mapping[str, TaskFigures] = field(default_factory=dict)
    xcom_bytes: int = 0
    xcom_largest: int = 0
    helper_memory: int = 0
    helpers: int = 0
    entries: int = 0
    servers: Mapping[str, float] = field(default_factory=dict)

    @property
    def calls_a_file(self) -> float:
        """Requests to Kaltura for each file."""
        return sum(self.kaltura.values()) / self.files

    @property
    def s3_a_file(self) -> float:
        """Requests to S3 for each file."""
        return sum(self.s3.values()) / self.files

    @property
    def instances(self) -> int:
        """Task instances."""
        return sum(task.count for task in self.tasks.values())

    @property
    def memory(self) -> int:
        """Most bytes of a process that ran a task."""
        return max((task.memory for task in self.tasks.values()), default=0)


@dataclass(frozen=True)
class LoopFigures:
    """The loop over the official client.

    :param files: how many files it sent.
    :param seconds: how long that took.
    :param calls: HTTP requests to Kaltura.
    :param memory: most bytes its process held.
    """

    files: int
    seconds: float
    calls: int
    memory: int

    def extrapolated(self, files: int) -> float:
        """Return how many seconds it would take for more files, each taking as long as those it sent."""
        return self.seconds / self.files * files


def tasks_of(
    database: Path, run_id: str, memory: Mapping[str, int], cpu: Mapping[str, float]
) -> dict[str, TaskFigures]:
    """Read what Airflow has noted of a run's task instances.

    :param database: Airflow's SQLite database.
    :param run_id: the run.
    :param memory: bytes by ID of the task instance; see :class:`benchmarks.ingest.memory.MemoryWatch`.
    :param cpu: seconds of CPU by the same ID.
    """
    # SQLite keeps UUIDs without hyphens.
    held = {name.replace("-", ""): size for name, size in memory.items()}
    used = {name.replace("-", ""): seconds for name, seconds in cpu.items()}
    found: dict[str, TaskFigures] = {}
    query = "SELECT id, task_id, coalesce(duration, 0) FROM task_instance WHERE run_id = ?"
    for identity, task_id, seconds in _query(database, query, run_id):
        name = identity.replace("-", "")
        before = found.get(task_id, TaskFigures(0, 0.0, 0.0))
        found[task_id] = TaskFigures(
            before.count + 1,
            before.seconds + seconds,
            max(before.longest, seconds),
            max(before.memory, held.get(name, 0)),
            before.cpu + used.get(name, 0.0),
        )
    return found


def xcom_of(database: Path, run_id: str) -> tuple[int, int]:
    """Return how many bytes the XComs of a run have in Airflow's database, and the largest of them."""
    query = "SELECT coalesce(length(CAST(value AS BLOB)), 0) FROM xcom WHERE run_id = ?"
    sizes = [size for (size,) in _query(database, query, run_id)]
    return sum(sizes), max(sizes, default=0)


def _query(database: Path, query: str, run_id: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=60)) as connection:
        return connection.execute(query, (run_id,)).fetchall()
