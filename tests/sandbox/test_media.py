"""Entries on their way: from an upload or an address to READY or a failure, also through a kill."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from kaltura_sandbox.server import SandboxServer

from .conftest import Api, make_settings, wait_until
from .media_files import BROKEN_VIDEO, PICTURE, SOUND, VIDEO, Origin, make_media, origin
from .test_command import Program

VIDEO_TYPE, IMAGE_TYPE, AUDIO_TYPE = 1, 2, 5
ERROR_IMPORTING, ERROR_CONVERTING, IMPORT, PRECONVERT, READY, DELETED = -2, -1, 0, 1, 2, 3
EVERY_STATUS = "-2,-1,0,1,2,4,5,6,7"


def add_entry(api: Api, media_type: int = VIDEO_TYPE, **values: Any) -> str:
    return str(api.call("media", "add", ks=api.admin, entry={"mediaType": media_type, **values})["id"])


def token_resource(api: Api, content: bytes, file_name: str) -> dict[str, str]:
    token = api.call("uploadToken", "add", ks=api.admin, uploadToken={"fileName": file_name})["id"]
    assert api.upload(token, content, api.admin, file_name=file_name)["status"] == 2
    return {"objectType": "KalturaUploadedFileTokenResource", "token": token}


def add_content(api: Api, entry: str, resource: dict[str, Any]) -> Any:
    return api.call("media", "addContent", ks=api.admin, entryId=entry, resource=resource)


def get(api: Api, entry: str) -> Any:
    return api.call("media", "get", ks=api.admin, entryId=entry)


def wait_for(api: Api, entry: str, *, seconds: float = 10, **values: Any) -> Any:
    """Wait until an entry has these values; return it."""
    wait_until(lambda: values.items() <= get(api, entry).items(), seconds)
    return get(api, entry)


def ready_video(api: Api, content: bytes = VIDEO, file_name: str = "tiny.mp4", **values: Any) -> str:
    entry = add_entry(api, **values)
    assert add_content(api, entry, token_resource(api, content, file_name))["status"] == PRECONVERT
    wait_for(api, entry, status=READY)
    return entry


def flavors(api: Api, entry: str) -> Any:
    return api.call("flavorAsset", "getByEntryId", ks=api.admin, entryId=entry)


@pytest.fixture
def patient(tmp_path: Path) -> Iterator[Callable[..., Api]]:
    """Starts sandboxes with settings of their own."""
    servers: list[SandboxServer] = []

    def start(**settings: Any) -> Api:
        server = SandboxServer(make_settings(tmp_path / str(len(servers)), **settings))
        server.start()
        servers.append(server)
        return Api(server.url)

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def source() -> Iterator[Origin]:
    with origin() as state:
        yield state


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


def test_import_from_an_address_sends_the_headers(api: Api, source: Origin) -> None:
    source.files["/v/clip.mp4?sig=a"] = VIDEO
    entry = add_entry(api)
    resource = {
        "objectType": "KalturaUrlResource", "url": f"{source.url}/v/clip.mp4?sig=a",
        "urlHeaders": [{"objectType": "KalturaString", "value": "X-Token: abc"}],
    }  # fmt: skip
    answer = add_content(api, entry, resource)
    assert (answer["status"], answer["sourceType"]) == (IMPORT, "5")
    assert wait_for(api, entry, status=READY)["width"] == 64
    [(path, headers)] = source.asked
    assert (path, headers["X-Token"]) == ("/v/clip.mp4?sig=a", "abc")
    assert flavors(api, entry)[0]["fileExt"] == "mp4"


def test_doubled_slashes_of_an_address_are_collapsed(api: Api, source: Origin) -> None:
    source.files["/a/b.mp4"] = VIDEO
    entry = add_entry(api)
    add_content(api, entry, {"objectType": "KalturaUrlResource", "url": f"{source.url}//a//b.mp4"})
    wait_for(api, entry, status=READY)


def test_a_failing_import_is_tried_again_and_given_up(patient: Callable[..., Api], source: Origin) -> None:
    api = patient(import_retry_seconds=0.2, import_attempts=3)
    entry = add_entry(api)
    assert add_content(api, entry, {"objectType": "KalturaUrlResource", "url": f"{source.url}/no.mp4"})["status"] == 0
    wait_for(api, entry, status=ERROR_IMPORTING)
    assert len(source.asked) == 3
    assert flavors(api, entry)[0]["status"] == -1


def test_an_import_that_works_the_second_time(patient: Callable[..., Api], source: Origin) -> None:
    api = patient(import_retry_seconds=0.3)
    entry = add_entry(api)
    add_content(api, entry, {"objectType": "KalturaUrlResource", "url": f"{source.url}/late.mp4"})
    wait_until(lambda: len(source.asked) == 1)
    source.files["/late.mp4"] = VIDEO
    wait_for(api, entry, status=READY)
    assert len(source.asked) == 2


def test_an_import_goes_on_after_a_kill(tmp_path: Path, source: Origin) -> None:
    more = ("--conversion-seconds", "0.2", "--import-retry-seconds", "1")
    program = Program(tmp_path, *more)
    try:
        api = Api(program.url)
        entry = add_entry(api)
        add_content(api, entry, {"objectType": "KalturaUrlResource", "url": f"{source.url}/late.mp4"})
        wait_until(lambda: len(source.asked) == 1)
    finally:
        program.end(signal.SIGKILL)
    source.files["/late.mp4"] = VIDEO
    program = Program(tmp_path, *more)
    try:
        wait_for(Api(program.url), entry, status=READY)
    finally:
        program.end(signal.SIGKILL)


@pytest.mark.parametrize("url", ["not a url", "ftp://127.0.0.1/a.mp4", "http://127.0.0.1:1/a.mp4"])
def test_bad_addresses_are_accepted_and_fail_later(patient: Callable[..., Api], url: str) -> None:
    api = patient(import_retry_seconds=0.1, import_attempts=1)
    entry = add_entry(api)
    assert add_content(api, entry, {"objectType": "KalturaUrlResource", "url": url})["status"] == IMPORT
    wait_for(api, entry, status=ERROR_IMPORTING)


def test_a_picture_from_an_address_is_ready_within_the_call(api: Api, source: Origin) -> None:
    source.files["/p.jpg"] = PICTURE
    entry = add_entry(api, IMAGE_TYPE)
    answer = add_content(api, entry, {"objectType": "KalturaUrlResource", "url": f"{source.url}/p.jpg"})
    assert (answer["status"], answer["width"], answer["sourceType"]) == (READY, 32, "5")
    missing = add_entry(api, IMAGE_TYPE)
    resource = {"objectType": "KalturaUrlResource", "url": f"{source.url}/no.jpg"}
    assert add_content(api, missing, resource)["status"] == ERROR_IMPORTING
    later = add_entry(api, IMAGE_TYPE)
    answer = add_content(
        api, later, {"objectType": "KalturaUrlResource", "url": f"{source.url}/p.jpg", "forceAsyncDownload": True}
    )
    assert answer["status"] == IMPORT
    wait_for(api, later, status=READY)


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


class TestReplacement:
    """New content for an entry that has some."""

    def replace(self, api: Api, entry: str, content: bytes = VIDEO, name: str = "new.mp4") -> Any:
        resource = token_resource(api, content, name)
        return api.call("media", "updateContent", ks=api.admin, entryId=entry, resource=resource)

    def test_the_entry_stays_ready_until_it_takes_over(self, api: Api, tmp_path: Path) -> None:
        entry = ready_video(api)
        old = [each["id"] for each in flavors(api, entry)]
        answer = self.replace(api, entry, make_media(tmp_path / "n.mp4", "libx264", "aac", 3).read_bytes())
        assert (answer["status"], answer["replacementStatus"]) == (READY, 1)
        temporary = answer["replacingEntryId"]
        assert get(api, temporary)["replacedEntryId"] == entry
        found = wait_for(api, entry, replacementStatus=0)
        assert "replacingEntryId" not in found
        assert (found["status"], found["width"], found["duration"]) == (READY, 160, 3)
        new = flavors(api, entry)
        assert [each["version"] for each in new] == ["12", "12"]
        assert not set(old) & {each["id"] for each in new}
        assert get(api, temporary)["code"] == "ENTRY_ID_NOT_FOUND"

    def test_the_temporary_entry_is_in_no_list(self, patient: Callable[..., Api]) -> None:
        api = patient(conversion_seconds=1)
        entry = ready_video(api)
        temporary = self.replace(api, entry)["replacingEntryId"]
        listed = api.call("baseEntry", "list", ks=api.admin, filter={"statusIn": EVERY_STATUS})
        assert [each["id"] for each in listed["objects"]] == [entry]
        assert api.call("media", "list", ks=api.admin, filter={"idEqual": temporary})["totalCount"] == 1

    def test_broken_content_fails_the_replacement_and_keeps_the_old(self, api: Api) -> None:
        entry = ready_video(api)
        self.replace(api, entry, b"no video")
        found = wait_for(api, entry, replacementStatus=4)
        assert (found["status"], found["width"]) == (READY, 64)
        found = api.call("media", "cancelReplace", ks=api.admin, entryId=entry)
        assert found["replacementStatus"] == 0
        assert "replacingEntryId" not in found

    def test_asking_twice_cancels_the_first(self, patient: Callable[..., Api]) -> None:
        api = patient(conversion_seconds=3)
        entry = ready_video(api)
        temporary = self.replace(api, entry)["replacingEntryId"]
        assert self.replace(api, entry)["code"] == "ENTRY_REPLACEMENT_ALREADY_EXISTS"
        assert get(api, entry)["replacementStatus"] == 0
        assert get(api, temporary)["code"] == "ENTRY_ID_NOT_FOUND"

    def test_cancelled_content_never_arrives(self, patient: Callable[..., Api]) -> None:
        api = patient(conversion_seconds=0.5)
        entry = ready_video(api)
        before = [each["id"] for each in flavors(api, entry)]
        self.replace(api, entry)
        api.call("media", "cancelReplace", ks=api.admin, entryId=entry)
        ready_video(api)  # converted after the cancelled content would have been
        assert [each["id"] for each in flavors(api, entry)] == before

    def test_approval(self, patient: Callable[..., Api]) -> None:
        api = patient(replacement_approval=True)
        ks, entry = api.admin, ready_video(api)
        assert api.call("media", "approveReplace", ks=ks, entryId=entry)["code"] == "ENTRY_ID_NOT_REPLACED"
        assert self.replace(api, entry)["replacementStatus"] == 3
        wait_for(api, entry, replacementStatus=2)
        assert [each["version"] for each in flavors(api, entry)] == ["2", "2"]
        assert api.call("media", "approveReplace", ks=ks, entryId=entry)["replacementStatus"] == 0
        assert [each["version"] for each in flavors(api, entry)] == ["12", "12"]

    def test_approval_before_the_content_is_ready(self, patient: Callable[..., Api]) -> None:
        api = patient(replacement_approval=True, conversion_seconds=1)
        entry = ready_video(api)
        self.replace(api, entry)
        assert api.call("media", "approveReplace", ks=api.admin, entryId=entry)["replacementStatus"] == 1
        wait_for(api, entry, replacementStatus=0)
        assert [each["version"] for each in flavors(api, entry)] == ["12", "12"]

    def test_an_entry_that_failed_is_repaired_by_new_content(self, api: Api) -> None:
        entry = add_entry(api)
        add_content(api, entry, token_resource(api, b"no video", "a.mp4"))
        wait_for(api, entry, status=ERROR_CONVERTING)
        self.replace(api, entry)
        wait_for(api, entry, status=READY, replacementStatus=0)


class TestLists:
    """What lists hold, and for whom."""

    def ids(self, api: Api, ks: str | None = None, **filter: Any) -> list[str]:
        found = api.call("media", "list", ks=ks or api.admin, filter=filter)
        return [each["id"] for each in found["objects"]]

    def test_deleted_entries_show_only_when_asked_for(self, api: Api) -> None:
        entry = add_entry(api)
        api.call("media", "delete", ks=api.admin, entryId=entry)
        assert self.ids(api, statusIn=EVERY_STATUS) == []
        assert self.ids(api, statusEqual=DELETED) == [entry]
        assert self.ids(api, statusIn="") == [entry]
        assert self.ids(api, idEqual=entry) == [entry]
        assert api.call("baseEntry", "getByIds", ks=api.admin, entryIds=entry) == []
        assert get(api, entry)["code"] == "ENTRY_ID_NOT_FOUND"

    def test_rejected_entries_are_listed_only_by_id_or_status(self, api: Api) -> None:
        entry = ready_video(api)
        api.call("media", "reject", ks=api.admin, entryId=entry)
        assert self.ids(api) == []
        assert self.ids(api, moderationStatusEqual=3) == [entry]
        assert self.ids(api, idEqual=entry) == [entry]

    def test_index_lag_hides_new_entries_from_lists_but_not_from_get(self, patient: Callable[..., Api]) -> None:
        api = patient(index_lag=1.5)
        entry = add_entry(api, referenceId="ref-1")
        assert self.ids(api, statusEqual=7) == []
        assert api.call("baseEntry", "listByReferenceId", ks=api.admin, refId="ref-1")["totalCount"] == 0
        assert self.ids(api, idEqual=entry) == [entry]
        assert get(api, entry)["id"] == entry
        wait_until(lambda: self.ids(api, statusEqual=7) == [entry])
        assert api.call("baseEntry", "listByReferenceId", ks=api.admin, refId="ref-1")["totalCount"] == 1

    def test_id_lists_are_cut_at_150(self, api: Api) -> None:
        entry = add_entry(api)
        others = ",".join(f"0_{number:08d}" for number in range(149))
        assert self.ids(api, idIn=f"{others},{entry}", statusIn=EVERY_STATUS) == [entry]
        assert self.ids(api, idIn=f"0_x,{others},{entry}", statusIn=EVERY_STATUS) == []

    def test_users_see_their_own_entries(self, api: Api) -> None:
        mine = api.call("media", "add", ks=api.user("ann"), entry={"mediaType": 1})["id"]
        add_entry(api)
        assert self.ids(api, api.user("ann"), statusIn="7") == [mine]
        assert self.ids(api, api.widget, statusIn="7") == []
        assert len(self.ids(api, statusIn="7")) == 2

    def test_other_accounts_see_nothing(self, api: Api) -> None:
        entry = add_entry(api)
        other = api.other_admin
        assert self.ids(api, other, statusIn="") == []
        assert api.call("media", "get", ks=other, entryId=entry)["code"] == "ENTRY_ID_NOT_FOUND"
        assert self.ids(api, partnerIdEqual=103, statusIn="7") == []

    def test_order_and_windows_of_time(self, api: Api) -> None:
        first, second = add_entry(api, name="b"), add_entry(api, name="a")
        assert self.ids(api, statusEqual=7, orderBy="+name") == [second, first]
        assert self.ids(api, statusEqual=7, orderBy="+createdAt") == [first, second]
        assert self.ids(api, statusEqual=7) == [second, first]
        created = get(api, first)["createdAt"]
        assert first in self.ids(api, statusEqual=7, createdAtGreaterThanOrEqual=created)
        assert self.ids(api, statusEqual=7, createdAtLessThanOrEqual=created - 1) == []

    def test_filters(self, api: Api) -> None:
        add_entry(
            api, name="Big blue", tags="sea,sky", adminTags="secret", description="A harbour", referenceId="ref-9",
            partnerSortValue=7,
        )  # fmt: skip
        add_entry(api, name="unlike", userId="ann", endDate=1_900_000_000)
        matches: list[dict[str, Any]] = [
            {"tagsMultiLikeOr": "sea,none"}, {"tagsMultiLikeAnd": "sea,sky"}, {"freeText": "harbour"},
            {"freeText": "SEA blue"}, {"nameMultiLikeAnd": "big,blue"}, {"nameLike": "ig blu"},
            {"userIdEqual": "admin"}, {"tagsNameMultiLikeOr": "blue"}, {"referenceIdIn": "x,ref-9"},
            {"partnerSortValueGreaterThanOrEqual": 7},
            {"adminTagsMultiLikeOr": "secret"}, {"searchTextMatchOr": "nothing,harbour"}, {"userIdNotIn": "ann"},
            {"endDateGreaterThanOrEqualOrNull": 1_950_000_000}, {"sourceTypeIn": "6,1", "nameEqual": "Big blue"},
        ]  # fmt: skip
        for matching in matches:
            assert api.call("media", "count", ks=api.admin, filter={"statusIn": "7", **matching}) == 1, matching
            found = api.call("media", "list", ks=api.admin, filter={"statusIn": "7", **matching})
            assert [each["name"] for each in found["objects"]] == ["Big blue"], matching
        misses: list[dict[str, Any]] = [
            {"tagsMultiLikeAnd": "sea,none"}, {"freeText": "sea red"}, {"mediaTypeEqual": 5}, {"statusNotIn": "7"},
            {"partnerSortValueGreaterThanOrEqual": 8}, {"endDateGreaterThanOrEqual": 1_950_000_000},
        ]  # fmt: skip
        for missing in misses:
            assert self.ids(api, **{"statusIn": "7", **missing}) == [], missing


def test_user_sessions_may_not_set_what_admins_set(api: Api) -> None:
    ann = api.user("ann")
    for values in ({"adminTags": "x"}, {"startDate": 1_900_000_000}):
        answer = api.call("media", "add", ks=ann, entry={"mediaType": 1, **values})
        assert answer["code"] == "PROPERTY_VALIDATION_ADMIN_PROPERTY"
    answer = api.call("media", "add", ks=ann, entry={"mediaType": 1, "userId": "bob"})
    assert (answer["code"], answer["args"]["ERR_CODE"]) == ("INVALID_KS", "-4")


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
