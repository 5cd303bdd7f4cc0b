"""A TCP proxy that makes a near server far: ``python -m benchmarks.upload.proxy --target HOST:PORT --round-trip 80``.

Connections share nothing, each has the whole rate. Opening one takes a round trip. It prints the port it listens on,
and ends with its standard input.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import socket
import sys
import threading
from collections import deque

from benchmarks.upload.line import Line, LineSettings

_BLOCK = 256 * 1024
_BACKLOG = 256


class _Direction:
    """What flows one way through a connection."""

    def __init__(self, source: socket.socket, target: socket.socket, settings: LineSettings, opened: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._source = source
        self._target = target
        self._opened = opened
        self._delay = settings.round_trip / 2
        self._line = Line(settings, opened)
        self._waiting: deque[tuple[float, bytes]] = deque()
        self._arrived = asyncio.Event()
        self._has_room = asyncio.Event()

    async def run(self) -> None:
        """Pass everything on until the source ends."""
        delivering = asyncio.create_task(self._deliver())
        try:
            await self._take()
            await delivering
        finally:
            delivering.cancel()

    async def _take(self) -> None:
        await self._until(self._opened)
        data = b"first"
        while data:
            while not (room := self._line.room(self._loop.time())):
                self._has_room.clear()
                await self._has_room.wait()
            data = await self._loop.sock_recv(self._source, min(room, _BLOCK))
            self._line.room(self._loop.time())  # it may have waited long for these bytes
            self._waiting.append((self._line.send(len(data), self._loop.time()), data))
            self._arrived.set()

    async def _deliver(self) -> None:
        while True:
            while not self._waiting:
                self._arrived.clear()
                await self._arrived.wait()
            due, data = self._waiting.popleft()
            await self._until(due)
            if not data:
                self._target.shutdown(socket.SHUT_WR)
                return
            await self._loop.sock_sendall(self._target, data)
            self._loop.call_later(self._delay, self._acknowledge, len(data))

    def _acknowledge(self, count: int) -> None:
        self._line.acknowledged(count)
        self._has_room.set()

    async def _until(self, moment: float) -> None:
        if (wait := moment - self._loop.time()) > 0:
            await asyncio.sleep(wait)


async def _connect(client: socket.socket, target: tuple[str, int], settings: LineSettings) -> None:
    loop = asyncio.get_running_loop()
    opened = loop.time() + settings.round_trip
    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    with client, server, contextlib.suppress(OSError):
        for each in (client, server):
            each.setblocking(False)
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await loop.sock_connect(server, target)
        up = _Direction(client, server, settings, opened)
        down = _Direction(server, client, settings, opened)
        await asyncio.gather(up.run(), down.run())


async def _serve(listener: socket.socket, target: tuple[str, int], settings: LineSettings) -> None:
    loop = asyncio.get_running_loop()
    running: set[asyncio.Task[None]] = set()
    while True:
        client, _ = await loop.sock_accept(listener)
        task = asyncio.create_task(_connect(client, target, settings))
        running.add(task)
        task.add_done_callback(running.discard)


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(0)


def main() -> None:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser(prog="benchmarks.upload.proxy")
    parser.add_argument("--target", required=True, metavar="HOST:PORT")
    parser.add_argument("--round-trip", type=float, required=True, metavar="MS")
    parser.add_argument("--rate", type=float, default=0.0, metavar="MBIT", help="of each connection; 0: no limit")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    host, _, port = options.target.rpartition(":")
    settings = LineSettings(options.round_trip / 1000, options.rate * 1e6 / 8)
    listener = socket.create_server(("127.0.0.1", 0), backlog=_BACKLOG)
    listener.setblocking(False)
    print(listener.getsockname()[1], flush=True)
    for _ in range(options.processes - 1):
        if os.fork() == 0:
            break
    # Each process reads the same pipe, which says nothing and ends for all of them at once.
    threading.Thread(target=_end_with_parent, daemon=True).start()
    asyncio.run(_serve(listener, (host, int(port)), settings))


if __name__ == "__main__":
    main()
