"""Conversion profiles: made once from a declaration, checked before any call, kept as declared."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.account import Account, account, client, new_client, proxy
from tests.provider.api.dying import Killed, dying

from kaltura_provider.api import (
    DeclarationError,
    DriftError,
    KalturaClient,
    UnknownProfileError,
    ensure_conversion_profile,
)
from kaltura_sandbox.faults.fault import Fault
from kaltura_sandbox.faults.proxy import FaultProxy
from kaltura_sandbox.faults.rules import Rule

__all__ = ["account", "client", "new_client", "proxy"]

HD = "HD/720 - WEB (H264/2500)"
FLAVORS: list[Any] = [
    "source",
    {"flavor": 2, "ready": "no_impact"},
    {"flavor": HD.lower(), "origin": "convert_when_missing", "ready": "required"},
]


def profile(account: Account, profile_id: int) -> dict[str, Any]:
    return dict(account.kaltura.call("conversionProfile", "get", {"id": profile_id}))


def settings(account: Account, profile_id: int) -> dict[int, tuple[int, int]]:
    filter = {"conversionProfileIdEqual": profile_id}
    rows = account.kaltura.call("conversionProfileAssetParams", "list", {"filter": filter})["objects"]
    return {row["assetParamsId"]: (row["origin"], row["readyBehavior"]) for row in rows}


def named(account: Account, name: str) -> list[int]:
    return [each["id"] for each in account.kaltura.iterate("conversionProfile") if each["name"] == name]


def test_made_as_declared_and_found_again(client: KalturaClient, proxy: FaultProxy, account: Account) -> None:
    proxy.reset()
    made = ensure_conversion_profile(client, account.word, FLAVORS, description="lectures", tags="a,b")
    assert made.to_json() == {"id": made.id, "created": True, "updated": False, "drift": []}
    assert proxy.calls == ["flavorParams.list", "conversionProfile.list", "multirequest", "conversionProfile.list"]
    stored = profile(account, made.id)
    assert (stored["name"], stored["systemName"], stored["flavorParamsIds"]) == (account.word, account.word, "0,2,6")
    assert (stored["description"], stored["tags"], stored["status"], stored.get("isDefault", False)) == (
        "lectures",
        "a,b",
        "2",
        False,
    )
    assert settings(account, made.id) == {0: (1, 0), 2: (0, 0), 6: (2, 1)}

    proxy.reset()
    again = ensure_conversion_profile(client, account.word, FLAVORS, description="lectures", tags="a,b")
    assert again.to_json() == {"id": made.id, "created": False, "updated": False, "drift": []}
    assert proxy.calls == ["flavorParams.list", "conversionProfile.list", "conversionProfileAssetParams.list"]


def test_drift_is_told_in_words_and_repaired(client: KalturaClient, account: Account) -> None:
    made = ensure_conversion_profile(client, account.word, FLAVORS, description="lectures")
    changes = {"flavorParamsIds": "0,6,7", "description": "x", "status": "1"}
    account.kaltura.call("conversionProfile", "update", {"id": made.id, "conversionProfile": changes})
    changed = {"origin": 0, "readyBehavior": 1}
    account.kaltura.call(
        "conversionProfileAssetParams",
        "update",
        {"conversionProfileId": made.id, "assetParamsId": 6, "conversionProfileAssetParams": changed},
    )
    words = [
        'status is "disabled", and should be "enabled"',
        'description is "x", and should be "lectures"',
        "flavors is [0, 6, 7], and should be [0, 2, 6]",
        f'flavor {HD.lower()}, origin is "convert", and should be "convert_when_missing"',
    ]
    with pytest.raises(DriftError, match=r"is not as it should be: status is .*use on_drift='repair'"):
        ensure_conversion_profile(client, account.word, FLAVORS, description="lectures", on_drift="fail")
    reported = ensure_conversion_profile(client, account.word, FLAVORS, description="lectures", on_drift="report")
    assert [str(each) for each in reported.drift] == words
    assert profile(account, made.id)["status"] == "1"
    repaired = ensure_conversion_profile(client, account.word, FLAVORS, description="lectures")
    assert (repaired.id, repaired.updated) == (made.id, True)
    assert ensure_conversion_profile(client, account.word, FLAVORS, description="lectures").drift == ()
    assert settings(account, made.id) == {0: (1, 0), 2: (0, 0), 6: (2, 1)}


def test_what_nobody_declared_is_left_alone(client: KalturaClient, account: Account) -> None:
    made = ensure_conversion_profile(client, account.word, FLAVORS, description="lectures")
    assert ensure_conversion_profile(client, account.word, [0, 2, 6]).to_json() == {
        "id": made.id,
        "created": False,
        "updated": False,
        "drift": [],
    }
    with_storage = ensure_conversion_profile(client, account.word, [0, 2, 6], storage_profile_id=7)
    assert [str(each) for each in with_storage.drift] == ["storageProfileId is not set, and should be 7"]
    assert (profile(account, made.id)["storageProfileId"], profile(account, made.id)["description"]) == (7, "lectures")


@pytest.mark.parametrize(
    ("flavors", "problem"),
    [
        ([], "flavors must be a list with at least one"),
        ("source", "flavors must be a list with at least one"),
        ([None], "flavor 1: None is no flavor"),
        (["source", {"flavor": 2, "origin": "made"}], "flavor 2, origin: 'made' is unknown: use convert, ingest"),
        ([{"flavor": 2, "ready": "now"}], "flavor 1, ready: 'now' is unknown: use ignore, no_impact, required"),
        ([{"flavor": 2, "bitrate": 1}], "flavor 1: 'bitrate' is unknown: use flavor, origin, ready"),
    ],
)
def test_what_cannot_be_is_refused_before_any_call(
    client: KalturaClient, proxy: FaultProxy, flavors: Any, problem: str
) -> None:
    proxy.reset()
    with pytest.raises(DeclarationError) as refused:
        ensure_conversion_profile(client, "wrong", flavors)
    assert problem in str(refused.value)
    assert proxy.calls == []


def test_flavors_that_the_account_does_not_have(client: KalturaClient, account: Account) -> None:
    with pytest.raises(UnknownProfileError, match="no flavor params 77"):
        ensure_conversion_profile(client, account.word, [77])
    with pytest.raises(DeclarationError, match="two of 'source', 0 are the same"):
        ensure_conversion_profile(client, account.word, ["source", 0])
    assert named(account, account.word) == []


def test_several_at_once_make_one(new_client: Callable[[], KalturaClient], account: Account) -> None:
    clients = [new_client() for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda each: ensure_conversion_profile(each, account.word, FLAVORS), clients))
    assert {each.id for each in made} == set(named(account, account.word))
    assert len(named(account, account.word)) == 1
    assert settings(account, made[0].id) == {0: (1, 0), 2: (0, 0), 6: (2, 1)}


@pytest.mark.parametrize("fault", ["drop_answer", "drop_request"])
def test_a_lost_answer(client: KalturaClient, proxy: FaultProxy, account: Account, fault: str) -> None:
    proxy.set_rules([Rule(Fault(fault), action="multirequest", nth=1)])
    made = ensure_conversion_profile(client, account.word, FLAVORS)
    assert (len(proxy.events), made.created) == (1, True)
    assert named(account, account.word) == [made.id]


@pytest.mark.parametrize("moment", range(1, 9))
def test_killed_at_any_moment(new_client: Callable[[], KalturaClient], account: Account, moment: int) -> None:
    with pytest.raises(Killed):
        ensure_conversion_profile(dying(new_client(), moment), account.word, FLAVORS)
    made = ensure_conversion_profile(new_client(), account.word, FLAVORS)
    assert (named(account, account.word), made.drift) == ([made.id], ())
