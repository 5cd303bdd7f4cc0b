"""A PostgreSQL server for tests: a new one in a folder of its own, reached over a Unix socket."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PORT = 5432
# It is thrown away: nothing of it must outlast a power cut.
SETTINGS = "-c fsync=off -c full_page_writes=off -c synchronous_commit=off -c listen_addresses="


@contextmanager
def postgres_server() -> Iterator[Path]:
    """Run a server; yields the folder of its socket, the ``host`` of a connection. Its user is ``postgres``."""
    programs = _programs()
    # The name of a socket has 107 bytes at most, so not below pytest's own folders.
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    data = folder / "data"
    as_owner: list[str] = []
    if os.geteuid() == 0:
        # PostgreSQL refuses to run as root.
        os.chown(folder, *_owner())
        as_owner = ["runuser", "-u", "postgres", "--"]

    def run(program: str, *arguments: str) -> None:
        done = subprocess.run(
            [*as_owner, str(programs / program), *arguments], cwd=folder, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, f"{program}: {done.stdout}{done.stderr}"

    try:
        run("initdb", "--no-sync", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", f"-D{data}")
        options = f"{SETTINGS} -c unix_socket_directories={folder} -p {PORT}"
        # Without a log of its own it would keep the pipes open, and run() would wait for it.
        run("pg_ctl", "start", "--wait", f"-D{data}", f"-l{folder / 'log'}", f"-o{options}")
        try:
            yield folder
        finally:
            run("pg_ctl", "stop", "--wait", "--mode=immediate", f"-D{data}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path:
    found = shutil.which("initdb")
    if found:
        # Beside the real file is pg_ctl, too.
        return Path(found).resolve().parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not folders:
        if os.environ.get("CI"):
            pytest.fail("no PostgreSQL: tests/install-postgres.sh should have installed it")
        pytest.skip("no PostgreSQL: install it with the system's package manager")
    return folders[-1].parent


def _owner() -> tuple[int, int]:
    entry = pwd.getpwnam("postgres")
    return entry.pw_uid, entry.pw_gid
