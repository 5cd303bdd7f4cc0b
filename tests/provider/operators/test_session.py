"""Starting restricted sessions, against a running sandbox."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from tests.provider.airflow_fixtures import PARTNER, ConnectionSetter, render

from kaltura_provider.api import KalturaError
from kaltura_provider.hooks.kaltura import KalturaHook
from kaltura_provider.operators.session import KalturaStartSessionOperator


def start(context: Any, **arguments: Any) -> dict[str, Any]:
    return KalturaStartSessionOperator(task_id="session", **arguments).execute(context)


def test_result_restricts_later_tasks(connection: None, context: Any) -> None:
    result = start(context, user_id="ann", session_type="USER", privileges="edit:*,list:*", lifetime=600)
    assert {key: result[key] for key in ("user_id", "session_type", "privileges", "lifetime", "partner_id")} == {
        "user_id": "ann",
        "session_type": 0,
        "privileges": "edit:*,list:*",
        "lifetime": 600,
        "partner_id": PARTNER,
    }
    assert time.time() < result["expiry"] <= time.time() + 601
    info = KalturaHook(session=json.loads(json.dumps(result))).get_conn().session_info()
    assert (info.user_id, info.session_type, info.privileges) == ("ann", 0, "edit:*,list:*")


def test_result_holds_no_session(connection: None, context: Any) -> None:
    text = json.dumps(start(context)) + json.dumps(context["ti"].xcoms)
    assert "djJ8" not in text
    assert '"ks"' not in text


def test_defaults_are_the_connections(connection: None, context: Any) -> None:
    result = start(context)
    assert (result["user_id"], result["session_type"], result["lifetime"]) == ("", 2, 3600)


def test_wrong_credentials_fail_here(sandbox: Any, set_connection: ConnectionSetter, context: Any) -> None:
    set_connection(host=sandbox.url, login=str(PARTNER), extra={"admin_secret": "not-the-secret"})
    with pytest.raises(KalturaError, match="INVALID_KS") as caught:
        start(context)
    assert "not-the-secret" not in str(caught.value)


def test_arguments_that_mean_nothing_are_named(connection: None, context: Any) -> None:
    with pytest.raises(ValueError, match="use 'USER' \\(0\\) or 'ADMIN' \\(2\\)"):
        start(context, session_type="ROOT")
    with pytest.raises(ValueError, match="lifetime of a session must be a number of seconds such as 3600, not 'None'"):
        start(context, lifetime="None")


def test_templates() -> None:
    task = KalturaStartSessionOperator(task_id="session", user_id="{{ user }}", privileges="edit:{{ entry }}")
    render(task, user="ann", entry="1_a")
    assert (task.user_id, task.privileges) == ("ann", "edit:1_a")
