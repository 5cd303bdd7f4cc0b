"""The sandbox's own address for its index lag, which a test may change at any time. Kaltura has no such thing."""

from __future__ import annotations

import ipaddress
import math
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse

from ..registry import route

if TYPE_CHECKING:
    from ..sandbox import Sandbox


@route("/_sandbox/index-lag")
def index_lag(sandbox: Sandbox, request: Request) -> JSONResponse:
    """Answer the index lag in seconds; ``PUT`` with ``?seconds=`` changes it first. For callers on this machine."""
    if request.client is None or not ipaddress.ip_address(request.client.host).is_loopback:
        return JSONResponse({"error": "only programs on this machine may ask"}, 403)
    if request.method == "PUT":
        try:
            seconds = float(request.query_params.get("seconds", ""))
        except ValueError:
            seconds = -1.0
        if seconds < 0 or not math.isfinite(seconds):
            return JSONResponse({"error": "write the lag as ?seconds=2.5, 0 for none"}, 400)
        sandbox.store.set_index_lag(seconds)
    return JSONResponse({"seconds": sandbox.store.index_lag})
