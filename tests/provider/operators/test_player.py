"""Players, against a running sandbox."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.provider.airflow_fixtures import render

from kaltura_provider.api import KalturaClient, KalturaError
from kaltura_provider.operators.player import KalturaPlayerOperator


def player(context: Any, **arguments: Any) -> dict[str, Any]:
    return KalturaPlayerOperator(task_id="player", **arguments).execute(context)


def test_made_once_and_found_again(client: KalturaClient, context: Any) -> None:
    first = player(context, name="Lectures", config={"playback": {"muted": True}})
    assert first == {"ui_conf_id": first["ui_conf_id"], "created": True, "updated": False}
    again = player(context, name="Lectures", config={"playback": {"muted": True}})
    assert again == {"ui_conf_id": first["ui_conf_id"], "created": False, "updated": False}
    found = client.call("uiConf", "get", {"id": first["ui_conf_id"]})
    assert found["name"] == "Lectures"
    assert json.loads(found["config"])["playback"] == {"muted": True}


def test_changed_where_it_differs(client: KalturaClient, context: Any) -> None:
    first = player(context, name="Changing", config={"playback": {"muted": True, "loop": False}})
    changed = player(context, name="Changing", config={"playback": {"muted": False}}, width=640)
    assert changed == {"ui_conf_id": first["ui_conf_id"], "created": False, "updated": True}
    found = client.call("uiConf", "get", {"id": first["ui_conf_id"]})
    assert json.loads(found["config"])["playback"] == {"muted": False, "loop": False}
    assert str(found["width"]) == "640"


def test_without_a_name(connection: None, context: Any) -> None:
    with pytest.raises(ValueError, match="no name"):
        player(context, name=" ")


def test_without_the_right(connection: None, context: Any) -> None:
    with pytest.raises(KalturaError, match="STUDIO"):
        player(context, name="Forbidden", session={"user_id": "ann", "session_type": "USER"})


def test_templates() -> None:
    task = KalturaPlayerOperator(task_id="player", name="{{ name }}", config={"playback": {"x": "{{ x }}"}})
    render(task, name="N", x="1")
    assert (task.name, task.config) == ("N", {"playback": {"x": "1"}})
