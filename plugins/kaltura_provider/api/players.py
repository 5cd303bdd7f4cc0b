"""Players: the ``uiConf`` objects behind Kaltura's version 7 player."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kaltura_provider.api.drift import Drift, check_policy, must_repair
from kaltura_provider.api.errors import KalturaError
from kaltura_provider.api.player_drift import PlayerSettings, dump_json, merged
from kaltura_provider.api.suggestions import advice

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
    :param drift: what was not as it should be when it was found.
    """

    ui_conf_id: int
    created: bool
    updated: bool = False
    drift: tuple[Drift, ...] = ()


def ensure_player(
    client: KalturaClient,
    name: str,
    config: Mapping[str, Any] | None = None,
    *,
    versions: Mapping[str, Any] | None = None,
    width: int | None = None,
    height: int | None = None,
    template: int | str | None = None,
    on_drift: str = "repair",
) -> PlayerResult:
    """Find the player with a name, or make it; tell where it differs, and change it there (``uiConf.list``,
    ``uiConf.add``, ``uiConf.clone``, ``uiConf.update``).

    What is given is enforced, what a person set besides it in the Studio stays. If there are several of the name,
    everybody gets the one with the lowest ID; also when two calls made one at the same time.

    :param client: the client; to make or change players its session needs STUDIO_ADD_UICONF and STUDIO_UPDATE_UICONF.
    :param name: name of the player, as the Studio shows it.
    :param config: configuration of the player by section, such as ``{"playback": {"autoplay": True}}``.
    :param versions: versions of its parts, such as ``{"kaltura-ovp-player": "3.17.8"}``.
    :param width: pixels; for a new player 560, or the template's, when None.
    :param height: pixels; for a new player 395, or the template's, when None.
    :param template: a player of version 7, by ID or name, that a new player is a copy of, with ``config`` and the rest
        in their places. A player that exists is not compared with it.
    :param on_drift: what to do when the player is not as given: ``repair`` it; ``report``: change nothing, the result
        has the ``drift``; or ``fail``.
    :return: the player.
    :raises KalturaError: if a call failed.
    :raises DriftError: if the player is not as given and ``on_drift`` is ``fail``.
    :raises ValueError: if the name is empty, ``on_drift`` unknown, or there is no such template.
    """
    name = name.strip()
    if not name:
        raise ValueError("The player has no name: set one, it is how the player is found again")
    check_policy(on_drift)
    settings = PlayerSettings(config, versions, width, height)
    players = _find(client, name)
    if players:
        return _align(client, players[0], settings, on_drift)
    added = _add(client, name, settings) if template is None else _copy(client, name, settings, template)
    players = _find(client, name)
    if players and int(players[0]["id"]) != added:
        # Another call made one at the same time, and was first.
        client.call("uiConf", "delete", {"id": added})
        return _align(client, players[0], settings, on_drift)
    return PlayerResult(added, created=True)


def _find(client: KalturaClient, name: str) -> list[dict[str, Any]]:
    return [player for player in _list(client, {"nameLike": name}) if player.get("name") == name]


def _list(client: KalturaClient, filter: Mapping[str, Any]) -> list[dict[str, Any]]:
    players = [
        player
        for player in client.iterate("uiConf", "list", {**filter, "tagsMultiLikeOr": PLAYER_TAG})
        if int(player.get("partnerId") or client.partner_id) == client.partner_id and _is_player(player)
    ]
    return sorted(players, key=lambda player: int(player["id"]))


def _is_player(player: Mapping[str, Any]) -> bool:
    return PLAYER_TAG in str(player.get("tags", "")) and int(player.get("objType") or 0) in _PLAYER_TYPES


def _add(client: KalturaClient, name: str, settings: PlayerSettings) -> int:
    fields = {
        "objType": _PLAYER_TYPES[0],
        "creationMode": _WIZARD,
        "name": name,
        "tags": DEFAULT_TAGS,
        "width": settings.width or 560,
        "height": settings.height or 395,
        "html5Url": "/html5",
        "confVars": dump_json(settings.versions or DEFAULT_VERSIONS),
        "config": dump_json(merged(DEFAULT_CONFIG, settings.config or {})),
    }
    try:
        return int(client.call("uiConf", "add", {"uiConf": fields})["id"])
    except KalturaError as error:
        if not error.outcome_unknown:
            raise
        if players := _find(client, name):
            return int(players[0]["id"])
        raise


def _copy(client: KalturaClient, name: str, settings: PlayerSettings, template: int | str) -> int:
    """Copy a player. Copy and new name travel in one request: no process that dies leaves a copy without its name."""
    original = _template(client, template)
    alike = {int(player["id"]) for player in _twins(client, original)}
    batch = client.multirequest()
    clone = batch.add("uiConf", "clone", {"id": int(original["id"])})
    changes = {"name": name, **settings.compare(original).changes}
    batch.add("uiConf", "update", {"id": clone.ref("id"), "uiConf": changes})
    try:
        copied, renamed = batch.send(raise_on_error=False)
    except KalturaError as error:
        if not error.outcome_unknown:
            raise
        if players := _find(client, name):
            return int(players[0]["id"])
        # The server may have come as far as the copy.
        for player in _twins(client, original):
            if int(player["id"]) not in alike:
                client.call("uiConf", "delete", {"id": int(player["id"])})
        raise
    if isinstance(copied, KalturaError):
        raise copied
    if isinstance(renamed, KalturaError):
        client.call("uiConf", "delete", {"id": int(copied["id"])})
        raise renamed
    return int(copied["id"])


def _twins(client: KalturaClient, original: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Players that nothing but the ID tells from another one, which is one of them."""
    return [
        player
        for player in _find(client, str(original.get("name") or ""))
        if all(player.get(key) == original.get(key) for key in ("config", "confVars", "tags"))
    ]


def _template(client: KalturaClient, template: int | str) -> Mapping[str, Any]:
    text = str(template).strip()
    if text.isdigit():
        found: Mapping[str, Any] = client.call("uiConf", "get", {"id": int(text)})
        if not _is_player(found):
            raise ValueError(
                f"The template {text} ({found.get('name')}) is no player of version 7: use one that the Studio lists"
            )
        return found
    if players := _find(client, text):
        return players[0]
    names = sorted({str(player.get("name")) for player in _list(client, {})})
    step = advice(text, names, "use the name or ID of one that the Studio lists")
    raise ValueError(f"There is no player named {text!r} to copy: {step}")


def _align(client: KalturaClient, player: Mapping[str, Any], settings: PlayerSettings, on_drift: str) -> PlayerResult:
    ui_conf_id = int(player["id"])
    found = settings.compare(player)
    drift = tuple(found.drift)
    what = f"The player {ui_conf_id} ({player.get('name')})"
    if must_repair(client, what, drift, on_drift, where="the Studio"):
        client.call("uiConf", "update", {"id": ui_conf_id, "uiConf": found.changes})
        return PlayerResult(ui_conf_id, created=False, updated=True, drift=drift)
    return PlayerResult(ui_conf_id, created=False, drift=drift)
