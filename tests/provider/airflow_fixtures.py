"""What the tests of the Airflow side share: a running S3, connections to it and to the sandbox, a task's context."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer
from structlog.testing import capture_logs

from kaltura_provider.api import KalturaClient
from kaltura_provider.hooks.kaltura import KalturaHook
from kaltura_sandbox.server import SandboxServer

PARTNER = 102
ADMIN_SECRET = "admin-secret-for-tests"
USER_SECRET = "user-secret-for-tests"
BUCKET = "uploads"


@dataclass
class FakeTaskInstance:
    """Keeps what a task pushes, in order."""

    dag_id: str = "a_dag"
    run_id: str = "a_run"
    task_id: str = "a_task"
    map_index: int = -1
    xcoms: dict[str, Any] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)

    def xcom_push(self, key: str, value: Any) -> None:
        json.dumps(value)
        self.xcoms[key] = value
        self.order.append(key)


class FakeStateStore:
    """A task state store as Airflow's: JSON values only, and it outlives the task's process."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    def get(self, key: str, default: Any = None) -> Any:
        return json.loads(self.values[key]) if key in self.values else default

    def set(self, key: str, value: Any, *, retention: Any = None) -> None:
        if value is None:
            raise ValueError("Cannot set value as None")
        self.values[key] = json.dumps(value)


def read_range(source: Any, start: int, length: int, block: int = 65_536) -> bytes:
    """Read a range of a source as an upload does."""
    with closing(source.open(start, length)) as stream:
        pieces = []
        while piece := stream.read(block):
            assert len(piece) <= block
            pieces.append(piece)
    return b"".join(pieces)


def render(task: Any, **values: Any) -> None:
    """Render a task's templates, with only these variables."""
    task.render_template_fields(values)


@pytest.fixture
def context() -> Any:
    return {"ti": FakeTaskInstance()}


@pytest.fixture
def state_store() -> FakeStateStore:
    return FakeStateStore()


class TaskLog:
    """What operators log; they use Airflow's own loggers, which pytest does not see."""

    def __init__(self, entries: list[Any]) -> None:
        self.entries = entries

    @property
    def warnings(self) -> str:
        events = [str(entry["event"]) for entry in self.entries if entry["log_level"] == "warning"]
        # Airflow's own remark on tests like these.
        return "\n".join(event for event in events if "outside of the Task Runner" not in event)


@pytest.fixture
def task_log() -> Iterator[TaskLog]:
    with capture_logs() as entries:
        yield TaskLog(entries)


ConnectionSetter = Callable[..., None]


@pytest.fixture
def set_connection(monkeypatch: pytest.MonkeyPatch) -> ConnectionSetter:
    def set_connection(conn_id: str = "kaltura_default", **values: Any) -> None:
        value = json.dumps({"conn_type": "kaltura", **values})
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", value)

    return set_connection


@pytest.fixture
def connection(sandbox: SandboxServer, set_connection: ConnectionSetter) -> None:
    set_connection(host=sandbox.url, login=str(PARTNER), extra={"admin_secret": ADMIN_SECRET})


@pytest.fixture
def client(connection: None) -> Iterator[KalturaClient]:
    hook = KalturaHook()
    yield hook.get_conn()
    hook.close()


@pytest.fixture
def approving_client(
    new_sandbox: Callable[..., SandboxServer], set_connection: ConnectionSetter
) -> Iterator[KalturaClient]:
    """A client of an account where a person must approve new content; ``kaltura_default`` points to it."""
    server = new_sandbox(replacement_approval=True, conversion_seconds=0.05)
    set_connection(host=server.url, login=str(PARTNER), extra={"admin_secret": ADMIN_SECRET})
    hook = KalturaHook()
    yield hook.get_conn()
    hook.close()


@pytest.fixture(scope="session")
def s3_url() -> Iterator[str]:
    server = ThreadedMotoServer(port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(s3_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An empty S3 with one bucket, and ``aws_default`` pointing to it."""
    credentials = {"login": "test", "password": "test-secret-key"}
    extra = {"endpoint_url": s3_url, "region_name": "us-east-1"}
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", json.dumps({"conn_type": "aws", **credentials, "extra": extra}))
    client = boto3.client(
        "s3",
        endpoint_url=s3_url,
        region_name="us-east-1",
        aws_access_key_id=credentials["login"],
        aws_secret_access_key=credentials["password"],
    )
    client.create_bucket(Bucket=BUCKET)
    yield client
    import requests

    requests.post(f"{s3_url}/moto-api/reset", timeout=10)


@pytest.fixture
def restore_ends_after(s3_url: str) -> Iterator[Callable[[int], None]]:
    """Let the local S3 begin, and then end, a restore when the object has been looked at so often."""
    import requests

    manager, model = f"{s3_url}/moto-api/state-manager", {"model_name": "s3::keyrestore"}

    def set_looks(looks: int) -> None:
        transition = {"transition": {"progression": "manual", "times": looks}}
        requests.post(f"{manager}/set-transition", json={**model, **transition}, timeout=10)

    yield set_looks
    requests.post(f"{manager}/unset-transition", json=model, timeout=10)


@pytest.fixture(scope="session")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second of real video: Kaltura, and so the sandbox, looks at what it is given."""
    import av

    path = tmp_path_factory.mktemp("media") / "talk.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(10):
            frame = av.VideoFrame(64, 48, "yuv420p")
            for plane in frame.planes:
                plane.update(bytes([number * 20 % 256]) * plane.buffer_size)
            for packet in stream.encode(frame):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return path
