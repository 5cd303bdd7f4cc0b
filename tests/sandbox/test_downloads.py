"""What comes back from the addresses of an entry: the bytes that went in, whole or in part."""

from __future__ import annotations

import random
from typing import Any
from urllib.parse import unquote

import pytest
import requests

from .conftest import Api
from .media_entries import IMAGE_TYPE, add_content, add_entry, get, ready_video, token_resource
from .media_files import PICTURE, SOUND, VIDEO


def download_url(api: Api, entry: str) -> str:
    return str(api.call("baseEntry", "get", ks=api.admin, entryId=entry)["downloadUrl"])


def entry_of(api: Api, kind: str, name: str) -> tuple[str, bytes, str]:
    """Make a READY entry; return its id, its bytes and their content type."""
    ks = api.admin
    if kind == "video":
        return ready_video(api, name=name), VIDEO, "video/mp4"
    if kind == "audio":
        return ready_video(api, SOUND, "a.mp3", name=name), SOUND, "audio/mpeg"
    if kind == "image":
        entry = add_entry(api, IMAGE_TYPE, name=name)
        add_content(api, entry, token_resource(api, PICTURE, "p.jpg"))
        return entry, PICTURE, "image/jpeg"
    if kind == "data":
        made = api.call("data", "add", ks=ks, dataEntry={"name": name, "dataContent": "some text ü"})
        return made["id"], "some text ü".encode(), "text/plain"
    content = b"%PDF-1.4 " + random.Random(5).randbytes(5000)
    token = token_resource(api, content, "paper.pdf")["token"]
    made = api.call(
        "document_documents", "addFromUploadedFile", ks=ks, documentEntry={"name": name, "documentType": 13},
        uploadTokenId=token,
    )  # fmt: skip
    return made["id"], content, "application/pdf"


@pytest.mark.parametrize("kind", ["video", "audio", "image", "data", "document"])
def test_download_urls_give_the_bytes_that_went_in(api: Api, kind: str) -> None:
    for name in ("plain", "two words.mp4", 'Grüße 日本 "x"/;?#%&+\'', "a(b)c:d*e|f<g>"):
        entry, content, content_type = entry_of(api, kind, name)
        answer = requests.get(download_url(api, entry), timeout=30)
        assert (answer.status_code, answer.content) == (200, content)
        assert answer.headers["Content-Type"].partition(";")[0] == content_type
        assert answer.headers["Content-Length"] == str(len(content))
        assert answer.headers["Content-Disposition"].startswith('attachment; filename="')


@pytest.mark.parametrize("kind", ["video", "image", "document"])
def test_parts_of_files(api: Api, kind: str) -> None:
    entry, content, _ = entry_of(api, kind, "x")
    url = download_url(api, entry)
    for sent, start, end in (("4-7", 4, 8), ("0-0", 0, 1), (f"{len(content) - 3}-", -3, None), ("-5", -5, None)):
        answer = requests.get(url, headers={"Range": f"bytes={sent}"}, timeout=30)
        assert (answer.status_code, answer.content) == (206, content[start:end])
        assert answer.headers["Content-Range"].endswith(f"/{len(content)}")
    assert requests.get(url, headers={"Range": f"bytes={len(content)}-"}, timeout=30).status_code == 416


def test_head_tells_the_size(api: Api) -> None:
    url = download_url(api, ready_video(api))
    answer = requests.head(url, allow_redirects=True, timeout=30)
    assert (answer.status_code, answer.headers["Content-Length"], answer.content) == (200, str(len(VIDEO)), b"")


def test_the_file_name_is_that_of_the_entry(api: Api) -> None:
    entry = ready_video(api, name="Grüße 1")
    moved = requests.get(download_url(api, entry), allow_redirects=False, timeout=30)
    assert moved.status_code == 302
    assert "/fileName/Gr%C3%BC%C3%9Fe_1(Source).mp4/" in moved.headers["Location"]
    disposition = requests.get(moved.headers["Location"], timeout=30).headers["Content-Disposition"]
    assert unquote(disposition) == unquote('attachment; filename="Gr%C3%BC%C3%9Fe_1(Source).mp4"')


