"""Entries whose content comes from an address."""

from __future__ import annotations

import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kaltura_sandbox.server import SandboxServer
from kaltura_sandbox.services.entries_content import content_imported

from .conftest import Api, wait_until
from .media_entries import (
    AUDIO_TYPE,
    ERROR_IMPORTING,
    IMAGE_TYPE,
    IMPORT,
    READY,
    add_content,
    add_entry,
    flavors,
    get,
    ready_video,
    wait_for,
)
from .media_files import PICTURE, SOUND, VIDEO, Origin
from .test_command import Program


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
    source.files["/a//b.mp4?c=/d"] = VIDEO
    entry = add_entry(api)
    add_content(api, entry, {"objectType": "KalturaUrlResource", "url": f"{source.url}//a///b.mp4?c=//d"})
    wait_for(api, entry, status=READY)


def test_a_failing_import_is_tried_again_and_given_up(patient: Callable[..., Api], source: Origin) -> None:
    api = patient(import_retry_seconds=0.2, import_attempts=3)
    entry = add_entry(api)
    assert add_content(api, entry, {"objectType": "KalturaUrlResource", "url": f"{source.url}/no.mp4"})["status"] == 0
    wait_for(api, entry, status=ERROR_IMPORTING)
    assert len(source.asked) == 3
    assert flavors(api, entry) == []


def test_an_answer_that_breaks_off_is_tried_again(patient: Callable[..., Api], source: Origin) -> None:
    api = patient(import_retry_seconds=0.3)
    source.files["/cut.mp4"] = VIDEO
    source.cut = True
    entry = add_entry(api)
    add_content(api, entry, {"objectType": "KalturaUrlResource", "url": f"{source.url}/cut.mp4"})
    wait_until(lambda: len(source.asked) == 1)
    source.cut = False
    wait_for(api, entry, status=READY)


def test_what_breaks_off_is_complete_where_the_size_is_not_told(api: Api, source: Origin) -> None:
    # Kaltura asks for the size with HEAD, which an address signed for GET refuses.
    source.files["/cut.mp3"] = SOUND * 20
    source.sized, source.cut = False, True
    entry = add_entry(api, AUDIO_TYPE)
    add_content(api, entry, {"objectType": "KalturaUrlResource", "url": f"{source.url}/cut.mp3"})
    wait_for(api, entry, status=READY)
    assert len(source.asked) == 1
    [asset] = [each for each in flavors(api, entry) if each["isOriginal"]]
    assert asset["sizeInBytes"] == str(len(SOUND) * 10)


def test_a_document_from_an_address_comes_in_the_background(api: Api, source: Origin) -> None:
    source.files["/paper.pdf"] = b"%PDF-1.7 words"
    params = {"entry": {"objectType": "KalturaDocumentEntry", "documentType": 13, "name": "paper"}, "type": 10}
    entry = api.call("baseEntry", "add", ks=api.admin, **params)["id"]
    resource = {"objectType": "KalturaUrlResource", "url": f"{source.url}/paper.pdf"}
    answer = api.call("baseEntry", "addContent", ks=api.admin, entryId=entry, resource=resource)
    assert answer["status"] == IMPORT
    wait_until(lambda: api.call("baseEntry", "get", ks=api.admin, entryId=entry)["status"] == READY)


def test_logs_of_imports_hold_no_secrets(
    patient: Callable[..., Api], source: Origin, caplog: pytest.LogCaptureFixture
) -> None:
    api = patient(import_retry_seconds=0.1, import_attempts=1)
    with caplog.at_level("DEBUG"):
        entry = add_entry(api)
        resource = {
            "objectType": "KalturaUrlResource", "url": f"{source.url}/a.mp4?X-Amz-Signature=hidden1",
            "urlHeaders": [{"objectType": "KalturaString", "value": "Authorization: hidden2"}],
        }  # fmt: skip
        add_content(api, entry, resource)
        wait_for(api, entry, status=ERROR_IMPORTING)
    assert "/a.mp4 answered HTTP 404" in caplog.text
    assert "hidden" not in caplog.text


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


@pytest.mark.parametrize(
    "url", ["not a url", "ftp://127.0.0.1/a.mp4", "http://127.0.0.1:1/a.mp4", "file:///etc/passwd", "http://[/a.mp4"]
)
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


def test_an_entry_that_is_deleted_during_its_import_stays_deleted(api: Api, source: Origin) -> None:
    for path in ("/there.jpg", "/missing.jpg"):
        source.files["/there.jpg"] = PICTURE
        source.gate.clear()
        source.asked.clear()
        entry = add_entry(api, IMAGE_TYPE)
        other = Api(api.url)
        with ThreadPoolExecutor(1) as pool:
            resource = {"objectType": "KalturaUrlResource", "url": source.url + path}
            adding = pool.submit(add_content, api, entry, resource)
            wait_until(lambda: source.asked)
            assert other.call("media", "delete", ks=other.admin, entryId=entry) is None
            source.gate.set()
            adding.result()
        assert get(api, entry)["code"] == "ENTRY_ID_NOT_FOUND"


def test_a_second_attempt_of_an_import_leaves_a_ready_entry_alone(sandbox: SandboxServer, api: Api) -> None:
    entry = ready_video(api)
    spooled = sandbox.sandbox.files.temporary(".mp4")
    spooled.write_bytes(VIDEO)
    content_imported(sandbox.sandbox, entry, spooled)
    assert get(api, entry)["status"] == READY
    assert not spooled.exists()
