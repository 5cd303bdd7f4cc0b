"""Flavor params by what people call them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from kaltura_provider.api.named_profiles import NamedProfile, UnknownProfileError, find_profile
from kaltura_provider.api.renditions import SOURCE_TAG

if TYPE_CHECKING:
    from kaltura_provider.api.client import KalturaClient


def find_flavors(client: KalturaClient, names: Iterable[str | int]) -> dict[str | int, NamedProfile]:
    """Find flavor params of the account (``flavorParams.list``, one call for 500).

    :param client: the client; its session needs the permission TRANSCODING_BASE.
    :param names: IDs, names, system names, or ``source``.
    :return: the flavor params by what was asked for.
    :raises UnknownProfileError: there are none, or several, of a name; names the nearest one.
    :raises KalturaError: the call failed.
    """
    known: dict[int, NamedProfile] = {}
    sources: list[int] = []
    for item in client.iterate("flavorParams"):
        found = NamedProfile(int(item["id"]), str(item.get("name") or ""), str(item.get("systemName") or ""))
        known[found.id] = found
        if SOURCE_TAG in [tag.strip() for tag in str(item.get("tags") or "").split(",")]:
            sources.append(found.id)
    return {name: _find(known, sources, name) for name in dict.fromkeys(names)}


def _find(known: dict[int, NamedProfile], sources: list[int], name: str | int) -> NamedProfile:
    text = str(name).strip()
    if text.isdecimal() and int(text) in known:
        return known[int(text)]
    if text.casefold() == SOURCE_TAG and sources:
        return known[min(sources)]
    if text.isdecimal():
        raise UnknownProfileError(
            f"the account has no flavor params {text}", "the KMC lists them under Settings > Transcoding Settings"
        )
    return find_profile(known.values(), text, "flavor")
