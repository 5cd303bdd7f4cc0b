"""What lies in S3 between the tasks of a reconcile run."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from kaltura_pipeline.run_outcomes import read_plan
from kaltura_pipeline.workspace import Workspace, run_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kaltura_pipeline.plan import Batch
    from kaltura_pipeline.results.model import ResultProblem

# What was found of a title, in the words of kaltura_pipeline.results.model.
COMPARED, REPAIRED = "compared", "repaired"


class Finding(TypedDict):
    """What was found of one title.

    ``result`` is one of the results of :mod:`kaltura_pipeline.results.model`; ``differences`` say what is not as it
    shall be, a line each; ``mendable`` says whether writing what is wanted mends it.
    """

    key: str
    entry_id: str
    result: str
    message: str
    differences: list[str]
    problems: list[ResultProblem]
    mendable: bool


def findings_name(run_id: str, step: str, batch: Batch) -> str:
    """Return the document's name that holds what a step found in a batch."""
    return f"{run_name(run_id)}/{step}/{batch['number']:07d}.json"


def write_findings(
    workspace: Workspace, run_id: str, step: str, batch: Batch, version: str, findings: list[Finding]
) -> None:
    """Write what a step found in a batch."""
    workspace.documents.write(findings_name(run_id, step, batch), {"plan": version, "findings": findings})


def read_findings(workspace: Workspace, run_id: str, step: str, batch: Batch, version: str) -> dict[str, Finding]:
    """Read what a step found in a batch, by key; not what is left of an earlier plan."""
    document = workspace.documents.read(findings_name(run_id, step, batch))
    if document is None or document.body["plan"] != version:
        return {}
    return {finding["key"]: finding for finding in document.body["findings"]}


def all_findings(workspace: Workspace, run_id: str, plan_uri: str) -> Iterator[tuple[Mapping[str, Finding], Batch]]:
    """Yield what was found in each batch of a run: after the repair where there was one, else before it."""
    plan, version = read_plan(workspace, plan_uri)
    for batch in plan["batches"]:
        compared = read_findings(workspace, run_id, COMPARED, batch, version)
        yield {**compared, **read_findings(workspace, run_id, REPAIRED, batch, version)}, batch
