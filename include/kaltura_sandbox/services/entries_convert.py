"""From PRECONVERT to READY: what happens to audio and video after its bytes have come.

Two background jobs, so that both halves of the way can be seen and each survives a crash: the source is looked into
first, then the renditions are made.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..registry import job
from .entries import (
    AUDIO,
    ERROR_CONVERTING,
    PRECONVERT,
    READY,
    VIDEO,
    entries,
    next_version,
)
from .flavor_asset import (
    CONVERTING,
    DELETED,
    ERROR,
    QUEUED,
    add_flavor,
    describe_flavor,
    flavor_file,
    flavors,
    flavors_of,
    set_flavor_file,
    source_flavor,
)
from .flavor_asset import READY as FLAVOR_READY
from .flavor_params import FLAVOR_PARAMS, INGEST, WEB, profile_params
from .media_convert import to_web
from .media_probe import MediaInfo, probe

if TYPE_CHECKING:
    from ..sandbox import Sandbox
    from ..store import Document

# The share of the time of conversion after which the source has been looked into.
_EXTRACT_SHARE = 0.4
_FAILED = "The source could not be decoded, so nothing was made of it."


def start_conversion(sandbox: Sandbox, entry: Document, source: Document, path: Path, **values: Any) -> Document:
    """Give an entry its source file and begin its conversion; call it inside a transaction.

    :param entry: without content so far.
    :param source: its source flavor asset.
    :param path: the file, below the data directory; stays where it is.
    :param values: properties of the entry to set as well.
    :return: the entry, in status PRECONVERT.
    """
    from .conversion_profile import default_conversion_profile

    set_flavor_file(sandbox, source, path, status=QUEUED)
    profile = entry.get("conversionProfileId") or default_conversion_profile(sandbox.store, entry["partnerId"])["id"]
    sandbox.jobs.schedule(
        "entry.extract", {"entry": entry["id"], "source": source["id"]},
        sandbox.settings.conversion_seconds * _EXTRACT_SHARE,
    )  # fmt: skip
    return entries(sandbox.store).update(
        entry["id"], status=PRECONVERT, conversionProfileId=profile, updatedAt=int(time.time()), **values
    )


@job("entry.extract")
def extract(sandbox: Sandbox, payload: dict[str, Any]) -> None:
    """Look into the source and announce the renditions."""
    store = sandbox.store
    source = flavors(store).get(payload["source"])
    path = flavor_file(sandbox.files, source) if source else None
    if source is None or path is None or source["status"] != QUEUED:
        return
    info = probe(path)
    with store.transaction():
        entry = entries(store).get(payload["entry"])
        source = flavors(store).get(payload["source"])
        if entry is None or source is None or source["status"] != QUEUED:
            return
        describe_flavor(store, source, info, FLAVOR_READY)
        if entry["status"] != PRECONVERT:
            return
        for params_id in _wanted(sandbox, entry):
            if not any(asset["flavorParamsId"] == params_id for asset in flavors_of(store, entry["id"])):
                add_flavor(store, entry, params_id, FLAVOR_PARAMS[params_id]["tags"], status=CONVERTING)
        sandbox.jobs.schedule(
            "entry.convert", {"entry": entry["id"]}, sandbox.settings.conversion_seconds * (1 - _EXTRACT_SHARE)
        )


def _wanted(sandbox: Sandbox, entry: Document) -> list[int]:
    """Return the kinds of renditions that the entry's conversion profile asks for and that can be made here."""
    from .conversion_profile import conversion_profiles

    profile = conversion_profiles(sandbox.store).get(entry.get("conversionProfileId"))
    if profile is None:
        return [WEB]
    return [params_id for params_id, params in profile_params(profile).items() if params["origin"] != INGEST]


@job("entry.convert")
def convert(sandbox: Sandbox, payload: dict[str, Any]) -> None:
    """Make the renditions; then the entry is READY, or in ERROR_CONVERTING when its source is broken."""
    from .entries_replace import content_failed, content_ready

    store = sandbox.store
    entry = entries(store).get(payload["entry"])
    source = source_flavor(store, payload["entry"])
    path = flavor_file(sandbox.files, source) if source else None
    if entry is None or entry["status"] != PRECONVERT or path is None:
        return
    info = probe(path)
    open_assets = [asset for asset in flavors_of(store, entry["id"]) if asset["status"] == CONVERTING]
    made = {asset["id"]: make_rendition(sandbox, asset, path, info) for asset in open_assets}
    with store.transaction():
        entry = entries(store).get(payload["entry"])
        if entry is None or entry["status"] != PRECONVERT:
            return
        finished = [finish_rendition(sandbox, asset, made[asset["id"]]) for asset in open_assets]
        if info is None or not all(finished):
            entries(store).update(entry["id"], status=ERROR_CONVERTING, updatedAt=int(time.time()))
            if not open_assets and source is not None:
                flavors(store).update(source["id"], status=ERROR, description=_FAILED)
            content_failed(sandbox, entry["id"])
        else:
            make_ready(sandbox, entry["id"], info)
            content_ready(sandbox, entry["id"])


def make_rendition(
    sandbox: Sandbox, asset: Document, source: Path, info: MediaInfo | None
) -> tuple[Path, MediaInfo] | None:
    """Make the file of a rendition and look into it; None when the source can not be decoded."""
    height = FLAVOR_PARAMS.get(asset["flavorParamsId"], {}).get("height", 0)
    path = to_web(sandbox, source, asset["id"], height) if info is not None else None
    found = probe(path) if path is not None else None
    return (path, found) if path is not None and found is not None else None


def finish_rendition(sandbox: Sandbox, asset: Document, made: tuple[Path, MediaInfo] | None) -> bool:
    """Write down what became of a rendition; call it inside a transaction. Return whether it is there."""
    current = flavors(sandbox.store).get(asset["id"])
    if current is None or current["status"] == DELETED:
        return True
    if made is None:
        flavors(sandbox.store).update(asset["id"], status=ERROR, description=_FAILED, updatedAt=int(time.time()))
        return False
    path, info = made
    describe_flavor(sandbox.store, set_flavor_file(sandbox, current, path), info, FLAVOR_READY)
    return True


def make_ready(sandbox: Sandbox, entry_id: str, info: MediaInfo) -> Document:
    """Make an entry READY with what is known about its source; call it inside a transaction."""
    store = sandbox.store
    ready = [asset for asset in flavors_of(store, entry_id) if asset["status"] == FLAVOR_READY]

    def change(entry: Document) -> None:
        entry.update(
            status=READY, duration=info.milliseconds // 1000, msDuration=info.milliseconds,
            flavorParamsIds=",".join(str(asset["flavorParamsId"]) for asset in ready), updatedAt=int(time.time()),
        )  # fmt: skip
        if info.has_video:
            entry.update(
                width=info.width, height=info.height,
                thumbnailVersion=int(next_version(entry["thumbnailVersion"])),
            )  # fmt: skip
        elif entry.get("mediaType") == VIDEO:
            entry["mediaType"] = AUDIO

    return entries(store).update(entry_id, change)
