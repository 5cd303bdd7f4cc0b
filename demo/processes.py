"""Start local servers as child processes and stop them all, whatever happens."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

HOST = "127.0.0.1"
STOP_SECONDS = 6


class ProcessError(Exception):
    """A server did not come up; the message ends with the last lines of its log."""


def free_port(preferred: int = 0) -> int:
    """Return a free loopback port: the preferred one if nothing listens there."""
    for port in (preferred, 0):
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((HOST, port))
            return int(probe.getsockname()[1])
    raise OSError("no free port on the loopback interface")


@dataclass
class Child:
    """A running server: its process, in a group of its own, and its log file."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def tail(self, lines: int = 15) -> str:
        """Return the last lines of the log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


class Processes:
    """Child processes of one state directory.

    Their process groups are noted in a file: what a killed earlier run left behind is stopped at the next start.

    :param state: directory for logs and for that file.
    """

    def __init__(self, state: Path) -> None:
        self._state = state
        self._notes = state / "processes.json"
        self._children: list[Child] = []
        state.mkdir(parents=True, exist_ok=True)
        # Held as long as this process lives, however it ends.
        self._lock = (state / "lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ProcessError(
                f"a demonstration runs in {state} already; stop it first (Ctrl-C where it runs)"
            ) from None
        self._stop_leftovers()

    @property
    def children(self) -> tuple[Child, ...]:
        """The servers that were started."""
        return tuple(self._children)

    def start(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> Child:
        """Start a server with its output in ``<name>.log``."""
        log = self._state / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                command, stdout=output, stderr=subprocess.STDOUT, env=dict(environment), start_new_session=True
            )
        child = Child(name, process, log)
        self._children.append(child)
        self._note()
        return child

    def await_ready(self, child: Child, ready: Callable[[], bool], seconds: float) -> None:
        """Wait until a server answers.

        :param ready: says whether it does; OSError counts as no.
        :raises ProcessError: it ended, or did not answer in time.
        """
        deadline = time.monotonic() + seconds
        while True:
            with contextlib.suppress(OSError):
                if ready():
                    return
            if child.process.poll() is not None:
                raise ProcessError(f"{child.name} ended with code {child.process.returncode}:\n{child.tail()}")
            if time.monotonic() > deadline:
                raise ProcessError(f"{child.name} is not ready after {seconds:.0f} s ({child.log}):\n{child.tail()}")
            time.sleep(0.2)

    def stop(self) -> None:
        """Stop all, the last started first."""
        for child in reversed(self._children):
            _stop_group(child.process.pid)
            child.process.wait()
        self._children.clear()
        self._note()
        self._lock.close()

    def _note(self) -> None:
        self._notes.write_text(json.dumps([child.process.pid for child in self._children]))

    def _stop_leftovers(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            for pid in json.loads(self._notes.read_text()):
                # A number may have been given to another program since: ours name the state directory.
                traces = (Path(f"/proc/{pid}/{name}").read_text(errors="replace") for name in ("environ", "cmdline"))
                if any(str(self._state) in trace for trace in traces):
                    _stop_group(pid)


def _stop_group(pid: int) -> None:
    """Ask a process group to end, then end it."""
    for number, seconds in ((signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, 2)):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, number)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and _group_lives(pid):
            time.sleep(0.05)


def _group_lives(pid: int) -> bool:
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    try:
        os.killpg(pid, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True
