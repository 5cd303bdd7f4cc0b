"""Control over HTTP, and the proxy as a program."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from kaltura_sandbox.faults import FaultProxy, Schedule
from kaltura_sandbox.faults.control import control
from kaltura_sandbox.server import SandboxServer

from ..conftest import Api
from ..test_command import READY, Program


def ask(proxy: FaultProxy, name: str, method: str = "GET", value: Any = None) -> Any:
    answer = requests.request(method, f"{proxy.url}/_faults/{name}", json=value, timeout=10)
    return answer.json() if answer.ok else (answer.status_code, answer.json()["error"])


def test_rules_come_and_go(proxy: FaultProxy, through: Api) -> None:
    assert ask(proxy, "rules") == []
    assert ask(proxy, "rules", "PUT", [{"action": "system.ping", "nth": 1, "fault": "internal_error"}]) == [
        {"action": "system.ping", "nth": 1, "fault": {"kind": "internal_error"}}
    ]
    assert through.call("system", "ping")["code"] == "INTERNAL_SERVERL_ERROR"
    assert through.call("system", "ping") is True
    ask(proxy, "rules", "POST", [{"action": "system.getTime", "fault": "action_blocked"}])
    assert len(ask(proxy, "rules")) == 2
    assert through.call("system", "getTime")["code"] == "ACTION_BLOCKED"
    assert ask(proxy, "rules", "DELETE") == []
    assert isinstance(through.call("system", "getTime"), int)


def test_counts_and_events(proxy: FaultProxy, through: Api) -> None:
    ask(proxy, "rules", "PUT", [{"fault": {"kind": "late", "seconds": 0}}])
    through.call("system", "ping")
    counts = ask(proxy, "counts")
    assert (counts["calls"], counts["faults"]) == ({"system.ping": 1}, {"system.ping late": 1})
    (event,) = ask(proxy, "events")
    assert (event["action"], event["number"], event["fault"]) == ("system.ping", 1, {"kind": "late", "seconds": 0})
    assert ask(proxy, "counts", "DELETE")["calls"] == {}
    assert ask(proxy, "events") == []


def test_a_schedule_is_set_and_removed(proxy: FaultProxy, through: Api) -> None:
    assert ask(proxy, "schedule") is None
    ask(proxy, "schedule", "PUT", {"seed": 3, "rate": 1, "kinds": ["action_blocked"]})
    assert proxy.schedule == Schedule(3, 1, ("action_blocked",))
    assert through.call("system", "ping")["code"] == "ACTION_BLOCKED"
    assert ask(proxy, "schedule")["seed"] == 3
    ask(proxy, "schedule", "DELETE")
    assert through.call("system", "ping") is True


def test_the_index_lag(sandbox: SandboxServer, proxy: FaultProxy) -> None:
    assert ask(proxy, "index-lag", "PUT", {"seconds": 2.5}) == {"seconds": 2.5}
    assert sandbox.sandbox.store.index_lag == 2.5
    assert ask(proxy, "index-lag", "PUT", {"seconds": -1})[0] == 502


@pytest.mark.parametrize(
    ("name", "method", "value", "status", "words"),
    [
        ("rules", "PUT", [{"fault": "boom"}], 400, "There is no fault 'boom'"),
        ("schedule", "PUT", {"rate": 1}, 400, "'seed' is missing in a schedule"),
        ("schedule", "PUT", {"seed": 1, "kinds": "late"}, 400, "kinds of a schedule is no list of texts"),
        ("index-lag", "PUT", {}, 400, 'Write {"seconds": 2.5}'),
        ("counts", "PUT", {}, 405, "GET shows calls"),
        ("nothing", "GET", None, 404, "there is no such address"),
    ],
)
def test_mistakes_are_named(proxy: FaultProxy, name: str, method: str, value: Any, status: int, words: str) -> None:
    found = ask(proxy, name, method, value)
    assert found[0] == status
    assert words in found[1]


def test_no_json_is_named(proxy: FaultProxy) -> None:
    answer = requests.put(f"{proxy.url}/_faults/rules", data="[", timeout=10)
    assert answer.status_code == 400


def test_only_this_machine_controls(proxy: FaultProxy) -> None:
    assert control(proxy, "192.0.2.1", "DELETE", "/_faults/rules", b"")[0] == 403
    assert control(proxy, "::1", "DELETE", "/_faults/rules", b"")[0] == 200


def test_control_is_no_call(proxy: FaultProxy) -> None:
    ask(proxy, "rules", "PUT", [{"fault": "drop_request"}])
    ask(proxy, "counts")
    assert proxy.calls == []


# -- as programs

Start = Callable[..., "Proxy"]


class Proxy:
    """A proxy process."""

    def __init__(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "kaltura_sandbox.faults", "--port", "0", *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        found = re.match(r"Fault proxy ready at (\S+) \(in front of (\S+)\)\n", self.process.stdout.readline())
        self.url, self.upstream = found.groups() if found else ("", "")

    def memory_peak(self) -> int:
        """Bytes of memory the process has used at most."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        assert found is not None
        return int(found[1]) * 1024


