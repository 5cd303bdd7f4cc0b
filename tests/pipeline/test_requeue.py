"""The requeue command: what is in quarantine, and trying it again."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from tests.pipeline.media import read_lines
from tests.pipeline.results.records import problem

from kaltura_pipeline.plan import ADD, SKIP
from kaltura_pipeline.quarantine import Case, Quarantine
from kaltura_pipeline.requeue import main
from kaltura_pipeline.results.model import title_result
from kaltura_pipeline.settings import PipelineSettings
from kaltura_pipeline.workspace import Workspace
from kaltura_provider.transfers.ledger import CLAIMED, FAILED, READY

KEY = "lectures/bad.mp4"


@pytest.fixture
def workspace(bucket: str) -> Workspace:
    return Workspace.open(PipelineSettings(), bucket)


@pytest.fixture
def quarantine(workspace: Workspace) -> Quarantine:
    return Quarantine(workspace)


@pytest.fixture
def failed(s3: Any, bucket: str, workspace: Workspace, quarantine: Quarantine) -> Workspace:
    """A title that failed in an earlier run, and lies in quarantine."""
    etag = s3.put_object(Bucket=bucket, Key=KEY, Body=b"cut")["ETag"].strip('"')
    digest = planned(workspace)["metadata_digest"]
    record = workspace.ledger.claim(bucket, KEY, "w")
    record.release(FAILED, error="no moov atom", etag=etag, metadata_digest=digest)
    quarantine.put([Case(title_result(KEY, "error", problems=[problem()]))], run_id="r")
    return workspace


def planned(workspace: Workspace) -> Any:
    """What the next run would do with the one title there is."""
    from kaltura_pipeline.options import RunOptions
    from kaltura_pipeline.planning import plan_ingest

    options = RunOptions(bucket=workspace.bucket, check_media=False)
    _, plan = plan_ingest(PipelineSettings(), options, run_id="next", kaltura=_not_asked)
    (item,) = read_lines(workspace.client, plan["titles"])
    return item


def _not_asked() -> Any:
    raise AssertionError("nothing in this title has to be asked for")


def run(capsys: pytest.CaptureFixture[str], bucket: str, *arguments: str) -> tuple[int, str, str]:
    capsys.readouterr()
    status = main(["--bucket", bucket, *arguments])
    captured = capsys.readouterr()
    # The S3 server of these tests logs in this process as well.
    out = [line for line in captured.out.splitlines(keepends=True) if "werkzeug" not in line]
    return status, "".join(out), captured.err


def test_the_list(failed: Workspace, bucket: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, bucket)
    assert status == 0
    head, cause, step, count = out.splitlines()
    assert head.startswith(f"{KEY}  since 20")
    assert head.endswith(", error")
    assert cause == "    the moov atom is missing"
    assert step == "    who can fix it: you; next step: Correct the file; the next run takes it."
    assert count == f"1 titles in quarantine below s3://{bucket}/_kaltura/quarantine/{bucket}/"
    (document,) = map(json.loads, run(capsys, bucket, "--json")[1].splitlines())
    assert document["key"] == KEY
    assert run(capsys, bucket, "--prefix", "other/")[1].startswith("0 titles")


def test_the_next_run_takes_it(
    s3: Any, failed: Workspace, quarantine: Quarantine, bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert planned(failed)["action"] == SKIP
    status, out, _ = run(capsys, bucket, KEY)
    assert status == 0
    assert out == f"{KEY}: its failure is forgotten, out of quarantine; the next run takes it\n"
    assert planned(failed)["action"] == ADD
    assert quarantine.read(KEY) is None
    record = failed.ledger.read(bucket, KEY)
    assert record is not None
    assert (record["state"], record["error"], record["lease_until"], record["attempts"]) == (CLAIMED, "", 0.0, 1)
    status, out, _ = run(capsys, bucket, KEY)
    assert (status, "neither in quarantine nor failed" in out) == (1, True)


def test_a_title_that_was_never_tried_has_no_record(
    s3: Any, quarantine: Quarantine, bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    s3.put_object(Bucket=bucket, Key="refused.mp4", Body=b"x")
    quarantine.put([Case(title_result("refused.mp4", "refuse", message="bad sidecar"))], run_id="r")
    assert run(capsys, bucket, "refused.mp4")[1] == "refused.mp4: out of quarantine; the next run takes it\n"


def test_a_failure_without_quarantine(
    failed: Workspace, quarantine: Quarantine, bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    quarantine.release([KEY])
    assert run(capsys, bucket, KEY)[1] == f"{KEY}: its failure is forgotten; the next run takes it\n"


def test_a_title_that_was_ingested_since_stays_so(
    failed: Workspace, bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    failed.ledger.claim(bucket, KEY, "w").release(READY, entry_id="1_good")
    assert run(capsys, bucket, KEY)[0] == 0
    record = failed.ledger.read(bucket, KEY)
    assert record is not None
    assert (record["state"], record["entry_id"]) == (READY, "1_good")


def test_what_is_being_worked_on_is_left_alone(
    failed: Workspace, quarantine: Quarantine, bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    failed.ledger.claim(bucket, KEY, "a worker").update(state=FAILED)
    status, out, _ = run(capsys, bucket, KEY)
    assert status == 1
    assert "a worker is working on it" in out
    assert quarantine.read(KEY) is not None


def test_restoring(
    s3: Any, failed: Workspace, quarantine: Quarantine, bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    quarantine.put([Case(title_result(KEY, "error", problems=[problem()]))], run_id="r", move=True)
    assert "moved here; --restore copies it back" in run(capsys, bucket)[1]
    status, out, _ = run(capsys, bucket, KEY)
    assert status == 1
    assert "is gone; put it back, or use --restore" in out
    assert quarantine.read(KEY) is not None
    status, out, _ = run(capsys, bucket, "--restore", KEY)
    assert status == 0
    assert out.startswith(f"{KEY}: copied back {KEY}, ")
    assert s3.get_object(Bucket=bucket, Key=KEY)["Body"].read() == b"cut"
    assert planned(failed)["action"] == ADD
    assert list(quarantine.titles()) == []


def test_restoring_never_overwrites(
    s3: Any, failed: Workspace, bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    s3.put_object(Bucket=bucket, Key=KEY, Body=b"whole")
    assert run(capsys, bucket, "--restore", KEY)[0] == 0
    assert s3.get_object(Bucket=bucket, Key=KEY)["Body"].read() == b"whole"


def test_all_of_a_prefix(s3: Any, quarantine: Quarantine, bucket: str, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a/1.mp4", "a/2.mp4", "b/3.mp4"):
        s3.put_object(Bucket=bucket, Key=name, Body=b"x")
        quarantine.put([Case(title_result(name, "error", message="x"))], run_id="r")
    status, out, _ = run(capsys, bucket, "--all", "--prefix", "a/")
    assert (status, [line.split(":")[0] for line in out.splitlines()]) == (0, ["a/1.mp4", "a/2.mp4"])
    assert [document["key"] for document in quarantine.titles()] == ["b/3.mp4"]
    run(capsys, bucket, "--all")
    assert run(capsys, bucket, "--all")[1] == "nothing is in quarantine\n"


def test_a_name_does_not_steer_the_terminal(
    s3: Any, quarantine: Quarantine, bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    quarantine.put([Case(title_result("a\x1b[31m\u202e.mp4", "error", message="x\ny"))], run_id="r")
    lines = run(capsys, bucket)[1].splitlines()
    assert lines[0].startswith("a\ufffd[31m\ufffd.mp4  since")
    assert lines[1] == "    x\ufffdy"


def test_what_is_wrong_is_said(bucket: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, _, err = run(capsys, "no-such-bucket")
    assert status == 1
    assert "NoSuchBucket" in err
    assert "'aws_default'" in err
    with pytest.raises(SystemExit):
        main([])
    assert "name the source bucket" in capsys.readouterr().err


def test_as_a_command(failed: Workspace, bucket: str) -> None:
    command = [sys.executable, "-m", "kaltura_pipeline.requeue", "--bucket", bucket, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["key"] == KEY
