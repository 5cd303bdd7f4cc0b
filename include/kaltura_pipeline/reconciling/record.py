"""What a reconcile run tells people: what is not as it shall be, title by title."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, TypedDict

from kaltura_pipeline.lines import read_lines
from kaltura_pipeline.plan import ADD, REFUSE, REPLACE, SKIP, UPDATE, problems_of
from kaltura_pipeline.reconciling.model import all_findings
from kaltura_pipeline.results.model import DRIFT, ERROR, GONE, from_problem, title_result
from kaltura_pipeline.results.model import REFUSE as REFUSED
from kaltura_pipeline.results.model import SKIP as SAME
from kaltura_pipeline.run_outcomes import read_plan
from kaltura_pipeline.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kaltura_pipeline.plan import PlanItem
    from kaltura_pipeline.reconciling.model import Finding
    from kaltura_pipeline.results.model import TitleResult
    from kaltura_pipeline.settings import PipelineSettings

log = logging.getLogger(__name__)

# Titles that a run's last task names.
_NAMED = 20
# What waits, or is worked on, is not as it shall be only for now.
_DRIFTED = (ERROR, REFUSED, GONE, DRIFT)


class ReconcileSummary(TypedDict):
    """The outcome of a whole run.

    ``page`` says what is not as it shall be, title by title; ``counts`` has the titles by result; ``drifted`` counts
    those that need somebody or a repair, and ``first`` names some of them.
    """

    page: str
    counts: dict[str, int]
    drifted: int
    first: list[str]


def record_reconcile(
    settings: PipelineSettings, *, bucket: str, run_id: str, plan_uri: str, kmc_url: str = ""
) -> ReconcileSummary:
    """Write what was found of each title, as a page, as CSV and as NDJSON, and sum up.

    :param kmc_url: root of the server with the Kaltura Management Console, for links.
    """
    from kaltura_pipeline.results.tally import log_table
    from kaltura_pipeline.results.write import write_results

    workspace = Workspace.open(settings, bucket)
    summary: ReconcileSummary = {"page": "", "counts": {}, "drifted": 0, "first": []}
    results = _counted(_results(workspace, run_id, plan_uri), summary)
    title = f"s3://{bucket} compared with Kaltura"
    files, tally = write_results(workspace, run_id, results, title=title, kmc_url=kmc_url)
    log.info("%s", log_table(tally))
    summary["page"] = files["page"]
    summary["counts"] = files["counts"]
    return summary


def _results(workspace: Workspace, run_id: str, plan_uri: str) -> Iterator[TitleResult]:
    plan, _ = read_plan(workspace, plan_uri)
    # Both are in the order of keys, and what was compared is part of the titles.
    batches = all_findings(workspace, run_id, plan_uri)
    found: Mapping[str, Finding] = {}
    left = 0
    for item in read_lines(workspace, plan["titles"]):
        if item["action"] in (ADD, REPLACE, UPDATE):
            if not left:
                found, batch = next(batches)
                left = batch["count"]
            left -= 1
            yield _of_finding(item, found.get(item["key"]))
        else:
            yield _of_item(item)
    for record in read_lines(workspace, plan["lost"]) if plan["lost"] else ():
        yield title_result(
            record["key"],
            DRIFT,
            entry_id=record["entry_id"],
            message="the file is gone from S3, and its entry may still be on Kaltura; delete it, or put the file back",
        )


def _of_finding(item: PlanItem, finding: Finding | None) -> TitleResult:
    if finding is None:
        message = "it was not compared; the log of 'compare' says why: clear that task in this run"
        return title_result(item["key"], ERROR, entry_id=item["entry_id"], message=message)
    return title_result(
        item["key"], finding["result"], entry_id=finding["entry_id"], message=finding["message"],
        problems=finding["problems"],
    )  # fmt: skip


def _of_item(item: PlanItem) -> TitleResult:
    problems = [from_problem(problem) for problem in problems_of(item)]
    result = {REFUSE: REFUSED, SKIP: SAME}.get(item["action"], item["action"])
    return title_result(
        item["key"], result, entry_id=item["entry_id"], message=item["reason"], problems=problems
    )  # fmt: skip


def _counted(results: Iterator[TitleResult], summary: ReconcileSummary) -> Iterator[TitleResult]:
    for result in results:
        if result["result"] in _DRIFTED:
            summary["drifted"] += 1
            if len(summary["first"]) < _NAMED:
                summary["first"].append(f"{result['key']}: {result['message']}")
        yield result
