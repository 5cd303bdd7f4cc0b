"""Faults at random, the same ones for the same seed."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import pytest

from kaltura_sandbox.faults import S3, Fault, FaultProxy, Schedule
from kaltura_sandbox.server import SandboxServer

from ..conftest import Api


def decisions(schedule: Schedule, action: str = "media.add", count: int = 2000) -> list[Fault | None]:
    return [schedule.decide(action, number) for number in range(1, count + 1)]


def test_a_seed_is_a_schedule() -> None:
    schedule = Schedule(7, 0.1)
    first = decisions(schedule)
    assert decisions(Schedule(7, 0.1)) == first
    assert decisions(Schedule(8, 0.1)) != first
    assert decisions(schedule, "media.get") != first
    assert 140 < sum(fault is not None for fault in first) < 260
    # In any order, and whatever was asked before.
    assert [schedule.decide("media.add", number) for number in range(2000, 0, -1)] == first[::-1]


def test_every_kind_comes_about_as_often() -> None:
    found = Counter(fault.kind for fault in decisions(Schedule(1, 1.0)) if fault)
    assert {*found} == {*Schedule(1).kinds}
    assert min(found.values()) * 2 > max(found.values())
    assert {fault.kind for fault in decisions(Schedule(1, 1.0, ("late", "empty"))) if fault} == {"late", "empty"}


def test_some_actions_can_get_more_than_others() -> None:
    schedule = Schedule(1, 0.0, rates={"media.add": 1.0})
    assert all(decisions(schedule, "media.add", 50))
    assert not any(decisions(schedule, "media.get", 50))
    assert Schedule.from_json(schedule.to_json()) == schedule
    assert eval(repr(schedule)) == schedule


def test_faults_differ_in_what_they_are_like() -> None:
    faults = [fault for fault in decisions(Schedule(3, 1.0, seconds=0.2)) if fault]
    assert max(fault.seconds for fault in faults) <= 0.2
    assert {fault.after for fault in faults if fault.kind == "bad_gateway"} == {True, False}
    assert {fault.sticky for fault in faults if fault.kind == "expired_ks"} == {True, False}
    assert {fault.half_close for fault in faults if fault.kind == "stall_answer"} == {True, False}


def test_what_is_printed_gives_the_schedule_again() -> None:
    schedule = Schedule(42, 0.25, ("slow_down", "cut_answer"), 0.5, S3)
    assert eval(repr(schedule)) == schedule
    assert Schedule.from_json(schedule.to_json(), S3) == schedule
    text = schedule.describe({"GetObject": 20}).splitlines()
    assert text[0] == repr(schedule)
    assert len(text) - 1 == sum(fault is not None for fault in decisions(schedule, "GetObject", 20)) > 0


def test_another_process_decides_the_same() -> None:
    code = (
        "from kaltura_sandbox.faults import Schedule\n"
        "print(Schedule(11, 0.2).describe({'media.add': 200, 'uploadToken.upload': 200}))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert found.rstrip("\n") == Schedule(11, 0.2).describe({"media.add": 200, "uploadToken.upload": 200})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1, 1.5), "rate is 1.5"),
        ((1, 0.5, (), 1.0, "kaltura", {"media.add": 2}), "rate is 2"),
        ((1, 0.5, ("boom",)), "'boom' can not be scheduled; use some of "),
        ((1, 0.5, ("index_lag",)), "'index_lag' can not be scheduled"),
        ((1, 0.5, ("slow_down",)), "'slow_down' can not be scheduled"),
        ((1, 0.5, (), 1.0, "ftp"), "There is no service 'ftp'"),
    ],
)
def test_wrong_schedules_are_named(arguments: tuple[object, ...], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        Schedule(*arguments)  # type: ignore[arg-type]


def test_the_proxy_keeps_to_the_schedule(sandbox: SandboxServer, api: Api) -> None:
    schedule = Schedule(5, 0.4, ("internal_error", "action_blocked"))
    with FaultProxy(sandbox.url, schedule=schedule) as proxy:
        through = Api(proxy.url)
        seen = []
        for _ in range(40):
            answer = through.call("system", "getTime")
            seen.append(answer["code"] if isinstance(answer, dict) else "")
        names = {"internal_error": "INTERNAL_SERVERL_ERROR", "action_blocked": "ACTION_BLOCKED"}
        expected = [names[fault.kind] if fault else "" for fault in decisions(schedule, "system.getTime", 40)]
        assert seen == expected
        assert [event.number for event in proxy.events] == [n for n, code in enumerate(expected, 1) if code]
