"""A sandbox and an S3 server, each with a fault proxy in front."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import boto3
import pytest
import requests
from botocore.config import Config
from moto.server import ThreadedMotoServer

from kaltura_sandbox.faults import S3, Fault, FaultProxy, Rule
from kaltura_sandbox.server import SandboxServer

from ..conftest import Api

BUCKET = "media"


def faulty(proxy: FaultProxy, kind: str, *, action: str = "*", nth: int | None = None, **fault: Any) -> None:
    """Let a proxy make one kind of fault, and begin to count anew."""
    proxy.set_rules([Rule(Fault(kind, **fault), action=action, nth=nth)])
    proxy.reset()


@pytest.fixture
def proxy(sandbox: SandboxServer) -> Iterator[FaultProxy]:
    with FaultProxy(sandbox.url) as running:
        yield running


@pytest.fixture
def through(proxy: FaultProxy, api: Api) -> Api:
    """A caller through the proxy, its session already open."""
    through = Api(proxy.url)
    through._sessions.update(api._sessions)
    assert through.admin
    proxy.reset()
    return through


@pytest.fixture(scope="session")
def s3_url() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3_proxy(s3_url: str) -> Iterator[FaultProxy]:
    with FaultProxy(s3_url, service=S3) as running:
        yield running


def s3_client(url: str, **settings: Any) -> Any:
    """A client that repeats nothing by itself."""
    config = Config(**{"read_timeout": 10, "retries": {"total_max_attempts": 1}, **settings})
    return boto3.client(
        "s3", endpoint_url=url, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b", config=config
    )


@pytest.fixture
def direct(s3_url: str) -> Iterator[Any]:
    """S3 without the proxy, with one empty bucket that keeps versions."""
    client = s3_client(s3_url)
    client.create_bucket(Bucket=BUCKET)
    client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    yield client
    requests.post(f"{s3_url}/moto-api/reset", timeout=10)


@pytest.fixture
def s3(direct: Any, s3_proxy: FaultProxy) -> Any:
    """S3 through the proxy."""
    return s3_client(s3_proxy.url)


@pytest.fixture
def new_proxy() -> Iterator[Callable[..., FaultProxy]]:
    """Start proxies that end with the test."""
    with ExitStack() as running:
        yield lambda *arguments, **options: running.enter_context(FaultProxy(*arguments, **options))
