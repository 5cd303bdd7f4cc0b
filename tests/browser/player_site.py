"""What tests of the player need: a sandbox with Kaltura's player and a captioned film, and a site of another origin."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from demo.media import video

from kaltura_sandbox.server import SandboxServer
from tests.sandbox.conftest import PARTNER, Api, make_settings
from tests.sandbox.media import add_caption, add_entry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILM_SECONDS = 8
CAPTIONS = {"English": "A ball crosses the picture", "French": "Une balle traverse l'image"}
# The plugin shows images, which Kaltura's player by itself cannot.
_PARTS = {"kaltura-ovp-player": "{latest}", "playkit-image-player": "{latest}"}
_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>A page</title></head>
<body><main><h1>A page</h1>{body}</main></body></html>
"""
# What Kaltura's documentation tells authors of pages to write; events are noted for the tests.
_DYNAMIC = """<div id="player" style="width: 640px; height: 360px"></div>
<script src="{script}"></script>
<script>
  var seen = [];
  var player = KalturaPlayer.setup({setup});
  Object.keys(player.Event.Core).forEach(function (name) {{
    player.addEventListener(player.Event.Core[name], function () {{ seen.push(name); }});
  }});
  player.loadMedia({media}, {options}).catch(function () {{}});
</script>
"""


@dataclass(frozen=True)
class PlayerSite:
    """A place where pages with players can be put and opened.

    :param sandbox: the local Kaltura; it serves the real player.
    :param api: calls it, with ``api.admin`` and other sessions at hand.
    :param ui_conf_id: a player.
    :param film: an entry, READY: eight seconds of H.264 with sound, and captions in English (default) and French.
    :param folder: what the site serves.
    :param url: where it does, without a slash at the end; another origin than the sandbox's.
    """

    sandbox: SandboxServer
    api: Api
    ui_conf_id: int
    film: str
    folder: Path
    url: str
    partner_id: int = PARTNER

    def write(self, name: str, html: str) -> str:
        """Put a page on the site; return its address."""
        (self.folder / name).write_text(html, encoding="utf-8")
        return f"{self.url}/{name}"

    def write_body(self, name: str, body: str) -> str:
        """Put a page around some HTML on the site; return its address."""
        return self.write(name, _PAGE.format(body=body))

    def player_url(self, **options: Any) -> str:
        """Return the player's address; ``iframeembed="true", entry_id=...`` makes it that of a page for an iframe."""
        address = f"{self.sandbox.url}/p/{PARTNER}/embedPlaykitJs/uiconf_id/{self.ui_conf_id}"
        return f"{address}?{urlencode(options)}" if options else address

    def write_dynamic(self, name: str, entry_id: str, *, ks: str = "", start: float = 0, **config: Any) -> str:
        """Put a page on the site that embeds an entry with JavaScript; its globals are ``player`` and ``seen``.

        :param ks: the viewer's session.
        :param start: seconds at which to start.
        :param config: sections of the player's configuration, such as ``playback={"muted": True}``.
        """
        provider = {"partnerId": PARTNER, "uiConfId": self.ui_conf_id, **({"ks": ks} if ks else {})}
        body = _DYNAMIC.format(
            script=self.player_url(), media=json.dumps({"entryId": entry_id}),
            setup=json.dumps({"targetId": "player", "provider": provider, **config}),
            options=json.dumps({"startTime": start} if start else {}),
        )  # fmt: skip
        return self.write_body(name, body)

    def events(self, entry_id: str) -> list[int]:
        """Return the types of the events that the sandbox has kept of an entry, in order."""
        kept = self.sandbox.sandbox.store.collection("analyticsEvent").find()
        return [event["eventType"] for event in kept if event.get("entryId") == entry_id]


@contextmanager
def player_site(folder: Path, player_dir: Path) -> Iterator[PlayerSite]:
    """Start a site.

    :param folder: for the sandbox's data and the site's pages.
    :param player_dir: where ``make player`` has put the player.
    """
    pages = folder / "pages"
    pages.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(pages)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with SandboxServer(make_settings(folder / "data", player_dir=player_dir)) as sandbox:
            api = Api(sandbox.url)
            described = {
                "name": "Player", "creationMode": 2, "objType": 1, "tags": "kalturaPlayerJs,player",
                "confVars": json.dumps({"versions": _PARTS, "langs": ["en", "fr"]}),
            }  # fmt: skip
            player = api.call("uiConf", "add", api.admin, uiConf=described)["id"]
            film = add_entry(api, 1, video(FILM_SECONDS), "A ball crosses the picture.mp4")
            for language, text in CAPTIONS.items():
                words = f"1\n00:00:00,000 --> 00:00:{FILM_SECONDS:02},000\n{text}\n"
                default = int(language == "English")
                add_caption(api, film, words, language=language, label=language, isDefault=default)
            address = f"http://127.0.0.1:{server.server_address[1]}"
            yield PlayerSite(sandbox, api, int(player), film, pages, address)
    finally:
        server.shutdown()
        server.server_close()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""
