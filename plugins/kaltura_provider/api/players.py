"""Players: the ``uiConf`` objects behind Kaltura's version 7 player."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kaltura_provider.api.errors import KalturaError

if TYPE_CHECKING:
    from kaltura_provider.api.client import KalturaClient

#: The tag by which Kaltura recognises a player of version 7.
PLAYER_TAG = "kalturaPlayerJs"
DEFAULT_TAGS = f"{PLAYER_TAG},player,ovp"
#: The parts a player is built of. Without any it does not load.
DEFAULT_VERSIONS: Mapping[str, Any] = {"kaltura-ovp-player": "{latest}"}
DEFAULT_CONFIG: Mapping[str, Any] = {
    "disableUserCache": False,
    "plugins": {},
    "viewability": {},
    "playback": {},
    "ui": {},
    "provider": {"env": {}},
}

_PLAYER_TYPES = (1, 8)
_WIZARD = 2


@dataclass(frozen=True)
class PlayerResult:
    """A player.

    :param ui_conf_id: its ID.
    :param created: whether this call made it.
    :param updated: whether this call changed it.
    """

    ui_conf_id: int
    created: bool
    updated: bool = False


def ensure_player(
    client: KalturaClient,
    name: str,
    config: Mapping[str, Any] | None = None,
    *,
    versions: Mapping[str, Any] | None = None,
    width: int | None = None,
    height: int | None = None,
) -> PlayerResult:
    """Find the player with a name, or make it; change it where it differs (``uiConf.list``, ``uiConf.add``,
    ``uiConf.update``).

    What is given is enforced, what a person set besides it in the Studio stays. If there are several of the name,
    everybody gets the one with the lowest ID; also when two calls made one at the same time.

    :param client: the client; to make or change players its session needs STUDIO_ADD_UICONF and STUDIO_UPDATE_UICONF.
    :param name: name of the player, as the Studio shows it.
    :param config: configuration of the player by section, such as ``{"playback": {"autoplay": True}}``.
    :param versions: versions of its parts, such as ``{"kaltura-ovp-player": "3.17.8"}``.
    :param width: pixels; 560 for a new player when None.
    :param height: pixels; 395 for a new player when None.
    :return: the player.
    :raises KalturaError: if a call failed.
    :raises ValueError: if the name is empty.
    """
    name = name.strip()
    if not name:
        raise ValueError("The player has no name: set one, it is how the player is found again")
    players = _find(client, name)
    if players:
        return _align(client, players[0], config, versions, width, height)
    fields = {
        "objType": _PLAYER_TYPES[0],
        "creationMode": _WIZARD,
        "name": name,
        "tags": DEFAULT_TAGS,
        "width": width or 560,
        "height": height or 395,
        "html5Url": "/html5",
        "confVars": _dump(versions or DEFAULT_VERSIONS),
        "config": _dump(_merged(DEFAULT_CONFIG, config or {})),
    }
    try:
        added = int(client.call("uiConf", "add", {"uiConf": fields})["id"])
    except KalturaError as error:
        if not error.outcome_unknown:
            raise
        players = _find(client, name)
        if not players:
            raise
        return PlayerResult(int(players[0]["id"]), created=True)
    players = _find(client, name)
    if players and int(players[0]["id"]) != added:
        # Another call made one at the same time, and was first.
        client.call("uiConf", "delete", {"id": added})
        return _align(client, players[0], config, versions, width, height)
    return PlayerResult(added, created=True)


def _find(client: KalturaClient, name: str) -> list[dict[str, Any]]:
    filter = {"nameLike": name, "tagsMultiLikeOr": PLAYER_TAG}
    players = [
        player
        for player in client.iterate("uiConf", "list", filter)
        if player.get("name") == name
        and int(player.get("partnerId") or client.partner_id) == client.partner_id
        and PLAYER_TAG in str(player.get("tags", ""))
        and int(player.get("objType") or 0) in _PLAYER_TYPES
    ]
    return sorted(players, key=lambda player: int(player["id"]))


def _align(
    client: KalturaClient,
    player: Mapping[str, Any],
    config: Mapping[str, Any] | None,
    versions: Mapping[str, Any] | None,
    width: int | None,
    height: int | None,
) -> PlayerResult:
    changes: dict[str, Any] = {}
    for key, wanted in (("config", config), ("confVars", versions)):
        if wanted is not None:
            present = _load(player.get(key))
            # Versions come in two forms: flat, or under "versions" beside the languages.
            if key == "confVars" and isinstance(present.get("versions"), dict) and "versions" not in wanted:
                wanted = {"versions": wanted}
            merged = _merged(present, wanted)
            if merged != present:
                changes[key] = _dump(merged)
    for key, pixels in (("width", width), ("height", height)):
        if pixels is not None and str(player.get(key)) != str(pixels):
            changes[key] = pixels
    ui_conf_id = int(player["id"])
    if changes:
        client.call("uiConf", "update", {"id": ui_conf_id, "uiConf": changes})
    return PlayerResult(ui_conf_id, created=False, updated=bool(changes))


def _merged(present: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What is present, with what is wanted in its place, at every depth."""
    result = dict(present)
    for key, value in wanted.items():
        old = result.get(key)
        result[key] = _merged(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return result


def _load(text: Any) -> dict[str, Any]:
    try:
        value = json.loads(text or "{}")
    except (TypeError, ValueError):
        return {}
    # An empty PHP array is "[]" in JSON, also where an object is meant.
    return value if isinstance(value, dict) else {}


def _dump(value: Mapping[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":"))
