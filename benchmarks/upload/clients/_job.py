"""What every client script does: read its job from standard input, report as one line of JSON.

A job with ``modules`` prepares everything, imports these, and uploads nothing: it shows what a process takes that has
the same modules but no upload. Runs with any Python 3.10+ and no packages.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import sys
import time
from typing import Any

job: dict[str, Any] = json.loads(sys.stdin.readline())


def peak_memory() -> int:
    """Bytes this process has held at most; unlike ``ru_maxrss`` without what its parent held before ``exec``."""
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0


def idle() -> bool:
    """Whether nothing is to be uploaded; imports the modules if so, and reports."""
    if "modules" not in job:
        return False
    for name in job["modules"]:
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    report(0.0, "")
    return True


def report(seconds: float, token: str, **more: Any) -> None:
    """Say how the upload went.

    :param seconds: from uploadToken.add to the answer that closed the file.
    :param token: the token's id.
    """
    result = {"seconds": seconds, "token": token, "memory": peak_memory(), "modules": sorted(sys.modules), **more}
    print(json.dumps(result), flush=True)


def clock() -> float:
    """Seconds."""
    return time.perf_counter()
