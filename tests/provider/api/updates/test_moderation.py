"""Approving and rejecting many entries."""

from __future__ import annotations

import pytest
from tests.account import Account
from tests.provider.api.updates.conftest import watched

from kaltura_provider.api import KalturaClient, KalturaError
from kaltura_provider.api.moderation import moderate
from kaltura_sandbox.faults.fault import Fault
from kaltura_sandbox.faults.proxy import FaultProxy
from kaltura_sandbox.faults.rules import Rule


def status(account: Account, entry: str) -> int:
    return int(account.kaltura.call("baseEntry", "get", {"entryId": entry})["moderationStatus"])


def flag(account: Account, entry: str) -> None:
    account.kaltura.call("media", "flag", {"moderationFlag": {"flaggedEntryId": entry, "flagType": 1}})


def test_a_hundred_entries_take_two_requests_and_one_afterwards(
    client: KalturaClient, proxy: FaultProxy, account: Account
) -> None:
    entries = [account.entry() for _ in range(100)]
    seen = watched(proxy)
    assert moderate(client, entries, "reject").changed == entries
    assert proxy.calls == ["multirequest"] * 2
    assert seen == {"baseEntry.get": 100, "baseEntry.reject": 100}
    assert {status(account, entry) for entry in entries[::20]} == {3}
    seen = watched(proxy)
    assert moderate(client, entries, "reject").changed == []
    assert seen == {"baseEntry.get": 100}
    assert moderate(client, entries[:2], "approve").changed == entries[:2]
    assert [status(account, entry) for entry in entries[:3]] == [2, 2, 3]


def test_only_what_is_not_approved_already_is_approved(client: KalturaClient, account: Account) -> None:
    by_itself, flagged = account.entry(), account.entry()
    flag(account, flagged)
    assert moderate(client, [by_itself, flagged, flagged], "approve").changed == [flagged]
    assert (status(account, by_itself), status(account, flagged)) == (6, 2)


def test_an_entry_that_is_gone_stops_no_other(client: KalturaClient, account: Account) -> None:
    entry = account.entry()
    result = moderate(client, ["0_nosuch", entry], "reject")
    assert result.changed == [entry]
    assert isinstance(result.errors["0_nosuch"], KalturaError)


@pytest.mark.parametrize("fault", ["drop_request", "drop_answer", "internal_error"])
def test_a_lost_answer_changes_nothing_in_the_end(
    client: KalturaClient, proxy: FaultProxy, account: Account, fault: str
) -> None:
    entries = [account.entry(), account.entry()]
    proxy.set_rules([Rule(Fault(fault), action="multirequest", nth=2)])
    assert moderate(client, entries, "reject").changed == entries
    assert [status(account, entry) for entry in entries] == [3, 3]


def test_another_decision_is_refused(client: KalturaClient) -> None:
    with pytest.raises(ValueError, match="'approve' or 'reject', not 'Approve'"):
        moderate(client, [], "Approve")  # type: ignore[arg-type]
