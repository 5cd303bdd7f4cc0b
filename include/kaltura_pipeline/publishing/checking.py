"""The step that looks whether what was published plays, and does not where it must not."""

from __future__ import annotations

import logging
from collections import Counter
from typing import TYPE_CHECKING

from kaltura_pipeline.manifests.model import Problem
from kaltura_pipeline.publishing import batch as publishing
from kaltura_pipeline.publishing.model import (
    FAILED,
    PUBLISHED,
    new_outcome,
    read_items,
    read_outcomes,
    site_workspace,
    write_outcomes,
)
from kaltura_pipeline.results.model import from_problem

if TYPE_CHECKING:
    from kaltura_pipeline.publishing.model import EntryOutcome, PublishBatch, PublishItem
    from kaltura_pipeline.settings import PipelineSettings
    from kaltura_provider.api import KalturaClient, PlaybackResult

log = logging.getLogger(__name__)

STEP = "checked"
# Kept back from viewers that are not signed in, as its access control profile says.
RESTRICTED = "restricted"
_UNCHECKED = "unchecked"
_REFUSED = "refused"


def check_batch(
    settings: PipelineSettings,
    batch: PublishBatch,
    *,
    run_id: str,
    kaltura: KalturaClient,
    cdn_url: str,
    check: bool = True,
) -> dict[str, int]:
    """Look, as a viewer who is not signed in would, whether the entries of a batch play.

    An entry that is refused as its access control profile says is restricted, and published like the others; one
    outside of its dates must not play.

    :param cdn_url: root of the delivery host.
    :param check: whether to look; otherwise every entry counts as fine.
    :return: how many entries had each state.
    :raises KalturaError: Kaltura could not be asked.
    """
    workspace = site_workspace(settings, batch["site"])
    outcomes = list(read_outcomes(workspace, run_id, publishing.STEP, batch["number"]).values())
    if not outcomes:
        outcomes = [_unfinished(item) for item in read_items(workspace, batch)]
    wanted = [outcome["entry_id"] for outcome in outcomes if outcome["result"] == PUBLISHED]
    if check and wanted:
        found, guarded = _look(kaltura, wanted, cdn_url)
        outcomes = [
            _judged(outcome, found.get(outcome["entry_id"]), guarded=outcome["entry_id"] in guarded)
            for outcome in outcomes
        ]
    write_outcomes(workspace, run_id, STEP, batch, outcomes)
    return dict(Counter(outcome["state"] or _UNCHECKED for outcome in outcomes))


def _unfinished(item: PublishItem) -> EntryOutcome:
    message = "its batch did not come to an end; the log of 'publish' says why: clear that task, or run again"
    problems = [from_problem(Problem(item["key"] or item["entry_id"], "", "", message, ""))]
    return new_outcome(item, FAILED, message, problems=problems)


def _look(kaltura: KalturaClient, entry_ids: list[str], cdn_url: str) -> tuple[dict[str, PlaybackResult], set[str]]:
    """Return what a viewer gets of each entry, and the entries whose access control profile has rules."""
    from kaltura_provider.api import PlaybackExpectation, check_playback, get_entries

    expected = [PlaybackExpectation(entry_id) for entry_id in entry_ids]
    found = {result.entry_id: result for result in check_playback(kaltura, expected, cdn_url=cdn_url)}
    refused = [entry_id for entry_id, result in found.items() if result.state == _REFUSED]
    if not refused:
        return found, set()
    profiles = _guarded(kaltura)
    entries = get_entries(kaltura, refused)
    return found, {entry.id for entry in entries.values() if entry.raw.get("accessControlId") in profiles}


def _guarded(kaltura: KalturaClient) -> set[int]:
    """Return the access control profiles that keep somebody away (``accessControlProfile.list``)."""
    return {int(item["id"]) for item in kaltura.iterate("accessControlProfile") if item.get("rules")}


def _judged(outcome: EntryOutcome, found: PlaybackResult | None, *, guarded: bool) -> EntryOutcome:
    if found is None:
        return outcome
    if guarded:
        return {**outcome, "state": RESTRICTED, "message": str(found.facts.get("message") or "")}
    problems = [from_problem(Problem(found.entry_id, "", "", text, "")) for text in found.problems]
    for text in found.problems:
        log.warning("%s: %s", found.entry_id, text)
    shown = outcome["shown"]
    if shown is not None:
        captions = [str(name) for name in found.facts.get("captions", ())]
        shown = {**shown, "captions": captions, "chapters": list(found.facts.get("chapters", ()))}
    return {
        **outcome,
        "shown": shown,
        "state": found.state,
        "result": FAILED if problems else outcome["result"],
        "message": found.problems[0] if problems else outcome["message"],
        "problems": problems,
    }
