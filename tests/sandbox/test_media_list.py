"""What lists of entries hold, and for whom."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .conftest import Api, wait_until
from .media_entries import DELETED, EVERY_STATUS, add_entry, get, ready_video


class TestLists:
    """What lists hold, and for whom."""

    def ids(self, api: Api, ks: str | None = None, **filter: Any) -> list[str]:
        found = api.call("media", "list", ks=ks or api.admin, filter=filter)
        return [each["id"] for each in found["objects"]]

    def test_deleted_entries_show_only_when_asked_for(self, api: Api) -> None:
        entry = add_entry(api)
        api.call("media", "delete", ks=api.admin, entryId=entry)
        assert self.ids(api, statusIn=EVERY_STATUS) == []
        assert self.ids(api, statusEqual=DELETED) == [entry]
        assert self.ids(api, statusIn="") == [entry]
        assert self.ids(api, idEqual=entry) == [entry]
        assert api.call("baseEntry", "getByIds", ks=api.admin, entryIds=entry) == []
        assert get(api, entry)["code"] == "ENTRY_ID_NOT_FOUND"

    def test_rejected_entries_are_listed_only_by_id_or_status(self, api: Api) -> None:
        entry = ready_video(api)
        api.call("media", "reject", ks=api.admin, entryId=entry)
        assert self.ids(api) == []
        assert self.ids(api, moderationStatusEqual=3) == [entry]
        assert self.ids(api, idEqual=entry) == [entry]

    def test_index_lag_hides_new_entries_from_lists_but_not_from_get(self, patient: Callable[..., Api]) -> None:
        api = patient(index_lag=1.5)
        entry = add_entry(api, referenceId="ref-1")
        assert self.ids(api, statusEqual=7) == []
        assert api.call("baseEntry", "listByReferenceId", ks=api.admin, refId="ref-1")["totalCount"] == 0
        assert self.ids(api, idEqual=entry) == [entry]
        assert get(api, entry)["id"] == entry
        wait_until(lambda: self.ids(api, statusEqual=7) == [entry])
        assert api.call("baseEntry", "listByReferenceId", ks=api.admin, refId="ref-1")["totalCount"] == 1

    def test_the_index_lag_is_set_by_a_call(self, api: Api) -> None:
        control = f"{api.url}/_sandbox/index-lag"
        assert api.http.get(control, timeout=10).json() == {"seconds": 0}
        assert api.http.put(control, params={"seconds": "3600"}, timeout=10).json() == {"seconds": 3600}
        entry = add_entry(api)
        assert self.ids(api, statusEqual=7) == []
        api.http.put(control, params={"seconds": "0"}, timeout=10)
        assert self.ids(api, statusEqual=7) == [entry]
        for wrong in ("", "-1", "nan", "soon"):
            assert api.http.put(control, params={"seconds": wrong}, timeout=10).status_code == 400

    def test_id_lists_are_cut_at_150(self, api: Api) -> None:
        entry = add_entry(api)
        others = ",".join(f"0_{number:08d}" for number in range(149))
        assert self.ids(api, idIn=f"{others},{entry}", statusIn=EVERY_STATUS) == [entry]
        assert self.ids(api, idIn=f"0_x,{others},{entry}", statusIn=EVERY_STATUS) == []

    def test_users_see_their_own_entries(self, api: Api) -> None:
        mine = api.call("media", "add", ks=api.user("ann"), entry={"mediaType": 1})["id"]
        add_entry(api)
        assert self.ids(api, api.user("ann"), statusIn="7") == [mine]
        assert self.ids(api, api.widget, statusIn="7") == []
        assert len(self.ids(api, statusIn="7")) == 2

    def test_other_accounts_see_nothing(self, api: Api) -> None:
        entry = add_entry(api)
        other = api.other_admin
        assert self.ids(api, other, statusIn="") == []
        assert api.call("media", "get", ks=other, entryId=entry)["code"] == "ENTRY_ID_NOT_FOUND"
        assert self.ids(api, partnerIdEqual=103, statusIn="7") == []

    def test_order_and_windows_of_time(self, api: Api) -> None:
        first, second = add_entry(api, name="b"), add_entry(api, name="a")
        assert self.ids(api, statusEqual=7, orderBy="+name") == [second, first]
        assert self.ids(api, statusEqual=7, orderBy="+createdAt") == [first, second]
        assert self.ids(api, statusEqual=7) == [second, first]
        created = get(api, first)["createdAt"]
        assert first in self.ids(api, statusEqual=7, createdAtGreaterThanOrEqual=created)
        assert self.ids(api, statusEqual=7, createdAtLessThanOrEqual=created - 1) == []

    def test_filters(self, api: Api) -> None:
        add_entry(
            api, name="Big blue", tags="sea,sky", adminTags="secret", description="A harbour", referenceId="ref-9",
            partnerSortValue=7,
        )  # fmt: skip
        add_entry(api, name="unlike", userId="ann", endDate=1_900_000_000)
        matches: list[dict[str, Any]] = [
            {"tagsMultiLikeOr": "sea,none"}, {"tagsMultiLikeAnd": "sea,sky"}, {"freeText": "harbour"},
            {"freeText": "SEA blue"}, {"nameMultiLikeAnd": "big,blue"}, {"nameLike": "ig blu"},
            {"userIdEqual": "admin"}, {"tagsNameMultiLikeOr": "blue"}, {"referenceIdIn": "x,ref-9"},
            {"partnerSortValueGreaterThanOrEqual": 7},
            {"adminTagsMultiLikeOr": "secret"}, {"searchTextMatchOr": "nothing,harbour"}, {"userIdNotIn": "ann"},
            {"endDateGreaterThanOrEqualOrNull": 1_950_000_000}, {"sourceTypeIn": "6,1", "nameEqual": "Big blue"},
        ]  # fmt: skip
        for matching in matches:
            assert api.call("media", "count", ks=api.admin, filter={"statusIn": "7", **matching}) == 1, matching
            found = api.call("media", "list", ks=api.admin, filter={"statusIn": "7", **matching})
            assert [each["name"] for each in found["objects"]] == ["Big blue"], matching
        misses: list[dict[str, Any]] = [
            {"tagsMultiLikeAnd": "sea,none"}, {"freeText": "sea red"}, {"mediaTypeEqual": 5}, {"statusNotIn": "7"},
            {"partnerSortValueGreaterThanOrEqual": 8}, {"endDateGreaterThanOrEqual": 1_950_000_000},
        ]  # fmt: skip
        for missing in misses:
            assert self.ids(api, **{"statusIn": "7", **missing}) == [], missing


def test_user_sessions_may_not_set_what_admins_set(api: Api) -> None:
    ann = api.user("ann")
    for values in ({"adminTags": "x"}, {"startDate": 1_900_000_000}):
        answer = api.call("media", "add", ks=ann, entry={"mediaType": 1, **values})
        assert answer["code"] == "PROPERTY_VALIDATION_ADMIN_PROPERTY"
    answer = api.call("media", "add", ks=ann, entry={"mediaType": 1, "userId": "bob"})
    assert (answer["code"], answer["args"]["ERR_CODE"]) == ("INVALID_KS", "-4")
