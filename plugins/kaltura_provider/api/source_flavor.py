"""The file an entry was made from, and whether it is the expected one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kaltura_provider.api.models import FlavorAsset, FlavorStatus
from kaltura_provider.api.paging import MAX_IN_VALUES, chunked

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kaltura_provider.api.client import KalturaClient

_KILOBYTE = 1024


def flavors_of(client: KalturaClient, entry_id: str) -> list[FlavorAsset]:
    """Read the flavors of an entry (``flavorAsset.list``).

    :param client: the client.
    :param entry_id: ID of the entry.
    :raises KalturaError: if the call failed.
    """
    answer = client.call("flavorAsset", "list", {"filter": {"entryIdEqual": entry_id}, "pager": {"pageSize": 100}})
    return [FlavorAsset.from_api(values) for values in answer.get("objects") or []]


def failed_flavors(client: KalturaClient, entry_ids: Iterable[str]) -> dict[str, list[FlavorAsset]]:
    """Find the flavors that could not be made (``flavorAsset.list``, one call for 150 entries).

    :param client: the client.
    :param entry_ids: IDs of entries.
    :return: the flavors by entry; entries without any are missing.
    :raises KalturaError: if a call failed.
    """
    found: dict[str, list[FlavorAsset]] = {}
    for chunk in chunked(list(dict.fromkeys(entry_ids)), MAX_IN_VALUES):
        filter = {"entryIdIn": ",".join(chunk), "statusEqual": int(FlavorStatus.ERROR)}
        for values in client.iterate("flavorAsset", filter=filter):
            flavor = FlavorAsset.from_api(values)
            found.setdefault(flavor.entry_id, []).append(flavor)
    return found


def source_flavor(client: KalturaClient, entry_id: str) -> FlavorAsset | None:
    """Read the source of an entry (``flavorAsset.list``).

    :param client: the client.
    :param entry_id: ID of the entry.
    :return: the flavor; None for an entry that has none: images never do, an import has none before it ended, and an
        account may remove sources after the conversion.
    :raises KalturaError: if the call failed.
    """
    return next((flavor for flavor in flavors_of(client, entry_id) if flavor.is_original), None)


def has_size(flavor: FlavorAsset | None, size: int) -> bool | None:
    """Tell whether a flavor is as long as a file.

    :param flavor: the flavor, None if there is none.
    :param size: bytes.
    :return: None while Kaltura does not say how long the flavor is.
    """
    if flavor is None or not flavor.size_in_bytes:
        return None
    if flavor.raw.get("sizeInBytes"):
        return flavor.size_in_bytes == size
    # Flavors from before Kaltura kept bytes are known in whole kilobytes only.
    return abs(flavor.size_in_bytes - size) < _KILOBYTE


def mark_of(flavor: FlavorAsset | None) -> str:
    """Name the present content of a flavor: its ID and version, which changes with every new content.

    :param flavor: the flavor, None if there is none.
    """
    return f"{flavor.id}@{flavor.raw.get('version', '')}" if flavor is not None else "none"
