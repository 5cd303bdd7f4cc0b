"""Results as CSV and NDJSON: complete, readable by a spreadsheet, and harmless in it."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.pipeline.results.records import HOSTILE, one_of_each, problem

from kaltura_pipeline.results.files import COLUMNS, MAXIMUM_CELL, CsvWriter, NdjsonWriter, safe_cell
from kaltura_pipeline.results.model import TitleResult, title_result
from kaltura_pipeline.results.write import spool


def written(writer: Callable[[Any], Any], *results: TitleResult) -> bytes:
    stream = io.BytesIO()
    kept = writer(stream)
    for result in results:
        kept.write(result)
    return stream.getvalue()


def rows_of(data: bytes) -> list[dict[str, str]]:
    assert data.startswith(b"\xef\xbb\xbf"), "Excel takes UTF-8 without this mark for its own code page"
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_a_row_says_why() -> None:
    rows = {row["key"]: row for row in rows_of(written(CsvWriter, *one_of_each()))}
    assert len(rows) == 7
    refused = rows["lectures/a.mp4"]
    assert refused["cause"] == "lectures/a.yaml, line 3, field 'owner': a number is no user ID"
    assert (refused["who can fix it"], refused["next step"]) == ("you", "write it as text")
    assert refused["problems"] == ("lectures/a.yaml, line 3, field 'owner': a number is no user ID; write it as text")
    forbidden = rows["lectures/right.mp4"]
    assert forbidden["who can fix it"] == "an administrator of the Kaltura account"
    assert forbidden["next step"].startswith("Ask an administrator")
    fine = rows["lectures/new.mp4"]
    assert [fine[name] for name in ("cause", "bytes_sent", "seconds", "api_calls", "quarantined")] == (
        ["", "1000", "1.5", "4", "no"]
    )
    assert rows["lectures/cut.mp4"]["quarantined"] == "yes"


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1+1", "@SUM(A1)", "  =1", "\t=1", "\r=1", "\n=1", "＝1+1", '=HYPERLINK("http://x","y")', "\x00=1"],
)
def test_no_cell_is_a_formula(text: str) -> None:
    (row,) = rows_of(written(CsvWriter, title_result(text, "error", message=text, problems=[problem(text)], page=text)))
    for name in ("key", "message", "page", "cause", "problems"):
        assert row[name][0] not in "=+-@\t\r\n＝", name
    assert safe_cell("a=b") == "a=b"
    assert safe_cell("plain") == "plain"


@given(st.text())
def test_any_text_stays_in_its_cell(text: str) -> None:
    (row,) = rows_of(written(CsvWriter, title_result(text, "refuse", message="m", page="p")))
    assert list(row) == list(COLUMNS)
    assert (row["message"], row["page"]) == ("m", "p")
    cell = row["key"]
    assert cell.removeprefix("'") == safe_cell(text).removeprefix("'")
    assert not cell.lstrip().startswith(("=", "+", "-", "@"))


def test_a_cell_ends_where_excel_would_cut_it() -> None:
    cell = safe_cell("=" + "x" * 40_000)
    assert len(cell) == MAXIMUM_CELL
    assert cell.endswith("…")


def test_a_line_of_ndjson_has_everything() -> None:
    results = [*one_of_each(), title_result(HOSTILE + "\n\u2028\udcff", "error", message="x")]
    lines = written(NdjsonWriter, *results).splitlines()
    assert len(lines) == len(results)
    read = [json.loads(line) for line in lines]
    assert [{key: value for key, value in one.items() if key != "why"} for one in read] == results
    assert read[0]["why"] == {"cause": "", "who": "", "step": ""}
    assert read[4]["why"]["who"] == "you"


def test_memory_does_not_grow_with_the_number_of_titles() -> None:
    def many(count: int) -> Iterator[TitleResult]:
        for number in range(count):
            yield title_result(f"lectures/{number:06}.mp4", "error", problems=[problem("x" * 300)])

    def peak(count: int) -> int:
        tracemalloc.start()
        with spool(many(count)) as (tally, _, _):
            assert tally.total == count
            _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(10)
    few = peak(1_000)
    assert peak(8_000) < few * 1.2 + 200_000
