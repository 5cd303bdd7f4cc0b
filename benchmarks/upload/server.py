"""The sandbox that is uploaded to: what it charges, what it has counted, and whether it holds the right bytes."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.upload.files import same_content
from kaltura_sandbox.receiving.costs import Costs, Counts
from kaltura_sandbox.server import SandboxServer
from kaltura_sandbox.services.upload_content import FULL, token_file, tokens
from kaltura_sandbox.settings import Partner, Settings

PARTNER = 102
RECEIVERS = 2
#: What fits the measured times of Kaltura's own server: see ``--calibrate``.
DEFAULT_COSTS = Costs(cores=2, call=0.045, receive=0.0024, append=0.0010)


@dataclass(frozen=True)
class Seen:
    """What the server saw of one upload.

    :param requests: HTTP requests.
    :param bytes_twice: bytes that arrived beyond the file's own.
    :param at_once: long bodies that arrived at the same time at most.
    """

    requests: int
    bytes_twice: int
    at_once: int


class Server:
    """A running sandbox.

    :param sandbox: the server.
    :param secret: the account's admin secret.
    """

    def __init__(self, sandbox: SandboxServer, secret: str) -> None:
        self._server = sandbox
        self.secret = secret
        self._before = Counts()

    @property
    def address(self) -> str:
        """``host:port``."""
        return self._server.url.removeprefix("http://")

    def begin(self) -> None:
        """Count from here on."""
        self._server.sandbox.meter.count(reset_peak=True)
        self._before = self._server.sandbox.meter.counts()

    def check(self, token_id: str, original: Path) -> Seen:
        """Verify one upload since :meth:`begin`, and remove everything it left.

        :param token_id: the token that holds the file.
        :param original: what it must hold.
        :raises RuntimeError: it is not complete, or not the same.
        """
        sandbox, now = self._server.sandbox, self._server.sandbox.meter.counts()
        found = tokens(sandbox.store)
        token = found.get(token_id)
        size = original.stat().st_size
        if token is None or (token["status"], token["uploadedFileSize"]) != (FULL, size):
            raise RuntimeError(f"the upload is not complete: {token}")
        if not same_content(token_file(sandbox, token), original):
            raise RuntimeError("the stored file differs from the original")
        every = found.find()
        received = sum(each.get("receivedBytes", 0) for each in every)
        for each in every:
            found.delete(each["id"])
            sandbox.files.remove("token", each["id"])
        broken = now.broken_bytes - self._before.broken_bytes
        return Seen(now.requests - self._before.requests, received + broken - size, now.peak_bodies)


@contextlib.contextmanager
def running_server(folder: Path, costs: Costs) -> Iterator[Server]:
    """A sandbox whose work costs what a real server's does.

    :param folder: for its data.
    :param costs: what it charges.
    """
    secret = secrets.token_hex(16)
    settings = Settings(
        data=folder, partners=(Partner(PARTNER, secret, "user-secret"),), receivers=RECEIVERS, costs=costs,
        restrict_file_types=True,
    )  # fmt: skip
    with SandboxServer(settings) as sandbox:
        yield Server(sandbox, secret)
