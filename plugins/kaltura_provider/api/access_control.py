"""Access control profiles from a declaration: who may play an entry, where, and how much of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kaltura_provider.api.access_rules import (
    DeclarationError,
    compare_rules,
    flavors_of,
    from_api,
    read_rules,
    to_api,
    with_flavor_ids,
)
from kaltura_provider.api.drift import Drift, check_policy
from kaltura_provider.api.errors import KalturaError
from kaltura_provider.api.flavor_names import find_flavors
from kaltura_provider.api.profile_making import DeclaredProfile, ProfileResult, ensure_profile

if TYPE_CHECKING:
    from kaltura_provider.api.client import KalturaClient

#: Profiles that an account may have, its default one included, unless Kaltura lifted the limit for it.
MAX_ACCESS_CONTROLS = 24


def ensure_access_control(
    client: KalturaClient,
    name: str,
    rules: Sequence[Mapping[str, Any]],
    *,
    system_name: str | None = None,
    description: str | None = None,
    default: bool = False,
    on_drift: str = "repair",
    max_profiles: int = MAX_ACCESS_CONTROLS,
) -> ProfileResult:
    """Find the access control profile of a name, or make it; tell where it differs, and change it there
    (``accessControlProfile.list``, ``accessControlProfile.add``, ``accessControlProfile.update``).

    Everything is checked before the first call. Safe to repeat, and for several at once.

    :param client: the client; its session needs the permissions ACCESS_CONTROL_ADD and ACCESS_CONTROL_UPDATE.
    :param name: name of the profile, as the KMC shows it.
    :param rules: all its rules, in order; see :mod:`kaltura_provider.api.access_rules`. A rule has ``conditions``
        (``country``, ``ip``, ``site``, ``authenticated`` or ``user_agent`` with a list of values, each with ``not`` if
        it is to be turned round; all have to hold), ``actions`` (``block``, ``{"preview": seconds}``,
        ``{"limit_flavors": [...], "blocked": bool}``), ``contexts`` (``play``, ``download``, ``thumbnail``,
        ``metadata``, ``export``, ``serve``; all if none is named), ``message``, ``description``, ``code``,
        ``stop_processing``, ``force_admin_validation``. Rules do not hold for admin sessions but with the latter.
    :param system_name: name for programs, unique in the account; the name if None.
    :param description: what to tell people about it; None leaves it as it is.
    :param default: whether entries get it that name none. The default can be given to another profile but not given up.
    :param on_drift: what to do when the profile is not as given: ``repair`` it; ``report``: change nothing, the result
        has the ``drift``; or ``fail``.
    :param max_profiles: how many profiles the account may have.
    :return: the profile.
    :raises DeclarationError: a rule cannot be; names rule and field. No call was made.
    :raises UnknownProfileError: a rule names a flavor that the account does not have.
    :raises DriftError: the profile is not as given, and ``on_drift`` is ``fail``.
    :raises KalturaError: a call failed; ``MAX_NUMBER_OF_ACCESS_CONTROLS_REACHED`` if there is no room for another one.
    :raises ValueError: the name is empty, or ``on_drift`` unknown.
    """
    if not name.strip():
        raise DeclarationError("The access control profile has no name: set one, it is how the profile is found again")
    check_policy(on_drift)
    read = read_rules(rules)
    if flavors := flavors_of(read):
        ids = {wanted: found.id for wanted, found in find_flavors(client, flavors).items()}
        read = with_flavor_ids(read, ids)
    profile = _AccessControl(name.strip(), system_name, read, description, default, max_profiles)
    return ensure_profile(client, profile, on_drift)


class _AccessControl(DeclaredProfile):
    service = "accessControlProfile"
    noun = "access control profile"

    def __init__(
        self,
        name: str,
        system_name: str | None,
        rules: list[dict[str, Any]],
        description: str | None,
        default: bool,
        max_profiles: int,
    ) -> None:
        super().__init__(name, system_name)
        self._rules = rules
        self._description = description
        self._default = default
        self._max = max_profiles

    def all(self, client: KalturaClient) -> list[dict[str, Any]]:
        """Return the profiles of the account (``accessControlProfile.list``)."""
        return [*client.iterate(self.service)]

    def add(self, client: KalturaClient, present: Sequence[Mapping[str, Any]]) -> int:
        """Make the profile (``accessControlProfile.add``)."""
        if len(present) >= self._max:
            raise KalturaError(
                "MAX_NUMBER_OF_ACCESS_CONTROLS_REACHED",
                f"the account has {len(present)} access control profiles and may have {self._max}, so there is no room "
                f"for {self.name!r}",
                service_action="accessControlProfile.add",
                hint="Delete one that no entry uses (KMC, Settings > Access Control), use one there is, or raise "
                "max_profiles if Kaltura lifted the limit for the account.",
            )
        profile = {"objectType": "KalturaAccessControlProfile", **self.fields(), **self._values()}
        return int(client.call(self.service, "add", {"accessControlProfile": profile})["id"])

    def compare(self, client: KalturaClient, found: Mapping[str, Any]) -> list[Drift]:
        """Return what differs."""
        drift = [*compare_rules(self._rules, [from_api(rule) for rule in found.get("rules") or []])]
        if self._description is not None and self._description != str(found.get("description") or ""):
            drift.append(Drift("description", self._description, found.get("description") or None))
        if self._default and not found.get("isDefault"):
            drift.append(Drift("default", True, False))
        return drift

    def repair(self, client: KalturaClient, found: Mapping[str, Any], drift: Sequence[Drift]) -> None:
        """Change the profile (``accessControlProfile.update``), its rules in one piece."""
        profile = {"objectType": "KalturaAccessControlProfile", **self.fields(found), **self._values()}
        client.call(self.service, "update", {"id": int(found["id"]), "accessControlProfile": profile})

    def _values(self) -> dict[str, Any]:
        values: dict[str, Any] = {"rules": [to_api(rule) for rule in self._rules]}
        if self._description is not None:
            values["description"] = self._description
        if self._default:
            values["isDefault"] = True
        return values
