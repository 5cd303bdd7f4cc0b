"""The sandbox as a program: its ready line, its data, and what a kill leaves."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from .conftest import ADMIN_SECRET, PARTNER, USER_SECRET, Api, wait_until
from .reports import report_filter, total

READY = re.compile(r"^Kaltura sandbox ready at (http://127\.0\.0\.1:(\d+)) \(partner (\d+)\)$")


class Program:
    """A sandbox process."""

    def __init__(self, data: Path, *more: str) -> None:
        command = [
            sys.executable, "-m", "kaltura_sandbox", "--data", str(data), "--port", "0", "--partner-id", str(PARTNER),
            "--admin-secret", ADMIN_SECRET, "--user-secret", USER_SECRET, *more,
        ]  # fmt: skip
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.line = self.process.stdout.readline().rstrip("\n")
        found = READY.match(self.line)
        self.url, self.port, self.partner = found.groups() if found else ("", "0", "")

    def end(self, how: signal.Signals) -> int:
        self.process.send_signal(how)
        return self.process.wait(30)

    def memory_peak(self) -> int:
        """Bytes of memory the process has used at most."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        assert found is not None
        return int(found[1]) * 1024


@pytest.fixture
def programs() -> Iterator[list[Program]]:
    """Programs that are ended with the test."""
    started: list[Program] = []
    yield started
    for each in started:
        if each.process.poll() is None:
            each.end(signal.SIGKILL)
        for stream in (each.process.stdout, each.process.stderr):
            if stream is not None:
                stream.close()


def test_one_ready_line_names_address_and_partner(tmp_path: Path, programs: list[Program]) -> None:
    programs.append(program := Program(tmp_path))
    assert READY.match(program.line), program.line
    assert int(program.port) > 0
    assert program.partner == str(PARTNER)
    assert Api(program.url).call("system", "ping") is True
    assert program.end(signal.SIGTERM) in {0, -signal.SIGTERM}
    assert program.process.stdout is not None
    assert not program.process.stdout.read(), "nothing but the ready line goes to standard output"


def test_a_second_program_on_the_same_data_is_refused_with_the_way_out(tmp_path: Path, programs: list[Program]) -> None:
    programs.append(Program(tmp_path))
    programs.append(second := Program(tmp_path))
    assert second.process.wait(30) == 1
    assert second.process.stderr is not None
    message = second.process.stderr.read()
    assert "--data" in message
    assert "Traceback" not in message


def test_a_taken_port_is_refused_with_the_way_out(tmp_path: Path, programs: list[Program]) -> None:
    programs.append(first := Program(tmp_path / "a"))
    programs.append(second := Program(tmp_path / "b", "--port", first.port))
    assert second.process.wait(30) == 1
    assert second.process.stderr is not None
    message = second.process.stderr.read()
    assert "--port" in message
    assert "Traceback" not in message


def test_bad_partner_option_names_the_form(tmp_path: Path, programs: list[Program]) -> None:
    programs.append(program := Program(tmp_path, "--partner", "103:only-one"))
    assert program.process.wait(30) == 2
    assert program.process.stderr is not None
    assert "ID:ADMIN_SECRET:USER_SECRET" in program.process.stderr.read()


def test_further_partners_open_sessions(tmp_path: Path, programs: list[Program]) -> None:
    programs.append(program := Program(tmp_path, "--partner", "103:other-admin:other-user"))
    assert isinstance(Api(program.url).other_admin, str)


def test_traffic_of_another_seed_is_refused_with_the_way_out(tmp_path: Path, programs: list[Program]) -> None:
    options = ("--traffic-entries", "5", "--traffic-viewers", "20", "--traffic-sessions", "30", "--traffic-days", "30")
    programs.append(program := Program(tmp_path, "--traffic-seed", "1", "--traffic-from", "2026-02-01", *options))
    api = Api(program.url)
    assert api.call("media", "list", api.admin)["totalCount"] == 5
    assert int(total(api, report_filter("20260201", "20260302"))["count_plays"]) > 100
    program.end(signal.SIGKILL)

    programs.append(again := Program(tmp_path, "--traffic-seed", "2", "--traffic-from", "2026-02-01", *options))
    assert again.process.wait(30) == 1
    assert again.process.stderr is not None
    message = again.process.stderr.read()
    assert "choose another directory with --data" in message
    assert "Traceback" not in message


