"""The entries a person means are found, all of them, and only they."""

from __future__ import annotations

from typing import Any

import pytest
from tests.account import Account, account, client, new_client, proxy
from tests.provider.api.scripted import ScriptedServer, client_of
from tests.provider.api.test_paging import START, Library

from kaltura_provider.api import KalturaClient, SelectionError, find_entries
from kaltura_sandbox.faults.proxy import FaultProxy

__all__ = ["account", "client", "new_client", "proxy"]


@pytest.fixture
def filed(account: Account) -> dict[str, str]:
    """Three entries: one in a category, one in the category below, one in none. None has content, so none is READY."""
    top, below = account.category(account.word), account.category(account.word, "Optics")
    entries = {
        "top": account.entry(name=f"{account.word} mirror", tags="light,glass"),
        "below": account.entry(name="lens", description=account.word, tags="light"),
        "none": account.entry(name=f"{account.word} prism"),
    }
    for key, category in (("top", top), ("below", below)):
        assignment = {"entryId": entries[key], "categoryId": category}
        account.kaltura.call("categoryEntry", "add", {"categoryEntry": assignment})
    return entries


def found(client: KalturaClient, entries: dict[str, str], **asked: Any) -> set[str]:
    keys = {entry_id: key for key, entry_id in entries.items()}
    ids = list(find_entries(client, **asked))
    assert len(ids) == len(set(ids)), "none twice"
    return {keys[entry_id] for entry_id in ids}


def test_a_category_by_path_and_by_id(client: KalturaClient, account: Account, filed: dict[str, str]) -> None:
    assert found(client, filed, category=f"{account.word} > Optics") == {"below"}
    assert found(client, filed, category=account.word.upper()) == {"top", "below"}
    assert found(client, filed, category=account.word, below=False) == {"top"}
    category = account.category(account.word)
    assert found(client, filed, category=category) == found(client, filed, category=f" {category} ") == {"top", "below"}


def test_a_search_tags_and_all_together(client: KalturaClient, account: Account, filed: dict[str, str]) -> None:
    assert found(client, filed, search=account.word) == {"top", "below", "none"}
    assert found(client, filed, search=f"prism, {account.word}") == {"none"}, "all the words"
    assert found(client, filed, search=account.word, tags="light, glass") == {"top"}, "all the tags"
    assert found(client, filed, search=account.word, category=account.word) == {"top", "below"}
    assert found(client, filed, tags=["light"], entry_ids=[filed["below"], filed["none"]]) == {"below"}


def test_entry_ids_keep_their_order_and_must_exist(client: KalturaClient, filed: dict[str, str]) -> None:
    ids = [filed["none"], filed["top"], filed["none"]]
    assert list(find_entries(client, entry_ids=ids)) == ids[:2]
    assert list(find_entries(client, entry_ids=f"{ids[0]}, {ids[1]},")) == ids[:2]
    assert list(find_entries(client, entry_ids=[])) == []
    with pytest.raises(SelectionError, match=r"1 of 2 entries do not exist.*: 0_gone; correct"):
        find_entries(client, entry_ids=["0_gone", filed["top"]])


def test_statuses_and_moderation_hide_nothing_that_was_asked_for(
    client: KalturaClient, account: Account, filed: dict[str, str]
) -> None:
    account.kaltura.call("media", "reject", {"entryId": filed["top"]})
    assert found(client, filed, category=account.word) == {"top", "below"}
    assert found(client, filed, category=account.word, statuses="2") == set()
    assert list(find_entries(client, entry_ids=[filed["top"]], statuses="2")) == []
    assert list(find_entries(client, entry_ids=[filed["top"]], statuses="2,7")) == [filed["top"]]


def test_a_category_that_does_not_exist(client: KalturaClient, account: Account, filed: dict[str, str]) -> None:
    with pytest.raises(SelectionError, match=f"no category '{account.word}>Optic'.*mean '{account.word}>Optics'"):
        find_entries(client, category=f"{account.word}>Optic")
    with pytest.raises(SelectionError, match=r"no category '1111111111'.*full path"):
        find_entries(client, category=1111111111)


def test_a_selection_of_nothing_is_not_the_whole_account(client: KalturaClient) -> None:
    for asked in ({}, {"category": " "}, {"search": " , "}, {"tags": ""}):
        with pytest.raises(ValueError, match="give a category, a search, tags, or entry ids"):
            find_entries(client, **asked)  # type: ignore[arg-type]


def test_beyond_ten_thousand_with_as_few_calls_as_pages() -> None:
    library = Library([START + number // 3 for number in range(10_450)])
    with ScriptedServer(library) as server, client_of(server) as client:
        ids = list(find_entries(client, search="talk"))
    assert ids == [item["id"] for item in library.objects]
    assert len(library.queries) <= 24


def test_a_category_takes_a_call_and_one_for_a_page(
    client: KalturaClient, proxy: FaultProxy, account: Account, filed: dict[str, str]
) -> None:
    proxy.reset()
    assert len(list(find_entries(client, category=account.word))) == 2
    assert proxy.calls == ["category.list", "baseEntry.list"]
