"""From the filter of a report request to what is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..query import equal
from ..schema import ApiObject
from ..services.category import categories
from ..store import Document, Store
from ..traffic.plan import TrafficPlan
from .countries import country_code
from .figures import Condition, Question
from .periods import days_period, usable_offset
from .types import Details, Event, ReportType, country, domain
from .user_agents import browser, device, operating_system

DEFAULT_DELIMITER = ","

# What is compared with a list of allowed values; one of several suffices.
_Reader = Callable[[Event, Details], tuple[str, ...]]


def _of_event(name: str) -> _Reader:
    return lambda event, entry: (str(event.get(name)),)


def _of_entry(name: str) -> _Reader:
    return lambda event, entry: (str(entry.get(name)),)


def _agent(read: Callable[[str], str]) -> _Reader:
    return lambda event, entry: (read(str(event.get("userAgent") or "")),)


def _country(event: Event, entry: Details) -> tuple[str, ...]:
    name = country(event, entry)
    return name, country_code(name)


def _categories(event: Event, entry: Details) -> tuple[str, ...]:
    return tuple(str(entry.get("categoriesIds") or "").split(","))


_LISTS: Mapping[str, _Reader] = {
    "userIds": _of_event("userId"),
    "ownerIdsIn": _of_entry("userId"),
    "mediaTypeIn": _of_entry("mediaType"),
    "sourceTypeIn": _of_entry("sourceType"),
    "uiConfIdIn": _of_event("uiconfId"),
    "playbackContextIdsIn": _of_event("contextId"),
    "countryIn": _country,
    "regionIn": _of_event("region"),
    "citiesIn": _of_event("city"),
    "domainIn": lambda event, entry: (domain(event, entry),),
    "categoriesIdsIn": _categories,
    "deviceIn": _agent(device),
    "operatingSystemIn": _agent(operating_system),
    "browserIn": _agent(browser),
}

_BELOW = "categoriesAncestorIdIn"
LIST_PROPERTIES = ("entryIdIn", _BELOW, *sorted(set(_LISTS) - {"userIds"}))


def read_question(
    store: Store, report: ReportType, partner_id: int, filter: ApiObject, object_ids: str | None, delimiter: str,
    traffic: TrafficPlan | None,
) -> Question | None:  # fmt: skip
    """Turn a filter into a question.

    :param store: knows the tree of categories.
    :param report: the kind of report.
    :param partner_id: the account.
    :param filter: a ``KalturaReportInputFilter``.
    :param object_ids: keys the report is limited to, separated by the delimiter.
    :param delimiter: what separates the values of lists here, and the cells of the answer.
    :param traffic: synthetic traffic of the account.
    :return: None when the filter names no period; Kaltura answers nothing then.
    """
    offset = usable_offset(filter.get("timeZoneOffset", 0))
    period = _period(filter, offset)
    if period is None:
        return None
    conditions = [
        _one_of(read, _split(filter.get(name), delimiter))
        for name, read in _LISTS.items()
        if filter.get(name)
    ]  # fmt: skip
    if filter.get(_BELOW):
        below = _below(store, partner_id, _split(filter.get(_BELOW), delimiter))
        conditions.append(_one_of(_categories, below))
    keywords = str(filter.get("keywords") or "").strip().lower()
    if keywords:
        conditions.append(_mentions(keywords, in_tags=bool(filter.get("searchInTags"))))
    for name, sign in (("entryCreatedAtGreaterThanOrEqual", 1), ("entryCreatedAtLessThanOrEqual", -1)):
        if filter.get(name) is not None:
            conditions.append(_created(filter[name], sign))
    return Question(
        report, partner_id, *period, offset,
        object_ids=_split(object_ids, delimiter) if object_ids else None,
        entry_ids=_split(filter.get("entryIdIn"), delimiter) if filter.get("entryIdIn") else None,
        conditions=tuple(conditions), traffic=traffic,
    )  # fmt: skip


def _period(filter: ApiObject, offset: int) -> tuple[int, int] | None:
    first, last = filter.get("fromDay"), filter.get("toDay")
    if first and last:
        return days_period(first, last, offset)
    moments = [filter.get("fromDate"), filter.get("toDate")]
    if None in moments:
        return None
    return min(moments), max(moments) + 1


def _split(text: str | None, delimiter: str) -> frozenset[str]:
    return frozenset(part.strip() for part in str(text or "").split(delimiter) if part.strip())


def _below(store: Store, partner_id: int, wanted: frozenset[str]) -> frozenset[str]:
    """Return the categories and all below them."""
    known = categories(store).find(equal("partnerId", partner_id))
    return frozenset(str(each["id"]) for each in known if wanted & set(each["fullIds"].split(">")))


def _one_of(read: _Reader, allowed: frozenset[str]) -> Condition:
    return lambda event, entry: not allowed.isdisjoint(read(event, entry))


def _mentions(words: str, *, in_tags: bool) -> Condition:
    def holds(event: Document, entry: Document) -> bool:
        searched = f"{entry.get('name', '')} {entry.get('tags', '') if in_tags else ''}"
        return words in searched.lower()

    return holds


def _created(moment: int, sign: int) -> Condition:
    return lambda event, entry: sign * (entry.get("createdAt", 0) - moment) >= 0
