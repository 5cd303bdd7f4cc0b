"""Sessions, application tokens and the wall between accounts."""

from __future__ import annotations

import hashlib
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from kaltura_sandbox.ks import sign_v1, sign_v2
from kaltura_sandbox.server import SandboxServer

from .conftest import ADMIN_SECRET, OTHER_PARTNER, PARTNER, USER_SECRET, Api, make_settings


def start_with_token(api: Api, token: dict[str, Any], **params: Any) -> Any:
    widget = api.widget
    digest = hashlib.new(token["hashType"], (widget + token["token"]).encode()).hexdigest()
    return api.call("appToken", "startSession", ks=widget, id=token["id"], tokenHash=digest, **params)


def test_accounts_do_not_see_each_other(api: Api) -> None:
    token = api.call("appToken", "add", ks=api.admin, appToken={"description": "mine"})
    assert api.call("appToken", "get", ks=api.other_admin, id=token["id"])["code"] == "APP_TOKEN_ID_NOT_FOUND"
    assert api.call("appToken", "delete", ks=api.other_admin, id=token["id"])["code"] == "APP_TOKEN_ID_NOT_FOUND"
    assert api.call("appToken", "list", ks=api.other_admin)["totalCount"] == 0
    assert api.call("appToken", "list", ks=api.admin)["totalCount"] == 1


def test_a_session_names_only_its_own_account(api: Api) -> None:
    assert api.call("session", "get", ks=api.admin, partnerId=OTHER_PARTNER)["code"] == "SERVICE_FORBIDDEN"
    assert api.call("session", "get", ks=api.admin, partnerId=PARTNER)["partnerId"] == str(PARTNER)
    unknown = api.call("session", "get", ks=api.admin, partnerId=99999)
    assert unknown["code"] == "SERVICE_FORBIDDEN_CONTENT_BLOCKED"


def test_the_secret_of_one_account_opens_no_session_of_another(api: Api) -> None:
    for secret, kind in ((ADMIN_SECRET, 2), (USER_SECRET, 0)):
        answer = api.call("session", "start", partnerId=OTHER_PARTNER, secret=secret, type=kind)
        assert answer["code"] == "START_SESSION_ERROR"
    forged = sign_v2(ADMIN_SECRET, OTHER_PARTNER, "u", 2, int(time.time()) + 600, "")
    assert api.call("appToken", "list", ks=forged)["code"] == "INVALID_KS"


def test_the_user_secret_opens_no_admin_session(api: Api) -> None:
    answer = api.call("session", "start", partnerId=PARTNER, secret=USER_SECRET, type=2)
    assert answer["code"] == "START_SESSION_ERROR"


@pytest.mark.parametrize("sign", [sign_v1, sign_v2])
def test_sessions_signed_by_the_client_are_accepted_in_both_versions(api: Api, sign: Any) -> None:
    until = int(time.time()) + 600
    ks = sign(ADMIN_SECRET, PARTNER, "me", 2, until, "disableentitlement")
    assert api.call("session", "get", ks=ks) == {
        "sessionType": "2", "partnerId": str(PARTNER), "userId": "me", "expiry": str(until),
        "privileges": "disableentitlement", "objectType": "KalturaSessionInfo",
    }  # fmt: skip
    assert api.call("session", "get", ks=sign(USER_SECRET, PARTNER, "me", 2, until, ""))["code"] == "INVALID_KS"


@pytest.mark.parametrize(
    ("privileges", "word"),
    [
        ("iprestrict:10.0.0.1", "EXCEEDED_RESTRICTED_IP"),
        ("urirestrict:/nothing/*", "EXCEEDED_RESTRICTED_URI"),
        ("actionslimit:0", "EXCEEDED_ACTIONS_LIMIT"),
    ],
)
def test_limits_of_a_session_have_their_own_words(api: Api, privileges: str, word: str) -> None:
    answer = api.call("system", "ping", ks=api.session("u", 2, privileges=privileges))
    assert answer["code"] == "INVALID_KS"
    assert answer["args"] == {"KSID": word, "ERR_CODE": "-1", "ERR_DESC": "INVALID_STR"}


def test_limits_that_fit_are_no_hindrance(api: Api) -> None:
    for privileges in ("iprestrict:10.0.0.1/127.0.0.1", "urirestrict:/api_v3/*", "urirestrict:/x|/api_v3/*"):
        assert api.call("system", "ping", ks=api.session("u", 2, privileges=privileges)) is True


