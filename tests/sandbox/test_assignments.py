"""Categories that somebody moderates, and how many access control profiles an account may have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .conftest import Api
from .test_catalog import category, entry, shown_categories


def statuses(api: Api, entry_id: str, **filter: Any) -> list[int]:
    listed = api.call("categoryEntry", "list", api.admin, filter={"entryIdEqual": entry_id, **filter})
    return [each["status"] for each in listed["objects"]]


def test_a_moderated_category_is_asked_for(api: Api) -> None:
    kept, filed = category(api, "kept"), entry(api)["id"]
    api.call("category", "update", api.admin, id=kept, category={"moderation": True})
    asking = api.session("ann", privileges="enablecategorymoderation", kind=2)
    link = {"entryId": filed, "categoryId": kept}
    assert api.call("categoryEntry", "add", asking, categoryEntry=link)["status"] == 1
    assert shown_categories(api, filed) == ""
    assert api.call("category", "get", api.admin, id=kept)["directEntriesCount"] == 0

    api.call("categoryEntry", "reject", api.admin, **link)
    assert statuses(api, filed) == [4]
    assert api.call("categoryEntry", "activate", api.admin, **link)["code"] == "CANNOT_ACTIVATE_CATEGORY_ENTRY"
    assert api.call("categoryEntry", "add", asking, categoryEntry=link)["status"] == 1, "asked for again"
    api.call("categoryEntry", "activate", api.admin, **link)
    assert shown_categories(api, filed) == "kept"
    assert statuses(api, filed, statusIn="1,4") == []
    assert api.call("categoryEntry", "reject", api.admin, **link)["code"] == "CANNOT_REJECT_CATEGORY_ENTRY"
    assert api.call("categoryEntry", "add", asking, categoryEntry=link)["code"] == "CATEGORY_ENTRY_ALREADY_EXISTS"


def test_who_is_not_moderated_gets_in_at_once(api: Api) -> None:
    kept, filed = category(api, "kept"), entry(api)["id"]
    api.call("category", "update", api.admin, id=kept, category={"moderation": True})
    api.call("categoryEntry", "add", api.admin, categoryEntry={"entryId": filed, "categoryId": kept})
    assert shown_categories(api, filed) == "kept"


def test_an_account_has_so_many_access_control_profiles(patient: Callable[..., Api]) -> None:
    api = patient(max_access_controls=3)
    answers = [
        api.call("accessControlProfile", "add", api.admin, accessControlProfile={"name": f"p{number}", "rules": []})
        for number in range(3)
    ]
    # The default one counts.
    assert [each.get("name") for each in answers] == ["p0", "p1", None]
    assert answers[2]["code"] == "MAX_NUMBER_OF_ACCESS_CONTROLS_REACHED"
    assert answers[2]["args"] == {"MAX_NUM": "3"}
