"""What can be ordered from REACH, with whose credit, and what it costs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kaltura_provider.api.errors import ErrorClass, KalturaError
from kaltura_provider.api.suggestions import nearest

if TYPE_CHECKING:
    from kaltura_provider.api.client import KalturaClient

#: KalturaVendorServiceFeature by the word for it.
FEATURES = {"captions": 1, "translation": 2}
#: KalturaVendorServiceType by the word for it.
SERVICES = {"human": 1, "machine": 2}

_ACTIVE = "2"
_DAY = 86_400
_BEST_EFFORT = -1
_MAX_BUSINESS_DAYS = 7
_NAMED = 5
_UNIT_SECONDS = {"calcPricePerSecond": 1, "calcPricePerMinute": 60, "calcPricePerHour": 3600}
_UNIT_WORDS = {1: "a second", 60: "a minute", 3600: "an hour"}


class ReachChoiceError(ValueError):
    """Nothing that can be ordered fits, or more than one profile does; the message names the choices."""


@dataclass(frozen=True)
class ReachProfile:
    """An active profile: whose credit an order takes.

    :param id: its ID.
    :param name: what the KMC shows.
    :param credit: how much it may spend in all; None when there is no limit.
    :param used: how much of that is spent.
    """

    id: int
    name: str
    credit: float | None
    used: float

    @property
    def left(self) -> float | None:
        """What can still be spent; None when there is no limit."""
        return None if self.credit is None else round(self.credit - self.used, 4)

    @classmethod
    def from_api(cls, values: Mapping[str, Any]) -> ReachProfile:
        """Read a ``KalturaReachProfile``."""
        credit = values.get("credit") or {}
        unlimited = credit.get("objectType") == "KalturaUnlimitedVendorCredit"
        total = sum(float(credit.get(name) or 0) for name in ("credit", "overageCredit", "addOn"))
        return cls(
            int(values["id"]),
            str(values.get("name") or ""),
            None if unlimited else total,
            float(values.get("usedCredit") or 0),
        )


@dataclass(frozen=True)
class CatalogItem:
    """Something that can be ordered.

    :param id: its ID.
    :param name: what Kaltura calls it.
    :param feature: number of its KalturaVendorServiceFeature.
    :param service: number of its KalturaVendorServiceType.
    :param language: what is spoken, as Kaltura names it.
    :param target_language: what a translation is into; empty otherwise.
    :param turnaround: KalturaVendorServiceTurnAroundTime: -1 best effort, 0 at once, 1 to 7 business days, or seconds.
    :param price_per_unit: price of a unit of time, or of another unit.
    :param unit_seconds: seconds of a unit; None where the price does not go by time.
    :param resubmission: whether Kaltura takes an order again for content that it was carried out for.
    """

    id: int
    name: str
    feature: int
    service: int
    language: str
    target_language: str
    turnaround: int
    price_per_unit: float
    unit_seconds: int | None
    resubmission: bool

    @classmethod
    def from_api(cls, values: Mapping[str, Any]) -> CatalogItem:
        """Read a ``KalturaVendorCatalogItem``."""
        pricing = values.get("pricing") or {}
        function = str(pricing.get("priceFunction") or "").rpartition("::")[2]
        return cls(
            int(values["id"]),
            str(values.get("name") or ""),
            int(values.get("serviceFeature") or 0),
            int(values.get("serviceType") or 0),
            str(values.get("sourceLanguage") or ""),
            str(values.get("targetLanguage") or ""),
            int(values.get("turnAroundTime") or 0),
            float(pricing.get("pricePerUnit") or 0),
            None if values.get("payPerUse") else _UNIT_SECONDS.get(function),
            bool(values.get("allowResubmission")),
        )

    @property
    def seconds(self) -> float:
        """How long it may take, as far as Kaltura promises anything; business days with the weekend between them."""
        if self.turnaround == _BEST_EFFORT:
            return math.inf
        if 0 < self.turnaround <= _MAX_BUSINESS_DAYS:
            return (self.turnaround + 2 * math.ceil(self.turnaround / 5)) * _DAY
        return self.turnaround

    def price(self, ms_duration: int) -> float | None:
        """Return what it costs for an entry; None where that is known only afterwards.

        :param ms_duration: length of the entry, milliseconds.
        """
        if not self.price_per_unit:
            return 0.0
        if self.unit_seconds is None:
            return None
        return round(math.ceil(math.ceil(ms_duration / 1000) / self.unit_seconds) * self.price_per_unit, 4)

    def __str__(self) -> str:
        feature = next((word for word, number in FEATURES.items() if number == self.feature), f"feature {self.feature}")
        service = next((word for word, number in SERVICES.items() if number == self.service), "other")
        languages = f"{self.language} to {self.target_language}" if self.target_language else self.language
        per = _UNIT_WORDS[self.unit_seconds] if self.unit_seconds else "a unit"
        return f"{self.id} ({service} {feature}, {languages}, {self.turnaround_text}, {self.price_per_unit:g} {per})"

    @property
    def turnaround_text(self) -> str:
        """How long it takes, in words."""
        if self.turnaround == _BEST_EFFORT:
            return "best effort"
        if self.turnaround == 0:
            return "at once"
        if self.turnaround <= _MAX_BUSINESS_DAYS:
            return f"{self.turnaround} business day{'s' if self.turnaround > 1 else ''}"
        hours = self.turnaround / 3600
        return f"{hours:g} hour{'s' if hours != 1 else ''}" if hours <= 48 else f"{self.turnaround / _DAY:g} days"


@dataclass(frozen=True)
class ReachWish:
    """What is to be ordered.

    :param language: what is spoken, as Kaltura names it, such as ``English``; upper and lower case are the same.
    :param target_language: what to translate into; empty orders captions.
    :param service: ``machine`` or ``human``.
    :param max_seconds: longest time it may take; None takes any.
    :param catalog_item_id: the very item, instead of the above.
    """

    language: str = ""
    target_language: str = ""
    service: str = "machine"
    max_seconds: float | None = None
    catalog_item_id: int | None = None

    @property
    def feature(self) -> int:
        """Number of the KalturaVendorServiceFeature."""
        return FEATURES["translation" if self.target_language else "captions"]


def list_profiles(client: KalturaClient) -> list[ReachProfile]:
    """Return the active REACH profiles of the account (``reach_reachprofile.list``).

    :param client: the client.
    :raises KalturaError: if a call failed.
    """
    return [
        ReachProfile.from_api(each)
        for each in client.iterate("reach_reachprofile", filter={"statusEqual": int(_ACTIVE)})
    ]


def list_catalog(client: KalturaClient) -> list[CatalogItem]:
    """Return what the account can order (``reach_vendorcatalogitem.list``).

    :param client: the client.
    :raises KalturaError: if a call failed.
    """
    return [
        CatalogItem.from_api(each)
        for each in client.iterate("reach_vendorcatalogitem", filter={"statusEqual": int(_ACTIVE)})
    ]


def load_profile(client: KalturaClient, wanted: int | str | None = None) -> ReachProfile:
    """Read a profile of the account; see :func:`find_profile`. Only administrators may read profiles: to anybody else
    an ID is taken as it is, and its credit is not known.

    :param client: the client.
    :param wanted: ID or name; None takes the only one there is.
    :raises KalturaError: if a call failed, or a name was given and the session may not read profiles.
    :raises ReachChoiceError: none fits, or several do.
    """
    try:
        return find_profile(list_profiles(client), wanted)
    except KalturaError as error:
        text = str(wanted or "").strip()
        if error.error_class is not ErrorClass.PERMISSION or not text.isdecimal():
            raise
        return ReachProfile(int(text), f"ID {text}", None, 0.0)


def find_profile(profiles: Iterable[ReachProfile], wanted: int | str | None = None) -> ReachProfile:
    """Find a profile.

    :param profiles: those of the account.
    :param wanted: ID or name; None takes the only one there is.
    :raises ReachChoiceError: none fits, or several do.
    """
    known = list(profiles)
    listed = ", ".join(f"{each.name!r} (ID {each.id})" for each in known) or "none"
    if wanted is None or str(wanted).strip() == "":
        if len(known) == 1:
            return known[0]
        raise ReachChoiceError(
            f"the account has {len(known)} active REACH profiles ({listed}), and it matters whose credit is spent; "
            + ("set 'profile' to one of them" if known else "have one made in the KMC, or ask Kaltura for REACH")
        )
    text = str(wanted).strip()
    found = [each for each in known if text == str(each.id)] or [
        each for each in known if text.casefold() == each.name.casefold()
    ]
    if len(found) == 1:
        return found[0]
    if found:
        raise ReachChoiceError(f"{len(found)} REACH profiles are called {text!r}; use the ID: {listed}")
    near = nearest(text, [each.name for each in known])
    advice = f"did you mean {near!r}?" if near else f"use one of: {listed}"
    raise ReachChoiceError(f"the account has no active REACH profile {text!r}; {advice}")


def choose_item(items: Iterable[CatalogItem], wish: ReachWish) -> CatalogItem:
    """Find the cheapest item that is what is wanted, and of these the quickest.

    :param items: what the account can order.
    :param wish: what is wanted.
    :raises ReachChoiceError: none is; the message names those that come nearest.
    """
    known = list(items)
    if wish.catalog_item_id is not None:
        if (found := next((each for each in known if each.id == wish.catalog_item_id), None)) is not None:
            return found
        raise ReachChoiceError(
            f"the account cannot order catalog item {wish.catalog_item_id}; it can order: {_listed(known)}"
        )
    if wish.service not in SERVICES:
        raise ReachChoiceError(f"service {wish.service!r} is neither 'machine' nor 'human'; use one of these")
    if not wish.language.strip():
        raise ReachChoiceError("no language: say which one is spoken, such as 'English', or name a catalog item")
    misses = {item: _misses(item, wish) for item in known}
    fitting = [item for item, missing in misses.items() if not missing]
    if fitting:
        return min(fitting, key=lambda item: (item.price_per_unit / (item.unit_seconds or 1), item.seconds, item.id))
    near = sorted(known, key=lambda item: (sum(misses[item].values()), item.price_per_unit, item.id))
    languages = {each.language for each in known} | {each.target_language for each in known if each.target_language}
    for word in (wish.language, wish.target_language):
        if word and word.casefold() not in {each.casefold() for each in languages}:
            guess = nearest(word, languages)
            advice = f"did you mean {guess!r}?" if guess else "use Kaltura's English name of it"
            raise ReachChoiceError(
                f"nothing can be ordered in {word!r}; {advice} The catalog has: "
                f"{', '.join(sorted(languages)) or 'nothing'}"
            )
    raise ReachChoiceError(
        f"no catalog item is {_words(wish)}; the nearest are: {_listed(near)}. Change the order to one of these, or "
        "ask Kaltura to enable what is missing"
    )


def _misses(item: CatalogItem, wish: ReachWish) -> dict[str, int]:
    """Return in what an item differs from a wish, and how much that matters."""
    return {
        name: weight
        for name, weight, fits in (
            ("feature", 8, item.feature == wish.feature),
            ("language", 4, item.language.casefold() == wish.language.strip().casefold()),
            ("target_language", 4, item.target_language.casefold() == wish.target_language.strip().casefold()),
            ("service", 2, item.service == SERVICES[wish.service]),
            ("seconds", 1, wish.max_seconds is None or item.seconds <= wish.max_seconds),
        )
        if not fits
    }


def _words(wish: ReachWish) -> str:
    what = f"{wish.service} {'translation' if wish.target_language else 'captions'}"
    languages = f"{wish.language} to {wish.target_language}" if wish.target_language else wish.language
    quick = "" if wish.max_seconds is None else f", within {wish.max_seconds / 3600:g} hours"
    return f"{what}, {languages}{quick}"


def _listed(items: Sequence[CatalogItem]) -> str:
    return "; ".join(str(each) for each in items[:_NAMED]) or "nothing"
