"""Settings from the environment: empty means default, and a prefix is a folder."""

from __future__ import annotations

import pytest

from kaltura_pipeline.settings import PipelineSettings


def test_an_empty_variable_keeps_the_default_but_empty_schedules_count() -> None:
    environment = {f"KALTURA_PIPELINE_{name}": "" for name in ("TIME_ZONE", "PARALLEL", "INGEST_SCHEDULE")}
    settings = PipelineSettings.from_environment(environment)
    assert (settings.time_zone, settings.ingest_schedule) == ("UTC", "")


@pytest.mark.parametrize(
    ("written", "meant"), [("state", "state/"), ("/a/b/", "a/b/"), ("", ""), ("/", ""), ("_kaltura/", "_kaltura/")]
)
def test_a_state_prefix_is_a_folder(written: str, meant: str) -> None:
    assert PipelineSettings.from_environment({"KALTURA_PIPELINE_STATE_PREFIX": written}).state_prefix == meant


def test_a_wrong_number_names_its_variable() -> None:
    assert PipelineSettings.from_environment({"KALTURA_PIPELINE_PART_SIZE": "10000000"}).part_size == 10_000_000
    with pytest.raises(ValueError, match=r"KALTURA_PIPELINE_PARALLEL must be a whole number, not 'many'"):
        PipelineSettings.from_environment({"KALTURA_PIPELINE_PARALLEL": "many"})
