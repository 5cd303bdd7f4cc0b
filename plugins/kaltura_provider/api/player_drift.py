"""How a player differs from what it should be. What people set besides that in the Studio is no difference."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from kaltura_provider.api.drift import Drift

_ABSENT = object()


@dataclass(frozen=True)
class PlayerSettings:
    """What a player should be; None leaves a thing as it is.

    :param config: configuration by section.
    :param versions: versions of its parts.
    :param width: pixels.
    :param height: pixels.
    """

    config: Mapping[str, Any] | None = None
    versions: Mapping[str, Any] | None = None
    width: int | None = None
    height: int | None = None

    def compare(self, player: Mapping[str, Any]) -> Difference:
        """Compare with a player.

        :param player: the ``KalturaUiConf`` as received.
        :return: what differs, and the fields of ``uiConf.update`` that repair it.
        """
        found = Difference()
        for field_name, wanted in (("config", self.config), ("confVars", self.versions)):
            if wanted is None:
                continue
            present = load_json(player.get(field_name))
            # Versions come in two forms: flat, or under "versions" beside the languages.
            if field_name == "confVars" and isinstance(present.get("versions"), dict) and "versions" not in wanted:
                wanted = {"versions": wanted}
            if drift := [*_differences(present, wanted, field_name)]:
                found.drift += drift
                found.changes[field_name] = dump_json(merged(present, wanted))
        for field_name, pixels in (("width", self.width), ("height", self.height)):
            if pixels is not None and str(player.get(field_name)) != str(pixels):
                found.drift.append(Drift(field_name, pixels, _number(player.get(field_name))))
                found.changes[field_name] = pixels
        return found


@dataclass
class Difference:
    """What differs.

    :param drift: the settings.
    :param changes: fields of ``uiConf.update``.
    """

    drift: list[Drift] = field(default_factory=list)
    changes: dict[str, Any] = field(default_factory=dict)


def merged(present: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is present, with what is wanted in its place, at every depth.

    :param present: a configuration.
    :param wanted: parts of it.
    """
    result = dict(present)
    for key, value in wanted.items():
        old = result.get(key)
        result[key] = merged(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return result


def load_json(text: Any) -> dict[str, Any]:
    """Read a configuration; what is none counts as empty.

    :param text: the text as stored.
    """
    try:
        value = json.loads(text or "{}")
    except (TypeError, ValueError):
        return {}
    # An empty PHP array is "[]" in JSON, also where an object is meant.
    return value if isinstance(value, dict) else {}


def dump_json(value: Mapping[str, Any]) -> str:
    """Write a configuration as it is stored.

    :param value: the configuration.
    """
    return json.dumps(value, separators=(",", ":"))


def _differences(present: Mapping[str, Any], wanted: Mapping[str, Any], path: str) -> Iterator[Drift]:
    for key, value in wanted.items():
        old = present.get(key, _ABSENT)
        where = f"{path}.{key}"
        if isinstance(old, Mapping) and isinstance(value, Mapping):
            yield from _differences(old, value, where)
        # True is 1 in Python, but not for a player.
        elif old is _ABSENT or old != value or isinstance(old, bool) is not isinstance(value, bool):
            yield Drift(where, value, None if old is _ABSENT else old)


def _number(value: Any) -> Any:
    """Kaltura gives sizes as texts."""
    return int(value) if str(value).isdigit() else value
