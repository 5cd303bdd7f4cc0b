"""Settings from the environment: empty means default, and a prefix is a folder."""

from __future__ import annotations

import pytest

from kaltura_pipeline.settings import PipelineSettings


def test_an_empty_variable_keeps_the_default_but_empty_schedules_count() -> None:
    environment = {f"KALTURA_PIPELINE_{name}": "" for name in ("TIME_ZONE", "INDEX_WAIT", "INGEST_SCHEDULE")}
    settings = PipelineSettings.from_environment(environment)
    assert (settings.time_zone, settings.index_wait, settings.ingest_schedule) == ("UTC", 60.0, "")


@pytest.mark.parametrize(
    ("written", "meant"), [("state", "state/"), ("/a/b/", "a/b/"), ("", ""), ("/", ""), ("_kaltura/", "_kaltura/")]
)
def test_a_state_prefix_is_a_folder(written: str, meant: str) -> None:
    assert PipelineSettings.from_environment({"KALTURA_PIPELINE_STATE_PREFIX": written}).state_prefix == meant


def test_a_wrong_number_names_its_variable() -> None:
    with pytest.raises(ValueError, match=r"KALTURA_PIPELINE_INDEX_WAIT must be a number of seconds"):
        PipelineSettings.from_environment({"KALTURA_PIPELINE_INDEX_WAIT": "soon"})
