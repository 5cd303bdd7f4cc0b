"""Published titles that no human has captioned, by what people watch."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from kaltura_pipeline.reporting.page_model import CaptionDebt

if TYPE_CHECKING:
    from kaltura_provider.api import KalturaClient

_LISTED = 50
_ENTRIES_A_CALL = 150
_NO_CATEGORY = "No category"
_READY = 2
# What people upload has no accuracy, or says that it is all right.
_ACCURATE = 99
_MACHINE = re.compile(r"auto-?\s?generated|\bASR\b|machine", re.IGNORECASE)


def caption_debt(client: KalturaClient, watched: Mapping[str, float]) -> CaptionDebt:
    """Find the video and audio that is published without captions by a human (``media.list``,
    ``caption_captionAsset.list``).

    :param client: the client.
    :param watched: seconds that were viewed of an entry, which rank the titles.
    """
    entries = {each["id"]: each for each in _published(client)}
    human, machine = _captioned(client, list(entries))
    missing = [each for entry_id, each in entries.items() if entry_id not in human]
    missing.sort(key=lambda each: (-watched.get(each["id"], 0.0), each.get("name") or ""))
    departments: dict[str, tuple[int, float]] = {}
    for each in missing:
        titles, seconds = departments.get(_department(each), (0, 0.0))
        departments[_department(each)] = (titles + 1, seconds + watched.get(each["id"], 0.0))
    ranked = sorted(departments.items(), key=lambda item: (-item[1][1], -item[1][0], item[0]))
    return CaptionDebt(
        published=len(entries),
        without=len(missing),
        departments=tuple((name, titles, seconds) for name, (titles, seconds) in ranked),
        titles=tuple(
            (
                str(each.get("name") or each["id"]),
                _department(each),
                watched.get(each["id"], 0.0),
                each["id"] in machine,
            )
            for each in missing[:_LISTED]
        ),
    )


def _published(client: KalturaClient) -> Iterator[dict[str, Any]]:
    """Yield what viewers can find: READY and approved, which is what a list shows that is not asked otherwise."""
    filter = {"statusEqual": str(_READY), "mediaTypeIn": "1,5", "orderBy": "+createdAt"}
    return client.iterate("media", "list", filter)


def _captioned(client: KalturaClient, entry_ids: list[str]) -> tuple[set[str], set[str]]:
    """Return the entries with captions by a human, and those with captions by a machine."""
    human: set[str] = set()
    machine: set[str] = set()
    for start in range(0, len(entry_ids), _ENTRIES_A_CALL):
        filter = {"entryIdIn": ",".join(entry_ids[start : start + _ENTRIES_A_CALL]), "statusEqual": str(_READY)}
        for caption in client.iterate("caption_captionAsset", "list", filter):
            if caption.get("displayOnPlayer") is False:
                continue
            (machine if is_by_machine(caption) else human).add(caption["entryId"])
    return human, machine


def is_by_machine(caption: Mapping[str, Any]) -> bool:
    """Tell whether captions are a machine's: of a lower accuracy than people's, or with a label that says so.

    :param caption: a ``KalturaCaptionAsset`` as received.
    """
    accuracy = int(caption.get("accuracy") or 0)
    return 0 < accuracy < _ACCURATE or bool(_MACHINE.search(str(caption.get("label") or "")))


def _department(entry: Mapping[str, Any]) -> str:
    """Return the first level of the entry's first category."""
    return str(entry.get("categories") or "").partition(",")[0].partition(">")[0].strip() or _NO_CATEGORY
