"""Entries on their way from an upload to READY or a failure, also through a kill."""

from __future__ import annotations

import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from kaltura_sandbox.server import SandboxServer

from .conftest import Api, make_settings, no_jobs, wait_until
from .media_entries import (
    AUDIO_TYPE,
    ERROR_CONVERTING,
    ERROR_IMPORTING,
    IMAGE_TYPE,
    IMPORT,
    PRECONVERT,
    READY,
    VIDEO_TYPE,
    add_content,
    add_entry,
    flavors,
    get,
    ready_video,
    token_resource,
    wait_for,
)
from .media_files import BROKEN_VIDEO, PICTURE, SOUND, VIDEO, make_media
from .test_command import Program


def test_twenty_threads_add_twenty_distinct_entries(api: Api) -> None:
    ks = api.admin

    def add(number: int) -> str:
        return str(Api(api.url).call("media", "add", ks=ks, entry={"name": f"e{number}", "mediaType": 1})["id"])

    with ThreadPoolExecutor(20) as pool:
        ids = list(pool.map(add, range(20)))
    assert len(set(ids)) == 20
    found = api.call("media", "list", ks=ks, filter={"statusIn": "7"}, pager={"pageSize": 500})
    assert {each["id"] for each in found["objects"]} == set(ids)


def test_of_twenty_threads_giving_content_one_wins(api: Api) -> None:
    ks, entry = api.admin, add_entry(api)
    resources = [token_resource(api, VIDEO, "tiny.mp4") for _ in range(20)]

    def give(resource: dict[str, str]) -> Any:
        return Api(api.url).call("media", "addContent", ks=ks, entryId=entry, resource=resource)

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(give, resources))
    assert [each["code"] for each in answers if "code" in each] == ["ENTRY_ALREADY_WITH_CONTENT"] * 19
    tokens = api.call("uploadToken", "list", ks=ks, filter={"statusEqual": 3})
    assert tokens["totalCount"] == 1, "only the winner's upload is used up"


def test_a_kill_during_conversion_only_delays_it(tmp_path: Path) -> None:
    program = Program(tmp_path, "--conversion-seconds", "1")
    try:
        api = Api(program.url)
        entry = add_entry(api)
        add_content(api, entry, token_resource(api, VIDEO, "tiny.mp4"))
        assert get(api, entry)["status"] == PRECONVERT
    finally:
        program.end(signal.SIGKILL)
    program = Program(tmp_path, "--conversion-seconds", "1")
    try:
        found = wait_for(Api(program.url), entry, status=READY)
        assert (found["msDuration"], found["flavorParamsIds"]) == (2049, "0,2")
    finally:
        program.end(signal.SIGKILL)


@pytest.mark.parametrize("media_type", [VIDEO_TYPE, AUDIO_TYPE])
@pytest.mark.parametrize("content", [b"not media at all", BROKEN_VIDEO, VIDEO[:1000], PICTURE])
def test_content_that_is_no_media_fails_with_a_failed_flavor(api: Api, media_type: int, content: bytes) -> None:
    entry = add_entry(api, media_type)
    add_content(api, entry, token_resource(api, content, "a.mp4"))
    wait_for(api, entry, status=ERROR_CONVERTING)
    failed = [each for each in flavors(api, entry) if each["status"] == -1]
    assert failed
    assert failed[0]["description"]
    listed = api.call("flavorAsset", "list", ks=api.admin, filter={"entryIdEqual": entry, "statusEqual": -1})
    assert [each["id"] for each in listed["objects"]] == [each["id"] for each in failed]


def test_sound_given_to_a_video_entry_makes_it_an_audio_entry(api: Api) -> None:
    entry = ready_video(api, SOUND, "tiny.mp3")
    assert get(api, entry)["mediaType"] == AUDIO_TYPE


def test_flavors_become_ready_before_their_entry(patient: Callable[..., Api]) -> None:
    api = patient(conversion_seconds=2)
    entry = add_entry(api)
    add_content(api, entry, token_resource(api, VIDEO, "tiny.mp4"))
    assert [(each["isOriginal"], each["status"]) for each in flavors(api, entry)] == [(True, 0)]
    wait_until(lambda: len(flavors(api, entry)) == 2)
    assert [(each["isOriginal"], each["status"]) for each in flavors(api, entry)] == [(True, 2), (False, 1)]
    assert get(api, entry)["status"] == PRECONVERT
    wait_for(api, entry, status=READY)
    assert [each["status"] for each in flavors(api, entry)] == [2, 2]


