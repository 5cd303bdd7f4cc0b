"""Addresses a person can open: the entry in the management console, the player, the thumbnail."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

_ENTRY_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")

#: Servers whose players come from another host.
_CDN = {"www.kaltura.com": "https://cdnapisec.kaltura.com"}


def default_cdn_url(service_url: str) -> str:
    """Return where players and thumbnails come from, unless the connection says otherwise.

    :param service_url: root of the Kaltura server.
    :return: Kaltura's delivery host for www.kaltura.com, else the server itself.
    """
    return _CDN.get(urlsplit(service_url).hostname or "", service_url.rstrip("/"))


def kmc_entry_url(kmc_url: str, entry_id: str) -> str:
    """Return the page of an entry in the Kaltura Management Console.

    :param kmc_url: root of the server with the console, usually the service URL.
    :param entry_id: ID of the entry.
    """
    return f"{kmc_url.rstrip('/')}/index.php/kmcng/content/entries/entry/{checked_entry_id(entry_id)}/metadata"


def kmc_entries_url(kmc_url: str) -> str:
    """Return the list of entries in the Kaltura Management Console.

    :param kmc_url: root of the server with the console, usually the service URL.
    """
    return f"{kmc_url.rstrip('/')}/index.php/kmcng/content/entries/list"


def player_script_url(cdn_url: str, partner_id: int, ui_conf_id: int) -> str:
    """Return the script that loads a player.

    :param cdn_url: root of the delivery host.
    :param partner_id: the account.
    :param ui_conf_id: the player.
    """
    return f"{cdn_url.rstrip('/')}/p/{int(partner_id)}/embedPlaykitJs/uiconf_id/{int(ui_conf_id)}"


def player_url(
    cdn_url: str,
    partner_id: int,
    ui_conf_id: int,
    entry_id: str,
    *,
    start: float | None = None,
    config: Mapping[str, Any] | None = None,
) -> str:
    """Return a page that is nothing but the player with an entry; what an iframe shows.

    :param cdn_url: root of the delivery host.
    :param partner_id: the account.
    :param ui_conf_id: the player.
    :param entry_id: ID of the entry.
    :param start: second to start at.
    :param config: sections of the player's configuration, such as ``{"playback": {"muted": True}}``.
    """
    query = {"iframeembed": "true", "entry_id": checked_entry_id(entry_id), **config_query(config)}
    if start:
        # kalturaSeekFrom would cut off what comes before.
        query["kalturaStartTime"] = f"{float(start):g}"
    return f"{player_script_url(cdn_url, partner_id, ui_conf_id)}?{urlencode(query)}"


def config_query(config: Mapping[str, Any] | None) -> dict[str, str]:
    """Return a player's configuration as parameters of its address.

    :param config: sections of it.
    """
    return {f"config[{section}]": json.dumps(value, separators=(",", ":")) for section, value in (config or {}).items()}


def thumbnail_url(cdn_url: str, partner_id: int, entry_id: str, *, width: int = 640, height: int | None = None) -> str:
    """Return the thumbnail of an entry.

    :param cdn_url: root of the delivery host.
    :param partner_id: the account.
    :param entry_id: ID of the entry.
    :param width: pixels.
    :param height: pixels, where the picture is cut to; it follows from the width when None.
    """
    url = (
        f"{cdn_url.rstrip('/')}/p/{int(partner_id)}/thumbnail/entry_id/{checked_entry_id(entry_id)}/width/{int(width)}"
    )
    return url if height is None else f"{url}/height/{int(height)}/type/3"


def checked_entry_id(entry_id: str) -> str:
    """Return an entry ID that can stand in an address.

    :param entry_id: the ID.
    :raises ValueError: if it holds other characters than Kaltura's IDs.
    """
    if not _ENTRY_ID.fullmatch(entry_id):
        raise ValueError(f"{entry_id!r} is no entry ID: use one such as 1_abcd1234")
    return entry_id
