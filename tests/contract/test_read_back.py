"""What the provider writes, Kaltura's official client reads back: with its own types, from its own services."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
import requests

from kaltura_provider.api import (
    AdminSecretCredentials,
    ClientConfig,
    KalturaClient,
    ensure_access_control,
    ensure_conversion_profile,
    ensure_metadata_profile,
    ensure_player,
    ensure_playlist,
    moderate,
)
from kaltura_provider.api.chapters import Chapter
from kaltura_provider.api.enrichment.attachments import WantedAttachment
from kaltura_provider.api.enrichment.captions import WantedCaption
from kaltura_provider.api.enrichment.enrich import Enrichment, enrich_one
from kaltura_provider.api.enrichment.metadata import MetadataWish
from kaltura_provider.api.enrichment.thumbnail import WantedThumbnail
from kaltura_provider.api.multipart import FilePart
from tests.contract.conftest import ADMIN_SECRET, PARTNER_ID
from tests.contract.test_transcripts import FIXTURES

if TYPE_CHECKING:
    from kaltura_sandbox.server import SandboxServer

pytest.importorskip("KalturaClient")

VTT = "WEBVTT\n\n00:00.000 --> 00:01.000\nÜber Licht\n"
NAME = "Licht & Schatten: <Ä> 日本 עברית"


def _picture() -> bytes:
    from PIL import Image

    target = io.BytesIO()
    Image.new("RGB", (64, 36), (10, 120, 200)).save(target, "PNG")
    return target.getvalue()


FILES = {"t.de.vtt": VTT.encode(), "t.png": _picture(), "slides.pdf": b"%PDF-1.4\n%%EOF\n"}


@pytest.fixture(scope="module")
def ours(sandbox: SandboxServer) -> Iterator[KalturaClient]:
    config = ClientConfig(sandbox.url, PARTNER_ID)
    with KalturaClient(config, AdminSecretCredentials(ADMIN_SECRET)) as client:
        yield client


@pytest.fixture(scope="module")
def theirs(sandbox: SandboxServer) -> Any:
    from KalturaClient import KalturaClient as OfficialClient
    from KalturaClient import KalturaConfiguration
    from KalturaClient.Plugins.Core import KalturaSessionType

    configuration = KalturaConfiguration()
    configuration.serviceUrl = sandbox.url
    official = OfficialClient(configuration)
    official.setKs(official.session.start(ADMIN_SECRET, "reader", KalturaSessionType.ADMIN, PARTNER_ID, 3600, ""))
    return official


@pytest.fixture(scope="module")
def profile(ours: KalturaClient) -> int:
    return ensure_metadata_profile(
        ours,
        "ReadBack",
        [{"name": "Teacher", "type": "text"}, {"name": "Year", "type": "int"}],
        name="Read back",
    ).profile_id


@pytest.fixture(scope="module")
def entry(ours: KalturaClient, profile: int) -> str:
    """An entry with everything a publish run gives one."""
    made: dict[str, Any] = ours.call(
        "media", "add", {"entry": {"objectType": "KalturaMediaEntry", "mediaType": 1, "name": "before"}}
    )
    token = ours.call("uploadToken", "add", {"uploadToken": {"fileName": "tiny.mp4"}})
    part = FilePart.of_bytes("tiny.mp4", (FIXTURES / "tiny.mp4").read_bytes())
    ours.call("uploadToken", "upload", {"uploadTokenId": token["id"]}, files={"fileData": part})
    resource = {"objectType": "KalturaUploadedFileTokenResource", "token": token["id"]}
    ours.call("media", "addContent", {"entryId": made["id"], "resource": resource})
    enrich_one(
        ours,
        Enrichment(
            made["id"],
            fields={"name": NAME, "description": "Zwei\nZeilen", "tags": "optik, licht", "startDate": 1_900_000_000},
            new_categories=("Physik>Optik", "Lehre"),
            metadata={
                str(profile): MetadataWish(
                    "<metadata><Teacher>Ada &amp; Söhne</Teacher><Year>2026</Year></metadata>", ("Teacher", "Year")
                )
            },
            captions=[WantedCaption("t.de.vtt", "1", "German", label="Deutsch", default=True)],
            thumbnail=WantedThumbnail("t.png", "1"),
            attachments=[WantedAttachment("slides.pdf", "1", title="Folien")],
            chapters=[Chapter(0, "Anfang"), Chapter(1500, "Schluß", "mit Fragen")],
            read=FILES.__getitem__,
        ),
    )
    return str(made["id"])


def test_properties(theirs: Any, entry: str) -> None:
    read = theirs.media.get(entry)
    assert (read.name, read.description, read.tags) == (NAME, "Zwei\nZeilen", "optik, licht")
    assert read.startDate == 1_900_000_000


def test_categories(theirs: Any, entry: str) -> None:
    from KalturaClient.Plugins.Core import KalturaCategoryEntryFilter

    wanted = KalturaCategoryEntryFilter()
    wanted.entryIdEqual = entry
    found = theirs.categoryEntry.list(wanted).objects
    assert sorted(theirs.category.get(each.categoryId).fullName for each in found) == ["Lehre", "Physik>Optik"]


def test_custom_metadata(theirs: Any, entry: str, profile: int) -> None:
    from KalturaClient.Plugins.Metadata import KalturaMetadataFilter, KalturaMetadataObjectType

    wanted = KalturaMetadataFilter()
    wanted.metadataObjectTypeEqual = KalturaMetadataObjectType.ENTRY
    wanted.objectIdEqual = entry
    (read,) = theirs.metadata.metadata.list(wanted).objects
    assert read.metadataProfileId == profile
    assert read.xml == "<metadata><Teacher>Ada &amp; Söhne</Teacher><Year>2026</Year></metadata>"
    made = theirs.metadata.metadataProfile.get(profile)
    assert (made.systemName, made.name) == ("ReadBack", "Read back")


def test_captions(theirs: Any, entry: str) -> None:
    from KalturaClient.Plugins.Caption import KalturaCaptionAssetFilter

    wanted = KalturaCaptionAssetFilter()
    wanted.entryIdEqual = entry
    (read,) = theirs.caption.captionAsset.list(wanted).objects
    assert (read.language.value, read.label, read.format.value) == ("German", "Deutsch", "3")
    assert read.isDefault.value == 1
    assert requests.get(theirs.caption.captionAsset.getUrl(read.id), timeout=10).content == VTT.encode()


def test_thumbnail(theirs: Any, entry: str) -> None:
    from KalturaClient.Plugins.Core import KalturaThumbAssetFilter

    wanted = KalturaThumbAssetFilter()
    wanted.entryIdEqual = entry
    found = [each for each in theirs.thumbAsset.list(wanted).objects if "default_thumb" in each.tags]
    (read,) = found
    assert (read.width, read.height, read.fileExt) == (64, 36, "png")
    assert requests.get(theirs.thumbAsset.getUrl(read.id), timeout=10).content == FILES["t.png"]


def test_attachments(theirs: Any, entry: str) -> None:
    from KalturaClient.Plugins.Attachment import KalturaAttachmentAssetFilter

    wanted = KalturaAttachmentAssetFilter()
    wanted.entryIdEqual = entry
    (read,) = theirs.attachment.attachmentAsset.list(wanted).objects
    assert (read.filename, read.title) == ("slides.pdf", "Folien")
    served = requests.get(theirs.attachment.attachmentAsset.getUrl(read.id), timeout=10).content
    assert hashlib.sha256(served).digest() == hashlib.sha256(FILES["slides.pdf"]).digest()


def test_chapters(theirs: Any, entry: str) -> None:
    from KalturaClient.Plugins.CuePoint import KalturaCuePointFilter

    wanted = KalturaCuePointFilter()
    wanted.entryIdEqual = entry
    found = theirs.cuePoint.cuePoint.list(wanted).objects
    told = sorted((each.startTime, each.title, each.description or "") for each in found)
    assert told == [(0, "Anfang", ""), (1500, "Schluß", "mit Fragen")]


def test_access_control(ours: KalturaClient, theirs: Any) -> None:
    made = ensure_access_control(
        ours, "Campus", [{"conditions": [{"ip": ["10.0.0.0/8"], "not": True}], "actions": ["block"], "message": "No."}]
    )
    read = theirs.accessControlProfile.get(made.id)
    assert read.name == "Campus"
    (rule,) = read.rules
    (condition,) = rule.conditions
    assert type(condition).__name__ == "KalturaIpAddressCondition"
    assert [value.value for value in condition.values] == ["10.0.0.0/8"]
    assert (condition.not_, rule.message) == (True, "No.")
    assert [type(action).__name__ for action in rule.actions] == ["KalturaAccessControlBlockAction"]


def test_conversion_profile(ours: KalturaClient, theirs: Any) -> None:
    made = ensure_conversion_profile(ours, "Source only", ["source"], tags="archive")
    read = theirs.conversionProfile.get(made.id)
    assert (read.name, read.tags) == ("Source only", "archive")
    flavors = [int(each) for each in read.flavorParamsIds.split(",")]
    assert [theirs.flavorParams.get(each).name for each in flavors] == ["Source"]


def test_playlist(ours: KalturaClient, theirs: Any, entry: str) -> None:
    made = ensure_playlist(ours, "Erste Woche", entry_ids=[entry], description="Für alle")
    read = theirs.playlist.get(made.id)
    assert (read.name, read.description, read.playlistContent) == ("Erste Woche", "Für alle", entry)


def test_player(ours: KalturaClient, theirs: Any) -> None:
    made = ensure_player(ours, "Lecture player", {"playback": {"autoplay": True}}, width=640, height=360)
    read = theirs.uiConf.get(made.ui_conf_id)
    assert (read.name, read.width, read.height) == ("Lecture player", 640, 360)
    assert json.loads(read.config)["playback"] == {"autoplay": True}


@pytest.mark.parametrize(("decision", "status"), [("reject", 3), ("approve", 2)])
def test_moderation(ours: KalturaClient, theirs: Any, entry: str, decision: Any, status: int) -> None:
    assert moderate(ours, [entry], decision).errors == {}
    assert theirs.media.get(entry).moderationStatus.value == status
