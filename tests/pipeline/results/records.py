"""Records of titles for the tests: of every result, and hostile ones."""

from __future__ import annotations

from typing import Any, cast

from kaltura_pipeline.results.model import ResultProblem, TitleResult, title_result

HOSTILE = "<script>alert(1)</script>\"'&{{ 7*7 }}"


def problem(message: str = "the moov atom is missing", **fields: str) -> ResultProblem:
    made: Any = {"file": "", "place": "", "field": "", "message": message, "fix": "", "code": "", **fields}
    return cast("ResultProblem", made)


def one_of_each() -> list[TitleResult]:
    sidecar = {"file": "lectures/a.yaml", "place": "line 3", "field": "owner", "fix": "write it as text"}
    return [
        title_result("lectures/new.mp4", "add", entry_id="1_newentry", bytes_sent=1000, seconds=1.5, api_calls=4),
        title_result("lectures/old.mp4", "skip", entry_id="1_oldentry", message="unchanged since it became 1_oldentry"),
        title_result("lectures/busy.mp4", "busy", message="dag/run is working on it"),
        title_result("lectures/a.mp4", "refuse", problems=[problem("a number is no user ID", **sidecar)]),
        title_result("lectures/cut.mp4", "error", problems=[problem(code="MEDIA_REFUSED")], quarantined=True),
        title_result(
            "lectures/right.mp4", "error", api_calls=1,
            problems=[problem("media.add failed: SERVICE_FORBIDDEN", code="SERVICE_FORBIDDEN")],
        ),
        title_result("lectures/lost.vtt", "not_taken", message="captions without a media file of the same name"),
    ]  # fmt: skip
