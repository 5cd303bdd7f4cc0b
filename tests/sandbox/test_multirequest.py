"""Many actions in one request."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .conftest import ADMIN_SECRET, PARTNER, Api

VERSION = {"service": "system", "action": "getVersion"}
NAME = "Venus-22.19.0"


def send(api: Api, items: dict[str, Any], ks: str | None = None) -> Any:
    body = {"format": 1, **({"ks": ks} if ks else {}), **items}
    return api.post("/api_v3/service/multirequest", json=body)


def add(description: str) -> dict[str, Any]:
    return {"service": "appToken", "action": "add", "appToken": {"description": description}}


def test_references_reach_into_results(api: Api) -> None:
    answers = send(
        api,
        {
            "1": add("x"),
            "2": add("from {1:result:description}!"),
            "3": {"service": "appToken", "action": "list"},
            "4": {"service": "appToken", "action": "get", "id": "{3:result:objects:1:id}"},
            "5": add("{3:result:objects:_all:description}"),
            "6": add("{3:result:objects:7:id}|"),
        },
        api.admin,
    ).json()
    assert answers[1]["description"] == "from x!"
    assert answers[3]["description"] == "from x!"
    assert answers[4]["description"] == "x,from x!,"
    assert answers[5]["description"] == "|"


def test_an_error_takes_its_place_and_empties_references_to_it(api: Api) -> None:
    answers = send(
        api,
        {
            "1": {"service": "appToken", "action": "get", "id": "0_nope"},
            "2": {"service": "appToken", "action": "get", "id": "{1:result:id}"},
            "3": VERSION,
        },
        api.admin,
    ).json()
    assert answers[0]["code"] == "APP_TOKEN_ID_NOT_FOUND"
    assert answers[1]["args"] == {"ID": ""}
    assert answers[2] == NAME


@pytest.mark.parametrize(
    ("numbers", "count"), [(["1", "2", "3"], 3), (["1", "3"], 1), (["2"], 0), ([], 0), (["0", "1"], 2)]
)
def test_a_gap_in_the_numbers_ends_the_work(api: Api, numbers: list[str], count: int) -> None:
    assert send(api, dict.fromkeys(numbers, VERSION)).json() == [NAME] * count


@pytest.mark.parametrize("text", ["a{1:result}{1:result}", "{1:result:length}"])
def test_references_that_break_kalturas_server(api: Api, text: str) -> None:
    reply = send(api, {"1": VERSION, "2": add(text)}, api.admin)
    assert (reply.status_code, reply.content) == (500, b"")


def test_a_bad_common_session_fails_every_item(api: Api) -> None:
    start = {"service": "session", "action": "start", "partnerId": PARTNER, "secret": ADMIN_SECRET, "type": 2}
    answers = send(api, {"1": VERSION, "2": start}, "garbage").json()
    assert [each["code"] for each in answers] == ["INVALID_KS", "INVALID_KS"]


def test_a_session_made_inside_serves_the_rest(api: Api) -> None:
    start = {"service": "session", "action": "start", "partnerId": PARTNER, "secret": ADMIN_SECRET, "type": 2}
    answers = send(api, {"1": start, "2": {"service": "session", "action": "get", "ks": "{1:result}"}}).json()
    assert answers[1]["sessionType"] == "2"


def test_limited_sessions_count_every_item(api: Api) -> None:
    ks = api.session("few", 2, privileges="actionslimit:2")
    answers = send(api, {"1": VERSION, "2": VERSION, "3": VERSION}, ks).json()
    assert answers[:2] == [NAME, NAME]
    assert answers[2]["args"]["KSID"] == "EXCEEDED_ACTIONS_LIMIT"


def test_form_and_json_part_styles(api: Api) -> None:
    form = {"1:service": "system", "1:action": "getVersion", "2[service]": "system", "2[action]": "ping", "format": 1}
    assert api.post("/api_v3/service/multirequest", data=form).json() == [NAME, True]
    part = {"json": (None, json.dumps({"1": VERSION, "2": VERSION, "format": 1}))}
    assert api.post("/api_v3/service/multirequest", files=part).json() == [NAME, NAME]


def test_three_hundred_items(api: Api) -> None:
    assert send(api, {str(number): VERSION for number in range(1, 301)}).json() == [NAME] * 300
