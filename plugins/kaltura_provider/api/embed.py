"""Web pages and snippets with a Kaltura player. Nothing is sent, and no session is ever written into a page."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from kaltura_provider.api.links import checked_entry_id, player_script_url, player_url, thumbnail_url

if TYPE_CHECKING:
    from jinja2 import Environment

EMBED_TYPES = ("iframe", "dynamic")

# In a script these would end it, or the line, in the middle of a text.
_SCRIPT_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


@dataclass(frozen=True)
class Player:
    """A player and where it comes from.

    :param cdn_url: root of the delivery host.
    :param partner_id: the account.
    :param ui_conf_id: the player.
    """

    cdn_url: str
    partner_id: int
    ui_conf_id: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "partner_id", int(self.partner_id))
        object.__setattr__(self, "ui_conf_id", int(self.ui_conf_id))
        _checked_url(self.cdn_url)


@dataclass(frozen=True)
class PageItem:
    """An entry on a page.

    :param entry_id: its ID.
    :param title: what a reader sees and a screen reader says.
    :param description: some sentences; may be empty.
    :param duration: seconds; None if unknown.
    :param href: address of its own page, absolute or relative; the bare player when None.
    """

    entry_id: str
    title: str
    description: str = ""
    duration: int | None = None
    href: str | None = None

    def __post_init__(self) -> None:
        checked_entry_id(self.entry_id)
        if self.href is not None:
            _checked_url(self.href, relative=True)

    @property
    def length(self) -> str:
        """The duration as minutes and seconds."""
        if self.duration is None:
            return ""
        minutes, seconds = divmod(int(self.duration), 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def render_embed(
    player: Player,
    item: PageItem,
    *,
    embed_type: str = "iframe",
    config: Mapping[str, Any] | None = None,
    width: int = 960,
    ratio: str = "16 / 9",
) -> str:
    """Render the piece of HTML that shows a player, as wide as there is room.

    :param player: the player.
    :param item: the entry.
    :param embed_type: ``iframe``, which needs nothing of the page around it; or ``dynamic``, where a script makes the
        player and the page can control it: it fires the event ``kalturaplayerready`` on its element, with the player
        as ``detail``.
    :param config: for ``dynamic``: configuration for this embedding, such as ``{"playback": {"muted": True}}``.
    :param width: pixels at most.
    :param ratio: width to height.
    :return: HTML.
    :raises ValueError: if the type is unknown, or a configuration is given for an iframe or holds a session.
    """
    if embed_type not in EMBED_TYPES:
        raise ValueError(f"embed_type {embed_type!r} is unknown: use {' or '.join(EMBED_TYPES)}")
    if config and embed_type == "iframe":
        raise ValueError("An iframe takes no configuration: put it into the player, or use embed_type dynamic")
    if _mentions_session(config):
        raise ValueError(
            "A session (ks) must not be written into a page, where everybody can read it: remove it from config"
        )
    target = f"kaltura-player-{item.entry_id}"
    provider = {"partnerId": player.partner_id, "uiConfId": player.ui_conf_id}
    setup = {**(config or {}), "targetId": target, "provider": {**(config or {}).get("provider", {}), **provider}}
    return (
        _environment()
        .get_template(f"{embed_type}.html.j2")
        .render(
            item=item,
            target=target,
            width=int(width),
            ratio=ratio,
            src=player_url(player.cdn_url, player.partner_id, player.ui_conf_id, item.entry_id),
            script=player_script_url(player.cdn_url, player.partner_id, player.ui_conf_id),
            setup=_script_json(setup),
            media=_script_json({"entryId": item.entry_id}),
        )
    )


def render_page(
    player: Player,
    item: PageItem,
    *,
    embed_type: str = "iframe",
    config: Mapping[str, Any] | None = None,
    language: str = "en",
    index_href: str | None = None,
    download_url: str | None = None,
) -> str:
    """Render a complete, accessible page with one entry.

    :param player: the player.
    :param item: the entry.
    :param embed_type: see :func:`render_embed`.
    :param config: see :func:`render_embed`.
    :param language: language of title and description, such as ``en``.
    :param index_href: address of a page that lists all entries, to link back to.
    :param download_url: for an entry that no player shows, such as a document: the file's address. The page links to
        it and has no player then.
    :return: an HTML document.
    :raises ValueError: see :func:`render_embed`.
    """
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            item=item,
            language=language,
            index_href=index_href and _checked_url(index_href, relative=True),
            image=thumbnail_url(player.cdn_url, player.partner_id, item.entry_id, width=1280),
            download_url=download_url and _checked_url(download_url),
            embed=None if download_url else render_embed(player, item, embed_type=embed_type, config=config),
        )
    )


def render_index(
    player: Player, items: Iterable[PageItem], *, title: str, description: str = "", language: str = "en"
) -> str:
    """Render a complete, accessible page that lists entries with thumbnail, title and length.

    :param player: the player that entries without a page of their own open in.
    :param items: the entries, in the order to show them.
    :param title: heading of the page.
    :param description: some sentences below it.
    :param language: language of the texts, such as ``en``.
    :return: an HTML document.
    """
    cards = [
        {
            "item": item,
            "href": item.href or player_url(player.cdn_url, player.partner_id, player.ui_conf_id, item.entry_id),
            "image": thumbnail_url(player.cdn_url, player.partner_id, item.entry_id),
        }
        for item in items
    ]
    template = _environment().get_template("index.html.j2")
    return template.render(cards=cards, title=title, description=description, language=language)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    # Everything is escaped; what is HTML already is marked so in the template.
    return Environment(
        loader=PackageLoader("kaltura_provider.api", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _script_json(value: Any) -> str:
    text = json.dumps(value)
    for character, escape in _SCRIPT_ESCAPES.items():
        text = text.replace(character, escape)
    return text


def _mentions_session(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(str(key).lower() == "ks" or _mentions_session(item) for key, item in value.items())
    return isinstance(value, list | tuple) and any(map(_mentions_session, value))


def _checked_url(url: str, *, relative: bool = False) -> str:
    """Return an address that runs no script when it is followed."""
    parts = urlsplit(url)
    if parts.scheme in ("http", "https") and parts.netloc:
        return url
    if relative and not parts.scheme and not parts.netloc and not url.lstrip().startswith(("//", "\\")):
        return url
    raise ValueError(f"{url!r} is no http(s) address: use one such as https://www.example.com/videos/")
