"""Access control profiles: made once from a declaration, checked before any call, kept as declared."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from tests.account import Account, account, client, new_client, proxy
from tests.provider.api.dying import Killed, dying

from kaltura_provider.api import DeclarationError, DriftError, KalturaClient, KalturaError, ensure_access_control
from kaltura_provider.api.named_profiles import UnknownProfileError
from kaltura_sandbox.faults.fault import Fault
from kaltura_sandbox.faults.proxy import FaultProxy
from kaltura_sandbox.faults.rules import Rule
from kaltura_sandbox.server import SandboxServer

__all__ = ["account", "client", "new_client", "proxy"]

# All tests share one account.
ensure = partial(ensure_access_control, max_profiles=1000)
#: One rule of each kind.
RULES: list[dict[str, Any]] = [
    {
        "conditions": [{"country": ["fr", "DE"], "not": True}, {"ip": "192.0.2.0/24", "not": True}],
        "actions": "block",
        "contexts": ["download", "play"],
        "message": "Not where you are.",
    },
    {"conditions": [{"authenticated": ["sview"], "not": True}], "actions": [{"preview": 30}], "stop_processing": True},
    {
        "conditions": [{"site": ["Example.edu"]}, {"user_agent": ["curl.*"]}],
        "actions": [{"limit_flavors": ["Source", 6], "blocked": True}],
        "force_admin_validation": True,
    },
]


def profile(account: Account, profile_id: int) -> dict[str, Any]:
    return dict(account.kaltura.call("accessControlProfile", "get", {"id": profile_id}))


def named(account: Account, name: str) -> list[dict[str, Any]]:
    return [each for each in account.kaltura.iterate("accessControlProfile") if each["name"] == name]


def test_made_as_declared_and_found_again(client: KalturaClient, proxy: FaultProxy, account: Account) -> None:
    made = ensure(client, account.word, RULES, description="for staff")
    assert made.to_json() == {"id": made.id, "created": True, "updated": False, "drift": []}
    stored = profile(account, made.id)
    assert (stored["name"], stored["systemName"], stored["description"]) == (account.word, account.word, "for staff")
    first, second, third = stored["rules"]
    assert [(each["objectType"], each["not"]) for each in first["conditions"]] == [
        ("KalturaCountryCondition", True),
        ("KalturaIpAddressCondition", True),
    ]
    assert [each["value"] for each in first["conditions"][0]["values"]] == ["DE", "FR"]
    assert [each["type"] for each in first["contexts"]] == [1, 2]
    assert (first["message"], first["actions"][0]["type"]) == ("Not where you are.", 1)
    assert second["conditions"][0]["privileges"][0]["value"] == "sview"
    assert (second["actions"][0]["limit"], second["stopProcessing"]) == (30, True)
    limit = third["actions"][0]
    assert (limit["flavorParamsIds"], limit["isBlockedList"], third["forceAdminValidation"]) == ("0,6", True, True)

    proxy.reset()
    again = ensure(client, account.word, RULES, description="for staff")
    assert again.to_json() == {"id": made.id, "created": False, "updated": False, "drift": []}
    assert proxy.calls == ["flavorParams.list", "accessControlProfile.list"]


def test_drift_is_told_in_words_and_repaired(client: KalturaClient, account: Account) -> None:
    made = ensure(client, account.word, RULES[:2])
    rules = profile(account, made.id)["rules"]
    rules[0]["conditions"][0]["values"][0]["value"] = "IT"
    rules[1]["contexts"] = [{"objectType": "KalturaAccessControlContextTypeHolder", "type": 3}]
    rules.append({"actions": [{"objectType": "KalturaAccessControlBlockAction"}], "message": "none"})
    account.kaltura.call("accessControlProfile", "update", {"id": made.id, "accessControlProfile": {"rules": rules}})
    words = [
        'rule 1, conditions is [{"country": ["FR", "IT"], "not": true}, {"ip": ["192.0.2.0/24"], "not": true}], and '
        'should be [{"country": ["DE", "FR"], "not": true}, {"ip": ["192.0.2.0/24"], "not": true}]',
        'rule 2, contexts is ["thumbnail"], and should be []',
        'rule 3 is {"actions": [{"block": true}], "message": "none"}, and should not be there',
    ]
    with pytest.raises(DriftError, match=r"is not as it should be: rule 1, conditions is .*use on_drift='repair'"):
        ensure(client, account.word, RULES[:2], on_drift="fail")
    reported = ensure(client, account.word, RULES[:2], on_drift="report")
    # Long values are cut.
    assert [str(each)[:40] for each in reported.drift] == [word[:40] for word in words]
    assert str(reported.drift[2]) == words[2]
    assert (reported.updated, len(profile(account, made.id)["rules"])) == (False, 3)
    repaired = ensure(client, account.word, RULES[:2])
    assert (repaired.id, repaired.updated, repaired.drift) == (made.id, True, reported.drift)
    assert ensure(client, account.word, RULES[:2]).drift == ()


def test_one_made_by_hand_is_taken_over(client: KalturaClient, account: Account) -> None:
    by_hand = account.access_control(account.word.upper())
    taken = ensure(client, account.word, RULES[:1])
    assert (taken.id, taken.created, [str(each)[:6] for each in taken.drift]) == (by_hand, False, ["rule 1"])
    assert profile(account, by_hand)["name"] == account.word.upper()
    system = ensure(client, f"a {account.word}", [], system_name=f"s{account.word}")
    moved = ensure(client, f"b {account.word}", [], system_name=f"s{account.word}")
    assert (moved.id, [each.key for each in moved.drift]) == (system.id, ["name"])
    assert profile(account, system.id)["name"] == f"b {account.word}"


def test_the_default_moves(new_sandbox: Callable[..., SandboxServer], new_client: Any) -> None:
    from kaltura_provider.api import AdminSecretCredentials, ClientConfig

    config = ClientConfig(new_sandbox().url, 102)
    with KalturaClient(config, AdminSecretCredentials("admin-secret-for-tests")) as own:
        made = ensure(own, "all", RULES[:1])
        changed = ensure(own, "all", RULES[:1], default=True)
        assert [str(each) for each in changed.drift] == ["default is false, and should be true"]
        assert [each["id"] for each in own.iterate("accessControlProfile") if each["isDefault"]] == [made.id]


def test_no_room_for_another_one(client: KalturaClient, proxy: FaultProxy, account: Account) -> None:
    with pytest.raises(KalturaError, match=r"may have 1, so there is no room for .*Delete one that no entry uses"):
        ensure(client, account.word, RULES[:1], max_profiles=1)
    assert "accessControlProfile.add" not in proxy.calls


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("block", "rule 1: must be a mapping with conditions, actions"),
        ({}, "rule 1, actions: is missing: name 'block'"),
        ({"actions": "hide"}, "rule 1, action 1: must be 'block'"),
        ({"actions": {"preview": "30"}}, "rule 1, action 1, preview: must be seconds, 1 or more, not '30'"),
        ({"actions": {"limit_flavors": []}}, "rule 1, action 1, limit_flavors: names no flavor"),
        ({"actions": "block", "message": 7}, "rule 1, message: must be a str, not 7"),
        ({"actions": "block", "when": 1}, "rule 1: has 'when', which is unknown: use conditions"),
        ({"actions": "block", "contexts": "watch"}, "rule 1, contexts: 'watch' is unknown: use play, download"),
        ({"actions": "block", "conditions": {"city": "Bonn"}}, "rule 1, condition 1: must have one of country, ip"),
        ({"actions": "block", "conditions": [{"country": []}]}, "rule 1, condition 1, country: has no value"),
        ({"actions": "block", "conditions": {"country": "Germany"}}, "'Germany' is no country: write two letters"),
        ({"actions": "block", "conditions": {"country": "UK"}}, "'UK' is no country of ISO 3166: write GB"),
        ({"actions": "block", "conditions": {"ip": "192.0.2"}}, "condition 1, ip: '192.0.2' is no address or range"),
        ({"actions": "block", "conditions": {"ip": "192.0.2.9-192.0.2.1"}}, "is no address or range"),
        ({"actions": "block", "conditions": {"ip": "0.0.0.0/0"}}, "every address, which Kaltura takes for none"),
        ({"actions": "block", "conditions": {"site": "https://example.edu/"}}, "is no host name: write 'example.edu'"),
        ({"actions": "block", "conditions": {"authenticated": True}}, "'True' is no privilege"),
        ({"actions": "block", "conditions": {"user_agent": "("}}, "is no regular expression"),
        ({"actions": "block", "conditions": {"country": "DE", "not": "yes"}}, "condition 1, not: must be a bool"),
    ],
)
def test_what_cannot_be_is_refused_before_any_call(
    client: KalturaClient, proxy: FaultProxy, rule: Any, problem: str
) -> None:
    proxy.reset()
    with pytest.raises(DeclarationError) as refused:
        ensure(client, "wrong", [rule])
    assert problem in str(refused.value)
    assert proxy.calls == []


def test_a_flavor_that_does_not_exist(client: KalturaClient, account: Account) -> None:
    with pytest.raises(UnknownProfileError, match=r"no flavor 'HD/1081.*did you mean 'HD/1080"):
        ensure(client, account.word, [{"actions": {"limit_flavors": "HD/1081 - WEB (H264/4000)"}}])
    assert named(account, account.word) == []


def test_several_at_once_make_one(new_client: Callable[[], KalturaClient], account: Account) -> None:
    clients = [new_client() for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda each: ensure(each, account.word, RULES), clients))
    assert len({each.id for each in made}) == 1
    assert [each.created for each in made].count(True) == 1
    assert len(named(account, account.word)) == 1


@pytest.mark.parametrize("fault", ["drop_answer", "drop_request"])
def test_a_lost_answer(client: KalturaClient, proxy: FaultProxy, account: Account, fault: str) -> None:
    proxy.set_rules([Rule(Fault(fault), action="accessControlProfile.add", nth=1)])
    made = ensure(client, account.word, RULES)
    assert len(proxy.events) == 1
    assert made.created
    assert [each["id"] for each in named(account, account.word)] == [made.id]


@pytest.mark.parametrize("moment", range(1, 9))
def test_killed_at_any_moment(new_client: Callable[[], KalturaClient], account: Account, moment: int) -> None:
    try:
        ensure(dying(new_client(), moment), account.word, RULES)
        died = False
    except Killed:
        died = True
    # Flavors, profiles, the new one, profiles again.
    assert died
    made = ensure(new_client(), account.word, RULES)
    assert [each["id"] for each in named(account, account.word)] == [made.id]
    assert made.drift == ()
