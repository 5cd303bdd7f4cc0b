"""How ``kaltura_ingest`` is started by new objects in S3, and where such a run has to look.

S3 notifies an SQS queue, a watcher reads it, and a run gets the events of all objects since the run before. Messages
come late, twice and out of order; so they only say *where* to look. What to do there is decided by the bucket as it is
when the plan is made, and by the ledger.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import copy
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from kaltura_pipeline.sidecar_names import CHAPTERS_MARK, is_chapters_name, owner_of_attachment
from kaltura_provider.hooks.s3_events import CreatedObject, NotificationError, latest

if TYPE_CHECKING:
    from airflow.sdk import Asset
    from airflow.sdk.bases.timetable import BaseTimetable

    from kaltura_pipeline.settings import PipelineSettings

#: Each prefix costs a request to S3 or more; with more of them, whole folders are listed.
MAX_PREFIXES = 100
#: Files about a whole folder: manifests of a batch, and markers.
_FOLDER_SUFFIXES = frozenset({".csv", ".tsv", ".xlsx", ".xml", ".ndjson", ".jsonl"})
_FOLDER_STEMS = frozenset({"manifest", "batch", "_done", "_success", "done"})
# What the pipeline writes when it has no prefix of its own.
_OWN_FOLDERS = ("ledger/", "runs/", "pages/", "reports/")
# A language in a caption's name, or the ending of the media file in a sidecar's: talk.pt-BR.vtt, talk.mp4.yaml.
_INNER_SUFFIX = re.compile(r"\.(?:[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*|[A-Za-z0-9]{3,4})$")
_RENDITION = re.compile(r"_\d{3,4}p?$", re.I)


def ingest_schedule(
    settings: PipelineSettings, queue_url: str = "", *, region_name: str | None = None
) -> BaseTimetable | Asset | None:
    """Say when ``kaltura_ingest`` runs: by its cron expression, when objects appear, by both, or only on demand.

    With both, the runs by the clock look through everything and so find what no message told of: objects that were too
    young when their message came, and whatever was in the bucket before the notifications were set up.

    :param settings: ``ingest_schedule`` is the cron expression, ``bucket`` and ``prefix`` say which objects count.
    :param queue_url: URL of the SQS queue that S3 notifies; empty for none.
    :param region_name: region of the queue; the AWS connection's when None.
    :return: what a DAG takes as ``schedule``.
    """
    from airflow.sdk import AssetOrTimeSchedule, CronTriggerTimetable

    cron = (
        CronTriggerTimetable(settings.ingest_schedule, timezone=settings.time_zone)
        if settings.ingest_schedule
        else None
    )
    if not queue_url:
        return cron
    asset = source_objects(settings, queue_url, region_name=region_name)
    if cron is None:
        return asset
    schedule: BaseTimetable = AssetOrTimeSchedule(timetable=cron, assets=[asset])
    return schedule


def source_inlets(settings: PipelineSettings) -> list[Asset]:
    """Return what a task that reads the files in S3 takes as ``inlets``, for Airflow's graph of assets.

    :param settings: with ``ingest_queue`` there is none: Airflow takes the asset's watcher away as soon as any DAG file
        names the asset without it.
    """
    from kaltura_pipeline.assets import SOURCE

    return [] if settings.ingest_queue else [SOURCE]


def source_objects(settings: PipelineSettings, queue_url: str, *, region_name: str | None = None) -> Asset:
    """Return the asset that changes when objects appear that the pipeline is for.

    :param settings: which bucket and prefix; what the pipeline itself writes is left out, or each run would start the
        next one.
    :param queue_url: URL of the SQS queue that S3 notifies.
    :param region_name: region of the queue; the AWS connection's when None.
    """
    from airflow.sdk import AssetWatcher

    from kaltura_pipeline.assets import SOURCE
    from kaltura_provider.triggers.s3_objects import S3ObjectsCreatedTrigger

    trigger = S3ObjectsCreatedTrigger(
        queue_url=queue_url,
        aws_conn_id=settings.aws_conn_id,
        region_name=region_name,
        bucket=settings.bucket,
        prefix=settings.prefix,
        ignore_prefixes=[settings.state_prefix] if settings.state_prefix else _OWN_FOLDERS,
    )
    asset = copy(SOURCE)
    asset.watchers = [AssetWatcher(name="kaltura_source_queue", trigger=trigger)]
    return asset


def changed_objects(events: Any) -> dict[str, list[str]]:
    """Say which objects the events of a run are about.

    Late, repeated and disordered messages collapse: each key is there once.

    :param events: ``context["triggering_asset_events"]``, or the events themselves. Those that are not of
        :func:`source_objects`'s watcher are passed over.
    :return: bucket -> keys, sorted.
    """
    found: dict[str, list[str]] = {}
    for item in latest(_objects(events)):
        found.setdefault(item.bucket, []).append(item.key)
    return found


def prefixes_to_plan(
    events: Any,
    bucket: str,
    prefix: str = "",
    *,
    whole_folder: Callable[[str], bool] | None = None,
    max_prefixes: int = MAX_PREFIXES,
) -> list[str] | None:
    """Say where a run has to look.

    :param events: ``context["triggering_asset_events"]``.
    :param bucket: the bucket the run is about; events about others are passed over.
    :param prefix: only below this prefix.
    :param whole_folder: tells for a key whether it is about all of its folder; by default manifests of a batch (such as
        CSV and XML files) and markers.
    :param max_prefixes: how many prefixes there may be.
    :return: prefixes to list, none of which begins with another one; empty if the events are about nothing here. None
        if the run was not started by objects (by the clock or by a person): then it looks everywhere below ``prefix``.
    """
    objects = list(_objects(events))
    if not objects:
        return None
    keys = [item.key for item in latest(objects) if item.bucket == bucket and item.key.startswith(prefix)]
    return [
        # A title at the edge of the prefix may begin above it.
        found if found.startswith(prefix) else prefix
        for found in title_prefixes(keys, whole_folder=whole_folder, max_prefixes=max_prefixes)
    ]


def title_prefixes(
    keys: Iterable[str], *, whole_folder: Callable[[str], bool] | None = None, max_prefixes: int = MAX_PREFIXES
) -> list[str]:
    """Find the prefixes that hold all files of the titles that some files belong to.

    A prefix may hold files of other titles as well (``talk`` holds ``talk2.mp4``); looking at these changes nothing.

    :param keys: keys of media files and sidecars.
    :param whole_folder: tells for a key whether it is about all of its folder.
    :param max_prefixes: how many prefixes there may be; if there are more, those with most in a folder become that
        folder.
    :return: sorted prefixes, none of which begins with another one.
    """
    about_folder = whole_folder or is_about_folder
    found = {_about(key, about_folder) for key in keys}
    prefixes = _outermost(found)
    while len(prefixes) > max(1, max_prefixes):
        folder, count = Counter(_folder(each) for each in prefixes).most_common(1)[0]
        if count > 1:
            prefixes = _outermost([*prefixes, folder])
        else:
            # Every title is in a folder of its own: one level up.
            prefixes = _outermost(_folder(each.rstrip("/")) for each in prefixes)
    return prefixes


def is_about_folder(key: str) -> bool:
    """Tell by its name whether a file is about all of its folder: a manifest of a batch, or a marker.

    :param key: the key.
    """
    path = PurePosixPath(key)
    return path.suffix.lower() in _FOLDER_SUFFIXES or path.name.split(".")[0].lower() in _FOLDER_STEMS


def _objects(events: Any) -> Iterator[CreatedObject]:
    if isinstance(events, Mapping):
        events = [event for asset in events for event in events[asset]]
    for event in events or []:
        extra = event.get("extra") if isinstance(event, Mapping) else getattr(event, "extra", None)
        payload = extra.get("payload") if isinstance(extra, Mapping) else None
        objects = payload.get("objects") if isinstance(payload, Mapping) else None
        for values in objects if isinstance(objects, list) else []:
            try:
                yield CreatedObject.from_dict(values)
            except (NotificationError, TypeError, AttributeError):
                # An event somebody made by hand; what it may have meant is found by the next run by the clock.
                continue


def _about(key: str, about_folder: Callable[[str], bool]) -> str:
    owner = owner_of_attachment(key)
    if owner:
        return _title(f"{owner}.x")
    return _folder(key) if about_folder(key) else _title(key)


def _folder(key: str) -> str:
    return key[: key.rfind("/") + 1]


def _title(key: str) -> str:
    folder, name = _folder(key), key[key.rfind("/") + 1 :]
    stem, ending = os.path.splitext(name)
    if name.startswith(".") and not ending:
        return folder
    if is_chapters_name(name):
        stem = stem[: -len(CHAPTERS_MARK)]
    # A caption of a media file named in full has two: talk.mp4.en.vtt.
    for _ in range(2):
        stem = _INNER_SUFFIX.sub("", stem)
    return folder + _RENDITION.sub("", stem)


def _outermost(prefixes: Iterable[str]) -> list[str]:
    kept: list[str] = []
    for prefix in sorted(set(prefixes)):
        # In this order a prefix comes right before all that begin with it.
        if not kept or not prefix.startswith(kept[-1]):
            kept.append(prefix)
    return kept
