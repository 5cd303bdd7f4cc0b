"""List actions: Kaltura's filters, order and pages over a collection."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any

from .errors import fail
from .query import ALL, Where, at_least, at_most, contains, equal, has_element, one_of, starts_with
from .schema import NULL, ApiObject, kaltura_type, prop

if TYPE_CHECKING:
    from .store import Collection as DocumentCollection
    from .store import Document

DEFAULT_PAGE = 30
MAX_PAGE = 500
MAX_MATCHES = 10_000
MAX_IDS_SEARCH = 150
MAX_IDS_DATABASE = 500

kaltura_type("KalturaFilterPager", None, prop("pageSize", "int"), prop("pageIndex", "int"))
kaltura_type("KalturaPager", None, prop("pageSize", "int"), prop("pageIndex", "int"))
kaltura_type("KalturaFilter", None, prop("orderBy", "string"), prop("advancedSearch", "raw"))

Condition = Callable[[Any], Where]


def find_page(
    collection: DocumentCollection,
    filter_object: ApiObject | None,
    pager: ApiObject | None,
    *,
    base: Where = ALL,
    conditions: Mapping[str, Condition] | None = None,
    aliases: Mapping[str, str] | None = None,
    order_fields: Collection[str] = ("createdAt", "updatedAt"),
    default_order: str = "",
    search: bool = False,
) -> tuple[list[Document], int]:
    """Find the documents of one page of a list action.

    :param filter_object: the filter; properties are read by their endings (``Equal``, ``In``, ``NotIn``, ``Like``,
        ``MultiLikeOr``, ``GreaterThanOrEqual``, ...).
    :param pager: the page.
    :param base: what always holds, for example the account.
    :param conditions: filter properties with a meaning of their own: a function from value to condition.
    :param aliases: stored names of properties whose filters use another one.
    :param order_fields: what ``orderBy`` may name; anything else is ignored.
    :param default_order: as ``orderBy``, when that is missing.
    :param search: a list backed by the search index: it lags, cuts id lists at 150 and ends at 10,000 matches.
    :return: the documents of the page and the number of all matches.
    :raises ApiError: ``QUERY_EXCEEDED_MAX_MATCHES_ALLOWED``.
    """
    where = base & filter_condition(filter_object, conditions, aliases, search=search)
    size, index = page_bounds(pager)
    if search and size is not None and size * index > MAX_MATCHES:
        raise fail("QUERY_EXCEEDED_MAX_MATCHES_ALLOWED")
    text = filter_object.get("orderBy") if filter_object is not None else None
    order = parse_order(text, order_fields) or parse_order(default_order, order_fields)
    total = collection.count(where, search=search)
    offset = 0 if size is None else size * (index - 1)
    found = collection.find(where, order, size, offset, search=search) if offset < total else []
    return found, total


def page_bounds(pager: ApiObject | None) -> tuple[int | None, int]:
    """Return size and number of the page; a size of None means everything (Kaltura's answer to size 0)."""
    size = DEFAULT_PAGE if pager is None else pager.get("pageSize", DEFAULT_PAGE)
    index = 1 if pager is None else pager.get("pageIndex", 1)
    return (None if size <= 0 else min(size, MAX_PAGE)), max(index, 1)


def parse_order(text: str | None, fields: Collection[str]) -> list[tuple[str, bool]]:
    """Read ``-createdAt,+name``; return properties and whether they descend."""
    order = []
    for part in (text or "").split(","):
        name = part.strip().lstrip("+-")
        if name in fields:
            order.append((name, part.strip().startswith("-")))
    return order


def filter_condition(
    filter_object: ApiObject | None,
    conditions: Mapping[str, Condition] | None = None,
    aliases: Mapping[str, str] | None = None,
    *,
    search: bool = False,
) -> Where:
    """Turn a filter into a condition; see :func:`find_page`."""
    where = ALL
    if filter_object is None:
        return where
    limit = MAX_IDS_SEARCH if search else MAX_IDS_DATABASE
    for name, value in filter_object.values.items():
        if value is NULL or value is None or name in {"orderBy", "advancedSearch", "objectType"}:
            continue
        if conditions and name in conditions:
            where &= conditions[name](value)
            continue
        for ending, make in _ENDINGS:
            if name.endswith(ending) and name != ending:
                prefix = name[: -len(ending)]
                field = (aliases or {}).get(prefix, prefix)
                where &= make(field, value, _numeric(filter_object, name), limit)
                break
    return where


def split_list(value: Any, limit: int) -> list[str]:
    """Split a comma-separated list and cut it at a number of elements, as Kaltura does without a word."""
    return [part.strip() for part in str(value).split(",")][:limit]


def _numeric(filter_object: ApiObject, name: str) -> bool:
    """Whether a list filter holds numbers: its property is declared with the kind "numbers" by a sibling Equal."""
    stem = name.removesuffix("NotIn").removesuffix("In")
    sibling = filter_object.kind.properties.get(stem + "Equal")
    return sibling is not None and sibling.kind not in {"string", "mstring"}


def _values(value: Any, numeric: bool, limit: int) -> list[Any]:
    parts: list[Any] = split_list(value, limit)
    if numeric:
        # Dynamic enumerations may mix numbers and names, so both forms are looked for.
        parts += [int(part) for part in parts if part.lstrip("-").isdecimal()]
    return parts


def _equal(field: str, value: Any, numeric: bool, limit: int) -> Where:
    return equal(field, value)


def _in(field: str, value: Any, numeric: bool, limit: int) -> Where:
    return one_of(field, _values(value, numeric, limit)) if str(value).strip() else ALL


def _not_in(field: str, value: Any, numeric: bool, limit: int) -> Where:
    return ~one_of(field, _values(value, numeric, limit)) if str(value).strip() else ALL


def _not_equal(field: str, value: Any, numeric: bool, limit: int) -> Where:
    return ~equal(field, value)


def _like(field: str, value: Any, numeric: bool, limit: int) -> Where:
    return contains(field, str(value)) if str(value) else ALL


def _multi_or(field: str, value: Any, numeric: bool, limit: int) -> Where:
    make = has_element if field in {"tags", "adminTags"} else None
    parts = [part for part in split_list(value, limit) if part]
    if make is not None:
        return make(field, parts) if parts else ALL
    where = ALL
    for index, part in enumerate(parts):
        where = contains(field, part) if index == 0 else where | contains(field, part)
    return where


def _multi_and(field: str, value: Any, numeric: bool, limit: int) -> Where:
    where = ALL
    for part in split_list(value, limit):
        if part:
            where &= has_element(field, [part]) if field in {"tags", "adminTags"} else contains(field, part)
    return where


def _starts_with(field: str, value: Any, numeric: bool, limit: int) -> Where:
    return starts_with(field, str(value)) if str(value) else ALL


def _at_least(field: str, value: Any, numeric: bool, limit: int) -> Where:
    return at_least(field, value)


def _at_most(field: str, value: Any, numeric: bool, limit: int) -> Where:
    return at_most(field, value)


def _above(field: str, value: Any, numeric: bool, limit: int) -> Where:
    return at_least(field, value) & ~equal(field, value)


def _below(field: str, value: Any, numeric: bool, limit: int) -> Where:
    return at_most(field, value) & ~equal(field, value)


def _at_least_or_none(field: str, value: Any, numeric: bool, limit: int) -> Where:
    return at_least(field, value) | equal(field, None)


def _at_most_or_none(field: str, value: Any, numeric: bool, limit: int) -> Where:
    return at_most(field, value) | equal(field, None)


# Longest endings first, as some end in others.
_ENDINGS: tuple[tuple[str, Callable[[str, Any, bool, int], Where]], ...] = (
    ("GreaterThanOrEqualOrNull", _at_least_or_none),
    ("LessThanOrEqualOrNull", _at_most_or_none),
    ("GreaterThanOrEqual", _at_least),
    ("LessThanOrEqual", _at_most),
    ("GreaterThan", _above),
    ("LessThan", _below),
    ("MultiLikeAnd", _multi_and),
    ("MultiLikeOr", _multi_or),
    ("StartsWith", _starts_with),
    ("NotEqual", _not_equal),
    ("NotIn", _not_in),
    ("Equal", _equal),
    ("Like", _like),
    ("In", _in),
)
