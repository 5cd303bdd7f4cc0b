"""What the transfer tasks of a run noted of their titles, as it lies in S3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from kaltura_pipeline.plan import ADD, REPLACE
from kaltura_pipeline.workspace import Workspace, run_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kaltura_pipeline.plan import Batch
    from kaltura_pipeline.settings import PipelineSettings


class Outcome(TypedDict):
    """What became of one title.

    ``result`` is add, update, replace, busy or error; ``code`` is Kaltura's, if it refused; ``final`` says that only a
    person can mend it.
    """

    key: str
    result: str
    created: bool
    entry_id: str
    message: str
    code: str
    bytes_sent: int
    seconds: float
    final: bool


def count_results(outcomes: Sequence[Outcome]) -> dict[str, int]:
    """Return how many titles had each result."""
    results = [outcome["result"] for outcome in outcomes]
    return {result: results.count(result) for result in sorted(set(results))}


def outcomes_name(run_id: str, batch: Batch) -> str:
    """Return the document's name that holds the outcomes of a batch."""
    return f"{run_name(run_id)}/outcomes/{batch['number']:07d}.json"


def read_outcomes(workspace: Workspace, run_id: str, batch: Batch, version: str) -> dict[str, Outcome]:
    """Read what a batch noted, by key; not what is left of an earlier plan, if the whole run was cleared and run again.

    :param version: the plan's version.
    """
    document = workspace.documents.read(outcomes_name(run_id, batch))
    if document is None or document.body["plan"] != version:
        return {}
    return {outcome["key"]: outcome for outcome in document.body["outcomes"]}


def sent_entries(settings: PipelineSettings, *, bucket: str, run_id: str, plan_uri: str) -> Iterator[list[str]]:
    """Yield, for each batch of a run, the entries that were given content and have to be waited for.

    :raises FileNotFoundError: the plan is gone.
    """
    workspace = Workspace.open(settings, bucket)
    plan, version = read_plan(workspace, plan_uri)
    for batch in plan["batches"]:
        outcomes = read_outcomes(workspace, run_id, batch, version).values()
        yield [outcome["entry_id"] for outcome in outcomes if outcome["result"] in (ADD, REPLACE)]


def read_plan(workspace: Workspace, plan_uri: str) -> tuple[dict[str, Any], str]:
    """Read the head of a plan, and its version. S3: GetObject.

    :raises FileNotFoundError: it is gone.
    """
    document = workspace.documents.read(workspace.documents.name_of(plan_uri))
    if document is None:
        raise FileNotFoundError(f"the plan {plan_uri} is gone; start a new run")
    return document.body, document.etag
