"""Players, against a running sandbox."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.provider.airflow_fixtures import TaskLog, render

from kaltura_provider.api import DriftError, KalturaClient, KalturaError
from kaltura_provider.operators.player import KalturaPlayerOperator


def player(context: Any, **arguments: Any) -> dict[str, Any]:
    return KalturaPlayerOperator(task_id="player", **arguments).execute(context)


def test_made_once_and_found_again(client: KalturaClient, context: Any) -> None:
    first = player(context, name="Lectures", config={"playback": {"muted": True}})
    assert first == {"ui_conf_id": first["ui_conf_id"], "created": True, "updated": False, "drift": []}
    again = player(context, name="Lectures", config={"playback": {"muted": True}})
    assert again == {"ui_conf_id": first["ui_conf_id"], "created": False, "updated": False, "drift": []}
    found = client.call("uiConf", "get", {"id": first["ui_conf_id"]})
    assert found["name"] == "Lectures"
    assert json.loads(found["config"])["playback"] == {"muted": True}


def test_changed_where_it_differs(client: KalturaClient, context: Any, task_log: TaskLog) -> None:
    first = player(context, name="Changing", config={"playback": {"muted": True, "loop": False}})
    changed = player(context, name="Changing", config={"playback": {"muted": False}}, width=640)
    assert (changed["ui_conf_id"], changed["created"], changed["updated"]) == (first["ui_conf_id"], False, True)
    assert changed["drift"] == [
        {"key": "config.playback.muted", "wanted": False, "present": True},
        {"key": "width", "wanted": 640, "present": 560},
    ]
    assert "config.playback.muted is true, and should be false." in task_log.warnings
    found = client.call("uiConf", "get", {"id": first["ui_conf_id"]})
    assert json.loads(found["config"])["playback"] == {"muted": False, "loop": False}
    assert str(found["width"]) == "640"


def test_reported_or_failed_instead_of_changed(client: KalturaClient, context: Any, task_log: TaskLog) -> None:
    first = player(context, name="Fixed", config={"playback": {"muted": True}})
    wanted = {"playback": {"muted": False}}
    reported = player(context, name="Fixed", config=wanted, on_drift="report")
    assert (reported["updated"], [drift["key"] for drift in reported["drift"]]) == (False, ["config.playback.muted"])
    with pytest.raises(DriftError, match="muted is true, and should be false"):
        player(context, name="Fixed", config=wanted, on_drift="fail")
    found = client.call("uiConf", "get", {"id": first["ui_conf_id"]})
    assert json.loads(found["config"])["playback"] == {"muted": True}


def test_copied_from_a_template(client: KalturaClient, context: Any) -> None:
    first = player(context, name="House style", config={"ui": {"logo": "ours"}}, width=800)
    copied = player(context, name="Course 7", template="House style", config={"playback": {"muted": True}})
    assert copied["created"]
    assert copied["ui_conf_id"] != first["ui_conf_id"]
    found = client.call("uiConf", "get", {"id": copied["ui_conf_id"]})
    assert (found["name"], str(found["width"])) == ("Course 7", "800")
    assert json.loads(found["config"])["ui"] == {"logo": "ours"}


def test_without_a_name(connection: None, context: Any) -> None:
    with pytest.raises(ValueError, match="no name"):
        player(context, name=" ")


def test_without_the_right(connection: None, context: Any) -> None:
    with pytest.raises(KalturaError, match="STUDIO"):
        player(context, name="Forbidden", session={"user_id": "ann", "session_type": "USER"})


def test_templates() -> None:
    config = {"playback": {"x": "{{ x }}"}}
    task = KalturaPlayerOperator(task_id="player", name="{{ name }}", config=config, template="{{ t }}")
    render(task, name="N", x="1", t="T")
    assert (task.name, task.config, task.template) == ("N", {"playback": {"x": "1"}}, "T")
