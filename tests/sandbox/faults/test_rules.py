"""Which requests a rule takes, and rules as JSON."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from kaltura_sandbox.faults import Fault, FaultProxy, Request, Rule, rules_from_json
from kaltura_sandbox.faults.request import kaltura_request, s3_request
from kaltura_sandbox.faults.rules import RuleBook

from ..conftest import Api

ADD = Request("kaltura", "POST", "/api_v3/service/media/action/add", action="media.add", params={"format": 1})
LIST = Request("kaltura", "POST", "/api_v3/service/media/action/list", action="media.list", params={"format": 1})
BATCH = Request(
    "kaltura", "POST", "/api_v3/service/multirequest", action="multirequest", items=("media.add",), params={"format": 1}
)
FAULT = Fault("drop_answer")


def taken(rule: Rule, *requests: Request) -> list[int]:
    """Positions of the requests that a rule takes, from 1."""
    book = RuleBook([rule])
    return [number for number, request in enumerate(requests, 1) if book.decide(request)]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (Rule(FAULT), [1, 2, 3, 4, 5]),
        (Rule(FAULT, action="media.add"), [1, 3, 5]),
        (Rule(FAULT, action="MEDIA.ADD", nth=2), [3]),
        (Rule(FAULT, action="media.*", every=2), [2, 4]),
        (Rule(FAULT, action="media.add", times=2), [1, 3]),
        (Rule(FAULT, every=2, times=1), [2]),
        (Rule(FAULT, action="multirequest"), [5]),
        (Rule(FAULT, path="*/action/list"), [2, 4]),
        (Rule(FAULT, probability=0), []),
        (Rule(Fault("slow_down")), []),
    ],
)
def test_which_requests_a_rule_takes(rule: Rule, expected: list[int]) -> None:
    assert taken(rule, ADD, LIST, ADD, LIST, BATCH) == expected


def test_a_share_of_the_requests_is_the_same_each_time() -> None:
    rule = Rule(FAULT, probability=0.3, seed=5)
    first = taken(rule, *[ADD] * 500)
    assert 100 < len(first) < 200
    assert taken(rule, *[ADD] * 500) == first
    assert taken(Rule(FAULT, probability=0.3, seed=6), *[ADD] * 500) != first


def test_the_first_rule_wins_and_all_count() -> None:
    book = RuleBook([Rule(Fault("late"), nth=1), Rule(Fault("drop_answer"), nth=1), Rule(Fault("drop_request"), nth=2)])
    assert [str(fault)[:12] if (fault := book.decide(ADD)) else "" for _ in range(3)] == ["late", "drop_request", ""]


def test_rules_by_parameters(proxy: FaultProxy, through: Api) -> None:
    proxy.set_rules([Rule(Fault("internal_error"), action="uploadToken.upload", where={"resumeAt": "5"})])
    token = through.call("uploadToken", "add", ks=through.admin)["id"]
    through.upload(token, b"01234", through.admin, resume=False, finalChunk=False)
    assert through.upload(token, b"56789", through.admin, resume=True, resumeAt=5)["code"] == "INTERNAL_SERVERL_ERROR"
    proxy.set_rules([])
    assert through.upload(token, b"56789", through.admin, resume=True, resumeAt=5)["uploadedFileSize"] == "10"


def test_rules_survive_json() -> None:
    rules = [
        Rule(Fault("drop_answer"), action="media.add", nth=1),
        Rule(Fault("late", seconds=2.5), path="/bucket/*", every=3, times=4),
        Rule(Fault("api_error", code="X", message="m", args={"A": "b"}), where={"a": "1"}, probability=0.5, seed=9),
        Rule(Fault("expired_ks", sticky=True)),
        Rule(Fault("stall_answer", at=0.1, half_close=True)),
        Rule(Fault("bad_gateway", after=True)),
    ]
    assert rules_from_json([rule.to_json() for rule in rules]) == rules
    assert rules_from_json([{"fault": "late"}]) == [Rule(Fault("late"))]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({}, "Write a list of rules"),
        ([{}], "Rule 1: 'fault' is missing in a rule"),
        ([{"fault": "late"}, {"fault": "boom"}], "Rule 2: There is no fault 'boom'; use one of "),
        ([{"fault": "late", "nht": 1}], "Rule 1: 'nht' is no field of a rule; there are fault, action, "),
        ([{"fault": {"kind": "late", "second": 1}}], "Rule 1: 'second' is no field of a fault"),
        ([{"fault": {"kind": "late", "seconds": "2"}}], "Rule 1: seconds of a fault is '2', not a number"),
        ([{"fault": {"kind": "late", "seconds": -1}}], "Rule 1: seconds is -1"),
        ([{"fault": {"kind": "cut_answer", "at": 2}}], "Rule 1: at is 2: give a share"),
        ([{"fault": {"kind": "late", "after": True}}], "Rule 1: after makes no sense with late"),
        ([{"fault": "late", "nth": True}], "Rule 1: nth of a rule is True, not a whole number"),
        ([{"fault": "late", "nth": 0}], "Rule 1: nth is 0: count from 1"),
        ([{"fault": "late", "probability": 2}], "Rule 1: probability is 2"),
        ([7], "Rule 1: 7 is no JSON object for a rule"),
    ],
)
def test_wrong_rules_are_named(value: Any, message: str) -> None:
    with pytest.raises(ValueError, match="^" + message.replace("(", r"\(")):
        rules_from_json(value)


# -- what a request asks for


def test_actions_of_all_ways_to_call(proxy: FaultProxy, through: Api) -> None:
    through.post("/api_v3/service/system/action/ping", json={})
    through.post("/api_v3/index.php/service/system/action/ping", data={"format": 1})
    through.post("/api_v3/?service=system&action=ping", data={})
    through.post("//api_v3/", json={"service": "system", "action": "ping"})
    through.post("/api_v3/", data={"service": "system", "action": "ping"})
    through.post("/api_v3/", files={"x": ("a", b"b")}, data={"service": "system", "action": "ping"})
    through.http.get(f"{proxy.url}/api_v3/service/system/action/ping/format/1", timeout=10)
    assert Counter(proxy.calls) == {"system.ping": 7}
    through.http.get(f"{proxy.url}/p/102/x", timeout=10)
    assert proxy.calls[-1] == "GET"


def test_a_session_is_only_known_by_its_digest() -> None:
    request = kaltura_request("POST", "/api_v3/service/media/action/list/ks/secret-session", {}, 0, b"")
    assert request.session
    assert "secret-session" not in f"{request.session} {request.params}"


@pytest.mark.parametrize(
    ("method", "target", "headers", "action"),
    [
        ("GET", "/", {}, "ListBuckets"),
        ("GET", "/b", {}, "ListObjects"),
        ("GET", "/b/?list-type=2&prefix=x", {}, "ListObjectsV2"),
        ("GET", "/b?versions", {}, "ListObjectVersions"),
        ("HEAD", "/b", {}, "HeadBucket"),
        ("PUT", "/b", {}, "CreateBucket"),
        ("POST", "/b?delete", {}, "DeleteObjects"),
        ("GET", "/b/k?versionId=1", {}, "GetObject"),
        ("GET", "/b//k", {}, "GetObject"),
        ("HEAD", "/b/k", {}, "HeadObject"),
        ("PUT", "/b/k", {}, "PutObject"),
        ("PUT", "/b/k", {"x-amz-copy-source": "/b/x"}, "CopyObject"),
        ("PUT", "/b/k?partNumber=1&uploadId=u", {}, "UploadPart"),
        ("POST", "/b/k?uploads", {}, "CreateMultipartUpload"),
        ("POST", "/b/k?uploadId=u", {}, "CompleteMultipartUpload"),
        ("POST", "/b/k?restore", {}, "RestoreObject"),
        ("DELETE", "/b/k?uploadId=u", {}, "AbortMultipartUpload"),
        ("DELETE", "/b/k", {}, "DeleteObject"),
        ("PATCH", "/b/k", {}, "PATCH"),
    ],
)
def test_operations_of_s3(method: str, target: str, headers: dict[str, str], action: str) -> None:
    assert s3_request(method, target, headers, 0).action == action
