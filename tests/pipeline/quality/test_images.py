"""Images for thumbnails, real ones."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from PIL import Image
from tests.provider.api.sample_files import sample

from kaltura_pipeline.quality.images import ThumbnailLimits, check_thumbnail
from kaltura_pipeline.quality.media import MediaProber
from kaltura_pipeline.quality.reading import BytesSource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kaltura_pipeline.manifests.model import Problem


@pytest.fixture(scope="module")
def prober() -> Iterator[MediaProber]:
    with MediaProber() as prober:
        yield prober


def check(prober: MediaProber, name: str, data: bytes, limits: ThumbnailLimits | None = None) -> tuple[Problem, ...]:
    return check_thumbnail(f"in/{name}", prober.probe(BytesSource(name, data)), limits)


def picture(width: int, height: int, form: str = "png") -> bytes:
    file = io.BytesIO()
    Image.effect_noise((width, height), 90).save(file, form)
    return file.getvalue()


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.gif", "a.bmp", "a.webp"])
def test_the_usual_forms_are_taken(prober: MediaProber, name: str) -> None:
    assert check(prober, name, sample(name)) == ()


def test_the_content_decides_not_the_name(prober: MediaProber) -> None:
    assert check(prober, "poster.jpg", sample("a.png")) == ()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("a.tiff", "its content is of the form 'tif'; use one of: jpg, png, gif, bmp, webp"),
        ("a.pdf", "its content is of the form 'pdf'"),
        ("a.mp4", "its content is of the form 'mp4'"),
        ("a.sh", "is not taken"),
    ],
)
def test_other_forms_are_refused(prober: MediaProber, name: str, said: str) -> None:
    (problem,) = check(prober, name, sample(name))
    assert problem.file == f"in/{name}"
    assert said in str(problem)


@pytest.mark.parametrize("form", ["png", "jpeg", "gif"])
def test_damaged_images_are_refused(prober: MediaProber, form: str) -> None:
    whole = picture(200, 150, form)
    assert check(prober, f"poster.{form}", whole) == ()
    (problem,) = check(prober, f"poster.{form}", whole[: len(whole) // 2])
    assert "damaged image: " in str(problem)
    assert "put a whole copy in its place" in str(problem)


def test_a_small_file_that_says_it_is_huge_costs_nothing(prober: MediaProber) -> None:
    bomb = bytearray(picture(20, 20))
    bomb[16:24] = (60_000).to_bytes(4, "big") * 2
    import zlib

    bomb[29:33] = zlib.crc32(bomb[12:29]).to_bytes(4, "big")
    (problem,) = check(prober, "poster.png", bytes(bomb))
    assert "60000" in str(problem) or "damaged" in str(problem)


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (ThumbnailLimits(max_bytes=1000), "are more than 1000; save it smaller"),
        (ThumbnailLimits(max_side=199), "200 x 150 pixels: a side is longer than 199"),
        (ThumbnailLimits(min_side=151), "200 x 150 pixels: a side is shorter than 151; use a larger image"),
    ],
)
def test_limits_are_kept(prober: MediaProber, limits: ThumbnailLimits, said: str) -> None:
    (problem,) = check(prober, "poster.png", picture(200, 150), limits)
    assert said in str(problem)
