"""The steps that look at the entries of a batch, and mend them."""

from __future__ import annotations

import logging
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from kaltura_pipeline.enriching import enrich_titles, enrichment_of
from kaltura_pipeline.ingest import read_batch
from kaltura_pipeline.manifests.model import Problem
from kaltura_pipeline.plan import REPLACE, UPDATE
from kaltura_pipeline.reconciling.model import COMPARED, REPAIRED, Finding, read_findings, write_findings
from kaltura_pipeline.results.model import BUSY, CHANGED, DRIFT, ERROR, GONE, HELD, MENDED, NEW, SKIP, from_problem
from kaltura_pipeline.run_outcomes import read_plan
from kaltura_pipeline.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kaltura_pipeline.plan import Batch, PlanItem
    from kaltura_pipeline.settings import PipelineSettings
    from kaltura_provider.api import FlavorAsset, KalturaClient
    from kaltura_provider.api.enrichment.part import Difference

log = logging.getLogger(__name__)

_THREADS = 8
_PENDING, _REJECTED = 1, 3


def compare_batch(
    settings: PipelineSettings, batch: Batch, *, bucket: str, run_id: str, kaltura: KalturaClient
) -> dict[str, int]:
    """Look at the entries of a batch, and note what is not as it shall be; nothing is changed on Kaltura.

    :return: how many titles had each result.
    :raises KalturaError: Kaltura could not be asked.
    """
    workspace = Workspace.open(settings, bucket)
    plan, version = read_plan(workspace, batch["plan"])
    items = read_batch(workspace, plan, batch)
    findings = _compare(workspace, kaltura, items)
    write_findings(workspace, run_id, COMPARED, batch, version, findings)
    for finding in findings:
        for difference in finding["differences"]:
            log.warning("%s (%s): %s", finding["key"], finding["entry_id"], difference)
    return dict(Counter(finding["result"] for finding in findings))


def repair_batch(
    settings: PipelineSettings, batch: Batch, *, bucket: str, run_id: str, owner: str, kaltura: KalturaClient
) -> dict[str, int]:
    """Mend the entries of a batch that differ, and look at them again.

    :param owner: names this worker in the ledger; the same in every try.
    :return: how many of them had each result.
    :raises KalturaError: Kaltura could not be asked.
    """
    workspace = Workspace.open(settings, bucket)
    plan, version = read_plan(workspace, batch["plan"])
    before = read_findings(workspace, run_id, COMPARED, batch, version)
    items = [item for item in read_batch(workspace, plan, batch) if before.get(item["key"], _NOTHING)["mendable"]]
    if not items:
        return {}
    failed: dict[str, Finding] = {}
    for item, attempt in enrich_titles(workspace, kaltura, items, owner=owner, verify=True):
        outcome = attempt.outcome
        if outcome["result"] != UPDATE:
            problem = from_problem(Problem(item["key"], "", "", outcome["message"], ""), outcome["code"])
            finding = before[item["key"]]
            result = BUSY if outcome["result"] == BUSY else ERROR
            failed[item["key"]] = {
                **finding, "result": result, "message": outcome["message"], "problems": [problem],
            }  # fmt: skip
    again = _compare(workspace, kaltura, [item for item in items if item["key"] not in failed])
    mended = [_mended(finding, before[finding["key"]]) for finding in again]
    findings = [*failed.values(), *mended]
    write_findings(workspace, run_id, REPAIRED, batch, version, findings)
    return dict(Counter(finding["result"] for finding in findings))


def _mended(after: Finding, before: Finding) -> Finding:
    if after["result"] != SKIP:
        return {**after, "message": f"it was written again, and still differs: {after['message']}"}
    return {**after, "result": MENDED, "message": "; ".join(before["differences"]), "differences": []}


def _compare(workspace: Workspace, kaltura: KalturaClient, items: Iterable[PlanItem]) -> list[Finding]:
    from kaltura_provider.api import check_ready
    from kaltura_provider.api.enrichment.drift import look_at
    from kaltura_provider.api.source_flavor import failed_flavors

    wanted = list(items)
    known = [item for item in wanted if item["action"] == UPDATE]
    states = check_ready(kaltura, [item["entry_id"] for item in known])
    ready = [item for item in known if states[item["entry_id"]].is_ready]
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="ledger") as threads:
        notes = list(threads.map(lambda item: _parts(workspace, item), ready))
    wishes = [
        enrichment_of(workspace, item, item["entry_id"], noted=noted)
        for item, noted in zip(ready, notes, strict=True)
    ]  # fmt: skip
    differences = dict(look_at(kaltura, wishes))
    failed = failed_flavors(kaltura, [item["entry_id"] for item in ready]) if ready else {}
    return [
        _finding(
            item, states.get(item["entry_id"]), differences.get(item["entry_id"], []), failed.get(item["entry_id"], [])
        )
        for item in wanted
    ]


def _parts(workspace: Workspace, item: PlanItem) -> Mapping[str, Any]:
    """Return what the ledger knows of an entry: what this pipeline set, and may take away again."""
    record = workspace.ledger.read(workspace.bucket, item["key"]) or {}
    parts: Mapping[str, Any] = record.get("parts") or {}
    return parts


def _finding(item: PlanItem, state: Any, differences: list[Difference], failed: list[FlavorAsset]) -> Finding:
    if item["action"] != UPDATE:
        result = CHANGED if item["action"] == REPLACE else NEW
        return _make(item, result, f"{item['reason']}; the next run of kaltura_ingest takes it")
    if state.entry is None:
        forget = f"python -m kaltura_pipeline.ledger forget '{item['key']}'"
        fix = f"remove the file if that was meant; to have it made again, run {forget} and then kaltura_ingest"
        return _make(item, GONE, "the entry was deleted on Kaltura", fix)
    if state.is_failed:
        return _make(item, ERROR, f"{state.status}: {state.message}")
    if not state.is_ready:
        return _make(item, HELD, f"{state.status}: {state.message}")
    if state.entry.moderation_status == _PENDING:
        return _make(item, HELD, "it waits for moderation", "approve or reject it in the KMC")
    if state.entry.moderation_status == _REJECTED:
        return _make(item, HELD, "a moderator rejected it", "remove the file, or approve the entry in the KMC")
    if not differences and not failed:
        return _make(item, SKIP, "as it shall be", problem=False)
    texts = [str(difference) for difference in differences]
    fix = "run kaltura_reconcile with 'Repair', or change the files in S3"
    if failed:
        texts.append(f"flavors: {', '.join(flavor.describe() for flavor in failed)} could not be made")
        fix = f"{fix}; convert the flavors again in the KMC" if differences else "convert it again in the KMC"
    return {**_make(item, DRIFT, "; ".join(texts), fix), "differences": texts, "mendable": bool(differences)}


def _make(item: PlanItem, result: str, message: str, fix: str = "", *, problem: bool = True) -> Finding:
    problems = [from_problem(Problem(item["key"], "", "", message, fix))] if problem and result != NEW else []
    return {
        "key": item["key"],
        "entry_id": item["entry_id"],
        "result": result,
        "message": message,
        "differences": [],
        "problems": problems if result != CHANGED else [],
        "mendable": False,
    }


_NOTHING: Finding = {
    "key": "", "entry_id": "", "result": SKIP, "message": "", "differences": [], "problems": [], "mendable": False,
}  # fmt: skip
