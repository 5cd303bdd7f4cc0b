"""Entries get into categories, against a running sandbox."""

from __future__ import annotations

from typing import Any

import pytest
from tests.provider.airflow_fixtures import TaskLog, render

from kaltura_provider.api import KalturaClient, KalturaError
from kaltura_provider.api.categories import UnknownCategoryError
from kaltura_provider.operators.category import KalturaCategoriesOperator


def file(context: Any, **arguments: Any) -> dict[str, Any]:
    return KalturaCategoriesOperator(task_id="file", **arguments).execute(context)


@pytest.fixture
def entries(client: KalturaClient) -> list[str]:
    return [client.call("media", "add", {"entry": {"name": "talk", "mediaType": 1}})["id"] for _ in range(2)]


def test_all_entries_into_the_same_categories(context: Any, entries: list[str]) -> None:
    first = file(context, entry_ids=",".join(entries), categories="Filed > Optics")
    ids = first["category_ids"]
    assert [*ids] == ["Filed>Optics"]
    nothing: dict[str, Any] = {"removed": {}, "pending": {}, "rejected": {}}
    assert first == {"category_ids": ids, "added": {key: ["Filed>Optics"] for key in entries}, **nothing}
    again = file(context, entry_ids=entries, categories=["Filed>Optics"])
    assert again == {"category_ids": ids, "added": {}, **nothing}


def test_each_entry_into_its_own(context: Any, entries: list[str]) -> None:
    first, second = entries
    file(context, categories={first: ["Own>a"], second: "Own>b"})
    moved = file(context, categories={first: ["Own>c"], second: []}, mode="replace")
    assert moved["added"] == {first: ["Own>c"]}
    assert sorted(moved["removed"]) == sorted(entries)


def test_one_that_fails_fails_the_task_after_the_others(
    context: Any, client: KalturaClient, entries: list[str], task_log: TaskLog
) -> None:
    with pytest.raises(KalturaError, match="INVALID_ENTRY_ID"):
        file(context, entry_ids=["0_gone", entries[0]], categories=["Filed>Late"])
    assert client.call("media", "get", {"entryId": entries[0]})["categories"] == "Filed>Late"


def test_nothing_is_made_that_may_not_be(context: Any, client: KalturaClient, entries: list[str]) -> None:
    for options in ({"create": False}, {"mode": "remove"}):
        with pytest.raises(UnknownCategoryError, match="no category 'Never made'"):
            file(context, entry_ids=entries, categories=["Never made"], **options)
    assert client.call("category", "list", {"filter": {"fullNameEqual": "Never made"}})["objects"] == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"categories": ["a"]}, "set entry_ids"),
        ({"entry_ids": [None], "categories": ["a"]}, "check that the task ran"),
        ({"entry_ids": "0_a", "categories": []}, "use a mapping from each entry"),
        ({"entry_ids": "0_a", "categories": [7]}, "must be a list of paths"),
        ({"entry_ids": "0_a", "categories": {"0_a": ["x"]}}, "not both"),
        ({"entry_ids": "0_a", "categories": "a>>b"}, "level without a name"),
        ({"entry_ids": "0_a", "categories": "a", "mode": "move"}, "'add', 'replace' or 'remove', not 'move'"),
        ({"entry_ids": "0_a", "categories": ["a", "b"], "max_categories": 1}, "raise max_categories"),
    ],
)
def test_arguments_that_cannot_be(connection: None, context: Any, arguments: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        file(context, **arguments)


def test_templates() -> None:
    task = KalturaCategoriesOperator(task_id="file", entry_ids="{{ entry }}", categories=["{{ subject }}>Optics"])
    render(task, entry="1_a", subject="Physics")
    assert (task.entry_ids, task.categories) == ("1_a", ["Physics>Optics"])
