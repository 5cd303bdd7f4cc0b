"""Many media files at once, in a real S3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psutil
from tests.pipeline.quality.samples import clip
from tests.provider.api.sample_files import sample

from kaltura_pipeline.quality.batch import probe_all
from kaltura_pipeline.quality.facts import MediaFacts
from kaltura_provider.api import SourceChangedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kaltura_provider.transfers.s3_source import S3Source


def test_files_come_back_in_order_and_a_replaced_one_stops_none(s3: Any, bucket: str) -> None:
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook

    from kaltura_provider.transfers.s3_source import S3Source

    data = {"a.mp4": clip(), "b.mp3": sample("a.mp3"), "c.mp4": b"a text", "d.png": sample("a.png")}
    for key, content in data.items():
        s3.put_object(Bucket=bucket, Key=key, Body=content)
    hook = S3Hook("aws_default")
    sources = [S3Source.find(hook, bucket, key) for key in data]
    s3.put_object(Bucket=bucket, Key="b.mp3", Body=sample("a.wav"))
    found = dict(probe_all(sources, workers=2))
    assert list(found) == sources
    assert isinstance(found[sources[1]], SourceChangedError)
    others = [facts for facts in found.values() if isinstance(facts, MediaFacts)]
    assert [(facts.name, facts.kind) for facts in others] == [("a.mp4", "video"), ("c.mp4", ""), ("d.png", "image")]
    assert not _demuxers()


def test_files_are_taken_as_they_are_needed(s3: Any, bucket: str) -> None:
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook

    from kaltura_provider.transfers.s3_source import S3Source

    s3.put_object(Bucket=bucket, Key="a.png", Body=sample("a.png"))
    source = S3Source.find(S3Hook("aws_default"), bucket, "a.png")
    taken = []

    def endless() -> Iterator[S3Source]:
        while True:
            taken.append(1)
            yield source

    results = probe_all(endless(), workers=2)
    first, facts = next(results)
    assert first is source
    assert isinstance(facts, MediaFacts)
    assert len(taken) <= 4
    results.close()  # type: ignore[attr-defined]
    assert not _demuxers()


def _demuxers() -> list[psutil.Process]:
    running = [child for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE]
    return [child for child in running if "kaltura_pipeline.quality.demuxer" in child.cmdline()]
