"""Captions reach viewers as WebVTT, whatever they were written in."""

from __future__ import annotations

import pytest

from kaltura_sandbox.server import SandboxServer
from kaltura_sandbox.subtitles import Cue, parse_captions, write_webvtt

from .conftest import Api, no_jobs, wait_until
from .media import add_caption
from .media_files import Origin

SRT = (
    "1\r\n00:00:00,000 --> 00:00:01,500\r\nHello & bye\r\n\r\n2\r\n00:00:31,250 --> 00:00:32,000\r\nZwei\r\nZeilen\r\n"
)
DFXP = (
    '<tt xmlns="http://www.w3.org/ns/ttml"><body><div>'
    '<p begin="00:00:31.250" end="00:00:32">Zwei<br/>Zeilen</p><p begin="0s" dur="1500ms">Hello</p>'
    "</div></body></tt>"
)


@pytest.fixture
def entry(api: Api) -> str:
    return str(api.call("media", "add", api.admin, entry={"name": "e", "mediaType": 1})["id"])


def webvtt(api: Api, caption: str, **params: object) -> str:
    query = "".join(f"/{name}/{value}" for name, value in params.items())
    reply = api.http.get(
        f"{api.url}/api_v3/service/caption_captionAsset/action/serveWebVTT/captionAssetId/{caption}{query}", timeout=30
    )
    reply.encoding = "utf-8"
    return reply.text


@pytest.mark.parametrize(
    ("text", "kind", "first"),
    [(SRT, "1", "Hello & bye"), (DFXP, "2", "Hello"), ("WEBVTT\n\n00:00.000 --> 00:01.500\nHi\n", "3", "Hi")],
)
def test_every_format_is_served_as_webvtt(api: Api, entry: str, text: str, kind: str, first: str) -> None:
    caption = add_caption(api, entry, text, kind)
    served = webvtt(api, caption, segmentIndex=-1)
    assert served.startswith(f"WEBVTT\n\n00:00:00.000 --> 00:00:01.500\n{first}\n")
    if kind != "3":
        assert "\n00:00:31.250 --> 00:00:32.000\nZwei\nZeilen\n" in served


def test_segments_hold_their_own_lines(api: Api, entry: str) -> None:
    caption = add_caption(api, entry, SRT)
    assert "Zwei" not in webvtt(api, caption, segmentIndex=1)
    assert "Hello" not in webvtt(api, caption, segmentIndex=2)
    playlist = webvtt(api, caption)
    assert playlist.startswith("#EXTM3U")
    segment = next(line for line in playlist.splitlines() if line.startswith("http"))
    assert "Hello" in api.http.get(segment, timeout=30).text


def test_the_file_itself_comes_back_byte_for_byte(api: Api, entry: str) -> None:
    caption = add_caption(api, entry, SRT)
    address = api.call("caption_captionAsset", "getUrl", api.admin, id=caption)
    assert api.http.get(address, timeout=30).content == SRT.encode()


def test_content_from_an_address_arrives_later_or_fails(api: Api, entry: str, source: Origin) -> None:
    source.files["/good.srt"] = SRT.encode()
    for path, status in (("good.srt", 2), ("missing.srt", -1)):
        caption = api.call("caption_captionAsset", "add", api.admin, entryId=entry, captionAsset={"language": "German"})
        resource = {"objectType": "KalturaUrlResource", "url": f"{source.url}/{path}"}
        sent = api.call("caption_captionAsset", "setContent", api.admin, id=caption["id"], contentResource=resource)
        assert sent["status"] == 7
        wait_until(
            lambda: api.call("caption_captionAsset", "get", api.admin, captionAssetId=caption["id"])["status"] != 7  # noqa: B023
        )
        found = api.call("caption_captionAsset", "get", api.admin, captionAssetId=caption["id"])
        assert found["status"] == status
    assert found["languageCode"] == "de"


@pytest.mark.parametrize("path", ["/good.srt", "/missing.srt"])
def test_content_given_meanwhile_outlasts_that_of_an_address(
    api: Api, sandbox: SandboxServer, entry: str, source: Origin, path: str
) -> None:
    source.files["/good.srt"] = SRT.encode()
    source.gate.clear()
    ks, service = api.admin, "caption_captionAsset"
    caption = api.call(service, "add", ks, entryId=entry, captionAsset={"language": "German"})["id"]
    resource = {"objectType": "KalturaUrlResource", "url": source.url + path}
    api.call(service, "setContent", ks, id=caption, contentResource=resource)
    wait_until(lambda: source.asked)
    newer = {"objectType": "KalturaStringResource", "content": SRT.replace("Hello", "Newer")}
    api.call(service, "setContent", ks, id=caption, contentResource=newer)
    source.gate.set()
    wait_until(lambda: no_jobs(sandbox))
    assert api.call(service, "get", ks, captionAssetId=caption)["status"] == 2
    assert "Newer" in webvtt(api, caption, segmentIndex=-1)


def test_a_token_that_is_filled_later_fills_the_caption(api: Api, entry: str) -> None:
    caption = api.call("caption_captionAsset", "add", api.admin, entryId=entry, captionAsset={"language": "English"})
    token = api.call("uploadToken", "add", api.admin)["id"]
    resource = {"objectType": "KalturaUploadedFileTokenResource", "token": token}
    waiting = api.call("caption_captionAsset", "setContent", api.admin, id=caption["id"], contentResource=resource)
    assert waiting["status"] == 0
    api.upload(token, SRT.encode(), api.admin, "c.srt")
    assert api.call("caption_captionAsset", "get", api.admin, captionAssetId=caption["id"])["status"] == 2
    assert "Hello" in webvtt(api, caption["id"], segmentIndex=-1)


def test_only_one_caption_is_the_default(api: Api, entry: str) -> None:
    first, second = (add_caption(api, entry, SRT, language=language) for language in ("English", "French"))
    for caption in (first, second):
        assert api.call("caption_captionAsset", "setAsDefault", api.admin, captionAssetId=caption) is None
    marks = {
        each["id"]: each.get("isDefault", False)
        for each in api.call("caption_captionAsset", "list", api.admin, filter={"entryIdEqual": entry})["objects"]
    }
    assert marks == {first: False, second: True}


def test_captions_go_with_their_entry(api: Api, entry: str) -> None:
    caption = add_caption(api, entry, SRT)
    assert api.call("media", "delete", api.admin, entryId=entry) is None
    answer = api.call("caption_captionAsset", "get", api.admin, captionAssetId=caption)
    assert answer["code"] == "CAPTION_ASSET_ID_NOT_FOUND"


def test_texts_that_are_no_captions_name_the_way_out(api: Api, entry: str) -> None:
    for text in ("just words", "<tt><p begin='soon'>x</p></tt>", "<tt", "<!DOCTYPE tt><tt/>"):
        with pytest.raises(ValueError, match=r"send|write|leave|well-formed"):
            parse_captions(text)
    caption = add_caption(api, entry, "just words")
    reply = api.http.get(
        f"{api.url}/api_v3/service/caption_captionAsset/action/serveWebVTT/captionAssetId/{caption}/segmentIndex/-1",
        timeout=30,
    )
    assert (reply.content, reply.headers["X-Kaltura"]) == (b"", "error- CAPTION_ASSET_PARSING_FAILED")


def test_cues_survive_a_round() -> None:
    cues = [Cue(0, 1500, "a\nb"), Cue(3_600_000, 3_661_001, "<i>c</i>")]
    assert parse_captions(write_webvtt(cues)) == cues
    assert parse_captions("") == parse_captions("WEBVTT\n") == []
