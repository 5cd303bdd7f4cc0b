"""Answers made in Kaltura's place: byte for byte what the real server says, in every format and in multirequests."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from kaltura_sandbox.faults import Fault, FaultProxy, Rule
from kaltura_sandbox.server import SandboxServer

from ..conftest import Api
from .conftest import faulty

EXPIRED = {
    "code": "INVALID_KS",
    "message": 'Invalid KS "EXPIRED", Error "-1,INVALID_STR"',
    "objectType": "KalturaAPIException",
    "args": {"KSID": "EXPIRED", "ERR_CODE": "-1", "ERR_DESC": "INVALID_STR"},
}
INTERNAL = {
    "code": "INTERNAL_SERVERL_ERROR",
    "message": "Internal server error occurred",
    "objectType": "KalturaAPIException",
    "args": [],
}


def entries(sandbox: SandboxServer) -> int:
    return sandbox.sandbox.store.collection("entry").count()


def add(api: Api) -> Any:
    return api.call("media", "add", ks=api.admin, entry={"mediaType": 1})


def test_an_expired_session_for_one_call(sandbox: SandboxServer, proxy: FaultProxy, through: Api) -> None:
    faulty(proxy, "expired_ks", nth=1)
    assert add(through) == EXPIRED
    assert entries(sandbox) == 0
    assert add(through)["objectType"] == "KalturaMediaEntry"


def test_a_session_that_stays_expired_until_there_is_a_new_one(proxy: FaultProxy, through: Api) -> None:
    faulty(proxy, "expired_ks", nth=1, sticky=True)
    for _ in range(3):
        assert add(through) == EXPIRED
        assert through.call("media", "list", ks=through.admin) == EXPIRED
    assert through.call("system", "ping") is True, "a call without a session has none that could expire"
    through._sessions.clear()
    assert add(through)["objectType"] == "KalturaMediaEntry"
    assert proxy.counts.faults["media.add expired_ks"] == 3


def test_a_call_without_a_session_is_not_counted_for_its_expiry(proxy: FaultProxy, through: Api) -> None:
    faulty(proxy, "expired_ks", nth=1)
    assert through.call("system", "ping") is True
    assert through.call("media", "list", ks=through.admin) == EXPIRED


def test_a_blocked_action(sandbox: SandboxServer, proxy: FaultProxy, through: Api) -> None:
    faulty(proxy, "action_blocked")
    answer = add(through)
    assert answer["code"] == "ACTION_BLOCKED"
    assert answer["args"] == {"ACTION_NAME": "add", "SERVICE_NAME": "media"}
    assert entries(sandbox) == 0


def test_a_rate_limit_as_text(proxy: FaultProxy, through: Api) -> None:
    faulty(proxy, "rate_limited")
    assert add(through) == "Access to media->add was rate limited"


@pytest.mark.parametrize("after", [False, True])
def test_an_internal_error_before_or_after_the_work(
    sandbox: SandboxServer, proxy: FaultProxy, through: Api, after: bool
) -> None:
    faulty(proxy, "internal_error", after=after)
    assert add(through) == INTERNAL
    assert entries(sandbox) == after


def test_any_error_by_its_code(proxy: FaultProxy, through: Api) -> None:
    faulty(proxy, "api_error", code="INVALID_OBJECT_ID", message="Invalid object id [7]", args={"ID": "7"})
    answer = add(through)
    assert (answer["code"], answer["args"]) == ("INVALID_OBJECT_ID", {"ID": "7"})


@pytest.mark.parametrize("after", [False, True])
def test_a_page_of_a_gateway(sandbox: SandboxServer, proxy: FaultProxy, through: Api, after: bool) -> None:
    faulty(proxy, "bad_gateway", after=after)
    answer = through.post("/api_v3/service/media/action/add", json={"ks": through.admin, "entry": {"mediaType": 1}})
    assert answer.status_code == 502
    assert answer.headers["Content-Type"] == "text/html"
    assert "<h1>502 Bad Gateway</h1>" in answer.text
    assert entries(sandbox) == after


def test_a_web_page_that_says_all_is_well(proxy: FaultProxy, through: Api) -> None:
    faulty(proxy, "web_page")
    answer = through.post("/api_v3/service/media/action/list", json={"ks": through.admin, "format": 1})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html")
    assert "Log in to use this network." in answer.text


def test_an_empty_answer_with_the_error_in_a_header(proxy: FaultProxy, through: Api) -> None:
    faulty(proxy, "empty")
    answer = through.post("/api_v3/service/media/action/list", json={"ks": through.admin, "format": 1})
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["X-Kaltura"] == "error-INTERNAL_SERVERL_ERROR"
    assert answer.headers["X-Kaltura-App"] == "exiting on error INTERNAL_SERVERL_ERROR - Internal server error occurred"


def test_made_answers_have_the_headers_of_real_ones(proxy: FaultProxy, through: Api) -> None:
    real = through.post("/api_v3/service/system/action/ping", json={"format": 1})
    faulty(proxy, "internal_error")
    made = through.post("/api_v3/service/system/action/ping", json={"format": 1})
    assert {name.lower() for name in real.headers} == {name.lower() for name in made.headers}
    assert real.headers["Content-Type"] == made.headers["Content-Type"] == "application/json"


def test_errors_come_in_the_format_that_was_asked_for(proxy: FaultProxy, through: Api) -> None:
    faulty(proxy, "internal_error")
    answer = through.post("/api_v3/service/system/action/ping", json={})
    assert answer.headers["Content-Type"] == "text/xml;charset=UTF-8"
    assert "<result><error><code>INTERNAL_SERVERL_ERROR</code>" in answer.text


@pytest.mark.parametrize(("kind", "expected"), [("expired_ks", EXPIRED), ("internal_error", INTERNAL)])
def test_every_item_of_a_multirequest_fails(proxy: FaultProxy, through: Api, kind: str, expected: Any) -> None:
    faulty(proxy, kind, action="media.add")
    items = {"1": {"service": "system", "action": "ping"}, "2": {"service": "media", "action": "add"}}
    body = {"format": 1, "ks": through.admin, **items}
    answer = through.post("/api_v3/service/multirequest", json=body).json()
    assert answer == [expected, expected]
    assert proxy.calls == ["multirequest"]
    assert proxy.counts.items == {"system.ping": 1, "media.add": 1}


def test_a_session_within_the_items_of_a_multirequest_expires(proxy: FaultProxy, through: Api) -> None:
    faulty(proxy, "expired_ks")
    body = {"format": 1, "1": {"service": "media", "action": "list", "ks": through.admin}}
    assert through.post("/api_v3/service/multirequest", json=body).json() == [EXPIRED]


def test_downloads_get_no_answers_of_the_api(proxy: FaultProxy, through: Api) -> None:
    faulty(proxy, "internal_error")
    assert requests.get(f"{proxy.url}/p/102/nothing", timeout=10).status_code == 404
    faulty(proxy, "bad_gateway")
    assert requests.get(f"{proxy.url}/p/102/nothing", timeout=10).status_code == 404


def test_the_index_lags_from_a_request_on(sandbox: SandboxServer, proxy: FaultProxy, through: Api) -> None:
    proxy.set_rules([Rule(Fault("index_lag", seconds=3600), action="media.add", nth=2)])

    def found() -> int:
        return int(through.call("media", "list", ks=through.admin, filter={"statusEqual": 7})["totalCount"])

    add(through)
    assert found() == 1
    add(through)
    assert found() == 1
    proxy.set_index_lag(0)
    assert found() == 2


def test_an_index_lag_of_something_else_than_the_sandbox(proxy: FaultProxy, through: Api) -> None:
    with FaultProxy(proxy.url + "/") as second:
        second.set_index_lag(1)
    with FaultProxy("http://127.0.0.1:9") as lonely, pytest.raises(RuntimeError, match="can not be reached"):
        lonely.set_index_lag(1)
