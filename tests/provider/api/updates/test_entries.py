"""Fields of many entries: only what differs is sent, in few requests, whatever breaks and whoever else is there."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.account import Account
from tests.provider.api.updates.conftest import nowhere, watched
from tests.provider.entries import ready_entry

from kaltura_provider.api import AdminSecretCredentials, ClientConfig, KalturaClient, KalturaError, SessionSpec
from kaltura_provider.api.entry_update import update_entries
from kaltura_sandbox.faults.fault import Fault
from kaltura_sandbox.faults.proxy import FaultProxy, at_request
from kaltura_sandbox.faults.rules import Rule

BERLIN = ZoneInfo("Europe/Berlin")


def read(account: Account, entry: str) -> dict[str, Any]:
    return dict(account.kaltura.call("baseEntry", "get", {"entryId": entry}))


def test_a_hundred_entries_take_two_requests_and_one_afterwards(
    client: KalturaClient, proxy: FaultProxy, account: Account
) -> None:
    entries = [account.entry(name=f"old {number}", tags="kept") for number in range(100)]
    wanted = {entry: {"name": f"new {number}", "tags": ["aa", "bb"]} for number, entry in enumerate(entries)}
    proxy.reset()
    result = update_entries(client, wanted)
    assert proxy.calls == ["multirequest"] * 2
    assert result.changed == {entry: ["name", "tags"] for entry in entries}
    assert (result.errors, result.ignored) == ({}, {})
    assert [read(account, entry)["name"] for entry in entries[::33]] == ["new 0", "new 33", "new 66", "new 99"]
    seen = watched(proxy)
    assert update_entries(client, wanted).changed == {}
    assert proxy.calls == ["multirequest"]
    assert seen == {"baseEntry.get": 100}


def test_friendly_names_become_what_kaltura_keeps(client: KalturaClient, account: Account) -> None:
    access, entry = account.access_control(f"Staff {account.word}"), account.entry()
    conversion = account.conversion(account.word)
    fields = {
        "title": "Licht",
        "owner": "ada@example.edu",
        "tags": ["Optics", "zwei Wörter"],
        "start": "2026-12-01 09:00",
        "end": datetime.date(2027, 7, 1),
        "access_control": f"staff {account.word}",
        "conversion_profile": str(conversion),
        "co_editors": "grace, mary",
        "viewers": ["class-2026"],
    }
    assert update_entries(client, {entry: fields}, zone=BERLIN).errors == {}
    found = read(account, entry)
    assert (found["name"], found["userId"], found["tags"]) == ("Licht", "ada@example.edu", "optics, zwei wörter")
    assert found["startDate"] == datetime.datetime(2026, 12, 1, 8, tzinfo=datetime.timezone.utc).timestamp()
    assert found["endDate"] == datetime.datetime(2027, 6, 30, 22, tzinfo=datetime.timezone.utc).timestamp()
    assert (found["accessControlId"], found["conversionProfileId"]) == (access, conversion)
    assert (found["entitledUsersEdit"], found["entitledUsersView"]) == ("grace,mary", "class-2026")
    assert update_entries(client, {entry: fields}, zone=BERLIN).changed == {}


def test_merge_unites_lists_and_replace_does_not(client: KalturaClient, proxy: FaultProxy, account: Account) -> None:
    entry = account.entry(tags="old, both", entitledUsersEdit="ada,Bob")
    fields = {"tags": ["Both", "new"], "co_editors": ["Bob", "eve"]}
    proxy.reset()
    assert update_entries(client, {entry: fields}, mode="merge").changed == {entry: ["tags", "entitledUsersEdit"]}
    assert proxy.calls == ["multirequest"] * 3
    found = read(account, entry)
    assert (found["tags"], found["entitledUsersEdit"]) == ("old, both, new", "ada,Bob,eve")
    update_entries(client, {entry: fields}, mode="replace")
    found = read(account, entry)
    assert (found["tags"], found["entitledUsersEdit"]) == ("both, new", "Bob,eve")


def test_what_is_set_can_be_kept(client: KalturaClient, account: Account) -> None:
    entry = account.entry(name="Theirs", tags="old")
    fields = {"name": "Ours", "description": "Ours", "tags": "new", "startDate": 1900000000}
    result = update_entries(client, {entry: fields}, mode="merge", keep_existing=True)
    assert result.changed == {entry: ["description", "tags", "startDate"]}
    found = read(account, entry)
    assert (found["name"], found["description"], found["tags"]) == ("Theirs", "Ours", "old, new")
    update_entries(client, {entry: {"startDate": 1900000001}}, keep_existing=True)
    assert read(account, entry)["startDate"] == 1900000000


def test_none_and_minus_one_clear(client: KalturaClient, account: Account, proxy: FaultProxy) -> None:
    access = account.access_control(account.word)
    default = read(account, account.entry())["accessControlId"]
    entry = account.entry(
        description="goes", referenceId="goes-too", tags="gone", startDate=1900000000, endDate=1900003600,
        accessControlId=access, entitledUsersEdit="ada",
    )  # fmt: skip
    fields: dict[str, Any] = {
        "description": None, "reference_id": None, "tags": [], "startDate": -1, "end": None, "access_control": -1,
        "co_editors": "", "partnerData": None,
    }  # fmt: skip
    result = update_entries(client, {entry: fields})
    assert set(result.changed[entry]) == {
        "description", "tags", "startDate", "endDate", "accessControlId", "referenceId", "entitledUsersEdit"
    }  # fmt: skip
    assert result.ignored == {}
    found = read(account, entry)
    assert not any(found.get(name) for name in result.changed[entry] if name != "accessControlId")
    assert found["accessControlId"] == default
    assert found["name"] == "talk"
    seen = watched(proxy)
    assert update_entries(client, {entry: fields}).changed == {}
    assert seen == {"accessControlProfile.list": 1, "baseEntry.get": 1}


def test_a_template_gives_what_fields_do_not_say(client: KalturaClient, account: Account) -> None:
    template = account.entry(name="T", description="From T", tags="t1, t2", entitledUsersEdit="ada", referenceId="rr")
    entry = account.entry(tags="own")
    update_entries(client, {entry: {"description": "Own"}}, template_entry=template, mode="merge")
    found = read(account, entry)
    assert (found["name"], found["description"], found["tags"]) == ("talk", "Own", "own, t1, t2")
    assert found["entitledUsersEdit"] == "ada"
    assert "referenceId" not in found


LONG = "n" * 254 + "日"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"status": 2}, "status: it cannot be changed; the content decides it"),
        ({"moderationStatus": 2}, "KalturaModerationOperator"),
        ({"createdAt": 1}, "Kaltura sets it itself; leave it out"),
        ({"mediaType": 1}, "Kaltura takes it only when an entry is made"),
        ({"template_entry": "1_a"}, "'template_entry' of the operator"),
        ({"categories": "a>b"}, "it would take the entry out of all other categories"),
        ({"descripton": "x"}, "descripton: an entry has no such field; did you mean 'description'?"),
        ({"playlistContent": "x"}, "KalturaCallOperator"),
        ({"name": ""}, "name: it cannot be empty"),
        ({"owner": None}, "owner: it cannot be empty"),
        ({"name": LONG}, "name: it has 257 bytes in UTF-8, and Kaltura would cut it"),
        ({"name": "a\x00b"}, "U+0000 at position 2"),
        ({"name": "{1:result:id}"}, "has a meaning of its own"),
        ({"description": "d" * 65_536}, "shorten it to 65535"),
        ({"description": ["a"]}, "it must be a text, and is a list"),
        ({"tags": ["a,b"]}, "separates items; write two items"),
        ({"tags": "aa, b"}, "the tag 'b' has one character"),
        ({"owner": "Jürgen"}, "'Jürgen' is no user ID"),
        ({"co_editors": ["ada byron"]}, "'ada byron' is no user ID"),
        ({"reference_id": "x"}, "Kaltura wants at least 2 characters"),
        ({"start": "2026-03-29 02:30", "time_zone": "Europe/Berlin"}, "does not exist in Europe/Berlin"),
        ({"embargo": "2026-10-25 02:30", "time_zone": "Europe/Berlin"}, "write 2026-10-25 02:30+02:00 or"),
        ({"start": "2026-12-01 09:00"}, "is of no time zone; add 'time_zone'"),
        ({"start": "tomorrow"}, "is not a date and time"),
        ({"start": 3600}, "no time in seconds since 1970"),
        ({"time_zone": "Europe/Berln"}, "did you mean Europe/Berlin or"),
        ({"start": 1900000000, "embargo": 1900000000}, "it is the same field as 'start'; name it once"),
        ({"start": 1900000000, "end": 1900000000}, "end: it does not lie after the start"),
        ({"displayInSearch": 2}, "write 1 to show the entry"),
        ({"licenseType": "free"}, "'free' is no whole number"),
        ({"blockAutoTranscript": "perhaps"}, "neither true nor false"),
    ],
)
def test_what_cannot_be_is_refused_before_any_call(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match="Nothing was written") as caught:
        update_entries(nowhere(), {"1_good": {"name": "x"}, "1_bad": fields})
    assert said in str(caught.value)
    assert "1_bad: " in str(caught.value)


def test_long_names_can_be_cut(client: KalturaClient, account: Account) -> None:
    entry = account.entry()
    update_entries(client, {entry: {"name": LONG}}, cut_names=True)
    assert read(account, entry)["name"] == "n" * 254
    assert update_entries(client, {entry: {"name": LONG}}, cut_names=True).changed == {}


def test_an_unknown_profile_is_named_with_the_nearest(client: KalturaClient, account: Account) -> None:
    account.access_control(f"Staff {account.word}")
    with pytest.raises(ValueError, match=f"did you mean 'Staff {account.word}'"):
        update_entries(client, {account.entry(): {"access_control": f"Stff {account.word}"}})


@pytest.mark.parametrize("reason", ["dates", "conversion", "owner"])
def test_what_only_a_look_tells_is_refused_before_anything_is_written(
    client: KalturaClient, proxy: FaultProxy, account: Account, reason: str
) -> None:
    good, bad = account.entry(userId="ada"), account.entry(userId="ada", startDate=1900000000)
    said_of: dict[str, dict[str, Any]] = {"dates": {"end": 1800000000}, "owner": {"owner": "eve"}}
    fields = said_of.get(reason, {})
    session = client
    if reason == "conversion":
        bad = ready_entry(account.kaltura)
        fields = {"conversion_profile": account.conversion(account.word)}
    elif reason == "owner":
        session = KalturaClient(
            ClientConfig(proxy.url, 102),
            AdminSecretCredentials("admin-secret-for-tests"),
            SessionSpec(user_id="ada", session_type=0),
        )
    said = {
        "dates": "endDate: the end 2027-01-15 08:00 UTC does not lie after the start 2030-03-17 17:46 UTC",
        "conversion": "only while an entry has no content; leave it out",
        "owner": "only a session of the type ADMIN may change it; choose",
    }[reason]
    seen = watched(proxy)
    with pytest.raises(ValueError, match="Nothing was written") as caught:
        update_entries(session, {good: {"name": "new"}, bad: fields})
    assert f"{bad}: " in str(caught.value)
    assert said in str(caught.value)
    assert seen == {"baseEntry.get": 2}


def test_an_entry_that_is_gone_stops_no_other(client: KalturaClient, account: Account) -> None:
    first, gone, last = (account.entry() for _ in range(3))
    account.kaltura.call("media", "delete", {"entryId": gone})
    result = update_entries(client, {entry: {"name": "new"} for entry in (first, gone, last)})
    assert result.changed == {first: ["name"], last: ["name"]}
    assert list(result.errors) == [gone]
    assert isinstance(result.errors[gone], KalturaError)


def test_a_field_that_the_type_does_not_have_is_pointed_out(client: KalturaClient, account: Account) -> None:
    document = {"objectType": "KalturaDocumentEntry", "name": "d", "documentType": 11}
    entry = account.kaltura.call("baseEntry", "add", {"entry": document})["id"]
    result = update_entries(client, {entry: {"credit_url": "https://example.com", "name": "e"}})
    assert result.ignored == {entry: ["creditUrl"]}
    assert read(account, entry)["name"] == "e"


@pytest.mark.parametrize("fault", ["drop_request", "drop_answer", "internal_error"])
@pytest.mark.parametrize("number", [1, 2])
def test_a_lost_request_or_answer_changes_nothing_in_the_end(
    client: KalturaClient, proxy: FaultProxy, account: Account, fault: str, number: int
) -> None:
    entries = [account.entry(tags="old") for _ in range(3)]
    proxy.set_rules([Rule(Fault(fault), action="multirequest", nth=number)])
    result = update_entries(client, {entry: {"name": "new", "tags": "new"} for entry in entries}, mode="merge")
    assert len(proxy.events) == 1
    assert result.errors == {}
    assert result.changed == {entry: ["name", "tags"] for entry in entries}
    assert {(read(account, entry)["name"], read(account, entry)["tags"]) for entry in entries} == {("new", "old, new")}


def test_what_another_adds_to_a_list_meanwhile_is_put_back(
    client: KalturaClient, new_client: Callable[[], KalturaClient], proxy: FaultProxy, account: Account
) -> None:
    entry, other = account.entry(tags="old", entitledUsersEdit="ada"), account.entry(tags="old")

    def meanwhile() -> None:
        update_entries(account.kaltura, {entry: {"tags": "theirs", "co_editors": "bob"}}, mode="merge")

    proxy.judge = at_request("baseEntry.update", 1, meanwhile)
    wanted = {each: {"tags": "ours", "co_editors": "eve"} for each in (entry, other)}
    assert update_entries(client, wanted, mode="merge").errors == {}
    found = read(account, entry)
    assert found["tags"] == "old, ours, theirs"
    assert found["entitledUsersEdit"] == "ada,eve,bob"
    assert read(account, other)["tags"] == "old, ours"


def test_what_another_takes_away_afterwards_is_added_again(
    client: KalturaClient, proxy: FaultProxy, account: Account
) -> None:
    entry = account.entry(tags="old")
    # They looked before our update, and write after it.
    theirs = {"entryId": entry, "baseEntry": {"tags": "old, theirs"}}
    proxy.judge = at_request("baseEntry.get", 3, lambda: account.kaltura.call("baseEntry", "update", theirs))
    assert update_entries(client, {entry: {"tags": "ours"}}, mode="merge").changed == {entry: ["tags"]}
    assert read(account, entry)["tags"] == "old, theirs, ours"


def test_many_at_once_lose_no_tag(new_client: Callable[[], KalturaClient], account: Account) -> None:
    entries = [account.entry(tags="old") for _ in range(6)]

    def add(tag: str) -> None:
        # As a task does that Airflow tries again.
        for _ in range(5):
            if not update_entries(new_client(), {entry: {"tags": tag} for entry in entries}, mode="merge").errors:
                return

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(add, ("aa", "bb", "cc")))
    assert [sorted(read(account, entry)["tags"].split(", ")) for entry in entries] == [["aa", "bb", "cc", "old"]] * 6
