"""What is ordered from the catalog, and what is said when nothing fits."""

from __future__ import annotations

import math

import pytest

from kaltura_provider.api import KalturaClient
from kaltura_provider.api.reach_catalog import (
    CatalogItem,
    ReachChoiceError,
    ReachProfile,
    ReachWish,
    choose_item,
    find_profile,
    list_catalog,
    list_profiles,
)

DAY = 86_400
MACHINE = CatalogItem(1, "m", 1, 2, "English", "", 0, 0.05, 60, False)
HUMAN = CatalogItem(2, "h", 1, 1, "English", "", DAY, 1.5, 60, False)
SLOW = CatalogItem(3, "s", 1, 1, "English", "", 5, 1.0, 60, False)
GERMAN = CatalogItem(4, "t", 2, 2, "English", "German", 0, 0.1, 60, False)
ITEMS = [MACHINE, HUMAN, SLOW, GERMAN]


@pytest.mark.parametrize(
    ("wish", "item"),
    [
        (ReachWish("English"), MACHINE), (ReachWish(" english ", service="human"), SLOW),
        (ReachWish("English", service="human", max_seconds=2 * DAY), HUMAN), (ReachWish("English", "german"), GERMAN),
        (ReachWish(catalog_item_id=2), HUMAN),
    ],
)  # fmt: skip
def test_the_cheapest_that_is_wanted(wish: ReachWish, item: CatalogItem) -> None:
    assert choose_item(ITEMS, wish) == item


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        (
            ReachWish("Englsh"),
            r"in 'Englsh'; did you mean 'English'\? The catalog has: English, German",
        ),
        (ReachWish("Basque"), r"in 'Basque'; use Kaltura's English name of it"),
        (
            ReachWish("German", "English"),
            r"item is machine translation, German to English; the nearest are: 4 \(",
        ),
        (
            ReachWish("English", "German", "human"),
            r"human translation, English to German; the nearest are: 4 \(machine",
        ),
        (
            ReachWish("English", service="human", max_seconds=3600),
            r"human captions, English, within 1 hours; the nearest are: 3 \(human captions, English, 5 business days, "
            r"1 a minute\); 2 \(human captions, English, 24 hours, 1\.5 a minute\)",
        ),
        (ReachWish("English", service="robot"), "neither 'machine' nor 'human'"),
        (ReachWish(), "no language"),
        (ReachWish(catalog_item_id=9), r"cannot order catalog item 9; it can order: 1 \("),
    ],
)
def test_nothing_fits(wish: ReachWish, message: str) -> None:
    with pytest.raises(ReachChoiceError, match=message):
        choose_item(ITEMS, wish)


def test_prices_and_times() -> None:
    assert [MACHINE.price(each) for each in (0, 1, 60_000, 60_001)] == [0, 0.05, 0.05, 0.1]
    assert CatalogItem(1, "", 1, 2, "x", "", 0, 1.0, None, False).price(60_000) is None
    assert CatalogItem(1, "", 1, 2, "x", "", 0, 0.0, None, False).price(60_000) == 0
    assert (MACHINE.seconds, HUMAN.seconds, SLOW.seconds) == (0, DAY, 7 * DAY)
    assert CatalogItem(1, "", 1, 2, "x", "", -1, 1.0, None, False).seconds == math.inf
    assert (
        str(CatalogItem(7, "", 5, 2, "x", "", -1, 1.0, None, False))
        == "7 (machine feature 5, x, best effort, 1 a unit)"
    )


def test_profiles() -> None:
    first, second = ReachProfile(1, "Default", 10, 2.5), ReachProfile(2, "Free", None, 0)
    assert (first.left, second.left) == (7.5, None)
    assert find_profile([first]) == first
    assert [find_profile([first, second], wanted) for wanted in (2, "1", "free")] == [second, first, second]
    for profiles, wanted, message in (
        ([first, second], None, r"2 active REACH profiles \('Default' \(ID 1\), 'Free' \(ID 2\)\).*set 'profile'"),
        ([], None, "ask Kaltura for REACH"),
        ([first, second], "Defalt", "did you mean 'Default'"),
        ([first, second], "x", r"use one of: 'Default' \(ID 1\)"),
        ([first, ReachProfile(3, "DEFAULT", 1, 0)], "default", "2 REACH profiles are called 'default'; use the ID"),
    ):
        with pytest.raises(ReachChoiceError, match=message):
            find_profile(profiles, wanted)


def test_as_the_account_has_them(client: KalturaClient) -> None:
    default = find_profile(list_profiles(client), "Default")
    assert (default.credit, default.left is not None) == (10_000, True)
    assert find_profile(list_profiles(client), "Approved orders").left is None
    item = choose_item(list_catalog(client), ReachWish("English", "German", "human"))
    assert (item.feature, item.service, item.seconds, item.price(120_000)) == (2, 1, 10 * DAY, 12.0)
