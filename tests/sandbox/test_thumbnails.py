"""Thumbnails have the size that was asked for, and show what they should."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image

from .conftest import PARTNER, Api
from .media import BLUE, RED, add_entry, picture, video


def thumbnail(api: Api, entry: str, options: str = "") -> Image.Image:
    reply = api.http.get(f"{api.url}/p/{PARTNER}/sp/{PARTNER}00/thumbnail/entry_id/{entry}{options}", timeout=60)
    assert reply.status_code == 200, reply.headers
    return Image.open(io.BytesIO(reply.content))


def colour(image: Image.Image, x: float = 0.5, y: float = 0.5) -> tuple[int, int, int]:
    """The nearest of the colours that tests use at a point given in parts of the picture."""
    point: Any = image.convert("RGB").getpixel((int(image.width * x), int(image.height * y)))
    return min(
        [RED, BLUE, (255, 255, 255), (0, 0, 0), (64, 64, 64)],
        key=lambda each: sum(abs(one - other) for one, other in zip(each, point, strict=True)),
    )


@pytest.mark.parametrize(
    ("options", "size"),
    [
        ("", (120, 60)), ("/width/50", (50, 25)), ("/height/50", (100, 50)), ("/width/80/height/80", (80, 40)),
        ("/width/80/height/80/type/2", (80, 80)), ("/width/80/height/80/type/3", (80, 80)),
        ("/width/33/height/77/type/5", (33, 77)), ("/width/400", (400, 200)), ("/def_width/64/def_height/48", (64, 32)),
        ("?width=20", (20, 10)), ("/src_x/0/src_y/0/src_w/10/src_h/10/width/30", (30, 30)),
    ],
)  # fmt: skip
def test_sizes(api: Api, options: str, size: tuple[int, int]) -> None:
    entry = add_entry(api, 2, picture(200, 100), "p.jpg")
    assert thumbnail(api, entry, options).size == size


def test_formats_and_background(api: Api) -> None:
    entry = add_entry(api, 2, picture(200, 100), "p.jpg")
    shown = thumbnail(api, entry, "/width/60/height/60/type/2/bgcolor/0000ff/format/png")
    assert (shown.format, colour(shown), colour(shown, y=0.05)) == ("PNG", RED, BLUE)


def test_frames_of_a_video(api: Api) -> None:
    entry = add_entry(api, 1, video(4), "v.mp4")
    assert colour(thumbnail(api, entry, "/vid_sec/0.5")) == RED
    assert colour(thumbnail(api, entry, "/vid_sec/3.5")) == BLUE
    assert colour(thumbnail(api, entry, "/vid_sec/99")) == BLUE
    assert colour(thumbnail(api, entry, "/vid_slice/3/vid_slices/4")) == BLUE
    strip = thumbnail(api, entry, "/vid_slices/4/width/20")
    assert (strip.size, colour(strip, 0.1), colour(strip, 0.9)) == ((80, 15), RED, BLUE)


def test_a_chosen_thumbnail_replaces_the_frame_and_changes_the_address(api: Api) -> None:
    entry = add_entry(api, 1, video(8), "v.mp4")
    before = api.call("media", "get", api.admin, entryId=entry)["thumbnailUrl"]
    thumb = api.call("thumbAsset", "generate", api.admin, entryId=entry, thumbParams={"videoOffset": 7, "width": 32})
    assert (thumb["status"], thumb["width"], thumb["height"]) == (2, 32, 24)
    assert colour(thumbnail(api, entry)) == RED
    api.call("thumbAsset", "setAsDefault", api.admin, thumbAssetId=thumb["id"])
    assert colour(thumbnail(api, entry)) == BLUE
    after = api.call("media", "get", api.admin, entryId=entry)["thumbnailUrl"]
    assert after != before
    assert colour(Image.open(io.BytesIO(api.http.get(after, timeout=60).content))) == BLUE
    served = api.http.get(f"{api.url}/api_v3/service/thumbAsset/action/serve/thumbAssetId/{thumb['id']}", timeout=60)
    assert Image.open(io.BytesIO(served.content)).size == (32, 24)


def test_entries_without_a_picture_get_a_placeholder(api: Api) -> None:
    entry = api.call("media", "add", api.admin, entry={"name": "e", "mediaType": 1})["id"]
    shown = thumbnail(api, entry, "/width/40/height/30")
    assert (shown.size, colour(shown)) == ((40, 30), (64, 64, 64))


def test_a_file_that_is_no_picture_is_a_placeholder(api: Api) -> None:
    entry = add_entry(api, 2, b"%PDF-1.4 not a picture", "p.pdf")
    assert thumbnail(api, entry, "/width/40/height/30").size == (40, 30)


def test_absurd_sizes_do_no_harm(api: Api) -> None:
    entry = add_entry(api, 2, picture(), "p.jpg")
    large = thumbnail(api, entry, "/width/999999/height/999999/type/5")
    assert large.width * large.height <= 25_000_000
    assert thumbnail(api, entry, "/width/-5/height/x").size == (120, 90)
