"""What each part of an entry makes of what is there already."""

from __future__ import annotations

import re

import pytest
from tests.provider.api.enrichment.conftest import SRT, VTT, Title, picture

from kaltura_provider.api import KalturaClient, KalturaError
from kaltura_provider.api.enrichment.captions import WantedCaption
from kaltura_provider.api.enrichment.thumbnail import WantedThumbnail
from kaltura_sandbox.faults.proxy import FaultProxy, at_request


def test_categories_of_others_are_left_alone(client: KalturaClient, title: Title) -> None:
    account, (first, second, third) = title.account, title.categories

    def put_in(category: int) -> None:
        assigned = {"categoryEntry": {"entryId": title.entry, "categoryId": category}}
        account.kaltura.call("categoryEntry", "add", assigned)

    put_in(first)
    put_in(third)
    title.apply(client)
    assert account.categories_of(title.entry) == [first, second, third]
    title.mean([third])
    title.apply(client)
    # The first one was there before, the second one was ours.
    assert account.categories_of(title.entry) == [first, third]
    title.mean([])
    title.apply(client)
    assert account.categories_of(title.entry) == [first, third]


def test_a_category_that_somebody_adds_meanwhile_is_theirs(
    client: KalturaClient, proxy: FaultProxy, title: Title
) -> None:
    assigned = {"categoryEntry": {"entryId": title.entry, "categoryId": title.categories[0]}}
    proxy.judge = at_request(
        "categoryEntry.add", 1, lambda: title.account.kaltura.call("categoryEntry", "add", assigned)
    )
    title.apply(client)
    title.mean([])
    title.apply(client)
    assert title.account.categories_of(title.entry) == [title.categories[0]]


def test_a_category_deleted_since_is_nothing_to_take_the_entry_out_of(client: KalturaClient, title: Title) -> None:
    title.apply(client)
    gone = title.categories[0]
    title.account.kaltura.call("category", "delete", {"id": gone, "moveEntriesToParentCategory": 0})
    title.mean(title.categories[1:2])
    title.apply(client)
    assert title.account.categories_of(title.entry) == title.categories[1:2]


def test_categories_that_do_not_exist_yet_are_made(client: KalturaClient, title: Title) -> None:
    title.mean([])
    title.new_categories = (f"{title.account.word}>new",)
    title.apply(client)
    assert title.account.categories_of(title.entry) == [title.account.category(title.account.word, "new")]


def test_metadata_fields_of_others_are_kept_and_ours_go(client: KalturaClient, title: Title) -> None:
    xml = "<metadata><Teacher>Bob</Teacher><Topic>theirs</Topic></metadata>"
    params = {"metadataProfileId": title.profile, "objectType": 1, "objectId": title.entry, "xmlData": xml}
    title.account.kaltura.call("metadata_metadata", "add", params)
    title.apply(client)
    assert title.account.metadata_of(title.entry) == {
        title.profile: "<metadata><Teacher>Ada</Teacher><Year>2026</Year><Topic>theirs</Topic></metadata>"
    }
    title.mean(title.categories[:2], "<metadata><Year>2027</Year></metadata>")
    title.apply(client)
    assert title.account.metadata_of(title.entry) == {
        title.profile: "<metadata><Year>2027</Year><Topic>theirs</Topic></metadata>"
    }
    title.mean(title.categories[:2])
    title.apply(client)
    assert title.account.metadata_of(title.entry) == {title.profile: "<metadata><Topic>theirs</Topic></metadata>"}


@pytest.mark.parametrize("change", ["add", "update", "delete"])
def test_metadata_that_somebody_changes_meanwhile_is_merged(
    client: KalturaClient, proxy: FaultProxy, title: Title, change: str
) -> None:
    account = title.account
    theirs = "<metadata><Teacher>Bob</Teacher><Topic>theirs</Topic></metadata>"
    params = {"metadataProfileId": title.profile, "objectType": 1, "objectId": title.entry}

    def add(xml: str) -> int:
        return int(account.kaltura.call("metadata_metadata", "add", {**params, "xmlData": xml})["id"])

    if change == "add":
        proxy.judge = at_request("metadata_metadata.add", 1, lambda: add(theirs))
    else:
        first = add("<metadata><Topic>old</Topic></metadata>")
        meanwhile = {
            "update": lambda: account.kaltura.call("metadata_metadata", "update", {"id": first, "xmlData": theirs}),
            "delete": lambda: account.kaltura.call("metadata_metadata", "delete", {"id": first}),
        }[change]
        proxy.judge = at_request("metadata_metadata.update", 1, meanwhile)
    title.apply(client)
    kept = "" if change == "delete" else "<Topic>theirs</Topic>"
    assert account.metadata_of(title.entry) == {
        title.profile: f"<metadata><Teacher>Ada</Teacher><Year>2026</Year>{kept}</metadata>"
    }


def test_the_same_metadata_is_not_written_again(client: KalturaClient, title: Title) -> None:
    xml = "<metadata>\n  <Teacher>Ada</Teacher>\n  <Year>2026</Year>\n</metadata>"
    params = {"metadataProfileId": title.profile, "objectType": 1, "objectId": title.entry, "xmlData": xml}
    title.account.kaltura.call("metadata_metadata", "add", params)
    title.apply(client)
    assert title.account.metadata_of(title.entry) == {title.profile: xml}


