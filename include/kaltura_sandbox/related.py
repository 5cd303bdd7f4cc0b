"""Related objects: what a response profile brings along, such as the metadata of answered entries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .casting import to_text
from .registry import SERVICES, Action

Lister = Callable[[Action, dict[str, Any]], Any]


def add_related(full: Any, shown: Any, profiles: list[dict[str, Any]], run: Lister) -> Any:
    """Put lists of related objects into the answered objects, under ``relatedObjects``.

    :param full: an action's result; the related objects are found by its properties.
    :param shown: the same after its response profile.
    :param profiles: the ``relatedProfiles``: each with a name, a filter, and mappings from properties of the
        answered object to properties of the filter.
    :param run: runs a list action with parameters.
    """
    if not profiles:
        return shown
    if isinstance(full, list):
        return [add_related(one, other, profiles, run) for one, other in zip(full, shown, strict=True)]
    if not isinstance(full, dict) or "objectType" not in full:
        return shown
    if isinstance(full.get("objects"), list):
        return {**shown, "objects": add_related(full["objects"], shown["objects"], profiles, run)}
    related = {}
    for profile in profiles:
        found = _list_action(profile)
        if found is not None:
            related[to_text(profile.get("name"))] = run(found, _request(full, profile))
    return {"relatedObjects": related, **shown}


def _list_action(profile: dict[str, Any]) -> Action | None:
    """Return the list action whose filter is of the profile's type."""
    wanted = to_text(_dict(profile.get("filter")).get("objectType"))
    for actions in SERVICES.values():
        found = actions.get("list")
        if found is not None and any(each.name == "filter" and each.kind == wanted for each in found.parameters):
            return found
    return None


def _request(parent: dict[str, Any], profile: dict[str, Any]) -> dict[str, Any]:
    filter = dict(_dict(profile.get("filter")))
    for mapping in _items(profile.get("mappings")):
        filter[to_text(mapping.get("filterProperty"))] = parent.get(to_text(mapping.get("parentProperty")))
    request = {"filter": filter, "responseProfile": profile}
    if "pager" in profile:
        request["pager"] = profile["pager"]
    return request


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _items(value: Any) -> list[dict[str, Any]]:
    """Return the objects of an array, however it was sent."""
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [item for item in items if isinstance(item, dict)]


def related_profiles(profile: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Return the related profiles of a response profile."""
    return _items(profile.get("relatedProfiles")) if profile else []
