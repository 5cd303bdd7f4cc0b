"""Lists of entries: Kaltura's defaults, filters and search."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..errors import fail
from ..listing import MAX_IDS_SEARCH, filter_condition, find_page, split_list
from ..query import ALL, NOTHING, Where, at_least, at_most, contains, equal, has_element, one_of
from ..schema import ApiObject
from .entries import (
    DATA,
    DELETED,
    DOCUMENT,
    MEDIA_CLIP,
    PENDING_MODERATION,
    READY,
    REJECTED,
    SYSTEM,
    entries,
)

if TYPE_CHECKING:
    from ..context import Context
    from ..store import Document

_ORDER = (
    "createdAt", "updatedAt", "name", "startDate", "endDate", "mediaType", "plays", "views", "duration", "msDuration",
    "lastPlayedAt", "moderationCount", "partnerSortValue", "rank", "totalRank", "referenceId",
)  # fmt: skip
_TYPES = {"KalturaMediaEntry": MEDIA_CLIP, "KalturaDataEntry": DATA, "KalturaDocumentEntry": DOCUMENT}
_TEXT_FIELDS = ("name", "tags", "description", "referenceId", "id", "adminTags", "userId")


def list_entries(
    context: Context, sent: ApiObject | None, pager: ApiObject | None, object_type: str | None = None
) -> tuple[list[Document], int]:
    """Find one page of entries.

    :param sent: the filter.
    :param object_type: only entries of this type; None lists all types.
    :return: the entries and the number of all matches.
    """
    base = _base(context, sent, object_type)
    return find_page(
        entries(context.store), sent, pager, base=base, conditions=_conditions(context), order_fields=_ORDER,
        default_order="-createdAt", search=_searches(sent),
    )  # fmt: skip


def count_entries(context: Context, sent: ApiObject | None, object_type: str | None = None) -> int:
    """Count the entries that a list with this filter has."""
    search = _searches(sent)
    where = _base(context, sent, object_type) & filter_condition(sent, _conditions(context), search=search)
    return entries(context.store).count(where, search=search)


def live_entries(context: Context, ids: str) -> list[Document]:
    """Return the entries with these ids in every status but deleted, leaving out unknown ids."""
    wanted = list(dict.fromkeys(part for part in split_list(ids, len(ids) + 1) if part))
    found = entries(context.store).find(_own(context) & one_of("id", wanted) & ~equal("status", DELETED))
    by_id = {entry["id"]: entry for entry in found}
    return [by_id[each] for each in wanted if each in by_id]


def entries_by_reference(context: Context, reference_id: str, pager: ApiObject | None) -> tuple[list[Document], int]:
    """Find the entries with a reference id, in every status but deleted."""
    base = _own(context) & equal("referenceId", reference_id) & ~equal("status", DELETED) & _shown()
    return find_page(entries(context.store), None, pager, base=base, search=True)


def _own(context: Context) -> Where:
    return equal("partnerId", context.partner_id)


def _shown() -> Where:
    return ~equal("displayInSearch", SYSTEM)


def _sent(sent: ApiObject | None, *names: str) -> bool:
    return sent is not None and any(name in sent for name in names)


def _by_id(sent: ApiObject | None) -> bool:
    return _sent(sent, "idEqual", "redirectFromEntryId")


def _searches(sent: ApiObject | None) -> bool:
    """Tell whether a list goes through the search index; one by id reads the database."""
    return not _by_id(sent)


def _base(context: Context, sent: ApiObject | None, object_type: str | None) -> Where:
    """Return what a list holds unless its filter says otherwise: what is ready, approved and the caller's own."""
    where = _own(context)
    if object_type is not None:
        where &= equal("type", _TYPES[object_type])
    if _by_id(sent):
        return where
    if not _sent(sent, "statusEqual", "statusIn"):
        where &= equal("status", READY)
    if not _sent(sent, *(f"moderationStatus{each}" for each in ("Equal", "In", "NotEqual", "NotIn"))):
        where &= ~one_of("moderationStatus", (PENDING_MODERATION, REJECTED))
    if not _sent(sent, "displayInSearchEqual", "replacedEntryIdEqual", "replacedEntryIdIn"):
        where &= _shown()
    if not context.is_admin and not context.may("list", "*"):
        # An anonymous session owns nothing, not even the entries that nobody owns.
        where &= equal("userId", context.user_id) if context.user_id else NOTHING
    return where


