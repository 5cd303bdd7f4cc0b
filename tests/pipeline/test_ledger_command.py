"""The ledger as a person sees and mends it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from kaltura_pipeline.ledger import main
from kaltura_provider.api import UploadProgress
from kaltura_provider.hooks.s3_documents import S3Documents
from kaltura_provider.transfers.ledger import FAILED, READY, Ledger, LedgerBusyError


@pytest.fixture
def ledger(s3: Any, bucket: str) -> Ledger:
    return Ledger(S3Documents(s3, bucket, "_kaltura/"))


@pytest.fixture
def filled(ledger: Ledger, bucket: str) -> Ledger:
    ledger.claim(bucket, "a b.mp4", "dag/run/task[0]").save(entry_id="0_running", upload_token_id="0_token")
    ledger.claim(bucket, "good.mp4", "w").release(READY, entry_id="0_good", bytes_done=7, bytes_total=7)
    ledger.claim(bucket, "bad.mp4", "w").release(FAILED, error="bad.mp4: no moov atom; export it again")
    return ledger


def run(capsys: pytest.CaptureFixture[str], bucket: str, *arguments: str) -> tuple[int, str, str]:
    status = main(["--bucket", bucket, *arguments])
    captured = capsys.readouterr()
    # The S3 server of these tests logs in this process as well.
    out = [line for line in captured.out.splitlines(keepends=True) if "werkzeug" not in line]
    return status, "".join(out), captured.err


def test_list(filled: Ledger, bucket: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, bucket, "list")
    assert status == 0
    running, bad, reason, good = out.splitlines()
    assert running.startswith("claimed  0_running  -  try 1  ")
    assert running.endswith(f"s3://{bucket}/a b.mp4  held by dag/run/task[0]")
    assert (bad.split()[0], reason) == ("failed", "    bad.mp4: no moov atom; export it again")
    assert good.startswith("ready  0_good  7/7 bytes  try 1  ")
    assert run(capsys, bucket, "list", "--state", "ready")[1].splitlines() == [good]
    assert run(capsys, bucket, "list", "--errors")[1].splitlines() == [bad, reason]
    assert run(capsys, bucket, "list", "--prefix", "go")[1].splitlines() == [good]
    (record,) = map(json.loads, run(capsys, bucket, "list", "--json", "--prefix", "go")[1].splitlines())
    assert record["entry_id"] == "0_good"
    assert run(capsys, bucket, "list", "--prefix", "none")[:2] == (0, "")


def test_show(filled: Ledger, bucket: str, capsys: pytest.CaptureFixture[str]) -> None:
    record = filled.claim(bucket, "a b.mp4", "dag/run/task[0]")
    record.update(updated_at=0.0)
    record.body["updated_at"] = 0.0
    record.renew(UploadProgress("0_token", 3, 9))
    _, out, _ = run(capsys, bucket, "show", "a b.mp4")
    shown = {line[:13].strip(): line[14:] for line in out.splitlines()}
    assert shown["entry"] == "0_running"
    assert (shown["bytes"], shown["tries"], shown["last error"]) == ("3/9 bytes", "2", "-")
    assert shown["claim"].startswith("until 20")
    assert shown["record"].startswith(f"s3://{bucket}/_kaltura/ledger/")
    status, _, err = run(capsys, bucket, "show", "none.mp4")
    assert status == 1
    assert "none.mp4: no record at s3://" in err


def test_release(filled: Ledger, bucket: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(LedgerBusyError):
        filled.claim(bucket, "a b.mp4", "another")
    assert run(capsys, bucket, "release", "a b.mp4")[1] == "a b.mp4: released: the next run goes on with it\n"
    assert filled.claim(bucket, "a b.mp4", "another").load()["entry_id"] == "0_running"
    assert "was not claimed" in run(capsys, bucket, "release", "good.mp4")[1]
    assert run(capsys, bucket, "release", "none.mp4")[0] == 1


def test_prune(s3: Any, filled: Ledger, bucket: str, capsys: pytest.CaptureFixture[str]) -> None:
    s3.put_object(Bucket=bucket, Key="good.mp4", Body=b"x")
    assert run(capsys, bucket, "prune")[1] == "0 records would be removed; run again with --yes\n", "none is old enough"
    _, out, _ = run(capsys, bucket, "prune", "--days", "0")
    assert out.splitlines()[0] == f"s3://{bucket}/bad.mp4: failed, no entry"
    assert filled.read(bucket, "bad.mp4")
    run(capsys, bucket, "prune", "--days", "0", "--yes")
    keys = sorted(record["key"] for record in filled.records())
    assert keys == ["a b.mp4", "good.mp4"], "what is being worked on, and what is still in the bucket, stays"


def test_forget(filled: Ledger, bucket: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, bucket, "forget", "good.mp4")
    assert (status, filled.read(bucket, "good.mp4")) == (0, None)
    assert "the next run of kaltura_ingest takes it; entry 0_good" in out
    status, _, err = run(capsys, bucket, "forget", "a b.mp4")
    assert status == 1
    assert "dag/run/task[0] is working on it" in err
    assert filled.read(bucket, "a b.mp4")


def test_a_place_of_its_own(s3: Any, bucket: str, capsys: pytest.CaptureFixture[str]) -> None:
    Ledger(S3Documents(s3, bucket, "state/")).claim("elsewhere", "a.mp4", "w").release(READY)
    status, out, _ = run(capsys, "elsewhere", "--ledger", f"s3://{bucket}/state", "list")
    assert (status, out.split()[0]) == (0, "ready")


def test_what_is_wrong_is_said(bucket: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, _, err = run(capsys, "no-such-bucket", "list")
    assert status == 1
    assert "NoSuchBucket" in err
    assert "aws_default" in err
    with pytest.raises(SystemExit):
        main(["list"])
    assert "name the bucket with --bucket" in capsys.readouterr().err


def test_as_a_command(filled: Ledger, bucket: str) -> None:
    command = [sys.executable, "-m", "kaltura_pipeline.ledger", "--bucket", bucket, "list", "--state", "ready"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("ready  0_good")
