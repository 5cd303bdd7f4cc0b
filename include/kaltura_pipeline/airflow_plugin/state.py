"""What the pipeline has written to S3, for a reader who waits for a page."""

from __future__ import annotations

import gzip
import json
import zlib
from collections import Counter
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING, Any

from kaltura_pipeline.errors import ConfigurationError
from kaltura_pipeline.ledger_index import INDEX
from kaltura_pipeline.quarantine import FOLDER, Quarantine
from kaltura_pipeline.settings import PipelineSettings
from kaltura_pipeline.workspace import Workspace

if TYPE_CHECKING:
    from kaltura_pipeline.quarantine import WhyDocument

_REPORTS = "reports/"
# More than these nobody reads on a page, and a page is not to take long.
_HELD, _DAYS, _RECORDS = 50, 31, 200_000
_CONNECT_SECONDS, _READ_SECONDS = 3, 10


@dataclass(frozen=True)
class Titles:
    """What the ledger knew when a run ended last.

    :param states: how many titles are in each state.
    :param all: whether all were counted.
    """

    states: dict[str, int]
    all: bool


@dataclass(frozen=True)
class Held:
    """What is in quarantine: the first titles, and whether there are more."""

    titles: list[WhyDocument]
    more: bool


class PipelineState:
    """Reads the pipeline's state. S3 is given some seconds for each answer.

    :param settings: the pipeline's settings.
    :raises ConfigurationError: no bucket is named.
    """

    def __init__(self, settings: PipelineSettings) -> None:
        from airflow.providers.amazon.aws.hooks.s3 import S3Hook
        from botocore.config import Config

        from kaltura_provider.hooks.s3_documents import S3Documents

        bucket = settings.state_bucket or settings.bucket
        if not bucket:
            raise ConfigurationError("no bucket is named: set KALTURA_PIPELINE_BUCKET for the API server, too")
        config = Config(connect_timeout=_CONNECT_SECONDS, read_timeout=_READ_SECONDS, retries={"total_max_attempts": 2})
        hook = S3Hook(aws_conn_id=settings.aws_conn_id, config=config)
        documents = S3Documents(hook.get_conn(), bucket, settings.state_prefix)
        self._workspace = Workspace(settings, hook, settings.bucket or bucket, documents)

    def titles(self) -> Titles:
        """Count the titles in the index of the ledger. S3: GetObject."""
        stream = self._workspace.documents.open(INDEX)
        states: Counter[str] = Counter()
        if stream is None:
            return Titles({}, True)
        try:
            with gzip.open(stream, "rt", encoding="utf-8") as lines:
                for line in islice(lines, _RECORDS):
                    states[str(json.loads(line)[2].get("state"))] += 1
                return Titles(dict(states), not lines.read(1))
        except (OSError, EOFError, ValueError, zlib.error):
            # It is being written, or broken: the next run writes it anew.
            return Titles(dict(states), False)

    def held(self) -> Held:
        """Return what is in quarantine. S3: ListObjectsV2, GetObject."""
        found = list(islice(Quarantine(self._workspace, FOLDER).titles(), _HELD + 1))
        return Held(found[:_HELD], len(found) > _HELD)

    def days(self) -> list[date]:
        """Return the days that have a report, the newest first. S3: ListObjectsV2."""
        prefix = f"{self._workspace.documents.prefix}{_REPORTS}day="
        pages = self._workspace.client.get_paginator("list_objects_v2").paginate(
            Bucket=self._workspace.documents.bucket, Prefix=prefix, Delimiter="/"
        )
        names = [each["Prefix"][len(prefix) : -1] for page in pages for each in page.get("CommonPrefixes", [])]
        return sorted((day for name in names if (day := day_of(name)) is not None), reverse=True)[:_DAYS]

    def read(self, name: str) -> bytes | None:
        """Return a file of the pipeline's; None if there is none. S3: GetObject.

        :param name: its key below the state prefix. Whoever calls this has checked that it is one to be shown.
        """
        from botocore.exceptions import ClientError

        documents = self._workspace.documents
        try:
            found: Any = self._workspace.client.get_object(Bucket=documents.bucket, Key=documents.prefix + name)
        except ClientError as error:
            if error.response["Error"]["Code"] in {"NoSuchKey", "404"}:
                return None
            raise
        return bytes(found["Body"].read())

    def public_url(self, name: str) -> str:
        """Return where a browser reads a file of the pipeline's; empty if nothing says so."""
        settings = self._workspace.settings
        return (
            f"{settings.state_url.rstrip('/')}/{self._workspace.documents.prefix}{name}" if settings.state_url else ""
        )


def day_of(text: str) -> date | None:
    """Return the day that a text such as ``2026-11-25`` is, in exactly this form; else None."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if str(day) == text else None
