"""From the filter of a report request to what is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..schema import ApiObject
from ..store import Document
from .figures import Condition, Question
from .periods import days_period, usable_offset
from .types import Details, Event, ReportType
from .user_agents import browser, device, operating_system

DEFAULT_DELIMITER = ","

_Reader = Callable[[Event, Details], Any]


def _agent(read: Callable[[str], str]) -> _Reader:
    return lambda event, entry: read(str(event.get("userAgent") or ""))


# Lists of allowed values, and what is compared with them.
_LISTS: Mapping[str, _Reader] = {
    "userIds": lambda event, entry: event.get("userId"),
    "ownerIdsIn": lambda event, entry: entry.get("userId"),
    "mediaTypeIn": lambda event, entry: entry.get("mediaType"),
    "sourceTypeIn": lambda event, entry: entry.get("sourceType"),
    "uiConfIdIn": lambda event, entry: event.get("uiconfId"),
    "playbackContextIdsIn": lambda event, entry: event.get("contextId"),
    "deviceIn": _agent(device),
    "operatingSystemIn": _agent(operating_system),
    "browserIn": _agent(browser),
}

LIST_PROPERTIES = ("entryIdIn", *sorted(set(_LISTS) - {"userIds"}))


def read_question(
    report: ReportType, partner_id: int, filter: ApiObject, object_ids: str | None, delimiter: str
) -> Question | None:
    """Turn a filter into a question.

    :param report: the kind of report.
    :param partner_id: the account.
    :param filter: a ``KalturaReportInputFilter``.
    :param object_ids: keys the report is limited to, separated by the delimiter.
    :param delimiter: what separates the values of lists here, and the cells of the answer.
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
        conditions=tuple(conditions),
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


def _one_of(read: _Reader, allowed: frozenset[str]) -> Condition:
    return lambda event, entry: str(read(event, entry)) in allowed


def _mentions(words: str, *, in_tags: bool) -> Condition:
    def holds(event: Document, entry: Document) -> bool:
        searched = f"{entry.get('name', '')} {entry.get('tags', '') if in_tags else ''}"
        return words in searched.lower()

    return holds


def _created(moment: int, sign: int) -> Condition:
    return lambda event, entry: sign * (entry.get("createdAt", 0) - moment) >= 0
