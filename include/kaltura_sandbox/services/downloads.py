"""Addresses that give files: the content of entries byte for byte, with parts (Range) and names.

``playManifest`` and ``download`` answer with a redirect to the file, as Kaltura does.
"""

from __future__ import annotations

import mimetypes
import re
from pathlib import Path, PurePath
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from ..answers import FileAnswer, RedirectAnswer
from ..external import ENTRY_NOT_FOUND, FILE_NOT_FOUND, FLAVOR_NOT_FOUND, refuse
from ..registry import route
from .delivery_access import why_not
from .entries import DELETED, content_file, entries, is_audio_or_video
from .flavor_asset import READY, flavor_file, flavors, flavors_of
from .flavor_params import FLAVOR_PARAMS

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from ..sandbox import Sandbox
    from ..store import Document

# What is missing from the table of some systems, or differs from Kaltura's.
_MEDIA_TYPES = {
    ".mp4": "video/mp4", ".m4v": "video/mp4", ".mov": "video/quicktime", ".mkv": "video/x-matroska",
    ".webm": "video/webm", ".flv": "video/x-flv", ".ts": "video/mp2t", ".avi": "video/x-msvideo",
    ".wmv": "video/x-ms-wmv", ".mxf": "application/mxf", ".mp3": "audio/mpeg", ".m4a": "audio/mp4",
    ".wav": "audio/wav", ".aac": "audio/aac", ".flac": "audio/flac", ".ogg": "audio/ogg", ".webp": "image/webp",
    ".txt": "text/plain", ".pdf": "application/pdf", ".csv": "text/csv",
}  # fmt: skip


