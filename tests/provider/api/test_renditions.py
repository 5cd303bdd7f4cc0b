"""Several finished files of one title in one entry."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.sandbox.media_files import make_media

from kaltura_provider.api import (
    EntryStatus,
    ErrorClass,
    FileSource,
    FlavorAsset,
    KalturaClient,
    KalturaError,
    get_entry,
    list_renditions,
    look_at_renditions,
    renditions_resource,
    resolve_renditions,
    upload,
)
from kaltura_provider.api.renditions import EntryRenditions

SOURCE, WEB, SD, HD = 0, 2, 4, 6


@pytest.fixture
def profile(client: KalturaClient, uniq: str) -> int:
    """A conversion profile whose HD rendition is sent in."""
    values = {"name": uniq, "flavorParamsIds": "0,2,4,6"}
    made = int(client.call("conversionProfile", "add", {"conversionProfile": values})["id"])
    client.call(
        "conversionProfileAssetParams",
        "update",
        {
            "conversionProfileId": made,
            "assetParamsId": HD,
            "conversionProfileAssetParams": {"origin": 1, "systemName": "lecture_hd"},
        },
    )
    return made


def wait_until(condition: Callable[[], object]) -> None:
    until = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)


def token_of(client: KalturaClient, path: Path) -> str:
    return upload(client, FileSource(path)).token.id


def test_a_profile_tells_its_files(client: KalturaClient, profile: int) -> None:
    found = list_renditions(client, profile)
    assert [(params.id, params.is_source, params.origin) for params in found] == [
        (SOURCE, True, 1),
        (WEB, False, 0),
        (SD, False, 0),
        (HD, False, 1),
    ]
    assert found[3].names == ("HD/720 - WEB (H264/2500)", "lecture_hd")


def test_the_default_profile_is_taken_when_none_is_named(client: KalturaClient) -> None:
    assert [params.id for params in list_renditions(client)] == [SOURCE, WEB]


def test_a_profile_that_does_not_exist_is_named(client: KalturaClient) -> None:
    with pytest.raises(KalturaError, match="conversion profile 987654 does not exist or has no flavors") as caught:
        list_renditions(client, 987654)
    assert caught.value.code == "CONVERSION_PROFILE_ID_NOT_FOUND"


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (0, SOURCE),
        ("0", SOURCE),
        ("source", SOURCE),
        ("Source", SOURCE),
        (6, HD),
        (" 6 ", HD),
        ("hd/720 - web (h264/2500)", HD),
        ("lecture_hd", HD),
        ("SD/Small - WEB/MBL (H264/900)", SD),
    ],
)
def test_flavors_are_found_by_id_and_by_any_of_their_names(
    client: KalturaClient, profile: int, wanted: int | str, expected: int
) -> None:
    assert resolve_renditions(client, [wanted], profile)[wanted].id == expected


def test_several_are_found_at_once(client: KalturaClient, profile: int) -> None:
    found = resolve_renditions(client, ["lecture_hd", "source", 4], profile)
    assert {name: params.id for name, params in found.items()} == {"lecture_hd": HD, "source": SOURCE, 4: SD}


@pytest.mark.parametrize(
    ("wanted", "hint"),
    [
        ("lecture_hq", "Did you mean: 'HD/720 - WEB (H264/2500)' (ID 6)."),
        ("H264/900", "Did you mean: 'SD/Small - WEB/MBL (H264/900)' (ID 4)."),
        ("HD/1080 - WEB (H264/4000)", "Did you mean: 'HD/720 - WEB (H264/2500)' (ID 6)"),
        (7, "It has: 'Source' (ID 0), 'Basic/Small - WEB/MBL (H264/400)' (ID 2)"),
        ("", "It has: 'Source' (ID 0)"),
    ],
)
def test_what_is_not_there_comes_with_what_is_near(
    client: KalturaClient, profile: int, wanted: int | str, hint: str
) -> None:
    with pytest.raises(KalturaError) as caught:
        resolve_renditions(client, [wanted], profile)
    assert caught.value.code == "FLAVOR_PARAMS_ID_NOT_FOUND"
    assert caught.value.error_class is ErrorClass.PERMANENT
    assert f"has no flavor {wanted!r}" in str(caught.value)
    assert hint in str(caught.value)


def test_one_flavor_by_two_names_is_refused(client: KalturaClient, profile: int) -> None:
    with pytest.raises(KalturaError, match=r"6 and 'lecture_hd' are the same flavor|'lecture_hd' and 6"):
        resolve_renditions(client, ["lecture_hd", 6], profile)


def test_a_name_that_means_two_needs_an_id(client: KalturaClient, profile: int) -> None:
    client.call(
        "conversionProfileAssetParams",
        "update",
        {
            "conversionProfileId": profile,
            "assetParamsId": SD,
            "conversionProfileAssetParams": {"systemName": "lecture_hd"},
        },
    )
    with pytest.raises(KalturaError, match=r"several flavors called 'lecture_hd'.*Use an ID: 4, 6\."):
        resolve_renditions(client, ["lecture_hd"], profile)


def test_source_and_renditions_go_into_one_entry(client: KalturaClient, profile: int, tmp_path: Path) -> None:
    files = {
        "source": make_media(tmp_path / "s.mp4", "libx264", "aac", 1, (320, 240)),
        "lecture_hd": make_media(tmp_path / "h.mp4", "libx264", "aac", 1, (160, 120)),
    }
    ids = {name: params.id for name, params in resolve_renditions(client, files, profile).items()}
    entry = client.call("media", "add", {"entry": {"mediaType": 1, "conversionProfileId": profile}})["id"]
    tokens = {ids[name]: token_of(client, path) for name, path in files.items()}
    client.call("media", "addContent", {"entryId": entry, "resource": renditions_resource(tokens)})
    wait_until(lambda: get_entry(client, entry).status is EntryStatus.READY)
    wait_until(lambda: look_at_renditions(client, entry).is_decided)
    found = look_at_renditions(client, entry)
    # What was not sent in is converted, as the profile says.
    assert [flavor.flavor_params_id for flavor in found.ready] == [SOURCE, WEB, SD, HD]
    assert (found.ready[0].width, found.ready[3].width) == (320, 160)
    sizes = {ids[name]: path.stat().st_size for name, path in files.items()}
    assert found.find_faults(sizes) == []
    assert found.find_faults({HD: 5, 7: 10}) == [
        f"The file for flavor params 6 has {sizes[HD]} bytes in Kaltura, but 5 were uploaded.",
        "The file for flavor params 7 is missing.",
    ]


def test_a_rendition_that_cannot_be_played_is_told(client: KalturaClient, profile: int, tmp_path: Path) -> None:
    broken = tmp_path / "h.mp4"
    broken.write_bytes(b"\x00\x00\x00\x20ftypisom" + bytes(range(256)))
    source = make_media(tmp_path / "s.mp4", "libx264", "aac", 1)
    entry = client.call("media", "add", {"entry": {"mediaType": 1, "conversionProfileId": profile}})["id"]
    tokens = {HD: token_of(client, broken), SOURCE: token_of(client, source)}
    client.call("media", "addContent", {"entryId": entry, "resource": renditions_resource(tokens)})
    wait_until(lambda: get_entry(client, entry).status is EntryStatus.READY)
    wait_until(lambda: look_at_renditions(client, entry).is_decided)
    found = look_at_renditions(client, entry)
    assert [flavor.flavor_params_id for flavor in found.failed] == [HD]
    (fault,) = found.find_faults({SOURCE: source.stat().st_size, HD: broken.stat().st_size})
    assert fault.startswith("The file for flavor params 6 failed: ")


def test_what_is_still_on_its_way_is_no_fault(client: KalturaClient, profile: int, tmp_path: Path) -> None:
    source = make_media(tmp_path / "s.mp4", "libx264", "aac", 1)
    late = client.call("uploadToken", "add", {"uploadToken": {"fileName": "late.mp4"}})["id"]
    entry = client.call("media", "add", {"entry": {"mediaType": 1, "conversionProfileId": profile}})["id"]
    resource = renditions_resource({SOURCE: token_of(client, source), SD: late})
    client.call("media", "addContent", {"entryId": entry, "resource": resource})
    wait_until(lambda: get_entry(client, entry).status is EntryStatus.READY)
    found = look_at_renditions(client, entry)
    assert SD in [flavor.flavor_params_id for flavor in found.waiting]
    assert not found.is_decided
    assert found.find_faults({SOURCE: source.stat().st_size, SD: 100}) == []


def test_flavors_that_kaltura_leaves_out_are_not_waited_for() -> None:
    skipped = FlavorAsset.from_api({"id": "0_f", "flavorParamsId": 7, "status": 4})
    found = EntryRenditions((), (), (), (skipped,))
    assert found.is_decided
    assert found.find_faults({7: 10}) == ["The file for flavor params 7 is missing."]


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        ({}, "name at least one rendition"),
        ({0: "0_a", 2: ""}, "Flavor params 2 have no upload token"),
        ({0: "0_a", 2: "0_a"}, "Flavor params 0 and 2 have the same upload token"),
    ],
)
def test_a_resource_needs_a_file_for_each(tokens: dict[int, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        renditions_resource(tokens)
