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


def test_a_page_opens_where_a_browser_reaches_s3(bucket: str) -> None:
    import dataclasses

    from kaltura_pipeline.workspace import Workspace

    page = f"s3://{bucket}/_kaltura/runs/a b/results/index.html"
    # The S3 server of these tests is not Amazon's.
    workspace = Workspace.open(PipelineSettings(), bucket)
    assert workspace.browser_url(page) == ""
    settings = dataclasses.replace(workspace.settings, state_url="https://media.example.edu/state/")
    assert Workspace.open(settings, bucket).browser_url(page) == (
        "https://media.example.edu/state/_kaltura/runs/a%20b/results/index.html"
    )


def test_a_page_opens_in_the_console_of_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    from kaltura_pipeline.workspace import Workspace

    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", '{"conn_type": "aws", "extra": {"region_name": "eu-central-1"}}')
    url = Workspace.open(PipelineSettings(), "media").browser_url("s3://media/_kaltura/a b.html")
    assert url == "https://s3.console.aws.amazon.com/s3/object/media?prefix=_kaltura%2Fa+b.html"
