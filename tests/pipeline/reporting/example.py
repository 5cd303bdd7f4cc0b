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
    "Physics: Light and Waves 3", "Law: Contracts 1", "Introduction to Algorithms, part 7", "Anatomy: The Heart",
    "שיעור ראשון בפיזיקה", "微积分 第三讲", "Chemistry: Energy 12",
    "A very long title that goes on and on, as titles of recorded meetings do when nobody gives them a better name",
)  # fmt: skip


def picture(shade: int) -> str:
    from PIL import Image

    target = io.BytesIO()
    Image.new("RGB", (120, 68), (40, shade, 160)).save(target, "PNG")
    return f"data:image/png;base64,{base64.b64encode(target.getvalue()).decode()}"


def title(number: int, **more: Any) -> Title:
    plays = 940 // (number + 1)
    values: dict[str, Any] = {
        "entry_id": f"0_{number:08}", "name": NAMES[number % len(NAMES)], "owner": f"teacher{number:03}",
        "categories": ("Physics>Optics",), "duration_seconds": 2750.0 + number, "plays": plays,
        "plays_before": plays - 40 + 7 * number, "viewers": plays * 2 // 3, "seconds_viewed": plays * 812.5,
        "completion_ratio": max(0.05, 0.66 - 0.02 * number), "thumbnail": picture(20 * number % 250),
        "link": f"../../pages/0_{number:08}.html",
    }  # fmt: skip
    return Title(**{**values, **more})


def curve(name: str, stay: float) -> DropOff:
    return DropOff(name, tuple(stay ** (percent * 4 // 100) for percent in range(1, 101)))


def day() -> PageData:
    debt = CaptionDebt(
        1811, 704, (("Physics", 120, 81_000.0), ("Law", 96, 44_210.0), ("No category", 31, 900.0)),
        tuple((NAMES[number % 8], "Physics", 9000.0 - 400 * number, number % 3 == 0) for number in range(20)),
        tuple((LAST - timedelta(days=30 - back), 760 - 2 * back) for back in range(30)),
    )  # fmt: skip
    return PageData(
        period="day", first=LAST, last=LAST, time_zone="Europe/Berlin", provisional=True, synthetic=True,
        written="2026-11-25 06:00 CET", headline=Headline(5211, 2890, 3_912_000.0, 0.58, 803),
        before=Headline(4900, 2801, 3_800_000.0, 0.57, 790), top=tuple(title(number) for number in range(20)),
        rising=tuple(title(number, plays_before=3) for number in range(4)),
        drop_offs=tuple(curve(NAMES[number], 0.93 - 0.08 * number) for number in range(5)),
        devices=(Share("Computer", 3900), Share("Mobile", 1100), Share("Tablet", 211)),
        places=(Share("Germany", 4100), Share("France", 610), Share("New Zealand", 501)),
        domains=(Share("learn.example.edu", 4400), Share("Unknown", 811)),
        library=Library(48, 2, 3, (("lectures/broken.mp4", "it has no video; render it again"),)),
        caption_debt=debt, usage=Usage(812_000.0, 48_110.0),
        notes=("2026-11-24: TOP_CONTENT, 803 rows are many: 390 are usual on this weekday",),
        files=(("TOP_CONTENT", "../../analytics/top_content/day=2026-11-24/data.csv"),),
    )  # fmt: skip


def week() -> PageData:
    days = tuple(
        DayFigures(LAST - timedelta(days=6 - number), plays, plays * 700.0)
        for number, plays in enumerate((4100, 5200, 5300, 4800, 3600, 1900, 2300))
    )
    headline = Headline(27_200, None, 19_040_000.0, 0.55, 1400)
    return replace(
        day(), period="week", first=days[0].day, days=days, headline=headline, before=None, provisional=False,
        synthetic=False, notes=(), top=tuple(title(number, viewers=None) for number in range(20)), rising=(),
    )  # fmt: skip


def empty() -> PageData:
    return PageData(
        period="day", first=LAST, last=LAST, time_zone="UTC", provisional=False, synthetic=False, written="now",
        headline=Headline(0, 0, 0.0, None, 0),
    )  # fmt: skip
