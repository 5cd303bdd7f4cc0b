"""What became of the titles of an ingest run: noted in the ledger, written down, and handed to the publish DAG."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypedDict

from kaltura_pipeline.catalogue import Catalogue
from kaltura_pipeline.ingest import read_batch
from kaltura_pipeline.ledger_index import LedgerIndex
from kaltura_pipeline.lines import read_lines
from kaltura_pipeline.manifests.model import Problem
from kaltura_pipeline.plan import ADD, REFUSE, REPLACE, WORK, problems_of
from kaltura_pipeline.results.model import BUSY, ERROR, NOT_TAKEN, from_problem, title_result
from kaltura_pipeline.run_outcomes import read_outcomes, read_plan
from kaltura_pipeline.settling import NeedsApprovalError, refuse, settle
from kaltura_pipeline.workspace import Workspace, run_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kaltura_pipeline.after_success import LiveTitle
    from kaltura_pipeline.plan import PlanItem
    from kaltura_pipeline.quarantine import Case
    from kaltura_pipeline.results.model import ResultProblem, TitleResult
    from kaltura_pipeline.results.write import ResultFiles
    from kaltura_pipeline.run_outcomes import Outcome
    from kaltura_pipeline.settings import PipelineSettings
    from kaltura_provider.api import KalturaClient
    from kaltura_provider.hooks.readiness import Look
    from kaltura_provider.hooks.s3_documents import Document

log = logging.getLogger(__name__)

_THREADS = 8
# Failures that a run's last task names.
_NAMED = 50
# Titles that go to quarantine together.
_CASES = 100


class RunSummary(TypedDict):
    """The outcome of a whole run, as the asset event and the last task carry it.

    ``failures`` are the first failures, ``failed`` is how many there are of ``attempted`` titles; ``manifest`` is what
    the publish DAG reads; ``page`` is the summary for people; ``results`` has the addresses of all results.
    """

    manifest: str
    page: str
    counts: dict[str, int]
    ready: int
    attempted: int
    failed: int
    failures: list[str]
    results: ResultFiles


def record_outcome(
    settings: PipelineSettings, *, bucket: str, run_id: str, plan_uri: str, kaltura: KalturaClient, kmc_url: str = ""
) -> RunSummary:
    """Mark in the ledger what became ready, write results and manifest, and sum up.

    Kaltura is asked once more for the entries' states: of a run whose wait ran out, what is ready still counts. What
    can only be mended by a person goes to quarantine, and what is ready leaves it.

    :param kmc_url: root of the server with the Kaltura Management Console, for links.
    :raises KalturaError: the states could not be read (``baseEntry.list``).
    """
    from kaltura_pipeline.quarantine import Quarantine
    from kaltura_pipeline.results.tally import log_table
    from kaltura_pipeline.results.write import write_results

    workspace = Workspace.open(settings, bucket)
    plan, version = read_plan(workspace, plan_uri)
    with Catalogue.open() as catalogue:
        index = LedgerIndex(catalogue, workspace.documents)
        run = _Run(workspace, kaltura, plan, version, run_id, index)
        files, tally = write_results(
            workspace, run_id, run.results(), kmc_url=kmc_url, quarantine=Quarantine(workspace).address
        )
        index.save()
    log.info("%s", log_table(tally))
    Quarantine(workspace).release(entry["key"] for entry in run.entries)
    name = f"{run_name(run_id)}/manifest.json"
    workspace.documents.write(
        name, {"bucket": bucket, "entries": run.entries, "failures": run.failures, "totals": plan["totals"]}
    )
    return {
        "manifest": workspace.documents.uri(name),
        "page": files["page"],
        "counts": files["counts"],
        "ready": len(run.entries),
        "attempted": run.attempted,
        "failed": run.failed,
        "failures": run.failures,
        "results": files,
    }


class _Run:
    """Goes through the titles of a run once."""

    def __init__(
        self,
        workspace: Workspace,
        kaltura: KalturaClient,
        plan: Mapping[str, Any],
        version: str,
        run_id: str,
        index: LedgerIndex,
    ) -> None:
        self._workspace = workspace
        self._kaltura = kaltura
        self._plan = plan
        self._version = version
        self._run_id = run_id
        self._index = index
        self._cases: list[Case] = []
        self._refused: list[PlanItem] = []
        self.entries: list[dict[str, Any]] = []
        self.failures: list[str] = []
        self.attempted = 0
        self.failed = 0

    def results(self) -> Iterator[TitleResult]:
        """Yield what became of each title of the plan, then of each object that was not taken."""
        # Both are in the order of keys, and the work is part of the titles.
        work = self._settled()
        for item in read_lines(self._workspace, self._plan["titles"]):
            if item["action"] in WORK:
                result = next(work)
            else:
                problems = [from_problem(each) for each in problems_of(item)]
                result = title_result(
                    item["key"], item["action"], entry_id=item["entry_id"], message=item["reason"], problems=problems
                )
                if item["action"] == REFUSE:
                    self._refused.append(item)
                    result = self._hold(item, result)
            self._count(result)
            yield result
        self._quarantine()
        for left in read_lines(self._workspace, self._plan["not_taken"]):
            yield title_result(left["key"], NOT_TAKEN, message=left["reason"])

    def _count(self, result: TitleResult) -> None:
        if result["result"] in (*WORK, REFUSE, BUSY, ERROR):
            self.attempted += 1
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
                found = [outcomes.get(item["key"]) for item in items]
                ended = threads.map(self._end, items, found, [seen] * len(items))
                live: list[LiveTitle] = []
                results: list[TitleResult] = []
                for item, outcome, (result, final, record) in zip(items, found, ended, strict=True):
                    self._note(record)
                    if result["result"] in WORK and final and outcome is not None:
                        self.entries.append(
                            {
                                "entry_id": outcome["entry_id"],
                                "key": item["key"],
                                "kind": item["kind"],
                                "name": item["name"],
                                "created": outcome["created"],
                            }
                        )
                        live.append(_live(item, outcome["entry_id"]))
                    results.append(self._hold(item, result) if result["result"] == ERROR and final else result)
                # Before the results are given out: nobody asks for more after the last one.
                self._after_success(live)
                yield from results

    def _after_success(self, live: list[LiveTitle]) -> None:
        from kaltura_pipeline.after_success import AfterSuccess, after_success

        settings = self._workspace.settings
        after_success(
            self._workspace,
            live,
            AfterSuccess(settings.after_success),
            prefix=settings.moved_prefix,
            source_prefix=self._plan["prefix"],
        )

    def _note(self, record: Document | None) -> None:
        if record is not None:
            self._index.note(record)

    def _end(self, item: PlanItem, outcome: Outcome | None, seen: Look) -> tuple[TitleResult, bool, Document | None]:
        """Settle a title; return what became of it, whether that is final, and its record if it was written."""
        try:
            settled = settle(self._workspace, self._kaltura, item, outcome, seen)
        except NeedsApprovalError as waiting:
            log.warning("%s: %s", item["key"], waiting)
            return self._result(item, outcome, str(waiting)), False, None
        problem = settled.problem
        final = not problem or (outcome is not None and (outcome["final"] or outcome["entry_id"] in seen.failed))
        return self._result(item, outcome, problem), final, settled.record

    @staticmethod
    def _result(item: PlanItem, outcome: Outcome | None, problem: str) -> TitleResult:
        if outcome is None:
            return title_result(item["key"], ERROR, entry_id=item["entry_id"], message=problem)
        result = outcome["result"]
        problems: list[ResultProblem] = []
        if problem and result != BUSY:
            result = ERROR
            problems.append(from_problem(Problem(item["key"], "", "", problem, ""), outcome["code"]))
        return title_result(
            item["key"],
            result,
            entry_id=outcome["entry_id"] or item["entry_id"],
            message=problem or outcome["message"],
            problems=problems,
            bytes_sent=outcome["bytes_sent"],
            seconds=outcome["seconds"],
        )

    def _hold(self, item: PlanItem, result: TitleResult) -> TitleResult:
        """Note a title for the quarantine."""
        from kaltura_pipeline.quarantine import Case

        held: TitleResult = {**result, "quarantined": True}
        self._cases.append(Case(held, tuple({**item["sidecars"], **item["named"]})))
        if len(self._cases) >= _CASES:
            self._quarantine()
        return held

    def _quarantine(self) -> None:
        from kaltura_pipeline.quarantine import Quarantine

        refused, self._refused = self._refused, []
        with ThreadPoolExecutor(_THREADS, thread_name_prefix="refuse") as threads:
            for record in threads.map(lambda item: refuse(self._workspace, item), refused):
                self._note(record)
        cases, self._cases = self._cases, []
        for held in Quarantine(self._workspace).put(cases, run_id=self._run_id) if cases else ():
            if held["error"]:
                log.warning("%s could not be copied into quarantine: %s", held["key"], held["error"])


def _live(item: PlanItem, entry_id: str) -> LiveTitle:
    from kaltura_pipeline.after_success import LiveTitle

    return LiveTitle(entry_id, {item["key"]: item["etag"], **item["sidecars"], **item["named"]})
