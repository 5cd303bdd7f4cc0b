"""Gives titles that are on Kaltura what they shall have besides their content, many with few requests."""

from __future__ import annotations

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING, Any

from kaltura_pipeline.attempts import Attempt, after_error, in_s3, new_outcome
from kaltura_pipeline.enrichment.resolved import Resolved
from kaltura_pipeline.plan import UPDATE
from kaltura_pipeline.results.model import BUSY, ERROR
from kaltura_provider.api.chapters import Chapter
from kaltura_provider.api.enrichment.attachments import MAX_BYTES, WantedAttachment
from kaltura_provider.api.enrichment.captions import WantedCaption
from kaltura_provider.api.enrichment.enrich import Enriched, Enrichment, enrich
from kaltura_provider.api.enrichment.thumbnail import WantedThumbnail
from kaltura_provider.transfers.ledger import LedgerBusyError, LedgerEntry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from kaltura_pipeline.plan import PlanItem
    from kaltura_pipeline.workspace import Workspace
    from kaltura_provider.api import KalturaClient

log = logging.getLogger(__name__)

# Titles that are claimed together: no claim may run out before the others are done.
_TOGETHER = 20
_THREADS = 8


def enrichment_of(
    workspace: Workspace,
    item: PlanItem,
    entry_id: str,
    *,
    fields: bool = True,
    noted: Mapping[str, Any] | None = None,
    note: Callable[[Mapping[str, Any]], None] | None = None,
    fresh: bool = False,
    verify: bool = False,
) -> Enrichment:
    """Return what a title shall have besides its content.

    :param item: the title.
    :param entry_id: the entry it became.
    :param fields: whether its properties are among it.
    :param noted: what was noted of its parts last.
    :param note: keeps new notes.
    :param fresh: the entry was made by this process just now.
    :param verify: whether to look also at what is noted as done.
    """
    wanted, image = Resolved.from_json(item["wanted"]), item["thumbnail"]
    return Enrichment(
        entry_id,
        {**wanted.update_fields, "referenceId": item["reference_id"]} if fields else None,
        wanted.category_ids,
        wanted.new_categories,
        wanted.metadata,
        [WantedCaption(**caption) for caption in item["captions"]],
        WantedThumbnail(image["key"], image["etag"]) if image else None,
        [WantedAttachment(each["key"], each["etag"]) for each in item["attachments"]],
        None if item["chapters"] is None else [Chapter(**each) for each in item["chapters"]],
        noted=noted,
        read=lambda key: _read(workspace, item, key),
        note=note,
        fresh=fresh and "templateEntryId" not in wanted.fields,
        verify=verify,
    )


def enrich_titles(
    workspace: Workspace,
    kaltura: KalturaClient,
    items: Iterable[PlanItem],
    *,
    owner: str,
    verify: bool = False,
) -> Iterator[tuple[PlanItem, Attempt]]:
    """Bring titles up to date whose content is on Kaltura already; one that fails does not stop the others.

    Each is claimed in the ledger, where is noted what was done. Safe to repeat after the end of a process at any point.

    :param items: titles of a plan with the action ``update``; taken as they are needed.
    :param owner: names this worker in the ledger; the same in every try.
    :param verify: whether to look also at what is noted as done, and to mend it.
    :return: what became of each, in their order.
    """
    remaining = iter(items)
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="claim") as threads:
        while together := list(islice(remaining, _TOGETHER)):
            yield from _together(workspace, kaltura, together, owner, threads, verify=verify)


def _together(
    workspace: Workspace,
    kaltura: KalturaClient,
    items: list[PlanItem],
    owner: str,
    threads: ThreadPoolExecutor,
    *,
    verify: bool,
) -> Iterator[tuple[PlanItem, Attempt]]:
    started = time.monotonic()
    claims = list(threads.map(lambda item: _claim(workspace, item, owner), items))
    claimed = [(item, claim) for item, claim in zip(items, claims, strict=True) if isinstance(claim, LedgerEntry)]
    wishes = [
        enrichment_of(
            workspace,
            item,
            record.body["entry_id"],
            noted=record.body.get("parts", {}),
            note=lambda parts, record=record: record.update(parts=dict(parts)),  # type: ignore[misc]
            verify=verify,
        )
        for item, record in claimed
    ]
    results = list(enrich(kaltura, wishes))
    ended = threads.map(_end, (item for item, _ in claimed), (record for _, record in claimed), results)
    attempts = dict(zip((item["key"] for item, _ in claimed), ended, strict=True))
    seconds = round((time.monotonic() - started) / len(items), 3)
    for item, claim in zip(items, claims, strict=True):
        attempt = claim if isinstance(claim, Attempt) else attempts[item["key"]]
        attempt.outcome["seconds"] = seconds
        yield item, attempt


def _claim(workspace: Workspace, item: PlanItem, owner: str) -> LedgerEntry | Attempt:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return workspace.ledger.claim_known(workspace.bucket, item["key"], owner, attempt=True)
    except LedgerBusyError as error:
        return Attempt(new_outcome(item, BUSY, message=str(error)))
    except (ClientError, BotoCoreError) as error:
        return Attempt(new_outcome(item, ERROR, entry_id=item["entry_id"], message=in_s3(error)), True)


def _end(item: PlanItem, record: LedgerEntry, result: Enriched) -> Attempt:
    """Note how a title ended, and give the claim back."""
    try:
        if result.error is not None:
            raise result.error
        record.release(
            record.body["state"],
            etag=item["etag"],
            reference_id=item["reference_id"],
            metadata_digest=item["metadata_digest"],
            inputs_digest=item["inputs_digest"],
            named=item["named"],
            defaults=item["defaults"],
            parts=result.notes,
            error="",
        )
    except Exception as fault:
        return after_error(item, record, fault)
    return Attempt(new_outcome(item, UPDATE, entry_id=record.body["entry_id"]))


def _read(workspace: Workspace, item: PlanItem, key: str) -> bytes:
    """Read a file that goes with a title; captions in whatever encoding as UTF-8, the only one that players read."""
    if any(each["key"] == key for each in item["attachments"]):
        return workspace.read(key, MAX_BYTES)
    data = workspace.read(key)
    if item["thumbnail"] is not None and key == item["thumbnail"]["key"]:
        return data
    from kaltura_pipeline.quality.captions import check_captions
    from kaltura_provider.api.languages import language_tag

    # Short texts fit several old encodings; the language tells which is meant.
    language = next((each["language"] for each in item["captions"] if each["key"] == key), "")
    text, problems = check_captions(key, data, language=language_tag(language))
    if problems:
        raise ValueError("\n".join(map(str, problems)))
    return text.text.encode()
