"""A publish run that is killed at random moments, and then comes to its end, leaves what an undisturbed one leaves.

``make chaos-publish`` does the same a hundred times.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.chaos.publish.trials import Ground, Trials, aws_connection

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_killed_runs_end_as_undisturbed_ones(s3_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", aws_connection(s3_url))
    ground = Ground(s3_url, f"killed-{tmp_path.name[:20].replace('_', '-')}", tmp_path)
    ground.prepare()
    trials = Trials(ground)
    state = trials.expected[0]
    there = {name: len(state[name]) for name in ("captionAsset", "thumbAsset", "categoryEntry", "metadata", "uiConf")}
    assert there == {"captionAsset": 12, "thumbAsset": 6, "categoryEntry": 12, "metadata": 6, "uiConf": 1}
    assert len(trials.expected[1]) == 2 + len(ground.entries)
    assert {record["state"] for record in trials.expected[2].values()} == {"ready"}
    assert [found for seed in range(2) for found in trials.trial(seed)] == []
