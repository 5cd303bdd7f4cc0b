"""Playlists, against a running sandbox."""

from __future__ import annotations

from typing import Any

import pytest
from tests.provider.airflow_fixtures import render

from kaltura_provider.api import KalturaClient, SelectionError
from kaltura_provider.operators.playlist import KalturaPlaylistOperator


def playlist(context: Any, **arguments: Any) -> dict[str, Any]:
    return KalturaPlaylistOperator(task_id="playlist", **arguments).execute(context)


def test_entries(client: KalturaClient, context: Any) -> None:
    first, second = (client.call("media", "add", {"entry": {"name": "t", "mediaType": 1}})["id"] for _ in range(2))
    made = playlist(context, name="Course", entry_ids=[first])
    assert made == {
        "playlist_id": made["playlist_id"],
        "created": True,
        "updated": False,
        "added": [first],
        "removed": [],
    }
    assert playlist(context, name="Course", entry_ids=second, mode="append")["added"] == [second]
    stored = client.call("playlist", "get", {"id": made["playlist_id"]})
    assert stored["playlistContent"] == f"{first},{second}"
    with pytest.raises(SelectionError, match="0_gone; correct the ids"):
        playlist(context, name="Course", entry_ids=["0_gone"])


def test_filters(client: KalturaClient, context: Any) -> None:
    filters = [{"tagsMultiLikeOr": "news", "limit": 20}]
    there = {"name": "News", "playlistType": 10, "totalResults": 200, "filters": filters}
    playlist_id = client.call("playlist", "add", {"playlist": there})["id"]
    assert playlist(context, name="News", filters=filters)["updated"] is False
    assert playlist(context, name="News", filters=filters, total_results=5)["updated"] is True
    assert client.call("playlist", "get", {"id": playlist_id})["totalResults"] == 5


def test_templates() -> None:
    task = KalturaPlaylistOperator(
        task_id="p", name="{{ n }}", entry_ids=["{{ n }}"], filters=[{"tagsLike": "{{ n }}"}]
    )
    render(task, n="N")
    assert (task.name, task.entry_ids, task.filters) == ("N", ["N"], [{"tagsLike": "N"}])
