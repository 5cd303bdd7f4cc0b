"""What the tests of whole processes have in common."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from demo.stack import LocalStack

    from kaltura_provider.api import KalturaClient

# All but deleted ones; without this condition Kaltura lists only what is ready.
_LIVING = "-2,-1,0,1,2,4,7"


def until(condition: Callable[[], Any], seconds: float) -> Any:
    """Wait for something that another process does, and return it."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.25)
    return found


def kaltura_client(stack: LocalStack) -> KalturaClient:
    """A client of the stack's Kaltura; close it."""
    from demo.stack import PARTNER_ID

    from kaltura_provider.api import AdminSecretCredentials, ClientConfig, KalturaClient

    return KalturaClient(ClientConfig(stack.kaltura_url, PARTNER_ID), AdminSecretCredentials(stack.admin_secret))


def entries(stack: LocalStack, **condition: Any) -> list[dict[str, Any]]:
    """The entries of the stack's Kaltura in whatever state, save deleted ones."""
    with kaltura_client(stack) as client:
        return list(client.iterate("baseEntry", "list", {"statusIn": _LIVING, **condition}))
