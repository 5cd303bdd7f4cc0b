"""Conversion profiles from a declaration: which renditions uploaded media get, and which of them an entry waits for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kaltura_provider.api.access_rules import DeclarationError
from kaltura_provider.api.drift import Drift, check_policy
from kaltura_provider.api.flavor_names import find_flavors
from kaltura_provider.api.paging import MAX_PAGE_SIZE
from kaltura_provider.api.profile_making import DeclaredProfile, ProfileResult, ensure_profile

if TYPE_CHECKING:
    from kaltura_provider.api.client import KalturaClient

#: Where a rendition comes from (``KalturaAssetParamsOrigin``).
ORIGINS: Mapping[str, int] = {"convert": 0, "ingest": 1, "convert_when_missing": 2}
#: Whether an entry waits for a rendition to become READY (``KalturaFlavorReadyBehaviorType``).
READY: Mapping[str, int] = {"ignore": -1, "no_impact": 0, "required": 1, "optional": 2}

_MEDIA, _ENABLED = "1", "2"
_SERVICE, _ASSET_PARAMS = "conversionProfile", "conversionProfileAssetParams"
_FLAVOR_FIELDS: Mapping[str, Mapping[str, int]] = {"origin": ORIGINS, "ready": READY}
_API_FIELDS = {"origin": "origin", "ready": "readyBehavior"}


@dataclass(frozen=True)
class _Flavor:
    """A flavor of the profile; settings that nobody declared are not in ``settings``."""

    name: str | int
    settings: Mapping[str, str]


def ensure_conversion_profile(
    client: KalturaClient,
    name: str,
    flavors: Sequence[str | int | Mapping[str, Any]],
    *,
    system_name: str | None = None,
    description: str | None = None,
    tags: str | None = None,
    default: bool = False,
    storage_profile_id: int | None = None,
    template_entry_id: str | None = None,
    on_drift: str = "repair",
) -> ProfileResult:
    """Find the conversion profile of a name, or make it; tell where it differs, and change it there
    (``conversionProfile.list``, ``conversionProfile.add``, ``conversionProfile.update``, ``flavorParams.list``,
    ``conversionProfileAssetParams.list``, ``conversionProfileAssetParams.update``).

    The declaration is checked before the first call. Safe to repeat, and for several at once. Entries that were
    converted stay as they are.

    :param client: the client; its session needs the permissions TRANSCODING_ADD and TRANSCODING_UPDATE.
    :param name: name of the profile, as the KMC shows it.
    :param flavors: all its flavors, each an ID, a name, a system name or ``source``; or a mapping such as
        ``{"flavor": "HD/720 - WEB (H264/2500)", "origin": "convert_when_missing", "ready": "required"}``, with
        ``origin`` one of ``convert``, ``ingest``, ``convert_when_missing`` and ``ready`` one of ``required``,
        ``optional``, ``no_impact``, ``ignore``. What is not said stays as it is.
    :param system_name: name for programs, unique in the account; the name if None.
    :param description: what to tell people about it; None leaves it as it is.
    :param tags: comma-separated tags; None leaves them as they are.
    :param default: whether content gets it that names none. The default can be given to another profile but not given
        up.
    :param storage_profile_id: remote storage that its files go to; None leaves it as it is.
    :param template_entry_id: entry whose metadata new entries get; None leaves it as it is.
    :param on_drift: what to do when the profile is not as given: ``repair`` it; ``report``: change nothing, the result
        has the ``drift``; or ``fail``.
    :return: the profile.
    :raises DeclarationError: the declaration cannot be; names flavor and field. No call was made.
    :raises UnknownProfileError: the account does not have a flavor; names the nearest one.
    :raises DriftError: the profile is not as given, and ``on_drift`` is ``fail``.
    :raises KalturaError: a call failed.
    :raises ValueError: ``on_drift`` is unknown.
    """
    if not name.strip():
        raise DeclarationError("The conversion profile has no name: set one, it is how the profile is found again")
    check_policy(on_drift)
    declared = _read_flavors(flavors)
    found = find_flavors(client, [flavor.name for flavor in declared])
    by_id = {found[flavor.name].id: flavor for flavor in declared}
    if len(by_id) < len(declared):
        names = ", ".join(repr(flavor.name) for flavor in declared)
        raise DeclarationError(f"flavors: two of {names} are the same: name each once")
    values = {
        "description": description,
        "tags": tags,
        "storageProfileId": storage_profile_id,
        "defaultEntryId": template_entry_id,
        "isDefault": default or None,
    }
    known = {key: value for key, value in values.items() if value is not None}
    return ensure_profile(client, _ConversionProfile(name.strip(), system_name, by_id, known), on_drift)


class _ConversionProfile(DeclaredProfile):
    service = _SERVICE
    noun = "conversion profile"

    def __init__(
        self, name: str, system_name: str | None, flavors: Mapping[int, _Flavor], values: Mapping[str, Any]
    ) -> None:
        super().__init__(name, system_name)
        self._flavors = flavors
        self._values = dict(values)

    def all(self, client: KalturaClient) -> list[dict[str, Any]]:
        """Return the profiles for media, whatever their status (``conversionProfile.list``)."""
        return [*client.iterate(self.service, filter={"typeEqual": _MEDIA})]

    def add(self, client: KalturaClient, present: Sequence[Mapping[str, Any]]) -> int:
        """Make the profile and set its flavors, all with one request."""
        batch = client.multirequest()
        profile = {
            "objectType": "KalturaConversionProfile",
            "type": _MEDIA,
            "status": _ENABLED,
            **self.fields(),
            **self._values,
            "flavorParamsIds": self._ids(),
        }
        added = batch.add(_SERVICE, "add", {"conversionProfile": profile})
        for flavor_id, flavor in self._flavors.items():
            if flavor.settings:
                batch.add(_ASSET_PARAMS, "update", _setting(added.ref("id"), flavor_id, flavor.settings))
        return int(batch.send()[0]["id"])

    def compare(self, client: KalturaClient, found: Mapping[str, Any]) -> list[Drift]:
        """Return what differs, in the profile and in the settings of its flavors."""
        drift = []
        if str(found.get("status") or _ENABLED) != _ENABLED:
            drift.append(Drift("status", "enabled", "disabled"))
        for key, value in self._values.items():
            if str(found.get(key) or "") != str(value or ""):
                drift.append(Drift(key, value, found.get(key) or None))
        present = _ids_of(found)
        if present != set(self._flavors):
            drift.append(Drift("flavors", sorted(self._flavors), sorted(present)))
        return drift + self._flavor_drift(client, found)

    def repair(self, client: KalturaClient, found: Mapping[str, Any], drift: Sequence[Drift]) -> None:
        """Change the profile and the settings of its flavors, all with one request."""
        profile_id = int(found["id"])
        batch = client.multirequest()
        profile = {
            "objectType": "KalturaConversionProfile",
            "status": _ENABLED,
            **self.fields(found),
            **self._values,
            "flavorParamsIds": self._ids(),
        }
        if any(not each.key.startswith("flavor ") for each in drift):
            batch.add(_SERVICE, "update", {"id": profile_id, "conversionProfile": profile})
        present = _ids_of(found)
        for flavor_id, flavor in self._flavors.items():
            if flavor.settings and (
                flavor_id not in present or any(each.key.startswith(_where(flavor)) for each in drift)
            ):
                batch.add(_ASSET_PARAMS, "update", _setting(profile_id, flavor_id, flavor.settings))
        batch.send()

    def _flavor_drift(self, client: KalturaClient, found: Mapping[str, Any]) -> list[Drift]:
        if not any(flavor.settings for flavor in self._flavors.values()):
            return []
        params = {
            "filter": {"conversionProfileIdEqual": int(found["id"])},
            "pager": {"pageSize": MAX_PAGE_SIZE, "pageIndex": 1},
        }
        rows = client.call(_ASSET_PARAMS, "list", params).get("objects") or []
        present = {int(row["assetParamsId"]): row for row in rows}
        drift = []
        for flavor_id, flavor in self._flavors.items():
            row = present.get(flavor_id)
            for field, wanted in flavor.settings.items() if row is not None else ():
                number = int(row.get(_API_FIELDS[field]) or 0) if row else 0
                names = {value: word for word, value in _FLAVOR_FIELDS[field].items()}
                if names.get(number) != wanted:
                    drift.append(Drift(f"{_where(flavor)}{field}", wanted, names.get(number, number)))
        return drift

    def _ids(self) -> str:
        return ",".join(map(str, self._flavors))


def _read_flavors(declared: Any) -> list[_Flavor]:
    if isinstance(declared, str) or not isinstance(declared, Sequence) or not declared:
        raise DeclarationError(
            "flavors must be a list with at least one, such as ['source', 'HD/720 - WEB (H264/2500)']"
        )
    problems: list[str] = []
    flavors = [_read_flavor(f"flavor {number}", each, problems) for number, each in enumerate(declared, start=1)]
    if problems:
        raise DeclarationError("; ".join(problems))
    return flavors


def _read_flavor(where: str, declared: Any, problems: list[str]) -> _Flavor:
    fields = dict(declared) if isinstance(declared, Mapping) else {"flavor": declared}
    name = fields.pop("flavor", None)
    if isinstance(name, bool) or not isinstance(name, str | int) or not str(name).strip():
        problems.append(f"{where}: {name!r} is no flavor: write its ID, name, system name, or 'source'")
    for field, value in fields.items():
        if field not in _FLAVOR_FIELDS:
            problems.append(f"{where}: {field!r} is unknown: use flavor, {', '.join(_FLAVOR_FIELDS)}")
        elif value not in _FLAVOR_FIELDS[field]:
            problems.append(f"{where}, {field}: {value!r} is unknown: use {', '.join(_FLAVOR_FIELDS[field])}")
    return _Flavor(name if isinstance(name, int) else str(name), fields)


def _setting(profile_id: Any, flavor_id: int, settings: Mapping[str, str]) -> dict[str, Any]:
    values = {_API_FIELDS[field]: _FLAVOR_FIELDS[field][word] for field, word in settings.items()}
    return {
        "conversionProfileId": profile_id,
        "assetParamsId": flavor_id,
        _ASSET_PARAMS: {"objectType": "KalturaConversionProfileAssetParams", **values},
    }


def _ids_of(found: Mapping[str, Any]) -> set[int]:
    parts = [part.strip() for part in str(found.get("flavorParamsIds") or "").split(",")]
    return {int(part) for part in parts if part.isdecimal()}


def _where(flavor: _Flavor) -> str:
    return f"flavor {flavor.name}, "
