"""Members of categories: added, changed and removed in few requests, whatever is lost on the way."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.account import Account, account, client, new_client, proxy
from tests.provider.api.dying import Killed, dying

from kaltura_provider.api import KalturaClient, KalturaError, UnknownCategoryError, set_members
from kaltura_sandbox.faults.fault import Fault
from kaltura_sandbox.faults.proxy import FaultProxy
from kaltura_sandbox.faults.rules import Rule

__all__ = ["account", "client", "new_client", "proxy"]


@pytest.fixture
def path(account: Account) -> str:
    account.category(account.word, "Optics")
    return f"{account.word}>Optics"


def members(account: Account, *levels: str) -> dict[str, int]:
    """Levels by user, of those who are let in."""
    filter = {"categoryIdEqual": account.category(account.word, *(levels or ("Optics",))), "statusEqual": 1}
    listed = account.kaltura.call("categoryUser", "list", {"filter": filter, "pager": {"pageSize": 500}})
    return {each["userId"]: each["permissionLevel"] for each in listed.get("objects") or []}


def test_a_hundred_members_take_a_handful_of_requests(
    client: KalturaClient, proxy: FaultProxy, account: Account, path: str
) -> None:
    users = {f"user{number}@example.edu": "contributor" for number in range(100)}
    proxy.reset()
    result = set_members(client, {path: users})
    assert (result.added, result.errors) == ({path: [*users]}, {})
    assert proxy.calls == ["category.list", "multirequest", "multirequest"]
    assert members(account) == dict.fromkeys(users, 2)
    proxy.reset()
    again = set_members(client, {path: users})
    assert (again.added, again.updated, again.removed) == ({}, {}, {})
    assert proxy.calls == ["category.list", "multirequest"]


def test_levels_change_and_members_go(client: KalturaClient, account: Account, path: str) -> None:
    set_members(client, {path: {"ada": "manager", "bob": "member", "cy": "moderator"}})
    changed = set_members(client, {path: {"ada": "member", "bob": "member"}})
    assert (changed.added, changed.updated, changed.removed) == ({}, {path: ["ada"]}, {})
    assert members(account) == {"ada": 3, "bob": 3, "cy": 1}
    removed = set_members(client, {path: ["ada", "nobody"]}, mode="remove")
    assert (removed.removed, removed.errors) == ({path: ["ada"]}, {})
    replaced = set_members(client, {path: {"bob": "manager", "dan": "none"}}, mode="replace")
    assert (replaced.added, replaced.updated, replaced.removed) == ({path: ["dan"]}, {path: ["bob"]}, {path: ["cy"]})
    assert members(account) == {"bob": 0, "dan": 4}


def test_who_was_kept_out_is_let_in_and_an_owner_stays(client: KalturaClient, account: Account, path: str) -> None:
    category = account.category(account.word, "Optics")
    set_members(client, {path: ["ada", "eve"]})
    account.kaltura.call("categoryUser", "deactivate", {"categoryId": category, "userId": "ada"})
    account.kaltura.call("category", "update", {"id": category, "category": {"owner": "eve"}})
    result = set_members(client, {path: ["ada"]}, mode="replace")
    assert (result.updated, result.removed, result.errors) == ({path: ["ada"]}, {}, {})
    assert members(account) == {"ada": 3, "eve": 3}


def test_one_that_fails_stops_no_other(client: KalturaClient, account: Account, path: str) -> None:
    inheriting = account.category(account.word, "Inherits")
    account.kaltura.call("category", "update", {"id": inheriting, "category": {"inheritanceType": 1}})
    result = set_members(client, {f"{account.word}>Inherits": ["ada"], path: ["ada"]})
    assert result.added == {path: ["ada"]}
    ((name, error),) = result.errors.items()
    assert name == f"{account.word}>Inherits: ada"
    assert isinstance(error, KalturaError)
    assert error.code == "CATEGORY_INHERIT_MEMBERS"


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"a": {"ada": "boss"}}, "a, ada: the level 'boss' is unknown; use manager, moderator"),
        ({"a": [""]}, "a: '' is no user ID"),
        ({"a>": ["ada"]}, "level without a name"),
    ],
)
def test_what_cannot_be_is_refused_before_any_call(
    client: KalturaClient, proxy: FaultProxy, wanted: Any, message: str
) -> None:
    proxy.reset()
    with pytest.raises(ValueError, match=message):
        set_members(client, wanted)
    assert proxy.calls == []


def test_a_category_that_does_not_exist(client: KalturaClient, account: Account, path: str) -> None:
    with pytest.raises(UnknownCategoryError, match=f"mean '{path}'"):
        set_members(client, {f"{account.word}>Optic": ["ada"]})
    set_members(client, {f"{account.word}>New": ["ada"]}, create=True)
    assert members(account, "New") == {"ada": 3}


def test_several_at_once(new_client: Callable[[], KalturaClient], account: Account, path: str) -> None:
    clients = [new_client() for _ in range(4)]
    wanted = {path: {"ada": "manager", "bob": "member"}}
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda each: set_members(each, wanted), clients))
    assert [result.errors for result in results] == [{}] * 4
    assert members(account) == {"ada": 0, "bob": 3}


@pytest.mark.parametrize("number", [1, 2])
def test_a_lost_answer(client: KalturaClient, proxy: FaultProxy, account: Account, path: str, number: int) -> None:
    set_members(client, {path: {"ada": "member", "bob": "member"}})
    proxy.set_rules([Rule(Fault("drop_answer"), action="multirequest", nth=number)])
    result = set_members(client, {path: {"ada": "manager", "cy": "member"}}, mode="replace")
    assert len(proxy.events) == 1
    assert (result.added, result.updated, result.removed) == ({path: ["cy"]}, {path: ["ada"]}, {path: ["bob"]})
    assert members(account) == {"ada": 0, "cy": 3}


@pytest.mark.parametrize("moment", range(1, 9))
def test_killed_at_any_moment(
    new_client: Callable[[], KalturaClient], account: Account, path: str, moment: int
) -> None:
    set_members(account.kaltura, {path: {"ada": "member", "bob": "member"}})
    wanted = {path: {"ada": "manager", "cy": "member"}}
    with pytest.raises(Killed):
        set_members(dying(new_client(), moment), wanted, mode="replace")
    set_members(new_client(), wanted, mode="replace")
    assert members(account) == {"ada": 0, "cy": 3}
