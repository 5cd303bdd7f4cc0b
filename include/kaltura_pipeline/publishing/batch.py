"""The step that changes Kaltura: bring the entries of a batch up to date, and approve them."""

from __future__ import annotations

import logging
from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING

from kaltura_pipeline.batch import Progress
from kaltura_pipeline.enriching import enrich_titles
from kaltura_pipeline.ingest import TransferIncompleteError
from kaltura_pipeline.manifests.model import Problem
from kaltura_pipeline.publishing import moderation
from kaltura_pipeline.publishing.model import (
    FAILED,
    GONE,
    HELD,
    PUBLISHED,
    EntryOutcome,
    PublishBatch,
    PublishItem,
    Shown,
    new_outcome,
    read_items,
    site_workspace,
    write_outcomes,
)
from kaltura_pipeline.publishing.shown import shown_of
from kaltura_pipeline.results.model import UPDATE, from_problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kaltura_pipeline.attempts import Attempt
    from kaltura_pipeline.settings import PipelineSettings
    from kaltura_pipeline.workspace import Workspace
    from kaltura_provider.api import Entry, KalturaClient

log = logging.getLogger(__name__)

STEP = "published"


def publish_batch(
    settings: PipelineSettings,
    batch: PublishBatch,
    *,
    run_id: str,
    owner: str,
    kaltura: KalturaClient,
    approve: bool = False,
) -> dict[str, int]:
    """Bring the entries of a batch up to date, and approve them if asked to; one that fails does not stop the others.

    What was found is written for the step that looks whether they play.

    :param owner: names this worker in the ledger; the same in every try.
    :param approve: whether entries that wait for moderation are approved (``baseEntry.approve``).
    :return: how many entries had each result.
    :raises TransferIncompleteError: some entries failed in a way that passes; a retry goes on with them.
    :raises KalturaError: the connection itself is wrong, so no entry can succeed.
    """
    workspace = site_workspace(settings, batch["site"])
    items = read_items(workspace, batch)
    progress = Progress()
    updated = _update(settings, batch["site"], items, owner, kaltura, progress)
    if progress.wall is not None:
        raise progress.wall
    outcomes = _states(kaltura, items, updated, approve=approve)
    write_outcomes(workspace, run_id, STEP, batch, outcomes)
    if progress.passing:
        raise TransferIncompleteError(
            f"{len(progress.passing)} of {len(items)} entries are not finished; a retry goes on from here. "
            f"First: {progress.passing[0]}"
        )
    return dict(Counter(outcome["result"] for outcome in outcomes))


def _update(
    settings: PipelineSettings,
    site: str,
    items: list[PublishItem],
    owner: str,
    kaltura: KalturaClient,
    progress: Progress,
) -> dict[str, Attempt]:
    """Bring up to date what changed in S3; return what became of each entry."""
    found: dict[str, Attempt] = {}
    changed = sorted((item for item in items if item["item"] is not None), key=lambda item: item["bucket"])
    for bucket, group in groupby(changed, key=lambda item: item["bucket"]):
        workspace = site_workspace(settings, site, bucket)
        found |= _update_from(workspace, list(group), owner, kaltura, progress)
        if progress.wall is not None:
            break
    return found


def _update_from(
    workspace: Workspace, items: list[PublishItem], owner: str, kaltura: KalturaClient, progress: Progress
) -> dict[str, Attempt]:
    from kaltura_provider.api import ErrorClass

    found: dict[str, Attempt] = {}
    entry_ids = {item["key"]: item["entry_id"] for item in items}
    wanted = [item["item"] for item in items if item["item"] is not None]
    for item, attempt in enrich_titles(workspace, kaltura, wanted, owner=owner):
        refusal = attempt.refusal
        if refusal and progress.refused(refusal, of_all=refusal.error_class is ErrorClass.RENEW_SESSION):
            break
        progress.add(item, attempt.outcome, again=attempt.again, refused=refusal is not None)
        log.info("%s: %s %s", entry_ids[item["key"]], attempt.outcome["result"], attempt.outcome["message"])
        found[entry_ids[item["key"]]] = attempt
    return found


def _states(
    kaltura: KalturaClient, items: list[PublishItem], updated: Mapping[str, Attempt], *, approve: bool
) -> list[EntryOutcome]:
    from kaltura_provider.api import get_entries

    entries = get_entries(kaltura, [item["entry_id"] for item in items])
    if approve:
        entries |= moderation.approve(kaltura, entries.values())
    return [_state(item, entries.get(item["entry_id"]), updated.get(item["entry_id"])) for item in items]


def _state(item: PublishItem, entry: Entry | None, attempt: Attempt | None) -> EntryOutcome:
    problems = [from_problem(Problem(**problem)) for problem in item["problems"]]
    result, message = PUBLISHED, ""
    updated = attempt is not None and attempt.outcome["result"] == UPDATE
    if entry is None:
        result, message = GONE, "it is not on Kaltura (any more); it gets no page and leaves the index"
    elif attempt is not None and not updated:
        outcome = attempt.outcome
        problem = Problem(item["key"], "", "", outcome["message"], "")
        result, message, problems = FAILED, outcome["message"], [from_problem(problem, outcome["code"])]
    elif problems:
        result, message = FAILED, "what is said of it in S3 cannot be used, so it was not brought up to date"
    elif entry.moderation_status == moderation.PENDING:
        result, message = HELD, "it waits for moderation: approve it in the KMC, or run with approval = airflow"
    elif entry.moderation_status == moderation.REJECTED:
        result, message = HELD, "a moderator rejected it; approve it in the KMC if that was a mistake"
    shown = None if entry is None else _shown(item, entry, updated=updated)
    return new_outcome(item, result, message, updated=updated, problems=problems, shown=shown)


def _shown(item: PublishItem, entry: Entry, *, updated: bool) -> Shown:
    """Return what the page shows; a list of entries may lag behind what was changed just now."""
    shown = shown_of(entry)
    if updated and item["item"] is not None:
        fields = item["item"]["wanted"].get("fields", {})
        shown["title"] = str(fields.get("name") or shown["title"])
        shown["description"] = str(fields.get("description", shown["description"]))
    return shown
