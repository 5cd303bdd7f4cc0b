"""Steps that tests of entries share."""

from __future__ import annotations

from typing import Any

from .conftest import Api, wait_until
from .media_files import VIDEO

VIDEO_TYPE, IMAGE_TYPE, AUDIO_TYPE = 1, 2, 5
ERROR_IMPORTING, ERROR_CONVERTING, IMPORT, PRECONVERT, READY, DELETED = -2, -1, 0, 1, 2, 3
EVERY_STATUS = "-2,-1,0,1,2,4,5,6,7"


def add_entry(api: Api, media_type: int = VIDEO_TYPE, **values: Any) -> str:
    return str(api.call("media", "add", ks=api.admin, entry={"mediaType": media_type, **values})["id"])


def token_resource(api: Api, content: bytes, file_name: str) -> dict[str, str]:
    token = api.call("uploadToken", "add", ks=api.admin, uploadToken={"fileName": file_name})["id"]
    assert api.upload(token, content, api.admin, file_name=file_name)["status"] == 2
    return {"objectType": "KalturaUploadedFileTokenResource", "token": token}


def add_content(api: Api, entry: str, resource: dict[str, Any]) -> Any:
    return api.call("media", "addContent", ks=api.admin, entryId=entry, resource=resource)


def get(api: Api, entry: str) -> Any:
    return api.call("media", "get", ks=api.admin, entryId=entry)


def wait_for(api: Api, entry: str, *, seconds: float = 10, **values: Any) -> Any:
    """Wait until an entry has these values; return it."""
    wait_until(lambda: values.items() <= get(api, entry).items(), seconds)
    return get(api, entry)


def ready_video(api: Api, content: bytes = VIDEO, file_name: str = "tiny.mp4", **values: Any) -> str:
    entry = add_entry(api, **values)
    assert add_content(api, entry, token_resource(api, content, file_name))["status"] == PRECONVERT
    wait_for(api, entry, status=READY)
    return entry


def flavors(api: Api, entry: str) -> Any:
    return api.call("flavorAsset", "getByEntryId", ks=api.admin, entryId=entry)
