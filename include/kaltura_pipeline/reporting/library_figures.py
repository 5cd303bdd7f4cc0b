"""What the pipeline did in a period, from the results that its runs left in S3."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from kaltura_pipeline.reporting.page_model import Library
from kaltura_pipeline.results.model import ADD, BUSY, ERROR, GONE, HELD, NOT_TAKEN, REFUSE, REPLACE, text_of

if TYPE_CHECKING:
    from kaltura_pipeline.settings import PipelineSettings

_RUNS, _RESULTS = "runs/", "/results/results.ndjson"
_INGESTED, _FAILED, _WAITING = {ADD, REPLACE}, {ERROR, REFUSE, NOT_TAKEN, GONE}, {BUSY, HELD}
_PROBLEMS = 20
# The day in the name of a run; one that has none is looked at.
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def library_figures(settings: PipelineSettings, client: Any, bucket: str, first: date, last: date) -> Library:
    """Count what runs that ended in a period say of each file; of several runs the last one counts (S3:
    ``ListObjectsV2``, ``GetObject``).

    :param settings: the settings.
    :param client: the S3 client.
    :param bucket: the state bucket.
    :param first: first local day.
    :param last: last local day, included.
    """
    latest: dict[str, dict[str, Any]] = {}
    ingested: set[str] = set()
    for ended, key in sorted(_result_files(settings, client, bucket, first, last)):
        del ended
        for line in client.get_object(Bucket=bucket, Key=key)["Body"].iter_lines():
            result = json.loads(line)
            latest[result["key"]] = result
            if result["result"] in _INGESTED:
                ingested.add(result["key"])
    failed = [each for each in latest.values() if each["result"] in _FAILED]
    return Library(
        ingested=len(ingested),
        failed=len(failed),
        waiting=sum(1 for each in latest.values() if each["result"] in _WAITING),
        problems=tuple((each["key"], _why(each)) for each in failed[:_PROBLEMS]),
    )


def _why(result: dict[str, Any]) -> str:
    return str(result["message"] or (text_of(result["problems"][0]) if result["problems"] else result["result"]))


def _result_files(
    settings: PipelineSettings, client: Any, bucket: str, first: date, last: date
) -> Iterator[tuple[datetime, str]]:
    from botocore.exceptions import ClientError

    zone = ZoneInfo(settings.time_zone)
    prefix = settings.state_prefix + _RUNS
    # A run may end on the day after the one in its name, and names are in UTC.
    near = {str(first + timedelta(days=number)) for number in range(-2, (last - first).days + 2)}
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, Delimiter="/")
    for folder in (each["Prefix"] for page in pages for each in page.get("CommonPrefixes", [])):
        named = _DAY.search(folder[len(prefix) :])
        if named and named[0] not in near:
            continue
        key = folder.rstrip("/") + _RESULTS
        try:
            ended = client.head_object(Bucket=bucket, Key=key)["LastModified"]
        except ClientError as error:
            if error.response["Error"]["Code"] in ("404", "NoSuchKey"):
                continue
            raise
        if first <= ended.astimezone(zone).date() <= last:
            yield ended, key
