"""A real S3 server (moto's) and a local Kaltura, both over sockets, for the pipeline's tests."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kaltura_provider.api import KalturaClient
    from kaltura_sandbox.server import SandboxServer


@pytest.fixture(scope="session")
def s3_url() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(s3_url: str) -> Any:
    import boto3

    return boto3.client(
        "s3", endpoint_url=s3_url, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )


@pytest.fixture
def bucket(s3: Any, s3_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A fresh bucket, and the Airflow connection to its server."""
    name = f"test-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=name)
    connection = {
        "conn_type": "aws",
        "login": "test",
        "password": "test",
        "extra": {"endpoint_url": s3_url, "region_name": "us-east-1"},
    }
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", json.dumps(connection))
    return name


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    from kaltura_sandbox.server import SandboxServer
    from kaltura_sandbox.settings import Partner, Settings

    partner = Partner(102, "admin-secret-for-tests", "user-secret-for-tests")
    settings = Settings(data=tmp_path_factory.mktemp("sandbox"), partners=(partner,), conversion_seconds=0.2)
    with SandboxServer(settings) as server:
        yield server


@pytest.fixture
def kaltura(sandbox: SandboxServer) -> Iterator[KalturaClient]:
    from kaltura_provider.api import AdminSecretCredentials, ClientConfig, KalturaClient

    config = ClientConfig(sandbox.url, 102, max_attempts=2, backoff_initial=0.05)
    with KalturaClient(config, AdminSecretCredentials("admin-secret-for-tests")) as client:
        yield client
