"""Access control, conversion and metadata profiles by the name a person knows them by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from kaltura_provider.api.suggestions import advice

if TYPE_CHECKING:
    from kaltura_provider.api.client import KalturaClient


@dataclass(frozen=True)
class NamedProfile:
    """A profile of the account.

    :param id: its id.
    :param name: what the KMC shows; several profiles can share it.
    :param system_name: unique in the account, or empty.
    :param xsd: schema of the fields, for a metadata profile.
    """

    id: int
    name: str
    system_name: str = ""
    xsd: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> NamedProfile:
        """Rebuild it from :meth:`to_json`."""
        return cls(**data)


class UnknownProfileError(LookupError):
    """No profile, or several, have a name.

    :param message: what is wrong.
    :param fix: what to do about it.
    """

    def __init__(self, message: str, fix: str) -> None:
        super().__init__(f"{message}; {fix}")
        self.message = message
        self.fix = fix


def list_access_control(client: KalturaClient) -> list[NamedProfile]:
    """Return the access control profiles of the account (``accessControlProfile.list``, one call for 500).

    :param client: the client.
    :raises KalturaError: if a call failed.
    """
    return _list(client, "accessControlProfile", {})


def list_conversion(client: KalturaClient) -> list[NamedProfile]:
    """Return the enabled conversion profiles for media (``conversionProfile.list``, one call for 500).

    :param client: the client.
    :raises KalturaError: if a call failed.
    """
    return _list(client, "conversionProfile", {"typeEqual": "1", "statusEqual": "2"})


def list_metadata(client: KalturaClient, object_type: int = 1) -> list[NamedProfile]:
    """Return the metadata profiles for objects of a type, with their schemas (``metadata_metadataProfile.list``).

    :param client: the client.
    :param object_type: number of a KalturaMetadataObjectType; entries by default.
    :raises KalturaError: if a call failed.
    """
    return _list(client, "metadata_metadataProfile", {"metadataObjectTypeEqual": str(object_type)})


def with_schema(client: KalturaClient, profile: NamedProfile) -> NamedProfile:
    """Return a metadata profile with its schema, which is asked for if the list did not bring it.

    :param client: the client.
    :param profile: a metadata profile.
    :raises KalturaError: if ``metadata_metadataProfile.serve`` failed.
    """
    if profile.xsd:
        return profile
    content: bytes = client.call("metadata_metadataProfile", "serve", {"id": profile.id})
    return NamedProfile(profile.id, profile.name, profile.system_name, content.decode("utf-8-sig"))


def find_profile(profiles: Iterable[NamedProfile], name: str, kind: str) -> NamedProfile:
    """Find a profile by system name, name or id; upper and lower case count only if they have to.

    :param profiles: the profiles of the account.
    :param name: what a person wrote.
    :param kind: what it is, for the message: ``access control profile``.
    :raises UnknownProfileError: if no profile has this name, or several do.
    """
    known = list(profiles)
    exact = [profile for profile in known if name in (profile.system_name, profile.name)]
    found = exact or [
        profile for profile in known if name.casefold() in (profile.system_name.casefold(), profile.name.casefold())
    ]
    found = found or [profile for profile in known if str(profile.id) == name]
    # A system name is unique, so it wins over equal names of others.
    found = [profile for profile in found if profile.system_name == name] or found
    if len(found) == 1:
        return found[0]
    if found:
        others = ", ".join(f"{profile.name!r} (system name {profile.system_name!r})" for profile in found)
        raise UnknownProfileError(
            f"{len(found)} profiles are called {name!r}: {others}", "use the system name, or give them different names"
        )
    names = [each for profile in known for each in (profile.name, profile.system_name) if each]
    listed = ", ".join(sorted({profile.name for profile in known})[:20])
    raise UnknownProfileError(
        f"the account has no {kind} {name!r}",
        advice(name, names, f"use one of: {listed}" if listed else "make one in the KMC first"),
    )


def _list(client: KalturaClient, service: str, filter: Mapping[str, Any]) -> list[NamedProfile]:
    return [
        NamedProfile(
            int(item["id"]), str(item.get("name") or ""), str(item.get("systemName") or ""), str(item.get("xsd") or "")
        )
        for item in client.iterate(service, filter=filter)
    ]
