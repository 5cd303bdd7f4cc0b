"""Attachments without content, and content that cannot be fetched."""

from __future__ import annotations

from .conftest import Api
from .media_files import Origin

SERVICE = "attachment_attachmentAsset"


def test_an_address_that_serves_nothing_is_refused(api: Api, source: Origin) -> None:
    entry = api.call("media", "add", api.admin, entry={"name": "e", "mediaType": 1})["id"]
    made = api.call(SERVICE, "add", api.admin, entryId=entry, attachmentAsset={"filename": "a.txt"})["id"]
    assert api.call(SERVICE, "getUrl", api.admin, id=made)["code"] == "ATTACHMENT_ASSET_IS_NOT_READY"
    resource = {"objectType": "KalturaUrlResource", "url": f"{source.url}/missing.txt"}
    refused = api.call(SERVICE, "setContent", api.admin, id=made, contentResource=resource)
    assert (refused["code"], refused["args"]) == ("ATTACHMENT_ASSET_DOWNLOAD_FAILED", {"URL": resource["url"]})
    assert api.call(SERVICE, "get", api.admin, attachmentAssetId=made)["status"] == -1
    source.files["/a.txt"] = b"text"
    resource["url"] = f"{source.url}/a.txt"
    assert api.call(SERVICE, "setContent", api.admin, id=made, contentResource=resource)["status"] == 2
    # What is there stays when something else cannot be fetched.
    resource["url"] = f"{source.url}/missing.txt"
    assert "code" in api.call(SERVICE, "setContent", api.admin, id=made, contentResource=resource)
    kept = api.call(SERVICE, "get", api.admin, attachmentAssetId=made)
    assert (kept["status"], kept["size"]) == (2, 4)
