"""The pipeline's tasks, as far as they decide something themselves."""

from __future__ import annotations

from typing import Any

import pytest

from kaltura_pipeline.operators import IngestReadyOperator
from kaltura_pipeline.settings import PipelineSettings


def test_the_wait_of_a_run_without_a_plan_is_skipped() -> None:
    from airflow.sdk.exceptions import AirflowSkipException

    wait = IngestReadyOperator(task_id="wait", settings=PipelineSettings(), bucket="media", plan="")
    context: Any = {"run_id": "manual"}
    with pytest.raises(AirflowSkipException, match="there is no plan"):
        wait.execute(context)
