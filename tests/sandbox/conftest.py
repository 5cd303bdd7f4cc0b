"""A running sandbox and a small caller for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import requests

from kaltura_sandbox.server import SandboxServer
from kaltura_sandbox.settings import Partner, Settings

from .media_files import Origin, origin

PARTNER = 102
OTHER_PARTNER = 103
ADMIN_SECRET = "admin-secret"
USER_SECRET = "user-secret"


def make_settings(data: Path, **changes: Any) -> Settings:
    """Settings of a sandbox on a free port with two accounts."""
    partners = (Partner(PARTNER, ADMIN_SECRET, USER_SECRET), Partner(OTHER_PARTNER, "other-admin", "other-user"))
    return Settings(data=data, partners=partners, **{"conversion_seconds": 0.2, **changes})


def wait_until(condition: Callable[[], object], seconds: float = 10) -> None:
    """Wait for something another thread or process does."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"did not happen in {seconds} seconds"
        time.sleep(0.01)


def no_jobs(server: SandboxServer) -> bool:
    """Whether a sandbox has nothing to do in the background now."""
    due = server.sandbox.store.connection.execute("SELECT count(*) FROM jobs WHERE due_at <= ?", (time.time(),))
    return int(due.fetchone()[0]) == 0


class Api:
    """Calls a sandbox as a client would: JSON in, JSON out."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = requests.Session()
        self._sessions: dict[tuple[Any, ...], str] = {}

    def post(self, path: str, **options: Any) -> requests.Response:
        return self.http.post(self.url + path, timeout=120, **options)

    def call(self, service: str, action: str, ks: str | None = None, **params: Any) -> Any:
        """Answer of one action; an error is an ordinary answer."""
        body = {"format": 1, **({"ks": ks} if ks else {}), **params}
        reply = self.post(f"/api_v3/service/{service}/action/{action}", json=body)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def upload(self, token_id: str, content: Any, ks: str, file_name: str = "a.bin", **params: Any) -> Any:
        """Send content as one part of an upload."""
        reply = self.post(
            "/api_v3/service/uploadToken/action/upload",
            data={"format": "1", "ks": ks, "uploadTokenId": token_id, **{k: str(v) for k, v in params.items()}},
            files={"fileData": (file_name, content)},
        )
        return reply.json()

    def session(
        self, user: str = "", kind: int = 0, secret: str = ADMIN_SECRET, partner: int = PARTNER, privileges: str = ""
    ) -> str:
        """A session string, made once."""
        key = (user, kind, secret, partner, privileges)
        if key not in self._sessions:
            ks = self.call(
                "session", "start", secret=secret, userId=user, type=kind, partnerId=partner, privileges=privileges
            )
            assert isinstance(ks, str), ks
            self._sessions[key] = ks
        return self._sessions[key]

    @property
    def admin(self) -> str:
        return self.session("admin", 2, privileges="disableentitlement")

    @property
    def other_admin(self) -> str:
        return self.session("admin", 2, secret="other-admin", partner=OTHER_PARTNER)

    def user(self, name: str) -> str:
        return self.session(name, 0)

    @property
    def widget(self) -> str:
        return str(self.call("session", "startWidgetSession", widgetId=f"_{PARTNER}")["ks"])


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[SandboxServer]:
    """A sandbox of its own for one test."""
    with SandboxServer(make_settings(tmp_path / "data")) as server:
        yield server


@pytest.fixture
def patient(tmp_path: Path) -> Iterator[Callable[..., Api]]:
    """Starts sandboxes with settings of their own, and stops them all at the end."""
    with ExitStack() as servers:

        def start(**settings: Any) -> Api:
            folder = tmp_path / f"sandbox-{next(numbers)}"
            return Api(servers.enter_context(SandboxServer(make_settings(folder, **settings))).url)

        numbers = count()
        yield start


@pytest.fixture
def source() -> Iterator[Origin]:
    """Serves what is imported."""
    with origin() as state:
        yield state


@pytest.fixture
def api(sandbox: SandboxServer) -> Api:
    """A caller of the sandbox."""
    return Api(sandbox.url)
