"""How much memory Airflow's task processes take at most, and how much CPU."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterable
from pathlib import Path

_LOOK_SECONDS = 0.5
#: Airflow's title of a process that runs a task ends with the ID of the task instance.
_TASK = re.compile(r"airflow worker -- ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
_HELPER = "kaltura_pipeline.quality.demuxer"


class MemoryWatch:
    """Looks at the high-water marks (``VmHWM``) of task processes and of the processes they start; Linux only.

    The kernel keeps the marks, so that a look now and then misses only what a process took in its last moments.

    :param airflow: ID of the process all others of this Airflow descend from.
    """

    def __init__(self, airflow: int) -> None:
        self._airflow = airflow
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="memory", daemon=True)
        #: Most bytes of the process of each task instance, by its ID.
        self.tasks: dict[str, int] = {}
        #: Seconds of CPU of that process, by the same ID.
        self.cpu: dict[str, float] = {}
        #: Most bytes of a process that looks into media files for a task.
        self.helper = 0
        #: Most such processes at once.
        self.helpers = 0

    def __enter__(self) -> MemoryWatch:
        self._thread.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(_LOOK_SECONDS):
            self.look()

    def look(self) -> None:
        """Look once."""
        helpers = 0
        for process in _descendants(self._airflow):
            command = _read(process / "cmdline").replace("\0", " ")
            if found := _TASK.match(command):
                self.tasks[found[1]] = max(self.tasks.get(found[1], 0), high_water(process))
                self.cpu[found[1]] = max(self.cpu.get(found[1], 0.0), cpu_seconds(process))
            elif _HELPER in command:
                helpers += 1
                self.helper = max(self.helper, high_water(process))
        self.helpers = max(self.helpers, helpers)


def high_water(process: Path) -> int:
    """Return the most bytes a process has held in memory; 0 if it has ended.

    :param process: its directory below ``/proc``.
    """
    found = re.search(r"^VmHWM:\s+(\d+) kB", _read(process / "status"), re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def cpu_seconds(process: Path) -> float:
    """Return the seconds of CPU of a process and of those it has started and that have ended; 0 if it has ended.

    :param process: its directory below ``/proc``.
    """
    values = _read(process / "stat").rpartition(")")[2].split()
    return sum(map(int, values[11:15])) / os.sysconf("SC_CLK_TCK")


def _descendants(root: int) -> Iterable[Path]:
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and (stat := _read(entry / "stat")):
            # The name of the program, in parentheses, may hold anything.
            parents.setdefault(int(stat.rpartition(")")[2].split()[1]), []).append(int(entry.name))
    waiting = [root]
    while waiting:
        children = parents.get(waiting.pop(), [])
        waiting += children
        yield from (Path("/proc") / str(child) for child in children)


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        # The process has ended meanwhile.
        return ""