def _conditions(context: Context) -> dict[str, Callable[[Any], Where]]:
    def redirect(value: str) -> Where:
        if entries(context.store).get(value, context.partner_id) is None:
            raise fail("INVALID_ENTRY_ID", ID=value)
        return equal("id", value)

    conditions: dict[str, Callable[[Any], Where]] = {
        "redirectFromEntryId": redirect,
        "partnerIdIn": lambda value: one_of("partnerId", _numbers(value)),
        "freeText": lambda value: _words(str(value), _TEXT_FIELDS),
        "searchTextMatchAnd": lambda value: _words(str(value).replace(",", " "), _TEXT_FIELDS),
        "searchTextMatchOr": lambda value: _any(_parts(value), lambda part: _in_fields(part, _TEXT_FIELDS)),
        "categoriesIdsMatchOr": lambda value: has_element("categoriesIds", _parts(value)),
        "categoriesIdsMatchAnd": lambda value: _all(_parts(value), lambda part: has_element("categoriesIds", [part])),
        "categoriesIdsNotContains": lambda value: ~has_element("categoriesIds", _parts(value)),
        "categoriesIdsEmpty": lambda value: equal("categoriesIds", "") if value else ~equal("categoriesIds", ""),
        "categoriesMatchOr": lambda value: _any(_parts(value), _in_category),
        "categoriesMatchAnd": lambda value: _all(_parts(value), _in_category),
        "categoriesNotContains": lambda value: ~_any(_parts(value), _in_category),
        "categoriesFullNameIn": lambda value: has_element("categories", _parts(value)),
        "categoryAncestorIdIn": lambda value: _below_categories(context, _parts(value)),
        "flavorParamsIdsMatchOr": lambda value: has_element("flavorParamsIds", _parts(value)),
        "flavorParamsIdsMatchAnd": lambda value: _all(
            _parts(value), lambda part: has_element("flavorParamsIds", [part])
        ),
        "isRoot": lambda value: equal("parentEntryId", None) if value else ~equal("parentEntryId", None),
    }
    for name in ("startDate", "endDate"):
        conditions[f"{name}GreaterThanOrEqualOrNull"] = _or_null(name, at_least)
        conditions[f"{name}LessThanOrEqualOrNull"] = _or_null(name, at_most)
    for prefix, fields in {
        "tagsName": ("tags", "name"), "tagsAdminTags": ("tags", "adminTags"),
        "tagsAdminTagsName": ("tags", "adminTags", "name"),
    }.items():  # fmt: skip
        conditions[f"{prefix}MultiLikeOr"] = _multi(fields, _any)
        conditions[f"{prefix}MultiLikeAnd"] = _multi(fields, _all)
    return conditions


def _parts(value: Any) -> list[str]:
    return [part for part in split_list(value, MAX_IDS_SEARCH) if part]


def _numbers(value: Any) -> list[int]:
    return [int(part) for part in _parts(value) if part.lstrip("-").isdecimal()]


def _any(parts: list[str], make: Callable[[str], Where]) -> Where:
    where = NOTHING if parts else ALL
    for part in parts:
        where |= make(part)
    return where


def _all(parts: list[str], make: Callable[[str], Where]) -> Where:
    where = ALL
    for part in parts:
        where &= make(part)
    return where


def _in_fields(text: str, fields: tuple[str, ...]) -> Where:
    return _any(list(fields), lambda name: contains(name, text))


def _words(text: str, fields: tuple[str, ...]) -> Where:
    return _all(text.split(), lambda word: _in_fields(word.strip('"'), fields))


def _multi(
    fields: tuple[str, ...], join: Callable[[list[str], Callable[[str], Where]], Where]
) -> Callable[[Any], Where]:
    return lambda value: join(_parts(value), lambda part: _in_fields(part, fields))


def _or_null(name: str, compare: Callable[[str, float], Where]) -> Callable[[Any], Where]:
    return lambda value: compare(name, value) | equal(name, None)


def _in_category(full_name: str) -> Where:
    """The entry is in the named category or below it."""
    return has_element("categories", [full_name]) | contains("categories", f"{full_name}>")


def _below_categories(context: Context, ids: list[str]) -> Where:
    """The entry is in one of these categories or anywhere below."""
    from .category import categories

    wanted = set(ids)
    below = [
        str(category["id"])
        for category in categories(context.store).find(_own(context))
        if wanted & set(category["fullIds"].split(">"))
    ]
    return has_element("categoriesIds", below) if below else NOTHING
