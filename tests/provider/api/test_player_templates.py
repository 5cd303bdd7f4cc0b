"""Players copied from a template get their name at once; whatever dies on the way, no nameless copies pile up."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from tests.provider.api.conftest import ClientFactory
from tests.provider.api.scripted import HANG_UP, Received, ScriptedServer, api_error, client_of, result

from kaltura_provider.api import KalturaClient, KalturaError, PlayerResult, ensure_player
from kaltura_sandbox.faults import Fault, FaultProxy, Request, Rule
from kaltura_sandbox.server import SandboxServer

STYLE = {"ui": {"logo": "ours"}, "playback": {"muted": True, "autoplay": True}}


def named(client: KalturaClient, name: str) -> list[dict[str, Any]]:
    return [item for item in client.iterate("uiConf", "list", {"nameLike": name}) if item["name"] == name]


@pytest.fixture
def style(client: KalturaClient, uniq: str) -> tuple[int, str]:
    """A template: its ID and its name."""
    name = f"{uniq} style"
    made = ensure_player(client, name, STYLE, versions={"kaltura-ovp-player": "3.17.8"}, width=800)
    return made.ui_conf_id, name


@pytest.mark.parametrize("by", ["id", "text id", "name"])
def test_copied_once_with_what_is_given(client: KalturaClient, uniq: str, style: tuple[int, str], by: str) -> None:
    forms: dict[str, int | str] = {"id": style[0], "text id": str(style[0]), "name": style[1]}
    template = forms[by]
    copied = ensure_player(client, uniq, {"playback": {"muted": False}}, template=template, height=450)
    assert (copied.created, copied.updated, copied.drift) == (True, False, ())
    assert ensure_player(client, uniq, template=template) == PlayerResult(copied.ui_conf_id, created=False)
    (found,) = named(client, uniq)
    config = json.loads(found["config"])
    assert config["ui"] == {"logo": "ours"}
    assert config["playback"] == {"muted": False, "autoplay": True}
    assert json.loads(found["confVars"]) == {"kaltura-ovp-player": "3.17.8"}
    assert (int(found["width"]), int(found["height"])) == (800, 450)
    (original,) = named(client, style[1])
    assert json.loads(original["config"])["playback"] == STYLE["playback"]


def test_what_people_change_in_the_copy_stays(client: KalturaClient, uniq: str, style: tuple[int, str]) -> None:
    copied = ensure_player(client, uniq, template=style[0])
    client.call("uiConf", "update", {"id": copied.ui_conf_id, "uiConf": {"config": '{"ui":{"logo":"theirs"}}'}})
    again = ensure_player(client, uniq, {"playback": {"muted": True}}, template=style[0])
    assert [drift.key for drift in again.drift] == ["config.playback"]
    (found,) = named(client, uniq)
    assert json.loads(found["config"]) == {"ui": {"logo": "theirs"}, "playback": {"muted": True}}


@pytest.mark.parametrize("kind", ["drop_request", "drop_answer"])
def test_a_process_that_dies_leaves_no_copy_without_its_name(
    sandbox: SandboxServer,
    client: KalturaClient,
    new_client: ClientFactory,
    uniq: str,
    style: tuple[int, str],
    kind: str,
) -> None:
    """From the copy on nothing the process sends arrives, so that it can put nothing in order."""
    rules = [Rule(Fault(kind), action="uiConf.clone")]
    with FaultProxy(sandbox.url, rules=rules) as proxy:

        def dead(request: Request) -> Fault | None:
            return Fault("drop_request") if proxy.events and "uiConf.clone" not in request.items else None

        proxy.judge = dead
        with pytest.raises(KalturaError, match="CONNECTION_LOST"):
            ensure_player(new_client(url=proxy.url), uniq, template=style[0])
    assert len(named(client, style[1])) == 1
    assert len(named(client, uniq)) == (1 if kind == "drop_answer" else 0)
    assert ensure_player(client, uniq, template=style[0]).created is (kind == "drop_request")
    assert len(named(client, uniq)) == 1


def test_a_lost_answer_makes_no_second_copy(
    sandbox: SandboxServer, client: KalturaClient, new_client: ClientFactory, uniq: str, style: tuple[int, str]
) -> None:
    with FaultProxy(sandbox.url, rules=[Rule(Fault("drop_answer"), action="uiConf.clone")]) as proxy:
        assert ensure_player(new_client(url=proxy.url), uniq, template=style[0]).created
    assert [len(named(client, name)) for name in (uniq, style[1])] == [1, 1]


def test_two_at_once_agree(
    sandbox: SandboxServer, client: KalturaClient, new_client: ClientFactory, uniq: str, style: tuple[int, str]
) -> None:
    barrier = threading.Barrier(2)

    def together(request: Request) -> None:
        if "uiConf.clone" in request.items:
            barrier.wait(10)

    with FaultProxy(sandbox.url, judge=together) as proxy:
        threads = [
            threading.Thread(
                target=ensure_player, args=(new_client(url=proxy.url), uniq), kwargs={"template": style[0]}
            )
            for _ in range(2)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [len(named(client, name)) for name in (uniq, style[1])] == [1, 1]


ORIGINAL = {"id": 7, "name": "Style", "tags": "kalturaPlayerJs", "objType": 1, "config": "{}", "partnerId": 102}
ANOTHER = {**ORIGINAL, "id": 8, "config": '{"ui":{}}'}


class HalfDoneServer:
    """Makes the copy, and then fails."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.players = [ORIGINAL]
        self.deleted: list[int] = []

    def __call__(self, request: Received) -> Any:
        if "multirequest" in request.target:
            # Somebody else makes a player of the same name at this moment.
            self.players += [{**ORIGINAL, "id": 9}, ANOTHER]
            return self.answer
        params = request.json
        if "/action/get" in request.target:
            return result(ORIGINAL)
        if "/action/delete" in request.target:
            self.deleted.append(params["id"])
            return result(None)
        found = [player for player in self.players if params["filter"]["nameLike"] in str(player["name"])]
        return result({"objects": found, "totalCount": len(found)})


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (
            result([{"id": 9}, {"code": "WRONG", "message": "no", "objectType": "KalturaAPIException", "args": []}]),
            "WRONG",
        ),
        (HANG_UP, "CONNECTION_LOST"),
        (api_error("INTERNAL_SERVERL_ERROR"), "INTERNAL_SERVERL_ERROR"),
    ],
)
def test_a_server_that_fails_in_the_middle_is_tidied_up(answer: Any, code: str) -> None:
    half_done = HalfDoneServer(answer)
    with ScriptedServer(half_done) as server, client_of(server) as client, pytest.raises(KalturaError) as failure:
        ensure_player(client, "Course", template=7)
    assert failure.value.code == code
    assert half_done.deleted == [9]


@pytest.mark.parametrize(
    ("template", "words"), [("{} styel", "did you mean '{} style'?"), ("nothing like it", "that the Studio lists")]
)
def test_templates_that_are_not_there(
    client: KalturaClient, uniq: str, style: tuple[int, str], template: str, words: str
) -> None:
    with pytest.raises(ValueError, match="There is no player named") as failure:
        ensure_player(client, uniq, template=template.format(uniq))
    assert words.format(uniq) in str(failure.value)


def test_templates_of_other_kinds(client: KalturaClient, uniq: str) -> None:
    legacy = client.call("uiConf", "add", {"uiConf": {"objType": 1, "creationMode": 2, "name": uniq, "tags": "player"}})
    with pytest.raises(ValueError, match="is no player of version 7"):
        ensure_player(client, f"{uniq} two", template=legacy["id"])
    with pytest.raises(KalturaError, match="INVALID_UI_CONF_ID"):
        ensure_player(client, f"{uniq} two", template=1)
