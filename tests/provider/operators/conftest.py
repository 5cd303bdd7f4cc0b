"""An account whose calls are counted and broken, for operators that work on many entries."""

from __future__ import annotations

import pytest
from tests.account import Account, account, new_client, proxy
from tests.provider.airflow_fixtures import ADMIN_SECRET, PARTNER, ConnectionSetter

from kaltura_sandbox.faults.proxy import FaultProxy

__all__ = ["Account", "account", "new_client", "proxied", "proxy"]


@pytest.fixture
def proxied(proxy: FaultProxy, set_connection: ConnectionSetter) -> FaultProxy:
    """``kaltura_default`` points to the sandbox behind a proxy that counts and breaks."""
    set_connection(host=proxy.url, login=str(PARTNER), extra={"admin_secret": ADMIN_SECRET})
    return proxy
