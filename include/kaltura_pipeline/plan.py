"""What a run does with each title, and why: the decisions, and the form in which the plan lies in S3."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, TypedDict

from kaltura_pipeline.manifests.model import Problem
from kaltura_provider.transfers import ledger as ledger_states

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ADD, UPDATE, REPLACE, SKIP, REFUSE = "add", "update", "replace", "skip", "refuse"
ACTIONS = (ADD, UPDATE, REPLACE, SKIP, REFUSE)
# What a batch has to do something about.
WORK = (ADD, REPLACE, UPDATE)

# What to do with a file whose content changed since it was ingested.
CHANGED_REPLACE, CHANGED_NEW_ENTRY, CHANGED_SKIP, CHANGED_REFUSE = "replace", "new_entry", "skip", "refuse"
CHANGED_FILES = (CHANGED_REPLACE, CHANGED_NEW_ENTRY, CHANGED_SKIP, CHANGED_REFUSE)

# What to do with a file that was ingested before.
KNOWN_UPDATE, KNOWN_SKIP, KNOWN_RETRY = "update", "skip", "retry"
# All that is on Kaltura is to be compared with it, whatever the ledger says.
KNOWN_COMPARE = "compare"
KNOWN_FILES = (KNOWN_UPDATE, KNOWN_SKIP, KNOWN_RETRY, KNOWN_COMPARE)

# What to do with a file that has the content of another one.
DUPLICATE_REFUSE, DUPLICATE_ADD = "refuse", "add"
DUPLICATE_FILES = (DUPLICATE_REFUSE, DUPLICATE_ADD)

# Part of every digest: with a new number all sidecars are read once more.
PLAN_VERSION = 1


class PlannedFile(TypedDict):
    """A file of a planned title: a caption, with its language in Kaltura's words; a thumbnail; a rendition."""

    key: str
    etag: str
    language: str
    label: str
    default: bool


class PlannedChapter(TypedDict):
    """A chapter of a planned title; ``start`` is in milliseconds."""

    start: int
    title: str
    description: str


class PlanItem(TypedDict):
    """One title of a plan.

    ``wanted`` is what it shall have on Kaltura besides its content (``Resolved.to_json()``); ``description`` is what
    was said of it (``Description.to_json()``), ``defaults`` what a run says of all titles; ``size`` is in bytes;
    ``renditions`` are keys by the ID of their flavor params; ``chapters`` are None where no file has any. ``sidecars``
    are the ETags of all that lies beside it by key, ``named`` those of the files that its description names.
    ``problems`` say why it is refused; ``new_entry`` is for a file that had an entry before.
    """

    action: str
    reason: str
    key: str
    size: int
    etag: str
    kind: str
    entry_id: str
    reference_id: str
    name: str
    description: dict[str, Any]
    wanted: dict[str, Any]
    captions: list[PlannedFile]
    thumbnail: PlannedFile | None
    renditions: dict[str, str]
    chapters: list[PlannedChapter] | None
    attachments: list[PlannedFile]
    problems: list[dict[str, str]]
    metadata_digest: str
    inputs_digest: str
    new_entry: bool
    named: dict[str, str]
    sidecars: dict[str, str]
    defaults: dict[str, Any]


class Batch(TypedDict):
    """A slice of a plan's work, small enough for XCom: where the plan lies, and a range of bytes of its work."""

    plan: str
    number: int
    start: int
    stop: int
    count: int


class Plan(TypedDict):
    """The head of a plan as it lies in S3; ``titles`` and ``work`` are the addresses of its items, one JSON a line.

    ``lost`` has the files that became entries and are gone, if all was compared.
    """

    bucket: str
    prefix: str
    options: dict[str, Any]
    totals: dict[str, Any]
    titles: str
    not_taken: str
    lost: str
    work: str
    batches: list[Batch]


def digest_of(value: object) -> str:
    """Return a digest of plain JSON."""
    return hashlib.sha256(json.dumps([PLAN_VERSION, value], sort_keys=True).encode()).hexdigest()


def metadata_digest(item: PlanItem) -> str:
    """Digest all but the content of a title, to see later whether something was changed."""
    parts = [item["description"], item["captions"], item["thumbnail"], item["reference_id"], item["renditions"]]
    # Titles without them keep the digest they had before there were any.
    more = {name: value for name in ("chapters", "attachments") if (value := item[name])}
    return digest_of([*parts, more] if more else parts)


