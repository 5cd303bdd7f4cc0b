"""Starting processes of the benchmark and ending them with it."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator

from benchmarks.upload.line import LineSettings


@contextlib.contextmanager
def delay_proxy(target: str, line: LineSettings) -> Iterator[str]:
    """Put a far line in front of a server.

    :param target: ``host:port`` of the server.
    :param line: the line.
    :return: ``host:port`` of the proxy.
    """
    command = [sys.executable, "-m", "benchmarks.upload.proxy", "--target", target]
    command += ["--round-trip", str(line.round_trip * 1000), "--rate", str(line.rate * 8 / 1e6)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            port = process.stdout.readline().strip() if process.stdout else ""
            if not port:
                raise RuntimeError("the delay proxy did not start")
            yield f"127.0.0.1:{port}"
        finally:
            if process.stdin is not None:
                process.stdin.close()
