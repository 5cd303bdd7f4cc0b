"""Lists of any length are complete, and hold nothing twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.provider.api.scripted import Received, ScriptedServer, api_error, client_of, result

from kaltura_provider.api import LIVE_STATUSES, KalturaClient, KalturaError

START = 1_700_000_000


class Library:
    """A server that lists objects with Kaltura's limits: 500 a page, nothing beyond 10,000, 150 values of a list.

    :param times: creation time of each object.
    :param filters: whether it knows the filters and the order by createdAt.
    """

    def __init__(self, times: list[int], *, filters: bool = True, dated: bool = True) -> None:
        self.objects: list[dict[str, Any]] = [
            {"id": f"0_{number:06}", **({"createdAt": created} if dated else {}), "objectType": "KalturaMediaEntry"}
            for number, created in enumerate(times)
        ]
        self.filters = filters
        self.after_page: Callable[[], None] = lambda: None
        self.queries: list[dict[str, Any]] = []

    def __call__(self, received: Received) -> bytes:
        body = json.loads(received.body)
        filter, pager = body["filter"], body["pager"]
        self.queries.append({**filter, **pager})
        found = list(self.objects)
        if "idIn" in filter:
            wanted = set(filter["idIn"].split(",")[:150])
            found = [item for item in found if item["id"] in wanted]
        if self.filters:
            low = filter.get("createdAtGreaterThanOrEqual", 0)
            high = filter.get("createdAtLessThanOrEqual", 10**11)
            found = [item for item in found if low <= item["createdAt"] <= high]
            order = filter.get("orderBy", "-createdAt")
            if order.endswith("createdAt"):
                found.sort(key=lambda item: item["createdAt"], reverse=order.startswith("-"))
        size = min(pager["pageSize"], 500)
        if size * pager["pageIndex"] > 10_000:
            return api_error(
                "QUERY_EXCEEDED_MAX_MATCHES_ALLOWED", "Unable to generate list. max matches value was reached"
            )
        page = found[(pager["pageIndex"] - 1) * size : pager["pageIndex"] * size]
        answer = result({"objects": page, "totalCount": len(found), "objectType": "KalturaMediaListResponse"})
        self.after_page()
        return answer


def list_ids(library: Library, filter: dict[str, Any] | None = None, **options: Any) -> list[str]:
    with ScriptedServer(library) as server, client_of(server) as client:
        return [item["id"] for item in client.iterate("media", "list", filter, **options)]


def all_ids(library: Library) -> list[str]:
    return [item["id"] for item in library.objects]


@pytest.mark.parametrize("count", [0, 1, 499, 500, 501, 1000, 1250])
def test_lists_of_every_length(count: int) -> None:
    library = Library([START + number for number in range(count)])
    assert list_ids(library) == all_ids(library)


def test_beyond_ten_thousand() -> None:
    library = Library([START + number // 3 for number in range(10_450)])
    found = list_ids(library)
    assert found == all_ids(library)
    assert len(library.queries) <= 24, "hardly more calls than pages"


def test_newest_first() -> None:
    library = Library([START + number // 3 for number in range(1_300)])
    found = list_ids(library, {"orderBy": "-createdAt"}, page_size=100)
    assert sorted(found) == all_ids(library)
    times = {item["id"]: item["createdAt"] for item in library.objects}
    assert [times[entry] for entry in found] == sorted(times.values(), reverse=True)


@pytest.mark.parametrize("together", [99, 100, 101, 350])
def test_many_objects_of_one_second(together: int) -> None:
    library = Library([START] * 30 + [START + 5] * together + [START + 9] * 120 + [START + 10])
    assert sorted(list_ids(library, page_size=100)) == all_ids(library)


def test_a_filter_of_ones_own_stays() -> None:
    library = Library([START + number for number in range(1_000)])
    bounds = {"createdAtGreaterThanOrEqual": START + 100, "createdAtLessThanOrEqual": START + 899, "tagsLike": "x"}
    assert list_ids(library, bounds, page_size=300) == all_ids(library)[100:900]
    assert all(query["tagsLike"] == "x" for query in library.queries)
    assert all(query["createdAtLessThanOrEqual"] == START + 899 for query in library.queries)


def test_objects_deleted_meanwhile_hide_no_others() -> None:
    library = Library([START + number for number in range(400)])
    ids = all_ids(library)

    def delete_half_a_page() -> None:
        del library.objects[:50]

    library.after_page = delete_half_a_page
    # Paging by number would skip 50 objects after each page.
    assert list_ids(library, page_size=100) == ids


@pytest.mark.parametrize("dated", [True, False])
def test_actions_that_know_no_creation_time(dated: bool) -> None:
    library = Library([START + number for number in range(1_230)], filters=False, dated=dated)
    assert list_ids(library) == all_ids(library)


def test_objects_without_an_id() -> None:
    pages = [
        result(
            {"objects": [{"entryId": "0_a", "categoryId": 1}, {"entryId": "0_a", "categoryId": 2}], "totalCount": 3}
        ),
        result({"objects": [{"entryId": "0_b", "categoryId": 1}], "totalCount": 3}),
    ]
    with ScriptedServer(*pages) as server, client_of(server) as client:
        assert len(list(client.iterate("categoryEntry", page_size=2))) == 3


def test_another_order_ends_at_ten_thousand_with_an_error() -> None:
    library = Library([START + number for number in range(10_001)])
    with pytest.raises(KalturaError, match="order by createdAt"):
        list_ids(library, {"orderBy": "+name"})


def test_ids_are_asked_for_in_pieces() -> None:
    library = Library([START + number for number in range(800)])
    wanted = all_ids(library)[::2]
    assert list_ids(library, {"idIn": [*wanted, wanted[0]]}) == wanted
    assert max(len(query["idIn"].split(",")) for query in library.queries) == 150
    assert list_ids(library, {"idIn": ",".join(wanted)}) == wanted


def test_an_empty_list_of_ids_is_not_everything() -> None:
    library = Library([START])
    assert list_ids(library, {"idIn": []}) == []
    assert list_ids(library, {"idIn": ""}) == []
    assert library.queries == []


def test_lists_longer_than_kaltura_reads_are_refused() -> None:
    library = Library([START])
    with pytest.raises(ValueError, match="categoriesIdsIn has 151 values, of which Kaltura reads 150"):
        list_ids(library, {"categoriesIdsIn": list(range(151))})
    with pytest.raises(ValueError, match="page_size 501"):
        list_ids(library, page_size=501)


def test_a_library_of_more_than_a_page(client: KalturaClient, uniq: str) -> None:
    for start in range(0, 620, 310):
        batch = client.multirequest()
        for number in range(start, start + 310):
            batch.add("media", "add", {"entry": {"mediaType": 1, "name": f"{number}", "tags": f"tag{uniq}"}})
        batch.send()
    filter = {"tagsLike": f"tag{uniq}", "statusIn": LIVE_STATUSES}
    for page_size in (500, 70):
        found = [item["name"] for item in client.iterate("baseEntry", "list", filter, page_size=page_size)]
        # All of them were made within one or two seconds.
        assert sorted(found, key=int) == [str(number) for number in range(620)]


def test_a_missing_list_is_an_empty_one() -> None:
    with ScriptedServer(result({"totalCount": 0, "objectType": "X"})) as server, client_of(server) as client:
        assert list(client.iterate("appToken")) == []
