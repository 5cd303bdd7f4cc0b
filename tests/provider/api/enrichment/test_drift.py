"""What somebody changed on Kaltura since is named without a change, and mended when asked to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from tests.provider.api.enrichment.conftest import SRT, VTT, Title, picture

from kaltura_provider.api import FilePart, KalturaClient, KalturaError
from kaltura_provider.api.enrichment.captions import WantedCaption
from kaltura_provider.api.enrichment.drift import look_at
from kaltura_provider.api.enrichment.enrich import Enrichment, enrich, enrich_one
from kaltura_provider.api.enrichment.thumbnail import WantedThumbnail
from kaltura_sandbox.faults.fault import Fault
from kaltura_sandbox.faults.proxy import FaultProxy
from kaltura_sandbox.faults.rules import Rule


def captions_of(title: Title, language: str) -> dict[str, Any]:
    return next(each for each in title.account.captions_of(title.entry) if each["language"] == language)


def fields(title: Title) -> None:
    entry = {"name": "Dark", "tags": "optics"}
    title.account.kaltura.call("media", "update", {"entryId": title.entry, "mediaEntry": entry})


def categories(title: Title) -> None:
    ids = {"entryId": title.entry, "categoryId": title.categories[1]}
    title.account.kaltura.call("categoryEntry", "delete", ids)


def category_too_many(title: Title) -> None:
    title.mean(title.categories[:1], next(iter(title.metadata.values())).xml)


def metadata(title: Title) -> None:
    filter = {"filter": {"objectIdEqual": title.entry}}
    (document,) = title.account.kaltura.call("metadata_metadata", "list", filter)["objects"]
    xml = "<metadata><Teacher>Bob</Teacher><Topic>theirs</Topic></metadata>"
    title.account.kaltura.call("metadata_metadata", "update", {"id": document["id"], "xmlData": xml})


def metadata_too_much(title: Title) -> None:
    title.mean(title.categories[:2], "<metadata><Year>2026</Year></metadata>")


def caption_gone(title: Title) -> None:
    caption = captions_of(title, "Spanish")
    title.account.kaltura.call("caption_captionAsset", "delete", {"captionAssetId": caption["id"]})


def caption_edited(title: Title) -> None:
    content = {"objectType": "KalturaStringResource", "content": VTT + "more"}
    params = {"id": captions_of(title, "English")["id"], "contentResource": content}
    title.account.kaltura.call("caption_captionAsset", "setContent", params)


def caption_of_an_older_file(title: Title) -> None:
    title.files["t.es.srt"] = SRT.replace("Hola", "Vale").encode()
    title.captions[1] = replace(title.captions[1], etag="2")


def caption_renamed(title: Title) -> None:
    changed = {"objectType": "KalturaCaptionAsset", "label": "es"}
    params = {"id": captions_of(title, "Spanish")["id"], "captionAsset": changed}
    title.account.kaltura.call("caption_captionAsset", "update", params)


def another_default(title: Title) -> None:
    spanish = captions_of(title, "Spanish")
    title.account.kaltura.call("caption_captionAsset", "setAsDefault", {"captionAssetId": spanish["id"]})


def caption_of_somebody_else(title: Title) -> None:
    caption = captions_of(title, "Spanish")
    changed = {"objectType": "KalturaCaptionAsset", "tags": "theirs"}
    title.account.kaltura.call("caption_captionAsset", "update", {"id": caption["id"], "captionAsset": changed})


def thumbnail_of_theirs(title: Title, *, ours_deleted: bool = False) -> None:
    call = title.account.kaltura.call
    (ours,) = title.account.thumbnails_of(title.entry)
    file = {"fileData": FilePart.of_bytes("p.png", picture(1))}
    theirs = call("thumbAsset", "addFromImage", {"entryId": title.entry}, files=file)
    call("thumbAsset", "setAsDefault", {"thumbAssetId": theirs["id"]})
    if ours_deleted:
        call("thumbAsset", "delete", {"thumbAssetId": ours["id"]})


def thumbnail_gone(title: Title) -> None:
    thumbnail_of_theirs(title, ours_deleted=True)


def thumbnail_broken(title: Title) -> None:
    (ours,) = title.account.thumbnails_of(title.entry)
    content = {"objectType": "KalturaStringResource", "content": "no picture"}
    title.account.kaltura.call("thumbAsset", "setContent", {"id": ours["id"], "contentResource": content})


def thumbnail_of_an_older_file(title: Title) -> None:
    title.files["t.png"] = picture(90)
    title.thumbnail = WantedThumbnail("t.png", "2")


KINDS: list[tuple[Callable[[Title], None], list[str]]] = [
    (fields, ["fields: name is 'Dark', not 'Light'"]),
    (categories, ["categories: {b} is missing, not 'assigned'"]),
    (category_too_many, ["categories: {b} is 'assigned', not missing"]),
    (
        metadata,
        ["metadata: {profile}.Teacher is 'Bob', not 'Ada'", "metadata: {profile}.Year is missing, not '2026'"],
    ),
    (metadata_too_much, ["metadata: {profile}.Teacher is 'Ada', not missing"]),
    (caption_gone, ["captions: Spanish SRT 'Español' is missing, not 't.es.srt'"]),
    (caption_edited, ["captions: English WebVTT content is '{more} bytes', not '{vtt} bytes'"]),
    (caption_of_an_older_file, ["captions: Spanish SRT 'Español' content is 'another version', not 't.es.srt'"]),
    (caption_of_somebody_else, ["captions: Spanish SRT 'Español' content is 'something else', not 't.es.srt'"]),
    (caption_renamed, ["captions: Spanish SRT 'Español' label is 'es', not 'Español'"]),
    (another_default, ["captions: English WebVTT default is False, not True"]),
    (thumbnail_of_theirs, ["thumbnail: default is False, not True"]),
    (thumbnail_gone, ["thumbnail: picture is missing, not 't.png'"]),
    (thumbnail_broken, ["thumbnail: picture is 'status 2, 10 bytes, 0 pixels wide', not '{png} bytes'"]),
    (thumbnail_of_an_older_file, ["thumbnail: picture is 'another version', not 't.png'"]),
]


@pytest.mark.parametrize(("change", "words"), KINDS, ids=[change.__name__ for change, _ in KINDS])
def test_each_kind_of_drift_is_named_and_mended(
    client: KalturaClient, proxy: FaultProxy, title: Title, change: Callable[[Title], None], words: list[str]
) -> None:
    title.apply(client)
    assert look_at(client, [title.wish()]) == [(title.entry, [])]
    png = len(title.files["t.png"])
    change(title)
    written: list[str] = []
    proxy.judge = lambda request: written.extend(
        name for name in request.items if not name.lower().endswith((".get", ".list"))
    )
    ((entry, found),) = look_at(client, [title.wish()])
    proxy.judge = None
    assert (entry, written) == (title.entry, [])
    named = {"b": title.categories[1], "profile": title.profile, "png": png, "vtt": len(VTT), "more": len(VTT) + 4}
    assert [str(each) for each in found] == [each.format(**named) for each in words]

    title.note(enrich_one(client, title.wish(verify=True)))
    assert look_at(client, [title.wish()]) == [(title.entry, [])]
    # What is mended stays: nothing is left to do.
    proxy.reset()
    title.apply(client)
    assert proxy.calls == []


def test_a_caption_that_was_made_twice_is_named_and_mended(client: KalturaClient, title: Title) -> None:
    title.apply(client)
    asset = {"language": "English", "label": "English", "format": "3", "tags": "from-source"}
    params = {"entryId": title.entry, "captionAsset": {"objectType": "KalturaCaptionAsset", **asset}}
    title.account.kaltura.call("caption_captionAsset", "add", params)
    ((_, found),) = look_at(client, [title.wish()])
    # Of two made in one second it is not known which counts; an empty one would be named, too.
    assert "captions: English WebVTT copies is 2, not 1" in map(str, found)
    title.apply(client, verify=True)
    title.check()
    assert look_at(client, [title.wish()]) == [(title.entry, [])]


def test_nothing_is_written_where_nothing_differs(client: KalturaClient, proxy: FaultProxy, title: Title) -> None:
    title.apply(client)
    proxy.reset()
    title.read_keys.clear()
    before, title.kept = title.kept, {}
    assert enrich_one(client, title.wish(verify=True, noted=before)) == before
    # Nothing had to be noted before a change, as there was none.
    assert (proxy.calls, title.read_keys, title.kept) == (["multirequest"], [], {})


def test_an_entry_without_anything_lacks_all_and_one_that_is_gone_is_named(client: KalturaClient, title: Title) -> None:
    title.new_categories = (f"{title.account.word}>new",)
    gone = replace(title.wish(), entry_id="0_nothere")
    bare = title.wish()
    (first, lacking), (second, differences) = look_at(client, [bare, gone])
    assert (first, second) == (title.entry, "0_nothere")
    assert [str(each) for each in differences] == ["entry: id is missing, not '0_nothere'"]
    assert {each.part for each in lacking} == {"fields", "categories", "metadata", "captions", "thumbnail"}
    assert [each.field for each in lacking if each.part == "categories"] == [
        *map(str, title.categories[:2]),
        f"{title.account.word}>new",
    ]
    title.account.kaltura.call("media", "delete", {"entryId": title.entry})
    ((_, left),) = look_at(client, [bare])
    assert [each.part for each in left] == ["entry"]


def test_an_entry_that_shall_have_nothing_is_only_looked_for(client: KalturaClient, title: Title) -> None:
    assert look_at(client, [Enrichment(title.entry), Enrichment("0_nothere")])[0] == (title.entry, [])


def test_forty_entries_are_looked_at_with_two_requests(client: KalturaClient, proxy: FaultProxy, title: Title) -> None:
    wanted = [replace(title.wish(note=None), entry_id=title.account.entry(name=f"n {n}")) for n in range(40)]
    assert not [result.error for result in enrich(client, wanted) if result.error]
    proxy.reset()
    # Without notes as well: what is on Kaltura tells.
    assert look_at(client, wanted) == [(wish.entry_id, []) for wish in wanted]
    assert proxy.calls == ["multirequest"] * 2


def test_a_look_that_fails_is_no_drift(client: KalturaClient, proxy: FaultProxy, title: Title) -> None:
    proxy.set_rules([Rule(Fault("bad_gateway"), action="multirequest")])
    with pytest.raises(KalturaError):
        look_at(client, [title.wish()])


def test_captions_kept_in_an_account_before_are_taken_over(client: KalturaClient, title: Title) -> None:
    asset = {"objectType": "KalturaCaptionAsset", "language": "English", "label": "by hand", "format": "3"}
    made = title.account.kaltura.call(
        "caption_captionAsset", "add", {"entryId": title.entry, "captionAsset": {**asset, "tags": "reviewed"}}
    )
    title.captions = [WantedCaption("t.en.vtt", "1", "English")]
    title.apply(client)
    (caption,) = title.account.captions_of(title.entry)
    # It is not ours to delete, but tells now what is in it.
    assert caption["id"] == made["id"]
    tags = caption["tags"].split(",")
    assert (tags[0], "from-source" in tags, len(tags)) == ("reviewed", False, 2)
    assert look_at(client, [title.wish(noted=None)]) == [(title.entry, [])]