@pytest.mark.parametrize(
    ("name", "video", "sound"),
    [("a.mkv", "libx264", "aac"), ("a.avi", "mpeg4", "mp2"), ("a.ts", "libx264", None), ("a.wav", None, "pcm_s16le")],
)
def test_files_that_browsers_do_not_play_get_a_rendition_they_do(
    api: Api, tmp_path: Path, name: str, video: str | None, sound: str | None
) -> None:
    media = make_media(tmp_path / name, video, sound)
    entry = ready_video(api, media.read_bytes(), name)
    original, web = flavors(api, entry)
    assert original["fileExt"] == name.partition(".")[2]
    assert (web["flavorParamsId"], web["isWeb"], web["fileExt"]) == (2, True, "mp4" if video else "m4a")
    assert web["videoCodecId"] == ("avc1" if video else "")
    assert 1900 <= get(api, entry)["msDuration"] <= 2200
    if video:
        assert (web["width"], web["height"]) == (160, 120)


def test_duration_counts_whole_frames_of_sound(api: Api, tmp_path: Path) -> None:
    """As Kaltura showed for a video of 3 seconds: the last frame of its sound is played whole."""
    media = make_media(tmp_path / "a.mp4", "libx264", "aac", 3, (320, 240))
    found = get(api, ready_video(api, media.read_bytes()))
    assert (found["msDuration"], found["duration"], found["width"], found["height"]) == (3019, 3, 320, 240)


def test_content_that_is_attached_before_its_bytes(api: Api) -> None:
    ks = api.admin
    for media_type, content, name, kind in (
        (VIDEO_TYPE, VIDEO, "a.mp4", "flavorAsset"), (IMAGE_TYPE, PICTURE, "a.jpg", "entry"),
    ):  # fmt: skip
        entry = add_entry(api, media_type)
        token = api.call("uploadToken", "add", ks=ks, uploadToken={"fileName": name})["id"]
        answer = add_content(api, entry, {"objectType": "KalturaUploadedFileTokenResource", "token": token})
        assert answer["status"] == IMPORT
        assert api.call("uploadToken", "get", ks=ks, uploadTokenId=token)["attachedObjectType"] == kind
        api.upload(token, content[:100], ks, resume=0, finalChunk=0)
        assert get(api, entry)["status"] == IMPORT
        assert api.upload(token, content[100:], ks, resume=1, finalChunk=1, resumeAt=100)["status"] == 3
        wait_for(api, entry, status=READY)


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.mp4", VIDEO, {"objectType": "KalturaMediaEntry", "type": 1, "mediaType": 1, "status": PRECONVERT}),
        ("a.MP3", SOUND, {"objectType": "KalturaMediaEntry", "type": 1, "mediaType": 5, "status": PRECONVERT}),
        ("a.jpg", PICTURE, {"objectType": "KalturaMediaEntry", "type": 1, "mediaType": 2, "status": READY}),
        ("a.pdf", b"%PDF-1.4", {"objectType": "KalturaDocumentEntry", "type": 10, "status": READY}),
    ],
)
def test_an_entry_without_a_type_gets_it_from_its_content(
    api: Api, name: str, content: bytes, expected: dict[str, Any]
) -> None:
    ks = api.admin
    entry = api.call("baseEntry", "add", ks=ks, entry={"name": "what"})
    assert entry["objectType"] == "KalturaBaseEntry"
    resource = token_resource(api, content, name)
    answer = api.call("baseEntry", "addContent", ks=ks, entryId=entry["id"], resource=resource)
    assert expected.items() <= answer.items()
    assert api.call("baseEntry", "get", ks=ks, entryId=entry["id"])["objectType"] == expected["objectType"]


def test_a_pdf_as_a_document_entry(api: Api) -> None:
    ks = api.admin
    sent = {"objectType": "KalturaDocumentEntry", "name": "paper", "documentType": 13}
    entry = api.call("baseEntry", "add", ks=ks, entry=sent)
    assert (entry["objectType"], entry["type"], entry["status"]) == ("KalturaDocumentEntry", 10, 7)
    resource = token_resource(api, b"%PDF-1.4 x", "paper.pdf")
    answer = api.call("baseEntry", "addContent", ks=ks, entryId=entry["id"], resource=resource)
    assert (answer["status"], answer["documentType"]) == (READY, 13)
    listed = api.call("document_documents", "list", ks=ks, filter={"documentTypeEqual": 13})
    assert [each["id"] for each in listed["objects"]] == [entry["id"]]
    assert api.call("media", "get", ks=ks, entryId=entry["id"])["code"] == "ENTRY_ID_NOT_FOUND"


