"""An entry gets what its description says: in few requests, repeatedly, whatever breaks and whoever else is there."""

from __future__ import annotations

import io
import json
import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.pipeline.enrichment.conftest import Account

from kaltura_pipeline.enrichment.apply import apply
from kaltura_pipeline.enrichment.captions import WantedCaption
from kaltura_pipeline.enrichment.resolved import MetadataWish, Resolved
from kaltura_pipeline.enrichment.thumbnail import WantedThumbnail
from kaltura_provider.api import KalturaClient, KalturaError
from kaltura_sandbox.faults.fault import Fault
from kaltura_sandbox.faults.proxy import FaultProxy, at_request
from kaltura_sandbox.faults.rules import Rule

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
        self.resolved = self.meaning(
            self.categories[:2], "<metadata><Teacher>Ada</Teacher><Year>2026</Year></metadata>"
        )
        self.fields: dict[str, Any] = {"name": "Light", "tags": "optics"}
        self.kept: dict[str, Any] = {}

    def meaning(self, categories: list[int], xml: str = "") -> Resolved:
        wishes = {str(self.profile): MetadataWish(xml, ORDER)} if xml else {}
        return Resolved(category_ids=tuple(categories), metadata=wishes)

    def read(self, key: str) -> bytes:
        self.read_keys.append(key)
        return self.files[key]

    def note(self, notes: Any) -> None:
        self.kept = json.loads(json.dumps(notes))

    def apply(self, client: KalturaClient, **options: Any) -> dict[str, Any]:
        """Apply what is wanted now, knowing what was noted last."""
        given = {"fields": self.fields, "noted": self.kept, "note": self.note, **options}
        notes = apply(
            client,
            self.entry,
            self.resolved,
            captions=self.captions,
            thumbnail=self.thumbnail,
            read=self.read,
            **given,
        )
        self.note(notes)
        return notes

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


def test_a_whole_title_takes_four_requests_and_none_afterwards(
    client: KalturaClient, proxy: FaultProxy, title: Title
) -> None:
    proxy.reset()
    title.apply(client)
    assert proxy.calls == ["multirequest", "multirequest", "uploadToken.upload", "multirequest"]
    title.check()
    assert sorted(title.read_keys) == ["t.en.vtt", "t.es.srt", "t.png"]
    proxy.reset()
    before = title.kept
    assert title.apply(client) == before
    assert proxy.calls == []


def test_an_entry_just_made_takes_one_request_less(client: KalturaClient, proxy: FaultProxy, title: Title) -> None:
    title.entry = title.account.entry(**title.fields)
    proxy.reset()
    title.apply(client, fresh=True)
    assert proxy.calls == ["multirequest", "uploadToken.upload", "multirequest"]
    title.check()
    proxy.reset()
    title.apply(client)
    assert proxy.calls == []


def test_without_notes_nothing_is_made_twice(client: KalturaClient, title: Title) -> None:
    title.apply(client)
    before = [each["id"] for each in title.account.thumbnails_of(title.entry)]
    title.kept = {}
    title.apply(client)
    title.check()
    assert [each["id"] for each in title.account.thumbnails_of(title.entry)] == before


def test_only_the_part_that_changed_is_sent(client: KalturaClient, proxy: FaultProxy, title: Title) -> None:
    title.apply(client)
    title.read_keys.clear()
    title.files["t.es.srt"] = SRT.replace("Hola", "Buenas").encode()
    title.captions[1] = WantedCaption("t.es.srt", "2", "Spanish", label="Español")
    seen: list[list[str]] = []
    proxy.judge = lambda request: seen.append([request.action, *request.items])
    title.apply(client)
    assert [[name.lower() for name in names] for names in seen] == [
        ["multirequest", "caption_captionasset.list"],
        ["multirequest", "caption_captionasset.setcontent"],
    ]
    assert title.read_keys == ["t.es.srt"]
    texts = [each["text"].decode() for each in title.account.captions_of(title.entry)]
    assert sorted(texts) == sorted([VTT, SRT.replace("Hola", "Buenas")])


