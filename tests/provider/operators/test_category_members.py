"""Members of categories, against a running sandbox."""

from __future__ import annotations

from typing import Any

import pytest
from tests.provider.airflow_fixtures import render

from kaltura_provider.api import KalturaClient, KalturaError, UnknownCategoryError
from kaltura_provider.operators.category import KalturaCategoryMembersOperator


def invite(context: Any, **arguments: Any) -> dict[str, Any]:
    return KalturaCategoryMembersOperator(task_id="members", **arguments).execute(context)


def test_members(client: KalturaClient, context: Any) -> None:
    with pytest.raises(UnknownCategoryError, match="no category 'Invited>Optics'"):
        invite(context, members={"Invited>Optics": ["ada"]})
    made = invite(context, members={"Invited>Optics": {"ada": "manager", "bob": "member"}}, create=True)
    assert made == {"added": {"Invited>Optics": ["ada", "bob"]}, "updated": {}, "removed": {}}
    gone = invite(context, members={"Invited>Optics": ["bob"]}, mode="remove")
    assert gone == {"added": {}, "updated": {}, "removed": {"Invited>Optics": ["bob"]}}


def test_one_that_fails_fails_the_task(client: KalturaClient, context: Any) -> None:
    made = client.call("category", "add", {"category": {"name": "Inheriting", "inheritanceType": 1}})
    assert made["inheritanceType"] == 1
    with pytest.raises(KalturaError, match="CATEGORY_INHERIT_MEMBERS"):
        invite(context, members={"Inheriting": ["ada"]})


@pytest.mark.parametrize("members", [{"a": "ada"}, ["a"], "{}"])
def test_arguments_that_cannot_be(connection: None, context: Any, members: Any) -> None:
    with pytest.raises(ValueError, match="must be a mapping such as"):
        invite(context, members=members)


def test_templates() -> None:
    task = KalturaCategoryMembersOperator(task_id="m", members={"Optics": {"ada": "{{ level }}"}})
    render(task, level="manager")
    assert task.members == {"Optics": {"ada": "manager"}}
