"""Runs of a DAG in the whole stack, with what they cost."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from typing import Any

from demo.airflow_api import DONE, AirflowApi
from demo.stack import PARTNER_ID

from benchmarks.ingest.figures import RunFigures, tasks_of, xcom_of
from benchmarks.ingest.memory import MemoryWatch
from benchmarks.ingest.stand import KALTURA, S3, CountingStack

_HOURS = 3 * 3600


def run_dag(stack: CountingStack, api: AirflowApi, dag_id: str, conf: Mapping[str, Any], files: int) -> RunFigures:
    """Let Airflow run a DAG to its end, and count what that costs.

    :param stack: the servers.
    :param api: Airflow.
    :param dag_id: the DAG.
    :param conf: what its form says.
    :param files: how many titles the run is about.
    """
    stack.reset()
    before = stack.cpu()
    with MemoryWatch(stack.airflow_pid) as memory:
        started = time.monotonic()
        run_id = api.trigger(dag_id, dict(conf))
        state = _await(api, dag_id, run_id)
        seconds = time.monotonic() - started
    used = {server: seconds - before[server] for server, seconds in stack.cpu().items()}
    if state != "success":
        say(api.failure(dag_id, run_id))
    total, largest = xcom_of(stack.database, run_id)
    return RunFigures(
        files=files,
        state=state,
        seconds=seconds,
        kaltura=stack.requests(KALTURA),
        s3=stack.requests(S3),
        tasks=tasks_of(stack.database, run_id, memory.tasks, memory.cpu),
        xcom_bytes=total,
        xcom_largest=largest,
        helper_memory=memory.helper,
        helpers=memory.helpers,
        entries=entries_on(stack),
        servers=used,
    )


def _await(api: AirflowApi, dag_id: str, run_id: str) -> str:
    """Wait for the end of a run with few requests: Airflow answers them with the CPUs that are measured."""
    deadline, told = time.monotonic() + _HOURS, 0.0
    while time.monotonic() < deadline:
        state: str = api.get(f"dags/{dag_id}/dagRuns/{run_id}")["state"]
        if state in DONE:
            return state
        if time.monotonic() - told > 30:
            told = time.monotonic()
            path = f"dags/{dag_id}/dagRuns/{run_id}/taskInstances"
            ended = api.get(path, state="success", limit=1)["total_entries"]
            say(f"{ended} of {api.get(path, limit=1)['total_entries']} task instances have ended")
        time.sleep(1)
    raise TimeoutError(f"{run_id} did not end in {_HOURS} s")


def entries_on(stack: CountingStack) -> int:
    """Return how many entries with content Kaltura has."""
    from kaltura_provider.api import AdminSecretCredentials, ClientConfig, KalturaClient

    with KalturaClient(
        ClientConfig(stack.kaltura_url, PARTNER_ID), AdminSecretCredentials(stack.admin_secret)
    ) as client:
        filter = {"statusIn": "2", "moderationStatusIn": "1,2,3,5,6"}
        answer = client.call("baseEntry", "list", {"filter": filter, "pager": {"pageSize": 1, "pageIndex": 1}})
    return int(answer["totalCount"])


def say(text: str) -> None:
    """Tell how far it is, beside the results."""
    print(f"  {time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)
