"""Players are found again, changed only where they differ, and made once."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from tests.provider.api.conftest import ClientFactory

from kaltura_provider.api import DriftError, KalturaClient, PlayerResult, ensure_player
from kaltura_sandbox.faults import Fault, FaultProxy, Request, Rule
from kaltura_sandbox.server import SandboxServer


def player(client: KalturaClient, ui_conf_id: int) -> dict[str, Any]:
    found: dict[str, Any] = client.call("uiConf", "get", {"id": ui_conf_id})
    return found


def players_named(client: KalturaClient, name: str) -> list[int]:
    return [int(item["id"]) for item in client.iterate("uiConf", "list", {"nameLike": name})]


def test_made_once_and_found_again(client: KalturaClient, uniq: str) -> None:
    made = ensure_player(client, uniq, {"playback": {"muted": True}})
    assert (made.created, made.updated) == (True, False)
    assert ensure_player(client, uniq) == PlayerResult(made.ui_conf_id, created=False)
    assert ensure_player(client, f" {uniq} ", {"playback": {"muted": True}}) == PlayerResult(made.ui_conf_id, False)
    found = player(client, made.ui_conf_id)
    assert "kalturaPlayerJs" in found["tags"]
    assert json.loads(found["confVars"]) == {"kaltura-ovp-player": "{latest}"}
    assert json.loads(found["config"])["playback"] == {"muted": True}
    assert (int(found["objType"]), int(found["width"]), int(found["height"])) == (1, 560, 395)


def test_only_differences_are_changed(client: KalturaClient, uniq: str) -> None:
    made = ensure_player(client, uniq, {"playback": {"muted": True}, "ui": {"a": {"b": 1}}})
    by_hand = {"playback": {"muted": False, "autoplay": True}, "ui": {"a": {"b": 1, "c": 2}}, "plugins": {"x": {}}}
    client.call("uiConf", "update", {"id": made.ui_conf_id, "uiConf": {"config": json.dumps(by_hand)}})
    changed = ensure_player(client, uniq, {"playback": {"muted": True}, "ui": {"a": {"b": 1}}}, width=800)
    assert (changed.ui_conf_id, changed.created, changed.updated) == (made.ui_conf_id, False, True)
    found = player(client, made.ui_conf_id)
    assert json.loads(found["config"]) == {**by_hand, "playback": {"muted": True, "autoplay": True}}
    assert int(found["width"]) == 800
    assert not ensure_player(client, uniq, {"playback": {"muted": True}}, width=800).updated


def test_versions_in_either_form(client: KalturaClient, uniq: str) -> None:
    made = ensure_player(client, uniq)
    nested = {"versions": {"kaltura-ovp-player": "{latest}", "playkit-x": "1.0.0"}, "langs": ["en"]}
    client.call("uiConf", "update", {"id": made.ui_conf_id, "uiConf": {"confVars": json.dumps(nested)}})
    assert ensure_player(client, uniq, versions={"kaltura-ovp-player": "3.17.8"}).updated
    assert json.loads(player(client, made.ui_conf_id)["confVars"]) == {
        "versions": {"kaltura-ovp-player": "3.17.8", "playkit-x": "1.0.0"},
        "langs": ["en"],
    }


def test_players_of_other_names_and_kinds_are_left_alone(client: KalturaClient, uniq: str) -> None:
    longer = ensure_player(client, f"{uniq} two")
    legacy = client.call("uiConf", "add", {"uiConf": {"objType": 1, "creationMode": 2, "name": uniq, "tags": "player"}})
    made = ensure_player(client, uniq)
    assert made.created
    assert made.ui_conf_id not in (longer.ui_conf_id, int(legacy["id"]))


@pytest.mark.parametrize("kind", ["drop_answer", "drop_request"])
def test_a_lost_answer_makes_no_second_player(
    sandbox: SandboxServer, client: KalturaClient, new_client: ClientFactory, uniq: str, kind: str
) -> None:
    with FaultProxy(sandbox.url, rules=[Rule(Fault(kind), action="uiConf.add", nth=1)]) as proxy:
        through = new_client(url=proxy.url)
        if kind == "drop_answer":
            assert ensure_player(through, uniq).created
        else:
            with pytest.raises(Exception, match="CONNECTION_LOST"):
                ensure_player(through, uniq)
    assert len(players_named(client, uniq)) == (1 if kind == "drop_answer" else 0)


def test_two_at_once_agree(sandbox: SandboxServer, client: KalturaClient, new_client: ClientFactory, uniq: str) -> None:
    barrier = threading.Barrier(2)

    def together(request: Request) -> None:
        # Both have seen that there is no player before either makes one.
        if request.action == "uiConf.add":
            barrier.wait(10)

    with FaultProxy(sandbox.url, judge=together) as proxy:
        results: list[PlayerResult] = []
        threads = [
            threading.Thread(target=lambda: results.append(ensure_player(new_client(url=proxy.url), uniq)))
            for _ in range(2)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    (left,) = players_named(client, uniq)
    assert {found.ui_conf_id for found in results} == {left} or len({found.ui_conf_id for found in results}) == 2
    assert ensure_player(client, uniq).ui_conf_id == left


def test_what_differs_is_told_and_left_as_it_is(client: KalturaClient, uniq: str) -> None:
    made = ensure_player(client, uniq, {"playback": {"muted": True}, "ui": {"a": [1]}}, versions={"x": "1"})
    wanted = {"playback": {"muted": False, "startTime": 5}, "ui": {"a": [1]}}
    found = ensure_player(client, uniq, wanted, versions={"x": "2"}, height=100, on_drift="report")
    assert (found.ui_conf_id, found.created, found.updated) == (made.ui_conf_id, False, False)
    assert [str(drift) for drift in found.drift] == [
        "config.playback.muted is true, and should be false",
        "config.playback.startTime is not set, and should be 5",
        'confVars.x is "1", and should be "2"',
        "height is 395, and should be 100",
    ]
    with pytest.raises(DriftError, match=f"player {made.ui_conf_id} .*muted is true, and should be false"):
        ensure_player(client, uniq, wanted, on_drift="fail")
    assert json.loads(player(client, made.ui_conf_id)["config"])["playback"] == {"muted": True}
    assert ensure_player(client, uniq, wanted).drift == found.drift[:2]
    assert ensure_player(client, uniq, wanted, on_drift="fail") == PlayerResult(made.ui_conf_id, created=False)


def test_true_is_not_one(client: KalturaClient, uniq: str) -> None:
    ensure_player(client, uniq, {"playback": {"muted": 1}})
    (drift,) = ensure_player(client, uniq, {"playback": {"muted": True}}).drift
    assert (drift.key, drift.wanted, drift.present) == ("config.playback.muted", True, 1)
    assert ensure_player(client, uniq, {"playback": {"muted": True}}).drift == ()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [({"name": " "}, "has no name"), ({"name": "p", "on_drift": "ignore"}, "use repair, report")],
)
def test_wrong_arguments_are_named(client: KalturaClient, arguments: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        ensure_player(client, **arguments)
