"""Several finished files of one title, given to one entry at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .conftest import Api, wait_until
from .media_entries import (
    ERROR_IMPORTING,
    IMAGE_TYPE,
    IMPORT,
    PRECONVERT,
    READY,
    add_content,
    add_entry,
    flavors,
    get,
    ready_video,
    token_resource,
    wait_for,
)
from .media_files import PICTURE, VIDEO, make_media

SOURCE, WEB, SD, HD = 0, 2, 4, 6


def containers(**resources: Any) -> dict[str, Any]:
    """A resource of many, by what they are: ``source``, ``web``, ``sd``, ``hd``."""
    ids = {"source": SOURCE, "web": WEB, "sd": SD, "hd": HD}
    return {
        "objectType": "KalturaAssetsParamsResourceContainers",
        "resources": [container(ids[name], resource) for name, resource in resources.items()],
    }


def container(params_id: int, resource: Any) -> dict[str, Any]:
    return {
        "objectType": "KalturaAssetParamsResourceContainer",
        "assetParamsId": params_id,
        "resource": resource,
    }


def by_params(api: Api, entry: str) -> dict[int, Any]:
    return {each["flavorParamsId"]: each for each in flavors(api, entry)}


def described(api: Api, entry: str, *ids: int) -> dict[int, Any]:
    """The flavors once these are READY."""
    wait_until(lambda: all(by_params(api, entry).get(each, {}).get("status") == 2 for each in ids))
    return by_params(api, entry)


@pytest.fixture
def small(tmp_path: Path) -> bytes:
    return make_media(tmp_path / "small.mp4", "libx264", "aac", 1, (64, 48)).read_bytes()


@pytest.fixture
def large(tmp_path: Path) -> bytes:
    return make_media(tmp_path / "large.mp4", "libx264", "aac", 1, (320, 240)).read_bytes()


def test_source_and_renditions_become_flavors_of_one_entry(api: Api, small: bytes, large: bytes) -> None:
    entry = add_entry(api)
    # The rendition first: the source must still begin the conversion.
    resource = containers(sd=token_resource(api, small, "small.mp4"), source=token_resource(api, large, "large.mp4"))
    answer = add_content(api, entry, resource)
    assert (answer["id"], answer["status"]) == (entry, PRECONVERT)
    assert wait_for(api, entry, status=READY)["width"] == 320
    found = described(api, entry, SOURCE, WEB, SD)
    assert {key: (each["isOriginal"], each["width"], each["sizeInBytes"]) for key, each in found.items()} == {
        SOURCE: (True, 320, str(len(large))),
        WEB: (False, 320, found[WEB]["sizeInBytes"]),  # made here, as the profile asks for it
        SD: (False, 64, str(len(small))),
    }
    for each in (SOURCE, SD):
        url = api.call("flavorAsset", "getUrl", ks=api.admin, id=found[each]["id"])
        assert api.http.get(url, timeout=30).content == {SOURCE: large, SD: small}[each]
    for each in resource["resources"]:
        token = api.call("uploadToken", "get", ks=api.admin, uploadTokenId=each["resource"]["token"])
        assert token["status"] == 3


def test_a_rendition_is_as_high_as_asked(api: Api, tmp_path: Path) -> None:
    tall = make_media(tmp_path / "tall.mp4", "libx264", "aac", 1, (640, 480)).read_bytes()
    found = by_params(api, ready_video(api, tall))
    assert {each: (found[each]["width"], found[each]["height"]) for each in found} == {
        SOURCE: (640, 480),
        WEB: (480, 360),
    }


def test_what_was_sent_in_is_not_made_again(api: Api, small: bytes) -> None:
    entry = add_entry(api)
    add_content(
        api, entry, containers(source=token_resource(api, VIDEO, "a.mp4"), web=token_resource(api, small, "w.mp4"))
    )
    wait_for(api, entry, status=READY)
    found = described(api, entry, SOURCE, WEB)
    assert set(found) == {SOURCE, WEB}
    assert found[WEB]["sizeInBytes"] == str(len(small))


def test_renditions_alone_make_an_entry_ready(api: Api, small: bytes, large: bytes) -> None:
    entry = add_entry(api)
    add_content(api, entry, containers(sd=token_resource(api, small, "s.mp4"), hd=token_resource(api, large, "l.mp4")))
    wait_for(api, entry, status=READY)
    found = described(api, entry, SD, HD)
    assert [each["isOriginal"] for each in found.values()] == [False, False]


def test_one_container_alone_is_enough(api: Api) -> None:
    entry = add_entry(api)
    add_content(api, entry, container(SOURCE, token_resource(api, VIDEO, "a.mp4")))
    assert wait_for(api, entry, status=READY)["width"] == 64


def test_uploads_that_are_not_finished_are_waited_for(api: Api, small: bytes) -> None:
    entry = add_entry(api)
    late = api.call("uploadToken", "add", ks=api.admin, uploadToken={"fileName": "late.mp4"})["id"]
    source = {"objectType": "KalturaUploadedFileTokenResource", "token": late}
    answer = add_content(api, entry, containers(source=source, sd=token_resource(api, small, "s.mp4")))
    assert answer["status"] == IMPORT
    assert described(api, entry, SD)[SOURCE]["status"] == 7
    # A rendition does not stand in for the source that is still to come.
    assert get(api, entry)["status"] == IMPORT
    api.upload(late, VIDEO, api.admin, "late.mp4")
    assert wait_for(api, entry, status=READY)["width"] == 64
    assert by_params(api, entry)[SOURCE]["sizeInBytes"] == str(len(VIDEO))


def test_a_refused_rendition_does_not_take_the_entry_with_it(patient: Callable[..., Api]) -> None:
    api = patient(restrict_file_types=True)
    entry = add_entry(api)
    late = api.call("uploadToken", "add", ks=api.admin, uploadToken={"fileName": "late.mp4"})["id"]
    rendition = {"objectType": "KalturaUploadedFileTokenResource", "token": late}
    add_content(api, entry, containers(source=token_resource(api, VIDEO, "a.mp4"), sd=rendition))
    refused = api.upload(late, b"\x00\x01\x02" * 500, api.admin, "late.mp4")
    assert refused["code"] == "UPLOAD_TOKEN_FILE_TYPE_RESTRICTED_FOR_UPLOAD"
    assert by_params(api, entry)[SD]["status"] == -1
    assert wait_for(api, entry, status=READY)["status"] != ERROR_IMPORTING


def test_an_entry_with_content_takes_no_more_but_can_be_replaced(api: Api, small: bytes, large: bytes) -> None:
    entry = ready_video(api)
    resource = containers(source=token_resource(api, large, "l.mp4"), sd=token_resource(api, small, "s.mp4"))
    assert add_content(api, entry, resource)["code"] == "ENTRY_ALREADY_WITH_CONTENT"
    answer = api.call("media", "updateContent", ks=api.admin, entryId=entry, resource=resource)
    assert answer["replacementStatus"] == 1
    assert wait_for(api, entry, replacementStatus=0)["width"] == 320
    assert {SOURCE, SD} <= set(described(api, entry, SOURCE, SD))


def test_renditions_alone_replace_as_well(api: Api, large: bytes) -> None:
    entry = ready_video(api)
    resource = containers(hd=token_resource(api, large, "l.mp4"))
    api.call("media", "updateContent", ks=api.admin, entryId=entry, resource=resource)
    assert wait_for(api, entry, replacementStatus=0)["status"] == READY
    assert list(by_params(api, entry)) == [HD]


def test_an_unknown_kind_of_rendition_is_refused(api: Api) -> None:
    entry = add_entry(api)
    resource = container(99, token_resource(api, VIDEO, "a.mp4"))
    assert add_content(api, entry, resource) == {
        "code": "FLAVOR_PARAMS_ID_NOT_FOUND",
        "message": 'Flavor params id "99" not found',
        "objectType": "KalturaAPIException",
        "args": {"ID": "99"},
    }
    assert get(api, entry)["status"] == 7
    assert flavors(api, entry) == []


def test_an_unknown_upload_is_refused_before_anything_is_attached(api: Api) -> None:
    entry = add_entry(api)
    unknown = {"objectType": "KalturaUploadedFileTokenResource", "token": "0_none"}
    answer = add_content(api, entry, containers(source=token_resource(api, VIDEO, "a.mp4"), sd=unknown))
    assert answer["code"] == "UPLOAD_TOKEN_NOT_FOUND"
    assert flavors(api, entry) == []


def test_an_image_takes_no_renditions(api: Api) -> None:
    entry = add_entry(api, IMAGE_TYPE)
    answer = add_content(api, entry, containers(source=token_resource(api, PICTURE, "a.jpg")))
    assert answer["code"] == "RESOURCE_TYPE_NOT_SUPPORTED"
    assert get(api, entry)["status"] == 7


@pytest.mark.parametrize(
    ("resource", "missing"),
    [
        ({"objectType": "KalturaAssetsParamsResourceContainers"}, "KalturaAssetsParamsResourceContainers::resources"),
        (
            {"objectType": "KalturaAssetParamsResourceContainer", "assetParamsId": 0},
            "KalturaAssetParamsResourceContainer::resource",
        ),
        (
            {"objectType": "KalturaAssetParamsResourceContainer", "resource": {"objectType": "KalturaStringResource"}},
            "KalturaAssetParamsResourceContainer::assetParamsId",
        ),
    ],
)
def test_what_is_missing_is_named(api: Api, resource: dict[str, Any], missing: str) -> None:
    answer = add_content(api, add_entry(api), resource)
    assert (answer["code"], answer["args"]) == ("PROPERTY_VALIDATION_CANNOT_BE_NULL", {"PROP_NAME": missing})


class TestProfiles:
    """Which renditions a conversion profile has, and where each comes from."""

    def profile(self, api: Api, ids: str = "0,2,6") -> int:
        values = {"name": "renditions", "flavorParamsIds": ids}
        return int(api.call("conversionProfile", "add", ks=api.admin, conversionProfile=values)["id"])

    def params(self, api: Api, **filter: Any) -> list[dict[str, Any]]:
        answer = api.call("conversionProfileAssetParams", "list", ks=api.admin, filter=filter)
        assert answer["totalCount"] == len(answer["objects"])
        return list(answer["objects"])

    def test_it_lists_its_renditions(self, api: Api) -> None:
        profile = self.profile(api)
        found = self.params(api, conversionProfileIdEqual=profile)
        assert [(each["conversionProfileId"], each["assetParamsId"], each["origin"]) for each in found] == [
            (profile, SOURCE, 1),
            (profile, WEB, 0),
            (profile, HD, 0),
        ]
        assert found[2]["systemName"] == "HD/720 - WEB (H264/2500)"
        assert [each["assetParamsId"] for each in self.params(api, assetParamsIdIn="0,6")] == [SOURCE, SOURCE, HD]
        assert self.params(api, conversionProfileIdEqual=999_999) == []

    def test_what_is_sent_in_is_never_made(self, api: Api) -> None:
        profile = self.profile(api)
        changed = api.call(
            "conversionProfileAssetParams", "update", ks=api.admin, conversionProfileId=profile, assetParamsId=HD,
            conversionProfileAssetParams={"origin": 1, "systemName": "hd"},
        )  # fmt: skip
        assert (changed["origin"], changed["systemName"]) == (1, "hd")
        assert self.params(api, conversionProfileIdEqual=profile)[2]["systemName"] == "hd"
        entry = add_entry(api, conversionProfileId=profile)
        add_content(api, entry, token_resource(api, VIDEO, "a.mp4"))
        wait_for(api, entry, status=READY)
        assert set(by_params(api, entry)) == {SOURCE, WEB}

    @pytest.mark.parametrize("params_id", [4, 99])
    def test_what_a_profile_does_not_have_cannot_be_changed(self, api: Api, params_id: int) -> None:
        answer = api.call(
            "conversionProfileAssetParams", "update", ks=api.admin, conversionProfileId=self.profile(api),
            assetParamsId=params_id, conversionProfileAssetParams={"origin": 1},
        )  # fmt: skip
        assert answer["code"] == "CONVERSION_PROFILE_ASSET_PARAMS_NOT_FOUND"
