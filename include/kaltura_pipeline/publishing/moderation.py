"""Entries whose publication a moderator decides about, on Kaltura."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from kaltura_pipeline.lines import read_lines
from kaltura_pipeline.publishing.model import site_workspace

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kaltura_pipeline.publishing.model import Site
    from kaltura_pipeline.settings import PipelineSettings
    from kaltura_provider.api import Entry, KalturaClient

log = logging.getLogger(__name__)

#: Values of ``moderationStatus``.
PENDING, APPROVED, REJECTED = 1, 2, 3
# Approvals that travel in one request.
_TOGETHER = 50


def waiting(settings: PipelineSettings, sites: Iterable[Site], kaltura: KalturaClient) -> int:
    """Return how many entries of a run wait for a moderator (``baseEntry.list``, one call for 150 entries)."""
    from kaltura_provider.api import get_entries

    count = 0
    for site in sites:
        items = read_lines(site_workspace(settings, site["bucket"]), site["work"])
        entries = get_entries(kaltura, (item["entry_id"] for item in items))
        count += sum(entry.moderation_status == PENDING for entry in entries.values())
    return count


def approve(kaltura: KalturaClient, entries: Iterable[Entry]) -> dict[str, Entry]:
    """Approve those of some entries that wait for a moderator (``baseEntry.approve``).

    :return: the entries that are approved now, as they are now.
    :raises KalturaError: Kaltura could not be asked; an entry that cannot be approved is left out.
    """
    from kaltura_provider.api import KalturaError
    from kaltura_provider.api.paging import chunked

    approved: dict[str, Entry] = {}
    for chunk in chunked([entry for entry in entries if entry.moderation_status == PENDING], _TOGETHER):
        request = kaltura.multirequest()
        for entry in chunk:
            request.add("baseEntry", "approve", {"entryId": entry.id})
        for entry, result in zip(chunk, request.send(raise_on_error=False), strict=True):
            if isinstance(result, KalturaError):
                log.warning("%s could not be approved: %s", entry.id, result)
            else:
                approved[entry.id] = replace(entry, moderation_status=APPROVED)
    return approved
