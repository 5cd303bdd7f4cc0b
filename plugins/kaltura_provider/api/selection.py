"""Which entries a person means: those of a category, those a search finds, or those with some ids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from kaltura_provider.api.categories import find_categories, missing_categories, normalize_path
from kaltura_provider.api.errors import KalturaError
from kaltura_provider.api.lookup import ANY_MODERATION, get_entries
from kaltura_provider.api.models import LIVE_STATUSES, Entry
from kaltura_provider.api.paging import split_list

if TYPE_CHECKING:
    from kaltura_provider.api.client import KalturaClient

# The id, and the time by which a list goes on beyond 10,000.
_FIELDS = {"objectType": "KalturaDetachedResponseProfile", "type": 1, "fields": "id,createdAt"}
_NAMED_IN_MESSAGE = 10


class SelectionError(LookupError):
    """What a person asked for does not exist.

    :param message: what is missing, and what to do about it.
    """


def find_entries(
    client: KalturaClient,
    *,
    category: str | int | None = None,
    search: str | None = None,
    tags: Iterable[str] | str = (),
    entry_ids: Iterable[str] | str | None = None,
    statuses: str | None = None,
    below: bool = True,
) -> Iterator[str]:
    """Find the entries that fit everything that is given (``baseEntry.list``, one call for 500), also beyond 10,000.

    Entries that wait for moderation or were rejected are among them. An entry that was added, or put into a category,
    in the last seconds may be missing, unless ``entry_ids`` alone are given: these are then read from the database
    (:func:`~kaltura_provider.api.lookup.get_entries`), and each has to exist.

    :param client: the client; a user session finds only what the user owns or may edit.
    :param category: full path such as ``Physics>Optics``, or id of a category.
    :param search: words that all have to be in name, description, tags, or another text of an entry.
    :param tags: tags that an entry has all of; a text is cut at its commas.
    :param entry_ids: ids of entries; a text is cut at its commas.
    :param statuses: statuses of entries, as ``statusIn`` takes them, such as ``2`` for those that are READY; all but
        deleted when None.
    :param below: whether entries of the categories below count.
    :return: the ids, each once: in the order of ``entry_ids`` if nothing else was given, else the oldest entry of every
        150 ids, or of all, first. Calls are made while it is read, but the category and ``entry_ids`` alone are looked
        up at once.
    :raises SelectionError: the category, or one of ``entry_ids`` alone, does not exist.
    :raises ValueError: nothing was given that selects entries, or a path that cannot be one.
    :raises KalturaError: a call failed.
    """
    words = " ".join((search or "").replace(",", " ").split())
    wanted_tags = split_list(tags)
    ids = None if entry_ids is None else split_list(entry_ids)
    if isinstance(category, str) and not category.strip():
        category = None
    if category is None and not words and not wanted_tags:
        if ids is None:
            raise ValueError("Nothing says which entries are meant: give a category, a search, tags, or entry ids")
        return iter(_existing(client, ids, statuses))
    # Without statuses a list shows what is READY and approved.
    filter: dict[str, Any] = {
        "statusIn": LIVE_STATUSES if statuses is None else statuses,
        "moderationStatusIn": ANY_MODERATION,
        "orderBy": "+createdAt",
    }
    if category is not None:
        filter["categoryAncestorIdIn" if below else "categoriesIdsMatchOr"] = str(find_category(client, category))
    if words:
        filter["freeText"] = words
    if wanted_tags:
        filter["tagsMultiLikeAnd"] = ",".join(wanted_tags)
    if ids is not None:
        filter["idIn"] = ids
    found = client.iterate("baseEntry", "list", filter, params={"responseProfile": _FIELDS})
    return (str(entry["id"]) for entry in found)


def find_category(client: KalturaClient, category: str | int) -> int:
    """Return the id of a category that exists (``category.list``; ``category.get`` for an id).

    :param client: the client.
    :param category: full path, or id. Digits are an id unless a category at the top has them for its name.
    :raises SelectionError: there is none; names the nearest path.
    :raises ValueError: the path has a level without a name, or one that is too long.
    :raises KalturaError: a call failed.
    """
    path = normalize_path(str(category))
    if isinstance(category, str):
        found = find_categories(client, [path])
        if path in found:
            return found[path]
    if path.isdecimal():
        try:
            return int(client.call("category", "get", {"id": int(path)})["id"])
        except KalturaError as error:
            if error.code != "CATEGORY_NOT_FOUND":
                raise
    raise SelectionError(missing_categories(client, [path]))


def _existing(client: KalturaClient, ids: list[str], statuses: str | None) -> list[str]:
    entries = get_entries(client, ids)
    missing = [entry_id for entry_id in dict.fromkeys(ids) if entry_id not in entries]
    if missing:
        more = f", and {len(missing) - _NAMED_IN_MESSAGE} more" if len(missing) > _NAMED_IN_MESSAGE else ""
        raise SelectionError(
            f"{len(missing)} of {len(entries) + len(missing)} entries do not exist, are deleted, or may not be seen by "
            f"the session: {', '.join(missing[:_NAMED_IN_MESSAGE])}{more}; correct the ids, or take them out"
        )
    if statuses is None:
        return list(entries)
    named = set(split_list(statuses))
    return [entry_id for entry_id, entry in entries.items() if _status_of(entry) in named]


def _status_of(entry: Entry) -> str:
    return entry.status if isinstance(entry.status, str) else str(int(entry.status))
