"""What became of the titles of an ingest run: noted in the ledger, written down, and handed to the publish DAG."""

from __future__ import annotations

import json
import logging
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypedDict

from kaltura_pipeline.ingest import read_batch
from kaltura_pipeline.plan import ADD, REFUSE, REPLACE, WORK
from kaltura_pipeline.run_outcomes import BUSY, ERROR, read_outcomes, read_plan
from kaltura_pipeline.settling import NeedsApprovalError, refuse, settle
from kaltura_pipeline.workspace import Workspace, run_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kaltura_pipeline.plan import PlanItem
    from kaltura_pipeline.results.records import TitleResult
    from kaltura_pipeline.run_outcomes import Outcome
    from kaltura_pipeline.settings import PipelineSettings
    from kaltura_provider.api import KalturaClient

log = logging.getLogger(__name__)

_THREADS = 8
# Failures that a run's last task names.
_NAMED = 50


class RunSummary(TypedDict):
    """The outcome of a whole run, as the asset event and the last task carry it.

    ``failures`` are the first failures, ``failed`` is how many there are of ``attempted`` titles; ``manifest`` is what
    the publish DAG reads; ``page``, ``results`` are the addresses of the summary for people and of all results.
    """

    manifest: str
    page: str
    results: str
    counts: dict[str, int]
    ready: int
    attempted: int
    failed: int
    failures: list[str]


def record_outcome(
    settings: PipelineSettings, *, bucket: str, run_id: str, plan_uri: str, kaltura: KalturaClient
) -> RunSummary:
    """Mark in the ledger what became ready, write results and manifest, and sum up.

    Kaltura is asked once more for the entries' states: of a run whose wait ran out, what is ready still counts. What
    was refused goes to quarantine.

    :raises KalturaError: the states could not be read (``baseEntry.list``).
    """
    from kaltura_pipeline.results.writing import write_results

    workspace = Workspace.open(settings, bucket)
    plan, version = read_plan(workspace, plan_uri)
    run = _Run(workspace, kaltura, plan, version, run_id)
    files = write_results(workspace, run_id, run.results(), plan=plan)
    name = f"{run_name(run_id)}/manifest.json"
    workspace.documents.write(
        name, {"bucket": bucket, "entries": run.entries, "failures": run.failures, "totals": plan["totals"]}
    )
    return {
        "manifest": workspace.documents.uri(name),
        "page": files["page"],
        "results": files["ndjson"],
        "counts": dict(sorted(run.counts.items())),
        "ready": len(run.entries),
        "attempted": run.attempted,
        "failed": run.failed,
        "failures": run.failures,
    }


class _Run:
    """Goes through the titles of a run once."""

    def __init__(
        self, workspace: Workspace, kaltura: KalturaClient, plan: Mapping[str, Any], version: str, run_id: str
    ) -> None:
        self._workspace = workspace
        self._kaltura = kaltura
        self._plan = plan
        self._version = version
        self._run_id = run_id
        self.counts: Counter[str] = Counter()
        self.entries: list[dict[str, Any]] = []
        self.failures: list[str] = []
        self.attempted = 0
        self.failed = 0

    def results(self) -> Iterator[TitleResult]:
        """Yield what became of each title of the plan, then of each object that was not taken."""
        # Both are in the order of keys, and the work is part of the titles.
        work = self._settled()
        refused: list[PlanItem] = []
        for item in self._lines("titles"):
            if item["action"] in WORK:
                result = next(work)
                self.attempted += 1
            else:
                result = self._result(item, item["action"], message=item["reason"], problems=item["problems"])
                if item["action"] == REFUSE:
                    self.attempted += 1
                    refused.append(item)
                    result["quarantined"] = True
            self._count(result)
            yield result
            if len(refused) >= 100:
                self._refuse(refused)
                refused = []
        self._refuse(refused)
        for left in self._lines("not_taken"):
            self.counts["not_taken"] += 1
            yield self._result({"key": left["key"], "entry_id": ""}, "not_taken", message=left["reason"])

    def _lines(self, part: str) -> Iterator[Any]:
        stream = self._workspace.documents.open(self._workspace.documents.name_of(self._plan[part]))
        if stream is None:
            raise FileNotFoundError(f"{self._plan[part]} is gone; start a new run")
        return (json.loads(line) for line in stream.iter_lines() if line)

    def _count(self, result: TitleResult) -> None:
        self.counts[result["result"]] += 1
        if result["result"] in (REFUSE, BUSY, ERROR):
            self.failed += 1
            if len(self.failures) < _NAMED:
                self.failures.append(f"{result['key']}: {result['message']}")

    def _settled(self) -> Iterator[TitleResult]:
        """Yield what became of the titles with work, batch by batch."""
        from kaltura_provider.hooks.readiness import look

        with ThreadPoolExecutor(_THREADS, thread_name_prefix="settle") as threads:
            for batch in self._plan["batches"]:
                items = read_batch(self._workspace, self._plan, batch)
                outcomes = read_outcomes(self._workspace, self._run_id, batch, self._version)
                sent = [each["entry_id"] for each in outcomes.values() if each["result"] in (ADD, REPLACE)]
                seen = look(self._kaltura, sent, wait_for_approval=False)

                def end(item: PlanItem, outcomes: Any = outcomes, seen: Any = seen) -> tuple[TitleResult, bool]:
                    outcome: Outcome | None = outcomes.get(item["key"])
                    try:
                        problem = settle(self._workspace, self._kaltura, item, outcome, seen)
                    except NeedsApprovalError as waiting:
                        log.warning("%s: %s", item["key"], waiting)
                        return self._of(item, outcome, str(waiting)), False
                    if problem:
                        return {**self._of(item, outcome, problem), "result": _failure(outcome)}, False
                    return self._of(item, outcome, ""), outcome is not None

                for item, (result, ready) in zip(items, threads.map(end, items), strict=True):
                    if ready:
                        created = outcomes[item["key"]]["created"]
                        self.entries.append(
                            {
                                "entry_id": result["entry_id"], "key": item["key"], "kind": item["kind"],
                                "name": item["name"], "created": created,
                            }
                        )  # fmt: skip
                    yield result

    def _of(self, item: PlanItem, outcome: Outcome | None, message: str) -> TitleResult:
        if outcome is None:
            return self._result(item, ERROR, message=message)
        result = self._result(item, outcome["result"], message=message or outcome["message"], code=outcome["code"])
        return {
            **result, "entry_id": outcome["entry_id"] or item["entry_id"], "bytes_sent": outcome["bytes_sent"],
            "seconds": outcome["seconds"],
        }  # fmt: skip

    def _result(self, item: Any, result: str, *, message: str = "", code: str = "", problems: Any = ()) -> TitleResult:
        return {
            "key": item["key"], "result": result, "entry_id": item["entry_id"], "message": message, "code": code,
            "problems": [*problems], "bytes_sent": 0, "seconds": 0.0, "quarantined": False,
        }  # type: ignore[return-value]  # fmt: skip

    def _refuse(self, items: list[PlanItem]) -> None:
        """Put what was refused into quarantine, and note it in the ledger: the next run need not look into it again."""
        with ThreadPoolExecutor(_THREADS, thread_name_prefix="refuse") as threads:
            list(threads.map(lambda item: refuse(self._workspace, self._run_id, item), items))


def _failure(outcome: Outcome | None) -> str:
    return BUSY if outcome is not None and outcome["result"] == BUSY else ERROR
