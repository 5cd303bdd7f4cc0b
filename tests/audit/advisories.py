"""A folder of advisories in place of a service, for networks that reach none: pip-audit asks it as it asks OSV."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version


class Advisories:
    """Advisories in OSV's format, as PyPA keeps them: ``vulns/<package>/<id>.yaml``."""

    def __init__(self, folder: Path) -> None:
        """Look into a copy of PyPA's advisory-database.

        :raises ValueError: it is none.
        """
        self._folder = folder / "vulns"
        if not self._folder.is_dir():
            raise ValueError(f"{folder} has no folder vulns; give a copy of PyPA's repository advisory-database")

    def of(self, name: str, version: Version) -> list[dict[str, Any]]:
        """Return the advisories that concern a version."""
        paths = sorted((self._folder / canonicalize_name(name)).glob("*.yaml"))
        # OSV's JSON has moments as text; so does BaseLoader.
        told = [yaml.load(path.read_bytes(), yaml.CBaseLoader) for path in paths]
        return [each for each in told if any(_concerns(affected, version) for affected in each.get("affected", ()))]


def _concerns(affected: Mapping[str, Any], version: Version) -> bool:
    if any(_parsed(each) == version for each in affected.get("versions", ())):
        return True
    return any(each["type"] == "ECOSYSTEM" and _within(each["events"], version) for each in affected.get("ranges", ()))


def _within(events: list[dict[str, str]], version: Version) -> bool:
    """Whether a version lies between an event that introduced a vulnerability and one that ended it."""
    inside = False
    for event in sorted(events, key=lambda each: _parsed(next(iter(each.values()))) or Version("0")):
        ((kind, text),) = event.items()
        at = _parsed(text)
        if at is None:
            continue
        if kind == "introduced" and at <= version:
            inside = True
        elif (kind == "fixed" and at <= version) or (kind == "last_affected" and at < version):
            inside = False
    return inside


def _parsed(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """Answer as OSV's service does, on a free loopback port; give the address to ask."""
    advisories = Advisories(folder)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            found = advisories.of(asked["package"]["name"], Version(asked["version"]))
            body = json.dumps({"vulns": found} if found else {}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Stay silent: a line a package says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()
