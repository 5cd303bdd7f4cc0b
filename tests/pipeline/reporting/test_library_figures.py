"""What the pipeline did, by local day, of each file what became of it last."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta, timezone
from typing import Any

from kaltura_pipeline.reporting.library_figures import library_figures
from kaltura_pipeline.results.model import ADD, BUSY, REFUSE, SKIP, title_result
from kaltura_pipeline.settings import PipelineSettings


def test_the_last_run_of_a_file_counts(s3: Any, bucket: str) -> None:
    today = datetime.now(timezone.utc).date()

    def run(name: str, *results: Any) -> None:
        body = "\n".join(json.dumps(each) for each in results)
        s3.put_object(Bucket=bucket, Key=f"_kaltura/runs/{name}/results/results.ndjson", Body=body.encode())

    run("old", title_result("a", REFUSE, message="no video"), title_result("b", BUSY), title_result("c", ADD))
    run(
        f"scheduled__{today}T10-00",
        title_result("a", ADD),
        title_result("c", SKIP),
        title_result("d", REFUSE, message="x"),
    )
    run("scheduled__2020-01-01T10-00", title_result("z", ADD))
    s3.put_object(Bucket=bucket, Key="_kaltura/runs/unfinished/plan.json", Body=b"{}")
    found = library_figures(PipelineSettings(), s3, bucket, today, today)
    assert (found.ingested, found.failed, found.waiting) == (2, 1, 1)
    assert found.problems == (("d", "x"),)
    earlier = date.today() - timedelta(days=9)
    assert library_figures(PipelineSettings(), s3, bucket, earlier, earlier).ingested == 0
