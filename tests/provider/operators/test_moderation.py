"""The operator for moderation, against a running sandbox."""

from __future__ import annotations

from typing import Any

import pytest
from tests.provider.entries import new_entry

from kaltura_provider.api import KalturaClient, KalturaError
from kaltura_provider.operators.moderation import KalturaModerationOperator


def test_approve_and_reject_can_be_repeated(client: KalturaClient, context: Any) -> None:
    first, second = new_entry(client), new_entry(client)
    uploaded = [{"entry_id": first}, {"entry_id": second}]
    reject = KalturaModerationOperator(task_id="reject", entry_ids=uploaded, decision="reject")
    assert reject.execute(context) == {"decision": "reject", "entries": 2, "changed": [first, second]}
    assert reject.execute(context) == {"decision": "reject", "entries": 2, "changed": []}
    KalturaModerationOperator(task_id="approve", entry_ids=f"{first}, {first}").execute(context)
    found = [client.call("baseEntry", "get", {"entryId": entry})["moderationStatus"] for entry in (first, second)]
    assert found == [2, 3]
    assert first in context["ti"].xcoms["_link_KalturaEntryLink"]


def test_it_fails_after_all_others_are_done(client: KalturaClient, context: Any) -> None:
    entry = new_entry(client)
    with pytest.raises(KalturaError, match="ENTRY_ID_NOT_FOUND"):
        KalturaModerationOperator(task_id="reject", entry_ids=["0_nosuch", entry], decision="reject").execute(context)
    assert client.call("baseEntry", "get", {"entryId": entry})["moderationStatus"] == 3


def test_wrong_arguments(connection: None, context: Any) -> None:
    with pytest.raises(ValueError, match="decision must be 'approve' or 'reject'"):
        KalturaModerationOperator(task_id="x", entry_ids="1_a", decision="allow").execute(context)
    with pytest.raises(ValueError, match="is no entry id"):
        KalturaModerationOperator(task_id="x", entry_ids=[None]).execute(context)
