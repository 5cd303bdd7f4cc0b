"""What a publish run tells people: what became of each entry, and why."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, TypedDict

from kaltura_pipeline.publishing import checking
from kaltura_pipeline.publishing.model import FAILED, GONE, Site, all_outcomes, site_workspace
from kaltura_pipeline.results.model import ERROR, title_result

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kaltura_pipeline.publishing.model import EntryOutcome
    from kaltura_pipeline.results.model import TitleResult
    from kaltura_pipeline.settings import PipelineSettings

log = logging.getLogger(__name__)

_WORDS = {
    "plays": "it plays",
    "scheduled": "it plays at its time, and not before",
    checking.RESTRICTED: "it plays for those whom its access control profile lets in",
    "": "it was not looked whether it plays",
}
# Failures that a run's last task names.
_NAMED = 20


class PublishSummary(TypedDict):
    """The outcome of a whole run.

    ``pages`` are the addresses of the pages that say what became of each entry; ``failures`` the first that failed of
    ``failed``; ``attempted`` all entries that still exist.
    """

    pages: list[str]
    counts: dict[str, int]
    attempted: int
    failed: int
    failures: list[str]


def record_publish(
    settings: PipelineSettings, sites: Iterable[Site], *, run_id: str, kmc_url: str = ""
) -> PublishSummary:
    """Write what became of each entry, as a page, as CSV and as NDJSON, and sum up.

    :param kmc_url: root of the server with the Kaltura Management Console, for links.
    """
    from kaltura_pipeline.results.tally import log_table
    from kaltura_pipeline.results.write import write_results

    summary: PublishSummary = {"pages": [], "counts": {}, "attempted": 0, "failed": 0, "failures": []}
    for site in sites:
        workspace = site_workspace(settings, site["bucket"])
        outcomes = all_outcomes(workspace, run_id, checking.STEP, site)
        title = f"Published to s3://{site['bucket']}"
        files, tally = write_results(workspace, run_id, _results(outcomes, summary), title=title, kmc_url=kmc_url)
        summary["pages"].append(files["page"])
        log.info("%s", log_table(tally))
    return summary


def _results(outcomes: Iterable[EntryOutcome], summary: PublishSummary) -> Iterator[TitleResult]:
    for outcome in outcomes:
        result = outcome["result"]
        summary["counts"][result] = summary["counts"].get(result, 0) + 1
        summary["attempted"] += result != GONE
        name = outcome["key"] or outcome["entry_id"]
        if result == FAILED:
            summary["failed"] += 1
            if len(summary["failures"]) < _NAMED:
                summary["failures"].append(f"{outcome['entry_id']} ({name}): {outcome['message']}")
        yield title_result(
            name,
            ERROR if result == FAILED else result,
            entry_id=outcome["entry_id"],
            message=outcome["message"] or _WORDS.get(outcome["state"], outcome["state"]),
            problems=outcome["problems"],
        )
