"""A title with everything there is, in an account whose calls are counted and broken."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from tests.account import Account, account, client, new_client, proxy

from kaltura_provider.api import KalturaClient
from kaltura_provider.api.enrichment.captions import WantedCaption
from kaltura_provider.api.enrichment.enrich import Enrichment, enrich_one
from kaltura_provider.api.enrichment.metadata import MetadataWish
from kaltura_provider.api.enrichment.thumbnail import WantedThumbnail

__all__ = ["account", "client", "new_client", "proxy"]

ORDER = ("Teacher", "Year", "Topic")
VTT = "WEBVTT\n\n00:00.000 --> 00:01.000\nHello\n"
SRT = "1\n00:00:00,000 --> 00:00:01,000\nHola\n"


def picture(shade: int = 200) -> bytes:
    from PIL import Image

    target = io.BytesIO()
    Image.new("RGB", (32, 24), (shade, 20, 20)).save(target, "PNG")
    return target.getvalue()


class Title:
    """A title with everything there is, and the files it names."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.categories = [account.category(account.word, name) for name in ("a", "b", "c")]
        self.profile = account.metadata_profile(account.word)
        self.entry = account.entry()
        self.files = {"t.en.vtt": VTT.encode(), "t.es.srt": SRT.encode("utf-8-sig"), "t.png": picture()}
        self.read_keys: list[str] = []
        self.captions: list[WantedCaption] = [
            WantedCaption("t.en.vtt", "1", "English", default=True),
            WantedCaption("t.es.srt", "1", "Spanish", label="Español"),
        ]
        self.thumbnail: WantedThumbnail | None = WantedThumbnail("t.png", "1")
        self.new_categories: tuple[str, ...] = ()
        self.mean(self.categories[:2], "<metadata><Teacher>Ada</Teacher><Year>2026</Year></metadata>")
        self.fields: dict[str, Any] = {"name": "Light", "tags": "optics"}
        self.kept: dict[str, Any] = {}

    def mean(self, categories: list[int], xml: str = "") -> None:
        self.category_ids = categories
        self.metadata = {str(self.profile): MetadataWish(xml, ORDER)} if xml else {}

    def read(self, key: str) -> bytes:
        self.read_keys.append(key)
        return self.files[key]

    def note(self, notes: Any) -> None:
        self.kept = json.loads(json.dumps(notes))

    def apply(self, client: KalturaClient, **options: Any) -> dict[str, Any]:
        """Apply what is wanted now, knowing what was noted last."""
        notes = enrich_one(client, self.wish(**options))
        self.note(notes)
        return notes

    def wish(self, **options: Any) -> Enrichment:
        """What is wanted now."""
        given = {"fields": self.fields, "noted": self.kept, "note": self.note, **options}
        return Enrichment(
            self.entry,
            category_ids=self.category_ids,
            new_categories=self.new_categories,
            metadata=self.metadata,
            captions=self.captions,
            thumbnail=self.thumbnail,
            read=self.read,
            **given,
        )

    def check(self) -> None:
        """Everything that is wanted is there, once."""
        account, entry = self.account, self.account.kaltura.call("media", "get", {"entryId": self.entry})
        assert (entry["name"], entry["tags"]) == ("Light", "optics")
        assert account.categories_of(self.entry) == self.categories[:2]
        assert account.metadata_of(self.entry) == {
            self.profile: "<metadata><Teacher>Ada</Teacher><Year>2026</Year></metadata>"
        }
        captions = account.captions_of(self.entry)
        assert sorted(
            (each["language"], each["label"], each["format"], each["text"].decode()) for each in captions
        ) == [
            ("English", "English", "3", VTT),
            ("Spanish", "Español", "1", SRT),
        ]
        assert [each["language"] for each in captions if each.get("isDefault")] == ["English"]
        (thumbnail,) = account.thumbnails_of(self.entry)
        assert "default_thumb" in thumbnail["tags"]
        served = account.kaltura.call("thumbAsset", "serve", {"thumbAssetId": thumbnail["id"]})
        assert served == self.files["t.png"]


@pytest.fixture
def title(account: Account) -> Title:
    return Title(account)
