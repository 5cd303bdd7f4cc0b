"""The addresses of players: a page for an iframe, and a script for pages. Both stand in for Kaltura's player 7."""

from __future__ import annotations

import html
import json
from functools import cache
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from starlette.responses import Response

from ..access_rules import Viewer
from ..answers import HTML_TYPE, FileAnswer, RedirectAnswer
from ..casting import to_bool, to_float, to_int
from ..errors import ApiError
from ..external import ENTRY_NOT_FOUND, MISSING_PARAMETER, refuse
from ..registry import route
from .caption_asset import ready_captions, webvtt_path
from .entries import AUDIO, DELETED, IMAGE, READY, entries, is_audio_or_video
from .playback_context import judge
from .thumbnail import options_of
from .ui_conf import ui_confs

if TYPE_CHECKING:
    from starlette.requests import Request

    from ..ks import Session
    from ..sandbox import Sandbox
    from ..store import Document

_FOLDER = Path(__file__).parent.parent / "player"
_SETTINGS_MARK = "/* settings */ {}"
_UI_CONF_NOT_FOUND = (5, "requested ui conf not found")
_NO_BUNDLE = (56, "missing bundle configuration in uiConf, set its confVars")
_NO_STORE = {"Cache-Control": "no-store", "Access-Control-Allow-Origin": "*"}


@cache
def _text(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


@route("/p/{partner:int}/sp/{sp}/embedPlaykitJs/{rest:path}")
@route("/p/{partner:int}/embedPlaykitJs/{rest:path}")
def embed(sandbox: Sandbox, request: Request) -> Response | FileAnswer:
    """Answer the page (``iframeembed=true``) or the script of a player."""
    options = options_of(request, "embedPlaykitJs")
    partner_id = to_int(options.get("partner_id", request.path_params["partner"]))
    ui_conf = ui_confs(sandbox.store).get(options.get("uiconf_id"), partner_id)
    if ui_conf is None:
        return refuse(_UI_CONF_NOT_FOUND)
    if not (ui_conf.get("confVars") or "").strip():
        return refuse(_NO_BUNDLE, 400)
    settings: dict[str, Any] = {
        "baseUrl": _base(request), "partnerId": partner_id, "uiConfId": ui_conf["id"],
        "factory": to_bool(options.get("embed_factory", "")),
    }  # fmt: skip
    if to_bool(options.get("iframeembed", "")):
        if not options.get("entry_id"):
            return refuse(MISSING_PARAMETER, 400)
        return _page(sandbox, request, options, settings)
    if to_bool(options.get("autoembed", "")):
        if not options.get("entry_id") or not options.get("targetId"):
            return refuse(MISSING_PARAMETER, 400)
        settings["embed"] = {**_start(options), "targetId": options["targetId"]}
    return FileAnswer(_script(settings).encode(), "application/javascript", headers=_NO_STORE)


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


def _script(settings: dict[str, Any]) -> str:
    return _text("player.js").replace(_SETTINGS_MARK, _json(settings))


def _json(value: Any) -> str:
    """Write JSON that can stand inside a script element."""
    return json.dumps(value).replace("<", "\\u003c")


def _base(request: Request) -> str:
    return f"{request.url.scheme}://{request.headers.get('host') or request.url.netloc}"


def _start(options: dict[str, str]) -> dict[str, Any]:
    """Return what to play and how, from the options of an address; configuration that is no JSON counts as none."""
    try:
        playback = json.loads(options.get("config[playback]", "{}"))
    except ValueError:
        playback = {}
    return {
        "entryId": options["entry_id"], "ks": options.get("ks", ""),
        "startTime": to_float(options.get("kalturaSeekFrom", 0)),
        "playback": playback if isinstance(playback, dict) else {},
    }  # fmt: skip


def _page(sandbox: Sandbox, request: Request, options: dict[str, str], settings: dict[str, Any]) -> Response:
    entry = entries(sandbox.store).get(options["entry_id"], settings["partnerId"])
    if entry is None or entry["status"] == DELETED:
        return refuse(ENTRY_NOT_FOUND)
    content, plays = _content(sandbox, request, options, entry)
    script = ""
    if plays:
        start = _json(_start(options))
        script = (
            f"<script>\n{_script(settings)}\n(function (start) {{\n"
            "  const player = KalturaPlayers[Object.keys(KalturaPlayers)[0]].setup({ playback: start.playback });\n"
            '  player.adopt(document.getElementById("media"), start.entryId, start.ks, start.startTime);\n'
            f"}})({start});\n</script>"
        )
    page = Template(_text("page.html")).substitute(title=html.escape(entry["name"]), content=content, script=script)
    return Response(page, 200, _NO_STORE, HTML_TYPE)


def _content(sandbox: Sandbox, request: Request, options: dict[str, str], entry: Document) -> tuple[str, bool]:
    """Return the element that shows an entry, and whether it plays something."""
    try:
        session = _session(sandbox, request, options.get("ks", ""))
    except ApiError as problem:
        return f"<p>{html.escape(problem.message)}</p>", False
    viewer = Viewer(
        session, entry["id"], request.client.host if request.client else "", request.headers.get("referer", ""),
        request.headers.get("user-agent", ""),
    )  # fmt: skip
    verdict = judge(sandbox.store, entry, viewer)
    if not verdict.allowed:
        words = "\n".join(each["message"] for each in verdict.messages) or "This entry must not be played here."
        return f"<p>{html.escape(words)}</p>", False
    if entry["status"] != READY:
        return f"<p>This entry is not ready to play (status {html.escape(str(entry['status']))}).</p>", False
    return _element(sandbox, request, entry, options.get("ks", ""))


def _session(sandbox: Sandbox, request: Request, ks: str) -> Session | None:
    if not ks:
        return None
    session = sandbox.sessions.read(ks)
    sandbox.sessions.check(session, request.client.host if request.client else "", str(request.url))
    return session


def _element(sandbox: Sandbox, request: Request, entry: Document, ks: str) -> tuple[str, bool]:
    base = f"{_base(request)}/p/{entry['partnerId']}/sp/{entry['partnerId']}00"
    name = html.escape(entry["name"])
    if entry.get("mediaType") == IMAGE:
        return f'<img id="media" src="{base}/raw/entry_id/{entry["id"]}" alt="{name}">', True
    if not is_audio_or_video(entry):
        return f'<p><a href="{base}/raw/entry_id/{entry["id"]}">{name}</a></p>', False
    protocol = request.url.scheme
    source = f"{base}/playManifest/entryId/{entry['id']}/format/url/protocol/{protocol}"
    source += f"/ks/{quote(ks, safe='')}" if ks else ""
    tracks = "".join(
        f'\n<track kind="captions" src="{_base(request)}{webvtt_path(caption)}"'
        f' srclang="{html.escape(caption.get("languageCode", ""))}"'
        f' label="{html.escape(caption.get("label") or caption.get("language", ""))}"'
        f"{' default' if number == 0 else ''}>"
        for number, caption in enumerate(ready_captions(sandbox.store, entry["id"]))
    )
    tag = "audio" if entry.get("mediaType") == AUDIO else "video"
    extra = "" if tag == "audio" else f' playsinline poster="{base}/thumbnail/entry_id/{entry["id"]}/width/640"'
    return f'<{tag} id="media" controls preload="metadata" src="{source}"{extra}>{tracks}\n</{tag}>', True
