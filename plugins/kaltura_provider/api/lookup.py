"""Finding entries, whatever their status."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from kaltura_provider.api.models import LIVE_STATUSES, Entry
from kaltura_provider.api.paging import MAX_IN_VALUES, MAX_PAGE_SIZE, chunked

if TYPE_CHECKING:
    from kaltura_provider.api.client import KalturaClient

#: Without it lists leave out what waits for moderation or was rejected.
ANY_MODERATION = "1,2,3,5,6"
#: Reference IDs that are looked for with one request: each is a search of its own on the server.
_IDS_A_REQUEST = 25


def get_entry(client: KalturaClient, entry_id: str) -> Entry:
    """Read one entry (``baseEntry.get``), which is never out of date.

    :param client: the client.
    :param entry_id: ID of the entry.
    :raises KalturaError: if it does not exist, is deleted, or may not be seen.
    """
    return Entry.from_api(client.call("baseEntry", "get", {"entryId": entry_id}))


def get_entries(client: KalturaClient, ids: Iterable[str], *, fields: str = "") -> dict[str, Entry]:
    """Read many entries in any status but deleted (``baseEntry.list``, one call for 150 entries).

    What the list does not show (not indexed yet, or hidden from search) is asked for by ``baseEntry.getByIds``, which
    reads the database.

    :param client: the client.
    :param ids: IDs of entries.
    :param fields: the properties to ask for, separated by commas, ``id`` among them; all when empty. All take about a
        kilobyte an entry.
    :return: the entries by ID, in the order of ``ids``; those that do not exist or are deleted are missing.
    :raises KalturaError: if a call failed.
    """
    wanted = list(dict.fromkeys(str(entry_id) for entry_id in ids if entry_id))
    found: dict[str, Entry] = {}
    profile = {"objectType": "KalturaDetachedResponseProfile", "type": 1, "fields": fields} if fields else None
    for chunk in chunked(wanted, MAX_IN_VALUES):
        filter = {"idIn": ",".join(chunk), "statusIn": LIVE_STATUSES, "moderationStatusIn": ANY_MODERATION}
        pager = {"pageSize": MAX_PAGE_SIZE, "pageIndex": 1}
        answer = client.call("baseEntry", "list", {"filter": filter, "pager": pager, "responseProfile": profile})
        entries = [Entry.from_api(values) for values in answer.get("objects") or []]
        missing = [entry_id for entry_id in chunk if entry_id not in {entry.id for entry in entries}]
        if missing:
            params = {"entryIds": ",".join(missing), "responseProfile": profile}
            answer = client.call("baseEntry", "getByIds", params)
            entries += [Entry.from_api(values) for values in answer or []]
        found.update((entry.id, entry) for entry in entries)
    return {entry_id: found[entry_id] for entry_id in wanted if entry_id in found}


def find_by_reference_id(client: KalturaClient, reference_id: str) -> list[Entry]:
    """Find the entries with a reference ID, in any status but deleted (``baseEntry.listByReferenceId``).

    Kaltura does not keep reference IDs unique, and an entry is not found in the first seconds after it was added.

    :param client: the client.
    :param reference_id: at least 2 characters.
    :return: the entries, the oldest first.
    :raises KalturaError: if the call failed.
    """
    return _with_reference_id(
        client.call("baseEntry", "listByReferenceId", _by_reference_id(reference_id)), reference_id
    )


def find_by_reference_ids(client: KalturaClient, reference_ids: Iterable[str]) -> dict[str, list[Entry]]:
    """Find the entries with any of some reference IDs; see :func:`find_by_reference_id`, here many with one request.

    :param client: the client.
    :param reference_ids: each at least 2 characters.
    :return: the entries by reference ID, the oldest first; IDs without an entry have an empty list.
    :raises KalturaError: if a call failed.
    """
    found: dict[str, list[Entry]] = {}
    for chunk in chunked(list(dict.fromkeys(reference_ids)), _IDS_A_REQUEST):
        batch = client.multirequest()
        try:
            for reference_id in chunk:
                batch.add("baseEntry", "listByReferenceId", _by_reference_id(reference_id))
        except ValueError:
            # One looks like a reference to another result, which only a call of its own leaves as it is.
            found.update((reference_id, find_by_reference_id(client, reference_id)) for reference_id in chunk)
            continue
        for reference_id, answer in zip(chunk, batch.send(), strict=True):
            found[reference_id] = _with_reference_id(answer, reference_id)
    return found


def _by_reference_id(reference_id: str) -> dict[str, Any]:
    return {"refId": reference_id, "pager": {"pageSize": MAX_PAGE_SIZE, "pageIndex": 1}}


def _with_reference_id(answer: dict[str, Any], reference_id: str) -> list[Entry]:
    entries = [Entry.from_api(values) for values in answer.get("objects") or []]
    # The search behind it ignores upper and lower case and some punctuation.
    return sorted(
        (entry for entry in entries if entry.reference_id == reference_id), key=lambda e: (e.created_at, e.id)
    )
