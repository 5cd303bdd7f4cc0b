"""The page about the checks tells the truth."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from typing import TYPE_CHECKING

from tests.conftest import ROOT
from tests.pipeline.quality.samples import remuxed
from tests.provider.api.sample_files import sample

from kaltura_pipeline.quality.images import ThumbnailLimits
from kaltura_pipeline.quality.media import ProbeLimits
from kaltura_pipeline.quality.rules import QualityRules
from kaltura_provider.api.caption_files import MAXIMUM_BYTES

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

TEXT = (ROOT / "docs" / "quality.md").read_text()


def test_the_example_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "talk.mp4").write_bytes(remuxed("mp4", keep=("video",)))
    (tmp_path / "talk.jpg").write_bytes(sample("a.tiff"))
    (tmp_path / "talk.de.srt").write_bytes("1\n00:01:00,000 --> 00:01:02,000\nGrüße\n".encode("cp1252"))
    (code,) = re.findall(r"^```python\n(.*?)^```", TEXT, re.S | re.M)
    exec(compile(code, "docs/quality.md", "exec"), {"folder": tmp_path})
    printed = capsys.readouterr().out.splitlines()
    assert printed == [
        "talk.mp4, field 'must_have_audio': it has no sound; export it with sound",
        "talk.jpg: no image for a thumbnail: its content is of the form 'tif'; use one of: jpg, png, gif, bmp, webp",
        "talk.de.srt, line 2: it ends at 00:01:02.000, after the media, at 00:00:02.000; check that the captions "
        "belong to this media file, and correct the times",
    ]


def test_the_rules_are_all_there_and_the_example_is_valid() -> None:
    for rule in fields(QualityRules):
        assert f"`{rule.name}`" in TEXT
    (rules,) = re.findall(r"^```json\n(.*?)^```", TEXT, re.S | re.M)
    assert QualityRules.from_json(json.loads(rules)).max_duration == 4 * 3600


def test_the_limits_are_those_of_the_code() -> None:
    limits = ProbeLimits()
    cost = f"{limits.max_bytes >> 20} MB, {limits.max_requests} requests, {limits.thinking_seconds:g} seconds of work"
    assert cost in TEXT
    assert limits.seconds == 5 * 60
    assert f"more than {MAXIMUM_BYTES >> 20} MB" in TEXT
    thumbnails = ThumbnailLimits()
    assert f"at most {thumbnails.max_bytes >> 20} MB" in TEXT
    assert f"sides of {thumbnails.min_side} to {thumbnails.max_side:,} pixels" in TEXT
