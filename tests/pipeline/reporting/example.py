"""A believable page, for tests of how it looks and reads."""

from __future__ import annotations

import base64
import io
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from kaltura_pipeline.reporting.page_model import (
    CaptionDebt,
    DayFigures,
    DropOff,
    Headline,
    Library,
    PageData,
    Share,
    Title,
    Usage,
)

LAST = date(2026, 11, 24)
NAMES = (
    "Physics: Light and Waves 3", "Contracts 1: Offer and Acceptance", "Introduction to Algorithms, part 7",
    "Anatomy: The Heart", "שיעור ראשון בפיזיקה", "Лекция 4: Интегралы", "Chemistry: Energy 12",
    "A very long title that goes on and on, as titles of recorded meetings do when nobody gives them a better name",
)  # fmt: skip
CATEGORIES = (
    "Physics>Optics", "Law>Civil law", "Computing>Algorithms", "Medicine>Anatomy", "Physics>Mechanics", "Mathematics",
    "Chemistry>Energy", "Meetings",
)  # fmt: skip


def picture(shade: int) -> str:
    """A frame of a film: a hall at dusk, with a light in it."""
    from PIL import Image, ImageDraw, ImageFilter

    film = Image.linear_gradient("L").resize((120, 68))
    frame = Image.merge("RGB", [film.point(lambda light, at=at: light * at // 400 + 30) for at in (90, shade, 250)])
    draw = ImageDraw.Draw(frame)
    draw.ellipse((20 + shade // 4, 10, 60 + shade // 4, 50), fill=(250, 220, 150 + shade // 3))
    draw.rectangle((0, 54, 120, 68), fill=(24, 28, 48))
    target = io.BytesIO()
    frame.filter(ImageFilter.GaussianBlur(1)).save(target, "JPEG", quality=60)
    return f"data:image/jpeg;base64,{base64.b64encode(target.getvalue()).decode()}"


def title(number: int, **more: Any) -> Title:
    plays = 940 // (number + 1)
    values: dict[str, Any] = {
        "entry_id": f"0_{number:08}", "name": NAMES[number % len(NAMES)], "owner": f"teacher{number:03}",
        "categories": (CATEGORIES[number % len(CATEGORIES)],), "duration_seconds": 2750.0 - 171 * (number % 9),
        "plays": plays, "plays_before": plays - 40 + 7 * number, "viewers": plays * 2 // 3,
        "seconds_viewed": plays * 812.5, "completion_ratio": max(0.05, 0.66 - 0.02 * number),
        "thumbnail": picture(20 * number % 250), "link": f"../../pages/0_{number:08}.html",
    }  # fmt: skip
    return Title(**{**values, **more})


def curve(name: str, stay: float) -> DropOff:
    return DropOff(name, tuple(stay ** (percent * 4 // 100) for percent in range(1, 101)))


def day() -> PageData:
    debt = CaptionDebt(
        1811, 704,
        (("Physics", 201, 81_000.0), ("Law", 166, 44_210.0), ("Medicine", 188, 39_400.0), ("Computing", 61, 12_700.0),
         ("No category", 88, 900.0)),
        tuple(
            (NAMES[number % 8], CATEGORIES[number % 8].partition(">")[0], 9000.0 - 400 * number, number % 3 == 0)
            for number in range(20)
        ),
        tuple((LAST - timedelta(days=29 - back), 762 - 2 * back - (back % 5)) for back in range(30)),
    )  # fmt: skip
    return PageData(
        period="day", first=LAST, last=LAST, time_zone="Europe/Berlin", provisional=True, synthetic=True,
        written="2026-11-25 06:00 CET", headline=Headline(5211, 2890, 3_908_250.0, 0.58, 803),
        before=Headline(4900, 2801, 3_800_000.0, 0.57, 790), top=tuple(title(number) for number in range(20)),
        rising=tuple(title(number, plays_before=before) for number, before in ((2, 190), (5, 88), (8, 9), (11, 0))),
        drop_offs=tuple(curve(NAMES[number], 0.93 - 0.08 * number) for number in range(5)),
        devices=(Share("Computer", 3900), Share("Mobile", 1100), Share("Tablet", 211)),
        places=(
            Share("Germany", 3702), Share("France", 610), Share("New Zealand", 501), Share("Japan", 240),
            Share("Other", 158),
        ),
        domains=(Share("learn.example.edu", 3911), Share("media.example.edu", 800), Share("Unknown", 500)),
        library=Library(48, 2, 3, (("lectures/broken.mp4", "it has no video; render it again"),)),
        caption_debt=debt, usage=Usage(812_000.0, 48_110.0),
        notes=("2026-11-24: TOP_CONTENT, 803 rows are many: 390 are usual on this weekday",),
        files=tuple(
            (name, f"../../analytics/{name.lower()}/day={LAST}/data.csv")
            for name in ("TOP_CONTENT", "PLATFORMS", "MAP_OVERLAY_COUNTRY", "TOP_SYNDICATION")
        ),
    )  # fmt: skip


def week() -> PageData:
    days = tuple(
        DayFigures(LAST - timedelta(days=6 - number), plays, plays * (690.0 + 10 * number))
        for number, plays in enumerate((4890, 4702, 3950, 1420, 1710, 5317, 5211))
    )
    seconds = sum(each.seconds_viewed or 0 for each in days)
    headline = Headline(sum(each.plays or 0 for each in days), None, seconds, 0.55, 1400)
    return replace(
        day(), period="week", first=days[0].day, days=days, headline=headline, provisional=False,
        before=Headline(25_140, None, 18_300_000.0, 0.57, 1437),
        synthetic=False, notes=(), top=tuple(title(number, viewers=None) for number in range(20)), rising=(),
    )  # fmt: skip


def empty() -> PageData:
    return PageData(
        period="day", first=LAST, last=LAST, time_zone="UTC", provisional=False, synthetic=False, written="now",
        headline=Headline(0, 0, 0.0, None, 0),
    )  # fmt: skip
