"""Profiles that are made from a declaration, found again by their name, and changed where they differ."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from kaltura_provider.api.drift import Drift, check_policy, must_repair
from kaltura_provider.api.errors import KalturaError

if TYPE_CHECKING:
    from kaltura_provider.api.client import KalturaClient

# A request to make a profile may be lost, and made again: Kaltura keeps system names unique.
_ATTEMPTS = 3


@dataclass(frozen=True)
class ProfileResult:
    """A profile.

    :param id: its ID.
    :param created: whether this call made it.
    :param updated: whether this call changed it.
    :param drift: what was not as declared when it was found.
    """

    id: int
    created: bool
    updated: bool = False
    drift: tuple[Drift, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return {
            "id": self.id,
            "created": self.created,
            "updated": self.updated,
            "drift": [each.to_dict() for each in self.drift],
        }


class DeclaredProfile(ABC):
    """A profile as it is declared.

    :param name: what the KMC shows.
    :param system_name: unique in the account; the name if None. It is what keeps two from making the same one.
    """

    #: Kaltura's service, and what a person calls such a profile.
    service: str
    noun: str

    def __init__(self, name: str, system_name: str | None) -> None:
        self.name = name
        self.system_name = system_name or name
        self._named_twice = bool(system_name) and system_name != name

    @abstractmethod
    def all(self, client: KalturaClient) -> list[dict[str, Any]]:
        """Return the profiles of the account."""

    @abstractmethod
    def add(self, client: KalturaClient, present: Sequence[Mapping[str, Any]]) -> int:
        """Make the profile; return its ID.

        :param present: the profiles there are, none of which is this one.
        """

    @abstractmethod
    def compare(self, client: KalturaClient, found: Mapping[str, Any]) -> list[Drift]:
        """Return what differs."""

    @abstractmethod
    def repair(self, client: KalturaClient, found: Mapping[str, Any], drift: Sequence[Drift]) -> None:
        """Change what differs."""

    def fields(self, found: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return the names to send: for a new profile, or those that differ from one that is there."""
        if found is None:
            return {"name": self.name, "systemName": self.system_name}
        return {"name": self.name} if self._renamed(found) else {}

    def naming_drift(self, found: Mapping[str, Any]) -> list[Drift]:
        """Return whether it was found by its system name under another name."""
        return [Drift("name", self.name, found.get("name"))] if self._renamed(found) else []

    def _renamed(self, found: Mapping[str, Any]) -> bool:
        return self._named_twice and found.get("name") != self.name

    def pick(self, profiles: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
        """Return the profile of these that is meant: by system name, else by name; of several the oldest."""
        for key, wanted in (("systemName", self.system_name), ("name", self.name)):
            for fold in (str, str.casefold):
                found = [each for each in profiles if fold(str(each.get(key) or "")) == fold(wanted)]
                if found:
                    return min(found, key=lambda each: int(each["id"]))
        return None


def ensure_profile(client: KalturaClient, declared: DeclaredProfile, on_drift: str) -> ProfileResult:
    """Find a profile, or make it; tell where it differs, and change it there.

    Safe to repeat after the end of a process at any point. Of two calls at once, one makes it: Kaltura refuses a second
    profile of one system name, and where both slip through, the later one is deleted.

    :param client: the client.
    :param declared: the profile.
    :param on_drift: what to do when it differs: ``repair``, ``report`` or ``fail``.
    :return: the profile.
    :raises DriftError: it differs, and ``on_drift`` is ``fail``.
    :raises KalturaError: a call failed.
    """
    check_policy(on_drift)
    profiles = declared.all(client)
    found = declared.pick(profiles)
    return _make(client, declared, profiles, on_drift) if found is None else _align(client, declared, found, on_drift)


def _make(
    client: KalturaClient, declared: DeclaredProfile, profiles: Sequence[Mapping[str, Any]], on_drift: str
) -> ProfileResult:
    lost, left = False, _ATTEMPTS
    while True:
        left -= 1
        added = None
        try:
            added = declared.add(client, profiles)
        except KalturaError as error:
            # Somebody else was quicker, or the answer was lost.
            lost = lost or error.outcome_unknown
            if error.code != "SYSTEM_NAME_ALREADY_EXISTS" and not error.outcome_unknown:
                raise
            refusal = error
        found = declared.pick(declared.all(client))
        if added is not None and (found is None or int(found["id"]) == added):
            return ProfileResult(added, created=True)
        if added is not None:
            # Another call made one at the same time, and was first.
            client.call(declared.service, "delete", {"id": added})
        if found is not None:
            # Where the answer was lost it may be ours or another's, so it is compared.
            return replace(_align(client, declared, found, on_drift), created=lost)
        if not left:
            raise refusal


def _align(client: KalturaClient, declared: DeclaredProfile, found: Mapping[str, Any], on_drift: str) -> ProfileResult:
    drift = [*declared.naming_drift(found), *declared.compare(client, found)]
    what = f"The {declared.noun} {found.get('name')!r} ({found['id']})"
    repair = must_repair(client, what, drift, on_drift)
    if repair:
        declared.repair(client, found, drift)
    return ProfileResult(int(found["id"]), created=False, updated=repair, drift=tuple(drift))
