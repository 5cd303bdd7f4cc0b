"""Why a title failed, whatever it was that failed."""

from __future__ import annotations

from typing import Any

import pytest
from tests.pipeline.results.records import problem

from kaltura_pipeline.manifests.model import ManifestError, Problem
from kaltura_pipeline.results.model import text_of, title_result
from kaltura_pipeline.results.why import Why, problems_of, why
from kaltura_provider.api import (
    ErrorClass,
    KalturaClient,
    KalturaError,
    MediaRefusedError,
    SourceChangedError,
    SourceUnavailableError,
    UploadStoppedError,
)


def reason(error: BaseException) -> Why:
    return why(title_result("a.mp4", "error", problems=problems_of(error, "a.mp4")))


def test_an_error_of_kaltura(kaltura: KalturaClient) -> None:
    with pytest.raises(KalturaError) as caught:
        kaltura.call("baseEntry", "get", {"entryId": "0_none"})
    assert reason(caught.value) == {
        "cause": 'baseEntry.get failed: ENTRY_ID_NOT_FOUND: Entry id "0_none" not found. The entry was deleted, '
        "belongs to another account, or the session may not see it.",
        "who": "you",
        "step": "Check the entry ID.",
    }


def test_the_missing_permission_is_named() -> None:
    found = reason(KalturaError("SERVICE_FORBIDDEN", "forbidden", service_action="media.add"))
    assert "needs the permission CONTENT_INGEST_UPLOAD" in found["cause"]
    assert found["who"] == "an administrator of the Kaltura account"


@pytest.mark.parametrize(
    ("error", "who", "words"),
    [
        (KalturaError("INVALID_KS", details={"KSID": "EXPIRED"}), "whoever manages the Airflow connection", "clock"),
        (KalturaError("HTTP_502"), "Kaltura (support, or your account manager)", "Run the task again"),
        (KalturaError("READ_TIMEOUT", "slow"), "nobody needs to, it passes", "read_timeout"),
        (KalturaError("X", hint="Do this.", error_class=ErrorClass.RETRY), "you", "Do this."),
        (MediaRefusedError("a.mp4 is text"), "you", "original"),
        (SourceChangedError("changed"), "nobody needs to, it passes", "again"),
        (SourceUnavailableError("S3 is down"), "whoever manages the storage of the source files", "AWS connection"),
        (UploadStoppedError("stopped"), "you", "continues"),
        (ValueError("bad value"), "you", "the next run takes it"),
        (OSError(), "whoever manages the storage of the source files", "AWS connection"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_every_kind_of_error(error: BaseException, who: str, words: str) -> None:
    found = reason(error)
    assert found["who"] == who
    assert words in found["step"]
    assert found["cause"]


def test_an_error_of_s3(s3: Any, bucket: str) -> None:
    with pytest.raises(s3.exceptions.ClientError) as caught:
        s3.get_object(Bucket=bucket, Key="a.mp4")
    found = reason(caught.value)
    assert "The source object is gone." in found["cause"]
    assert found["who"] == "whoever manages the storage of the source files"


def test_every_problem_of_a_manifest_is_kept() -> None:
    first = Problem("batch.csv", "row 12", "owner", "unknown column 'ownr'", "write 'owner'")
    second = Problem("batch.csv", "row 13", "", "no file", "name a file")
    problems = problems_of(ManifestError(first, second), "a.mp4")
    assert [text_of(one) for one in problems] == [str(first), str(second)]
    found = why(title_result("a.mp4", "refuse", problems=problems))
    assert found == {
        "cause": "batch.csv, row 12, field 'owner': unknown column 'ownr'",
        "who": "you",
        "step": "write 'owner'",
    }


def test_secrets_are_masked() -> None:
    url = "https://bucket.s3.amazonaws.com/a.mp4?X-Amz-Signature=0123456789abcdef"
    assert "0123456789abcdef" not in str(problems_of(OSError(f"cannot read {url}"), "a.mp4"))


def test_titles_without_problems() -> None:
    assert why(title_result("a.mp4", "add", message="x")) == {"cause": "", "who": "", "step": ""}
    busy = why(title_result("a b.mp4", "busy", message="w is working on it"))
    assert busy["who"] == "nobody needs to, it passes"
    assert busy["step"].endswith("python -m kaltura_pipeline.ledger release 'a b.mp4'")
    lost = why(title_result("a.vtt", "not_taken", message="captions without a media file"))
    assert lost["step"].startswith("Give it the name of the title it belongs to")
    unknown = title_result("a.mp4", "error", problems=[problem("odd", code="QC_SOMETHING", fix="do that")])
    assert why(unknown) == {"cause": "odd", "who": "you", "step": "do that"}
    with pytest.raises(ValueError, match="there is no result 'done'"):
        title_result("a.mp4", "done")
