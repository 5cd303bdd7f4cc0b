"""Links, and when they appear."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.sdk.bases.operator import BaseOperator
from tests.provider.airflow_fixtures import ConnectionSetter

from kaltura_provider.api import KalturaError
from kaltura_provider.hooks.kaltura import KalturaHook
from kaltura_provider.links.kaltura import KalturaEntryLink, KalturaPlayerLink
from kaltura_provider.operators.entry import KalturaGetEntryOperator


@pytest.fixture
def hook(set_connection: ConnectionSetter) -> KalturaHook:
    set_connection(host="www.kaltura.com", login="102", extra={"admin_secret": "not-in-links"})
    return KalturaHook()


def test_addresses(hook: KalturaHook) -> None:
    assert hook.entry_url("1_abc") == "https://kmc.kaltura.com/index.php/kmcng/content/entries/entry/1_abc/metadata"
    assert hook.player_url(7, "1_abc") == (
        "https://cdnapisec.kaltura.com/p/102/embedPlaykitJs/uiconf_id/7?iframeembed=true&entry_id=1_abc"
    )


def test_two_links_do_not_share_a_key() -> None:
    assert KalturaEntryLink().xcom_key == "_link_KalturaEntryLink"
    assert KalturaPlayerLink().xcom_key == "_link_KalturaPlayerLink"


def test_stored_where_airflow_looks(hook: KalturaHook, context: Any) -> None:
    task = KalturaGetEntryOperator(task_id="get", entry_id="1_a")
    KalturaEntryLink.persist(context, task, hook.entry_url("1_a"))
    assert context["ti"].xcoms == {"_link_KalturaEntryLink": hook.entry_url("1_a")}


def test_tasks_without_xcoms_store_nothing(context: Any) -> None:
    KalturaEntryLink.persist(context, BaseOperator(task_id="a", do_xcom_push=False), "https://example.com")
    assert context["ti"].xcoms == {}


def test_link_is_there_before_the_call_that_fails(connection: None, context: Any) -> None:
    with pytest.raises(KalturaError, match="ENTRY_ID_NOT_FOUND"):
        KalturaGetEntryOperator(task_id="get", entry_id="0_nowhere").execute(context)
    assert context["ti"].xcoms["_link_KalturaEntryLink"].endswith("/entry/0_nowhere/metadata")
