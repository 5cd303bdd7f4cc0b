"""Clients of the sandbox, and a server with a certificate nobody trusts."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from tests.provider.api.scripted import ScriptedServer, quick, result
from tests.provider.conftest import ADMIN_SECRET

from kaltura_provider.api import AdminSecretCredentials, Credentials, KalturaClient, SessionSpec
from kaltura_sandbox.server import SandboxServer

ClientFactory = Callable[..., KalturaClient]


@pytest.fixture
def new_client(sandbox: SandboxServer) -> Iterator[ClientFactory]:
    """Make clients of the sandbox, or of another server by ``url=``."""
    clients: list[KalturaClient] = []

    def make(
        credentials: Credentials | None = None,
        session: SessionSpec | None = None,
        *,
        url: str = sandbox.url,
        on_secret: Callable[[str], None] | None = None,
        **settings: Any,
    ) -> KalturaClient:
        config = quick(url, **{"read_timeout": 20.0, **settings})
        spec = session or SessionSpec(user_id="tester", privileges="disableentitlement")
        clients.append(KalturaClient(config, credentials or AdminSecretCredentials(ADMIN_SECRET), spec, on_secret))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def client(new_client: ClientFactory) -> KalturaClient:
    """An administrator's client of the sandbox."""
    return new_client()


@pytest.fixture
def uniq() -> str:
    """A word no other test uses."""
    return uuid.uuid4().hex[:12]


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate nobody trusts, with its key, for 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.timezone.utc)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(
        signed.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


@pytest.fixture
def tls_server(certificate: Path) -> Iterator[ScriptedServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with ScriptedServer(result(True), context=context) as server:
        yield server
