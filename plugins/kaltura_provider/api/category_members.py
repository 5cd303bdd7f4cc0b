"""Who may see, contribute to, moderate or manage categories: members by user ID and level, many in one request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from kaltura_provider.api.categories import normalize_path, resolve_categories
from kaltura_provider.api.enrichment.part import Difference, Part
from kaltura_provider.api.enrichment.rounds import Rounds
from kaltura_provider.api.paging import MAX_IN_VALUES, chunked

if TYPE_CHECKING:
    from kaltura_provider.api.client import KalturaClient
    from kaltura_provider.api.enrichment.part import Batch

Mode = Literal["add", "replace", "remove"]
MODES = ("add", "replace", "remove")
#: ``KalturaCategoryUserPermissionLevel`` by name.
LEVELS: Mapping[str, int] = {"manager": 0, "moderator": 1, "contributor": 2, "member": 3, "none": 4}

_ACTIVE = 1
_SERVICE = "categoryUser"
_NO_MEMBER = dict.fromkeys(("INVALID_CATEGORY_USER_ID", "INVALID_USER_ID"))


@dataclass(frozen=True)
class CategoryMembers:
    """What became of the members of some categories. Categories about which there is nothing to say are left out.

    :param added: user IDs that became members, by full path.
    :param updated: those whose level changed, or who were let in again, by full path.
    :param removed: those who are members no more, by full path.
    :param errors: what went wrong, by ``path: user``.
    """

    added: dict[str, list[str]] = field(default_factory=dict)
    updated: dict[str, list[str]] = field(default_factory=dict)
    removed: dict[str, list[str]] = field(default_factory=dict)
    errors: dict[str, Exception] = field(default_factory=dict)


def set_members(
    client: KalturaClient,
    wanted: Mapping[str, Mapping[str, str] | Iterable[str]],
    *,
    mode: Mode = "add",
    create: bool = False,
) -> CategoryMembers:
    """Make users members of categories, or members no more (``category.list``, ``categoryUser.get``,
    ``categoryUser.list``, ``categoryUser.add``, ``categoryUser.update``, ``categoryUser.activate``,
    ``categoryUser.delete``).

    A hundred members travel in one request. Safe to repeat, and for several at once. One that fails stops no other.
    Users that Kaltura does not know are made by it.

    :param client: the client; its session must be of the type ADMIN.
    :param wanted: by full path of a category, its members: levels by user ID, such as ``{"ada": "manager"}``, or user
        IDs, who become ``member``. Levels are ``manager``, ``moderator``, ``contributor``, ``member``, ``none``.
    :param mode: ``add`` removes nobody; ``replace`` removes everybody else but the owner of a category; ``remove``
        removes these.
    :param create: whether to make categories that do not exist.
    :return: what became of each.
    :raises UnknownCategoryError: a category does not exist and may not be made; nothing was done.
    :raises ValueError: a text is no path, a level or the mode is unknown, or a user has no ID; nothing was done.
    :raises KalturaError: categories or their members could not be looked up.
    """
    if mode not in MODES:
        raise ValueError(f"mode must be 'add', 'replace' or 'remove', not {mode!r}")
    members = {normalize_path(path): _read(path, each) for path, each in wanted.items()}
    ids = resolve_categories(client, members, create=create and mode != "remove")
    parts = [
        _Part(path, ids[path], user, None if mode == "remove" else level)
        for path, each in members.items()
        for user, level in each.items()
    ]
    if mode == "replace":
        parts += _others(client, members, ids)
    errors = Rounds(client, parts).run()
    return CategoryMembers(
        _by_path(part for part in parts if part.was_added),
        _by_path(part for part in parts if part.was_changed),
        _by_path(part for part in parts if part.was_removed),
        {f"{part.path}: {part.user}": error for part, error in errors.items() if isinstance(part, _Part)},
    )


def _read(path: str, members: Any) -> dict[str, int]:
    levels = members if isinstance(members, Mapping) else dict.fromkeys(members, "member")
    found = {}
    for user, level in levels.items():
        if not isinstance(user, str) or not user.strip() or user.strip() == "None":
            raise ValueError(f"{path}: {user!r} is no user ID; check the task it comes from")
        if level not in LEVELS:
            raise ValueError(f"{path}, {user}: the level {level!r} is unknown; use {', '.join(LEVELS)}")
        found[user.strip()] = LEVELS[level]
    return found


def _others(client: KalturaClient, members: Mapping[str, Mapping[str, int]], ids: Mapping[str, int]) -> list[_Part]:
    """Who is a member now and not wanted (``categoryUser.list``)."""
    paths = {category: path for path, category in ids.items()}
    found: dict[tuple[str, str], _Part] = {}
    for chunk in chunked([str(category) for category in paths], MAX_IN_VALUES):
        for item in client.iterate(_SERVICE, filter={"categoryIdIn": ",".join(chunk)}):
            path, user = paths[int(item["categoryId"])], str(item["userId"])
            if user not in members[path]:
                found[path, user] = _Part(path, ids[path], user, None, owner_stays=True)
    return [*found.values()]


def _by_path(parts: Iterable[_Part]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for part in parts:
        found.setdefault(part.path, []).append(part.user)
    return found


class _Part(Part):
    """One user and one category.

    :param level: the level; None for no member.
    :param owner_stays: whether it is fine that the owner of a category cannot be removed.
    """

    outdated_by = frozenset({"CATEGORY_USER_ALREADY_EXISTS", *_NO_MEMBER})

    def __init__(self, path: str, category: int, user: str, level: int | None, *, owner_stays: bool = False) -> None:
        super().__init__(f"{category}/{user}")
        self.path = path
        self.user = user
        self._key = {"categoryId": category, "userId": user}
        self._level = level
        self._owner_stays = owner_stays
        self._found: Mapping[str, Any] | None = None
        # What the first look saw; the answer to a change may be lost.
        self._first: Mapping[str, Any] | None = None
        self._looked = False
        self._kept = False

    @property
    def was_added(self) -> bool:
        """Whether the user became a member."""
        return self._looked and self._first is None and self._found is not None

    @property
    def was_changed(self) -> bool:
        """Whether the level changed, or the user was let in again."""
        return (
            self._first is not None and self._found is not None and self._state(self._first) != self._state(self._found)
        )

    @property
    def was_removed(self) -> bool:
        """Whether the user is a member no more."""
        return self._first is not None and self._found is None

    def look(self, batch: Batch) -> None:
        """Read the membership from the database: a list shows it late."""
        self._found = None
        batch.add(self, _SERVICE, "get", self._key, self._seen, dict.fromkeys(_NO_MEMBER, self._not_seen))

    def differences(self) -> list[Difference]:
        """Return what the membership should be, if it is not."""
        present = None if self._found is None else self._state(self._found)
        wanted = None if self._level is None else (self._level, _ACTIVE)
        return [] if present == wanted or self._kept else [Difference("members", self.user, wanted, present)]

    def write(self, batch: Batch) -> None:
        """Add, change or remove the member."""
        if self._level is None:
            fine: dict[str, Any] = dict.fromkeys(_NO_MEMBER)
            if self._owner_stays:
                fine["CANNOT_UPDATE_CATEGORY_USER_OWNER"] = self._keep
            batch.add(self, _SERVICE, "delete", self._key, self._gone, fine)
            return
        member = {"objectType": "KalturaCategoryUser", "permissionLevel": self._level}
        if self._found is None:
            batch.add(self, _SERVICE, "add", {_SERVICE: {**member, **self._key}}, self._answered)
            return
        if int(self._found.get("permissionLevel") or 0) != self._level:
            # Without override, Kaltura leaves what was set by hand.
            params = {**self._key, _SERVICE: member, "override": True}
            batch.add(self, _SERVICE, "update", params, self._answered)
        if int(self._found.get("status") or _ACTIVE) != _ACTIVE:
            batch.add(self, _SERVICE, "activate", self._key, self._answered)

    def _seen(self, answer: Any) -> None:
        self._found = answer
        self._first = self._first if self._looked else answer
        self._looked = True

    def _not_seen(self) -> None:
        self._looked = True

    def _answered(self, answer: Any) -> None:
        self._found = answer

    def _gone(self, _: Any) -> None:
        self._found = None

    def _keep(self) -> None:
        self._kept = True

    @staticmethod
    def _state(member: Mapping[str, Any]) -> tuple[int, int]:
        return int(member.get("permissionLevel") or 0), int(member.get("status") or _ACTIVE)
