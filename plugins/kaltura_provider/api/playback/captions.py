"""Do viewers get the captions an entry has?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from kaltura_provider.api.enrichment.chapters import CHAPTERS_FILTER, chapters_of
from kaltura_provider.api.enrichment.chapters import SERVICE as CUE_POINTS
from kaltura_provider.api.enrichment.part import WHOLE_LIST
from kaltura_provider.api.errors import KalturaError
from kaltura_provider.api.paging import MAX_IN_VALUES, chunked
from kaltura_provider.api.playback.delivery import complaint

if TYPE_CHECKING:
    from kaltura_provider.api.chapters import Chapter
    from kaltura_provider.api.client import KalturaClient
    from kaltura_provider.api.playback.delivery import Delivery

_LIMIT = 1024 * 1024
_READY = 2
_STATES = {
    -1: ("could not be read by Kaltura", "Correct the file, and upload it again with caption_captionAsset.setContent."),
    0: ("has no content", "Upload it with caption_captionAsset.setContent."),
    7: ("is still being fetched from its address", "Check again in some minutes."),
}
_UNKNOWN_STATE = ("is not ready", "Look at it in the KMC, and upload it again.")
_UPLOAD_AGAIN = "Upload it again with caption_captionAsset.setContent."


def caption_assets(client: KalturaClient, entry_ids: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
    """List the captions of many entries in any status (``caption_captionAsset.list``, one call for 150 entries).

    :param client: a client that may list captions.
    :param entry_ids: the entries.
    :return: caption assets by entry; entries without any are missing.
    :raises KalturaError: if a call failed.
    """
    found: dict[str, list[dict[str, Any]]] = {}
    for chunk in chunked(list(entry_ids), MAX_IN_VALUES):
        for asset in client.iterate("caption_captionAsset", "list", {"entryIdIn": ",".join(chunk)}):
            found.setdefault(str(asset["entryId"]), []).append(asset)
    return found


def captions_and_chapters(
    client: KalturaClient, entry_ids: Iterable[str]
) -> tuple[dict[str, list[dict[str, Any]]], dict[str, list[Chapter]]]:
    """List captions and chapters of many entries (``caption_captionAsset.list``, ``cuepoint_cuepoint.list``).

    The lists of 150 entries travel in one request; only those of more than 500 objects take more.

    :param client: a client that may list captions.
    :param entry_ids: the entries.
    :return: caption assets by entry, as :func:`caption_assets` does; and chapters by entry, by time. Of an account
        without chapters there are none.
    :raises KalturaError: if a call failed.
    """
    captions: dict[str, list[dict[str, Any]]] = {}
    points: dict[str, list[dict[str, Any]]] = {}
    for chunk in chunked(list(entry_ids), MAX_IN_VALUES):
        asked = {"entryIdIn": ",".join(chunk)}
        request = client.multirequest()
        filters: dict[str, dict[str, Any]] = {
            "caption_captionAsset": asked, CUE_POINTS: {**CHAPTERS_FILTER, **asked}
        }  # fmt: skip
        for service, filter in filters.items():
            request.add(service, "list", {"filter": filter, "pager": WHOLE_LIST})
        for (service, filter), answer in zip(filters.items(), request.send(raise_on_error=False), strict=True):
            if isinstance(answer, KalturaError):
                if service == CUE_POINTS and answer.code == "SERVICE_FORBIDDEN":
                    continue
                raise answer
            objects = answer.get("objects") or []
            if int(answer.get("totalCount") or 0) > len(objects):
                objects = client.iterate(service, "list", filter)
            found = points if service == CUE_POINTS else captions
            for each in objects:
                found.setdefault(str(each["entryId"]), []).append(each)
    return captions, {entry_id: chapters_of(each) for entry_id, each in points.items()}


def check_captions(
    delivery: Delivery,
    shown: Iterable[Mapping[str, Any]],
    assets: Iterable[Mapping[str, Any]],
    expected: Iterable[str],
) -> tuple[list[str], list[str]]:
    """Fetch the captions that players list, as WebVTT.

    :param delivery: fetches as the viewer.
    :param shown: ``playbackCaptions`` of ``baseEntry.getPlaybackContext``.
    :param assets: the captions Kaltura has of the entry.
    :param expected: languages, language codes or labels that must be among the ``shown`` ones.
    :return: names of those that are served, and what is wrong, each with the next step.
    """
    shown = list(shown)
    served: list[str] = []
    problems: list[str] = []
    for asset in assets:
        status = int(asset.get("status") or 0)
        if status != _READY:
            what, step = _STATES.get(status, _UNKNOWN_STATE)
            problems.append(f"The caption {_name(asset)} ({asset['id']}) {what}. {step}")
    for name in expected:
        if not any(_is_meant(name, caption) for caption in shown):
            there = f"only {', '.join(map(_name, shown))}" if shown else "none"
            problems.append(
                f"Players should list the caption {name}, but Kaltura gives them {there}. Add it with "
                "caption_captionAsset.add; if it is there, set its displayOnPlayer."
            )
    for caption in shown:
        problem = _check(delivery, caption)
        if problem:
            problems.append(problem)
        else:
            served.append(_name(caption))
    return served, problems


def _check(delivery: Delivery, caption: Mapping[str, Any]) -> str:
    """What is wrong with one caption; empty if nothing is."""
    name, url = _name(caption), str(caption.get("webVttUrl") or "")
    if not url:
        return f"Kaltura lists the caption {name}, but gives no address of it as WebVTT. {_UPLOAD_AGAIN}"
    try:
        text = (
            delivery.read(delivery.addressed(url), "serveWebVTT", _LIMIT)
            .body.decode("utf-8", "replace")
            .lstrip("\ufeff")
        )
    except KalturaError as error:
        return complaint(f"Kaltura lists the caption {name}, but serveWebVTT answers", error, _UPLOAD_AGAIN)
    if not text.startswith("WEBVTT"):
        return f"Kaltura serves the caption {name} not as WebVTT, but as {text[:40]!r}. {_UPLOAD_AGAIN}"
    if not _has_cues(text):
        return f"Kaltura serves the caption {name} without a single line of text. {_UPLOAD_AGAIN}"
    return ""


def _has_cues(text: str) -> bool:
    import pysubs2

    try:
        read = pysubs2.SSAFile.from_string(text, format_="vtt")
    except (pysubs2.Pysubs2Error, ValueError):
        return False
    return any(event.text.strip() for event in read.events)


def _name(caption: Mapping[str, Any]) -> str:
    return str(caption.get("label") or caption.get("language") or "without language")


def _is_meant(name: str, caption: Mapping[str, Any]) -> bool:
    names = (str(caption.get(field) or "").casefold() for field in ("language", "languageCode", "label"))
    return name.strip().casefold() in names
