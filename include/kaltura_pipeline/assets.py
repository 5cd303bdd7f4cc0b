"""The assets that chain the DAGs: ingest makes entries, publish makes pages, report makes a report."""

from __future__ import annotations

from airflow.sdk import Asset

ENTRIES = Asset(name="kaltura_entries", uri="x-kaltura://entries")
PAGES = Asset(name="kaltura_pages", uri="x-kaltura://pages")
REPORT = Asset(name="kaltura_report", uri="x-kaltura://report")
