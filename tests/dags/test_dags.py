"""The DAG files: they load, say what they are, and can be repeated."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from tests.conftest import ROOT

from kaltura_provider.policies.retry import KALTURA_RETRY_POLICY

if TYPE_CHECKING:
    from airflow.dag_processing.dagbag import DagBag


@pytest.fixture(scope="module")
def dag_bag() -> DagBag:
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(str(ROOT / "dags"))


def test_there_are_four_and_none_has_an_error(dag_bag: DagBag) -> None:
    assert dag_bag.import_errors == {}
    assert set(dag_bag.dags) == {"kaltura_ingest", "kaltura_publish", "kaltura_reconcile", "kaltura_report"}


def test_every_dag_explains_itself_and_retries(dag_bag: DagBag) -> None:
    for dag in dag_bag.dags.values():
        assert dag.doc_md
        assert dag.doc_md.strip().startswith("###")
        assert "kaltura" in dag.tags
        for task in dag.tasks:
            assert task.doc_md, f"{dag.dag_id}.{task.task_id} has no doc_md"
            if task.task_id != "verdict":  # it only tells what was found
                assert (task.retries or 0) >= 2
                assert KALTURA_RETRY_POLICY is None or task.retry_policy is not None


def test_the_dags_are_chained_by_assets(dag_bag: DagBag) -> None:
    outlets = {
        dag_id: {asset.name for task in dag.tasks for asset in task.outlets} for dag_id, dag in dag_bag.dags.items()
    }
    assert outlets == {
        "kaltura_ingest": {"kaltura_entries"},
        "kaltura_publish": {"kaltura_pages"},
        "kaltura_reconcile": set(),
        "kaltura_report": {"kaltura_report"},
    }
    condition: Any = dag_bag.dags["kaltura_publish"].timetable.asset_condition
    assert [asset.name for asset in condition.objects] == ["kaltura_entries"]


def test_the_files_parse_quickly() -> None:
    from airflow.dag_processing.dagbag import DagBag

    started = time.perf_counter()
    DagBag(str(ROOT / "dags"))
    # Airflow gives up on a file after 30 s and warns about slow ones; a heavy import at the top would show here.
    assert time.perf_counter() - started < 5


def test_a_backfill_as_documented_reports_every_day_of_the_month(dag_bag: DagBag) -> None:
    import re

    import pendulum
    from airflow.timetables.base import TimeRestriction

    from kaltura_pipeline.reporting.daily import report_day

    text = (ROOT / "docs" / "pipeline.md").read_text()
    command = re.search(r"backfill create --dag-id kaltura_report --from-date (\S+) --to-date (\S+)", text)
    assert command
    first, last = (pendulum.from_format(day, "YYYY-MM-DD") for day in command.groups())
    timetable: Any = dag_bag.dags["kaltura_report"].timetable
    core: Any = _core_timetable(timetable)
    runs, info = [], None
    while True:
        info = core.next_dagrun_info(
            last_automated_data_interval=info.data_interval if info else None,
            restriction=TimeRestriction(first, last, catchup=True),
        )
        if info is None:
            break
        runs.append(report_day(None, info.logical_date, "UTC"))
    assert runs == [f"2026-11-{day:02d}" for day in range(1, 31)]


def _core_timetable(timetable: Any) -> Any:
    """Return the scheduler's timetable of a DAG file's one."""
    from airflow.serialization.decoders import decode_timetable
    from airflow.serialization.encoders import encode_timetable

    return decode_timetable(encode_timetable(timetable))


def test_a_batch_that_failed_does_not_stop_the_wait_for_the_others(dag_bag: DagBag) -> None:
    tasks = dag_bag.dags["kaltura_ingest"].task_dict
    for name in ("wait", "record", "verdict"):
        assert tasks[name].trigger_rule == "all_done", name


@pytest.mark.parametrize(
    ("planned", "dry_run", "shown"),
    [
        (None, False, ""),
        ({"uri": "s3://b/plan.json"}, False, "s3://b/plan.json"),
        ({"uri": "s3://b/plan.json"}, True, ""),
    ],
)
def test_only_a_plan_to_carry_out_is_waited_for_and_recorded(
    dag_bag: DagBag, planned: Any, dry_run: bool, shown: str
) -> None:
    class Planned:
        def xcom_pull(self, **_: str) -> Any:
            return planned

    dag = dag_bag.dags["kaltura_ingest"]
    context = {"ti": Planned(), "params": {"dry_run": dry_run}}
    for name in ("wait", "record"):
        task: Any = dag.task_dict[name]
        assert task.render_template(task.plan, context, dag.get_template_env()) == shown
