"""The few calls of Airflow's REST API that the demonstration needs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

DONE = {"success", "failed"}


class RunFailedError(Exception):
    """A DAG run ended red."""


class AirflowApi:
    """A logged-in session.

    :param url: address of the API server.
    :param user: user name.
    :param password: password.
    """

    def __init__(self, url: str, user: str, password: str) -> None:
        import requests
        from urllib3.util import Retry

        self._url = url
        self._session = requests.Session()
        # SQLite answers "database is locked" as 500 when two writers meet; nothing was written then.
        retry = Retry(total=8, backoff_factor=0.3, status_forcelist=[500, 503], allowed_methods=None)
        self._session.mount("http://", requests.adapters.HTTPAdapter(max_retries=retry))
        token = self._session.post(f"{url}/auth/token", json={"username": user, "password": password}, timeout=30)
        token.raise_for_status()
        self._session.headers["Authorization"] = f"Bearer {token.json()['access_token']}"

    def get(self, path: str, **params: Any) -> Any:
        """GET below ``/api/v2``."""
        answer = self._session.get(f"{self._url}/api/v2/{path}", params=params, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """POST below ``/api/v2``."""
        answer = self._session.post(f"{self._url}/api/v2/{path}", json=body, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def dag_ids(self) -> set[str]:
        """Return the ids of the DAGs that Airflow knows."""
        return {dag["dag_id"] for dag in self.get("dags")["dags"]}

    def put_connection(self, connection_id: str, fields: dict[str, Any]) -> None:
        """Make a connection, or change the one there is."""
        import json

        body = {"connection_id": connection_id, **fields, "extra": json.dumps(fields.get("extra", {}))}
        answer = self._session.post(f"{self._url}/api/v2/connections", json=body, timeout=30)
        if answer.status_code == 409:
            answer = self._session.patch(f"{self._url}/api/v2/connections/{connection_id}", json=body, timeout=30)
        answer.raise_for_status()

    def pause(self, dag_id: str, *, paused: bool = True) -> None:
        """Keep a DAG from starting, or let it start again."""
        answer = self._session.patch(f"{self._url}/api/v2/dags/{dag_id}", json={"is_paused": paused}, timeout=30)
        answer.raise_for_status()

    def trigger(self, dag_id: str, conf: dict[str, Any]) -> str:
        """Start a DAG run; return its id."""
        answer = self._session.post(
            f"{self._url}/api/v2/dags/{dag_id}/dagRuns", json={"conf": conf, "logical_date": None}, timeout=60
        )
        if answer.status_code >= 400:
            raise RunFailedError(f"{dag_id} could not be started: {answer.text}")
        run_id: str = answer.json()["dag_run_id"]
        return run_id

    def runs(self, dag_id: str) -> list[dict[str, Any]]:
        """Return the runs of a DAG, newest first."""
        runs: list[dict[str, Any]] = self.get(f"dags/{dag_id}/dagRuns", order_by="-run_after", limit=50)["dag_runs"]
        return runs

    def tasks(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """Return the task instances of a run."""
        instances: list[dict[str, Any]] = self.get(f"dags/{dag_id}/dagRuns/{run_id}/taskInstances")["task_instances"]
        return instances

    def xcom(self, dag_id: str, run_id: str, task_id: str, key: str = "return_value") -> Any:
        """Return what a task handed on."""
        path = f"dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/xcomEntries/{key}"
        return self.get(path, deserialize="true")["value"]

    def answer(self, dag_id: str, run_id: str, task_id: str, choice: str) -> None:
        """Answer a task that asks a person, with one of its options, such as ``Approve``."""
        path = f"dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/-1/hitlDetails"
        body = {"chosen_options": [choice], "params_input": {}}
        answer = self._session.patch(f"{self._url}/api/v2/{path}", json=body, timeout=30)
        answer.raise_for_status()

    def failure(self, dag_id: str, run_id: str) -> str:
        """Return what the failed tasks of a run wrote as their errors."""
        lines = []
        for task in self.tasks(dag_id, run_id):
            if task["state"] != "failed":
                continue
            path = f"dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task['task_id']}/logs/{task['try_number']}"
            for event in self.get(path, map_index=task["map_index"], full_content="true")["content"]:
                if isinstance(event, dict) and event.get("level") == "error":
                    details = [detail["exc_value"] for detail in event.get("error_detail") or []]
                    lines.append(f"{task['task_id']}: " + "; ".join(details or [str(event["event"])]))
        return "\n".join(lines)

    def await_run(self, dag_id: str, run_id: str, seconds: float, progress: Callable[[str], None]) -> str:
        """Wait until a run ends; tell its tasks' changes; return its state.

        :raises TimeoutError: it did not end in time.
        """
        seen: dict[tuple[str, int], str] = {}
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            state: str = self.get(f"dags/{dag_id}/dagRuns/{run_id}")["state"]
            for task in self.tasks(dag_id, run_id):
                place = (task["task_id"], task["map_index"])
                if task["state"] not in (None, "scheduled", "queued") and seen.get(place) != task["state"]:
                    seen[place] = task["state"]
                    number = f"[{task['map_index']}]" if task["map_index"] >= 0 else ""
                    progress(f"{dag_id}.{task['task_id']}{number}: {task['state']}")
            if state in DONE:
                return state
            time.sleep(0.5)
        raise TimeoutError(f"{dag_id} {run_id} did not end in {seconds:.0f} s; its tasks' logs say where it hangs")
