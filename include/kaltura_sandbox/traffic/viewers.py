"""Who watches: users and strangers, with the places, devices and pages they use."""

from __future__ import annotations

from functools import lru_cache
from itertools import accumulate
from math import gcd
from typing import NamedTuple

from .plan import TrafficPlan


class Place(NamedTuple):
    """Where a viewer is.

    :param country: its name.
    :param region: a part of it.
    :param city: a town in that.
    """

    country: str
    region: str
    city: str


# Shares of a thousand. Users keep their place and their first device.
_PLACES = (
    (190, Place("Germany", "Bavaria", "Munich")), (140, Place("Germany", "Hesse", "Frankfurt")),
    (120, Place("Germany", "Berlin", "Berlin")), (60, Place("Austria", "Vienna", "Vienna")),
    (50, Place("Switzerland", "Zurich", "Zurich")), (60, Place("France", "Ile-de-France", "Paris")),
    (50, Place("United Kingdom", "England", "London")), (30, Place("Poland", "Mazovia", "Warsaw")),
    (40, Place("Italy", "Lombardy", "Milan")), (30, Place("Turkey", "Istanbul", "Istanbul")),
    (60, Place("United States", "New York", "New York")), (40, Place("United States", "California", "San Francisco")),
    (20, Place("Brazil", "Sao Paulo", "Sao Paulo")), (45, Place("India", "Karnataka", "Bengaluru")),
    (20, Place("China", "Shanghai", "Shanghai")), (15, Place("Kenya", "Nairobi", "Nairobi")),
    (20, Place("Japan", "Tokyo", "Tokyo")), (10, Place("New Zealand", "Chatham Islands", "Waitangi")),
)  # fmt: skip
_COMPUTERS = (
    (430, "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 "
          "Safari/537.36"),
    (120, "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 "
          "Safari/537.36 Edg/142.0.0.0"),
    (90, "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0"),
    (220, "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 "
          "Safari/605.1.15"),
    (60, "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"),
    (50, "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 "
         "Safari/537.36"),
    (30, "Kaltura-Desktop/1.0"),
)  # fmt: skip
_HANDHELDS = (
    (420, "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
          "Version/18.6 Mobile/15E148 Safari/604.1"),
    (380, "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 "
          "Mobile Safari/537.36"),
    (130, "Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 "
          "Safari/604.1"),
    (70, "Mozilla/5.0 (Linux; Android 15; SM-X710) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 "
         "Safari/537.36"),
)  # fmt: skip
# What follows the category's id, and whether the page shows the player in that category.
_PAGES = (
    (560, "https://moodle.example.edu/course/view.php?id=", True), (210, "https://media.example.edu/category/", True),
    (60, "https://canvas.example.org/courses/", True), (80, "https://www.example.edu/news/", False),
    (40, "https://www.google.com/", False), (50, "", False),
)  # fmt: skip
_STRIDE = 7919


class Viewer(NamedTuple):
    """Who watches in one session.

    :param user_id: empty for a stranger.
    :param device_id: what the player's cookie says.
    :param agent: the browser's ``User-Agent``.
    :param place: where that is.
    """

    user_id: str
    device_id: str
    agent: str
    place: Place


def some_viewer(plan: TrafficPlan, who: float, how_much: float, device: float) -> Viewer:
    """Return a user, some much more often than others, or a stranger.

    :param who: 0 to 1.
    :param how_much: 0 to 1.
    :param device: 0 to 1.
    """
    if who < 0.82:
        return known_viewer(plan, int(plan.viewers * how_much * how_much), device)
    number = int(how_much * plan.viewers)
    computers, handhelds = _agents()
    agents = handhelds if device < 0.5 else computers
    return Viewer("", f"a{number:x}", agents[number * _STRIDE % 1000], _places()[number * 613 % 1000])


def known_viewer(plan: TrafficPlan, number: int, device: float) -> Viewer:
    """Return a user.

    :param number: from 0 to the number of viewers.
    :param device: 0 to 1; every user has a computer and something smaller.
    """
    mixed = number * _STRIDE + plan.seed
    computers, handhelds = _agents()
    small = device < 0.28
    agent = (handhelds if small else computers)[mixed % 1000]
    device_id = f"u{number:x}{'h' if small else 'c'}"
    return Viewer(f"student{number + 1:05}", device_id, agent, _places()[mixed * 613 % 1000])


def exam_viewer(plan: TrafficPlan, day: int, number: int, device: float) -> Viewer:
    """Return one of those who watch on an exam day; different numbers are different users.

    :param day: any number that differs by day.
    :param number: from 0 to the number of viewers.
    :param device: 0 to 1.
    """
    stride = _STRIDE
    while gcd(stride, plan.viewers) > 1:
        stride += 1
    return known_viewer(plan, (day * 977 + number * stride) % plan.viewers, device)


def page(chance: float, category_id: int) -> tuple[str, int]:
    """Return the page that shows the player, and the category as which it does (0: none)."""
    for limit, (_, address, in_category) in zip(_page_limits(), _PAGES, strict=True):
        if chance * 1000 < limit:
            return (f"{address}{category_id}", category_id) if in_category else (address, 0)
    raise ValueError(f"{chance} is not below 1")


@lru_cache(maxsize=1)
def _places() -> tuple[Place, ...]:
    return tuple(place for share, place in _PLACES for _ in range(share))


@lru_cache(maxsize=1)
def _agents() -> tuple[tuple[str, ...], tuple[str, ...]]:
    computers, handhelds = (
        tuple(agent for share, agent in kind for _ in range(share)) for kind in (_COMPUTERS, _HANDHELDS)
    )
    return computers, handhelds


@lru_cache(maxsize=1)
def _page_limits() -> tuple[int, ...]:
    return tuple(accumulate(share for share, _, _ in _PAGES))
