"""Run the tasks of a DAG one after the other, without Airflow's processes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


class TaskInstance:
    """Keeps what tasks hand to each other."""

    dag_id, run_id, map_index, task_id = "a_dag", "a_run", -1, ""

    def __init__(self) -> None:
        self.values: dict[tuple[str, str], Any] = {}

    def xcom_push(self, key: str, value: Any) -> None:
        self.values[self.task_id, key] = json.loads(json.dumps(value))

    def xcom_pull(self, task_ids: str, key: str = "return_value", **_: Any) -> Any:
        return self.values.get((task_ids, key))


def load(code: str, folder: Path) -> Any:
    """Load the one DAG of a DAG file, as Airflow does."""
    from airflow.dag_processing.dagbag import DagBag

    (folder / "example.py").write_text(code, encoding="utf-8")
    bag = DagBag(str(folder))
    assert bag.import_errors == {}
    (dag,) = bag.dags.values()
    return dag


def run(dag: Any, **context: Any) -> dict[str, Any]:
    """Run all tasks in their order; what could be deferred waits here.

    :return: what each task returned, by its id.
    """
    ti = TaskInstance()
    context = {"ti": ti, "params": {}, **context}
    results = {}
    for task in dag.topological_sort():
        ti.task_id = task.task_id
        if hasattr(task, "deferrable"):
            task.deferrable, task.poll_interval, task.poke_interval = False, 0.05, 0.05
        task.render_template_fields(context)
        results[task.task_id] = task.execute(context)
        ti.xcom_push("return_value", results[task.task_id])
    return results
