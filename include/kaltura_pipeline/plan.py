"""The plan of an ingest run: for every title one action with its reason, written to S3 before anything is done."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from typing import TYPE_CHECKING, Any, TypedDict

from kaltura_pipeline.errors import ConfigurationError
from kaltura_pipeline.sidecars import MAXIMUM_BYTES, SidecarError, entry_fields, parse_sidecar
from kaltura_provider.transfers import ledger as ledger_states

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kaltura_pipeline.discovery import Discovery, Title
    from kaltura_provider.transfers.ledger import Ledger

ADD, UPDATE, REPLACE, SKIP, REFUSE = "add", "update", "replace", "skip", "refuse"

# What to do with a file whose content changed since it was ingested.
CHANGED_REPLACE, CHANGED_REFUSE = "replace", "refuse"
CHANGED_FILES = (CHANGED_REPLACE, CHANGED_REFUSE)

# What to do with a file that was ingested before.
KNOWN_UPDATE, KNOWN_SKIP, KNOWN_RETRY = "update", "skip", "retry"
KNOWN_FILES = (KNOWN_UPDATE, KNOWN_SKIP, KNOWN_RETRY)


class PlannedCaption(TypedDict):
    """A caption file of a planned title."""

    key: str
    etag: str
    language: str


class PlanItem(TypedDict):
    """One title of a plan. ``fields`` are properties of KalturaBaseEntry; ``size`` is in bytes."""

    action: str
    reason: str
    key: str
    size: int
    etag: str
    kind: str
    reference_id: str
    fields: dict[str, Any]
    captions: list[PlannedCaption]
    metadata_digest: str


class Plan(TypedDict):
    """A whole plan as it lies in S3."""

    bucket: str
    prefix: str
    changed_files: str
    items: list[PlanItem]
    not_taken: list[dict[str, str]]
    totals: dict[str, int]


def build_plan(
    client: Any,
    discovery: Discovery,
    ledger: Ledger,
    *,
    bucket: str,
    prefix: str,
    known_files: str = KNOWN_UPDATE,
    changed_files: str = CHANGED_REPLACE,
    defaults: Mapping[str, Any] | None = None,
) -> Plan:
    """Decide what to do with every title of a listing.

    :param client: a boto3 S3 client; metadata files are read through it.
    :param known_files: one of :data:`KNOWN_FILES`.
    :param changed_files: one of :data:`CHANGED_FILES`.
    :param defaults: metadata fields (keys of :data:`kaltura_pipeline.sidecars.FIELDS`) for titles without their own.
    :raises ConfigurationError: ``defaults`` are wrong. A wrong metadata file refuses only its own title.
    """
    if known_files not in KNOWN_FILES:
        raise ValueError(f"known_files is {known_files!r}; use one of {', '.join(KNOWN_FILES)}")
    if changed_files not in CHANGED_FILES:
        raise ValueError(f"changed_files is {changed_files!r}; use one of {', '.join(CHANGED_FILES)}")
    try:
        default_fields = entry_fields("default metadata", dict(defaults or {}))
    except SidecarError as error:
        raise ConfigurationError(str(error)) from error
    items = []
    for title in discovery.titles:
        item = _item(title, bucket, default_fields)
        try:
            if title.metadata is not None:
                data = client.get_object(Bucket=bucket, Key=title.metadata.key)["Body"].read(MAXIMUM_BYTES + 1)
                item["fields"].update(parse_sidecar(title.metadata.key, data))
        except SidecarError as error:
            item["action"], item["reason"] = REFUSE, str(error)
        else:
            item["reference_id"] = item["fields"].pop("referenceId", item["reference_id"])
            item["metadata_digest"] = _digest(item)
            record = ledger.read(bucket, title.media.key)
            address = ledger.address(bucket, title.media.key)
            item["action"], item["reason"] = _decide(item, record, address, known_files, changed_files)
        items.append(item)
    _refuse_shared_reference_ids(items)
    totals = Counter(item["action"] for item in items)
    return {
        "bucket": bucket,
        "prefix": prefix,
        "changed_files": changed_files,
        "items": items,
        "not_taken": [{"key": item.key, "reason": item.reason} for item in discovery.not_taken],
        "totals": {
            **{action: totals[action] for action in (ADD, UPDATE, REPLACE, SKIP, REFUSE)},
            "not_taken": len(discovery.not_taken),
            "bytes": sum(item["size"] for item in items if item["action"] in (ADD, REPLACE)),
        },
    }


def _item(title: Title, bucket: str, default_fields: Mapping[str, Any]) -> PlanItem:
    from kaltura_provider.transfers.upload import reference_id_of

    return {
        "action": "",
        "reason": "",
        "key": title.media.key,
        "size": title.media.size,
        "etag": title.media.etag,
        "kind": title.kind,
        "reference_id": reference_id_of(f"s3://{bucket}/{title.media.key}"),
        "fields": {"name": title.media.path.stem, **default_fields},
        "captions": [
            {"key": caption.source.key, "etag": caption.source.etag, "language": caption.language}
            for caption in sorted(title.captions, key=lambda caption: caption.source.key)
        ],
        "metadata_digest": "",
    }


def _digest(item: PlanItem) -> str:
    """Digest everything but the media itself, to see later whether a sidecar changed."""
    described = {"fields": item["fields"], "captions": item["captions"], "reference_id": item["reference_id"]}
    return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()


def _decide(
    item: PlanItem, record: Mapping[str, Any] | None, address: str, known_files: str, changed_files: str
) -> tuple[str, str]:
    if item["size"] == 0:
        return REFUSE, f"{item['key']}: the file is empty; upload it again"
    if record is None:
        return ADD, "new"
    if record["state"] == ledger_states.CLAIMED:
        return ADD, "an earlier run did not finish it"
    entry_id = record.get("entry_id", "")
    if record.get("etag") != item["etag"]:
        if record["state"] == ledger_states.FAILED and not entry_id:
            return ADD, "the file changed since it failed"
        if changed_files == CHANGED_REPLACE and entry_id:
            return REPLACE, f"the content changed since it became {entry_id}"
        return REFUSE, (
            f"{item['key']}: the content changed since it became entry {entry_id}; run with changed files = "
            f"{CHANGED_REPLACE}, put the new version under a new key, or delete the entry and its record {address}"
        )
    if record["state"] == ledger_states.FAILED:
        if known_files == KNOWN_RETRY or record.get("metadata_digest") != item["metadata_digest"]:
            return ADD, "failed before, tried again"
        return SKIP, f"failed before ({record['error']}); fix the file, or run with known files = {KNOWN_RETRY}"
    if record["state"] == ledger_states.UPLOADED:
        return ADD, f"uploaded as {entry_id}, not yet seen ready"
    if record.get("metadata_digest") != item["metadata_digest"] and known_files != KNOWN_SKIP:
        return UPDATE, f"metadata or captions changed since it became {entry_id}"
    return SKIP, f"unchanged since it became {entry_id}"


def _refuse_shared_reference_ids(items: list[PlanItem]) -> None:
    """Two titles with one reference id would end as one entry: refuse both, naming the other."""
    users: dict[str, list[PlanItem]] = {}
    for item in items:
        users.setdefault(item["reference_id"], []).append(item)
    for reference_id, sharing in users.items():
        if len(sharing) > 1:
            names = ", ".join(item["key"] for item in sharing)
            for item in sharing:
                item["action"] = REFUSE
                item["reason"] = f"reference_id {reference_id!r} is used by several files ({names}); make them differ"