# Each request of an apply, lost on the way there or back.
@pytest.mark.parametrize("fault", ["drop_request", "drop_answer", "internal_error"])
@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_a_lost_request_or_answer_leaves_everything_once(
    client: KalturaClient, proxy: FaultProxy, title: Title, fault: str, number: int
) -> None:
    action = {1: "multirequest", 2: "multirequest", 3: "uploadToken.upload", 4: "multirequest"}[number]
    nth = {1: 1, 2: 2, 3: 1, 4: 3}[number]
    proxy.set_rules([Rule(Fault(fault), action=action, nth=nth)])
    title.apply(client)
    assert len(proxy.events) == 1
    title.check()
    # What was put into a category before the answer was lost is known to be ours.
    title.resolved = title.meaning([])
    title.apply(client)
    assert title.account.categories_of(title.entry) == []


def test_the_answer_of_an_entry_just_made_may_be_lost_too(
    client: KalturaClient, proxy: FaultProxy, title: Title
) -> None:
    title.entry = title.account.entry(**title.fields)
    proxy.set_rules([Rule(Fault("drop_answer"), action="thumbAsset.add", nth=1)])
    title.apply(client, fresh=True)
    assert len(proxy.events) == 1
    title.check()


def test_what_stays_locked_for_a_while_is_tried_again(client: KalturaClient, proxy: FaultProxy, title: Title) -> None:
    proxy.set_rules([Rule(Fault("internal_error"), action="metadata_metadata.add", times=2)])
    title.apply(client)
    assert len(proxy.events) == 2
    title.check()


def test_a_kaltura_that_is_down_is_not_asked_again_and_again(
    client: KalturaClient, proxy: FaultProxy, title: Title
) -> None:
    proxy.set_rules([Rule(Fault("drop_request"), action="multirequest")])
    with pytest.raises(KalturaError) as caught:
        title.apply(client)
    assert caught.value.retryable
    # As often as the client is told to.
    assert proxy.calls == ["multirequest"] * client.config.max_attempts
    assert title.kept == {}
    proxy.set_rules([])
    title.apply(client)
    title.check()


def test_nothing_is_written_once_somebody_else_has_the_claim(
    client: KalturaClient, proxy: FaultProxy, title: Title
) -> None:
    class ClaimLost(Exception):
        pass

    def note(notes: Any) -> None:
        raise ClaimLost

    proxy.reset()
    with pytest.raises(ClaimLost):
        title.apply(client, note=note)
    assert proxy.calls == ["multirequest"]
    assert title.account.categories_of(title.entry) == []


class Killed(BaseException):
    """The worker dies here: nothing may catch it."""


def dying_client(
    new_client: Callable[[], KalturaClient], monkeypatch: pytest.MonkeyPatch, number: int
) -> KalturaClient:
    """A client that dies before the first request (1), after it, its answer unread (2), before the second (3), ..."""
    client = new_client()
    real, count = client.perform, 0

    def perform(*args: Any, **options: Any) -> Any:
        nonlocal count
        count += 1
        if count * 2 - 1 == number:
            raise Killed
        answer = real(*args, **options)
        if count * 2 == number:
            raise Killed
        return answer

    monkeypatch.setattr(client, "perform", perform)
    return client


def test_what_a_dead_worker_set_is_removed_when_it_is_wanted_no_more(
    new_client: Callable[[], KalturaClient], title: Title, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Killed):
        title.apply(dying_client(new_client, monkeypatch, 4))
    assert title.account.categories_of(title.entry) == title.categories[:2]
    assert title.account.metadata_of(title.entry) != {}
    title.resolved = title.meaning([])
    title.apply(new_client())
    assert title.account.categories_of(title.entry) == []
    assert title.account.metadata_of(title.entry) == {}


