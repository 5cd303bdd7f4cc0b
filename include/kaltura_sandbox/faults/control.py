"""Control over HTTP, for tests that run in other processes than the proxy: addresses below ``/_faults``."""

from __future__ import annotations

import ipaddress
import json
from typing import TYPE_CHECKING, Any

from .rules import rules_from_json
from .schedule import Schedule

if TYPE_CHECKING:
    from .proxy import FaultProxy

PATH = "/_faults"

_ADDRESSES = {
    "rules": "GET shows the rules, PUT replaces them, POST adds some, DELETE removes all",
    "schedule": "GET shows the schedule, PUT sets one, DELETE removes it",
    "counts": "GET shows calls, faults and bytes by action, DELETE begins anew",
    "events": "GET shows the faults that were made, in order",
    "index-lag": 'PUT {"seconds": 2.5} sets the sandbox\'s index lag',
}


def control(proxy: FaultProxy, client: str, method: str, target: str, body: bytes) -> tuple[int, Any]:
    """Answer a request to the proxy itself.

    :param client: the caller's address; only programs on this machine are answered.
    :return: HTTP status and JSON data.
    """
    if not is_local(client):
        return 403, {"error": "only programs on this machine may control the proxy"}
    name = target.partition("?")[0].removeprefix(f"{PATH}/").strip("/")
    if name not in _ADDRESSES:
        return 404, {
            "error": "there is no such address",
            "addresses": {f"{PATH}/{k}": v for k, v in _ADDRESSES.items()},
        }
    try:
        value = json.loads(body) if body.strip() else None
        return _do(proxy, name, method, value)
    except ValueError as problem:
        return 400, {"error": str(problem)}
    except RuntimeError as problem:
        return 502, {"error": str(problem)}


def is_local(client: str) -> bool:
    """Tell whether an address is one of this machine's own."""
    return ipaddress.ip_address(client).is_loopback


def _do(proxy: FaultProxy, name: str, method: str, value: Any) -> tuple[int, Any]:
    if name == "rules" and method in {"GET", "PUT", "POST", "DELETE"}:
        if method == "PUT":
            proxy.set_rules(rules_from_json(value))
        elif method == "POST":
            proxy.add_rules(rules_from_json(value))
        elif method == "DELETE":
            proxy.set_rules([])
        return 200, [rule.to_json() for rule in proxy.rules]
    if name == "schedule" and method in {"GET", "PUT", "DELETE"}:
        if method != "GET":
            proxy.schedule = Schedule.from_json(value, proxy.service) if method == "PUT" else None
        return 200, proxy.schedule.to_json() if proxy.schedule else None
    if name == "counts" and method in {"GET", "DELETE"}:
        if method == "DELETE":
            proxy.reset()
        return 200, proxy.counts.to_json()
    if name == "events" and method == "GET":
        return 200, [event.to_json() for event in proxy.events]
    if name == "index-lag" and method == "PUT":
        seconds = value.get("seconds") if isinstance(value, dict) else None
        if not isinstance(seconds, (int, float)) or isinstance(seconds, bool):
            raise ValueError('Write {"seconds": 2.5}.')
        proxy.set_index_lag(seconds)
        return 200, {"seconds": seconds}
    return 405, {"error": f"{PATH}/{name}: {_ADDRESSES[name]}"}