@pytest.fixture
def start() -> Iterator[Start]:
    started: list[Proxy] = []

    def start(*arguments: str) -> Proxy:
        started.append(Proxy(*arguments))
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            each.process.kill()
        each.process.communicate()


def test_the_proxy_as_a_program(sandbox: SandboxServer, start: Start, tmp_path: Path) -> None:
    rules = tmp_path / "rules.json"
    rules.write_text('[{"action": "system.ping", "nth": 1, "fault": "internal_error"}]')
    program = start("--upstream", sandbox.url, "--rules", str(rules), "--seed", "1", "--rate", "0", "--kinds", "late")
    assert program.upstream == sandbox.url
    api = Api(program.url)
    assert api.call("system", "ping")["code"] == "INTERNAL_SERVERL_ERROR"
    assert api.call("system", "ping") is True
    shown = requests.get(f"{program.url}/_faults/schedule", timeout=10).json()
    assert (shown["seed"], shown["kinds"]) == (1, ["late"])
    program.process.send_signal(signal.SIGTERM)
    assert program.process.wait(20) == 0
    assert program.process.stderr is not None
    assert "system.ping 1: internal_error" in program.process.stderr.read(), "each fault is logged"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--upstream", "nowhere"], "is no address of a server"),
        (["--upstream", "http://127.0.0.1:1", "--rules", "no-such-file"], "no-such-file can not be read"),
        (["--upstream", "http://127.0.0.1:1", "--seed", "1", "--kinds", "boom"], "'boom' can not be scheduled"),
        ([], "--upstream"),
    ],
)
def test_wrong_options_are_named(start: Start, arguments: list[str], words: str) -> None:
    program = start(*arguments)
    _, message = program.process.communicate(timeout=20)
    assert program.process.returncode == 2
    assert words in message
    assert "Traceback" not in message


def test_the_sandbox_starts_with_the_proxy_in_front(tmp_path: Path) -> None:
    program = Program(tmp_path, "--fault-seed", "4", "--fault-rate", "1", "--fault-kinds", "action_blocked")
    try:
        assert READY.match(program.line), program.line
        api = Api(program.url)
        assert api.call("system", "ping")["code"] == "ACTION_BLOCKED"
        requests.delete(f"{program.url}/_faults/schedule", timeout=10)
        entry = api.call("media", "add", ks=api.admin, entry={"mediaType": 1})
        assert entry["downloadUrl"].startswith(program.url), "links lead through the proxy too"
    finally:
        program.end(signal.SIGTERM)
        program.process.communicate()


def test_large_bodies_do_not_grow_the_proxy(tmp_path: Path, start: Start) -> None:
    size = 300 * 1024 * 1024
    big = tmp_path / "big.mp4"
    with big.open("wb") as sink:
        os.truncate(sink.fileno(), size)
    with contextlib.ExitStack() as running:
        program = Program(tmp_path / "data")
        running.callback(program.process.communicate)
        running.callback(program.end, signal.SIGKILL)
        proxy = start("--upstream", program.url)
        api = Api(proxy.url)
        token = api.call("uploadToken", "add", ks=api.admin)["id"]
        before = proxy.memory_peak()
        form = [f"ks={api.admin}", "format=1", f"uploadTokenId={token}", f"fileData=@{big}"]
        command = ["curl", "-sS", *(word for field in form for word in ("-F", field))]
        url = f"{proxy.url}/api_v3/service/uploadToken/action/upload"
        sent = subprocess.run([*command, url], capture_output=True, text=True, check=True)
        assert json.loads(sent.stdout)["uploadedFileSize"] == str(size)
        counts = requests.get(f"{proxy.url}/_faults/counts", timeout=10).json()
        assert counts["part_bytes"] == {token: size}
        entry = api.call(
            "baseEntry", "add", ks=api.admin, entry={"objectType": "KalturaDocumentEntry", "documentType": 11}
        )["id"]
        resource = {"objectType": "KalturaUploadedFileTokenResource", "token": token}
        api.call("baseEntry", "addContent", ks=api.admin, entryId=entry, resource=resource)
        url = api.call("baseEntry", "get", ks=api.admin, entryId=entry)["downloadUrl"]
        assert url.startswith(proxy.url)
        subprocess.run(["curl", "-sSL", "-o", str(tmp_path / "back.mp4"), url], check=True)
        assert (tmp_path / "back.mp4").stat().st_size == size
        assert proxy.memory_peak() - before < 16 * 1024 * 1024
