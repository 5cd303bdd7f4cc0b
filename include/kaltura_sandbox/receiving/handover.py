"""How a receiving process hands a request over to the application: one header, proved by a secret."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .splitter import LongPart

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

HEADER = "x-sandbox-handover"
_PARTS = "kaltura_sandbox.parts"


@dataclass(frozen=True)
class Handover:
    """What a receiving process knows of a request that its head does not say.

    :param secret: proves where it comes from.
    :param client: the caller's address.
    :param parts: the parts of the body that are in files.
    """

    secret: str
    client: str
    parts: tuple[LongPart, ...]

    def to_header(self) -> str:
        """Write it as the value of :data:`HEADER`."""
        parts = [(part.index, str(part.path), part.size) for part in self.parts]
        return json.dumps([self.secret, self.client, parts])

    @classmethod
    def from_header(cls, value: str) -> Handover:
        """Read what :meth:`to_header` has written."""
        secret, client, parts = json.loads(value)
        return cls(secret, client, tuple(LongPart(index, Path(path), size) for index, path, size in parts))


class HandoverApp:
    """Lets only requests of receiving processes through to an application, with the address of their caller.

    :param app: the application.
    :param secret: what these processes know.
    """

    def __init__(self, app: ASGIApp, secret: str) -> None:
        self._app = app
        self._secret = secret

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, or the beginning and end of the application."""
        if scope["type"] == "http":
            given = [value for name, value in scope["headers"] if name == HEADER.encode()]
            handover = Handover.from_header(given[0].decode("latin-1")) if given else Handover("", "", ())
            if not secrets.compare_digest(handover.secret.encode(), self._secret.encode()):
                raise PermissionError("only the receiving processes may speak to the application")
            headers = [pair for pair in scope["headers"] if pair[0] != HEADER.encode()]
            client = (handover.client, 0)
            scope = {**scope, "headers": headers, "client": client, "server": ("127.0.0.1", 80), _PARTS: handover.parts}
        await self._app(scope, receive, send)


def parts_in_files(scope: Scope) -> tuple[LongPart, ...]:
    """Return the parts of a request's body that a receiving process has put into files."""
    parts: tuple[LongPart, ...] = scope.get(_PARTS, ())
    return parts
