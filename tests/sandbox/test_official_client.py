"""Kaltura's own Python client understands the sandbox: it sends JSON and reads XML."""

from __future__ import annotations

import pytest
from KalturaClient import KalturaClient, KalturaConfiguration
from KalturaClient.exceptions import KalturaException
from KalturaClient.Plugins.Core import KalturaAppToken, KalturaAppTokenHashType, KalturaSessionType

from kaltura_sandbox.server import SandboxServer

from .conftest import ADMIN_SECRET, PARTNER

DESCRIPTION = "a <&> \"b\" 'c' é/ü"


@pytest.fixture
def client(sandbox: SandboxServer) -> KalturaClient:
    configuration = KalturaConfiguration()
    configuration.serviceUrl = sandbox.url
    client = KalturaClient(configuration)
    ks = client.session.start(ADMIN_SECRET, "me", KalturaSessionType.ADMIN, PARTNER, 600, "disableentitlement")
    client.setKs(ks)
    return client


def test_plain_values_objects_and_lists(client: KalturaClient) -> None:
    assert client.system.ping() is True
    assert client.system.getVersion() == "Venus-22.19.0"
    info = client.session.get()
    assert (int(info.partnerId), info.userId, info.privileges) == (PARTNER, "me", "disableentitlement")
    token = KalturaAppToken()
    token.description = DESCRIPTION
    token.hashType = KalturaAppTokenHashType.SHA256
    added = client.appToken.add(token)
    listed = client.appToken.list()
    assert [each.description for each in listed.objects] == [DESCRIPTION]
    assert (listed.objects[0].id, listed.objects[0].sessionType) == (added.id, None)


def test_errors(client: KalturaClient) -> None:
    with pytest.raises(KalturaException) as caught:
        client.appToken.get("0_nope")
    assert caught.value.code == "APP_TOKEN_ID_NOT_FOUND"


def test_multirequest(client: KalturaClient) -> None:
    client.startMultiRequest()
    client.system.getVersion()
    client.appToken.get("0_nope")
    client.appToken.list()
    version, error, listed = client.doMultiRequest()
    assert version == "Venus-22.19.0"
    assert error.code == "APP_TOKEN_ID_NOT_FOUND"
    assert listed.totalCount == 0
