"""Profiles from a declaration, against a running sandbox."""

from __future__ import annotations

from typing import Any

import pytest
from tests.provider.airflow_fixtures import TaskLog, render

from kaltura_provider.api import DeclarationError, DriftError, KalturaClient
from kaltura_provider.operators.profile import KalturaAccessControlOperator, KalturaConversionProfileOperator

RULES = [{"conditions": [{"country": ["DE"], "not": True}], "actions": "block", "message": "Not here."}]


def access_control(context: Any, **arguments: Any) -> dict[str, Any]:
    # All tests share one account.
    return KalturaAccessControlOperator(task_id="access", max_profiles=1000, **arguments).execute(context)


def conversion(context: Any, **arguments: Any) -> dict[str, Any]:
    return KalturaConversionProfileOperator(task_id="conversion", **arguments).execute(context)


def test_access_control(client: KalturaClient, context: Any, task_log: TaskLog) -> None:
    made = access_control(context, name="Germany", rules=RULES)
    assert made == {"id": made["id"], "created": True, "updated": False, "drift": []}
    drift = [{"key": "rule 1, message", "wanted": "Sorry.", "present": "Not here."}]
    changed = access_control(context, name="Germany", rules=[{**RULES[0], "message": "Sorry."}])
    assert changed == {"id": made["id"], "created": False, "updated": True, "drift": drift}
    assert 'rule 1, message is "Not here.", and should be "Sorry."' in str(task_log.entries)
    with pytest.raises(DriftError, match="Germany"):
        access_control(context, name="Germany", rules=RULES, on_drift="fail")
    with pytest.raises(DeclarationError, match="rule 1, actions"):
        access_control(context, name="Germany", rules=[{}])


def test_conversion(client: KalturaClient, context: Any) -> None:
    made = conversion(context, name="Lectures", flavors=["source", 2], storage_profile_id="3")
    assert made == {"id": made["id"], "created": True, "updated": False, "drift": []}
    left = conversion(context, name="Lectures", flavors=["source"], on_drift="report")
    drift = [{"key": "flavors", "wanted": [0], "present": [0, 2]}]
    assert left == {"id": made["id"], "created": False, "updated": False, "drift": drift}
    entry = {"name": "talk", "mediaType": 1, "conversionProfileId": made["id"]}
    assert client.call("media", "add", {"entry": entry})["conversionProfileId"] == made["id"]


def test_a_policy_that_does_not_exist(connection: None, context: Any) -> None:
    with pytest.raises(ValueError, match="on_drift is 'ignore': use repair, report, fail"):
        access_control(context, name="x", rules=RULES, on_drift="ignore")
    with pytest.raises(ValueError, match="has no name"):
        conversion(context, name=" ", flavors=["source"])


def test_templates() -> None:
    access = KalturaAccessControlOperator(task_id="a", name="{{ n }}", rules=[{"message": "{{ n }}"}])
    render(access, n="N")
    assert (access.name, access.rules) == ("N", [{"message": "N"}])
    profile = KalturaConversionProfileOperator(task_id="c", name="{{ n }}", flavors=["{{ n }}"])
    render(profile, n="N")
    assert (profile.name, profile.flavors) == ("N", ["N"])
