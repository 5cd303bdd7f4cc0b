"""Kaltura's objects, however it writes their numbers, and the kinds of files."""

from __future__ import annotations

from kaltura_provider.api import (
    LIVE_STATUSES,
    Entry,
    EntryStatus,
    FlavorAsset,
    FlavorStatus,
    UploadToken,
    UploadTokenStatus,
)


def test_numbers_may_be_texts() -> None:
    entry = Entry.from_api(
        {
            "id": "0_x",
            "name": [{"language": "default", "value": "Titel", "objectType": "KalturaMultiLingualString"}],
            "status": "-1",
            "type": "1",
            "mediaType": 1,
            "duration": "12",
            "msDuration": 12345,
            "tags": "one, two",
            "createdAt": "1795394953",
            "somethingNew": 1,
        }
    )
    assert entry.name == "Titel"
    assert entry.status is EntryStatus.ERROR_CONVERTING
    assert (entry.entry_type, entry.duration, entry.ms_duration, entry.plays) == (1, 12, 12345, 0)
    assert entry.tags == ("one", "two")
    assert entry.created_at == 1795394953
    assert entry.raw["somethingNew"] == 1


def test_types_and_statuses_of_plugins_are_texts() -> None:
    entry = Entry.from_api({"id": "0_x", "type": "externalMedia.externalMedia", "status": "virusScan.Infected"})
    assert (entry.entry_type, entry.status, entry.media_type) == (
        "externalMedia.externalMedia",
        "virusScan.Infected",
        None,
    )
    assert Entry.from_api({"id": "0_x", "status": 99}).status == "99"


def test_statuses() -> None:
    assert [status for status in EntryStatus if status.is_ready] == [EntryStatus.READY]
    assert not EntryStatus.NO_CONTENT.is_failed
    assert EntryStatus.NO_CONTENT.is_waiting
    assert not EntryStatus.DELETED.is_waiting
    assert LIVE_STATUSES == "-2,-1,0,1,2,4,5,6,7"


def test_tokens() -> None:
    token = UploadToken.from_api({"id": "0_t", "status": 1, "fileSize": "6442450944", "uploadedFileSize": "10"})
    assert (token.status, token.file_size, token.uploaded_file_size) == (
        UploadTokenStatus.PARTIAL_UPLOAD,
        6442450944,
        10,
    )
    fresh = UploadToken.from_api({"id": "0_t", "status": "0"})
    assert (fresh.status, fresh.file_size, fresh.uploaded_file_size) == (UploadTokenStatus.PENDING, None, 0)


def test_flavors() -> None:
    flavor = FlavorAsset.from_api(
        {"id": "0_f", "status": -1, "flavorParamsId": 7, "width": 640, "height": 360, "fileExt": "mp4"}
    )
    assert flavor.status is FlavorStatus.ERROR
    assert flavor.describe() == "0_f (640x360 mp4, flavor params 7)"
    source = FlavorAsset.from_api({"id": "0_f", "isOriginal": True, "sizeInBytes": "42107", "size": 41})
    assert (source.size_in_bytes, source.describe()) == (42107, "0_f (source)")
