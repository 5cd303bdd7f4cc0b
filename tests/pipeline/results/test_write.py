"""What lies in S3 after a run, what its log says, and the page a person reads."""

from __future__ import annotations

import json
import re
from datetime import datetime, timezone
from typing import Any

import pytest
from lxml import html
from tests.pipeline.results.records import HOSTILE, one_of_each, problem

from kaltura_pipeline.results.model import TitleResult, title_result
from kaltura_pipeline.results.tally import MAXIMUM_ROWS, Tally, log_table
from kaltura_pipeline.results.write import write_results
from kaltura_pipeline.settings import PipelineSettings
from kaltura_pipeline.workspace import Workspace

KMC = "https://www.kaltura.com"
RUN = "manual__2026-11-25T01:00:00+00:00"


@pytest.fixture
def workspace(bucket: str) -> Workspace:
    return Workspace.open(PipelineSettings(), bucket)


def get(s3: Any, uri: str) -> Any:
    _, _, bucket, key = uri.split("/", 3)
    return s3.get_object(Bucket=bucket, Key=key)


def page_of(s3: Any, workspace: Workspace, results: list[TitleResult], **options: Any) -> Any:
    files, _ = write_results(workspace, RUN, results, kmc_url=KMC, **options)
    answer = get(s3, files["page"])
    assert answer["ContentType"] == "text/html; charset=utf-8"
    return html.document_fromstring(answer["Body"].read().decode())


def text(element: Any) -> str:
    return " ".join(element.text_content().split())


def tally_of(results: list[TitleResult]) -> Tally:
    tally = Tally()
    for result in results:
        tally.add(result)
    return tally


def test_what_is_written(s3: Any, workspace: Workspace) -> None:
    files, tally = write_results(workspace, RUN, iter(one_of_each()), kmc_url=KMC)
    folder = f"s3://{workspace.bucket}/_kaltura/runs/manual__2026-11-25T01-00-00-00-00/results"
    assert (files["page"], files["csv"]) == (f"{folder}/index.html", f"{folder}/results.csv")
    assert get(s3, files["ndjson"])["Body"].read().count(b"\n") == 7
    csv = get(s3, files["csv"])
    assert csv["ContentType"] == "text/csv; charset=utf-8"
    assert csv["Body"].read().count(b"lectures/cut.mp4") == 1
    assert files["counts"] == {"error": 2, "refuse": 1, "not_taken": 1, "busy": 1, "add": 1, "skip": 1}
    assert (files["total"], files["failed"], files["quarantined"], files["bytes_sent"]) == (7, 5, 1, 1000)
    assert sum(files["fixers"].values()) == 5
    assert files["first"][0].startswith("lectures/cut.mp4: the moov atom is missing. The file is nothing")
    assert tally.api_calls == 5


def test_writing_again_replaces_the_files(s3: Any, workspace: Workspace) -> None:
    first, _ = write_results(workspace, RUN, one_of_each())
    again, _ = write_results(workspace, RUN, one_of_each()[:2])
    assert (again["page"], again["ndjson"]) == (first["page"], first["ndjson"])
    assert get(s3, again["ndjson"])["Body"].read().count(b"\n") == 2
    listed = s3.list_objects_v2(Bucket=workspace.bucket)["Contents"]
    assert len(listed) == 3


def test_the_page_says_why(s3: Any, workspace: Workspace) -> None:
    page = page_of(s3, workspace, one_of_each(), title="s3://uploads/lectures/", quarantine="s3://uploads/_kaltura/q/")
    assert text(page.find(".//h1")) == "5 of 7 titles need attention"
    headings = [text(heading) for heading in page.findall(".//h2")]
    assert headings == [
        "Who can fix it: you",
        "Who can fix it: an administrator of the Kaltura account",
        "Who can fix it: nobody needs to, it passes",
        "add: became a new entry",
        "skip: nothing changed",
    ]
    rows = {text(row[0]): [text(cell) for cell in row[1:]] for row in page.xpath("//section//tbody/tr")}
    assert rows["lectures/a.mp4"][:3] == [
        "refuse",
        "lectures/a.yaml, line 3, field 'owner': a number is no user ID",
        "write it as text",
    ]
    assert rows["lectures/cut.mp4"][0] == "error, in quarantine"
    assert rows["lectures/lost.vtt"][1] == "captions without a media file of the same name"
    (link,) = page.xpath("//a[text()='1_newentry']/@href")
    assert link == f"{KMC}/index.php/kmcng/content/entries/entry/1_newentry/metadata"
    assert "python -m kaltura_pipeline.requeue" in text(page)
    assert "s3://uploads/_kaltura/q/" in text(page)


