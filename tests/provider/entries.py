"""Entries in the states that tests need."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from kaltura_provider.api import KalturaClient
from kaltura_provider.api.multipart import FilePart

SOUND = (Path(__file__).parents[1] / "contract" / "scenarios" / "_fixtures" / "tiny.mp3").read_bytes()
# The smallest picture: Kaltura makes an image READY without looking into it for long.
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f645"
    "400000000049454e44ae426082"
)


def new_entry(client: KalturaClient, media_type: int = 2, **fields: Any) -> str:
    """An entry without content."""
    entry = {"objectType": "KalturaMediaEntry", "mediaType": media_type, "name": "test", **fields}
    return str(client.call("media", "add", {"entry": entry})["id"])


def uploaded(client: KalturaClient, content: bytes = PNG, name: str = "a.png") -> dict[str, str]:
    """A complete upload, as the content of something."""
    token = client.call("uploadToken", "add", {"uploadToken": {"objectType": "KalturaUploadToken", "fileName": name}})
    part = FilePart.of_bytes(name, content)
    client.call("uploadToken", "upload", {"uploadTokenId": token["id"]}, files={"fileData": part})
    return {"objectType": "KalturaUploadedFileTokenResource", "token": token["id"]}


def add_content(client: KalturaClient, entry_id: str, content: bytes = PNG, name: str = "a.png") -> None:
    """Give an entry its content."""
    client.call("media", "addContent", {"entryId": entry_id, "resource": uploaded(client, content, name)})


def sound_entry(client: KalturaClient, content: bytes = SOUND) -> str:
    """An audio entry that is READY."""
    entry_id = new_entry(client, media_type=5)
    add_content(client, entry_id, content, "a.mp3")
    wait_for_status(client, entry_id, 2)
    return entry_id


def unapproved_entry(client: KalturaClient) -> str:
    """An entry whose new content is converted and waits for approval; the account must ask for that."""
    entry_id = sound_entry(client)
    client.call("media", "updateContent", {"entryId": entry_id, "resource": uploaded(client, SOUND * 2, "b.mp3")})
    end = time.monotonic() + 60
    while int(client.call("baseEntry", "get", {"entryId": entry_id})["replacementStatus"]) != 2:
        assert time.monotonic() < end
        time.sleep(0.05)
    return entry_id


def ready_entry(client: KalturaClient, **fields: Any) -> str:
    """An entry that is READY."""
    entry_id = new_entry(client, **fields)
    add_content(client, entry_id)
    return entry_id


# The beginning of an MP4 file and then nothing that could be played.
BROKEN_VIDEO = bytes.fromhex("000000186674797069736f6d0000020069736f6d69736f32") + b"\x00" * 2000


def failed_entry(client: KalturaClient) -> str:
    """An entry that Kaltura could not convert."""
    entry_id = new_entry(client, media_type=1)
    add_content(client, entry_id, BROKEN_VIDEO, "broken.mp4")
    wait_for_status(client, entry_id, -1)
    return entry_id


def wait_for_status(client: KalturaClient, entry_id: str, status: int, seconds: float = 60) -> None:
    """Wait until an entry has a status."""
    end = time.monotonic() + seconds
    while (found := int(client.call("baseEntry", "get", {"entryId": entry_id})["status"])) != status:
        assert time.monotonic() < end, f"entry {entry_id} has status {found}, not {status}"
        time.sleep(0.05)
