"""Service ``system``: what a caller may ask without a session."""

from __future__ import annotations

import time

from ..context import Context
from ..registry import ANYONE, action

VERSION = "Venus-22.19.0"


@action("system", "ping", access=ANYONE)
def ping(context: Context) -> bool:
    """Answer true as long as the database answers."""
    context.store.connection.execute("SELECT 1")
    return True


@action("system", "getTime", access=ANYONE)
def get_time(context: Context) -> int:
    """Answer the present in Unix seconds."""
    return int(time.time())


@action("system", "getVersion", access=ANYONE)
def get_version(context: Context) -> str:
    """Answer the version of the API server that the sandbox follows."""
    return VERSION