def test_everything_in_the_page_can_be_reached(s3: Any, workspace: Workspace) -> None:
    """Its own anchors exist, its files lie beside it, and every table, column and section has a name."""
    page = page_of(s3, workspace, one_of_each())
    ids = page.xpath("//@id")
    assert len(set(ids)) == len(ids)
    anchors = [href for href in page.xpath("//a/@href") if href.startswith("#")]
    assert len(anchors) >= 8
    assert {anchor[1:] for anchor in anchors} <= set(ids)
    assert {section.get("id") for section in page.xpath("//section")} <= {anchor[1:] for anchor in anchors}
    beside = {href for href in page.xpath("//a/@href") if "/" not in href and not href.startswith("#")}
    assert beside == {"results.csv", "results.ndjson"}
    assert page.get("lang") == "en"
    assert page.xpath("//table[not(caption)]") == []
    assert page.xpath("//th[not(@scope)]") == []
    for section in page.xpath("//section | //nav"):
        assert section.get("aria-label") or section.get("aria-labelledby") in ids


def test_nothing_in_the_page_runs(s3: Any, workspace: Workspace) -> None:
    bad = title_result(
        f"{HOSTILE}.mp4", "error", entry_id=HOSTILE, message=HOSTILE, page="javascript:alert(1)",
        problems=[problem(HOSTILE, file=HOSTILE, fix=HOSTILE), problem(HOSTILE)],
    )  # fmt: skip
    fine = title_result(HOSTILE, "add", entry_id="1_x", message=HOSTILE, page="https://example.org/1_x.html")
    page = page_of(s3, workspace, [bad, fine], title=HOSTILE)
    assert page.xpath("//script") == []
    assert page.xpath("//@*[starts-with(name(), 'on')]") == []
    assert [href for href in page.xpath("//@href") if re.match(r"\s*javascript:", href, re.I)] == []
    assert "https://example.org/1_x.html" in page.xpath("//@href")
    assert HOSTILE in text(page), "shown as it is, not computed"


def test_a_name_cannot_pretend_to_be_another(s3: Any, workspace: Workspace) -> None:
    result = title_result("exe\u202e4pm.\u0007exe\nnew line", "error", message="x")
    page = page_of(s3, workspace, [result])
    assert "exe\ufffd4pm.\ufffdexe new line" in text(page)
    assert "\nnew line" not in log_table(tally_of([result]))


def test_an_address_that_is_none_gives_no_link(s3: Any, workspace: Workspace) -> None:
    files, _ = write_results(workspace, RUN, one_of_each(), kmc_url="javascript:alert(1)//")
    page = html.document_fromstring(get(s3, files["page"])["Body"].read().decode())
    assert page.xpath("//a[text()='1_newentry']") == []
    assert "1_newentry" in text(page)


def test_many_failures_leave_the_page_readable(s3: Any, workspace: Workspace) -> None:
    count = MAXIMUM_ROWS * 2
    results = [
        title_result(f"{number}.mp4", "error", problems=[problem("x" * 1500)] * 30) for number in range(count)
    ]  # fmt: skip
    files, _ = write_results(workspace, RUN, [*results, title_result("good.mp4", "add")])
    body = get(s3, files["page"])["Body"].read()
    page = html.document_fromstring(body.decode())
    assert len(page.xpath("//section[1]//tbody/tr")) == MAXIMUM_ROWS
    assert "The first 500 of 1,000; the files have all of them." in text(page)
    assert "and 19 more" in text(page)
    assert "good.mp4" in text(page)
    assert len(json.dumps(files)) < 16_384, "it goes through XCom"
    assert get(s3, files["ndjson"])["Body"].read().count(b"\n") == count + 1


@pytest.mark.parametrize(
    ("results", "words"),
    [([], "There was nothing to do"), ([title_result("a.mp4", "skip", entry_id="1_a")], "Nothing needs attention")],
)
def test_a_run_without_failures(s3: Any, workspace: Workspace, results: list[TitleResult], words: str) -> None:
    page = page_of(s3, workspace, results, now=datetime(2026, 11, 25, 1, 2, tzinfo=timezone.utc))
    assert text(page.find(".//h1")) == words
    assert "2026-11-25 01:02 UTC" in text(page)
    assert "quarantine" not in text(page)


def test_the_log() -> None:
    lines = log_table(tally_of(one_of_each())).splitlines()
    assert lines[0] == "7 titles, 5 need attention, 1,000 bytes sent"
    assert lines[1].split() == ["error", "2", "tried,", "and", "failed"]
    assert lines[7] == "The first 5 of 5 that need attention:"
    assert lines[8].startswith("  lectures/cut.mp4 (error): the moov atom is missing. ")
    assert lines[9].startswith("    who can fix it: you; next step: Write it again")
    assert log_table(Tally()) == "0 titles, 0 need attention, 0 bytes sent"
