"""The library that synthetic traffic is about, as entries of the account. Options ``--traffic-seed`` and its kin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..registry import check, on_start
from ..store import Document
from ..traffic.library import CATEGORIES, Title, full_names, titles
from ..traffic.plan import TrafficPlan
from .access_control import default_access_control_id
from .caption_asset import captions
from .category import categories
from .category_entry import ACTIVE, category_entries
from .entries import READY, VIDEO, entries, new_document
from .flavor_asset import add_flavor
from .user import ensure_user

if TYPE_CHECKING:
    from ..sandbox import Sandbox

_TAG = "synthetic"
_FULL_NAMES = full_names()
_PARENTS = {number: above for number, _, above in CATEGORIES}
# Of a hundred titles so many have captions by people, and so many more have those of a machine alone.
_HUMAN, _MACHINE = 0.4, 0.65
_ASSET_READY = 2
_WEBVTT = "3"


@check
def check_library(sandbox: Sandbox) -> None:
    """Refuse data with the library of another plan, whose events are about other titles.

    :raises RuntimeError: the data directory holds one.
    """
    plan = sandbox.settings.traffic
    if plan is None:
        return
    wanted = titles(plan)
    ends = (wanted[0], wanted[-1])
    found = [entries(sandbox.store).get(title.entry_id, sandbox.settings.partners[0].id) for title in ends]
    if found == [None, None] or all(entry and _is(entry, title) for entry, title in zip(found, ends, strict=True)):
        return
    raise RuntimeError(
        f"{sandbox.settings.data} holds synthetic traffic of another seed or size. Start with the --traffic options it "
        "was made with, or choose another directory with --data."
    )


@on_start
def add_library(sandbox: Sandbox, partner_id: int) -> None:
    """Make the entries that synthetic traffic is about, once, all of them or none."""
    plan = sandbox.settings.traffic_of(partner_id)
    if plan is None:
        return
    store, wanted = sandbox.store, titles(plan)
    with store.transaction():
        if entries(store).get(wanted[0].entry_id) is not None:
            return
        for number, name, above in CATEGORIES:
            _add_category(sandbox, partner_id, number, name, above, plan.start)
        for owner in sorted({title.owner for title in wanted}):
            ensure_user(store, partner_id, owner)
        profile_id = default_access_control_id(store, partner_id)
        for title in wanted:
            _add_title(sandbox, partner_id, profile_id, plan, title)


def _is(entry: Document, title: Title) -> bool:
    return (entry["createdAt"], entry["msDuration"]) == (title.created, title.duration)


def _full_ids(number: int) -> str:
    above = _PARENTS[number]
    return f"{_full_ids(above)}>{number}" if above else str(number)


def _add_category(sandbox: Sandbox, partner_id: int, number: int, name: str, above: int, now: int) -> None:
    categories(sandbox.store).insert({
        "id": number, "parentId": above, "partnerId": partner_id, "name": name, "createdAt": now, "updatedAt": now,
        "description": "", "tags": _TAG, "appearInList": 1, "privacy": 1, "inheritanceType": 2, "userJoinPolicy": 3,
        "defaultPermissionLevel": 3, "owner": "", "contributionPolicy": 1, "membersCount": 0,
        "pendingMembersCount": 0, "privacyContext": "", "privacyContexts": "", "status": 2, "partnerSortValue": 0,
        "moderation": False, "isAggregationCategory": False, "aggregationCategories": "", "depth": int(above > 0),
        "fullName": _FULL_NAMES[number], "fullIds": _full_ids(number),
    })  # fmt: skip


def _add_title(sandbox: Sandbox, partner_id: int, profile_id: int, plan: TrafficPlan, title: Title) -> None:
    store, times = sandbox.store, {"createdAt": title.created, "updatedAt": title.created}
    values: dict[str, Any] = {
        "id": title.entry_id, "rootEntryId": title.entry_id, "name": title.name, "userId": title.owner,
        "creatorId": title.owner, "tags": f"{_TAG},{title.category.rpartition('>')[2].lower()}",
        "description": "Made up, as is its audience.", "status": READY, "mediaType": VIDEO,
        "duration": title.duration // 1000, "msDuration": title.duration, "categories": title.category,
        "categoriesIds": str(title.category_id), "flavorParamsIds": "0", **times,
    }  # fmt: skip
    entry = entries(store).insert(new_document(partner_id, "KalturaMediaEntry", profile_id, **values))
    add_flavor(
        store, entry, 0, "source", id=f"1_{title.entry_id[2:]}", size=title.size // 1024, sizeInBytes=str(title.size),
        status=_ASSET_READY, fileExt="mp4", containerFormat="isom", videoCodecId="avc1", width=1920, height=1080,
        bitrate=title.size * 8 // title.duration, frameRate=25, version="2", **times,
    )  # fmt: skip
    category_entries(store).insert({
        "id": f"{title.category_id}/{title.entry_id}", "partnerId": partner_id, "categoryId": title.category_id,
        "entryId": title.entry_id, "createdAt": title.created, "categoryFullIds": _full_ids(title.category_id),
        "status": ACTIVE, "creatorUserId": None,
    })  # fmt: skip
    chance = plan.chance("captions", title.entry_id)
    if chance < _MACHINE:
        human = chance < _HUMAN
        captions(store).insert({
            "id": f"2_{title.entry_id[2:]}", "entryId": title.entry_id, "partnerId": partner_id, "version": 1,
            "size": 0, "sizeInBytes": 0, "tags": _TAG, "fileExt": "vtt", "status": _ASSET_READY,
            "language": "English", "languageCode": "en", "format": _WEBVTT, "isDefault": True,
            "label": "English" if human else "English (auto-generated)", "accuracy": 99 if human else 80,
            "displayOnPlayer": True, "usage": 0, "description": "", "captionParamsId": 0, **times,
        })  # fmt: skip
