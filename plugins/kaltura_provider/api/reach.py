"""Orders of captions and translations (REACH): each once, as each costs money."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from kaltura_provider.api.errors import KalturaError
from kaltura_provider.api.lookup import get_entries
from kaltura_provider.api.paging import MAX_IN_VALUES, MAX_PAGE_SIZE, chunked

if TYPE_CHECKING:
    from kaltura_provider.api.client import KalturaClient
    from kaltura_provider.api.reach_catalog import CatalogItem, ReachProfile

SERVICE = "reach_entryvendortask"
# So many entries travel in one request.
_TOGETHER = 50
_PAGER = {"pageSize": MAX_PAGE_SIZE, "pageIndex": 1}


class TaskStatus(IntEnum):
    """How far an order is (``KalturaEntryVendorTaskStatus``)."""

    PENDING = 1
    READY = 2
    PROCESSING = 3
    PENDING_MODERATION = 4
    REJECTED = 5
    ERROR = 6
    ABORTED = 7
    PENDING_ENTRY_READY = 8
    SCHEDULED = 9


_FAILED = {
    TaskStatus.REJECTED: "it was not approved. Ask whoever approves REACH orders, then clear the task that ordered",
    TaskStatus.ERROR: (
        "the vendor could not do it. Check that the entry has clear sound in the language ordered, then clear the task "
        "that ordered"
    ),
    TaskStatus.ABORTED: "it was cancelled. If it is still wanted, clear the task that ordered",
}
_WAITING = {
    TaskStatus.PENDING: "the vendor has not begun",
    TaskStatus.PROCESSING: "the vendor works on it",
    TaskStatus.PENDING_MODERATION: "it waits for approval in the KMC, Services Dashboard",
    TaskStatus.PENDING_ENTRY_READY: "it waits for the entry to be ready",
    TaskStatus.SCHEDULED: "it waits for its time",
}
_EXISTING = ",".join(str(int(status)) for status in (*_WAITING, TaskStatus.READY))


@dataclass(frozen=True)
class ReachTask:
    """One order.

    :param id: its ID.
    :param entry_id: the entry it is for.
    :param status: how far it is.
    :param catalog_item_id: what was ordered.
    :param price: what it costs.
    :param version: version of the entry's source that it is for.
    :param output_id: ID of the asset that it brought, such as a caption; empty before.
    :param reason: what the vendor, or who decided about it, says.
    """

    id: str
    entry_id: str
    status: TaskStatus
    catalog_item_id: int
    price: float
    version: str
    output_id: str = ""
    reason: str = ""

    @classmethod
    def from_api(cls, values: Mapping[str, Any]) -> ReachTask:
        """Read a ``KalturaEntryVendorTask``."""
        return cls(
            str(values["id"]),
            str(values.get("entryId") or ""),
            TaskStatus(int(values["status"])),
            int(values.get("catalogItemId") or 0),
            float(values.get("price") or 0),
            str(values.get("version") or "0"),
            str(values.get("outputObjectId") or ""),
            str(values.get("errDescription") or ""),
        )

    @property
    def is_failed(self) -> bool:
        """Whether nothing will come of it."""
        return self.status in _FAILED

    def describe(self) -> str:
        """Say how far it is, why, and what to do if it failed."""
        said = f" ({self.reason.strip()})" if self.reason.strip() else ""
        words = _FAILED.get(self.status) or _WAITING.get(self.status) or "it is done"
        return f"{self.status.name}{said}: {words}"


@dataclass(frozen=True)
class Ordered:
    """What became of the order for an entry.

    :param entry_id: the entry.
    :param task: the order; None if there is none.
    :param is_new: whether this call made it; False for one that was there.
    :param error: why there is none.
    """

    entry_id: str
    task: ReachTask | None = None
    is_new: bool = False
    error: KalturaError | None = None


@dataclass(frozen=True)
class Quote:
    """What an order would cost.

    :param prices: by entry; None where that is known only afterwards, 0 where the same is ordered already.
    :param existing: orders that are there, by entry.
    :param unknown: entries that do not exist.
    :param left: what the profile can still spend; None when there is no limit.
    """

    prices: dict[str, float | None]
    existing: dict[str, ReachTask]
    unknown: list[str] = field(default_factory=list)
    left: float | None = None

    @property
    def total(self) -> float:
        """Sum of the prices that are known."""
        return round(sum(price or 0 for price in self.prices.values()), 4)

    @property
    def is_enough(self) -> bool:
        """Whether the credit pays for it, as far as the prices are known."""
        return self.left is None or self.total <= self.left


def quote_orders(client: KalturaClient, entry_ids: Iterable[str], item: CatalogItem, profile: ReachProfile) -> Quote:
    """Say what an order would cost, without ordering (``baseEntry.list``, ``reach_entryvendortask.list``).

    :param client: the client.
    :param entry_ids: the entries.
    :param item: what would be ordered.
    :param profile: whose credit would be spent.
    :raises KalturaError: if a call failed.
    """
    wanted = list(dict.fromkeys(entry_ids))
    entries = get_entries(client, wanted)
    existing: dict[str, ReachTask] = {}
    for together in chunked(wanted, _TOGETHER):
        existing.update(_existing(client, together, item))
    prices = {
        entry_id: 0.0 if entry_id in existing else item.price(entry.ms_duration) for entry_id, entry in entries.items()
    }
    return Quote(prices, existing, [each for each in wanted if each not in entries], profile.left)


def place_orders(
    client: KalturaClient,
    entry_ids: Iterable[str],
    item: CatalogItem,
    profile: ReachProfile,
    *,
    notes: str = "",
    patience: float = 30.0,
) -> list[Ordered]:
    """Order the same for entries, each once (``reach_entryvendortask.list``, ``add``).

    What is ordered, or was carried out for the present content of an entry, is not ordered again. For fifty entries
    there is one request that looks and one that orders. An order whose answer was lost is looked for before anything
    else is done. Safe for several at once: Kaltura refuses the second of two.

    :param client: the client.
    :param entry_ids: the entries, which must be READY.
    :param item: what to order.
    :param profile: whose credit to spend.
    :param notes: what the vendor should know.
    :param patience: seconds to wait for Kaltura's search to show an order that must be there.
    :return: one result an entry, in their order; errors are in there.
    :raises KalturaError: what is there could not be read; nothing was ordered for the entries after that.
    """
    ordering = _Ordering(client, item, profile, notes, patience)
    results: dict[str, Ordered] = {}
    wanted = list(dict.fromkeys(entry_ids))
    for together in chunked(wanted, _TOGETHER):
        results.update(ordering.run(together))
    return [results[entry_id] for entry_id in wanted]


def look_at_tasks(client: KalturaClient, task_ids: Iterable[str]) -> dict[str, ReachTask]:
    """Read orders (``reach_entryvendortask.list``, one call for 150; ``get`` for those that search does not show yet).

    :param client: the client.
    :param task_ids: IDs of orders.
    :return: the orders by ID, in the order of ``task_ids``; those that do not exist are missing.
    :raises KalturaError: if a call failed.
    """
    wanted = list(dict.fromkeys(str(each) for each in task_ids))
    found: dict[str, ReachTask] = {}
    for chunk in chunked(wanted, MAX_IN_VALUES):
        answer = client.call(SERVICE, "list", {"filter": {"idIn": ",".join(chunk)}, "pager": _PAGER})
        tasks = [ReachTask.from_api(each) for each in answer.get("objects") or []]
        found.update((task.id, task) for task in tasks)
        if missing := [each for each in chunk if each not in found]:
            request = client.multirequest()
            for each in missing:
                request.add(SERVICE, "get", {"id": each})
            for each, result in zip(missing, request.send(raise_on_error=False), strict=True):
                if not isinstance(result, KalturaError):
                    found[each] = ReachTask.from_api(result)
                elif result.code != "ENTRY_VENDOR_TASK_NOT_FOUND":
                    raise result
    return {each: found[each] for each in wanted if each in found}


class _Ordering:
    def __init__(
        self, client: KalturaClient, item: CatalogItem, profile: ReachProfile, notes: str, patience: float
    ) -> None:
        self._client = client
        self._item = item
        self._profile = profile
        self._notes = notes
        self._patience = patience

    def run(self, entry_ids: Sequence[str]) -> dict[str, Ordered]:
        existing = _existing(self._client, entry_ids, self._item)
        results = {entry_id: Ordered(entry_id, task) for entry_id, task in existing.items()}
        doubtful = self._add([each for each in entry_ids if each not in results], results)
        if not doubtful:
            return results
        # The answer was lost. Kaltura refuses a second order of most items, but not of all.
        seen = self._wait_for(doubtful) if self._item.resubmission else _existing(self._client, doubtful, self._item)
        results.update((each, Ordered(each, task, is_new=True)) for each, task in seen.items())
        left = {each: error for each, error in doubtful.items() if each not in seen}
        if left and not self._item.resubmission:
            left = self._add(list(left), results)
        for each, error in left.items():
            results[each] = Ordered(
                each,
                error=KalturaError(
                    "ORDER_OUTCOME_UNKNOWN", str(error), service_action=f"{SERVICE}.add", outcome_unknown=True
                ),
            )
        return results

    def _add(self, entry_ids: Sequence[str], results: dict[str, Ordered]) -> dict[str, KalturaError]:
        """Order; return the entries of which nobody knows whether that was done."""
        if not entry_ids:
            return {}
        request = self._client.multirequest()
        for entry_id in entry_ids:
            task = {
                "objectType": "KalturaEntryVendorTask",
                "entryId": entry_id,
                "reachProfileId": self._profile.id,
                "catalogItemId": self._item.id,
                **({"notes": self._notes} if self._notes else {}),
            }
            request.add(SERVICE, "add", {"entryVendorTask": task})
        try:
            answers = request.send(raise_on_error=False)
        except KalturaError as error:
            answers = [error] * len(entry_ids)
        doubtful: dict[str, KalturaError] = {}
        duplicates: dict[str, KalturaError] = {}
        for entry_id, answer in zip(entry_ids, answers, strict=True):
            if not isinstance(answer, KalturaError):
                results[entry_id] = Ordered(entry_id, ReachTask.from_api(answer), is_new=True)
            elif answer.code == "ENTRY_VENDOR_TASK_DUPLICATION":
                duplicates[entry_id] = answer
            elif answer.outcome_unknown:
                doubtful[entry_id] = answer
            else:
                results[entry_id] = Ordered(entry_id, error=answer)
        shown = self._wait_for(duplicates, any_version=True) if duplicates else {}
        for entry_id, refusal in duplicates.items():
            missing = KalturaError("ORDER_NOT_LISTED", refusal.message, service_action=f"{SERVICE}.list")
            results[entry_id] = (
                Ordered(entry_id, shown[entry_id]) if entry_id in shown else Ordered(entry_id, error=missing)
            )
        return doubtful

    def _wait_for(self, entry_ids: Iterable[str], *, any_version: bool = False) -> dict[str, ReachTask]:
        """Look for orders until the search shows all, or patience ends."""
        end = time.monotonic() + self._patience
        pause = self._client.config.backoff_initial
        found: dict[str, ReachTask] = {}
        while True:
            missing = [each for each in entry_ids if each not in found]
            found.update(_existing(self._client, missing, self._item, any_version=any_version))
            if len(found) == len(list(entry_ids)) or time.monotonic() + pause > end:
                return found
            time.sleep(pause)
            pause = min(pause * 2, 5.0)


def _existing(
    client: KalturaClient, entry_ids: Iterable[str], item: CatalogItem, *, any_version: bool = False
) -> dict[str, ReachTask]:
    """Return the orders of an item that are under way, or were carried out, for the present content of entries."""
    wanted = list(entry_ids)
    if not wanted:
        return {}
    request = client.multirequest()
    for entry_id in wanted:
        filter = {"entryIdEqual": entry_id, "catalogItemIdEqual": item.id, "statusIn": _EXISTING}
        request.add(SERVICE, "list", {"filter": filter, "pager": _PAGER})
    found: dict[str, list[ReachTask]] = {}
    for entry_id, answer in zip(wanted, request.send(), strict=True):
        tasks = [ReachTask.from_api(each) for each in answer.get("objects") or []]
        if tasks:
            found[entry_id] = tasks
    versions = {} if any_version or not found else _source_versions(client, list(found))
    chosen: dict[str, ReachTask] = {}
    for entry_id, tasks in found.items():
        fitting = [task for task in tasks if any_version or task.version == versions[entry_id]]
        if fitting:
            # One that is under way rather than one that is done; of these the latest.
            chosen[entry_id] = max(fitting, key=lambda task: (task.status != TaskStatus.READY, int(task.id)))
    return chosen


def _source_versions(client: KalturaClient, entry_ids: Sequence[str]) -> dict[str, str]:
    """Return the versions of the sources of entries (``flavorAsset.list``); "0" for one without."""
    request = client.multirequest()
    for entry_id in entry_ids:
        request.add("flavorAsset", "list", {"filter": {"entryIdEqual": entry_id}, "pager": _PAGER})
    versions = {}
    for entry_id, answer in zip(entry_ids, request.send(), strict=True):
        sources = [each for each in answer.get("objects") or [] if each.get("isOriginal")]
        versions[entry_id] = str(int(sources[0].get("version") or 0)) if sources else "0"
    return versions
