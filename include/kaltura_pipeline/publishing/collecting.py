"""Which entries a publish run is about, and what of them is to be brought up to date."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from kaltura_pipeline.catalogue import Catalogue
from kaltura_pipeline.errors import ConfigurationError
from kaltura_pipeline.ledger_index import LedgerIndex
from kaltura_pipeline.lines import read_lines, write_lines
from kaltura_pipeline.options import RunOptions
from kaltura_pipeline.plan import REFUSE, UPDATE, problems_of
from kaltura_pipeline.publishing.model import site_workspace
from kaltura_pipeline.workspace import run_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from kaltura_pipeline.publishing.model import Collected, PublishBatch, PublishItem, Site
    from kaltura_pipeline.settings import PipelineSettings
    from kaltura_pipeline.workspace import Workspace
    from kaltura_provider.api import KalturaClient

log = logging.getLogger(__name__)

# Entries of one task, as many as one list of Kaltura holds; more when there are more than 100 times as many.
_BATCH = 150
_MOST_TASKS = 100
# Entries that are named to the person who approves.
_NAMED = 20


@dataclass(frozen=True)
class PublishOptions:
    """What a publish run shall do.

    :param manifests: addresses of ingest manifests, from the asset events that started the run.
    :param entry_ids: entries that are named; then manifests are not read.
    :param category: full path or id of a category, whose entries are taken.
    :param search: text or tags to search for; entries that are found are taken.
    :param bucket: bucket for pages of entries that are named or found; a manifest's entries go where it lies.
    :param update: whether what lies in S3 beside the source files is compared with what was sent, and brought up to
        date.
    :param create_categories: whether categories that do not exist are made.
    """

    manifests: tuple[str, ...] = ()
    entry_ids: tuple[str, ...] = ()
    category: str = ""
    search: str = ""
    bucket: str = ""
    update: bool = False
    create_categories: bool = False

    @property
    def is_chosen(self) -> bool:
        """Whether the form names what to publish."""
        return bool(self.entry_ids or self.category or self.search)


def collect_entries(
    settings: PipelineSettings, options: PublishOptions, *, run_id: str, kaltura: Callable[[], KalturaClient]
) -> Collected:
    """Gather what to publish, plan what is to be brought up to date, and write both to S3.

    :param run_id: names the run.
    :param kaltura: opens the connection to Kaltura; called only if something is searched for or has changed.
    :raises ConfigurationError: there is nothing to publish, or no bucket for the pages.
    :raises FileNotFoundError: a manifest is gone.
    :raises KalturaError: from ``baseEntry.list`` and ``category.list``.
    """
    sites: list[Site] = []
    batches: list[PublishBatch] = []
    totals: Counter[str] = Counter()
    first: list[str] = []
    for bucket, entry_ids in _by_site(settings, options, kaltura).items():
        workspace = site_workspace(settings, bucket)
        items = _items(settings, options, workspace, entry_ids, run_id, kaltura)
        work, offsets = write_lines(workspace, f"{run_name(run_id)}/publish.ndjson", _counted(items, totals, first))
        slices = list(_slices(bucket, work, offsets))
        sites.append({"bucket": bucket, "work": work, "entries": len(offsets) - 1, "batches": len(slices)})
        batches += slices
    log.info("To publish: %s", ", ".join(f"{name} {count}" for name, count in totals.items()) or "nothing")
    return {"batches": batches, "sites": sites, "totals": dict(totals), "first": first}


def _by_site(
    settings: PipelineSettings, options: PublishOptions, kaltura: Callable[[], KalturaClient]
) -> dict[str, dict[str, None]]:
    """Return the entries by the bucket that their pages go to."""
    if options.is_chosen:
        target = settings.state_bucket or options.bucket or settings.bucket
        if not target:
            raise ConfigurationError(
                "no bucket is named for the pages: fill 'S3 bucket for the pages' in the trigger form, or set "
                "KALTURA_PIPELINE_BUCKET"
            )
        return {target: dict.fromkeys(_chosen(options, kaltura))}
    if not options.manifests:
        raise ConfigurationError(
            "nothing to publish: name entry ids, a category or a search in the trigger form, or run kaltura_ingest "
            "first"
        )
    found: dict[str, dict[str, None]] = {}
    for uri in options.manifests:
        target = uri.split("/", 3)[2]
        documents = site_workspace(settings, target).documents
        document = documents.read(documents.name_of(uri))
        if document is None:
            raise FileNotFoundError(f"the manifest {uri} is gone; name its entry ids in the trigger form instead")
        found.setdefault(target, {}).update(dict.fromkeys(entry["entry_id"] for entry in document.body["entries"]))
    return found


def _chosen(options: PublishOptions, kaltura: Callable[[], KalturaClient]) -> Iterator[str]:
    yield from (entry_id.strip() for entry_id in options.entry_ids if entry_id.strip())
    if options.category or options.search:
        from kaltura_provider.api.selection import find_entries

        count = 0
        for entry_id in find_entries(kaltura(), category=_category(options.category), search=options.search or None):
            count += 1
            yield entry_id
        if not count:
            log.warning("No entry is found by category %r and search %r.", options.category, options.search)


def _category(text: str) -> str | int | None:
    """Return a category as ``find_entries`` takes it: digits are an id."""
    return int(text) if text.isdecimal() else text or None


def _items(
    settings: PipelineSettings,
    options: PublishOptions,
    workspace: Workspace,
    entry_ids: Iterable[str],
    run_id: str,
    kaltura: Callable[[], KalturaClient],
) -> Iterator[PublishItem]:
    wanted = list(entry_ids)
    with Catalogue.open() as catalogue:
        index = LedgerIndex(catalogue, workspace.documents)
        index.load()
        sources = index.sources_of(wanted)
    planned: dict[str, Any] = {}
    if options.update:
        by_bucket: dict[str, list[str]] = defaultdict(list)
        for entry_id, (bucket, _) in sources.items():
            by_bucket[bucket].append(entry_id)
        for number, (bucket, ids) in enumerate(sorted(by_bucket.items())):
            planned |= _planned(settings, options, workspace, bucket, ids, f"{run_id}/plan-{number}", kaltura)
    for entry_id in wanted:
        bucket, key = sources.get(entry_id, ("", ""))
        item = planned.get(entry_id)
        yield {
            "entry_id": entry_id,
            "bucket": bucket,
            "key": key,
            "item": item if item is not None and item["action"] == UPDATE else None,
            "problems": [] if item is None else [asdict(problem) for problem in problems_of(item)],
        }


def _planned(
    settings: PipelineSettings,
    options: PublishOptions,
    workspace: Workspace,
    bucket: str,
    entry_ids: list[str],
    run_id: str,
    kaltura: Callable[[], KalturaClient],
) -> dict[str, Any]:
    """Return what changed of entries that came from one bucket, and what is wrong with it."""
    from kaltura_pipeline.planning import plan_ingest

    params = {"bucket": bucket, "prefix": settings.prefix, "create_categories": options.create_categories}
    site = replace(settings, state_bucket=workspace.documents.bucket)
    run_options = RunOptions.from_params(params, settings)
    _, plan = plan_ingest(site, run_options, run_id=run_id, kaltura=kaltura, entry_ids=entry_ids)
    items = read_lines(workspace, plan["titles"])
    return {item["entry_id"]: item for item in items if item["action"] in (UPDATE, REFUSE)}


def _counted(items: Iterator[PublishItem], totals: Counter[str], first: list[str]) -> Iterator[PublishItem]:
    for item in items:
        totals["entries"] += 1
        totals["to_update"] += item["item"] is not None
        totals["refused"] += bool(item["problems"])
        if len(first) < _NAMED:
            first.append(f"{item['entry_id']} {item['key']}".strip())
        yield item


def _slices(site: str, work: str, offsets: list[int]) -> Iterator[PublishBatch]:
    lines = len(offsets) - 1
    size = max(_BATCH, -(-lines // _MOST_TASKS))
    for number, first in enumerate(range(0, lines, size)):
        last = min(first + size, lines)
        yield {
            "site": site, "work": work, "number": number, "start": offsets[first], "stop": offsets[last],
            "count": last - first,
        }  # fmt: skip
