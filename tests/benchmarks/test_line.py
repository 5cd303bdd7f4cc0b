"""The model of a far line."""

from __future__ import annotations

import pytest
from benchmarks.upload.line import INITIAL_WINDOW, MAX_WINDOW, Line, LineSettings

FAR = LineSettings(round_trip=0.1, rate=25e6)


def send(line: Line, total: int, now: float = 0.0) -> tuple[float, int]:
    """Send as fast as the line takes it; return when the last byte arrives and how many round trips that took."""
    waiting: list[tuple[float, int]] = []
    arrived, waits = now, 0
    while total:
        room = min(line.room(now), total, 64 * 1024)
        if room:
            arrived = line.send(room, now)
            waiting.append((arrived + FAR.round_trip / 2, room))
            total -= room
        else:
            waits += 1
            now, count = waiting.pop(0)
            line.acknowledged(count)
    for _, count in waiting:
        line.acknowledged(count)
    return arrived, waits


def test_a_little_arrives_after_half_a_round_trip() -> None:
    line = Line(FAR, opened=0.0)
    assert line.send(1000, now=1.0) == pytest.approx(1.05, abs=0.001)


def test_nothing_is_sent_before_the_connection_is_open() -> None:
    line = Line(FAR, opened=2.0)
    assert line.send(1000, now=1.0) == pytest.approx(2.05, abs=0.001)


def test_the_window_doubles_each_round_trip_up_to_its_limit() -> None:
    line = Line(LineSettings(0.1), opened=0.0)
    arrived, waits = send(line, INITIAL_WINDOW * (1 + 2 + 4 + 8))
    assert waits == 3
    assert arrived == pytest.approx(3 * 0.1 + 0.05, abs=0.001)
    send(line, 50_000_000, now=1.0)
    assert line.window == MAX_WINDOW


def test_the_rate_is_kept() -> None:
    arrived, _ = send(Line(FAR, opened=0.0), 50_000_000)
    assert 2.0 < arrived < 2.0 + 1.0


def test_a_window_that_is_not_used_does_not_grow() -> None:
    line = Line(FAR, opened=0.0)
    for turn in range(50):
        line.send(1000, now=turn * 0.1)
        line.acknowledged(1000)
    assert line.window == INITIAL_WINDOW


def test_an_idle_connection_loses_its_window_step_by_step() -> None:
    line = Line(FAR, opened=0.0)
    arrived, _ = send(line, 50_000_000)
    before = line.window
    line.room(arrived + 0.1)
    assert line.window == before, "a short pause costs nothing"
    line.room(arrived + 0.7)
    assert INITIAL_WINDOW < line.window < before
    line.room(arrived + 60)
    assert line.window == INITIAL_WINDOW
