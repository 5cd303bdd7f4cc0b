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
    parser.add_argument("--calm", action="store_true", help="kill nothing")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    state = ROOT / ".state" / "distributed"
    shutil.rmtree(state, ignore_errors=True)
    started = time.monotonic()
    with Stack(state) as stack:
        api = AirflowApi(stack.airflow_url, _USER, stack.password)
        _until(lambda: api.dag_ids() >= _DAGS, 120)
        _say(f"the stack is there after {time.monotonic() - started:.0f} s; logs are in {state}")
        if options.mode == "up":
            _say(f"Airflow {stack.airflow_url}, user {_USER}, password in {state / '.env'} as AIRFLOW_ADMIN_PASSWORD")
            _say(f"S3 {stack.url('s3')}, bucket {_BUCKET}; Kaltura {stack.url('kaltura')}. Ctrl-C stops everything.")
            signal.pause()
            return 0
        return Trial(stack, api, options.files, [] if options.calm else ["worker-uploads", "triggerer", "redis"]).run()


@dataclass
class Trial:
    """Files on their way through the stack.

    :param stack: the stack.
    :param api: its Airflow.
    :param files: how many.
    :param victims: services to kill, one after the other, while the files are on their way.
    """

    stack: Stack
    api: AirflowApi
    files: int
    victims: list[str]
    wrong: list[str] = field(default_factory=list)

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
        _say(f"{self.files} files in {seconds:.0f} s: {60 * self.files / seconds:.0f} a minute")
        if latencies:
            middle, last = latencies[len(latencies) // 2], latencies[-1]
            _say(f"from object to READY: {middle:.0f} s in the middle, {last:.0f} s at most")
        memory = {name: running.memory() for name, running in self.stack.running.items()}
        _say("memory (PSS): " + ", ".join(f"{name} {size:.0f} MB" for name, size in memory.items()))
        _say(f"together {sum(memory.values()):.0f} MB")
        for each in self.wrong:
            _say(f"WRONG: {each}")
        _say(f"{len(self.wrong)} things are wrong")
        return 1 if self.wrong else 0

    def _watch(self, dag_id: str, run_id: str) -> None:
        """Wait for the end of a run, and kill what is to be killed while its tasks are at work."""
        deadline = time.monotonic() + _SECONDS
        spared = 0.0
        while time.monotonic() < deadline:
            (run,) = (each for each in self.api.runs(dag_id) if each["dag_run_id"] == run_id)
            if run["state"] in ("success", "failed"):
                _say(f"{dag_id}: {run['state']}")
                if run["state"] == "failed":
                    self.wrong.append(f"{dag_id} failed: {self.api.failure(dag_id, run_id)}")
                return
            if self.victims and time.monotonic() > spared and self._is_time(dag_id, run_id):
                name = self.victims.pop(0)
                self.stack.running[name].kill()
                _say(f"{name} was killed")
                spared = time.monotonic() + 20
            time.sleep(1)
        self.wrong.append(f"{dag_id} did not end in {_SECONDS} s")

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


def _say(text: str) -> None:
    print(f"{datetime.now().astimezone():%H:%M:%S} {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