def test_data_entries_take_uploads(api: Api) -> None:
    ks = api.admin
    entry = api.call("data", "add", ks=ks, dataEntry={"name": "d"})
    assert (entry["status"], entry["version"]) == (READY, 0)
    for content in (b"one", b"two"):
        resource = token_resource(api, content, "d.txt")
        answer = api.call("data", "addContent", ks=ks, entryId=entry["id"], resource=resource)
        assert answer["dataContent"] == content.decode()
    resource = token_resource(api, b"three", "d.txt")
    answer = api.call("baseEntry", "addContent", ks=ks, entryId=entry["id"], resource=resource)
    assert answer["code"] == "ENTRY_ALREADY_WITH_CONTENT"
    bare = api.call("baseEntry", "add", ks=ks, entry={"objectType": "KalturaDataEntry", "name": "e"})
    answer = api.call("baseEntry", "addContent", ks=ks, entryId=bare["id"], resource=resource)
    assert (bare["status"], answer["status"], answer["retrieveDataContentByGet"]) == (7, READY, 1)
    assert answer["dataContent"] == "three"


def test_content_of_another_entry(api: Api) -> None:
    first = ready_video(api)
    second = add_entry(api)
    add_content(api, second, {"objectType": "KalturaEntryResource", "entryId": first})
    wait_for(api, second, status=READY)
    api.call("media", "delete", ks=api.admin, entryId=first)
    assert len(flavors(api, second)) == 2


def test_unsupported_resources_fail_the_entry(api: Api) -> None:
    entry = add_entry(api)
    answer = add_content(api, entry, {"objectType": "KalturaServerFileResource", "localFilePath": "/etc/passwd"})
    assert answer["code"] == "RESOURCE_TYPE_NOT_SUPPORTED"
    assert get(api, entry)["status"] == ERROR_IMPORTING


def test_a_deleted_entry_leaves_no_files(tmp_path: Path) -> None:
    with SandboxServer(make_settings(tmp_path)) as server:
        api = Api(server.url)
        entries = [ready_video(api), ready_video(api)]
        picture = add_entry(api, IMAGE_TYPE)
        add_content(api, picture, token_resource(api, PICTURE, "p.jpg"))
        for entry in [*entries, picture]:
            api.call("media", "delete", ks=api.admin, entryId=entry)
        wait_until(lambda: not [each for each in (tmp_path / "files").rglob("*") if each.is_file()])


def test_a_flavor_by_hand_begins_the_conversion(api: Api) -> None:
    ks, entry = api.admin, add_entry(api)
    source = api.call("flavorAsset", "add", ks=ks, entryId=entry, flavorAsset={"flavorParamsId": 0})
    resource = token_resource(api, VIDEO, "a.mp4")
    api.call("flavorAsset", "setContent", ks=ks, id=source["id"], contentResource=resource)
    wait_for(api, entry, status=READY)
    assert [each["flavorParamsId"] for each in flavors(api, entry)] == [0, 2]


def test_a_finished_rendition_by_hand_makes_the_entry_ready(api: Api) -> None:
    ks, entry = api.admin, add_entry(api)
    made = api.call("flavorAsset", "add", ks=ks, entryId=entry, flavorAsset={"flavorParamsId": 2})
    resource = token_resource(api, VIDEO, "a.mp4")
    api.call("flavorAsset", "setContent", ks=ks, id=made["id"], contentResource=resource)
    assert wait_for(api, entry, status=READY)["flavorParamsIds"] == "2"


def test_making_a_rendition_again(api: Api) -> None:
    ks, entry = api.admin, ready_video(api)
    old = flavors(api, entry)[1]["id"]
    api.call("flavorAsset", "convert", ks=ks, entryId=entry, flavorParamsId=2)
    [_, made] = flavors(api, entry)
    assert (made["status"], made["id"] != old) == (1, True)
    wait_until(lambda: flavors(api, entry)[1]["status"] == 2)
    api.call("flavorAsset", "delete", ks=ks, id=made["id"])
    assert len(flavors(api, entry)) == 1
    assert api.call("flavorAsset", "get", ks=ks, id=made["id"])["code"] == "FLAVOR_ASSET_ID_NOT_FOUND"


def test_a_rendition_that_is_made_again_can_be_played(sandbox: SandboxServer, api: Api, tmp_path: Path) -> None:
    content = make_media(tmp_path / "a.mkv", "libx264", "aac").read_bytes()
    entry = ready_video(api, content, "a.mkv")
    made = flavors(api, entry)[1]
    api.call("flavorAsset", "reconvert", ks=api.admin, id=made["id"])
    wait_until(lambda: flavors(api, entry)[1]["version"] != made["version"])
    wait_until(lambda: no_jobs(sandbox))
    url = api.call("flavorAsset", "getUrl", ks=api.admin, id=made["id"])
    assert api.http.get(url, timeout=30).status_code == 200
