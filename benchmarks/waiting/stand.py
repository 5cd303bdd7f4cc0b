"""Airflow on PostgreSQL and a sandbox that converts nothing until it is told, with a counting proxy between them."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import psutil
import psycopg
from demo.media import audio
from demo.stack import PARTNER_ID
from tests.postgres import PORT, postgres_server

from benchmarks.ingest.stand import KALTURA, CountingStack

_DAGS = Path(__file__).parent / "dags"
# The half of it is longer than the benchmark.
_CONVERSION_SECONDS = 10 * 24 * 3600
_PRECONVERT, _READY = 1, 2
_A_REQUEST = 50
_BLOCKED = re.compile(r"async thread was blocked for ([\d.]+) seconds")


@dataclass(frozen=True)
class Traffic:
    """Requests to Kaltura since the counters were reset.

    :param calls: by action.
    :param received: bytes of their bodies.
    :param answered: bytes of the answers' bodies.
    """

    calls: Mapping[str, int]
    received: int
    answered: int


@dataclass(frozen=True)
class Usage:
    """What the triggerer's processes take.

    :param memory: bytes, shared ones counted by share (PSS).
    :param runner: bytes of the process that runs the triggers, among these.
    :param cpu: seconds of CPU so far.
    """

    memory: int
    runner: int
    cpu: float


class WaitingStack(CountingStack):
    """Airflow with its triggerer, and a Kaltura sandbox; no S3.

    :param state: an empty directory; nothing in it is used again.
    """

    dags = _DAGS
    # Conversions do not end by themselves.
    kaltura_options = ("--conversion-seconds", str(_CONVERSION_SECONDS))

    def __init__(self, state: Path) -> None:
        super().__init__(state)
        self._undo = ExitStack()

    def __enter__(self) -> WaitingStack:
        with ExitStack() as undo:
            socket = undo.enter_context(postgres_server())
            with psycopg.connect(_dsn(socket, "postgres"), autocommit=True) as connection:
                connection.execute("CREATE DATABASE airflow")
            url = f"postgresql+psycopg2://postgres@/airflow?host={socket}&port={PORT}"
            self._settings["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] = url
            # With hundreds of tasks to start, the scheduler's loop takes seconds, and each starts so many.
            self._settings["AIRFLOW__CORE__PARALLELISM"] = "16"
            super().__enter__()
            undo.push(super().__exit__)
            # Airflow makes its tables meanwhile.
            self._database = psycopg.connect(_dsn(socket, "airflow"), autocommit=True)
            undo.callback(self._database.close)
            self._undo = undo.pop_all()
        return self

    def __exit__(self, *failure: object) -> None:
        self._undo.close()

    def start_s3(self) -> None:
        """Start nothing: nothing here asks for S3."""

    def traffic(self) -> Traffic:
        """Return what has passed the proxy since :meth:`reset`."""
        counts = self._counts(KALTURA)
        received, answered = (sum(counts[name].values()) for name in ("bytes_received", "bytes_answered"))
        return Traffic(counts["calls"], received, answered)

    def new_entries(self, count: int) -> list[str]:
        """Upload sounds, whose conversion begins and does not end.

        :param count: how many.
        :return: their IDs.
        """
        from kaltura_provider.api import AdminSecretCredentials, ClientConfig, KalturaClient
        from kaltura_provider.api.multipart import FilePart

        config = ClientConfig(self.kaltura_url, PARTNER_ID)
        with KalturaClient(config, AdminSecretCredentials(self.admin_secret)) as client:

            def together(service: str, action: str, all_params: Sequence[Mapping[str, Any]]) -> list[Any]:
                batch = client.multirequest()
                for params in all_params:
                    batch.add(service, action, params)
                return batch.send()

            def some(first: int, number: int) -> Iterator[str]:
                named = [{"entry": {"mediaType": 5, "name": f"Talk {first + each}"}} for each in range(number)]
                entries = [str(entry["id"]) for entry in together("media", "add", named)]
                files = [{"uploadToken": {"fileName": "talk.mp3"}}] * number
                tokens = [str(token["id"]) for token in together("uploadToken", "add", files)]
                for token in tokens:
                    part = FilePart.of_bytes("talk.mp3", audio(1))
                    client.call("uploadToken", "upload", {"uploadTokenId": token}, files={"fileData": part})
                pairs = zip(entries, tokens, strict=True)
                resource = "KalturaUploadedFileTokenResource"
                contents = [
                    {"entryId": entry, "resource": {"objectType": resource, "token": token}} for entry, token in pairs
                ]
                states = {answer["status"] for answer in together("media", "addContent", contents)}
                if states != {_PRECONVERT}:
                    raise RuntimeError(f"entries are in states {states}, not in conversion")
                yield from entries

            starts = range(0, count, _A_REQUEST)
            return list(chain.from_iterable(some(start, min(_A_REQUEST, count - start)) for start in starts))

    def let_be_ready(self, entry_ids: Sequence[str]) -> float:
        """Make entries READY, all at the same moment; return that moment in seconds since 1970.

        :param entry_ids: the entries.
        """
        from kaltura_sandbox.services.entries import entries
        from kaltura_sandbox.store import Store

        (path,) = (self.state / "kaltura").glob("*.sqlite3")
        store = Store(path)
        try:
            with store.transaction():
                for entry_id in entry_ids:
                    entries(store).update(entry_id, status=_READY, duration=1, msDuration=1000)
            return time.time()
        finally:
            store.close()

    def states(self, run_id: str) -> dict[str, int]:
        """Return how many task instances of ``wait`` are in which state.

        :param run_id: the run.
        """
        query = (
            "SELECT coalesce(state, 'none'), count(*) FROM task_instance "
            "WHERE run_id = %s AND task_id = 'wait' GROUP BY 1"
        )
        return {str(state): int(count) for state, count in self._database.execute(query, (run_id,))}

    def triggers(self) -> int:
        """Return how many triggers a triggerer has taken."""
        row = self._database.execute("SELECT count(*) FROM trigger WHERE triggerer_id IS NOT NULL").fetchone()
        return int(row[0]) if row else 0

    def slots(self) -> int:
        """Return how many tasks hold a worker, or are about to."""
        query = "SELECT count(*) FROM task_instance WHERE state IN ('queued', 'running', 'restarting')"
        row = self._database.execute(query).fetchone()
        return int(row[0]) if row else 0

    def moments(self, run_id: str) -> list[tuple[float, float]]:
        """Return, for each task instance of ``wait``, when its trigger's event was stored and when it ended.

        :param run_id: the run; it has ended.
        :return: seconds since 1970. Airflow schedules a task anew when it stores the event.
        """
        query = (
            "SELECT extract(epoch FROM scheduled_dttm), extract(epoch FROM end_date) FROM task_instance "
            "WHERE run_id = %s AND task_id = 'wait' AND state = 'success'"
        )
        return [(float(stored), float(ended)) for stored, ended in self._database.execute(query, (run_id,))]

    def triggerer(self) -> Usage:
        """Return what the triggerer's processes take at this moment."""
        sizes: dict[psutil.Process, int] = {}
        cpu = 0.0
        for process in psutil.Process(self.airflow_pid).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                if "triggerer" in " ".join(process.cmdline()):
                    sizes[process] = process.memory_full_info().pss
                    times = process.cpu_times()
                    cpu += times.user + times.system
        # The supervisor has started the runner, and the server of logs.
        return Usage(sum(sizes.values()), max(sizes.values(), default=0), cpu)

    @contextmanager
    def blocked(self) -> Iterator[list[float]]:
        """Fill a list with the times for which the triggerer says its event loop was blocked, in seconds."""
        log = self.state / "airflow.log"
        start = log.stat().st_size
        found: list[float] = []
        yield found
        with log.open("rb") as file:
            file.seek(start)
            found += [float(seconds) for seconds in _BLOCKED.findall(file.read().decode(errors="replace"))]


def _dsn(socket: Path, database: str) -> str:
    return f"host={socket} port={PORT} user=postgres dbname={database}"
