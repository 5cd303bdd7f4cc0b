"""Orders of captions from a vendor: what they cost, how they end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kaltura_sandbox.server import SandboxServer

from .conftest import PARTNER, Api, make_settings, wait_until
from .media_entries import ready_video

PROFILES, ITEMS, TASKS = "reach_reachprofile", "reach_vendorcatalogitem", "reach_entryvendortask"
MACHINE, HUMAN = 2, 1


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    """One for all tests: each has an entry of its own."""
    with SandboxServer(
        make_settings(tmp_path_factory.mktemp("sandbox"), conversion_seconds=0.05, reach_seconds=0.1)
    ) as server:
        yield server


@pytest.fixture
def entry(api: Api) -> str:
    return ready_video(api)


def profile(api: Api, name: str = "Default") -> Any:
    found = api.call(PROFILES, "list", api.admin, filter={"statusEqual": 2})["objects"]
    return next(each for each in found if each["name"] == name)


def item(api: Api, **values: Any) -> Any:
    wanted = {"serviceFeature": 1, "serviceType": MACHINE, "sourceLanguage": "English", **values}
    found = api.call(ITEMS, "list", api.admin, filter={"serviceFeatureEqual": wanted["serviceFeature"]})["objects"]
    return next(each for each in found if wanted.items() <= each.items())


def order(api: Api, entry: str, catalog_item: Any, ks: str = "", **values: Any) -> Any:
    task = {"entryId": entry, "reachProfileId": profile(api)["id"], "catalogItemId": catalog_item["id"], **values}
    return api.call(TASKS, "add", ks or api.admin, entryVendorTask=task)


def wait_for(api: Api, task: Any, status: int) -> Any:
    wait_until(lambda: api.call(TASKS, "get", api.admin, id=task["id"])["status"] == status)
    return api.call(TASKS, "get", api.admin, id=task["id"])


def test_captions_are_made(api: Api, entry: str) -> None:
    spent = profile(api)["usedCredit"]
    made = order(api, entry, item(api), notes="mind the names", partnerData='{"a": 1}')
    assert (made["status"], made["version"], made["serviceType"], made["price"]) == (1, "2", MACHINE, 0.05)
    assert isinstance(made["id"], str)
    done = wait_for(api, made, 2)
    assert (done["notes"], done["partnerData"], done["finishTime"] >= done["queueTime"]) == (
        "mind the names", '{"a": 1}', True,
    )  # fmt: skip
    caption = api.call("caption_captionAsset", "get", api.admin, captionAssetId=done["outputObjectId"])
    assert (caption["entryId"], caption["language"], caption["status"]) == (entry, "English", 2)
    assert profile(api)["usedCredit"] == pytest.approx(spent + 0.05)


def test_a_translation_is_made_in_its_language(api: Api, entry: str) -> None:
    wanted = item(api, serviceFeature=2, targetLanguage="German")
    done = wait_for(api, order(api, entry, wanted), 2)
    caption = api.call("caption_captionAsset", "get", api.admin, captionAssetId=done["outputObjectId"])
    assert caption["languageCode"] == "de"


def test_the_same_is_ordered_once(api: Api, entry: str) -> None:
    first = order(api, entry, item(api))
    refused = order(api, entry, item(api))
    assert refused["code"] == "ENTRY_VENDOR_TASK_DUPLICATION"
    assert refused["args"] == {"ENTRY_ID": entry, "CATALOG_ITEM_ID": str(item(api)["id"]), "VERSION": first["version"]}
    wait_for(api, first, 2)
    assert order(api, entry, item(api))["code"] == "ENTRY_VENDOR_TASK_DUPLICATION"
    assert "id" in order(api, entry, item(api, sourceLanguage="German"))


def test_some_items_may_be_ordered_again_once_they_are_done(api: Api, entry: str) -> None:
    pricing = {"pricePerUnit": 0, "priceFunction": "kReachUtils::calcPricePerMinute"}
    again = {
        "objectType": "KalturaVendorCaptionsCatalogItem", "sourceLanguage": "Dutch", "allowResubmission": True,
        "serviceType": MACHINE, "turnAroundTime": 0, "pricing": pricing,
    }  # fmt: skip
    offered = api.call(ITEMS, "add", api.admin, vendorCatalogItem=again)
    first = order(api, entry, offered)
    assert order(api, entry, offered)["code"] == "ENTRY_VENDOR_TASK_DUPLICATION"
    wait_for(api, first, 2)
    assert "id" in order(api, entry, offered)


def test_orders_of_people_may_need_approval(api: Api, entry: str) -> None:
    ann, asked = api.user("ann"), profile(api, "Approved orders")["id"]
    waiting = order(api, entry, item(api), ann, reachProfileId=asked)
    assert waiting["status"] == 4
    approved = api.call(TASKS, "approve", api.admin, id=waiting["id"])
    assert (approved["status"], approved["moderatingUser"]) == (1, "admin")
    assert api.call(TASKS, "approve", api.admin, id=waiting["id"])["code"] == "CANNOT_APPROVE_NOT_MODERATED_TASK"
    wait_for(api, waiting, 2)
    second = order(api, entry, item(api, sourceLanguage="German"), ann, reachProfileId=asked)
    rejected = api.call(TASKS, "reject", api.admin, id=second["id"], rejectReason="too dear")
    assert (rejected["status"], rejected["errDescription"]) == (5, "too dear")
    assert api.call(TASKS, "reject", api.admin, id=second["id"])["code"] == "CANNOT_REJECT_NOT_MODERATED_TASK"
    third = order(api, entry, item(api, sourceLanguage="German"), ann, reachProfileId=asked)
    refused = api.call(TASKS, "abort", api.user("bob"), id=third["id"])
    assert refused["code"] == "ENTRY_VENDOR_TASK_ACTION_NOT_ALLOWED"
    assert api.call(TASKS, "abort", ann, id=third["id"], abortReason="wrong")["status"] == 7
    assert api.call(TASKS, "abort", ann, id=third["id"])["code"] == "CANNOT_ABORT_NOT_MODERATED_TASK"


def test_credit_ends_and_comes_back(api: Api, entry: str) -> None:
    credit = {"objectType": "KalturaVendorCredit", "credit": 1, "fromDate": 1_500_000_000}
    small = api.call(PROFILES, "add", api.admin, reachProfile={"name": "s", "profileType": 2, "credit": credit})
    human = item(api, serviceType=HUMAN, turnAroundTime=345600)
    first = order(api, entry, human, reachProfileId=small["id"])
    refused = order(api, entry, item(api), reachProfileId=small["id"])
    assert refused["code"] == "EXCEEDED_MAX_CREDIT_ALLOWED"
    api.call(TASKS, "abort", api.admin, id=first["id"])
    assert api.call(PROFILES, "get", api.admin, id=small["id"])["usedCredit"] == 0
    assert "id" in order(api, entry, item(api), reachProfileId=small["id"])
    ended = {
        "objectType": "KalturaTimeRangeVendorCredit",
        "credit": 9,
        "fromDate": 1_500_000_000,
        "toDate": 1_600_000_000,
    }
    api.call(PROFILES, "update", api.admin, id=small["id"], reachProfile={"credit": ended})
    assert order(api, entry, human, reachProfileId=small["id"])["code"] == "CREDIT_EXPIRED"


def test_a_vendor_that_fails_and_one_that_is_played_by_hand(patient: Callable[..., Api]) -> None:
    api = patient(conversion_seconds=0.05, reach_seconds=0.05, reach_error="The sound is too bad")
    entry = ready_video(api)
    failed = wait_for(api, order(api, entry, item(api)), 6)
    assert failed["errDescription"] == "The sound is too bad"
    assert profile(api)["usedCredit"] == 0
    late = {"status": 2}
    code = "CANNOT_UPDATE_STATUS_OF_TASK_WHICH_IS_IN_FINAL_STATE"
    assert api.call(TASKS, "updateJob", api.admin, id=failed["id"], entryVendorTask=late)["code"] == code
    asked = profile(api, "Approved orders")["id"]
    waiting = order(api, entry, item(api), api.user("ann"), reachProfileId=asked)
    report = {"status": 6, "errDescription": "no"}
    assert api.call(TASKS, "updateJob", api.admin, id=waiting["id"], entryVendorTask=report)["status"] == 6


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"entryId": "0_nowhere1"}, "ENTRY_ID_NOT_FOUND"),
        ({"catalogItemId": 9999}, "CATALOG_ITEM_NOT_FOUND"),
        ({"reachProfileId": 9999}, "REACH_PROFILE_NOT_FOUND"),
        ({"partnerData": "no json"}, "PARTNER_DATA_NOT_VALID_JSON_STRING"),
        ({"price": 1}, "PROPERTY_VALIDATION_NOT_UPDATABLE"),
    ],
)
def test_refused_orders(api: Api, entry: str, changes: dict[str, Any], code: str) -> None:
    assert order(api, entry, item(api), **changes)["code"] == code


def test_entries_that_cannot_be_ordered_for(api: Api) -> None:
    empty = api.call("media", "add", api.admin, entry={"name": "e", "mediaType": 1})["id"]
    assert order(api, empty, item(api))["code"] == "ENTRY_NOT_READY"
    data = api.call("data", "add", api.admin, dataEntry={"name": "d", "dataContent": "x"})["id"]
    assert order(api, data, item(api))["code"] == "ENTRY_TYPE_NOT_SUPPORTED"


def test_lists(api: Api, entry: str) -> None:
    offers = api.call(ITEMS, "list", api.admin, filter={"serviceTypeEqual": HUMAN, "turnAroundTimeIn": "86400,864000"})
    assert [each["serviceFeature"] for each in offers["objects"]] == [2, 1]
    german = {"objectType": "KalturaVendorTranslationCatalogItemFilter", "targetLanguageEqual": "German"}
    assert api.call(ITEMS, "list", api.admin, filter=german)["totalCount"] == 2
    assert api.call(ITEMS, "list", api.admin, filter={"partnerIdEqual": PARTNER + 1})["objects"] == []
    made = [order(api, entry, item(api)), order(api, entry, item(api, sourceLanguage="German"))]
    ids = ",".join(each["id"] for each in made)
    assert api.call(TASKS, "list", api.admin, filter={"idIn": ids})["totalCount"] == 2
    only = {"entryIdEqual": entry, "catalogItemIdEqual": item(api)["id"], "statusIn": "1,2,3"}
    assert [each["id"] for each in api.call(TASKS, "list", api.admin, filter=only)["objects"]] == [made[0]["id"]]
    assert api.call(TASKS, "get", api.other_admin, id=made[0]["id"])["code"] == "ENTRY_VENDOR_TASK_NOT_FOUND"
