"""``baseEntry.getPlaybackContext``: what a player may play of an entry, and from where."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from ..access_rules import Viewer, applying_rules, blocks
from ..context import Context
from ..registry import ANYONE, action, param
from ..schema import ApiObject, kaltura_type, prop, props, render
from ..store import Document, Store
from .access_control import rules_of
from .caption_asset import ready_captions, webvtt_path
from .entries import find_entry
from .flavor_asset import READY, flavors_of

_PROGRESSIVE_PROFILE = 1
_HLS_PROFILE = 2
_ALL_TAGS = "all"
_OUT_OF_SCHEDULE = {
    "message": "Out of scheduling\nWe're sorry, this content is currently unavailable.", "code": "SCHEDULED_RESTRICTED",
    "objectType": "KalturaAccessControlMessage",
}  # fmt: skip

kaltura_type("KalturaAccessControlMessage", None, prop("message"), prop("code"))
kaltura_type("KalturaAccessControlScope", None, *props("string", "referrer ip ks userAgent"), prop("time", "int"))
kaltura_type(
    "KalturaEntryContextDataParams", "KalturaAccessControlScope",
    *props("string", "flavorAssetId flavorTags streamerType mediaProtocol"),
)  # fmt: skip
kaltura_type("KalturaPlaybackContextOptions", "KalturaEntryContextDataParams", *props("string", "clipFrom clipTo"))
kaltura_type(
    "KalturaPlaybackSource", None,
    prop("deliveryProfileId", "int"), *props("string", "format protocols flavorIds url"), prop("drm", "raw"),
)  # fmt: skip
kaltura_type(
    "KalturaCaptionPlaybackPluginData", None,
    *props("string", "label format language languageCode webVttUrl url"), prop("isDefault", "bool"),
)  # fmt: skip
kaltura_type(
    "KalturaPlaybackContext", None,
    prop("sources", "array<KalturaPlaybackSource>"),
    prop("playbackCaptions", "array<KalturaCaptionPlaybackPluginData>"),
    prop("flavorAssets", "array<KalturaFlavorAsset>"), prop("actions", "array<KalturaRuleAction>"),
    prop("messages", "array<KalturaAccessControlMessage>"),
)  # fmt: skip


@action(
    "baseEntry", "getPlaybackContext",
    param("entryId"), param("contextDataParams", "KalturaPlaybackContextOptions"), access=ANYONE,
)  # fmt: skip
def get_playback_context(context: Context, entry_id: str, context_data_params: ApiObject) -> dict[str, Any]:
    """Answer sources and captions of an entry, or the messages that tell why there are none."""
    entry = find_entry(context, entry_id)
    viewer = Viewer(
        context.session, entry_id, context.request.client, context_data_params.get("referrer", ""),
        context_data_params.get("userAgent") or context.request.user_agent,
    )  # fmt: skip
    verdict = judge(context.store, entry, viewer)
    answer: dict[str, Any] = {"actions": verdict.actions, "messages": verdict.messages}
    if verdict.allowed:
        assets = _assets(context, entry, context_data_params)
        answer.update(
            sources=_sources(context, entry, assets), playbackCaptions=_captions(context, entry),
            flavorAssets=[{**asset, "objectType": "KalturaFlavorAsset"} for asset in assets],
        )  # fmt: skip
    return render("KalturaPlaybackContext", answer)


@dataclass(frozen=True)
class Verdict:
    """Whether somebody may play an entry.

    :param allowed: yes or no.
    :param messages: why not, or what else there is to say.
    :param actions: what access control asks players to do.
    """

    allowed: bool
    messages: list[dict[str, Any]]
    actions: list[dict[str, Any]]


def judge(store: Store, entry: Document, viewer: Viewer) -> Verdict:
    """Decide by the entry's dates and its access control profile whether somebody may play it."""
    session = viewer.session
    exempt = session is not None and (session.is_admin or session.allows("sview", entry["id"]))
    in_time = exempt or in_schedule(entry)
    rules = applying_rules(rules_of(store, entry.get("accessControlId")), viewer)
    messages: list[dict[str, Any]] = [] if in_time else [_OUT_OF_SCHEDULE]
    messages += [
        {"message": rule["message"], "code": rule.get("code"), "objectType": "KalturaAccessControlMessage"}
        for rule in rules
        if rule.get("message")
    ]
    actions = [each for rule in rules for each in rule.get("actions", [])]
    return Verdict(in_time and not any(blocks(rule) for rule in rules), messages, actions)


def in_schedule(entry: Document) -> bool:
    """Tell whether now is within an entry's dates."""
    now = time.time()
    start, end = entry.get("startDate"), entry.get("endDate")
    return (start is None or start <= now) and (end is None or now <= end)


def _assets(context: Context, entry: Document, params: ApiObject) -> list[Document]:
    found = [asset for asset in flavors_of(context.store, entry["id"]) if asset["status"] == READY]
    wanted = {tag.strip() for tag in params.get("flavorTags", "").split(",") if tag.strip()}
    if wanted and _ALL_TAGS not in wanted:
        found = [asset for asset in found if wanted & {tag.strip() for tag in asset["tags"].split(",")}]
    chosen = params.get("flavorAssetId")
    return [asset for asset in found if not chosen or asset["id"] == chosen]


def _sources(context: Context, entry: Document, assets: list[Document]) -> list[dict[str, Any]]:
    if not assets:
        return []
    protocol = context.base_url.partition(":")[0]
    ids = ",".join(asset["id"] for asset in assets)
    partner = entry["partnerId"]
    start = f"{context.base_url}/p/{partner}/sp/{partner}00/playManifest/entryId/{entry['id']}/flavorIds/{ids}/format"
    return [
        {
            "deliveryProfileId": profile, "format": kind, "protocols": protocol, "flavorIds": ids, "drm": [],
            "url": f"{start}/{kind}/protocol/{protocol}/a.{ending}", "objectType": "KalturaPlaybackSource",
        }
        for profile, kind, ending in (
            (_HLS_PROFILE, "applehttp", "m3u8"), (_PROGRESSIVE_PROFILE, "url", assets[0].get("fileExt", "mp4"))
        )
    ]  # fmt: skip


def _captions(context: Context, entry: Document) -> list[dict[str, Any]]:
    return [
        {
            "label": caption.get("label"), "format": caption["format"], "language": caption.get("language"),
            "languageCode": caption.get("languageCode"), "webVttUrl": context.base_url + webvtt_path(caption),
            "isDefault": bool(caption.get("isDefault")), "objectType": "KalturaCaptionPlaybackPluginData",
            "url": f"{context.base_url}/api_v3/index.php/service/caption_captionAsset/action/serve/captionAssetId/"
                   f"{caption['id']}/v/{caption.get('version', 0)}/a.{caption.get('fileExt', 'srt')}",
        }
        for caption in ready_captions(context.store, entry["id"])
    ]  # fmt: skip
