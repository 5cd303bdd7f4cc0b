"""Who may see, contribute to or manage a category."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from kaltura_sandbox.server import SandboxServer

from .conftest import Api, make_settings

SERVICE = "categoryUser"

_numbers = count()


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    """One for all tests: each has a category of its own."""
    with SandboxServer(make_settings(tmp_path_factory.mktemp("sandbox"))) as server:
        yield server


@pytest.fixture
def category(api: Api) -> int:
    name = f"physics {next(_numbers)}"
    return int(api.call("category", "add", api.admin, category={"name": name, "owner": "head"})["id"])


def add(api: Api, category: int, user: str, **values: Any) -> Any:
    member = {"categoryId": category, "userId": user, **values}
    return api.call(SERVICE, "add", api.admin, categoryUser=member)


def test_a_member_comes_and_goes(api: Api, category: int) -> None:
    made = add(api, category, "ann", permissionLevel=2)
    assert (made["status"], made["permissionNames"]) == (1, "CATEGORY_CONTRIBUTE,CATEGORY_VIEW")
    assert made["categoryFullIds"] == str(category)
    assert api.call("user", "get", api.admin, userId="ann")["id"] == "ann", "made with it"
    assert api.call("category", "get", api.admin, id=category)["membersCount"] == 1
    assert add(api, category, "ann")["code"] == "CATEGORY_USER_ALREADY_EXISTS"
    assert add(api, category, "bob")["permissionLevel"] == 3, "as the category says"
    assert api.call(SERVICE, "delete", api.admin, categoryId=category, userId="ann") is None
    gone = api.call(SERVICE, "get", api.admin, categoryId=category, userId="ann")
    assert gone["code"] == "INVALID_CATEGORY_USER_ID"
    assert api.call(SERVICE, "get", api.admin, categoryId=category, userId="nobody")["code"] == "INVALID_USER_ID"
    assert add(api, 99_999, "ann")["code"] == "CATEGORY_NOT_FOUND"


def test_what_was_set_by_hand_changes_only_when_told_so(api: Api, category: int) -> None:
    add(api, category, "ann")
    params = {"categoryId": category, "userId": "ann", "categoryUser": {"permissionLevel": 0}}
    assert api.call(SERVICE, "update", api.admin, **params)["code"] == "CANNOT_OVERRIDE_MANUAL_CHANGES"
    changed = api.call(SERVICE, "update", api.admin, **params, override=True)
    assert (changed["permissionLevel"], "CATEGORY_EDIT" in changed["permissionNames"]) == (0, True)
    assert api.call(SERVICE, "deactivate", api.admin, categoryId=category, userId="ann")["status"] == 3
    assert api.call("category", "get", api.admin, id=category)["membersCount"] == 0
    assert api.call(SERVICE, "activate", api.admin, categoryId=category, userId="ann")["status"] == 1


def test_lists_need_a_user_or_a_category(api: Api, category: int) -> None:
    for user in ("ann", "bob"):
        add(api, category, user)
    assert api.call(SERVICE, "list", api.admin, filter={"categoryIdEqual": category})["totalCount"] == 2
    found = api.call(SERVICE, "list", api.admin, filter={"userIdIn": "ann,eve", "categoryIdIn": f"{category}"})
    assert [each["userId"] for each in found["objects"]] == ["ann"]
    assert api.call(SERVICE, "list", api.admin)["code"] == "MUST_FILTER_USERS_OR_CATEGORY"


def test_the_owner_stays_and_members_go_with_the_category(api: Api, category: int) -> None:
    add(api, category, "head", permissionLevel=0)
    kept = api.call(SERVICE, "delete", api.admin, categoryId=category, userId="head")
    assert kept["code"] == "CANNOT_UPDATE_CATEGORY_USER_OWNER"
    api.call("category", "delete", api.admin, id=category)
    assert api.call(SERVICE, "list", api.admin, filter={"userIdEqual": "head"})["objects"] == []


def test_people_do_not_appoint_themselves(api: Api, category: int) -> None:
    member = {"categoryId": category, "userId": "ann", "permissionLevel": 0}
    assert api.call(SERVICE, "add", api.user("ann"), categoryUser=member)["code"] == "SERVICE_FORBIDDEN"