def media_type(path: Path) -> str:
    """Return the content type of a file by its name."""
    suffix = path.suffix.lower()
    return _MEDIA_TYPES.get(suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"


def attachment(name: str) -> str:
    """Return the header value that makes browsers save a file under a name.

    Names beyond ASCII are sent twice, as RFC 6266 wants: readable by old programs, and exact.
    """
    plain = re.sub(r'[^\x20-\x7e]|["\\]', "_", name)
    header = f'attachment; filename="{plain}"'
    return header if plain == name else f"{header}; filename*=UTF-8''{quote(name, safe='')}"


def file_name(entry: Document, asset: Document) -> str:
    """Return the name under which a flavor is saved, ready to stand in an address."""
    plain = re.sub(r"[^\w.=-]+", "_", entry["name"]) or entry["id"]
    kind = FLAVOR_PARAMS.get(asset["flavorParamsId"], {}).get("name", "Flavor")
    label = "Source" if asset["isOriginal"] else re.sub(r"[^\w.-]+", "_", str(kind)).strip("_")
    return f"{quote(plain, safe='')}({label}).{asset.get('fileExt') or 'bin'}"


def flavor_url(base: str, entry: Document, asset: Document, *, save: bool) -> str:
    """Return the address that serves a flavor.

    :param base: scheme and host.
    :param save: browsers save the file under a name rather than play it.
    """
    partner = entry["partnerId"]
    name = f"/fileName/{file_name(entry, asset)}" if save else ""
    return (
        f"{base}/p/{partner}/sp/{partner}00/serveFlavor/entryId/{entry['id']}/v/{asset['version']}/ev/"
        f"{asset['version']}/flavorId/{asset['id']}{name}/forceproxy/true/name/a.{asset.get('fileExt') or 'bin'}"
    )


@route("/p/{partner:int}/sp/{sp}/playManifest/{rest:path}")
@route("/p/{partner:int}/playManifest/{rest:path}")
def play_manifest(sandbox: Sandbox, request: Request) -> Response | FileAnswer | RedirectAnswer:
    """Redirect to a file, or answer a list of streams."""
    values = _values(request, "playManifest")
    entry = _entry(sandbox, request, values.get("entryId"))
    if entry is None:
        return refuse(ENTRY_NOT_FOUND)
    kind = values.get("format", "url")
    if kind != "download" and (error := why_not(sandbox, request, entry, values)):
        return refuse(error)
    if kind in {"applehttp", "applehttp_to_mc"}:
        from .hls import manifest

        return manifest(sandbox, request, entry)
    asset = _choose(sandbox, entry, values, source_first=kind == "download")
    if asset is None or kind not in {"url", "download"}:
        return refuse(FLAVOR_NOT_FOUND)
    return RedirectAnswer(flavor_url(_base(request), entry, asset, save=kind == "download"))


@route("/p/{partner:int}/sp/{sp}/serveFlavor/{rest:path}")
@route("/p/{partner:int}/serveFlavor/{rest:path}")
def serve_flavor(sandbox: Sandbox, request: Request) -> Response | FileAnswer | RedirectAnswer:
    """Send the file of a flavor."""
    values = _values(request, "serveFlavor")
    asset = flavors(sandbox.store).get(values.get("flavorId"), request.path_params["partner"])
    path = flavor_file(sandbox.files, asset) if asset is not None else None
    if asset is None or path is None or asset["status"] != READY:
        return refuse(FLAVOR_NOT_FOUND)
    return _file(path, _as_named(values["fileName"]) if "fileName" in values else None)


@route("/p/{partner:int}/sp/{sp}/download/{rest:path}")
@route("/p/{partner:int}/download/{rest:path}")
def download(sandbox: Sandbox, request: Request) -> Response | FileAnswer | RedirectAnswer:
    """Redirect to the same address with the file's name behind it; that one gives the file."""
    values = _values(request, "download")
    entry = _entry(sandbox, request, values.get("entry_id"))
    if entry is None:
        return refuse(ENTRY_NOT_FOUND)
    if is_audio_or_video(entry):
        asset = _choose(sandbox, entry, {"flavorId": values.get("flavor") or ""}, source_first=True)
        path = flavor_file(sandbox.files, asset) if asset is not None else None
        name = file_name(entry, asset) if asset is not None else ""
    else:
        path = content_file(sandbox, entry)
        name = quote(_content_name(entry, path), safe="") if path is not None else ""
    if path is None:
        return refuse(FLAVOR_NOT_FOUND)
    if "relocate" not in values:
        return RedirectAnswer(f"{_raw_path(request).rstrip('/')}/relocate/{name}")
    return _file(path, _as_named(name))


@route("/p/{partner:int}/sp/{sp}/raw/{rest:path}")
@route("/p/{partner:int}/raw/{rest:path}")
def raw(sandbox: Sandbox, request: Request) -> Response | FileAnswer | RedirectAnswer:
    """Send the content of an entry as it was uploaded."""
    entry = _entry(sandbox, request, _values(request, "raw").get("entry_id"))
    if entry is None:
        return refuse(ENTRY_NOT_FOUND)
    path = content_file(sandbox, entry)
    if path is None:
        return refuse(FILE_NOT_FOUND)
    return _file(path, attachment(_content_name(entry, path)))


def _content_name(entry: Document, path: Path) -> str:
    name = entry["name"]
    return name if PurePath(name).suffix.lower() == path.suffix.lower() else f"{name}{path.suffix}"


def _as_named(name: str) -> str:
    """Return the header value for a name as it stands in an address; Kaltura repeats it with its escapes."""
    return 'attachment; filename="{}"'.format(name.replace('"', "%22"))


def _file(path: Path, disposition: str | None) -> FileAnswer:
    headers = {"Access-Control-Allow-Origin": "*", "Cache-Control": "public, max-age=86400"}
    if disposition is not None:
        headers["Content-Disposition"] = disposition
    return FileAnswer(path, media_type(path), headers=headers)


def _choose(sandbox: Sandbox, entry: Document, values: dict[str, str], *, source_first: bool) -> Document | None:
    """Return the finished flavor that an address names, or the best one."""
    ready = [asset for asset in flavors_of(sandbox.store, entry["id"]) if asset["status"] == READY]
    ids, params = _listed(values, "flavorId", "flavorIds"), _listed(values, "flavorParamId", "flavorParamIds")
    if ids:
        ready = [asset for asset in ready if asset["id"] in ids]
    elif params:
        ready = [asset for asset in ready if str(asset["flavorParamsId"]) in params]
    return min(ready, key=lambda asset: asset["isOriginal"] != source_first, default=None)


def _listed(values: dict[str, str], *names: str) -> list[str]:
    return [part for name in names for part in values.get(name, "").split(",") if part]


def _entry(sandbox: Sandbox, request: Request, entry_id: str | None) -> Document | None:
    found = entries(sandbox.store).get(entry_id, request.path_params["partner"])
    return found if found is not None and found["status"] != DELETED else None


def _raw_path(request: Request) -> str:
    return bytes(request.scope["raw_path"]).decode("latin-1")


def _values(request: Request, script: str) -> dict[str, str]:
    """Return the ``/name/value`` pairs behind a script's name, and those of the query; a file name stays encoded."""
    parts = _raw_path(request).partition(f"/{script}/")[2].split("/")
    pairs = zip(parts[::2], [*parts[1::2], ""], strict=False)
    named = {name: value if name == "fileName" else unquote(value) for name, value in pairs}
    return {**named, **request.query_params}


def _base(request: Request) -> str:
    return f"{request.url.scheme}://{request.headers.get('host') or request.url.netloc}"
