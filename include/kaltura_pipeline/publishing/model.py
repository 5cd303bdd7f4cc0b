"""What lies in S3 between the tasks of a publish run."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypedDict

from kaltura_pipeline.lines import read_lines
from kaltura_pipeline.workspace import Workspace, run_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kaltura_pipeline.plan import PlanItem
    from kaltura_pipeline.results.model import ResultProblem
    from kaltura_pipeline.settings import PipelineSettings

# How an entry ended; the first has its page: it plays, will play at its time, or plays for those it is meant for.
PUBLISHED, HELD, GONE, FAILED = "published", "held", "gone", "failed"


class PublishItem(TypedDict):
    """One entry of a publish run.

    ``bucket`` and ``key`` are the source object it came from, empty if the pipeline does not know it; ``item`` is what
    has to be brought up to date; ``problems`` say why that cannot be.
    """

    entry_id: str
    bucket: str
    key: str
    item: PlanItem | None
    problems: list[dict[str, str]]


class PublishBatch(TypedDict):
    """A slice of the work, small enough for XCom: the bucket that ledger and pages lie in, the address of the work, and
    a range of its bytes.
    """

    site: str
    work: str
    number: int
    start: int
    stop: int
    count: int


class Site(TypedDict):
    """The part of a publish run that goes to the pages of one bucket."""

    bucket: str
    work: str
    entries: int
    batches: int


class Collected(TypedDict):
    """What is to be published: the batches, where they go, and what a person wants to know before."""

    batches: list[PublishBatch]
    sites: list[Site]
    totals: dict[str, int]
    first: list[str]


class Shown(TypedDict):
    """What the page of an entry shows of it, see :class:`kaltura_provider.api.PageItem`.

    ``duration`` is in seconds, ``created_at`` in Unix seconds; ``captions`` and ``chapters`` are None if nobody looked,
    a chapter's ``start`` is in milliseconds; ``download_url`` is empty for what a player shows.
    """

    title: str
    description: str
    duration: int | None
    kind: str
    created_at: int | None
    captions: list[str] | None
    chapters: list[dict[str, Any]] | None
    download_url: str


class EntryOutcome(TypedDict):
    """What became of one entry.

    ``result`` is one of :data:`PUBLISHED`, :data:`HELD`, :data:`GONE` and :data:`FAILED`; ``state`` is what a viewer
    gets, see :class:`kaltura_provider.api.playback.PlaybackResult`; ``updated`` says whether something of it was
    brought up to date; ``shown`` is None for an entry that is not on Kaltura.
    """

    entry_id: str
    key: str
    result: str
    state: str
    updated: bool
    message: str
    problems: list[ResultProblem]
    shown: Shown | None


def new_outcome(
    item: PublishItem,
    result: str,
    message: str,
    *,
    updated: bool = False,
    problems: list[ResultProblem],
    shown: Shown | None = None,
) -> EntryOutcome:
    """Make the outcome of an entry of which nobody has looked yet what a viewer gets."""
    return {
        "entry_id": item["entry_id"],
        "key": item["key"],
        "result": result,
        "state": "",
        "updated": updated,
        "message": message,
        "problems": problems,
        "shown": shown,
    }


def site_workspace(settings: PipelineSettings, site: str, source: str = "") -> Workspace:
    """Open the very bucket that ledger and pages lie in, whatever the settings say by now.

    :param site: that bucket.
    :param source: the bucket of the source objects; the same by default.
    """
    return Workspace.open(replace(settings, state_bucket=site), source or site)


def read_items(workspace: Workspace, batch: PublishBatch) -> list[PublishItem]:
    """Read the entries of a batch. S3: GetObject, with Range.

    :raises FileNotFoundError: they are gone.
    """
    return list(read_lines(workspace, batch["work"], batch["start"], batch["stop"]))


def outcomes_name(run_id: str, step: str, number: int) -> str:
    """Return the document's name that holds what a step made of a batch."""
    return f"{run_name(run_id)}/{step}/{number:07d}.json"


def write_outcomes(
    workspace: Workspace, run_id: str, step: str, batch: PublishBatch, outcomes: list[EntryOutcome]
) -> None:
    """Write what a step made of a batch."""
    name = outcomes_name(run_id, step, batch["number"])
    workspace.documents.write(name, {"work": batch["work"], "outcomes": outcomes})


def read_outcomes(workspace: Workspace, run_id: str, step: str, number: int) -> dict[str, EntryOutcome]:
    """Read what a step made of a batch, by entry; nothing if it did not come to an end."""
    document = workspace.documents.read(outcomes_name(run_id, step, number))
    return {} if document is None else {each["entry_id"]: each for each in document.body["outcomes"]}


def all_outcomes(workspace: Workspace, run_id: str, step: str, site: Site) -> Iterator[EntryOutcome]:
    """Yield what a step made of all entries of a site."""
    for number in range(site["batches"]):
        yield from read_outcomes(workspace, run_id, step, number).values()
