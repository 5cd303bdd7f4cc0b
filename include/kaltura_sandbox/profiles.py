"""Response profiles: which properties of the answered objects a caller wants to see."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .casting import to_int, to_text
from .errors import fail
from .schema import TYPES, ApiObject

EXCLUDE = 2

Profile = tuple[bool, frozenset[str]]


def find_profile(value: Any, stored: Callable[[str, str], dict[str, Any] | None]) -> dict[str, Any] | None:
    """Find what the ``responseProfile`` parameter describes or names.

    :param value: the parameter; None when it was not sent.
    :param stored: finds a stored profile by the property ``id`` or ``systemName``.
    :raises ApiError: a stored profile does not exist.
    """
    if not isinstance(value, dict):
        return None
    profile: dict[str, Any] | None = value
    if "id" in value:
        profile = stored("id", str(to_int(value["id"])))
        if profile is None:
            raise fail("RESPONSE_PROFILE_ID_NOT_FOUND", ID=to_text(value["id"]))
    elif "systemName" in value and "fields" not in value:
        profile = stored("systemName", to_text(value["systemName"]))
        if profile is None:
            raise fail("RESPONSE_PROFILE_NAME_NOT_FOUND", SYSTEM_NAME=to_text(value["systemName"]))
    return profile


def read_profile(profile: dict[str, Any] | None) -> Profile | None:
    """Return whether a profile's fields are left out rather than kept, and the fields; None for everything."""
    if profile is None or "fields" not in profile:
        return None
    fields = frozenset(name.strip() for name in to_text(profile["fields"]).split(","))
    return to_int(profile.get("type", 1)) == EXCLUDE, fields


def apply_profile(value: Any, profile: Profile | None) -> Any:
    """Leave out properties of the answered object, or of the objects of a list.

    :param value: an action's result.
    :param profile: what :func:`read_profile` returned.
    """
    if profile is None:
        return value
    if isinstance(value, list):
        return [apply_profile(item, profile) for item in value]
    if not isinstance(value, dict) or "objectType" not in value:
        return value
    if isinstance(value.get("objects"), list):
        return {**value, "objects": [apply_profile(item, profile) for item in value["objects"]]}
    exclude, fields = profile
    declared = TYPES.get(value["objectType"])
    kept = declared.kept if declared else frozenset()
    return {
        name: item
        for name, item in value.items()
        if name == "objectType" or name in kept or (name in fields) is not exclude
    }


def echo_input(answer: Any, arguments: dict[str, Any]) -> Any:
    """Let what was sent show through where a profile hid it, as it does when Kaltura adds or updates an object.

    Kaltura fills the caller's own object with the stored values; what the profile leaves out stays as it was sent,
    and a text that may come in several languages shows as an array.

    :param answer: an action's result after its response profile.
    :param arguments: the action's arguments.
    """
    for sent in arguments.values():
        if isinstance(sent, ApiObject) and isinstance(answer, dict) and answer.get("objectType") == sent.kind.name:
            shown = {
                name: [{"language": "default", "value": value, "objectType": "KalturaMultiLingualString"}]
                if sent.kind.properties[name].kind == "mstring"
                else value
                for name, value in sent.to_document().items()
                if name not in answer and name in sent.kind.properties
            }
            return {**shown, **answer}
    return answer
