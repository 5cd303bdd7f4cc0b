"""Kaltura's official Python client reads back what was written."""

from __future__ import annotations

from typing import Any

import pytest
from tests.account import Account

from kaltura_provider.api import KalturaClient
from kaltura_provider.api.custom_metadata import put_metadata
from kaltura_provider.api.entry_update import update_entries
from kaltura_provider.api.metadata_profiles import ensure_metadata_profile
from kaltura_provider.api.moderation import moderate
from kaltura_sandbox.server import SandboxServer

official = pytest.importorskip("KalturaClient")


def test_fields_metadata_and_moderation(client: KalturaClient, account: Account, sandbox: SandboxServer) -> None:
    from KalturaClient.Plugins.Core import KalturaSessionType
    from KalturaClient.Plugins.Metadata import KalturaMetadataFilter, KalturaMetadataObjectType

    entry = account.entry()
    fields = {"name": "Ä 日本 <b>", "tags": ["Optics", "light"], "start": 1900000000, "co_editors": ["ada", "bob"]}
    update_entries(client, {entry: fields})
    declared: list[Any] = ["Title", {"name": "Held", "type": "date"}, {"name": "Room", "type": "int", "repeated": True}]
    profile = ensure_metadata_profile(client, account.word, declared).profile_id
    put_metadata(client, {entry: {"Title": "<&> ü", "Held": 1900000000, "Room": [7, 8]}}, profile=profile)
    moderate(client, [entry], "reject")

    configuration = official.KalturaConfiguration()
    configuration.serviceUrl = sandbox.url
    reader = official.KalturaClient(configuration)
    reader.setKs(reader.session.start("admin-secret-for-tests", "reader", KalturaSessionType.ADMIN, 102, 3600, ""))
    read = reader.baseEntry.get(entry)
    assert (read.name, read.tags, read.startDate) == ("Ä 日本 <b>", "optics, light", 1900000000)
    assert (read.entitledUsersEdit, read.moderationStatus.value) == ("ada,bob", 3)
    filter = KalturaMetadataFilter()
    filter.objectIdEqual = entry
    filter.metadataObjectTypeEqual = KalturaMetadataObjectType.ENTRY
    (document,) = reader.metadata.metadata.list(filter).objects
    assert document.metadataProfileId == profile
    assert document.xml == (
        "<metadata><Title>&lt;&amp;&gt; ü</Title><Held>1900000000</Held><Room>7</Room><Room>8</Room></metadata>"
    )
    listed = reader.metadata.metadataProfile.listFields(profile).objects
    assert [(field.key, field.label) for field in listed] == [(name, name) for name in ("Title", "Held", "Room")]
