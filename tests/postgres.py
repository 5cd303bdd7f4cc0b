"""A PostgreSQL server for tests: a new one in a folder of its own, reached over a Unix socket."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

PORT = 5432
# It is thrown away: nothing of it must outlast a power cut.
SETTINGS = "-c fsync=off -c full_page_writes=off -c synchronous_commit=off -c listen_addresses="


@contextmanager
def postgres_server() -> Iterator[Path]:
    """Run a server; yields the folder of its socket, the ``host`` of a connection. Its user is ``postgres``."""
    programs = cluster_programs()
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


@contextmanager
def report_database(socket: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[psycopg.Connection[Any]]:
    """Connect to an empty database, to which ``postgres_default`` points, too.

    :param socket: what :func:`postgres_server` yields.
    """
    place: dict[str, Any] = {"host": str(socket), "port": PORT}
    with psycopg.connect(**place, user="postgres", dbname="postgres", autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS reports WITH (FORCE)")
        connection.execute("CREATE DATABASE reports")
    value = {"conn_type": "postgres", **place, "login": "postgres", "schema": "reports"}
    monkeypatch.setenv("AIRFLOW_CONN_POSTGRES_DEFAULT", json.dumps(value))
    with psycopg.connect(**place, user="postgres", dbname="reports", autocommit=True) as connection:
        yield connection


def cluster_programs() -> Path:
    """Return the folder of ``initdb`` and ``postgres``; skips the test where there are none, and fails in CI."""
    found = shutil.which("initdb")
    if found:
        # Beside the real file is pg_ctl, too.
        return Path(found).resolve().parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not folders:
        if os.environ.get("CI"):
            pytest.fail("no PostgreSQL: tests/install.sh should have installed it")
        pytest.skip("no PostgreSQL: install it with the system's package manager")
    return folders[-1].parent


def _owner() -> tuple[int, int]:
    entry = pwd.getpwnam("postgres")
    return entry.pw_uid, entry.pw_gid
