"""The DAG of the benchmark: sensors that wait, one for each group of entries that its run names."""

from __future__ import annotations

from typing import Any

from airflow.sdk import dag, task

from kaltura_provider.sensors.entry import KalturaEntryReadySensor


@dag(schedule=None, params={"groups": []})
def kaltura_waiting() -> None:
    """Wait for entries."""

    @task
    def groups(**context: Any) -> list[list[str]]:
        found: list[list[str]] = context["params"]["groups"]
        return found

    KalturaEntryReadySensor.partial(task_id="wait", retries=0).expand(entry_ids=groups())


kaltura_waiting()