@pytest.mark.parametrize("number", range(1, 10))
def test_a_worker_that_dies_at_any_request_leaves_everything_to_the_next(
    new_client: Callable[[], KalturaClient], title: Title, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    # A title that exists with other things, so that there is something to remove and to replace as well.
    title.apply(new_client())
    wanted = (title.resolved, title.captions, title.thumbnail)
    title.resolved = title.meaning([title.categories[2]], "<metadata><Topic>x</Topic></metadata>")
    title.apply(new_client())
    title.resolved, title.captions, title.thumbnail = wanted
    title.files["t.png"] = picture(90)
    title.thumbnail = WantedThumbnail("t.png", "2")
    title.captions[0] = WantedCaption("t.en.vtt", "2", "English", default=True)
    dying = dying_client(new_client, monkeypatch, number)
    try:
        title.apply(dying)
        died = False
    except Killed:
        died = True
    assert died == (number <= 8)
    title.apply(new_client())
    title.check()
    title.resolved = title.meaning([])
    title.apply(new_client())
    assert title.account.categories_of(title.entry) == []
    assert title.account.metadata_of(title.entry) == {}


def test_two_at_once_leave_everything_once(
    new_client: Callable[[], KalturaClient], proxy: FaultProxy, title: Title
) -> None:
    """Both look before either writes, which is the worst that can happen."""
    both = threading.Barrier(2, timeout=20)
    waited = threading.local()

    def judge(request: Any) -> None:
        # The second request of each client is its first that writes.
        if "thumbAsset.add" in request.items and not getattr(waited, "done", False):
            waited.done = True
            both.wait()

    proxy.judge = judge
    clients = [new_client(), new_client()]
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(title.apply, clients))
    proxy.judge = None
    title.check()
    # Each put the entry into the categories that the other did not; a ledger is noted by one of them.
    ours = [result.pop("categories")["ours"] for result in results]
    assert sorted({*ours[0], *ours[1]}) == title.categories[:2]
    assert results[0] == results[1]
    title.kept = {**results[0], "categories": {"wanted": title.categories[:2], "ours": ours[0]}}
    proxy.reset()
    title.apply(clients[0])
    assert proxy.calls == []


def test_categories_of_others_are_left_alone(client: KalturaClient, title: Title) -> None:
    account, (first, second, third) = title.account, title.categories

    def put_in(category: int) -> None:
        assigned = {"categoryEntry": {"entryId": title.entry, "categoryId": category}}
        account.kaltura.call("categoryEntry", "add", assigned)

    put_in(first)
    put_in(third)
    title.apply(client)
    assert account.categories_of(title.entry) == [first, second, third]
    title.resolved = title.meaning([third])
    title.apply(client)
    # The first one was there before, the second one was ours.
    assert account.categories_of(title.entry) == [first, third]
    title.resolved = title.meaning([])
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
    title.resolved = title.meaning([])
    title.apply(client)
    assert title.account.categories_of(title.entry) == [title.categories[0]]


def test_a_category_deleted_since_is_nothing_to_take_the_entry_out_of(client: KalturaClient, title: Title) -> None:
    title.apply(client)
    gone = title.categories[0]
    title.account.kaltura.call("category", "delete", {"id": gone, "moveEntriesToParentCategory": 0})
    title.resolved = title.meaning(title.categories[1:2])
    title.apply(client)
    assert title.account.categories_of(title.entry) == title.categories[1:2]


def test_categories_that_do_not_exist_yet_are_made(client: KalturaClient, title: Title) -> None:
    title.resolved = Resolved(new_categories=(f"{title.account.word}>new",))
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
    title.resolved = title.meaning(title.categories[:2], "<metadata><Year>2027</Year></metadata>")
    title.apply(client)
    assert title.account.metadata_of(title.entry) == {
        title.profile: "<metadata><Year>2027</Year><Topic>theirs</Topic></metadata>"
    }
    title.resolved = title.meaning(title.categories[:2])
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
    title.resolved = title.meaning([999999999], "<metadata><Year>2026</Year></metadata>")
    with pytest.raises(KalturaError, match="CATEGORY_NOT_FOUND"):
        title.apply(client)
    assert len(title.account.captions_of(title.entry)) == 2
    title.resolved = title.meaning([], "<metadata><Year>2026</Year></metadata>")
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
