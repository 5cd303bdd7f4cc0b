"""Going through everything a list action matches.

Kaltura gives at most 500 objects a page and refuses to page beyond 10,000. Sorted by creation time, a list can be
continued without page numbers: each call asks for what was created at or after the last object seen. That has no
limit, and objects that are added or deleted meanwhile shift nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from kaltura_provider.api.errors import KalturaError

if TYPE_CHECKING:
    from kaltura_provider.api.client import KalturaClient

_Item = TypeVar("_Item")

MAX_PAGE_SIZE = 500
#: Kaltura refuses to list beyond this position.
MAX_MATCHES = 10_000
#: Kaltura reads this many values of an ``…In`` filter and silently ignores the rest.
MAX_IN_VALUES = 150


def iterate(
    client: KalturaClient,
    service: str,
    action: str = "list",
    filter: Mapping[str, Any] | None = None,
    *,
    page_size: int = MAX_PAGE_SIZE,
    params: Mapping[str, Any] | None = None,
) -> Iterator[dict[str, Any]]:
    """Go through all objects a filter matches; see :meth:`KalturaClient.iterate`."""
    if not 1 <= page_size <= MAX_PAGE_SIZE:
        raise ValueError(f"page_size {page_size} is out of range: Kaltura gives 1 to {MAX_PAGE_SIZE} objects a page")
    values = {key: value for key, value in (filter or {}).items() if value is not None}
    chunks: list[str | None] = [None]
    for key, value in values.items():
        if not key.endswith("In") or isinstance(value, bool | int | float):
            continue
        texts = split_list(value)
        if key == "idIn":
            chunks = [",".join(chunk) for chunk in chunked(list(dict.fromkeys(texts)), MAX_IN_VALUES)]
        elif len(texts) > MAX_IN_VALUES:
            raise ValueError(
                f"{key} has {len(texts)} values, of which Kaltura reads {MAX_IN_VALUES}: list them in several steps"
            )
        else:
            values[key] = ",".join(texts)

    def pages() -> Iterator[dict[str, Any]]:
        for chunk in chunks:
            chunk_filter = values if chunk is None else {**values, "idIn": chunk}
            yield from _Listing(client, service, action, chunk_filter, page_size, params or {}).objects()

    return pages()


def split_list(value: Any) -> list[str]:
    """Take a comma separated text or a list apart into its values.

    :param value: text or sequence.
    :return: the values without surrounding space; empty ones are dropped.
    """
    parts = value.split(",") if isinstance(value, str) else value
    return [text for text in (str(part).strip() for part in parts) if text]


def chunked(values: Sequence[_Item], size: int) -> list[Sequence[_Item]]:
    """Cut a sequence into pieces.

    :param values: the sequence.
    :param size: length of a piece.
    """
    return [values[start : start + size] for start in range(0, len(values), size)]


class _Listing:
    """One list, from its first to its last object."""

    def __init__(
        self,
        client: KalturaClient,
        service: str,
        action: str,
        filter: Mapping[str, Any],
        page_size: int,
        params: Mapping[str, Any],
    ) -> None:
        self.client = client
        self.service = service
        self.action = action
        self.filter = dict(filter)
        self.page_size = page_size
        self.params = params
        order = str(self.filter.setdefault("orderBy", "+createdAt"))
        self.by_creation = order.lstrip("+-") == "createdAt"
        self.bound = "createdAtLessThanOrEqual" if order.startswith("-") else "createdAtGreaterThanOrEqual"
        self.sign = -1 if order.startswith("-") else 1

    def objects(self) -> Iterator[dict[str, Any]]:
        # Objects that may come again: all so far, or, once the list is continued by time, those of the last second.
        seen: dict[str, int | None] = {}
        page, since = 1, None
        by_time, proven = self.by_creation, False
        while True:
            objects, total = self._page(page, since)
            times = [_created(item) for item in objects]
            if by_time and not self._sorted(times, since):
                if proven:
                    raise self._error("BAD_ANSWER", "the list is not in the order of createdAt")
                # These objects have no creation time, or the action cannot sort or filter by it. If a time was asked
                # for, then in vain: this is page 1 again.
                by_time, since = False, None
            elif by_time and since is not None:
                proven = True
                seen = {identity: created for identity, created in seen.items() if created == since}
            for item, created in zip(objects, times, strict=True):
                identity = _identity(item)
                if identity not in seen:
                    seen[identity] = created
                    yield item
            # A count of 10,000 or more may have been cut; the server itself says when it gives no more.
            if not objects or (total is not None and page * self.page_size >= total and total < MAX_MATCHES):
                return
            if by_time and times[-1] != since:
                since, page = times[-1], 1
            else:
                # More objects share one second than fit on a page, or the list goes by pages anyway.
                page += 1

    def _page(self, page: int, since: int | None) -> tuple[list[dict[str, Any]], int | None]:
        filter = self.filter if since is None else {**self.filter, self.bound: since}
        pager = {"pageSize": self.page_size, "pageIndex": page}
        answer = self.client.call(self.service, self.action, {**self.params, "filter": filter, "pager": pager})
        if not isinstance(answer, dict):
            raise self._error("BAD_ANSWER", "the answer is no list")
        total = answer.get("totalCount")
        # An empty list may come without the key.
        return answer.get("objects") or [], int(total) if total is not None else None

    def _sorted(self, times: list[int | None], since: int | None) -> bool:
        before = since
        for created in times:
            if created is None or (before is not None and (created - before) * self.sign < 0):
                return False
            before = created
        return True

    def _error(self, code: str, message: str) -> KalturaError:
        return KalturaError(code, message, service_action=f"{self.service}.{self.action}")


def _created(item: Mapping[str, Any]) -> int | None:
    try:
        return int(item["createdAt"])
    except (KeyError, TypeError, ValueError):
        return None


def _identity(item: Mapping[str, Any]) -> str:
    return str(item["id"]) if "id" in item else json.dumps(item, sort_keys=True)