def test_a_limit_of_actions_holds_for_simultaneous_calls(sandbox: SandboxServer, api: Api) -> None:
    ks = api.session("u", 2, privileges="actionslimit:10")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: Api(sandbox.url).call("system", "ping", ks=ks), range(24)))
    assert answers.count(True) == 10


def test_token_sessions_are_short_enough_for_token_and_caller(api: Api) -> None:
    now = int(time.time())
    limits = {"sessionDuration": 5000, "expiry": now + 3000, "sessionType": 2}
    token = api.call("appToken", "add", ks=api.admin, appToken=limits)
    assert start_with_token(api, token)["expiry"] == pytest.approx(now + 3000, abs=5)
    assert start_with_token(api, token, expiry=600)["expiry"] == pytest.approx(now + 600, abs=5)
    assert start_with_token(api, token, expiry=9999)["expiry"] == pytest.approx(now + 3000, abs=5)


def test_callers_of_a_token_can_not_take_rights_it_does_not_give(api: Api) -> None:
    token = api.call("appToken", "add", ks=api.admin, appToken={"sessionType": 0, "sessionPrivileges": "edit:0_a"})
    info = start_with_token(api, token, type=2, sessionPrivileges="edit:*,list:*,*,sessionid:x,color:blue")
    assert info["sessionType"] == 0
    assert info["privileges"] == f"sessionid:{token['id']},apptoken:{token['id']},edit:0_a,color:blue"


def test_a_wrong_hash_tells_nothing_else(api: Api) -> None:
    token = api.call("appToken", "add", ks=api.admin, appToken={"hashType": "SHA256"})
    upper = hashlib.sha256((api.widget + token["token"]).encode()).hexdigest().upper()
    answer = api.call("appToken", "startSession", ks=api.widget, id=token["id"], tokenHash=upper)
    assert (answer["code"], answer["args"]) == ("INVALID_APP_TOKEN_HASH", [])


def test_a_widget_session_can_not_be_ended(api: Api) -> None:
    widget = api.widget
    assert api.call("session", "end", ks=widget) is None
    assert api.call("system", "ping", ks=widget) is True


def test_events_are_kept_for_reports(tmp_path: Path) -> None:
    with SandboxServer(make_settings(tmp_path)) as server:
        event = {"partnerId": PARTNER, "entryId": "0_abc", "eventType": 3, "eventTimestamp": 1, "nonsense": "x"}
        assert Api(server.url).call("stats", "collect", event=event) is True
    with SandboxServer(make_settings(tmp_path)) as server:
        kept = server.sandbox.store.collection("statsEvent", "entryId", "createdAt").find()
    assert [(each["entryId"], each["eventType"], each["partnerId"]) for each in kept] == [("0_abc", 3, PARTNER)]
    assert kept[0]["createdAt"] == pytest.approx(time.time(), abs=60)


def test_anonymous_callers_share_a_widget_session(api: Api) -> None:
    assert api.widget == api.widget
    short = api.call("session", "startWidgetSession", widgetId=f"_{PARTNER}", expiry=60)["ks"]
    assert short != api.widget


def test_what_a_profile_hides_shows_as_it_was_sent(api: Api) -> None:
    sent = {"description": "d", "sessionDuration": "77"}
    hidden = {"type": 1, "fields": "id"}
    added = api.call("appToken", "add", ks=api.admin, appToken=sent, responseProfile=hidden)
    assert added == {"id": added["id"], "description": "d", "sessionDuration": 77, "objectType": "KalturaAppToken"}
    read = api.call("appToken", "get", ks=api.admin, id=added["id"], responseProfile=hidden)
    assert read == {"id": added["id"], "objectType": "KalturaAppToken"}


def test_what_an_app_token_has_for_all_is_narrowed_to_what_is_asked_for(api: Api) -> None:
    limits = {"sessionType": 0, "sessionPrivileges": "sview:*,setrole:PLAYBACK_BASE_ROLE"}
    token = api.call("appToken", "add", ks=api.admin, appToken=limits)
    asked = "sview:0_a,setrole:PUBLISHER_ROLE,edit:0_a,appid:site"
    granted = start_with_token(api, token, sessionPrivileges=asked)["privileges"].split(",")
    assert set(granted) == {
        f"sessionid:{token['id']}", f"apptoken:{token['id']}", "setrole:PLAYBACK_BASE_ROLE", "sview:0_a", "appid:site"
    }  # fmt: skip
