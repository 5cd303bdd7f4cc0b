"""The command ``python -m tests.distributed``: the distributed stack as processes.

``up`` keeps it running (``make stack``); ``test`` lets files through it while parts of it are killed (``make
stack-test``).
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.publish.library import put_sounds
from demo.airflow_api import AirflowApi
from demo.bucket import s3_client

from kaltura_provider.api import AdminSecretCredentials, ClientConfig, KalturaClient
from tests.distributed.processes import ROOT, Stack

_BUCKET = "media"
_USER = "admin"
_DAGS = {"kaltura_ingest", "kaltura_publish", "kaltura_report"}
_SECONDS = 1800


def main() -> int:
    """Run the stack; the exit status tells whether all is well."""
    parser = argparse.ArgumentParser(prog="tests.distributed", description=__doc__)
    parser.add_argument("mode", choices=["up", "test"])
    parser.add_argument("--files", type=int, default=200, help="files to send (default %(default)s)")
    parser.add_argument(
        "--trials", default="kills,calm,local",
        help="kills: parts of the stack are killed; calm: nothing is; local: calm, with LocalExecutor (default: all)",
    )  # fmt: skip
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    folder = ROOT / ".state" / "distributed"
    shutil.rmtree(folder, ignore_errors=True)
    if options.mode == "up":
        with Stack(folder) as stack:
            _say(f"Airflow {stack.airflow_url}, user {_USER}, password in {folder / '.env'} as AIRFLOW_ADMIN_PASSWORD")
            _say(f"S3 {stack.url('s3')}, bucket {_BUCKET}; Kaltura {stack.url('kaltura')}. Ctrl-C stops everything.")
            signal.pause()
        return 0
    # All of them, also after one that failed.
    return max(_try(name, folder / name, options.files) for name in options.trials.split(","))


def _try(name: str, state: Path, files: int) -> int:
    started = time.monotonic()
    with Stack(state, local=name == "local") as stack:
        api = AirflowApi(stack.airflow_url, _USER, stack.password)
        _until(lambda: api.dag_ids() >= _DAGS, 120)
        _say(name, f"the stack is there after {time.monotonic() - started:.0f} s; logs are in {state}")
        victims = ["worker-uploads", "triggerer", "redis"] if name == "kills" else []
        return Trial(name, stack, api, files, victims).run()


@dataclass
class Trial:
    """Files on their way through the stack.

    :param name: what it is called in the output.
    :param stack: the stack.
    :param api: its Airflow.
    :param files: how many.
    :param victims: services to kill, one after the other, while the files are on their way.
    """

    name: str
    stack: Stack
    api: AirflowApi
    files: int
    victims: list[str]
    wrong: list[str] = field(default_factory=list)
    memory: dict[str, float] = field(default_factory=dict)

    def run(self) -> int:
        """Send the files, publish and report; return the exit status."""
        s3 = s3_client(self.stack.url("s3"))
        put_sounds(s3, _BUCKET, self.files)
        put_at = time.time()
        before = {run["dag_run_id"] for run in self.api.runs("kaltura_publish")}
        ingest = self.api.trigger("kaltura_ingest", {"bucket": _BUCKET})
        self._watch("kaltura_ingest", ingest)
        seconds = time.time() - put_at
        publish = _until(lambda: {run["dag_run_id"] for run in self.api.runs("kaltura_publish")} - before, 120).pop()
        self._watch("kaltura_publish", publish)
        day = datetime.now(timezone.utc).date().isoformat()
        report = self.api.trigger("kaltura_report", {"day": day, "bucket": _BUCKET})
        self._watch("kaltura_report", report)
        latencies = self._check(put_at)
        if self.victims:
            self.wrong.append(f"never came to kill {', '.join(self.victims)}")
        say = partial(_say, self.name)
        say(f"{self.files} files in {seconds:.0f} s: {60 * self.files / seconds:.0f} a minute")
        if latencies:
            middle, last = latencies[len(latencies) // 2], latencies[-1]
            say(f"from object to READY: {middle:.0f} s in the middle, {last:.0f} s at most")
        say("memory (PSS), at most: " + ", ".join(f"{name} {size:.0f} MB" for name, size in self.memory.items()))
        say(f"together {sum(self.memory.values()):.0f} MB")
        for each in self.wrong:
            say(f"WRONG: {each}")
        say(f"{len(self.wrong)} things are wrong")
        return 1 if self.wrong else 0

    def _watch(self, dag_id: str, run_id: str) -> None:
        """Wait for the end of a run, and kill what is to be killed while its tasks are at work."""
        started = time.monotonic()
        deadline = started + _SECONDS
        spared = weighed = 0.0
        while time.monotonic() < deadline:
            (run,) = (each for each in self.api.runs(dag_id) if each["dag_run_id"] == run_id)
            if run["state"] in ("success", "failed"):
                _say(self.name, f"{dag_id}: {run['state']} after {time.monotonic() - started:.0f} s")
                if run["state"] == "failed":
                    self.wrong.append(f"{dag_id} failed: {self.api.failure(dag_id, run_id)}")
                return
            if self.victims and time.monotonic() > spared and self._is_time(dag_id, run_id):
                name = self.victims.pop(0)
                self.stack.running[name].kill()
                _say(self.name, f"{name} was killed")
                spared = time.monotonic() + 20
            if time.monotonic() > weighed:
                self._weigh()
                weighed = time.monotonic() + 10
            time.sleep(1)
        self.wrong.append(f"{dag_id} did not end in {_SECONDS} s")

    def _weigh(self) -> None:
        for name, running in self.stack.running.items():
            self.memory[name] = max(self.memory.get(name, 0.0), running.memory())

    def _is_time(self, dag_id: str, run_id: str) -> bool:
        """Tell whether the next victim has something to do with the tasks that are at work."""
        states: dict[str, set[str]] = defaultdict(set)
        for task in self.api.tasks(dag_id, run_id):
            states[task["task_id"]].add(str(task["state"]))
        if self.victims[0] == "worker-uploads":
            return "running" in states["transfer"]
        if self.victims[0] == "triggerer":
            return any("deferred" in each for each in states.values()) or dag_id != "kaltura_ingest"
        return dag_id == "kaltura_publish" and any(each & {"queued", "running"} for each in states.values())

    def _check(self, put_at: float) -> list[float]:
        """Look whether each file became one entry that is READY and has a page; return the seconds it took."""
        config = ClientConfig(self.stack.url("kaltura"), 102)
        secret = self.stack.variables["SANDBOX_ADMIN_SECRET"]
        with KalturaClient(config, AdminSecretCredentials(secret)) as client:
            entries = list(client.iterate("baseEntry", "list", {"statusIn": "-2,-1,0,1,2,4,5,6,7"}))
        ready = [entry for entry in entries if int(entry["status"]) == 2]
        if len(entries) != self.files or len(ready) != self.files:
            self.wrong.append(f"{len(entries)} entries of {self.files} files, {len(ready)} of them READY")
        references = {entry.get("referenceId") for entry in entries}
        if len(references) != len(entries):
            self.wrong.append(f"{len(entries) - len(references)} files are there twice")
        s3 = s3_client(self.stack.url("s3"))
        pages = _keys(s3, "_kaltura/pages/")
        lacking = [entry["id"] for entry in entries if f"_kaltura/pages/{entry['id']}.html" not in pages]
        if lacking:
            self.wrong.append(f"{len(lacking)} entries have no page, such as {lacking[0]}")
        if not any(key.endswith("/index.html") for key in _keys(s3, "_kaltura/reports/")):
            self.wrong.append("there is no report")
        return sorted(float(entry["updatedAt"]) - put_at for entry in ready)


def _keys(s3: Any, prefix: str) -> set[str]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=_BUCKET, Prefix=prefix)
    return {item["Key"] for page in pages for item in page.get("Contents", [])}


def _until(condition: Callable[[], Any], seconds: float) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds:.0f} s")
        time.sleep(1)
    return found


def _say(*words: str) -> None:
    print(f"{datetime.now().astimezone():%H:%M:%S} {': '.join(words)}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