def test_play_addresses_give_the_web_rendition_to_be_shown(api: Api) -> None:
    entry = ready_video(api)
    web = api.call("flavorAsset", "getByEntryId", ks=api.admin, entryId=entry)[1]
    moved = requests.get(get(api, entry)["dataUrl"], allow_redirects=False, timeout=30)
    assert f"/flavorId/{web['id']}/" in moved.headers["Location"]
    answer = requests.get(moved.headers["Location"], timeout=30)
    assert answer.headers["Content-Type"] == "video/mp4"
    assert "Content-Disposition" not in answer.headers


def test_a_chosen_flavor(api: Api) -> None:
    entry = ready_video(api)
    base = f"{api.url}/p/102/sp/10200/playManifest/entryId/{entry}/format/url/protocol/http"
    for asset in api.call("flavorAsset", "getByEntryId", ks=api.admin, entryId=entry):
        for choice in (f"flavorId/{asset['id']}", f"flavorParamIds/{asset['flavorParamsId']}"):
            moved = requests.get(f"{base}/{choice}", allow_redirects=False, timeout=30)
            assert f"/flavorId/{asset['id']}/" in moved.headers["Location"]
    assert requests.get(f"{base}/flavorParamIds/99", timeout=30).headers["X-Kaltura"] == "error-6"


def test_flavor_download_url_moves_to_the_named_file(api: Api) -> None:
    entry = ready_video(api, name="a b")
    source = api.call("flavorAsset", "getByEntryId", ks=api.admin, entryId=entry)[0]
    url = api.call("flavorAsset", "getDownloadUrl", ks=api.admin, id=source["id"])
    answer = requests.get(url, timeout=30)
    assert answer.content == VIDEO
    assert answer.history[0].headers["Location"].endswith("/relocate/a_b(Source).mp4")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="a_b(Source).mp4"'
    assert requests.get(api.call("flavorAsset", "getUrl", ks=api.admin, id=source["id"]), timeout=30).content == VIDEO


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("playManifest/entryId/0_nope/format/download", "error-1"),
        ("raw/entry_id/0_nope/version/0", "error-1"), ("download/entry_id/0_nope", "error-1"),
        ("serveFlavor/entryId/0_nope/flavorId/0_nope", "error-6"),
        ("playManifest/entryId/{entry}/format/download", "error-6"), ("raw/entry_id/{entry}", "error-5"),
        ("download/entry_id/{entry}", "error-6"), ("playManifest/entryId/{entry}/format/nonsense", "error-6"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_404_with_a_header(api: Api, path: str, error: str) -> None:
    entry = add_entry(api)
    answer = requests.get(f"{api.url}/p/102/sp/10200/{path.format(entry=entry)}", timeout=30)
    assert (answer.status_code, answer.content, answer.headers["X-Kaltura"]) == (404, b"", error)


def test_deleted_and_foreign_entries_give_nothing(api: Api) -> None:
    entry = ready_video(api)
    url = download_url(api, entry)
    location = requests.get(url, allow_redirects=False, timeout=30).headers["Location"]
    assert requests.get(url.replace("/p/102/", "/p/103/"), timeout=30).status_code == 404
    assert requests.get(location.replace("/p/102/", "/p/103/"), timeout=30).status_code == 404
    api.call("media", "delete", ks=api.admin, entryId=entry)
    assert requests.get(url, timeout=30).status_code == 404
    assert requests.get(location, timeout=30).status_code == 404


def test_serve_actions_of_text_and_documents(api: Api) -> None:
    for kind, service in (("data", "data"), ("document", "document_documents")):
        entry, content, _ = entry_of(api, kind, "näme")
        answer = requests.get(f"{api.url}/api_v3/service/{service}/action/serve?entryId={entry}", timeout=30)
        assert answer.content == content
        assert "filename*=UTF-8''n%C3%A4me" in answer.headers["Content-Disposition"]


def test_a_replaced_text_is_served_at_once(api: Api) -> None:
    ks = api.admin
    made: dict[str, Any] = api.call("data", "add", ks=ks, dataEntry={"name": "d", "dataContent": "old"})
    changed = api.call("data", "update", ks=ks, entryId=made["id"], documentEntry={"dataContent": "new text"})
    assert (changed["dataContent"], int(changed["version"]) > int(made["version"])) == ("new text", True)
    assert requests.get(changed["downloadUrl"], timeout=30).text == "new text"
