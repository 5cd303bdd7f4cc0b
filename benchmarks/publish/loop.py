"""The same done call by call with the official client, as it is written when nothing else is at hand.

Runs in a process of its own: it reads its job from standard input and reports as one line of JSON.
"""

from __future__ import annotations

import io
import json
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.ingest.loop import official_client
from benchmarks.ingest.memory import high_water
from benchmarks.publish.library import caption, categories_of, picture

_VTT = "3"


def main() -> None:
    """Describe each entry of the sample."""
    job = json.loads(sys.stdin.readline())
    client = official_client(job)
    started = time.perf_counter()
    categories = _categories(client)
    for number, entry_id in job["entries"]:
        _describe(client, number, entry_id, job["profile"], categories)
    seconds = time.perf_counter() - started
    print(json.dumps({"seconds": seconds, "memory": high_water(Path("/proc/self"))}), flush=True)


def _categories(client: Any) -> dict[str, int]:
    from KalturaClient.Plugins.Core import KalturaCategoryFilter, KalturaFilterPager

    pager = KalturaFilterPager()
    pager.pageSize = 500
    return {each.fullName: each.id for each in client.category.list(KalturaCategoryFilter(), pager).objects}


def _describe(client: Any, number: int, entry_id: str, profile: int, categories: dict[str, int]) -> None:
    from KalturaClient.Plugins.Caption import KalturaCaptionAsset, KalturaCaptionType
    from KalturaClient.Plugins.Core import KalturaCategoryEntry, KalturaMediaEntry, KalturaStringResource
    from KalturaClient.Plugins.Metadata import KalturaMetadataObjectType

    entry = KalturaMediaEntry()
    entry.name, entry.description = f"Talk {number} on optics", f"What lecture {number} of the term is about."
    entry.tags = f"optics, term{number % 7}"
    client.media.update(entry_id, entry)
    for path in categories_of(number):
        assigned = KalturaCategoryEntry()
        assigned.entryId, assigned.categoryId = entry_id, categories[path]
        client.categoryEntry.add(assigned)
    xml = (
        f"<metadata><Course>PHY-{number}</Course><Lecturer>Ada Byron</Lecturer>"
        "<Lecturer>Mary Somerville</Lecturer></metadata>"
    )
    client.metadata.metadata.add(profile, KalturaMetadataObjectType.ENTRY, entry_id, xml)
    for language, words in (("English", "Welcome to lecture"), ("German", "Willkommen zur Vorlesung")):
        asset = KalturaCaptionAsset()
        asset.language, asset.label, asset.format = language, language, KalturaCaptionType.WEBVTT
        added = client.caption.captionAsset.add(entry_id, asset)
        content = KalturaStringResource()
        content.content = caption(number, words)
        client.caption.captionAsset.setContent(added.id, content)
    image = io.BytesIO(picture(number))
    image.name = "talk.jpg"
    thumbnail = client.thumbAsset.addFromImage(entry_id, image)
    client.thumbAsset.setAsDefault(thumbnail.id)
    # What a page shows of it.
    client.baseEntry.get(entry_id)


if __name__ == "__main__":
    main()
