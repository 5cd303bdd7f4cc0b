"""Metadata profiles, made from a list of fields and kept as they shall be."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kaltura_provider.api.custom_metadata import OBJECT_TYPES
from kaltura_provider.api.errors import KalturaError
from kaltura_provider.api.metadata_fields import FieldSpec, SchemaChange, change_schema, read_specs
from kaltura_provider.api.metadata_schema import MetadataSchemaError

if TYPE_CHECKING:
    from kaltura_provider.api.client import KalturaClient

_ROUNDS = 4
# The KMC hides what the API made.
_MADE_BY_KMC = 2


@dataclass(frozen=True)
class MetadataProfileResult:
    """A metadata profile.

    :param profile_id: its ID.
    :param created: whether this call made it.
    :param added: fields that are new in a profile that existed.
    :param changed: fields that were changed.
    :param dropped: fields that were removed.
    :param extra: fields that it has besides those that were asked for.
    :param updated: whether this call changed it, its name included.
    """

    profile_id: int
    created: bool = False
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    updated: bool = False


def ensure_metadata_profile(
    client: KalturaClient,
    system_name: str,
    fields: Sequence[FieldSpec | Mapping[str, Any] | str],
    *,
    name: str | None = None,
    description: str | None = None,
    object_type: str = "entry",
    drop: Collection[str] = (),
    allow_breaking: bool = False,
) -> MetadataProfileResult:
    """Find the metadata profile with a system name, or make it; add and change fields where it differs
    (``metadata_metadataProfile.list``, ``add``, ``update``).

    What is given is enforced, what somebody set besides it in the KMC stays. No field is removed unless ``drop`` names
    it, and nothing is changed that documents may not survive unless ``allow_breaking`` says so.

    :param client: the client; to make or change profiles its session must be of the type ADMIN.
    :param system_name: its system name, by which it is found again.
    :param fields: the fields; see :func:`~kaltura_provider.api.metadata_fields.read_specs`.
    :param name: what the KMC shows; the system name for a new profile when None.
    :param description: its description.
    :param object_type: what it is for: ``entry``, ``category`` or ``user``.
    :param drop: names of fields to remove, with what documents have in them.
    :param allow_breaking: also change types, remove options, require fields and forbid several values.
    :return: the profile.
    :raises ValueError: a field cannot be, or a change would break documents; nothing was written.
    :raises KalturaError: if a call failed.
    """
    system_name = system_name.strip()
    if not system_name:
        raise ValueError("The metadata profile has no system name: set one, it is how the profile is found again.")
    if object_type not in OBJECT_TYPES:
        raise ValueError(f"object_type must be one of {', '.join(OBJECT_TYPES)}, not {object_type!r}.")
    specs = read_specs(fields)
    names = {"name": name, "description": description}
    number = OBJECT_TYPES[object_type]
    result: MetadataProfileResult | None = None
    failure: KalturaError | None = None
    for _ in range(_ROUNDS):
        present = _find(client, system_name)
        if present is None:
            try:
                result = _add(client, system_name, number, specs, names)
            except KalturaError as error:
                # Somebody else was quicker, or the answer was lost: the next look tells.
                if error.code != "SYSTEM_NAME_ALREADY_EXISTS" and not error.outcome_unknown:
                    raise
                failure = error
            continue
        if int(present["metadataObjectType"]) != number:
            raise ValueError(
                f"The metadata profile {system_name!r} is not for the type {object_type}; use another system name."
            )
        found = int(present["id"])
        if result is not None and result.created and found != result.profile_id:
            # Two made one at the same time, and everybody keeps the first.
            client.call("metadata_metadataProfile", "delete", {"id": result.profile_id})
            result = None
        change = _change(system_name, present, specs, drop, allow_breaking)
        renamed = {key: value for key, value in names.items() if value and str(present.get(key) or "") != value}
        if not change and not renamed:
            earlier = result or MetadataProfileResult(found)
            return MetadataProfileResult(
                found,
                earlier.created,
                earlier.added,
                earlier.changed,
                earlier.dropped,
                tuple(change.extra),
                earlier.updated,
            )
        params: dict[str, Any] = {"id": found, "metadataProfile": {"objectType": "KalturaMetadataProfile", **renamed}}
        if change:
            params["xsdData"] = change.xsd
        client.call("metadata_metadataProfile", "update", params)
        # Looked at again: somebody else may have changed it in between.
        result = MetadataProfileResult(
            found, bool(result and result.created), tuple(change.added), tuple(change.changed), tuple(change.dropped),
            tuple(change.extra), updated=True,
        )  # fmt: skip
    raise failure or KalturaError(
        "MULTI_ATTEMPTS_TO_UPDATE_METADATA",
        f"somebody else keeps changing the metadata profile {system_name!r}",
        service_action="metadata_metadataProfile.update",
    )


def _find(client: KalturaClient, system_name: str) -> dict[str, Any] | None:
    listed = client.iterate("metadata_metadataProfile", filter={"systemNameEqual": system_name})
    found = [each for each in listed if each.get("systemName") == system_name]
    if not found:
        return None
    first = min(found, key=lambda each: int(each["id"]))
    if not first.get("xsd"):
        content: bytes = client.call("metadata_metadataProfile", "serve", {"id": first["id"]})
        first["xsd"] = content.decode("utf-8-sig")
    return first


def _add(
    client: KalturaClient,
    system_name: str,
    object_type: int,
    specs: Sequence[FieldSpec],
    names: Mapping[str, str | None],
) -> MetadataProfileResult:
    profile = {
        "objectType": "KalturaMetadataProfile",
        "metadataObjectType": str(object_type),
        "systemName": system_name,
        "createMode": _MADE_BY_KMC,
        "name": names["name"] or system_name,
        "description": names["description"],
    }
    params = {"metadataProfile": profile, "xsdData": change_schema("", specs).xsd}
    made = client.call("metadata_metadataProfile", "add", params)
    return MetadataProfileResult(int(made["id"]), created=True)


def _change(
    system_name: str,
    present: Mapping[str, Any],
    specs: Sequence[FieldSpec],
    drop: Collection[str],
    allow_breaking: bool,
) -> SchemaChange:
    try:
        change = change_schema(present["xsd"], specs, drop=drop, allow_breaking=allow_breaking)
    except MetadataSchemaError as error:
        raise ValueError(
            f"The metadata profile {system_name!r} cannot be changed: {error}. Correct it in the KMC, Settings > "
            "Custom Data."
        ) from None
    if change.refused:
        lines = "\n".join(f"{each}." for each in change.refused)
        raise ValueError(f"The metadata profile {system_name!r} was not changed, as documents might break:\n{lines}")
    return change
