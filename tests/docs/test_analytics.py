"""What docs/analytics.md says is what the code does."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import duckdb
from tests.conftest import ROOT
from tests.docs.blocks import of_language
from tests.pipeline.conftest import bucket, s3, s3_url
from tests.pipeline.reporting.conftest import busy, busy_sandbox, line, settings, tables

from kaltura_pipeline.reporting.daily import fetch_day
from kaltura_pipeline.reporting.figures import read_period
from kaltura_pipeline.settings import PipelineSettings
from kaltura_provider.api import KalturaClient
from kaltura_provider.api.analytics.documentation import write_tables
from kaltura_provider.hooks.s3_partitions import S3Partitions

__all__ = ["bucket", "busy", "busy_sandbox", "line", "s3", "s3_url", "settings", "tables"]

PAGE = ROOT / "docs" / "analytics.md"


def test_its_tables_are_made_from_the_code() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert write_tables(text) == text, "run make docs"
    assert text.count("| `TOP_CONTENT` | 1 |") == 1


def test_the_query_gives_the_headline_of_the_page(
    settings: PipelineSettings, busy: KalturaClient, bucket: str, tables: S3Partitions, tmp_path: Path
) -> None:
    days = ("2026-03-20", "2026-03-21")
    for day in days:
        fetch_day(settings, busy, bucket, day)
        folder = tmp_path / tables.folder("TOP_CONTENT", day)
        folder.mkdir(parents=True)
        body: Any = tables.read(tables.folder("TOP_CONTENT", day) + "data.parquet")
        (folder / "data.parquet").write_bytes(body)
    # All the SQL there is in the documentation.
    (block,) = of_language("sql")
    # DuckDB's own way to S3 is an extension that it downloads; the files are the same.
    asked = block.code.replace("s3://BUCKET", str(tmp_path)).replace("2026-11-24", days[0])
    plays, minutes = duckdb.connect().execute(asked).fetchall()[0]
    headline = read_period(tables, [date.fromisoformat(days[0])]).headline
    assert headline is not None
    assert plays == headline.plays > 0
    assert round(minutes, 6) == round(headline.seconds_viewed / 60, 6)
