"""Kaltura's own bulk upload CSV, in its three forms."""

from __future__ import annotations

import pytest

from kaltura_pipeline.manifests import Manifest, ManifestError, read_manifest
from kaltura_pipeline.manifests.kaltura_names import COLUMNS, COLUMNS_V2

HEADER = "*" + ",".join(COLUMNS)


def read(text: str) -> Manifest:
    return read_manifest("bulk.csv", text.encode())


def row(**cells: str) -> str:
    return ",".join(f'"{cells.get(name, "")}"' for name in COLUMNS)


def test_all_columns() -> None:
    manifest = read(
        f"# remark\n{HEADER},metadata::P::A,metadata::P::B\n"
        + row(
            title="Light",
            description="First",
            tags="physics,optics",
            url="s3://lectures/01.mp4",
            contentType="video",
            conversionProfileId="77",
            accessControlProfileId="Staff",
            category="Physics>Optics,Term",
            scheduleStartDate="2026-12-01T08:00:00",
            scheduleEndDate="2027-03-31T16:00:00",
            thumbnailUrl="https://lectures.s3.amazonaws.com/01.jpg",
            entryId="1_ab12cd34",
            action="6",
            ownerId="ada",
            entitledUsersEdit="a,b",
            entitledUsersPublish="c",
            entitledUsersView="d",
            referenceId="optics-01",
            templateEntryId="1_template",
        )
        + ',1,"2|,|3"\n'
    )
    assert manifest.problems == ()
    (found,) = manifest.rows
    assert (manifest.form, found.media, found.action, found.entry_id, found.place) == (
        "kaltura-csv",
        "s3://lectures/01.mp4",
        "add_or_update",
        "1_ab12cd34",
        "row 3",
    )
    assert found.description.to_json() == {
        "name": "Light",
        "description": "First",
        "tags": ("physics", "optics"),
        "owner": "ada",
        "reference_id": "optics-01",
        "categories": ("Physics>Optics", "Term"),
        "access_control": "Staff",
        "conversion_profile": "77",
        "template_entry": "1_template",
        "start": 1796112000,
        "end": 1806508800,
        "metadata": {"P": {"A": "1", "B": ["2", "3"]}},
        "thumbnail": "s3://lectures/01.jpg",
        "co_editors": ("a", "b"),
        "co_publishers": ("c",),
        "viewers": ("d",),
    }


@pytest.mark.parametrize("name", list(COLUMNS))
def test_every_column_is_honoured_or_named_as_unsupported(name: str) -> None:
    texts = {
        "action": "2",
        "url": "s3://b/a.mp4",
        "thumbnailUrl": "s3://b/a.jpg",
        "scheduleStartDate": "2026-12-01T08:00:00",
        "scheduleEndDate": "2026-12-01T08:00:00",
    }
    manifest = read(f"{HEADER}\n{row(**{'url': 's3://b/a.mp4', name: texts.get(name, 'SECRETVALUE')})}\n")
    if COLUMNS[name].fix:
        (problem,) = manifest.problems
        assert str(problem) == f"bulk.csv, row 2, column {name!r}: is not supported; {COLUMNS[name].fix}"
        assert "SECRETVALUE" not in str(problem)
    else:
        assert manifest.problems == ()
        field = COLUMNS[name].field
        (found,) = manifest.rows
        said = {"media": found.media, "action": found.action, "entry_id": found.entry_id, **found.description.to_json()}
        assert COLUMNS[name].unused or said[field]


def test_forms_without_a_header() -> None:
    v1 = read("A,about,x,s3://b/a.mp4,video\n# remark\nB,about,x,s3://b/b.mp4,\n")
    assert [(each.media, each.description.name) for each in v1.rows] == [("s3://b/a.mp4", "A"), ("s3://b/b.mp4", "B")]
    v2 = read("A,about,x,s3://b/a.mp4,video,5,6,Physics>Optics,2026-12-01T08:00:00,,,\n")
    assert v2.rows[0].description.categories == ("Physics>Optics",)
    assert len(COLUMNS_V2) == 12
    mixed = read("A,about,x,s3://b/a.mp4,video\nB,about,x,y,s3://b/b.mp4,video\n")
    (problem,) = mixed.problems
    assert str(problem).startswith(
        "bulk.csv, row 2: has 6 values; files without a header have 5 or 12; put values with"
    )
    assert len(mixed.rows) == 1


def test_the_star_may_be_forgotten_and_the_delimiter_be_another() -> None:
    (found,) = read("title;url;referenceId\nA;s3://b/a.mp4;r1\n").rows
    assert (found.description.reference_id, found.media) == ("r1", "s3://b/a.mp4")


def test_updates_need_no_file() -> None:
    manifest = read("*title,entryId,action\nA,1_abc,2\nB,,2\nC,1_abd,3\nD,1_abe,nonsense\n")
    assert [(each.media, each.entry_id, each.action) for each in manifest.rows] == [("", "1_abc", "update")]
    texts = [str(problem) for problem in manifest.problems]
    assert "row 3, field 'media': the row names no media file" in texts[0]
    assert "entries are not deleted by a manifest; delete it in the KMC" in texts[1]
    assert any("'nonsense' is no action; write 1 or add" in text for text in texts)


def test_addresses_elsewhere_are_named_without_their_secrets() -> None:
    manifest = read("*title,url\nA,https://u:hunter2@example.com/a.mp4?key=hunter2\nB,sftp://u:hunter2@host/b.mp4\n")
    first, second = map(str, manifest.problems)
    assert "row 2, column 'url', field 'media': files are not fetched from 'https://example.com'; " in first
    assert "files are not fetched from sftp:// addresses; copy the file to the bucket" in second
    assert "hunter2" not in first + second


def test_secrets_in_columns_that_moved_are_not_shown() -> None:
    secrets = ["-----BEGIN RSA PRIVATE KEY----- hunter2", "https://b.s3.amazonaws.com/k?X-Amz-Signature=hunter2"]
    for secret in secrets:
        manifest = read(
            f"{HEADER}\n{row(url='s3://b/a.mp4', scheduleStartDate=secret, ownerId=secret, action=secret)}\n"
        )
        texts = "\n".join(map(str, manifest.problems))
        assert len(manifest.problems) == 3
        assert "field 'start': a text that looks like a secret is not a date and time" in texts
        assert "hunter2" not in texts


def test_unknown_columns() -> None:
    (problem,) = read("*title,url,ownerID2\nA,s3://b/a.mp4,x\n").problems
    assert "the column 'ownerID2' is not known" in str(problem)
    (problem,) = read("*title,url,metadata::P\nA,s3://b/a.mp4,x\n").problems
    assert "the column 'metadata::P' is not known" in str(problem)
    assert "; write metadata::PROFILE::FIELD; to have it left out" in str(problem)
    with pytest.raises(ManifestError, match="row 1, field 'media': has no column 'url'"):
        read("*title,tags\nA,b\n")
