"""What runs inside a clean environment: is the provider there, does its form show, do its DAGs run.

It is given to that environment's interpreter as a file, and imports nothing of this repository. The first argument is
the file for its answer.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any


def main() -> None:
    answer: dict[str, Any] = {}
    answer["form"] = _form()
    from airflow.dag_processing.dagbag import DagBag

    import kaltura_provider

    answer["where"] = kaltura_provider.__file__
    bag = DagBag()
    answer["errors"] = bag.import_errors
    answer["dags"] = sorted(bag.dags)
    answer["runs"] = {}
    day = datetime.now(timezone.utc).date()
    _run(bag, answer, "kaltura_ingest", {})
    _run(bag, answer, "kaltura_publish", {"entry_ids": _entries()})
    _run(bag, answer, "kaltura_report", {"day": day.isoformat()})
    Path(sys.argv[1]).write_text(json.dumps(answer))


def _form() -> list[str]:
    """Return the names of the fields that the UI's form for a connection has beside Airflow's own."""
    from airflow.api_fastapi.core_api.services.ui.connections import HookMetaService

    (told,) = (each for each in HookMetaService.hook_meta_data() if each.connection_type == "kaltura")
    return sorted(told.extra_fields or {})


def _entries() -> list[str]:
    from kaltura_provider.hooks.kaltura import KalturaHook

    with KalturaHook().get_conn() as client:
        return [entry["id"] for entry in client.iterate("baseEntry", "list", {})]


def _run(bag: Any, answer: dict[str, Any], dag_id: str, conf: dict[str, Any]) -> None:
    # Each at a moment of its own, as runs are told apart by it.
    moment = datetime.now(timezone.utc) - timedelta(minutes=10 - len(answer["runs"]))
    run = bag.dags[dag_id].test(logical_date=moment, run_after=moment, run_conf=conf)
    tasks = {f"{each.task_id}[{each.map_index}]": str(each.state) for each in run.get_task_instances()}
    answer["runs"][dag_id] = {"state": str(run.state), "tasks": tasks}


if __name__ == "__main__":
    main()
