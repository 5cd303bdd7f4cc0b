"""What people see of the DAGs in Airflow: forms, owners, tags, assets and deadlines."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.conftest import ROOT

if TYPE_CHECKING:
    from airflow.dag_processing.dagbag import DagBag

#: Fields that a form may have before they are to be in sections.
_SHORT = 4


def read_dags() -> DagBag:
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(str(ROOT / "dags"))


@pytest.fixture(scope="module")
def dag_bag() -> DagBag:
    return read_dags()


def params(dag_bag: DagBag) -> list[tuple[str, str, dict[str, Any]]]:
    """Name, DAG and what is said of each field of the forms."""
    found = []
    for dag in dag_bag.dags.values():
        for name in dag.params:
            param = dag.params.get_param(name)
            found.append((name, dag.dag_id, {**param.schema, "description": param.description or ""}))
    return found


def test_every_field_of_the_forms_is_explained(dag_bag: DagBag) -> None:
    for name, dag_id, schema in params(dag_bag):
        assert schema.get("title"), f"{dag_id}: {name}"
        assert schema.get("description", "").endswith("."), f"{dag_id}: {name}"


def test_what_is_typed_in_has_an_example(dag_bag: DagBag) -> None:
    typed = 0
    for name, dag_id, schema in params(dag_bag):
        types = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
        if {"string", "array", "object"}.isdisjoint(types):
            continue
        choice = "enum" in schema or "examples" in schema
        shown = any(words in schema["description"] for words in ("such as", "for example", "Empty:", "a line"))
        assert choice or shown, f"{dag_id}: {name}"
        typed += 1
    assert typed > 10


def test_long_forms_are_in_sections_and_short_ones_open(dag_bag: DagBag) -> None:
    for dag in dag_bag.dags.values():
        sections = [dag.params.get_param(name).schema.get("section", "") for name in dag.params]
        # Airflow opens the fields without a section, and nothing else.
        assert 1 < sections.count("") <= _SHORT, dag.dag_id
        assert sections[0] == "", dag.dag_id
        if len(sections) > _SHORT:
            assert len(set(sections)) > 1, dag.dag_id


def test_the_same_field_has_the_same_name_in_every_form(dag_bag: DagBag) -> None:
    titles: dict[str, set[str]] = {}
    for name, _, schema in params(dag_bag):
        titles.setdefault(name, set()).add(schema["title"].partition(" for ")[0])
    assert {name: found for name, found in titles.items() if len(found) > 1} == {}


def test_dags_can_be_found_by_tag_and_owner(dag_bag: DagBag, monkeypatch: pytest.MonkeyPatch) -> None:
    for dag in dag_bag.dags.values():
        assert {"kaltura", dag.dag_id.removeprefix("kaltura_")} <= set(dag.tags)
        assert dag.description
        assert dag.owner == "kaltura"
    monkeypatch.setenv("KALTURA_PIPELINE_OWNER", "media-team")
    assert {dag.owner for dag in read_dags().dags.values()} == {"media-team"}


def test_assets_are_a_group_and_say_what_they_are(dag_bag: DagBag) -> None:
    seen = {}
    for dag in dag_bag.dags.values():
        for task in dag.tasks:
            for asset in (*task.inlets, *task.outlets):
                seen[asset.name] = asset
    assert sorted(seen) == ["kaltura_entries", "kaltura_pages", "kaltura_report", "kaltura_source_objects"]
    for asset in seen.values():
        assert asset.group == "kaltura"
        assert asset.extra["is"]


def test_assets_tell_the_way_of_a_file(dag_bag: DagBag) -> None:
    """Files in S3 are read, become entries, get pages, and are reported on."""
    steps = {}
    for dag in dag_bag.dags.values():
        condition: Any = dag.timetable.asset_condition
        takes = {asset.name for task in dag.tasks for asset in task.inlets}
        takes |= {asset.name for asset in getattr(condition, "objects", ())}
        steps[dag.dag_id] = (takes, {asset.name for task in dag.tasks for asset in task.outlets})
    assert steps == {
        "kaltura_ingest": ({"kaltura_source_objects"}, {"kaltura_entries"}),
        "kaltura_publish": ({"kaltura_entries"}, {"kaltura_pages"}),
        "kaltura_report": ({"kaltura_pages"}, {"kaltura_report"}),
        "kaltura_reconcile": ({"kaltura_source_objects", "kaltura_entries"}, set()),
    }


def test_a_watched_asset_is_named_only_with_its_watcher(monkeypatch: pytest.MonkeyPatch) -> None:
    """Airflow would take the watcher away from an asset that any DAG file names without it."""
    monkeypatch.setenv("KALTURA_PIPELINE_INGEST_QUEUE", "https://sqs.eu-west-1.amazonaws.com/123456789012/uploads")
    monkeypatch.setenv("KALTURA_PIPELINE_BUCKET", "uploads")
    dags = read_dags().dags
    for dag in dags.values():
        assert "kaltura_source_objects" not in {asset.name for task in dag.tasks for asset in task.inlets}, dag.dag_id
    condition: Any = dags["kaltura_ingest"].timetable.asset_condition
    (asset,) = condition.objects
    assert (asset.name, len(asset.watchers)) == ("kaltura_source_objects", 1)


def test_deadlines_are_set_by_settings(dag_bag: DagBag, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [dag.dag_id for dag in dag_bag.dags.values() if dag.deadline] == []
    monkeypatch.setenv("KALTURA_PIPELINE_REPORT_DEADLINE", "90")
    monkeypatch.setenv("KALTURA_PIPELINE_INGEST_DEADLINE", "240")
    found: dict[str, Any] = {dag.dag_id: dag.deadline for dag in read_dags().dags.values() if dag.deadline}
    minutes = {dag_id: [alert.interval for alert in alerts] for dag_id, alerts in found.items()}
    assert minutes == {"kaltura_report": [timedelta(minutes=90)], "kaltura_ingest": [timedelta(minutes=240)]}
