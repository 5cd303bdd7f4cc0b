"""Offers and orders of captions that tests need."""

from __future__ import annotations

import time
from typing import Any

from kaltura_provider.api import KalturaClient

TASKS = "reach_entryvendortask"


def tasks_of(client: KalturaClient, entry_id: str) -> list[dict[str, Any]]:
    """All orders for an entry."""
    listed: list[dict[str, Any]] = client.call(TASKS, "list", {"filter": {"entryIdEqual": entry_id}})["objects"]
    return listed


def report(client: KalturaClient, task_id: str, status: int, reason: str = "") -> None:
    """Say as the vendor how far an order is."""
    values = {"objectType": "KalturaEntryVendorTask", "status": status, "errDescription": reason}
    client.call(TASKS, "updateJob", {"id": task_id, "entryVendorTask": values})


def wait_for_task(client: KalturaClient, task_id: str, status: int = 2) -> None:
    """Wait until an order has a status."""
    end = time.monotonic() + 20
    while client.call(TASKS, "get", {"id": task_id})["status"] != status:
        assert time.monotonic() < end
        time.sleep(0.02)


def profile_with_credit(client: KalturaClient, name: str, credit: float, **values: Any) -> int:
    """A profile with so much credit."""
    limited = {"objectType": "KalturaVendorCredit", "credit": credit, "fromDate": 1_500_000_000}
    profile = {"objectType": "KalturaReachProfile", "name": name, "profileType": 2, "credit": limited, **values}
    return int(client.call("reach_reachprofile", "add", {"reachProfile": profile})["id"])


def item_for(client: KalturaClient, language: str, price: float = 0.0, **values: Any) -> int:
    """A machine that makes captions in a language no other item is for."""
    item = {
        "objectType": "KalturaVendorCaptionsCatalogItem",
        "name": f"Captions, {language}",
        "sourceLanguage": language,
        "serviceType": 2,
        "turnAroundTime": 0,
        "pricing": {"pricePerUnit": price, "priceFunction": "kReachUtils::calcPricePerMinute"},
        **values,
    }
    return int(client.call("reach_vendorcatalogitem", "add", {"vendorCatalogItem": item})["id"])
