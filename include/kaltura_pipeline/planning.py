"""Plan a run: list the bucket, read what is said of each title, check it, decide, and write the plan to S3."""

from __future__ import annotations

import logging
from collections import Counter
from typing import TYPE_CHECKING, Any

from kaltura_pipeline.catalogue import Catalogue
from kaltura_pipeline.discovery import discover
from kaltura_pipeline.ledger_index import LedgerIndex
from kaltura_pipeline.lines import write_lines
from kaltura_pipeline.plan import ACTIONS, ADD, KNOWN_COMPARE, REFUSE, REPLACE, UPDATE, WORK, Batch, Plan, refuse_shared
from kaltura_pipeline.titles import TitlePlanner
from kaltura_pipeline.workspace import Workspace, run_name

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from kaltura_pipeline.options import RunOptions
    from kaltura_pipeline.settings import PipelineSettings
    from kaltura_provider.api import KalturaClient

log = logging.getLogger(__name__)

# Of longer plans the log shows the beginning; the documents in S3 have all.
_LOGGED = 200
# For the estimate that is shown with a plan: bytes and seconds of one worker, and requests to Kaltura of one title.
_BYTES_PER_SECOND = 25e6
_SECONDS_PER_TITLE = 0.5
_CALLS = {ADD: 3.2, REPLACE: 5.0, UPDATE: 2.0}
# Bytes that one task moves at most, a single larger file aside.
_BATCH_BYTES = 50 * 10**9


def plan_ingest(
    settings: PipelineSettings,
    options: RunOptions,
    *,
    run_id: str,
    kaltura: Callable[[], KalturaClient],
    entry_ids: Collection[str] | None = None,
) -> tuple[str, Plan]:
    """List the bucket, decide, write the plan to S3, and return its address and its head.

    :param settings: the pipeline's settings.
    :param options: the run's options.
    :param run_id: names the run.
    :param kaltura: opens the connection to Kaltura; called only when a title names something that is there.
    :param entry_ids: only titles that became one of these entries are planned; None plans all.
    :raises BucketError: the bucket cannot be listed.
    :raises ConfigurationError: options are wrong. A wrong sidecar refuses only its own title.
    """
    workspace = Workspace.open(settings, options.bucket)
    documents = workspace.documents
    # In a bucket of its own the state is in nobody's way.
    state_prefix = documents.prefix if documents.bucket == options.bucket else ""
    folder = run_name(run_id)
    with Catalogue.open() as catalogue:
        discover(
            workspace.client, catalogue, options.bucket, options.prefix,
            state_prefix=state_prefix, selection=options.selection, manifest=options.manifest,
        )  # fmt: skip
        index = LedgerIndex(catalogue, documents)
        read = index.load()
        log.info("The bucket is listed; %d records of the ledger were new.", read)
        only = None if entry_ids is None else _keys(index, options.bucket, entry_ids)
        planner = TitlePlanner(workspace, options, catalogue, index, kaltura, only=only)
        planner.plan()
        for sharing in catalogue.shared_reference_ids():
            refuse_shared(sharing)  # type: ignore[arg-type]
            for item in sharing:
                catalogue.add_item(item)
        totals = _totals(catalogue.items(), sum(1 for _ in catalogue.not_taken()), settings.transfer_tasks)
        titles, _ = write_lines(workspace, f"{folder}/titles.ndjson", catalogue.items())
        left = ({"key": each.key, "reason": each.reason} for each in catalogue.not_taken())
        not_taken, _ = write_lines(workspace, f"{folder}/not-taken.ndjson", left)
        # Files that are moved after their success are not lost.
        compared = options.known_files == KNOWN_COMPARE and settings.after_success != "move"
        lost = ""
        if compared:
            rows = index.without_object(options.bucket, options.prefix)
            lost, _ = write_lines(workspace, f"{folder}/lost.ndjson", rows)
        work, offsets = write_lines(workspace, f"{folder}/work.ndjson", catalogue.items(WORK))
        sizes = [item["size"] for item in catalogue.items(WORK)]
        name = f"{folder}/plan.json"
        uri = documents.uri(name)
        plan: Plan = {
            "bucket": options.bucket, "prefix": options.prefix,
            "options": {name: getattr(options, name) for name in ("known_files", "changed_files", "duplicate_files")},
            "totals": totals, "titles": titles, "not_taken": not_taken, "lost": lost, "work": work,
            "batches": _batches(uri, offsets, sizes, settings.batch_size),
        }  # fmt: skip
        documents.write(name, dict(plan))
        _tell(catalogue, plan)
    return uri, plan


def _keys(index: LedgerIndex, bucket: str, entry_ids: Collection[str]) -> set[str]:
    return {key for source, key in index.sources_of(entry_ids).values() if source == bucket}


def _totals(items: Iterator[dict[str, Any]], not_taken: int, tasks: int) -> dict[str, Any]:
    counts: Counter[str] = Counter()
    size = 0
    for item in items:
        counts[item["action"]] += 1
        size += item["size"] if item["action"] in (ADD, REPLACE) else 0
    work = sum(counts[action] for action in WORK)
    seconds = (size / _BYTES_PER_SECOND + work * _SECONDS_PER_TITLE) / max(1, tasks)
    return {
        **{action: counts[action] for action in ACTIONS},
        "not_taken": not_taken,
        "bytes": size,
        "api_calls": round(sum(counts[action] * calls for action, calls in _CALLS.items())),
        "minutes": round(seconds / 60, 1),
    }


def _batches(plan: str, offsets: list[int], sizes: list[int], size: int) -> list[Batch]:
    """Cut the work into slices for the tasks.

    With much work the slices grow instead of becoming more: each task costs Airflow about a second.
    """
    most = max(size, -(-len(sizes) // _MOST_TASKS))
    found: list[Batch] = []
    first, carried = 0, 0
    for line, moved in enumerate(sizes, 1):
        carried += moved
        last = line == len(sizes)
        if last or line - first >= most or carried + sizes[line] > _BATCH_BYTES:
            found.append(
                {
                    "plan": plan, "number": len(found), "start": offsets[first], "stop": offsets[line],
                    "count": line - first,
                }
            )  # fmt: skip
            first, carried = line, 0
    return found


# Mapped tasks of one run at most, unless the bytes ask for more.
_MOST_TASKS = 100


def _tell(catalogue: Catalogue, plan: Plan) -> None:
    totals = plan["totals"]
    for number, item in enumerate(catalogue.items((*WORK, REFUSE))):
        if number == _LOGGED:
            log.info("... and so on; all are in %s", plan["titles"])
            break
        log.info("%-7s %s: %s", item["action"], item["key"], item["reason"])
    for number, other in enumerate(catalogue.not_taken()):
        if number == _LOGGED:
            log.warning("... and so on; all are in %s", plan["not_taken"])
            break
        log.warning("not taken: %s: %s", other.key, other.reason)
    if not any(totals[action] for action in ACTIONS):
        log.warning(
            "s3://%s/%s holds no media file; if that is wrong, check bucket and prefix", plan["bucket"], plan["prefix"]
        )
    log.info("Plan: %s", ", ".join(f"{name} {count}" for name, count in totals.items()))
