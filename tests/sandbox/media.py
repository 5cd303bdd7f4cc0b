"""Small real media for tests, and entries made of it."""

from __future__ import annotations

import io
from typing import Any

from .conftest import Api, wait_until

RED, BLUE = (220, 20, 20), (20, 20, 220)


def picture(width: int = 64, height: int = 48, colour: tuple[int, int, int] = RED) -> bytes:
    """A JPEG of one colour."""
    from PIL import Image

    target = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(target, "JPEG")
    return target.getvalue()


def video(seconds: int = 2, width: int = 64, height: int = 48) -> bytes:
    """An MP4 that is red in its first half and blue in its second."""
    import av
    from PIL import Image

    target = io.BytesIO()
    with av.open(target, "w", format="mp4") as container:
        stream: Any = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number in range(seconds * 10):
            colour = RED if number < seconds * 5 else BLUE
            image = Image.new("RGB", (width, height), colour)
            frame = av.VideoFrame.from_image(image)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return target.getvalue()


def add_entry(api: Api, media_type: int, content: bytes, name: str, **values: Any) -> str:
    """An entry with content, READY; ``name`` is the file's name."""
    entry_id = str(api.call("media", "add", api.admin, entry={"name": name, "mediaType": media_type, **values})["id"])
    token = api.call("uploadToken", "add", api.admin)["id"]
    api.upload(token, content, api.admin, name)
    resource = {"objectType": "KalturaUploadedFileTokenResource", "token": token}
    api.call("media", "addContent", api.admin, entryId=entry_id, resource=resource)
    wait_until(lambda: api.call("media", "get", api.admin, entryId=entry_id)["status"] == 2)
    return entry_id


def add_caption(api: Api, entry_id: str, text: str, caption_format: str = "1", **values: Any) -> str:
    """A caption with content."""
    described = {"language": "English", "label": "English", "format": caption_format, **values}
    caption = api.call("caption_captionAsset", "add", api.admin, entryId=entry_id, captionAsset=described)["id"]
    resource = {"objectType": "KalturaStringResource", "content": text}
    api.call("caption_captionAsset", "setContent", api.admin, id=caption, contentResource=resource)
    return str(caption)