def test_everything_answered_survives_a_kill(tmp_path: Path, programs: list[Program]) -> None:
    programs.append(program := Program(tmp_path))
    api = Api(program.url)
    ended = api.session("gone", 2)
    api.call("session", "end", ks=ended)
    limited = api.session("few", 2, privileges="actionslimit:2")
    assert api.call("system", "ping", ks=limited) is True
    tokens = [api.call("appToken", "add", ks=api.admin, appToken={"description": f"token {i}"}) for i in range(20)]
    program.end(signal.SIGKILL)

    programs.append(again := Program(tmp_path))
    api = Api(again.url)
    for token in tokens:
        assert api.call("appToken", "get", ks=api.admin, id=token["id"]) == token
    assert api.call("system", "ping", ks=ended)["args"]["KSID"] == "LOGOUT"
    assert api.call("system", "ping", ks=limited) is True
    assert api.call("system", "ping", ks=limited)["args"]["KSID"] == "EXCEEDED_ACTIONS_LIMIT"
    assert api.call("appToken", "list", ks=api.admin)["totalCount"] == len(tokens)


def test_a_large_file_does_not_grow_memory(tmp_path: Path, programs: list[Program]) -> None:
    programs.append(program := Program(tmp_path))
    api = Api(program.url)
    api.call("system", "ping")
    before = program.memory_peak()
    size = 300 * 1024 * 1024
    big = tmp_path / "big.bin"
    with big.open("wb") as sink:
        os.truncate(sink.fileno(), size)
    command = ["curl", "-sS", "-F", "format=1", "-F", f"fileData=@{big}"]
    done = subprocess.run(
        [*command, f"{program.url}/api_v3/service/system/action/ping"], capture_output=True, text=True, check=True
    )
    assert done.stdout == "true"
    assert program.memory_peak() - before < 32 * 1024 * 1024
    assert not list((tmp_path / "spool").iterdir()), "an unused file goes with its request"


def test_a_kill_in_the_middle_of_many_writes_loses_nothing_acknowledged(
    tmp_path: Path, programs: list[Program]
) -> None:
    programs.append(program := Program(tmp_path))
    admin = Api(program.url).admin
    acknowledged: list[dict[str, Any]] = []

    def write_until_killed(_: int) -> None:
        api = Api(program.url)
        with contextlib.suppress(requests.RequestException, ValueError):
            while True:
                acknowledged.append(api.call("appToken", "add", ks=admin, appToken={"description": "d" * 2000}))

    with ThreadPoolExecutor(6) as pool:
        writers = pool.map(write_until_killed, range(6))
        wait_until(lambda: len(acknowledged) > 100)
        program.end(signal.SIGKILL)
        list(writers)

    programs.append(again := Program(tmp_path))
    api = Api(again.url)
    for token in acknowledged:
        assert api.call("appToken", "get", ks=admin, id=token["id"]) == token
    with contextlib.closing(sqlite3.connect(tmp_path / "sandbox.sqlite3")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_directory_that_can_not_be_used_is_named(tmp_path: Path, programs: list[Program]) -> None:
    taken = tmp_path / "file"
    taken.write_text("")
    programs.append(program := Program(taken))
    assert program.process.wait(30) == 1
    assert program.process.stderr is not None
    message = program.process.stderr.read()
    assert str(taken) in message
    assert "--data" in message
    assert "Traceback" not in message


@pytest.mark.parametrize("more", [("--partner", f"{PARTNER}:a:b"), ("--admin-secret", "")])
def test_accounts_that_can_not_be_told_apart_are_refused(
    tmp_path: Path, programs: list[Program], more: tuple[str, str]
) -> None:
    programs.append(program := Program(tmp_path, *more))
    assert program.process.wait(30) == 2
