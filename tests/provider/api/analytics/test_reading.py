"""Tables are read whatever separators, gaps and strange cells come with them; or refused in words."""

from __future__ import annotations

from typing import Any

import pytest

from kaltura_provider.api import KalturaError
from kaltura_provider.api.analytics.reading import read_table
from kaltura_provider.api.analytics.report_types import REPORT_TYPES, report_type

INTERACTIONS = REPORT_TYPES["CONTENT_INTERACTIONS"]
HEADER = "object_id|entry_name|count_plays|count_edit|count_viral|count_download|count_report"


def rows(data: str, header: str = HEADER, report: Any = INTERACTIONS, on_drift: Any = "error") -> list[dict[str, Any]]:
    table, _ = read_table({"header": header, "data": data, "totalCount": 9}, report, on_drift)
    assert table is not None
    return list(table.to_pylist())


def test_cells_have_types_and_units() -> None:
    header = "object_id|entry_name|count_plays|sum_time_viewed|avg_completion_rate|duration_msecs"
    (row,) = rows("0_a|A|3|2.75|62.5|90500;", header, report_type(9999))
    assert row == {
        "object_id": "0_a", "entry_name": "A", "count_plays": 3, "sum_time_viewed_seconds": 165.0,
        "avg_completion_ratio": 0.625, "duration_seconds": 90.5,
    }  # fmt: skip


@pytest.mark.parametrize("answer", [{"objectType": "KalturaReportTable"}, {"header": "a", "data": ""}, {}])
def test_nothing(answer: Any) -> None:
    assert read_table(answer, INTERACTIONS) == (None, [])


@pytest.mark.parametrize(
    "data",
    [
        "0_a|A|3|0|0|0|1;0_b|B|2|0|0|0|;",
        "0_a|A|3|0|0|0|1;0_b|B|2|0|0|0|",
        ";0_a|A|3|0|0|0|1;;0_b|B|2|0|0|0|;;",
    ],
)
def test_separators_at_the_end_and_empty_cells(data: str) -> None:
    assert [(row["object_id"], row["count_report"]) for row in rows(data)] == [("0_a", 1), ("0_b", None)]


def test_a_separator_at_the_end_of_header_and_rows() -> None:
    assert rows("0_a|A|3|0|0|0|1|;", HEADER + "|")[0]["count_report"] == 1


def test_texts_stay_as_they_are() -> None:
    name = '  "quoted" 日本, \\n \u202e <b>\ttab  '
    assert rows(f"0_a|{name}|3|0|0|0|1;")[0]["entry_name"] == name
    # Line breaks cannot end a row.
    assert rows("0_a|two\nlines|3|0|0|0|1;")[0]["entry_name"] == "two lines"
    assert rows("0_a|12|3|0|0|0|1;0_b|null|3|0|0|0|1;")[1]["entry_name"] == "null"


def test_a_separator_within_a_name_is_put_together_again() -> None:
    found = rows("0_a|A | B|C|3|0|0|0|1;0_b|B|2|0|0|0|0;")
    assert sorted((row["object_id"], row["entry_name"], row["count_plays"]) for row in found) == [
        ("0_a", "A   B C", 3), ("0_b", "B", 2),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("header", "data", "words"),
    [
        (HEADER, "0_a|A|3|0|0|0;", "a row has 6 cells for 7 columns"),
        (HEADER, "0_a|A|many|0|0|0|1;", "column count_plays holds 'many', which is no number"),
        (HEADER, "0_a|A|2.5|0|0|0|1;", "count_plays is no whole number"),
        (HEADER + "|count_plays", "0_a|A|3|0|0|0|1|3;", "names a column twice"),
    ],
)
def test_what_cannot_be_read_is_said(header: str, data: str, words: str) -> None:
    with pytest.raises(KalturaError, match=words) as caught:
        rows(data, header)
    assert caught.value.code == "BAD_ANSWER"


def test_an_answer_that_is_no_table() -> None:
    with pytest.raises(KalturaError, match="it is no table"):
        read_table([], INTERACTIONS)


def test_a_missing_column_is_drift_and_names_itself() -> None:
    header, data = "object_id|entry_name|count_plays|count_edit|count_viral|count_download", "0_a|A|3|0|0|0;"
    with pytest.raises(KalturaError, match="CONTENT_INTERACTIONS lacks the columns count_report") as caught:
        rows(data, header)
    assert caught.value.code == "REPORT_DRIFT"
    assert "on_drift='warn'" in str(caught.value)
    table, notes = read_table({"header": header, "data": data}, INTERACTIONS, "warn")
    assert table is not None
    assert table.to_pylist()[0]["count_report"] is None
    assert "They are left empty" in notes[0]


def test_without_its_key_a_table_is_of_no_use() -> None:
    with pytest.raises(KalturaError, match="REPORT_DRIFT"):
        rows("A|3|0|0|0|1;", HEADER.partition("|")[2], on_drift="warn")


def test_new_and_moved_columns_are_found_by_name() -> None:
    table, notes = read_table(
        {"header": "count_plays|object_id|entry_name|count_edit|count_viral|count_download|count_report|mood",
         "data": "3|0_a|A|1|2|4|5|good;"},
        INTERACTIONS,
    )  # fmt: skip
    assert table is not None
    assert table.schema.names[:3] == ["object_id", "entry_name", "count_plays"]
    assert table.to_pylist()[0]["mood"] == "good"
    assert "new columns, which are passed on: mood" in notes[0]
