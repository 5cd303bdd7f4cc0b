"""A short form of ``make chaos``, and whether it would notice what it looks for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kaltura_provider.api import AdminSecretCredentials, ClientConfig, KalturaClient
from kaltura_sandbox.faults import S3, Schedule
from kaltura_sandbox.server import SandboxServer
from kaltura_sandbox.settings import Partner, Settings
from tests.chaos.ground import Ground
from tests.chaos.invariants import Facts, most_bytes, violations_of
from tests.chaos.scenario import CLOCK, KALTURA_SIDE, S3_SIDE, Kill, Scenario
from tests.chaos.trial import Trial, make_file
from tests.chaos.worker import ADMIN_SECRET, PARTNER
from tests.provider.entries import add_content, new_entry

SEEDS = range(1, 6)

CONTENT = b"content"
QUIET = Scenario(
    seed=0, size=300_000, part_size=30_000, first_size=10_000, parallel=4, index_lag=0, settle=0.5,
    kaltura=Schedule(0, 0), s3=Schedule(0, 0, service=S3), kills=(),
)  # fmt: skip


@pytest.fixture(scope="module")
def ground() -> Iterator[Ground]:
    with Ground() as ready:
        yield ready


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_happens_one_file_is_one_entry(ground: Ground, tmp_path: Path, seed: int) -> None:
    trial = Trial(ground, Scenario.of(seed), tmp_path / "trial")
    verdict = trial.run()
    assert not verdict.violations, verdict.report(tmp_path / "trial")


# -- what a schedule is


def test_everything_follows_from_the_seed() -> None:
    assert [Scenario.of(seed) for seed in range(50)] == [Scenario.of(seed) for seed in range(50)]
    scenarios = [Scenario.of(seed) for seed in range(500)]
    assert eval(repr(scenarios[7])) == scenarios[7]
    assert {kill.side for each in scenarios for kill in each.kills} == {KALTURA_SIDE, S3_SIDE, CLOCK}
    assert {len(each.kills) for each in scenarios} == {0, 1, 2, 3}
    assert any(each.index_lag > 2 for each in scenarios)
    assert any(each.settle < each.index_lag for each in scenarios)
    assert any(each.size > 20 * each.part_size for each in scenarios)


# -- whether it is really played


def test_without_faults_a_worker_sends_each_byte_once(ground: Ground, tmp_path: Path) -> None:
    verdict = Trial(ground, QUIET, tmp_path / "trial").run()
    assert (verdict.violations, verdict.ends, verdict.faults) == ([], ["done", "clean: done"], [])
    assert verdict.facts is not None
    assert verdict.facts.bytes_sent == QUIET.size


@pytest.mark.parametrize(
    "kill",
    [
        Kill(KALTURA_SIDE, 6),
        Kill(KALTURA_SIDE, 4, "uploadToken.upload", arrives=False),
        Kill(S3_SIDE, 2, "PutObject"),
        Kill(CLOCK, 0.05),
    ],
    ids=str,
)
def test_a_worker_is_killed_at_its_moment_and_run_again(ground: Ground, tmp_path: Path, kill: Kill) -> None:
    verdict = Trial(ground, replace(QUIET, kills=(kill,)), tmp_path / "trial").run()
    assert verdict.ends[:2] == ["killed", "done"]
    log = (tmp_path / "trial" / "worker-1" / "log.txt").read_text()
    assert "lectures/talk.mp4: add" not in log, "a killed process says nothing any more"
    # Killed by the clock it may have died anywhere.
    if kill.side != CLOCK:
        assert verdict.violations == []


def test_faults_happen_on_both_sides(ground: Ground, tmp_path: Path) -> None:
    kaltura = Schedule(3, 0, ("internal_error",), rates={"uploadToken.upload": 0.3})
    s3 = Schedule(3, 0, ("cut_answer",), service=S3, rates={"GetObject": 0.3})
    verdict = Trial(ground, replace(QUIET, kaltura=kaltura, s3=s3), tmp_path / "trial").run()
    assert any("kaltura" in fault and "internal_error" in fault for fault in verdict.faults)
    assert any("s3" in fault and "cut_answer" in fault for fault in verdict.faults)


def test_a_task_that_only_fails_is_told(ground: Ground, tmp_path: Path) -> None:
    scenario = replace(QUIET, kaltura=Schedule(1, 1, ("api_error",)))
    trial = Trial(ground, scenario, tmp_path / "trial")
    verdict = trial.run()
    assert len(verdict.ends) >= 2
    assert "done" not in verdict.ends
    text = verdict.report(tmp_path / "trial")
    assert "Again: make chaos N=1 SEED=0" in text
    assert repr(scenario) in text
    assert "api_error" in text
    assert "kaltura_pipeline.ingest" in text, "the logs are in it"


# -- whether it would notice


def facts(**changes: Any) -> Facts:
    values: dict[str, Any] = {
        "entries": [{"id": "0_a", "status": 2}],
        "digests": {"0_a": hashlib.sha256(CONTENT).hexdigest()},
        "open_tokens": {},
        "records": [{"state": "uploaded", "lease_until": 0.0, "entry_id": "0_a"}],
        "bytes_sent": QUIET.size,
    }
    return Facts(**{**values, **changes})


TWO = [{"id": "0_a", "status": 2}, {"id": "0_b", "status": 7}]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"entries": []}, ["0 entries instead of one: ", "the ledger names entry 0_a"]),
        (
            {"entries": TWO, "digests": {**facts().digests, "0_b": ""}},
            ["2 entries instead of one: 0_a with status 2, 0_b with status 7", "entry 0_b has status 7"],
        ),
        ({"entries": [{"id": "0_a", "status": -1}]}, ["entry 0_a has status -1"]),
        ({"digests": {"0_a": ""}}, ["entry 0_a holds other bytes than the object"]),
        ({"open_tokens": {"0_t": "PARTIAL"}}, ["1 upload tokens are left open: 0_t PARTIAL"]),
        ({"records": []}, ["the ledger is not final: no record"]),
        ({"records": [{"state": "claimed", "lease_until": 9.0}]}, ["the ledger is not final: claimed until 9.0"]),
        ({"records": [{**facts().records[0], "lease_until": 9.0}]}, ["the ledger is not final: uploaded until 9.0"]),
        ({"records": [{**facts().records[0], "entry_id": "0_z"}]}, ["the ledger names entry 0_z"]),
        ({"bytes_sent": QUIET.size + 1}, ["300001 bytes were sent of 300000, at most 300000 are needed"]),
    ],
)
def test_what_must_not_be_is_noticed(changes: dict[str, Any], words: list[str]) -> None:
    assert violations_of(QUIET, facts(), CONTENT, 0, 0) == []
    found = violations_of(QUIET, facts(**changes), CONTENT, 0, 0)
    assert [text[: len(wanted)] for text, wanted in zip(found, words, strict=True)] == words


def test_what_may_be_sent_again() -> None:
    assert most_bytes(QUIET, 0, 0) == QUIET.size
    assert most_bytes(QUIET, 2, 1) == QUIET.size + 3 * QUIET.parallel * QUIET.part_size
    small = replace(QUIET, size=100, parallel=2)
    assert most_bytes(small, 1, 0) == 100 + 2 * 100, "no part is larger than the file"


def test_facts_come_from_the_stores_themselves(ground: Ground, tmp_path: Path) -> None:
    settings = Settings(
        data=tmp_path / "data", partners=(Partner(PARTNER, ADMIN_SECRET, "user"),), index_lag=3600,
        conversion_seconds=0.1,
    )  # fmt: skip
    bucket = "facts"
    ground.s3.create_bucket(Bucket=bucket)
    ground.s3.put_object(Bucket=bucket, Key="_kaltura/ledger/1.json", Body=b'{"state": "claimed"}')
    with SandboxServer(settings) as sandbox:
        credentials = AdminSecretCredentials(ADMIN_SECRET)
        with KalturaClient(ClientConfig(sandbox.url, PARTNER), credentials) as client:
            content = make_file(100_000, 1)
            assert len(content) == 100_000
            video, empty, gone = (new_entry(client, media_type=1) for _ in range(3))
            add_content(client, video, content, "talk.mp4")
            client.call("media", "delete", {"entryId": gone})
            token = client.call("uploadToken", "add")["id"]
            client.call("uploadToken", "delete", {"uploadTokenId": client.call("uploadToken", "add")["id"]})
        found = Facts.find(sandbox, ground.s3, bucket, 5)
    assert {entry["id"]: entry["status"] for entry in found.entries} == {video: 2, empty: 7}
    assert found.digests == {video: hashlib.sha256(content).hexdigest(), empty: ""}
    assert found.open_tokens == {token: "PENDING"}
    assert (found.records, found.bytes_sent) == ([{"state": "claimed"}], 5)
