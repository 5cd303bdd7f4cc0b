"""Pieces of HTML that show a player in the page of somebody else."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from kaltura_provider.api.embed.escape import checked_origin, checked_url, environment, script
from kaltura_provider.api.embed.languages import Texts, texts_for
from kaltura_provider.api.embed.model import PageItem, Player, checked_ratio, checked_seconds
from kaltura_provider.api.embed.viewer import ViewerSession
from kaltura_provider.api.links import config_query, thumbnail_url

EMBED_TYPES = ("iframe", "dynamic", "thumbnail", "auto", "link")
#: Those that a script of the page makes: it can drive them, and they can carry a session.
DRIVEN_TYPES = ("dynamic", "thumbnail")
# Mail programs show no wider pictures.
_LINK_WIDTH = 560


@dataclass(frozen=True)
class PagePart:
    """What a page adds to the player it is built around.

    :param hosts: origins of sites that may drive the page when they show it in an iframe.
    """

    hosts: Sequence[str] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "hosts", tuple(map(checked_origin, self.hosts)))


@dataclass(frozen=True)
class _Setting:
    """A checked order for a snippet."""

    player: Player
    item: PageItem
    config: Mapping[str, Any]
    start: float
    width: int
    ratio: tuple[float, float]
    texts: Texts
    viewer: ViewerSession | None
    page: PagePart | None
    target: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "target", f"kaltura-player-{self.item.entry_id}")

    def render(self, template: str, **more: Any) -> str:
        ratio = " / ".join(f"{side:g}" for side in self.ratio)
        values = {"item": self.item, "target": self.target, "width": self.width, "ratio": ratio, "texts": self.texts}
        return environment().get_template(template).render(values, **more)


def render_embed(
    player: Player,
    item: PageItem,
    *,
    embed_type: str = "iframe",
    config: Mapping[str, Any] | None = None,
    start: float | None = None,
    width: int = 960,
    ratio: str | None = None,
    language: str = "en",
    texts: Mapping[str, str] | None = None,
    viewer: ViewerSession | None = None,
    page: PagePart | None = None,
) -> str:
    """Render the piece of HTML that shows a player, as wide as there is room.

    :param player: the player.
    :param item: the entry.
    :param embed_type: ``iframe``, which needs nothing of the page around it; ``dynamic``, where a script makes the
        player and the page can drive it by ``window.KalturaPage``; ``thumbnail``, which is the same after a click on
        the picture and loads little before; ``auto``, one script of Kaltura's alone; or ``link``, the picture with a
        link for e-mails, which run neither scripts nor iframes.
    :param config: sections of the player's configuration for this embedding, such as ``{"playback": {"muted": True}}``.
    :param start: second to start at.
    :param width: pixels at most.
    :param ratio: width to height, such as ``4 / 3``; 16 / 9, and 3 / 1 for sound alone, when None.
    :param language: of the few words the snippet says itself.
    :param texts: replace these words, by name.
    :param viewer: for ``dynamic`` and ``thumbnail``: the session of a viewer, for entries that need one.
    :param page: what the page adds that this is a part of; only for :func:`render_page`.
    :return: HTML.
    :raises ValueError: if an argument has no meaning, or would bring a session where it does not belong.
    """
    if embed_type not in EMBED_TYPES:
        raise ValueError(
            f"embed_type {embed_type!r} is unknown: use {', '.join(EMBED_TYPES[:-1])} or {EMBED_TYPES[-1]}"
        )
    if mentions_session(config):
        raise ValueError(
            "config holds a session (ks), which everybody could read: remove it. What viewers need is "
            "viewer=start_viewer_session(...), which makes one that may do nothing but play this entry"
        )
    if embed_type == "link" and config:
        raise ValueError("A link takes no config: put it into the player, or use another embed_type")
    if viewer is not None:
        if embed_type not in DRIVEN_TYPES:
            raise ValueError(
                f"embed_type {embed_type!r} would put the session into an address, which logs and histories keep: use "
                f"{' or '.join(DRIVEN_TYPES)}"
            )
        viewer.check_is_for(item.entry_id)
    setting = _Setting(
        player=player,
        item=item,
        config=config or {},
        start=checked_seconds(start or 0, "start"),
        width=int(width),
        ratio=checked_ratio(ratio or item.ratio),
        texts=texts_for(language, texts),
        viewer=viewer,
        page=page,
    )
    return {"iframe": _iframe, "auto": _auto, "link": _link}.get(embed_type, _driven)(setting, embed_type)


def mentions_session(value: Any) -> bool:
    """Tell whether a configuration has a session anywhere in it.

    :param value: the configuration.
    """
    if isinstance(value, Mapping):
        return any(str(key).lower() == "ks" or mentions_session(item) for key, item in value.items())
    return isinstance(value, list | tuple) and any(map(mentions_session, value))


def _driven(setting: _Setting, embed_type: str) -> str:
    player, item, viewer = setting.player, setting.item, setting.viewer
    provider: dict[str, Any] = {"partnerId": player.partner_id, "uiConfId": player.ui_conf_id}
    if viewer is not None:
        provider["ks"] = viewer.ks
    data = {
        "type": embed_type,
        "script": player.script_url,
        "entryId": item.entry_id,
        "setup": {**setting.config, "provider": {**setting.config.get("provider", {}), **provider}},
        "start": setting.start,
        "duration": item.duration,
        "expires": viewer.expiry if viewer is not None else None,
        "texts": {name: word for name, word in setting.texts.words.items() if name.startswith("error_")},
        "links": setting.page is not None,
        "hosts": list(setting.page.hosts) if setting.page is not None else [],
    }
    picture = _picture(setting, 1280)[0] if embed_type == "thumbnail" else None
    src = player.url(item.entry_id, start=setting.start)
    return setting.render("player.html.j2", data=json.dumps(data), picture=picture, src=src, script=script("player.js"))


def _iframe(setting: _Setting, embed_type: str) -> str:
    src = setting.player.url(setting.item.entry_id, start=setting.start, config=setting.config)
    data = None
    if setting.page is not None:
        data = json.dumps({"type": embed_type, "entryId": setting.item.entry_id, "hosts": list(setting.page.hosts)})
    return setting.render("iframe.html.j2", src=src, data=data)


def _auto(setting: _Setting, embed_type: str) -> str:
    config = dict(setting.config)
    if setting.start:
        # Kaltura reads kalturaStartTime from the address of the page, not of the script.
        config["playback"] = {**config.get("playback", {}), "startTime": setting.start}
    query = {
        "autoembed": "true",
        "targetId": setting.target,
        "entry_id": setting.item.entry_id,
        **config_query(config),
    }
    return setting.render("auto.html.j2", src=f"{setting.player.script_url}?{urlencode(query)}")


def _link(setting: _Setting, embed_type: str) -> str:
    item = setting.item
    width = min(setting.width, _LINK_WIDTH)
    picture, height = _picture(setting, width)
    # In an e-mail only complete addresses lead somewhere.
    src = checked_url(item.href) if item.href else setting.player.url(item.entry_id, start=setting.start)
    if item.href and setting.start:
        src += f"{'&' if '?' in src else '?'}t={setting.start:g}"
    return setting.render("link.html.j2", src=src, picture=picture, width=width, height=height)


def _picture(setting: _Setting, width: int) -> tuple[str, int]:
    """Return the thumbnail in the shape of the player, and its height."""
    height = round(width * setting.ratio[1] / setting.ratio[0])
    player = setting.player
    url = thumbnail_url(player.cdn_url, player.partner_id, setting.item.entry_id, width=width, height=height)
    return url, height
