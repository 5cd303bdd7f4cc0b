"""What the benchmark needs besides the project: the peers in an environment of their own, curl, and nginx."""

from __future__ import annotations

import ctypes.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
STATE = ROOT / ".state"
PEERS = STATE / "bench-peers"
PINNED = Path(__file__).parent / "peers.txt"
_NGINX = STATE / "bench-nginx"


class Missing(Exception):
    """Something is not there and could not be fetched; the message says what to do."""


def peers_python() -> Path:
    """Make the peers' environment if needed; return its Python."""
    python, ready = PEERS / "bin" / "python", PEERS / "ready.txt"
    wanted = PINNED.read_text()
    if ready.is_file() and ready.read_text() == wanted:
        return python
    uv = os.environ.get("UV") or str(ROOT / ".tools" / "bin" / "uv")
    print(f"Making the environment of the peers in {PEERS.relative_to(ROOT)} ...", file=sys.stderr)
    _run(uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(PEERS))
    _run(uv, "pip", "sync", "--quiet", "--python", str(python), "--compile-bytecode", str(PINNED))
    ready.write_text(wanted)
    return python


def need_system_packages() -> None:
    """Install curl, and the library that kaltura-uploader tells file types with, if they are missing."""
    missing = [] if shutil.which("curl") else ["curl"]
    missing += [] if ctypes.util.find_library("magic") else ["libmagic1"]
    if not missing:
        return
    if os.geteuid() or not shutil.which("apt-get"):
        raise Missing(f"{' and '.join(missing)} needed: install with apt-get install {' '.join(missing)}")
    _run("apt-get", "update", "-qq")
    _run("apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing)


def nginx() -> Path:
    """Return an nginx; Debian's is unpacked below ``.state`` if there is none, as installing it would start it."""
    found = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if found:
        return Path(found)
    unpacked = _NGINX / "usr" / "sbin" / "nginx"
    if not unpacked.is_file():
        if not shutil.which("apt-get"):
            raise Missing("nginx is needed, which plays S3: install it")
        # Below /tmp, where the account that apt downloads with may write.
        with tempfile.TemporaryDirectory() as folder:
            Path(folder).chmod(0o777)
            if subprocess.run(["apt-get", "download", "-qq", "nginx"], cwd=folder, capture_output=True).returncode:
                _run("apt-get", "update", "-qq")
                _run("apt-get", "download", "-qq", "nginx", cwd=folder)
            for package in Path(folder).glob("nginx_*.deb"):
                _run("dpkg-deb", "-x", str(package), str(_NGINX))
    return unpacked


def versions() -> str:
    """Name what is measured with what."""
    curl = subprocess.run(["curl", "--version"], capture_output=True, text=True, check=True).stdout.split()[1]
    shown = subprocess.run([nginx(), "-v"], capture_output=True, text=True, check=True).stderr.split("/")[-1].strip()
    pinned = dict(line.split("==", 1) for line in PINNED.read_text().splitlines() if "==" in line)
    names = ("kalturaapiclient", "kaltura-uploader", "requests", "urllib3")
    peers = ", ".join(f"{name} {pinned[name]}" for name in names)
    return f"Python {sys.version.split()[0]}, curl {curl}, nginx {shown}; peers: {peers}"


def _run(*command: str, cwd: str | None = None) -> None:
    try:
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd=cwd)
    except (OSError, subprocess.CalledProcessError) as problem:
        output = getattr(problem, "stderr", "") or problem
        raise Missing(f"{' '.join(command[:3])} ... failed: {output}".strip()) from problem
