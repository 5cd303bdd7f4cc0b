"""The Content-Security-Policy of a page: what it may load, as little as the player works with."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from kaltura_provider.api.embed.model import Player

_DIRECTIVES = ("script-src", "style-src", "img-src", "media-src", "connect-src", "font-src", "frame-src", "worker-src")
_SOURCE = re.compile(r"[^\s;,\x00-\x20\x7f]+")


def page_policy(
    player: Player, *, scripts: Iterable[str], embed_type: str | None, more: Mapping[str, Iterable[str]] | None = None
) -> str:
    """Return the policy of a page. It stands in the page, so that it holds wherever the page is served from.

    Scripts are those of the page itself, told by their hash, and the player's. Kaltura sends streams, captions and
    reports from hosts that are not known here, so these may come from any site with TLS.

    :param player: the player.
    :param scripts: the texts of the page's script elements.
    :param embed_type: how the page shows its player; None for a page without one.
    :param more: sources to add by directive, for plugins of the player that load from elsewhere, such as
        ``{"script-src": ["https://imasdk.googleapis.com"]}``.
    :raises ValueError: if a directive or source has no meaning.
    """
    parts = urlsplit(player.cdn_url)
    host = f"{parts.scheme}://{parts.netloc}"
    anywhere = [host, "https:"] if parts.scheme == "http" else ["https:"]
    sources: dict[str, list[str]] = {"script-src": list(map(_hash, scripts)), "style-src": ["'unsafe-inline'"]}
    sources["img-src"] = [*anywhere, "data:"]
    if embed_type == "iframe":
        sources["frame-src"] = [host]
    elif embed_type:
        sources["script-src"].append(player.script_url)
        sources["media-src"] = [*anywhere, "blob:", "data:"]
        sources["connect-src"] = anywhere
        sources["font-src"] = [*anywhere, "data:"]
        sources["worker-src"] = ["blob:"]
    for directive, added in (more or {}).items():
        if directive not in _DIRECTIVES:
            raise ValueError(f"csp_sources has {directive!r}: use {', '.join(_DIRECTIVES)}")
        for source in added:
            if not _SOURCE.fullmatch(source):
                raise ValueError(f"csp_sources: {source!r} is no source: use one such as https://www.example.com")
            sources.setdefault(directive, []).append(source)
    fixed = ["default-src 'none'", "base-uri 'none'", "form-action 'none'"]
    return "; ".join(
        [*fixed, *(f"{name} {' '.join(dict.fromkeys(values))}" for name, values in sources.items() if values)]
    )


def _hash(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
