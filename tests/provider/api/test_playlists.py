"""Playlists: made once, in the order given, never written without need, and nobody's entries lost."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.account import Account, account, client, new_client, proxy
from tests.provider.api.dying import Killed, dying
from tests.provider.conftest import ADMIN_SECRET, PARTNER

from kaltura_provider.api import (
    AdminSecretCredentials,
    ClientConfig,
    KalturaClient,
    SelectionError,
    ensure_playlist,
)
from kaltura_sandbox.faults.fault import Fault
from kaltura_sandbox.faults.proxy import FaultProxy
from kaltura_sandbox.faults.rules import Rule
from kaltura_sandbox.server import SandboxServer

__all__ = ["account", "client", "new_client", "proxy"]


@pytest.fixture
def entries(account: Account) -> list[str]:
    return [account.entry(name=f"talk {number}") for number in range(5)]


def content(account: Account, playlist_id: str | None) -> list[str]:
    stored: str = account.kaltura.call("playlist", "get", {"id": playlist_id}).get("playlistContent") or ""
    return stored.split(",") if stored else []


def made(account: Account, *entries: str) -> str:
    """A playlist that is there already."""
    playlist = {"name": account.word, "playlistType": 3, "playlistContent": ",".join(entries)}
    return str(account.kaltura.call("playlist", "add", {"playlist": playlist})["id"])


def named(client: KalturaClient, name: str) -> list[str]:
    return [each["id"] for each in client.call("playlist", "list", {"filter": {"nameEqual": name}})["objects"]]


def test_a_list_keeps_its_order_and_is_written_when_it_differs(
    client: KalturaClient, proxy: FaultProxy, account: Account, entries: list[str]
) -> None:
    a, b, c, *_ = entries
    made = ensure_playlist(client, account.word, entry_ids=[b, a], description="x")
    assert made.to_json() == {
        "playlist_id": made.id,
        "created": True,
        "updated": False,
        "added": [b, a],
        "removed": [],
    }
    assert content(account, made.id) == [b, a]
    proxy.reset()
    again = ensure_playlist(client, account.word, entry_ids=f"{b}, {a}")
    assert again.to_json() == {
        "playlist_id": made.id,
        "created": False,
        "updated": False,
        "added": [],
        "removed": [],
    }
    assert proxy.calls == ["playlist.list"]
    changed = ensure_playlist(client, account.word, entry_ids=[a, c, b])
    assert (changed.updated, changed.added, changed.removed) == (True, (c,), ())
    assert content(account, made.id) == [a, c, b]
    described = ensure_playlist(client, account.word, entry_ids=[a, c, b], description="y", tags="Light, glass")
    stored = account.kaltura.call("playlist", "get", {"id": made.id})
    assert (described.updated, stored["description"], stored["tags"]) == (True, "y", "light, glass")
    assert content(account, made.id) == [a, c, b]
    assert not ensure_playlist(client, account.word, entry_ids=[a, c, b], tags="glass,light").updated


def test_append_and_remove(client: KalturaClient, proxy: FaultProxy, account: Account, entries: list[str]) -> None:
    a, b, c, d, _ = entries
    assert ensure_playlist(client, account.word, entry_ids=[a], mode="remove").to_json()["playlist_id"] is None
    there = made(account, a, b)
    appended = ensure_playlist(client, account.word, entry_ids=[b, d, c], mode="append")
    assert (appended.id, appended.added) == (there, (d, c))
    assert content(account, there) == [a, b, d, c]
    removed = ensure_playlist(client, account.word, entry_ids=[b, "0_gone"], mode="remove")
    assert (removed.removed, content(account, there)) == ((b,), [a, d, c])
    proxy.reset()
    for mode in ("append", "remove"):
        left = [a] if mode == "append" else [b]
        assert not ensure_playlist(client, account.word, entry_ids=left, mode=mode).updated
    assert proxy.calls == ["playlist.list"] * 2


def test_a_playlist_of_filters(client: KalturaClient, proxy: FaultProxy, account: Account) -> None:
    filters: list[dict[str, Any]] = [{"tagsMultiLikeOr": account.word, "orderBy": "-createdAt", "limit": 20}]
    made = ensure_playlist(client, account.word, filters=filters, total_results=50)
    stored = account.kaltura.call("playlist", "get", {"id": made.id})
    assert (stored["playlistType"], stored["totalResults"]) == (10, 50)
    assert stored["filters"][0]["tagsMultiLikeOr"] == account.word
    proxy.reset()
    assert not ensure_playlist(client, account.word, filters=filters, total_results=50).updated
    assert not ensure_playlist(client, account.word, filters=filters).updated
    assert proxy.calls == ["playlist.list"] * 2
    changed = ensure_playlist(client, account.word, filters=[{**filters[0], "limit": 10}])
    stored = account.kaltura.call("playlist", "get", {"id": made.id})
    assert (changed.updated, stored["filters"][0]["limit"], stored["totalResults"]) == (True, 10, 50)
    with pytest.raises(ValueError, match="is made of filters, and not a list of entries: choose another name"):
        ensure_playlist(client, account.word, entry_ids=[])


def test_entries_must_exist(client: KalturaClient, account: Account, entries: list[str]) -> None:
    with pytest.raises(SelectionError, match="1 of 2 entries do not exist"):
        ensure_playlist(client, account.word, entry_ids=[entries[0], "0_gone"])
    assert named(account.kaltura, account.word) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "Give either entry_ids"),
        ({"entry_ids": [], "filters": [{"tagsLike": "x"}]}, "Give either entry_ids"),
        ({"entry_ids": [], "mode": "prepend"}, "mode is 'prepend': use"),
        ({"filters": [{"tagsLike": "x"}], "mode": "append"}, "mode is 'append': use"),
        ({"filters": {"tagsLike": "x"}}, "must be a list of mappings"),
        ({"filters": [{"tagsLike": "x"}, {"limit": 5}]}, "filter 2 says nothing about which entries"),
    ],
)
def test_what_is_no_playlist(client: KalturaClient, proxy: FaultProxy, arguments: dict[str, Any], message: str) -> None:
    proxy.reset()
    with pytest.raises(ValueError, match=message):
        ensure_playlist(client, "wrong", **arguments)
    assert proxy.calls == []


def test_several_at_once_make_one_and_lose_nothing(
    new_client: Callable[[], KalturaClient], account: Account, entries: list[str]
) -> None:
    def append(entry: str) -> str | None:
        return ensure_playlist(new_client(), account.word, entry_ids=[entry], mode="append").id

    with ThreadPoolExecutor(5) as pool:
        made = set(pool.map(append, entries))
    assert named(account.kaltura, account.word) == [*made]
    assert sorted(content(account, made.pop())) == sorted(entries)


def test_what_another_writes_between_look_and_update_is_put_back(
    client: KalturaClient, proxy: FaultProxy, account: Account, entries: list[str]
) -> None:
    a, b, c, d, _ = entries
    there = made(account, a)
    intruders = [[a, b], [a, c, d]]

    def intrude(request: Any) -> None:
        if request.action == "multirequest" and intruders:
            playlist = {"playlistType": 3, "playlistContent": ",".join(intruders.pop(0))}
            account.kaltura.call("playlist", "update", {"id": there, "playlist": playlist})

    proxy.judge = intrude
    ensure_playlist(client, account.word, entry_ids=[d], mode="append")
    assert sorted(content(account, there)) == sorted([a, b, c, d])


def test_while_the_index_lags(new_sandbox: Callable[..., SandboxServer]) -> None:
    config = ClientConfig(new_sandbox(index_lag=0.4).url, PARTNER, backoff_initial=0.1)

    def make(_: int) -> str | None:
        with KalturaClient(config, AdminSecretCredentials(ADMIN_SECRET)) as client:
            return ensure_playlist(client, "late", filters=[{"tagsLike": "x"}]).id

    with ThreadPoolExecutor(3) as pool:
        made = set(pool.map(make, range(3)))
    assert len(made) == 1


def test_lost_answers(client: KalturaClient, proxy: FaultProxy, account: Account, entries: list[str]) -> None:
    proxy.set_rules(
        [
            Rule(Fault("drop_answer"), action="playlist.add", nth=1),
            Rule(Fault("drop_answer"), action="multirequest", nth=1),
        ]
    )
    first = ensure_playlist(client, account.word, entry_ids=entries[:2])
    assert first.created
    ensure_playlist(client, account.word, entry_ids=entries[2:], mode="append")
    assert len(proxy.events) == 2
    assert named(account.kaltura, account.word) == [first.id]
    assert content(account, first.id) == entries


# Before the playlist is made, right after, and before it is looked for again.
@pytest.mark.parametrize("moment", [5, 6, 7])
def test_killed_at_any_moment(
    new_client: Callable[[], KalturaClient], account: Account, entries: list[str], moment: int
) -> None:
    with pytest.raises(Killed):
        ensure_playlist(dying(new_client(), moment), account.word, entry_ids=entries)
    left = ensure_playlist(new_client(), account.word, entry_ids=entries)
    assert named(account.kaltura, account.word) == [left.id]
    assert content(account, left.id) == entries
