"""The categories of many entries: put into some, or into these and no others, in few requests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from kaltura_provider.api.categories import MAX_CATEGORIES_OF_ENTRY, normalize_path, resolve_categories
from kaltura_provider.api.enrichment.part import Difference, Part
from kaltura_provider.api.enrichment.rounds import Rounds
from kaltura_provider.api.paging import MAX_PAGE_SIZE

if TYPE_CHECKING:
    from kaltura_provider.api.client import KalturaClient
    from kaltura_provider.api.enrichment.part import Batch

Mode = Literal["add", "replace", "remove"]
MODES = ("add", "replace", "remove")

_PENDING, _ACTIVE, _REJECTED = 1, 2, 4
# Without statuses, a list may leave out what a moderator has not let in.
_STATUSES = f"{_PENDING},{_ACTIVE},{_REJECTED}"


@dataclass(frozen=True)
class EntryCategories:
    """What became of some entries. Entries about which there is nothing to say are left out.

    :param category_ids: ids of all categories that were named, by full path.
    :param added: full paths of the categories that an entry was put into, by entry.
    :param removed: those that it was taken out of, by entry; an id where the path was not named.
    :param pending: those that it is in once a moderator lets it in, by entry.
    :param rejected: those that a moderator keeps it out of, by entry; nothing was done about them.
    :param errors: what went wrong, by entry.
    """

    category_ids: dict[str, int] = field(default_factory=dict)
    added: dict[str, list[str]] = field(default_factory=dict)
    removed: dict[str, list[str]] = field(default_factory=dict)
    pending: dict[str, list[str]] = field(default_factory=dict)
    rejected: dict[str, list[str]] = field(default_factory=dict)
    errors: dict[str, Exception] = field(default_factory=dict)


def categorize(
    client: KalturaClient,
    wanted: Mapping[str, Iterable[str]],
    *,
    mode: Mode = "add",
    create: bool = True,
    max_categories: int = MAX_CATEGORIES_OF_ENTRY,
) -> EntryCategories:
    """Put entries into categories (``category.list``, ``category.add``, ``categoryEntry.list``, ``categoryEntry.add``,
    ``categoryEntry.delete``). The entry's ``categories`` field, which replaces all and knows no entitlement, is left
    alone.

    A hundred entries travel in one request. Safe to repeat, and for several at once. An entry that fails stops no
    other. Categories that the session may not see are neither counted nor touched.

    :param client: the client.
    :param wanted: by id of an entry, full paths of categories such as ``Physics>Optics``.
    :param mode: ``add`` removes nothing; ``replace`` takes an entry out of all other categories; ``remove`` takes it
        out of these.
    :param create: whether to make categories that do not exist.
    :param max_categories: how many an entry may be in: 32, unless Kaltura lifted that for the account.
    :return: what became of each.
    :raises UnknownCategoryError: a category does not exist and may not be made; nothing was done.
    :raises ValueError: a text is no path, the mode is another one, or more categories are named than an entry may be
        in; nothing was done.
    :raises KalturaError: categories could not be looked up or made.
    """
    if mode not in MODES:
        raise ValueError(f"mode must be 'add', 'replace' or 'remove', not {mode!r}")
    paths = {entry: [*dict.fromkeys(map(normalize_path, each))] for entry, each in wanted.items()}
    for entry, each in paths.items():
        if mode != "remove" and len({path.casefold() for path in each}) > max_categories:
            raise ValueError(_too_many(entry, len(each), max_categories))
    ids = resolve_categories(client, (path for each in paths.values() for path in each), create=create)
    names = {category: path for path, category in ids.items()}
    parts = [_Part(entry, [ids[path] for path in each], mode, max_categories) for entry, each in paths.items()]
    errors = Rounds(client, parts).run()

    def named(what: str) -> dict[str, list[str]]:
        found = {part.entry_id: getattr(part, what) for part in parts}
        return {
            entry: [names.get(each, str(each)) for each in sorted(found)] for entry, found in found.items() if found
        }

    return EntryCategories(
        ids,
        named("added"),
        named("removed"),
        named("pending"),
        named("rejected"),
        {part.entry_id: error for part, error in errors.items()},
    )


class _Part(Part):
    """The categories of one entry."""

    def __init__(self, entry_id: str, wanted: Sequence[int], mode: Mode, max_categories: int) -> None:
        super().__init__(entry_id)
        self._wanted = list(dict.fromkeys(wanted))
        self._mode = mode
        self._max = max_categories
        self._statuses: dict[int, int] = {}
        # What was asked for in any round; an answer may be lost.
        self._entering: set[int] = set()
        self._leaving: set[int] = set()

    @property
    def added(self) -> set[int]:
        """Categories that the entry was put into."""
        return self._entering & self._statuses.keys()

    @property
    def removed(self) -> set[int]:
        """Categories that the entry was taken out of."""
        return self._leaving - self._statuses.keys()

    @property
    def pending(self) -> set[int]:
        """Categories that wait for a moderator."""
        return self._with_status(_PENDING)

    @property
    def rejected(self) -> set[int]:
        """Categories that a moderator keeps the entry out of."""
        return self._with_status(_REJECTED)

    def look(self, batch: Batch) -> None:
        """List the categories the entry is in."""
        self._statuses = {}
        filter = {"entryIdEqual": self.entry_id, "statusIn": _STATUSES}
        for page in range(1, -(-self._max // MAX_PAGE_SIZE) + 1):
            params = {"filter": filter, "pager": {"pageSize": MAX_PAGE_SIZE, "pageIndex": page}}
            batch.add(self, "categoryEntry", "list", params, self._seen)

    def differences(self) -> list[Difference]:
        """Return the categories that the entry is not in, and those that it is in but should not be."""
        return [
            *(Difference("categories", str(each), "assigned", None) for each in self._to_enter()),
            *(Difference("categories", str(each), None, "assigned") for each in self._to_leave()),
        ]

    def write(self, batch: Batch) -> None:
        """Take the entry out of categories and put it into others.

        :raises ValueError: it would be in too many.
        """
        leave, missing = self._to_leave(), self._to_enter()
        count = (
            len([each for each, status in self._statuses.items() if status != _REJECTED]) - len(leave) + len(missing)
        )
        if missing and count > self._max:
            raise ValueError(_too_many(self.entry_id, count, self._max))
        for category in leave:
            # First, as the number of categories of an entry is limited.
            gone = dict.fromkeys(("ENTRY_IS_NOT_ASSIGNED_TO_CATEGORY", "CATEGORY_NOT_FOUND"))
            params = {"entryId": self.entry_id, "categoryId": category}
            batch.add(self, "categoryEntry", "delete", params, partial(self._left, category), gone)
        for category in missing:
            item = {"objectType": "KalturaCategoryEntry", "entryId": self.entry_id, "categoryId": category}
            there = {"CATEGORY_ENTRY_ALREADY_EXISTS": None}
            batch.add(self, "categoryEntry", "add", {"categoryEntry": item}, partial(self._entered, category), there)
        self._leaving.update(leave)
        self._entering.update(missing)

    def _to_enter(self) -> list[int]:
        return [] if self._mode == "remove" else [each for each in self._wanted if each not in self._statuses]

    def _to_leave(self) -> list[int]:
        if self._mode == "add":
            return []
        in_it = {each for each, status in self._statuses.items() if status != _REJECTED}
        return sorted(in_it & set(self._wanted) if self._mode == "remove" else in_it - set(self._wanted))

    def _seen(self, answer: Any) -> None:
        for item in answer.get("objects") or []:
            self._statuses[int(item["categoryId"])] = int(item.get("status") or _ACTIVE)

    def _entered(self, category: int, answer: Any) -> None:
        self._statuses[category] = int(answer.get("status") or _ACTIVE)

    def _left(self, category: int, _: Any) -> None:
        self._statuses.pop(category, None)

    def _with_status(self, status: int) -> set[int]:
        return {each for each in self._wanted if self._statuses.get(each) == status}


def _too_many(entry: str, count: int, limit: int) -> str:
    return (
        f"entry {entry} would be in {count} categories, but may be in {limit}: name fewer, or raise max_categories if "
        "Kaltura lifted the limit for the account"
    )
