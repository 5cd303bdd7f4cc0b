"""The addresses of players: a script for pages and a page for an iframe, both with Kaltura's own player in them."""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from starlette.responses import Response

from ..answers import HTML_TYPE, FileAnswer, RedirectAnswer
from ..casting import to_bool, to_int
from ..external import MISSING_PARAMETER, refuse
from ..player_bundle import NOT_INSTALLED, environment, library, notice, overlay, script_json, translations
from ..registry import route
from .thumbnail import options_of
from .ui_conf import ui_confs

if TYPE_CHECKING:
    from starlette.requests import Request

    from ..sandbox import Sandbox
    from ..store import Document

_UI_CONF_NOT_FOUND = (22, "requested ui_conf not found")
_NO_BUNDLE = (56, "missing bundle configuration in uiConf")
_HEADERS = {"Cache-Control": "no-store", "Access-Control-Allow-Origin": "*", "X-Robots-Tag": "noindex"}
_SCRIPT_TYPE = "text/javascript; charset=UTF-8"
_CONFIG_OPTION = re.compile(r"config\[([^\]]+)\]$")
_CONTAINER = "player_container"
_PAGE = """<!DOCTYPE html>
<html>
<head>
<meta charset="utf-8">
<style>#{container} {{ position: absolute; top: 0; left: 0; width: 100%; height: 100%; }}</style>
</head>
<body>
<div id="{container}"></div>
<script>window.originalRequestReferrer = {referrer};</script>
<script>{script}</script>
</body>
</html>
"""


@route("/favicon.ico")
def icon(sandbox: Sandbox, request: Request) -> Response:
    """Answer that there is no icon; browsers ask for one with every page, and note a fault when there is no answer."""
    return Response(status_code=204)


@route("/p/{partner:int}/sp/{sp}/embedPlaykitJs/{rest:path}")
@route("/p/{partner:int}/embedPlaykitJs/{rest:path}")
def embed(sandbox: Sandbox, request: Request) -> Response | FileAnswer:
    """Answer the script of a player, or a page with it (``iframeembed=true``)."""
    options = options_of(request, "embedPlaykitJs")
    ui_conf = ui_confs(sandbox.store).get(to_int(options.get("uiconf_id", 0)))
    if ui_conf is None:
        return refuse(_UI_CONF_NOT_FOUND)
    if not (ui_conf.get("confVars") or "").strip():
        return refuse(_NO_BUNDLE)
    in_frame = to_bool(options.get("iframeembed", ""))
    start = ""
    # As on the real server, autoembed wins over an iframe, and both win over embed_factory.
    if auto := to_bool(options.get("autoembed", "")):
        in_frame = False
    if auto or in_frame:
        target = options.get("targetId") if auto else _CONTAINER
        loading = _loading(options)
        if not target or not loading:
            return refuse(MISSING_PARAMETER)
        start = _start(options, ui_conf, target, loading)
    found = library(sandbox.settings.player_dir, _parts(ui_conf))
    if found is None and in_frame:
        return Response(f"<!DOCTYPE html>\n<p>{html.escape(NOT_INSTALLED)}</p>\n", 503, _HEADERS, HTML_TYPE)
    config = script_json(_config(sandbox, request, ui_conf, options))
    if not start and to_bool(options.get("embed_factory", "")):
        script = _factory(found or notice(), ui_conf["id"], config)
    else:
        script = f"{found or notice()}\nwindow.__kalturaplayerdata = {config};\n{start}"
    if not in_frame:
        return FileAnswer(script.encode(), _SCRIPT_TYPE, headers=_HEADERS)
    referrer = script_json(request.headers.get("referer", ""))
    page = _PAGE.format(container=_CONTAINER, referrer=referrer, script=script)
    return Response(page, 200, _HEADERS, HTML_TYPE)


@route("/index.php/extwidget/preview/{rest:path}")
def preview(sandbox: Sandbox, request: Request) -> Response | RedirectAnswer:
    """Lead from Kaltura's preview address to the player's page."""
    options = options_of(request, "preview")
    names = ("partner_id", "uiconf_id", "entry_id")
    if not all(options.get(name) for name in names):
        return refuse(MISSING_PARAMETER, 400)
    partner, ui_conf, entry = (quote(options[name], safe="") for name in names)
    return RedirectAnswer(
        f"{_base(request)}/p/{partner}/embedPlaykitJs/uiconf_id/{ui_conf}?iframeembed=true&entry_id={entry}"
    )


def _base(request: Request) -> str:
    return f"{request.url.scheme}://{request.headers.get('host') or request.url.netloc}"


def _json_object(text: str) -> dict[str, Any]:
    """Read an object from JSON; anything else counts as an empty one, as in PHP."""
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _parts(ui_conf: Document) -> list[str]:
    """Return what a player is built of, by the two forms of its confVars."""
    variables = _json_object(ui_conf["confVars"])
    versions = variables.get("versions")
    return list(versions if isinstance(versions, dict) else variables)


def _config(sandbox: Sandbox, request: Request, ui_conf: Document, options: dict[str, str]) -> dict[str, Any]:
    """Return the player's configuration: what its uiConf says, over where the services are."""
    base = _base(request)
    variables = _json_object(ui_conf["confVars"])
    languages = options["langs"].split(",") if options.get("langs") else variables.get("langs") or ["en"]
    shared = {
        "provider": {"env": environment(base)},
        "ui": {"translations": translations(sandbox.settings.player_dir, [str(each) for each in languages])},
        # This version of the plugin puts the scheme before the address itself.
        "plugins": {"kava": {"serviceUrl": f"{base.partition(':')[2]}/api_v3/index.php"}},
    }
    described = {name: ui_conf.get(name) for name in ("width", "height", "name")}
    config: dict[str, Any] = overlay(shared, _json_object(ui_conf.get("config") or ""))
    return {**config, "uiConfData": described}


def _loading(options: dict[str, str]) -> str:
    """Return the call that loads what an address names; nothing when it names nothing."""
    if options.get("entry_id"):
        return f"loadMedia({script_json({'entryId': options['entry_id']})})"
    if options.get("playlist_id"):
        return f"loadPlaylist({script_json({'playlistId': options['playlist_id']})})"
    if options.get("external_source"):
        return f"setMedia({script_json({'sources': _json_object(options['external_source'])})})"
    return ""


def _start(options: dict[str, str], ui_conf: Document, target: str, loading: str) -> str:
    """Return the lines that set a player up in an element of the page."""
    config: dict[str, Any] = {}
    for name, value in options.items():
        if named := _CONFIG_OPTION.match(name):
            config[named[1]] = _json_object(value)
    provider = {"partnerId": to_int(options.get("partner_id", ui_conf["partnerId"])), "uiConfId": ui_conf["id"]}
    if options.get("ks"):
        provider["ks"] = options["ks"]
    config["provider"] = {**config.get("provider", {}), **provider}
    config["targetId"] = target
    return (
        "try {\n"
        f"  var kalturaPlayer = KalturaPlayer.setup({script_json(config)});\n"
        f"  kalturaPlayer.{loading};\n"
        "} catch (e) { console.error(e.message); }\n"
    )


def _factory(script: str, ui_conf_id: int, config: str) -> str:
    """Return a player under a name of its own, so that several can share a page."""
    own = f"KalturaPlayer_{ui_conf_id}"
    renamed = re.sub(r"\bKalturaPlayer\b", own, script)
    return (
        f"{renamed}\n"
        "window.KalturaPlayers = window.KalturaPlayers || {};\n"
        f"window.KalturaPlayers[{ui_conf_id}] = {{ config: {config}, lib: window.{own} }};\n"
    )
