"""What the measuring side itself can take, so that nobody mistakes its limits for an uploader's."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.upload.line import LineSettings
from benchmarks.upload.matrix import FAR_RATE, LIMIT, Candidate
from benchmarks.upload.processes import delay_proxy
from benchmarks.upload.runs import run_client
from benchmarks.upload.server import running_server
from kaltura_sandbox.receiving.costs import Costs

_POUR = Candidate("pouring", "pour", LIMIT)
_BOUNDARY = "boundary-of-the-benchmark"


def of_server(folder: Path, path: Path, clients: int = 4) -> float:
    """Bytes per second the server takes in multipart bodies of several clients together, charging nothing.

    :param folder: for its data.
    :param path: what each client sends.
    """
    size = path.stat().st_size
    part = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="fileData"; filename="a.mp4"\r\n\r\n'
    tail = f"\r\n--{_BOUNDARY}--\r\n"
    head = (
        "POST /api_v3/service/system/action/ping?format=1 HTTP/1.1\r\nHost: sandbox\r\n"
        f"Content-Type: multipart/form-data; boundary={_BOUNDARY}\r\n"
        f"Content-Length: {len(part) + size + len(tail)}\r\n\r\n{part}"
    )
    with running_server(folder, Costs()) as server:
        return _pour(server.address, path, clients, head, tail, "true")


def of_proxy(path: Path, round_trip: float = 0.02, clients: int = 16) -> tuple[float, float]:
    """Bytes per second the delay proxy carries over several connections together: at their rate, and without limit."""
    found = []
    for rate, count in ((FAR_RATE, clients), (0.0, clients // 2)):
        with _sink() as sink, delay_proxy(sink, LineSettings(round_trip, rate)) as address:
            found.append(_pour(address, path, count, "", "", "thanks"))
    return found[0], found[1]


def _pour(address: str, path: Path, clients: int, head: str, tail: str, expect: str) -> float:
    job = {"address": address, "path": str(path), "head": head, "tail": tail, "expect": expect}
    started = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(lambda _: run_client(_POUR, job), range(clients)))
    return clients * path.stat().st_size / (time.perf_counter() - started)


@contextlib.contextmanager
def _sink() -> Iterator[str]:
    """A server that reads to the end of a connection and says thanks."""

    def read(connection: socket.socket) -> None:
        with connection:
            buffer = bytearray(1024 * 1024)
            while connection.recv_into(buffer):
                pass
            connection.sendall(b"thanks")

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=read, args=[connection], daemon=True).start()

    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
