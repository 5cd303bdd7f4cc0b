"""Kaltura's own player, read from where it was put, and the configuration it gets."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

NOT_INSTALLED = (
    "Kaltura's player is not installed in this sandbox. Run `make player`, or name the directory that has it with"
    " --player-dir, then load this page again."
)
_CORE = "kaltura-ovp-player.js"
# By their names in a uiConf's confVars. Kaltura puts the one for analytics into every player; what else a player names
# is not here, and its configuration goes unheard.
_PLUGINS = {"playkit-kava": "playkit-kava.js", "playkit-image-player": "playkit-image-player.js"}
_ALWAYS = {"playkit-kava"}
# Stands in for the library when there is none: whoever embeds a player sees why nothing plays.
_NOTICE = """(function (notice) {
  window.KalturaPlayer = { setup: function (config) {
    document.getElementById(config.targetId).textContent = notice;
    throw new Error(notice);
  } };
})(%s);"""


def library(folder: Path, parts: Iterable[str] = ()) -> str | None:
    """Return the script that defines ``KalturaPlayer`` with its plugins; None when it is not there.

    :param folder: where the player lies.
    :param parts: the names of plugins, as a uiConf lists them.
    """
    core = folder / _CORE
    if not core.is_file():
        return None
    named = _ALWAYS | set(parts)
    files = [core, *(folder / file for name, file in _PLUGINS.items() if name in named)]
    return _joined(tuple(file for file in files if file.is_file()), core.stat().st_mtime_ns)


@lru_cache(maxsize=4)
def _joined(files: tuple[Path, ...], changed: int) -> str:
    """Read the parts as the server's bundler joins them: plugins register themselves with the player before them.

    :param changed: the time of the player's last change, so that a new one is read.
    """
    texts = [file.read_text(encoding="utf-8") for file in files]
    # The maps of the sources are not served.
    return "\n".join(re.sub(r"^//# sourceMappingURL=.*$", "", text, flags=re.MULTILINE) for text in texts)


def notice() -> str:
    """Return the script that shows :data:`NOT_INSTALLED` in place of a player."""
    return _NOTICE % script_json(NOT_INSTALLED)


def translations(folder: Path, languages: list[str]) -> dict[str, Any]:
    """Return the texts of the player's controls in some languages; one it does not have is left out."""
    found: dict[str, Any] = {}
    for language in languages:
        path = folder / "translations" / f"{re.sub(r'[^a-z_]', '', language.lower())}.i18n.json"
        if path.is_file():
            found.update(json.loads(path.read_text(encoding="utf-8")))
    return found


def environment(base: str) -> dict[str, Any]:
    """Return where the player finds its services: all of them here.

    :param base: scheme and host of the sandbox, as the viewer's browser reaches it.
    """
    return {
        "serviceUrl": f"{base}/api_v3", "cdnUrl": base, "statsServiceUrl": base, "liveStatsServiceUrl": base,
        "analyticsServiceUrl": base, "apiFeatures": "",
    }  # fmt: skip


def overlay(below: Any, above: Any) -> Any:
    """Lay one configuration over another: objects are joined, anything else replaces what lies below."""
    if not (isinstance(below, dict) and isinstance(above, dict)):
        return above
    return {**below, **{name: overlay(below.get(name), value) for name, value in above.items()}}


def script_json(value: Any) -> str:
    """Write JSON that can stand inside a script element."""
    return json.dumps(value).replace("<", "\\u003c")
