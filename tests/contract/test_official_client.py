"""Kaltura's official Python client, written by others against the real server, works with the sandbox."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.contract.conftest import ADMIN_SECRET, PARTNER_ID
from tests.contract.test_transcripts import FIXTURES

if TYPE_CHECKING:
    from kaltura_sandbox.server import SandboxServer

KalturaClient = pytest.importorskip("KalturaClient")


@pytest.fixture(scope="module")
def client(sandbox: SandboxServer) -> Any:
    from KalturaClient import KalturaConfiguration
    from KalturaClient.Plugins.Core import KalturaSessionType

    configuration = KalturaConfiguration()
    configuration.serviceUrl = sandbox.url
    official = KalturaClient.KalturaClient(configuration)
    session = official.session.start(ADMIN_SECRET, "official", KalturaSessionType.ADMIN, PARTNER_ID, 3600, "")
    official.setKs(session)
    return official


def test_upload_attach_list_and_read_back(client: Any) -> None:
    from KalturaClient.Plugins.Core import (
        KalturaMediaEntry,
        KalturaMediaEntryFilter,
        KalturaMediaType,
        KalturaUploadedFileTokenResource,
        KalturaUploadToken,
    )

    entry = KalturaMediaEntry()
    entry.name = "By the official client: Ä 日本"
    entry.mediaType = KalturaMediaType.VIDEO
    entry.tags = "one, two"
    entry = client.media.add(entry)
    token = KalturaUploadToken()
    token.fileName = "tiny.mp4"
    token = client.uploadToken.add(token)
    data = (FIXTURES / "tiny.mp4").read_bytes()
    with (FIXTURES / "tiny.mp4").open("rb") as file:
        token = client.uploadToken.upload(token.id, file, False, True, -1)
    assert int(token.uploadedFileSize) == len(data)
    resource = KalturaUploadedFileTokenResource()
    resource.token = token.id
    client.media.addContent(entry.id, resource)

    deadline = time.monotonic() + 60
    while (read := client.media.get(entry.id)).status.value != "2":
        assert time.monotonic() < deadline, f"the entry stays in status {read.status.value}"
        time.sleep(0.2)
    assert read.name == "By the official client: Ä 日本"
    assert read.tags == "one, two"
    assert read.duration == 2

    wanted = KalturaMediaEntryFilter()
    wanted.idIn = entry.id
    found = client.media.list(wanted)
    assert found.totalCount == 1
    assert found.objects[0].id == entry.id


def test_an_error_arrives_with_its_code(client: Any) -> None:
    from KalturaClient.exceptions import KalturaException

    with pytest.raises(KalturaException) as caught:
        client.media.get("0_nosuch")
    assert caught.value.code == "ENTRY_ID_NOT_FOUND"


def test_multirequest_with_a_reference(client: Any) -> None:
    from KalturaClient.Plugins.Core import KalturaMediaEntry, KalturaMediaType

    client.startMultiRequest()
    entry = KalturaMediaEntry()
    entry.name = "first"
    entry.mediaType = KalturaMediaType.AUDIO
    promised = client.media.add(entry)
    client.media.get(promised.id)
    added, read = client.doMultiRequest()
    assert not isinstance(added, Exception), added
    assert not isinstance(read, Exception), read
    assert read.id == added.id
