"""What the page of an entry shows of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kaltura_pipeline.publishing.model import Shown
    from kaltura_provider.api import Entry


def shown_of(entry: Entry) -> Shown:
    """Return what the page of an entry shows of it.

    :param entry: the entry as Kaltura has it.
    """
    from kaltura_provider.api import PageItem
    from kaltura_provider.api.embed.model import download_url_of

    item = PageItem.from_entry(entry)
    return {
        "title": item.title,
        "description": item.description,
        "duration": item.duration,
        "kind": item.kind.value,
        "created_at": item.created_at,
        "captions": None,
        "chapters": None,
        "download_url": download_url_of(entry) or "",
    }
