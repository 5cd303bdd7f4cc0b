"""The servers of docker-compose.yaml, and what runs once before Airflow does, by the file's own commands."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
from collections.abc import Iterator

import pytest
from demo.bucket import s3_client
from demo.processes import HOST

from tests.conftest import LOGS
from tests.distributed.processes import Stack
from tests.postgres import cluster_programs

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def servers() -> Iterator[Stack]:
    cluster_programs()
    if shutil.which("redis-server") is None:
        if os.environ.get("CI"):
            pytest.fail("no Redis: tests/install.sh should have installed it")
        pytest.skip("no Redis: install it with the system's package manager")
    state = LOGS / "compose"
    shutil.rmtree(state, ignore_errors=True)
    with Stack(state, airflow=False) as stack:
        yield stack


def test_redis_asks_for_the_password_and_keeps_what_it_is_given(servers: Stack) -> None:
    def redis(*words: str, password: str = "") -> str:
        command = ["redis-cli", "-h", HOST, "-p", str(servers.ports["redis"]), *words]
        environment = {**os.environ, "REDISCLI_AUTH": password}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        return done.stdout + done.stderr

    assert "NOAUTH" in redis("SET", "queued", "task")
    secret = servers.variables["REDIS_PASSWORD"]
    redis("SET", "queued", "task", password=secret)
    running = servers.running["redis"]
    assert running.process is not None
    assert secret not in " ".join(running.command)
    running.kill()
    running.process.wait()
    running.start()
    servers.await_health("redis", 30)
    assert redis("GET", "queued", password=secret).strip() == "task"


def test_the_bucket_is_made(servers: Stack) -> None:
    assert [each["Name"] for each in s3_client(servers.url("s3")).list_buckets()["Buckets"]] == ["media"]


def test_init_prepares_database_pool_and_user(servers: Stack) -> None:
    import psycopg

    place = {"host": HOST, "port": servers.ports["postgres"], "user": "airflow", "dbname": "airflow"}
    with psycopg.connect(**place, password=servers.variables["POSTGRES_PASSWORD"]) as connection:  # type: ignore[arg-type]
        pools = connection.execute("SELECT slots, include_deferred FROM slot_pool WHERE pool = 'kaltura'").fetchall()
    assert pools == [(16, True)]
    passwords = servers.state / "auth" / "passwords.json"
    assert stat.S_IMODE(passwords.stat().st_mode) == 0o600
    assert json.loads(passwords.read_text()) == {"admin": servers.variables["AIRFLOW_ADMIN_PASSWORD"]}
