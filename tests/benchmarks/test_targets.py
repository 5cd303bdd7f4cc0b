"""Goals are held against what was measured."""

from __future__ import annotations

from benchmarks.upload.matrix import CANDIDATES, SITUATIONS, Candidate, Situation
from benchmarks.upload.report import table
from benchmarks.upload.runs import Figures, Idle, Run
from benchmarks.upload.targets import evaluate

CURL, FILE, S3, ONE_SHOT, PARTS, SLOW, ADAPTIVE = CANDIDATES
SIZE = 512 * 1024 * 1024


def figures(seconds: float, *, cpu: float = 0.5, memory: int = 40_000_000, twice: int = 0, at_once: int = 4) -> Figures:
    runs = tuple(Run(seconds + late, cpu, memory, 20, twice, at_once) for late in (0.0, 0.0, 9.0))
    return Figures(runs, Idle(0.2, 30_000_000), SIZE)


def evaluated(name: str, **measured: Figures) -> dict[str, bool]:
    roles: dict[str, Candidate] = {"curl": CURL, "file": FILE, "s3": S3, "peer": PARTS, "adaptive": ADAPTIVE}
    found = evaluate({name: {roles[role]: each for role, each in measured.items()}})
    return {target.name: target.met for target in found}


def test_speeds_are_held_against_curl_and_the_best_peer() -> None:
    near = evaluated("512@0", curl=figures(1.0), file=figures(1.1), peer=figures(2.0), adaptive=figures(1.5))
    assert near["512@0: at least 0.9 x curl"]
    assert not near["512@0: at least 1.4 x the best chunked peer"], "the adaptive peer is the best one"
    far = evaluated("512@20", curl=figures(5.1), file=figures(1.0))
    assert not far["512@20: at least 5.2 x curl"]
    assert "512@20: at least 3.4 x the best chunked peer" not in far, "no peer was measured"


def test_s3_is_held_against_our_own_speed() -> None:
    goal = "512@0: from S3 at least 0.9 x its own speed from a file"
    assert evaluated("512@0", file=figures(1.0), s3=figures(1.1))[goal]
    assert not evaluated("512@0", file=figures(1.0), s3=figures(1.2))[goal]


def test_one_byte_sent_twice_is_a_miss() -> None:
    assert evaluated("64@0", file=figures(1.0))["64@0, file: no byte sent twice"]
    assert not evaluated("64@0", file=figures(1.0, twice=1))["64@0, file: no byte sent twice"]


def test_memory_may_grow_with_the_parts_in_flight_only() -> None:
    def met(memory: int, at_once: int) -> bool:
        found = evaluated("64@0", file=figures(1.0, memory=memory, at_once=at_once))
        return next(met for name, met in found.items() if "peak memory" in name)

    assert met(30_000_000 + 16_000_000, at_once=4)
    assert not met(30_000_000 + 16_100_000, at_once=4)
    assert met(30_000_000 + 24_000_000, at_once=8)


def test_cpu_counts_imports_from_a_file_and_not_those_of_airflow() -> None:
    assert not evaluated("512@0", file=figures(1.0, cpu=1.1))["512@0, file: CPU at most 1.0 s per 512 MB"]
    assert evaluated("512@0", s3=figures(1.0, cpu=1.1))["512@0, S3: CPU at most 1.0 s per 512 MB over an idle process"]


def test_slow_peers_are_left_out_where_they_take_minutes() -> None:
    near, far, small = Situation.parse("2000@0"), Situation.parse("512@200"), Situation.parse("64@200")
    assert [SLOW.rounds(each, 3, full=False) for each in (near, far, small)] == [1, 0, 3]
    assert SLOW.rounds(far, 3, full=True) == 3
    assert ONE_SHOT.rounds(far, 3, full=False) == 3


def test_a_table_has_a_row_for_each_candidate() -> None:
    shown = table(SITUATIONS[1], {CURL: figures(1.0), FILE: figures(0.5), ADAPTIVE: figures(2.0)})
    rows = [line for line in shown.splitlines() if line.startswith(FILE.name)]
    assert len(rows) == 1
    assert "  2.00   4.00 " in rows[0], "times curl, times the best peer"
