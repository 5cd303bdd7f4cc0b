"""No secret in any log of the test run.

Run by ``make test`` after all other tests, over the logs they left: the log file of every test worker, and the logs
of the servers and Airflow tasks that the system tests started.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from demo.compose_file import read_env
from tests.conftest import LOGS, OWN_LOG

# A Kaltura session, version 2 (base64 of "v2|") or version 1 (base64 of forty hex digits and "|"), long enough to work.
SESSION = re.compile(rb"djJ8[\w/+=-]{60,}|(?<![\w/+-])[MNOYZ][A-Za-z0-9]{52}[HXn3]w[\w/+=-]{40,}")
PRESIGNED = re.compile(rb"X-Amz-Signature=[0-9a-f]{16}")
# The vectors of the session format, which are public and stand in a test file.
PUBLIC = b"djJ8MTIzNDU2N3"
SECRETS_OF_TESTS = [
    b"admin-secret-for-tests",
    b"user-secret-for-tests",
    b"contract-admin-secret",
    b"contract-user-secret",
    b"sandbox-admin-secret",
    b"sandbox-user-secret",
]


def log_files() -> list[Path]:
    """Return every log: of this run's workers, servers and tasks."""
    return [path for path in LOGS.rglob("*.log") if path.is_file() and path != OWN_LOG]


def known_secrets() -> list[bytes]:
    """Return the secrets that this run used."""
    found = list(SECRETS_OF_TESTS)
    for path in LOGS.rglob("secrets.json"):
        found.extend(value.encode() for value in json.loads(path.read_text()).values())
    for path in LOGS.rglob(".env"):
        given = read_env(path).items()
        found.extend(value.encode() for name, value in given if re.search("SECRET|PASSWORD|KEY", name))
    return found


@pytest.mark.skipif(not list(LOGS.rglob("dag_id=*")), reason="there are no logs: run it through `make test`")
def test_no_log_holds_a_secret() -> None:
    files = log_files()
    assert any(path.name.startswith("pytest-") for path in files), "the logs of the tests themselves are missing"
    assert any("dag_id=" in str(path) for path in files), "the logs of Airflow's tasks are missing"
    secrets = known_secrets()
    found: list[str] = []
    for path in files:
        data = path.read_bytes()
        found.extend(f"{path}: a secret of the tests" for secret in secrets if secret in data)
        found.extend(f"{path}: a session" for match in SESSION.findall(data) if not match.startswith(PUBLIC))
        found.extend(f"{path}: a presigned address" for _ in PRESIGNED.findall(data))
    assert not found


def test_the_search_finds_what_it_looks_for() -> None:
    import base64

    version_2 = base64.urlsafe_b64encode(b"v2|102|" + bytes(range(96)))
    version_1 = base64.b64encode(b"0a" * 20 + b"|102;102;1893456000;2;1700000000.5;user;disableentitlement;;")
    assert SESSION.search(b"ks=" + version_2)
    assert SESSION.search(b'"ks": "' + version_1 + b'"')
    assert PRESIGNED.search(b"?X-Amz-Signature=0123456789abcdef0123")