def test_a_caption_that_is_there_is_used_again(client: KalturaClient, title: Title) -> None:
    for label in ("English", "by hand"):
        asset = {"objectType": "KalturaCaptionAsset", "language": "English", "label": label, "format": "3"}
        title.account.kaltura.call("caption_captionAsset", "add", {"entryId": title.entry, "captionAsset": asset})
    asset = {"objectType": "KalturaCaptionAsset", "language": "Spanish", "label": "es", "format": "1"}
    title.account.kaltura.call("caption_captionAsset", "add", {"entryId": title.entry, "captionAsset": asset})
    title.apply(client)
    captions = title.account.captions_of(title.entry)
    assert sorted((each["language"], each["label"], each.get("size", 0)) for each in captions) == [
        ("English", "English", len(VTT)),
        ("English", "by hand", 0),
        ("Spanish", "Español", len(SRT)),
    ]


def test_two_captions_of_a_language_need_labels(client: KalturaClient, title: Title) -> None:
    title.captions = [WantedCaption("t.en.vtt", "1", "English"), WantedCaption("u.en.vtt", "1", "English")]
    with pytest.raises(ValueError, match=r"u.en.vtt and t.en.vtt are both captions in English; give one another label"):
        title.apply(client)
    title.files["u.en.vtt"] = VTT.replace("Hello", "[noise] Hello").encode()
    title.captions[1] = WantedCaption("u.en.vtt", "1", "English", label="English (SDH)")
    title.apply(client)
    labels = sorted((each["label"], each["text"].decode()) for each in title.account.captions_of(title.entry))
    assert labels == [("English", VTT), ("English (SDH)", VTT.replace("Hello", "[noise] Hello"))]


@pytest.mark.parametrize(
    ("key", "content", "message"),
    [
        ("t.en.vtt", b"WEBVTT\n\xe9", "t.en.vtt: not UTF-8 at byte 7; save"),
        ("t.en.vtt", b"\xef\xbb\xbf \n", "t.en.vtt: the caption file is empty"),
        ("t.en.vtt", b"WEBVTT\n{1:result:id}", "t.en.vtt: the text '{1:result:id}' has a meaning"),
        ("t.png", b"no picture", "t.png: no image; use a JPEG or PNG"),
        ("t.png", picture()[:20], "t.png: Kaltura cannot show it as thumbnail (status 2, 20 of 20 bytes, 0"),
    ],
)
def test_a_bad_file_is_named_and_stops_nothing_else(
    client: KalturaClient, title: Title, key: str, content: bytes, message: str
) -> None:
    good = title.files[key]
    title.files[key] = content
    with pytest.raises(ValueError, match=re.escape(message)):
        title.apply(client)
    assert title.account.categories_of(title.entry) == title.categories[:2]
    assert len(title.account.captions_of(title.entry)) == (0 if key == "t.en.vtt" else 2)
    title.files[key] = good
    title.apply(client)
    title.check()


def test_captions_of_a_picture_are_refused_in_words_that_help(client: KalturaClient, title: Title) -> None:
    title.entry = title.account.entry(mediaType=2)
    with pytest.raises(ValueError, match="takes no captions; only video and audio do"):
        title.apply(client)


def test_an_error_that_stays_is_raised_and_the_rest_is_noted(
    client: KalturaClient, proxy: FaultProxy, title: Title
) -> None:
    title.mean([999999999], "<metadata><Year>2026</Year></metadata>")
    with pytest.raises(KalturaError, match="CATEGORY_NOT_FOUND"):
        title.apply(client)
    assert len(title.account.captions_of(title.entry)) == 2
    title.mean([], "<metadata><Year>2026</Year></metadata>")
    seen: list[list[str]] = []
    proxy.judge = lambda request: seen.append([name.lower() for name in request.items])
    title.apply(client)
    # Only what had failed is done again.
    assert {name.split(".")[0] for names in seen for name in names} == {"categoryentry"}


def test_an_entry_that_is_gone_is_an_error_of_kaltura(client: KalturaClient, title: Title) -> None:
    title.account.kaltura.call("media", "delete", {"entryId": title.entry})
    with pytest.raises(KalturaError, match=r"NOT_FOUND|INVALID_ENTRY_ID"):
        title.apply(client)


def test_a_new_picture_takes_the_place_of_the_old_one(client: KalturaClient, title: Title) -> None:
    title.apply(client)
    (before,) = title.account.thumbnails_of(title.entry)
    title.files["t.png"] = picture(90)
    title.thumbnail = WantedThumbnail("t.png", "2")
    title.apply(client)
    title.check()
    (after,) = title.account.thumbnails_of(title.entry)
    assert after["id"] != before["id"]


def test_a_picture_chosen_in_the_kmc_is_kept_until_the_file_changes(
    client: KalturaClient, proxy: FaultProxy, title: Title
) -> None:
    from kaltura_provider.api import FilePart

    title.apply(client)
    kaltura = title.account.kaltura
    theirs = {"fileData": FilePart.of_bytes("p.png", picture(1))}
    chosen = kaltura.call("thumbAsset", "addFromImage", {"entryId": title.entry}, files=theirs)["id"]
    kaltura.call("thumbAsset", "setAsDefault", {"thumbAssetId": chosen})
    proxy.reset()
    title.apply(client)
    assert proxy.calls == []
    title.files["t.png"] = picture(90)
    title.thumbnail = WantedThumbnail("t.png", "2")
    title.apply(client)
    thumbnails = title.account.thumbnails_of(title.entry)
    assert {each["id"]: "default_thumb" in each["tags"] for each in thumbnails}[chosen] is False
    assert len(thumbnails) == 2
