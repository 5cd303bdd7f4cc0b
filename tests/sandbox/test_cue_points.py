"""Moments of an entry: chapters, slides, annotations, code."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kaltura_sandbox.server import SandboxServer

from .conftest import Api, make_settings
from .media_entries import ready_video

SERVICE = "cuepoint_cuepoint"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    """One for all tests: each has an entry of its own."""
    with SandboxServer(make_settings(tmp_path_factory.mktemp("sandbox"), conversion_seconds=0.05)) as server:
        yield server


@pytest.fixture
def entry(api: Api) -> str:
    return str(api.call("media", "add", api.admin, entry={"name": "e", "mediaType": 1})["id"])


def chapter(entry: str, start: int = 0, **values: Any) -> dict[str, Any]:
    return {"objectType": "KalturaThumbCuePoint", "subType": 2, "entryId": entry, "startTime": start, **values}


def add(api: Api, point: dict[str, Any], ks: str = "") -> Any:
    return api.call(SERVICE, "add", ks or api.admin, cuePoint=point)


def listed(api: Api, ks: str = "", /, **filter: Any) -> list[Any]:
    return list(api.call(SERVICE, "list", ks or api.admin, filter=filter)["objects"])


def test_a_chapter_lives(api: Api, entry: str) -> None:
    made = add(api, chapter(entry, 5000, title="Intro", description="d", systemName="one"))
    assert (made["objectType"], made["cuePointType"]) == ("KalturaThumbCuePoint", "thumbCuePoint.Thumb")
    assert (made["status"], made["startTime"], made["partnerId"], made["userId"]) == (1, 5000, 102, "admin")
    change = {"objectType": "KalturaThumbCuePoint", "title": "Beginning"}
    changed = api.call(SERVICE, "update", api.admin, id=made["id"], cuePoint=change)
    assert (changed["title"], changed["startTime"], changed["description"]) == ("Beginning", 5000, "d")
    assert api.call(SERVICE, "get", api.admin, id=made["id"]) == changed
    assert api.call(SERVICE, "delete", api.admin, id=made["id"]) is None
    assert api.call(SERVICE, "get", api.admin, id=made["id"])["code"] == "INVALID_CUE_POINT_ID"
    assert listed(api, entryIdEqual=entry) == []
    # The name of a deleted one is free.
    assert add(api, chapter(entry, systemName="one"))["systemName"] == "one"


def test_a_slide_waits_for_its_picture_and_long_titles_are_cut(api: Api, entry: str) -> None:
    assert add(api, {**chapter(entry), "subType": 1})["status"] == 4
    assert add(api, {"objectType": "KalturaThumbCuePoint", "entryId": entry})["status"] == 4
    assert add(api, chapter(entry, title="ä" * 200))["title"] == "ä" * 127


def test_a_system_name_is_taken_once_an_entry(api: Api, entry: str) -> None:
    first = add(api, chapter(entry, systemName="one"))
    refused = add(api, chapter(entry, systemName="one"))
    assert (refused["code"], refused["args"]) == ("CUE_POINT_SYSTEM_NAME_EXISTS", {"NAME": "one", "ID": first["id"]})
    second = add(api, chapter(entry, systemName="two"))
    change = {"objectType": "KalturaThumbCuePoint", "systemName": "one"}
    assert api.call(SERVICE, "update", api.admin, id=second["id"], cuePoint=change)["code"] == refused["code"]
    assert api.call(SERVICE, "update", api.admin, id=first["id"], cuePoint=change)["systemName"] == "one"
    other = api.call("media", "add", api.admin, entry={"name": "e", "mediaType": 1})["id"]
    assert add(api, chapter(other, systemName="one"))["systemName"] == "one"


def test_the_search_index_decides_about_system_names(patient: Callable[..., Api]) -> None:
    api = patient(index_lag=30)
    entry = api.call("media", "add", api.admin, entry={"name": "e", "mediaType": 1})["id"]
    assert add(api, chapter(entry, systemName="one"))["systemName"] == "one"
    assert add(api, chapter(entry, systemName="one"))["systemName"] == "one"


def test_times_lie_in_the_entry(api: Api) -> None:
    entry = ready_video(api)
    length = api.call("media", "get", api.admin, entryId=entry)["msDuration"]
    for start, refusal in (
        (-1, "START_TIME_CANNOT_BE_LESS_THAN_0"),
        (length + 1, "START_TIME_IS_BIGGER_THAN_ENTRY_END_TIME"),
    ):
        assert add(api, chapter(entry, start))["code"] == refusal
    assert add(api, chapter(entry, length))["startTime"] == length
    code: dict[str, Any] = {"objectType": "KalturaCodeCuePoint", "entryId": entry, "code": "x", "startTime": 10}
    assert add(api, {**code, "endTime": 5})["code"] == "END_TIME_CANNOT_BE_LESS_THAN_START_TIME"
    assert add(api, {**code, "endTime": length + 1})["code"] == "END_TIME_IS_BIGGER_THAN_ENTRY_END_TIME"
    made = add(api, {**code, "endTime": 60})
    assert (made["endTime"], made["duration"]) == (60, 50)
    assert add(api, code)["endTime"] == 10
    del code["startTime"]
    assert add(api, {**code, "endTime": 5})["code"] == "END_TIME_WITHOUT_START_TIME"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"objectType": "KalturaCuePoint"}, "OBJECT_TYPE_ABSTRACT"),
        ({"entryId": "0_nowhere1"}, "ENTRY_ID_NOT_FOUND"),
        ({"entryId": None}, "ENTRY_ID_NOT_FOUND"),
        ({"status": 1}, "PROPERTY_VALIDATION_NOT_UPDATABLE"),
        ({"tags": "t" * 256}, "PROPERTY_VALIDATION_MAX_LENGTH"),
        ({"objectType": "KalturaCodeCuePoint"}, "PROPERTY_VALIDATION_CANNOT_BE_NULL"),
        ({"objectType": "KalturaAnnotation", "parentId": "0_nowhere1"}, "PARENT_ANNOTATION_NOT_FOUND"),
    ],
)
def test_refused(api: Api, entry: str, changes: dict[str, Any], code: str) -> None:
    point = {**chapter(entry), **changes}
    assert add(api, point)["code"] == code


def test_annotations_hang_on_each_other(api: Api, entry: str) -> None:
    parent = add(api, {"objectType": "KalturaAnnotation", "entryId": entry, "text": "a"})
    child = add(api, {"objectType": "KalturaAnnotation", "entryId": entry, "text": "b", "parentId": parent["id"]})
    assert (child["depth"], child["parentId"]) == (1, parent["id"])
    assert api.call(SERVICE, "get", api.admin, id=parent["id"])["directChildrenCount"] == 1
    api.call(SERVICE, "delete", api.admin, id=parent["id"])
    assert listed(api, idEqual=child["id"]) == []


def test_lists(api: Api, entry: str) -> None:
    for start in (3000, 1000, 2000):
        add(api, chapter(entry, start, title=f"t{start}", systemName=f"n{start}", tags="a, b"))
    add(api, {"objectType": "KalturaAnnotation", "entryId": entry, "text": "chapter and verse"})
    chapters: dict[str, Any] = {"objectType": "KalturaThumbCuePointFilter", "entryIdEqual": entry, "subTypeEqual": 2}
    assert [each["startTime"] for each in listed(api, **chapters, orderBy="+startTime")] == [1000, 2000, 3000]
    assert [each["title"] for each in listed(api, entryIdIn=f"{entry},0_x", systemNameIn="n1000,n9")] == ["t1000"]
    assert len(listed(api, entryIdEqual=entry, startTimeGreaterThanOrEqual=2000)) == 2
    assert len(listed(api, entryIdEqual=entry, freeText="verse")) == 1
    assert len(listed(api, entryIdEqual=entry, cuePointTypeEqual="annotation.Annotation")) == 1
    assert api.call(SERVICE, "count", api.admin, filter={"entryIdEqual": entry, "tagsMultiLikeOr": "b"}) == 3
    refused = api.call(SERVICE, "list", api.admin, filter={"systemNameEqual": "n1000"})
    assert refused["code"] == "PROPERTY_VALIDATION_CANNOT_BE_NULL"
    assert api.call(SERVICE, "list", api.admin)["args"]["PROP_NAME"].startswith("KalturaCuePointFilter::idEqual/")


def test_without_a_pager_500_come(api: Api, entry: str) -> None:
    calls = {
        str(number): {"service": SERVICE, "action": "add", "cuePoint": chapter(entry, number)}
        for number in range(1, 32)
    }
    api.post("/api_v3/service/multirequest", json={"format": 1, "ks": api.admin, **calls})
    assert len(listed(api, entryIdEqual=entry)) == 31
    paged = api.call(SERVICE, "list", api.admin, filter={"entryIdEqual": entry}, pager={"pageSize": 30})
    assert (len(paged["objects"]), paged["totalCount"]) == (30, 31)


def test_people_see_what_is_public_and_change_what_is_theirs(api: Api, entry: str) -> None:
    shown, hidden = add(api, chapter(entry)), add(api, {"objectType": "KalturaAnnotation", "entryId": entry})
    ann = api.user("ann")
    own = add(api, {"objectType": "KalturaAnnotation", "entryId": entry}, ann)
    assert {each["id"] for each in listed(api, ann, entryIdEqual=entry)} == {shown["id"], own["id"]}
    change = {"objectType": "KalturaAnnotation", "text": "mine"}
    assert api.call(SERVICE, "update", ann, id=own["id"], cuePoint=change)["text"] == "mine"
    refused = api.call(SERVICE, "update", ann, id=hidden["id"], cuePoint=change)
    assert (refused["code"], refused["args"]["ERR_CODE"]) == ("INVALID_KS", "-4")
    assert api.call(SERVICE, "get", api.other_admin, id=shown["id"])["code"] == "INVALID_CUE_POINT_ID"


def test_status_and_times_change(api: Api, entry: str) -> None:
    made = add(api, chapter(entry))
    assert api.call(SERVICE, "updateStatus", api.admin, id=made["id"], status=3) is None
    moved = api.call(SERVICE, "updateCuePointsTimes", api.admin, id=made["id"], startTime=700)
    assert (moved["status"], moved["startTime"]) == (3, 700)
    assert listed(api, entryIdEqual=entry, statusEqual=3) == [moved]


def test_they_go_with_their_entry(api: Api, entry: str) -> None:
    made = add(api, chapter(entry))
    api.call("media", "delete", api.admin, entryId=entry)
    assert listed(api, entryIdEqual=entry) == []
    assert api.call(SERVICE, "get", api.admin, id=made["id"])["code"] == "INVALID_CUE_POINT_ID"
