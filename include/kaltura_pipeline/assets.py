"""The assets that chain the DAGs: files become entries, entries become pages, and of those a report tells.

Airflow shows them, with what they are, under *Assets*, and how they follow each other in the graph of each.
"""

from __future__ import annotations

from airflow.sdk import Asset

#: What Airflow's list of assets can be searched for.
GROUP = "kaltura"
#: The files in S3; ``kaltura_pipeline.events`` adds what watches them, if anything does.
SOURCE = Asset(
    name="kaltura_source_objects",
    uri="x-kaltura://source-objects",
    group=GROUP,
    extra={"is": "media files in S3, and what lies beside them"},
)
ENTRIES = Asset(
    name="kaltura_entries",
    uri="x-kaltura://entries",
    group=GROUP,
    extra={"is": "entries on Kaltura that are new or changed, and ready"},
)
PAGES = Asset(
    name="kaltura_pages",
    uri="x-kaltura://pages",
    group=GROUP,
    extra={"is": "pages with the player, of entries that were seen to play"},
)
REPORT = Asset(
    name="kaltura_report",
    uri="x-kaltura://report",
    group=GROUP,
    extra={"is": "tables and pages of a day's plays"},
)
