"""CSV and XLSX with our own columns."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime
from typing import Any

import pytest
from openpyxl import Workbook

from kaltura_pipeline.manifests import CaptionWish, Manifest, ManifestError, read_manifest


def problems(manifest: Manifest) -> list[str]:
    return [str(problem) for problem in manifest.problems]


def xlsx(*rows: list[Any]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_delimiters_encodings_and_line_ends(delimiter: str, encoding: str, end: str) -> None:
    rows = [["media", "Name", "Co-Editors", "time zone"], ["a.mp4", "Ärger, oft; sehr | groß", "x", "UTC"]]
    text = "".join(delimiter.join(f'"{cell}"' if " " in cell else cell for cell in row) + end for row in rows)
    (row,) = read_manifest("b.csv", text.encode(encoding)).rows
    assert (row.media, row.description.name, row.description.co_editors) == ("a.mp4", "Ärger, oft; sehr | groß", ("x",))


def test_the_delimiter_may_be_named() -> None:
    (row,) = read_manifest("b.csv", b"sep=;\nmedia;name\na.mp4;A,B\n").rows
    assert (row.description.name, row.place) == ("A,B", "row 3")


def test_other_names_metadata_and_captions() -> None:
    manifest = read_manifest(
        "b.csv",
        b"File,Title,Keywords,metadata.P.A,metadata::P::B,captions.en,captions.pt-BR,captions,#remark\n"
        b'a.mp4,A,"x, y","1|,|2",3,a.vtt,b.srt,c.fr.vtt,for us only\n',
    )
    (row,) = manifest.rows
    assert row.description.tags == ("x", "y")
    assert row.description.metadata == {"P": {"A": ["1", "2"], "B": "3"}}
    assert row.description.captions == (
        CaptionWish("a.vtt", "English"),
        CaptionWish("b.srt", "Portuguese (Brazil)"),
        CaptionWish("c.fr.vtt"),
    )


def test_errors_name_row_line_and_column() -> None:
    manifest = read_manifest(
        "b.csv",
        b'media,name,owner,start,captions.xx-yy,notes,unused\n# a remark\na.mp4,"two\nlines",,,,,\n\n'
        b"b.mp4,B,b c,2026,,,\nc.mp4,C,,,c.vtt,,\nd.mp4,D,,,,hello,\ne.mp4,E,,,,,,extra\nf.mp4,=1+1,,,,,\n",
    )
    assert [(row.media, row.description.name) for row in manifest.rows] == [("f.mp4", "=1+1")]
    texts = problems(manifest)
    for text, start in zip(
        texts,
        [
            "b.csv, row 1, field 'notes': the column 'notes' is not known, and 1 row from row 7 (line 8) on say",
            "b.csv, row 3, column 'name', field 'name': 'two\\nlines' has a line break",
            "b.csv, row 5 (line 6), column 'owner', field 'owner': 'b c' has ' ' in it",
            "b.csv, row 5 (line 6), column 'start', field 'start': '2026' is not a date",
            "b.csv, row 6 (line 7), column 'captions.xx-yy', field 'captions[1].language'",
            "b.csv, row 8 (line 9): has 8 cells, and the header 7: some are in none of its columns",
        ],
        strict=True,
    ):
        assert text.startswith(start)
    assert texts[0].endswith("to have it left out, put # before its name")
    assert set(manifest.refused) == {"a.mp4", "b.mp4", "c.mp4", "d.mp4", "e.mp4"}


def test_an_unknown_column_names_the_nearest_one_once() -> None:
    manifest = read_manifest("b.csv", b"media,ownr\n" + b"".join(b"%d.mp4,x\n" % number for number in range(50)))
    (problem,) = problems(manifest)
    assert (
        "the column 'ownr' is not known, and 50 rows from row 2 on say something in it; did you mean 'owner'?"
        in problem
    )
    assert len(manifest.refused) == 50


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "b.csv, row 1: has no rows"),
        (b"# only\n\n", "has no rows"),
        (b"foo,bar\n1,2\n", "row 1: is no header: no column is known; name the columns, for example: media, name"),
        (b"medai,name,tags\na,b,c\n", "row 1, field 'media': has no column 'media'; rename 'medai' to media"),
        (b"media,url\na,b\n", "the columns 'media' and 'url' are the same field; keep one of the two"),
        (b'media,name\na.mp4,A\nb.mp4,"B\n', "row 3: has a quoted cell that does not end"),
        (b'media,name\na.mp4,"A"B\n', "row 2: cannot be read"),
        (b'media,name\na.mp4,"%s"\n' % (b"x" * 200_000), "row 2: has a cell of more than 131072 characters"),
        (b"media" + b"," * 400, "row 1: has 401 columns"),
    ],
)
def test_files_that_cannot_be_read(data: bytes, message: str) -> None:
    with pytest.raises(ManifestError) as caught:
        read_manifest("b.csv", data)
    assert message in str(caught.value)


def test_xlsx() -> None:
    manifest = read_manifest(
        "b.xlsx",
        xlsx(
            ["media", "name", "start", "end", "time_zone", "reference_id"],
            ["a.mp4", 101, datetime(2026, 12, 1, 9), date(2026, 12, 24), "Europe/Berlin", 17.0],
            [None, None],
            ["b.mp4", "=A2"],
            ["c.mp4", "C", "1.12.2026", None, "UTC"],
            ["d.mp4", 1.5],
        ),
    )
    first, last = manifest.rows
    assert (manifest.form, first.place, last.place) == ("xlsx", "row 2", "row 6")
    assert (first.description.name, first.description.reference_id) == ("101", "17")
    assert (first.description.start, first.description.end) == (1796112000, 1798066800)
    assert last.description.name == "1.5"
    assert problems(manifest) == [
        "b.xlsx, row 4, column 'name', field 'name': holds a formula; "
        "paste its value, as a text that does not begin with =",
        "b.xlsx, row 5, column 'start', field 'start': '1.12.2026' is not a date and time; "
        "write it like 2026-12-01 09:00",
    ]


def test_kaltura_columns_in_xlsx() -> None:
    manifest = read_manifest("b.xlsx", xlsx(["*title", "url"], ["A", "s3://b/a.mp4"]))
    assert (manifest.form, manifest.rows[0].media) == ("kaltura-csv", "s3://b/a.mp4")


def rewritten(data: bytes, **parts: bytes) -> bytes:
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            key = name.rpartition("/")[2].partition(".")[0]
            new.writestr(name, parts.get(key, old.read(name)))
    return result.getvalue()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "b.xlsx: is not an XLSX file (BadZipFile); save it again as XLSX"),
        (b"media,name\n", "is not an XLSX file"),
        (xlsx(["media"])[:-40], "is not an XLSX file"),
        (rewritten(xlsx(["media"]), sheet1=b" " * 40_000_000), "unpacks to"),
        (rewritten(xlsx(["media"]), sheet1=b"<!DOCTYPE x [<!ENTITY y 'z'>]><a>&y;</a>"), "declares a document type"),
        (
            rewritten(xlsx(["media"]), sheet1="<!DOCTYPE x [<!ENTITY y 'z'>]><a>&y;</a>".encode("utf-16")),
            "declares a document type",
        ),
        (rewritten(xlsx(["media"]), workbook=b"<a>"), "cannot be read as XLSX"),
        (xlsx(["media", *[None] * 400, "x"]), "row 1: has 402 columns"),
    ],
)
def test_xlsx_that_cannot_be_read(data: bytes, message: str) -> None:
    with pytest.raises(ManifestError) as caught:
        read_manifest("b.xlsx", data)
    assert message in str(caught.value)
