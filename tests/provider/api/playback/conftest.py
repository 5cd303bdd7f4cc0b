"""Entries with content of every kind, made once; tests that change one make their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.provider.api.scripted import quick
from tests.provider.conftest import ADMIN_SECRET
from tests.provider.entries import add_content, new_entry, ready_entry, sound_entry, uploaded, wait_for_status

from kaltura_provider.api import (
    AdminSecretCredentials,
    KalturaClient,
    PlaybackExpectation,
    PlaybackResult,
    SessionSpec,
    check_playback,
)
from kaltura_sandbox.server import SandboxServer

SRT = "1\n00:00:00,000 --> 00:00:00,900\nHallo\n"


@pytest.fixture(scope="module")
def admin(sandbox: SandboxServer) -> Iterator[KalturaClient]:
    spec = SessionSpec(user_id="tester", privileges="disableentitlement")
    with KalturaClient(quick(sandbox.url, read_timeout=20.0), AdminSecretCredentials(ADMIN_SECRET), spec) as client:
        yield client


def video_entry(client: KalturaClient, video: Path, **fields: Any) -> str:
    """A video that is READY."""
    entry_id = new_entry(client, media_type=1, **fields)
    add_content(client, entry_id, video.read_bytes(), "talk.mp4")
    wait_for_status(client, entry_id, 2)
    return entry_id


def add_caption(client: KalturaClient, entry_id: str, text: str | None = SRT, **fields: Any) -> str:
    """A caption; without content if the text is None."""
    asset = {"language": "German", "label": "Deutsch", "format": "1", **fields}
    made = client.call("caption_captionAsset", "add", {"entryId": entry_id, "captionAsset": asset})
    if text is not None:
        resource = {"objectType": "KalturaStringResource", "content": text}
        client.call("caption_captionAsset", "setContent", {"id": made["id"], "contentResource": resource})
    return str(made["id"])


def restrict(client: KalturaClient, entry_id: str, message: str = "Members only") -> None:
    """Let only those play an entry whose session says that they may view it."""
    rule = {
        "message": message,
        "actions": [{"objectType": "KalturaAccessControlBlockAction"}],
        "conditions": [{"objectType": "KalturaAuthenticatedCondition", "not": True}],
    }
    profile = {"name": "members", "rules": [rule]}
    made = client.call("accessControlProfile", "add", {"accessControlProfile": profile})
    change(client, entry_id, accessControlId=made["id"])


def change(client: KalturaClient, entry_id: str, **fields: Any) -> None:
    client.call("baseEntry", "update", {"entryId": entry_id, "baseEntry": fields})


def check(
    client: KalturaClient, entry_id: str, *, using: KalturaClient | None = None, **options: Any
) -> PlaybackResult:
    """Check one entry; what is expected of it and how to check it in one."""
    expected = {name: options.pop(name) for name in ("expect", "duration", "captions") if name in options}
    (result,) = check_playback(using or client, [PlaybackExpectation(entry_id, **expected)], **options)
    return result


@pytest.fixture(scope="module")
def film(admin: KalturaClient, video: Path) -> str:
    """A video with a caption."""
    entry_id = video_entry(admin, video)
    add_caption(admin, entry_id)
    return entry_id


@pytest.fixture(scope="module")
def sound(admin: KalturaClient) -> str:
    return sound_entry(admin)


@pytest.fixture(scope="module")
def image(admin: KalturaClient) -> str:
    return ready_entry(admin)


@pytest.fixture(scope="module")
def document(admin: KalturaClient) -> str:
    entry = {"objectType": "KalturaDocumentEntry", "documentType": 13, "name": "paper"}
    entry_id = str(admin.call("baseEntry", "add", {"entry": entry, "type": 10})["id"])
    resource = uploaded(admin, b"%PDF-1.4\n%%EOF\n", "paper.pdf")
    admin.call("baseEntry", "addContent", {"entryId": entry_id, "resource": resource})
    wait_for_status(admin, entry_id, 2)
    return entry_id
