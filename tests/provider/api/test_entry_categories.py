"""Entries get into categories in few requests, whatever is lost on the way and whoever else is at it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.account import Account, account, client, new_client, proxy
from tests.provider.api.dying import Killed, dying
from tests.provider.conftest import ADMIN_SECRET

from kaltura_provider.api import AdminSecretCredentials, KalturaClient, KalturaError, SessionSpec
from kaltura_provider.api.categories import UnknownCategoryError
from kaltura_provider.api.entry_categories import categorize
from kaltura_sandbox.faults.fault import Fault
from kaltura_sandbox.faults.proxy import FaultProxy
from kaltura_sandbox.faults.rules import Rule

__all__ = ["account", "client", "new_client", "proxy"]


@pytest.fixture
def paths(account: Account) -> list[str]:
    """Three categories that exist."""
    for name in "abc":
        account.category(account.word, name)
    return [f"{account.word}>{name}" for name in "abc"]


@pytest.fixture
def shown(account: Account) -> Callable[[str], set[str]]:
    def shown(entry: str) -> set[str]:
        categories: str = account.kaltura.call("media", "get", {"entryId": entry})["categories"]
        return set(categories.split(",")) - {""}

    return shown


Shown = Callable[[str], set[str]]


def test_a_hundred_entries_take_a_handful_of_requests(
    client: KalturaClient, proxy: FaultProxy, account: Account, paths: list[str], shown: Shown
) -> None:
    entries = [account.entry() for _ in range(100)]
    proxy.reset()
    result = categorize(client, dict.fromkeys(entries, paths[:2]))
    # Looking for the categories; then 100 lists, and 200 assignments.
    assert proxy.calls == ["category.list", "multirequest", "multirequest", "multirequest"]
    assert result.errors == {}
    assert result.added == dict.fromkeys(entries, paths[:2])
    assert {frozenset(shown(entry)) for entry in entries[::20]} == {frozenset(paths[:2])}
    proxy.reset()
    again = categorize(client, dict.fromkeys(entries, paths[:2]))
    assert (again.added, again.removed) == ({}, {})
    assert proxy.calls == ["category.list", "multirequest"]


def test_what_each_mode_removes(client: KalturaClient, account: Account, paths: list[str], shown: Shown) -> None:
    entry = account.entry()
    a, b, c = paths
    categorize(client, {entry: [a, b]})
    assert categorize(client, {entry: [c]}).removed == {}
    assert shown(entry) == {a, b, c}
    replaced = categorize(client, {entry: [c.upper(), f"{account.word} > new"]}, mode="replace")
    ids = [str(account.category(account.word, name)) for name in "ab"]
    assert (replaced.added, replaced.removed) == ({entry: [f"{account.word}>new"]}, {entry: ids})
    assert shown(entry) == {c, f"{account.word}>new"}
    assert categorize(client, {entry: [c, a]}, mode="remove").removed == {entry: [c]}
    assert categorize(client, {entry: []}, mode="replace").removed
    assert shown(entry) == set()


def test_a_path_that_may_not_be_made(
    client: KalturaClient, proxy: FaultProxy, account: Account, paths: list[str], shown: Shown
) -> None:
    entry = account.entry()
    proxy.reset()
    with pytest.raises(UnknownCategoryError, match=f"no category '{account.word}>aa'.*mean '{account.word}>a'"):
        categorize(client, {entry: [paths[1], f"{account.word}>aa"]}, create=False)
    assert set(proxy.calls) == {"category.list"}
    assert shown(entry) == set()


def test_a_category_that_the_session_does_not_see(client: KalturaClient, proxy: FaultProxy, account: Account) -> None:
    proxy.set_rules([Rule(Fault("api_error", code="DUPLICATE_CATEGORY"), action="category.add")])
    with pytest.raises(KalturaError, match=r"session does not see it: make its user a member .* disableentitlement"):
        categorize(client, {account.entry(): [account.word]})


def test_limits_are_known_before_a_call(client: KalturaClient, proxy: FaultProxy, account: Account) -> None:
    proxy.reset()
    many = [f"{account.word}>{number}" for number in range(33)]
    with pytest.raises(ValueError, match="entry 0_x would be in 33 categories, but may be in 32: name fewer, or raise"):
        categorize(client, {"0_x": many})
    assert proxy.calls == []


def test_an_entry_that_is_full_stops_no_other(
    client: KalturaClient, account: Account, paths: list[str], shown: Shown
) -> None:
    full, other = account.entry(), account.entry()
    categorize(client, {full: paths[:2]})
    result = categorize(client, {full: paths[2:], other: paths[2:], "0_gone": paths[2:]}, max_categories=2)
    assert shown(other) == {paths[2]}
    assert isinstance(result.errors[full], ValueError)
    error = result.errors["0_gone"]
    assert isinstance(error, KalturaError)
    assert error.code == "INVALID_ENTRY_ID"
    # Room is made first.
    assert categorize(client, {full: paths[1:]}, mode="replace", max_categories=2).errors == {}
    assert shown(full) == set(paths[1:])


@pytest.fixture
def asking(account: Account) -> Iterator[KalturaClient]:
    """A client whose entries wait for moderators of categories."""
    session = SessionSpec(user_id="ann", privileges="enablecategorymoderation")
    with KalturaClient(account.kaltura.config, AdminSecretCredentials(ADMIN_SECRET), session) as client:
        yield client


def test_a_moderated_category(asking: KalturaClient, account: Account, paths: list[str], shown: Shown) -> None:
    entry, moderated = account.entry(), account.category(account.word, "a")
    account.kaltura.call("category", "update", {"id": moderated, "category": {"moderation": True}})
    result = categorize(asking, {entry: paths[:2]})
    assert (result.pending, result.added) == ({entry: [paths[0]]}, {entry: paths[:2]})
    assert shown(entry) == {paths[1]}
    assert categorize(asking, {entry: paths[:2]}).pending == {entry: [paths[0]]}
    account.kaltura.call("categoryEntry", "reject", {"entryId": entry, "categoryId": moderated})
    again = categorize(asking, {entry: paths[:2]})
    assert (again.rejected, again.added, again.pending) == ({entry: [paths[0]]}, {}, {})
    assert shown(entry) == {paths[1]}


def test_several_at_once(
    new_client: Callable[[], KalturaClient], account: Account, paths: list[str], shown: Shown
) -> None:
    entries = [account.entry() for _ in range(3)]
    wanted: dict[str, Any] = {key: [*paths, f"{account.word}>new>deep"] for key in entries}
    clients = [new_client() for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda each: categorize(each, wanted), clients))
    assert [result.errors for result in results] == [{}] * 4
    assert [shown(entry) for entry in entries] == [{*paths, f"{account.word}>new>deep"}] * 3


@pytest.mark.parametrize("number", [1, 2])
def test_a_lost_answer(
    client: KalturaClient, proxy: FaultProxy, account: Account, paths: list[str], shown: Shown, number: int
) -> None:
    entry = account.entry()
    categorize(client, {entry: paths[:1]})
    proxy.set_rules([Rule(Fault("drop_answer"), action="multirequest", nth=number)])
    result = categorize(client, {entry: paths[1:]}, mode="replace")
    assert len(proxy.events) == 1
    assert (result.errors, shown(entry)) == ({}, set(paths[1:]))
    assert result.added == {entry: paths[1:]}
    assert [*result.removed] == [entry]


@pytest.mark.parametrize("moment", range(1, 14))
def test_killed_at_any_moment(
    new_client: Callable[[], KalturaClient], account: Account, paths: list[str], shown: Shown, moment: int
) -> None:
    entry = account.entry()
    categorize(account.kaltura, {entry: paths[:1]})
    wanted = {entry: [paths[1], f"{account.word}>x>y"]}
    try:
        categorize(dying(new_client(), moment), wanted, mode="replace")
        died = False
    except Killed:
        died = True
    # Two looks for categories, two that are made, a look and the changes: six requests.
    assert died == (moment <= 12)
    categorize(new_client(), wanted, mode="replace")
    assert shown(entry) == set(wanted[entry])