def is_known(record: Mapping[str, Any] | None, etag: str, inputs: str, known_files: str) -> str:
    """Say why nothing is to be done about a title, before anything of it is read; empty if that is not sure.

    :param record: its record in the ledger.
    :param etag: ETag of the media file as it is now.
    :param inputs: digest of all that is said of it: sidecars by ETag, row of a manifest, defaults.
    :param known_files: one of :data:`KNOWN_FILES`.
    """
    if record is None or record.get("etag") != etag or known_files == KNOWN_COMPARE:
        return ""
    state = record["state"]
    if record.get("inputs_digest") != inputs and not (known_files == KNOWN_SKIP and state == ledger_states.READY):
        return ""
    if state == ledger_states.READY:
        return f"unchanged since it became {record.get('entry_id')}"
    if state == ledger_states.FAILED and known_files != KNOWN_RETRY:
        return _failed(record)
    return ""


def decide(
    item: PlanItem, record: Mapping[str, Any] | None, *, address: str, known_files: str, changed_files: str
) -> tuple[str, str]:
    """Decide what to do with a title whose description is in order.

    :param item: the title.
    :param record: its record in the ledger.
    :param address: where that record lies.
    :param known_files: one of :data:`KNOWN_FILES`.
    :param changed_files: one of :data:`CHANGED_FILES`.
    :return: action and reason.
    """
    if item["size"] == 0:
        return REFUSE, f"{item['key']}: the file is empty; upload it again"
    if record is None:
        return ADD, "new"
    if record["state"] == ledger_states.CLAIMED:
        return ADD, "an earlier run did not finish it"
    entry_id = record.get("entry_id", "")
    if record.get("etag") != item["etag"]:
        return _decide_changed(item, record, entry_id, address, changed_files)
    if record["state"] == ledger_states.FAILED:
        if known_files == KNOWN_RETRY or record.get("metadata_digest") != item["metadata_digest"]:
            return ADD, "failed before, tried again"
        return SKIP, _failed(record)
    if record["state"] == ledger_states.UPLOADED:
        return ADD, f"uploaded as {entry_id}, not yet seen ready"
    if record.get("metadata_digest") != item["metadata_digest"] and known_files != KNOWN_SKIP:
        return UPDATE, f"metadata or captions changed since it became {entry_id}"
    if known_files == KNOWN_COMPARE:
        return UPDATE, f"compared with {entry_id}"
    return SKIP, f"unchanged since it became {entry_id}"


def _decide_changed(
    item: PlanItem, record: Mapping[str, Any], entry_id: str, address: str, changed_files: str
) -> tuple[str, str]:
    if not entry_id:
        return ADD, "the file changed since it failed"
    changed = f"the content changed since it became {entry_id}"
    if changed_files == CHANGED_REPLACE:
        return REPLACE, changed
    if changed_files == CHANGED_NEW_ENTRY:
        return ADD, f"{changed}; it becomes an entry of its own"
    if changed_files == CHANGED_SKIP:
        return SKIP, f"{changed}; changed files are left alone"
    return REFUSE, (
        f"{item['key']}: the content changed since it became entry {entry_id}; run with changed files = "
        f"{CHANGED_REPLACE}, put the new version under a new key, or delete the entry and its record {address}"
    )


def limit(item: PlanItem, asked: str) -> tuple[str, str]:
    """Leave out what the row of a manifest does not ask for.

    :param item: the title, decided.
    :param asked: ``add``, ``update``, ``replace``, ``add_or_update``, or empty for anything.
    :return: action and reason.
    """
    action, reason = item["action"], item["reason"]
    if not asked or action in (SKIP, REFUSE):
        return action, reason
    if action == ADD and not item["entry_id"] and asked in (UPDATE, REPLACE):
        fix = "leave the action empty, or write add_or_update"
        return REFUSE, f"{item['key']}: the manifest asks to {asked} it, and it is not on Kaltura yet; {fix}"
    allowed = {ADD: (ADD,), UPDATE: (ADD, UPDATE), REPLACE: (ADD, REPLACE, UPDATE), "add_or_update": (ADD, UPDATE)}
    if action not in allowed.get(asked, WORK):
        return SKIP, f"{reason}; the manifest asks only to {asked.replace('_', ' ')}"
    return action, reason


def problems_of(item: PlanItem) -> list[Problem]:
    """Return what is wrong with a refused title; of those that the plan itself refuses the reason says it."""
    if item["action"] != REFUSE or item["problems"]:
        return [Problem(**problem) for problem in item["problems"]]
    message, _, fix = item["reason"].removeprefix(f"{item['key']}: ").partition("; ")
    return [Problem(item["key"], "", "", message, fix)]


def _failed(record: Mapping[str, Any]) -> str:
    return f"failed before ({record.get('error', '')}); fix the file, or run with known files = {KNOWN_RETRY}"


def refuse_shared(sharing: Sequence[PlanItem]) -> None:
    """Two titles with one reference ID would end as one entry: refuse both, naming the other."""
    names = ", ".join(item["key"] for item in sharing)
    for item in sharing:
        item["action"] = REFUSE
        item["reason"] = (
            f"reference id {item['reference_id']!r} is used by several files ({names}); give each its own, or leave "
            "the field out"
        )
