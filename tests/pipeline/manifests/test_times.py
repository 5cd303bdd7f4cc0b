"""Local times, and what daylight saving does to some of them."""

from __future__ import annotations

import re
from datetime import datetime, timezone

import pytest

from kaltura_pipeline.manifests.times import moment, zone
from kaltura_pipeline.manifests.values import WrongValueError


def utc(text: str, where: str = "Europe/Berlin") -> str:
    return f"{datetime.fromtimestamp(moment(text, zone(where)), timezone.utc):%Y-%m-%d %H:%M:%S}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-12-01 09:00", "2026-12-01 08:00:00"),
        ("2026-07-01T09:00:30", "2026-07-01 07:00:30"),
        ("2026-07-01", "2026-06-30 22:00:00"),
        ("2026-07-01 9:05", "2026-07-01 07:05:00"),
        ("2026-07-01T09:00Z", "2026-07-01 09:00:00"),
        ("2026-07-01 09:00 -0330", "2026-07-01 12:30:00"),
        ("2026-10-25 02:30+02:00", "2026-10-25 00:30:00"),
        ("2026-10-25 02:30+01:00", "2026-10-25 01:30:00"),
        ("2026-07-01 09:00:00.25", "2026-07-01 07:00:00"),
    ],
)
def test_times(text: str, expected: str) -> None:
    assert utc(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2026-03-29 02:30", "does not exist in Europe/Berlin.*; .*2026-03-29 03:30"),
        (
            "2026-10-25 02:30",
            r"comes twice in Europe/Berlin.*; write 2026-10-25 02:30\+02:00 or 2026-10-25 02:30\+01:00",
        ),
        ("2026-02-29", "does not exist"),
        ("2026-12-01 25:00", "does not exist"),
        ("1969-12-31", "is not between"),
        ("2100-01-01", "is not between"),
        ("0000-01-01", "does not exist"),
        ("2026-12-01 09:00+25:00", "is .*from UTC, as no place is"),
        ("12/01/2026", "is not a date and time; write it like"),
        ("٢٠٢٦-12-01", "is not a date and time"),
        ("", "is not a date and time"),
    ],
)
def test_times_that_cannot_be_meant(text: str, message: str) -> None:
    with pytest.raises(WrongValueError) as caught:
        utc(text)
    assert re.search(message, f"{caught.value.message}; {caught.value.fix}")


@pytest.mark.parametrize(
    "name", ["localtime", "../etc/passwd", "/etc/localtime", "Europe", "Mars/Olympus", "", "a" * 5000]
)
def test_zones_are_names_of_the_list_only(name: str) -> None:
    with pytest.raises(WrongValueError, match="is not a time zone"):
        zone(name)
