"""An account with categories, profiles and schemas of its own, reached through a proxy that counts and breaks."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from kaltura_sandbox.faults.proxy import FaultProxy

if TYPE_CHECKING:
    from kaltura_provider.api import KalturaClient
    from kaltura_sandbox.server import SandboxServer

XSD = """<xsd:schema xmlns:xsd="http://www.w3.org/2001/XMLSchema">
<xsd:element name="metadata"><xsd:complexType><xsd:sequence>
 <xsd:element id="md_1" name="Teacher" minOccurs="0" maxOccurs="1" type="textType"/>
 <xsd:element id="md_2" name="Year" minOccurs="0" maxOccurs="1" type="xsd:int"/>
 <xsd:element id="md_3" name="Topic" minOccurs="0" maxOccurs="unbounded" type="textType"/>
</xsd:sequence></xsd:complexType></xsd:element>
<xsd:simpleType name="textType"><xsd:restriction base="xsd:string"/></xsd:simpleType></xsd:schema>"""


@pytest.fixture
def proxy(sandbox: SandboxServer) -> Iterator[FaultProxy]:
    with FaultProxy(sandbox.url) as running:
        yield running


@pytest.fixture
def new_client(proxy: FaultProxy) -> Iterator[Callable[[], KalturaClient]]:
    """Make clients that talk through the proxy."""
    from kaltura_provider.api import AdminSecretCredentials, ClientConfig, KalturaClient

    clients: list[KalturaClient] = []

    def make() -> KalturaClient:
        config = ClientConfig(proxy.url, 102, max_attempts=2, backoff_initial=0.02, read_timeout=10)
        clients.append(KalturaClient(config, AdminSecretCredentials("admin-secret-for-tests")))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def client(new_client: Callable[[], KalturaClient]) -> KalturaClient:
    client = new_client()
    client.ks()
    return client


@dataclass
class Account:
    """What the account of a test knows; names hold a word that no other test uses."""

    kaltura: KalturaClient
    word: str = field(default_factory=lambda: f"w{uuid.uuid4().hex[:10]}")

    def category(self, *levels: str) -> int:
        parent = 0
        for level in levels:
            path = {"name": level, "parentId": parent}
            params = {"filter": {"parentIdEqual": parent}, "pager": {"pageSize": 500}}
            listed = self.kaltura.call("category", "list", params)["objects"]
            found = [item["id"] for item in listed if item["name"] == level]
            parent = found[0] if found else self.kaltura.call("category", "add", {"category": path})["id"]
        return parent

    def access_control(self, name: str) -> int:
        profile = {"accessControlProfile": {"name": name, "rules": []}}
        return int(self.kaltura.call("accessControlProfile", "add", profile)["id"])

    def conversion(self, name: str) -> int:
        return int(self.kaltura.call("conversionProfile", "add", {"conversionProfile": {"name": name}})["id"])

    def metadata_profile(self, name: str, xsd: str = XSD) -> int:
        profile = {"name": name, "systemName": name, "metadataObjectType": 1}
        params = {"metadataProfile": profile, "xsdData": xsd}
        return int(self.kaltura.call("metadata_metadataProfile", "add", params)["id"])

    def entry(self, **values: Any) -> str:
        entry = {"name": "talk", "mediaType": 1, **values}
        return str(self.kaltura.call("media", "add", {"entry": entry})["id"])

    def categories_of(self, entry: str) -> list[int]:
        listed = self.kaltura.call("categoryEntry", "list", {"filter": {"entryIdEqual": entry}})
        return sorted(item["categoryId"] for item in listed["objects"])

    def metadata_of(self, entry: str) -> dict[int, str]:
        listed = self.kaltura.call("metadata_metadata", "list", {"filter": {"objectIdEqual": entry}})
        return {item["metadataProfileId"]: item["xml"] for item in listed["objects"]}

    def captions_of(self, entry: str) -> list[dict[str, Any]]:
        listed = self.kaltura.call("caption_captionAsset", "list", {"filter": {"entryIdEqual": entry}})
        return [{**item, "text": self.caption_text(item)} for item in listed["objects"]]

    def caption_text(self, caption: dict[str, Any]) -> bytes:
        if not caption["size"]:
            return b""
        text: bytes = self.kaltura.call("caption_captionAsset", "serve", {"captionAssetId": caption["id"]})
        return text

    def thumbnails_of(self, entry: str) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = self.kaltura.call("thumbAsset", "list", {"filter": {"entryIdEqual": entry}})[
            "objects"
        ]
        return listed


@pytest.fixture
def account(sandbox: SandboxServer) -> Iterator[Account]:
    """The account as a person in the KMC sees it: not through the proxy."""
    from kaltura_provider.api import AdminSecretCredentials, ClientConfig, KalturaClient

    config = ClientConfig(sandbox.url, 102, max_attempts=2, backoff_initial=0.05)
    with KalturaClient(config, AdminSecretCredentials("admin-secret-for-tests")) as kaltura:
        yield Account(kaltura)
