"""Categories by their full path, such as ``Physics>Optics``."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from kaltura_provider.api.errors import KalturaError
from kaltura_provider.api.paging import MAX_IN_VALUES, MAX_PAGE_SIZE, chunked
from kaltura_provider.api.suggestions import advice

if TYPE_CHECKING:
    from kaltura_provider.api.client import KalturaClient

SEPARATOR = ">"
#: Longest name of one level, in characters.
MAX_LEVEL_NAME = 200
#: An entry can be in that many categories, unless Kaltura lifted the limit for the account.
MAX_CATEGORIES_OF_ENTRY = 32

# A category that was just made by somebody else is found once the search index has it.
_LOOKS_FOR_DUPLICATE = 6
# Paths among which the nearest one to a wrong path is looked for.
_PATHS_FOR_ADVICE = 5000
_FIELDS = {"objectType": "KalturaDetachedResponseProfile", "type": 1, "fields": "id,fullName"}


class UnknownCategoryError(LookupError):
    """A category does not exist, or the session may not see it; the message names the nearest path."""


def normalize_path(path: str) -> str:
    """Bring a path into Kaltura's form: no space around the separators.

    :param path: names of the levels from the top, separated by ``>``.
    :raises ValueError: if a level has no name, or one that is too long.
    """
    levels = [level.strip() for level in path.split(SEPARATOR)]
    if not all(levels):
        raise ValueError(f"{path!r} has a level without a name: write it like 'Physics>Optics'")
    if long := next((level for level in levels if len(level) > MAX_LEVEL_NAME), None):
        raise ValueError(
            f"the level {long[:40]!r}… has {len(long)} characters, of which Kaltura takes {MAX_LEVEL_NAME}: shorten it"
        )
    return SEPARATOR.join(levels)


def find_categories(client: KalturaClient, paths: Iterable[str]) -> dict[str, int]:
    """Find categories by full path (``category.list``, one call for 150 paths). Upper and lower case are the same.

    A category that was made in the last seconds may not be found yet.

    :param client: the client.
    :param paths: full paths in Kaltura's form (:func:`normalize_path`).
    :return: ids by path as it was given; those that do not exist are missing.
    :raises KalturaError: if a call failed.
    """
    wanted: dict[str, list[str]] = {}
    for path in dict.fromkeys(paths):
        wanted.setdefault(path.casefold(), []).append(path)
    found: dict[str, int] = {}
    for filter in _filters([spellings[0] for spellings in wanted.values()]):
        for item in _list(client, filter):
            for path in wanted.get(str(item["fullName"]).casefold(), ()):
                found[path] = int(item["id"])
    return found


def known_paths(client: KalturaClient, limit: int) -> list[str]:
    """Return full paths of the account's categories (``category.list``), to name the nearest one to a wrong path.

    :param client: the client.
    :param limit: how many at most; 500 come with one call.
    :raises KalturaError: if a call failed.
    """
    paths: list[str] = []
    for page in range(1, -(-limit // MAX_PAGE_SIZE) + 1):
        objects = _list(client, {"orderBy": "+fullName"}, page)
        paths += [str(item["fullName"]) for item in objects]
        if len(objects) < MAX_PAGE_SIZE:
            break
    return paths[:limit]


def resolve_categories(client: KalturaClient, paths: Iterable[str], *, create: bool) -> dict[str, int]:
    """Find categories by full path; make those that do not exist, if that is allowed.

    :param client: the client.
    :param paths: full paths; space around the separators does not matter.
    :param create: whether to make what does not exist (:func:`ensure_category`).
    :return: ids by path in Kaltura's form, in the order of ``paths``.
    :raises UnknownCategoryError: some do not exist and may not be made; nothing was made.
    :raises ValueError: a text is no path.
    :raises KalturaError: a call failed.
    """
    wanted = [*dict.fromkeys(normalize_path(path) for path in paths)]
    found = find_categories(client, wanted) if wanted else {}
    missing = [path for path in wanted if path not in found]
    if missing and not create:
        raise UnknownCategoryError(missing_categories(client, missing))
    for path in missing:
        found[path] = ensure_category(client, path)
    return {path: found[path] for path in wanted}


def missing_categories(client: KalturaClient, paths: Iterable[str]) -> str:
    """Say that categories do not exist, and what to do: the nearest path to each (:func:`known_paths`).

    :param client: the client.
    :param paths: the paths.
    :raises KalturaError: a call failed.
    """
    known = known_paths(client, _PATHS_FOR_ADVICE)
    otherwise = "use its full path from the top, such as 'Physics>Optics'; the KMC shows it"
    return "; ".join(
        f"there is no category {path!r}, or the session may not see it: {advice(path, known, otherwise)}"
        for path in paths
    )


def ensure_category(client: KalturaClient, path: str) -> int:
    """Return the id of a category; it and the levels above it are made if they do not exist (``category.add``).

    Safe to repeat, and for several at once: Kaltura refuses a second category of one name below one parent.

    :param client: the client.
    :param path: full path in Kaltura's form.
    :return: its id.
    :raises KalturaError: if a call failed.
    """
    levels = path.split(SEPARATOR)
    paths = [SEPARATOR.join(levels[: depth + 1]) for depth in range(len(levels))]
    found = find_categories(client, paths)
    # The deepest level that exists has all above it; one that the index does not show yet is found by its refusal.
    first = max((index + 1 for index, each in enumerate(paths) if each in found), default=0)
    parent = found[paths[first - 1]] if first else 0
    for each, name in zip(paths[first:], levels[first:], strict=True):
        parent = _add(client, each, name, parent)
    return parent


def _add(client: KalturaClient, path: str, name: str, parent: int) -> int:
    category: dict[str, Any] = {"objectType": "KalturaCategory", "name": name}
    if parent:
        category["parentId"] = parent
    try:
        return int(client.call("category", "add", {"category": category})["id"])
    except KalturaError as error:
        # The answer of the first try may be lost; then the category is there now as well.
        if error.code != "DUPLICATE_CATEGORY" and not error.outcome_unknown:
            raise
        refusal = error
    for look in range(_LOOKS_FOR_DUPLICATE):
        found = find_categories(client, [path])
        if path in found:
            return found[path]
        time.sleep(random.uniform(0.5, 1) * min(2.0**look * client.config.backoff_initial, client.config.backoff_max))
    if refusal.code == "DUPLICATE_CATEGORY":
        refusal.hint = (
            "The category is there, but the session does not see it: make its user a member of the category, or give "
            "the session the privilege disableentitlement. If it was made in the last minute, run the task again."
        )
    raise refusal


def _filters(paths: list[str]) -> Iterator[dict[str, Any]]:
    # A list is cut at its commas, so a path that holds one is asked for alone.
    for path in paths:
        if "," in path:
            yield {"fullNameEqual": path}
    for chunk in chunked([path for path in paths if "," not in path], MAX_IN_VALUES):
        yield {"fullNameIn": ",".join(chunk)}


def _list(client: KalturaClient, filter: dict[str, Any], page: int = 1) -> list[dict[str, Any]]:
    params = {
        "filter": {"objectType": "KalturaCategoryFilter", **filter},
        "pager": {"pageSize": MAX_PAGE_SIZE, "pageIndex": page},
        "responseProfile": _FIELDS,
    }
    objects: list[dict[str, Any]] = client.call("category", "list", params).get("objects") or []
    return objects
