"""The delay proxy over real sockets: every byte arrives, no sooner than the line allows."""

from __future__ import annotations

import hashlib
import os
import socket
import threading
import time
from collections.abc import Iterator

import pytest
from benchmarks.upload.line import LineSettings
from benchmarks.upload.processes import delay_proxy

MEGABYTE = 1_000_000


@pytest.fixture
def echo() -> Iterator[str]:
    """A server that answers with the hash of everything it got until the sender is done."""

    def answer(connection: socket.socket) -> None:
        digest = hashlib.sha256()
        with connection:
            while data := connection.recv(1 << 20):
                digest.update(data)
            connection.sendall(digest.digest())

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=[connection], daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)


def exchange(address: str, content: bytes) -> tuple[float, bytes]:
    """Send, end, and read the answer; return how long that took."""
    host, port = address.split(":")
    started = time.monotonic()
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(content)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while data := connection.recv(4096):
            answer += data
    return time.monotonic() - started, answer


def test_a_new_connection_costs_two_round_trips(echo: str) -> None:
    with delay_proxy(echo, LineSettings(0.1)) as far:
        seconds, answer = exchange(far, b"hello")
    assert answer == hashlib.sha256(b"hello").digest()
    assert 0.2 <= seconds < 2


def test_a_connection_keeps_its_rate_and_loses_nothing(echo: str) -> None:
    content = os.urandom(10 * MEGABYTE)
    with delay_proxy(echo, LineSettings(0.01, rate=10 * MEGABYTE)) as far:
        seconds, answer = exchange(far, content)
    assert answer == hashlib.sha256(content).digest()
    assert 1.0 <= seconds < 5


def test_connections_do_not_share_their_rate(echo: str) -> None:
    content = os.urandom(5 * MEGABYTE)
    with delay_proxy(echo, LineSettings(0.01, rate=10 * MEGABYTE)) as far:
        started = time.monotonic()
        threads = [threading.Thread(target=exchange, args=(far, content)) for _ in range(4)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        together = time.monotonic() - started
    assert 0.5 <= together < 1.2
