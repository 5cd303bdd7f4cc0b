"""An account whose calls are counted."""

from tests.account import account, client, new_client, proxy

__all__ = ["account", "client", "new_client", "proxy"]
