"""An account whose calls are counted and broken."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tests.account import account, client, new_client, proxy

from kaltura_provider.api import AdminSecretCredentials, ClientConfig, KalturaClient
from kaltura_sandbox.faults.proxy import FaultProxy

__all__ = ["account", "client", "new_client", "proxy"]


def nowhere() -> KalturaClient:
    """A client whose every call fails."""
    return KalturaClient(ClientConfig("http://127.0.0.1:9", 102, max_attempts=1), AdminSecretCredentials("secret-word"))


def watched(proxy: FaultProxy) -> Counter[str]:
    """Count the calls from now on, also those inside of multirequests."""
    seen: Counter[str] = Counter()

    def judge(request: Any) -> None:
        seen.update(request.items or [request.action])

    proxy.reset()
    proxy.judge = judge
    return seen
