"""Discovery and plan: every object is a title, a sidecar, or reported with its reason."""

from __future__ import annotations

from typing import Any

import pytest
from tests.pipeline.media import clip, found, read_lines

from kaltura_pipeline.catalogue import CAPTION, METADATA
from kaltura_pipeline.discovery import BucketError
from kaltura_pipeline.errors import ConfigurationError
from kaltura_pipeline.options import RunOptions
from kaltura_pipeline.planning import plan_ingest
from kaltura_pipeline.settings import PipelineSettings
from kaltura_provider.hooks.s3_documents import S3Documents
from kaltura_provider.transfers.ledger import FAILED, READY, UPLOADED, Ledger
from kaltura_provider.transfers.upload import reference_id_of

STATE = "_kaltura/"
CAPTIONS = b"WEBVTT\n\n00:00.000 --> 00:00.900\nHello\n"


@pytest.fixture
def put(s3: Any, bucket: str) -> Any:
    def put_objects(**objects: bytes) -> None:
        for key, data in objects.items():
            s3.put_object(Bucket=bucket, Key=key, Body=data)

    return put_objects


@pytest.fixture
def ledger(s3: Any, bucket: str) -> Ledger:
    return Ledger(S3Documents(s3, bucket, STATE))


def no_kaltura() -> Any:
    raise AssertionError("nothing in these titles has to be asked for")


def planned(s3: Any, bucket: str, ledger: Ledger, **options: Any) -> dict[str, Any]:
    _, plan = plan_ingest(PipelineSettings(), RunOptions(bucket=bucket, **options), run_id="run", kaltura=no_kaltura)
    return {**plan, "items": read_lines(s3, plan["titles"])}


def finish(ledger: Ledger, plan: dict[str, Any], state: str, **changes: Any) -> None:
    """Note in the ledger what an ingest of the plan's first title would."""
    item = plan["items"][0]
    record = ledger.claim(plan["bucket"], item["key"], "test")
    noted = {
        name: item[name] for name in ("etag", "metadata_digest", "inputs_digest", "named", "reference_id", "defaults")
    }
    record.release(state, entry_id="0_x", **noted, **changes)


def test_sidecars_go_with_their_media_file(s3: Any, bucket: str, put: Any) -> None:
    put(
        **{
            "a/talk.mp4": b"1",
            "a/talk.yaml": b"name: T",
            "a/talk.en.vtt": b"WEBVTT",
            "a/talk.pt-BR.SRT": b"1",
            "b/talk.mp3": b"2",
            "b/talk.json": b"{}",
            "_kaltura/ledger/x.json": b"{}",
            "a/": b"",
        }
    )
    result = found(s3, bucket)
    assert result.not_taken == []
    titles = {title.media.key: title for title in result.titles}
    assert set(titles) == {"a/talk.mp4", "b/talk.mp3"}
    talk = titles["a/talk.mp4"]
    assert talk.kind == "video"
    assert [sidecar.source.key for sidecar in talk.of(METADATA)] == ["a/talk.yaml"]
    assert {caption.detail for caption in talk.of(CAPTION)} == {"English", "Portuguese (Brazil)"}
    assert titles["b/talk.mp3"].of(METADATA)


def test_every_object_not_taken_has_its_reason(s3: Any, bucket: str, put: Any) -> None:
    put(
        **{
            "talk.mp4": b"1",
            "talk.yaml": b"",
            "talk.json": b"",
            "talk.vtt": b"",
            "talk.xx-unknown.vtt": b"",
            "orphan.yaml": b"",
            "two.mp4": b"1",
            "two.pdf": b"1",
            "two.yaml": b"",
            "picture.png": b"1",
            "picture.en.srt": b"",
            "program.exe": b"",
        }
    )
    reasons = {item.key: item.reason for item in found(s3, bucket).not_taken}
    assert "already describes talk.mp4" in reasons["talk.yaml"] + reasons.get("talk.json", "")
    assert "talk.en.vtt" in reasons["talk.vtt"]
    assert "'xx-unknown' is not known" in reasons["talk.xx-unknown.vtt"]
    assert "no media file of this name" in reasons["orphan.yaml"]
    assert "two.mp4, two.pdf" in reasons["two.yaml"]
    assert "of kind image" in reasons["picture.en.srt"]
    assert "program.exe" in reasons
    assert len(reasons) == 7


def test_the_whole_name_tells_two_files_of_one_stem_apart(s3: Any, bucket: str, put: Any) -> None:
    put(
        **{
            "two.mp4": b"1",
            "two.pdf": b"1",
            "two.mp4.yaml": b"name: Film",
            "two.pdf.yaml": b"name: Paper",
            "two.mp4.en.vtt": b"",
        }
    )
    result = found(s3, bucket)
    assert result.not_taken == []
    assert {title.media.key: each.source.key for title in result.titles for each in title.of(METADATA)} == {
        "two.mp4": "two.mp4.yaml",
        "two.pdf": "two.pdf.yaml",
    }


def test_listings_of_more_than_a_page(s3: Any, bucket: str, put: Any) -> None:
    put(**{f"{number:04d}.mp4": b"1" for number in range(1005)})
    assert len(found(s3, bucket).titles) == 1005


def test_a_missing_bucket_names_the_setting(s3: Any) -> None:
    with pytest.raises(
        BucketError, match=r"'no-such-bucket' does not exist; check the name .* KALTURA_PIPELINE_BUCKET"
    ):
        found(s3, "no-such-bucket")


def test_a_new_file_is_added_with_its_fields(s3: Any, bucket: str, put: Any, ledger: Ledger) -> None:
    put(**{"talk.mp4": clip(), "talk.yaml": b"description: D"})
    plan = planned(s3, bucket, ledger, defaults={"tags": ["x"], "description": "default"})
    item = plan["items"][0]
    assert (item["action"], item["reason"]) == ("add", "new")
    assert item["wanted"]["fields"] == {"name": "talk", "tags": "x", "description": "D"}
    assert item["reference_id"] == reference_id_of(f"s3://{bucket}/talk.mp4")
    totals = plan["totals"]
    assert {name: totals[name] for name in ("add", "update", "replace", "skip", "refuse", "not_taken", "bytes")} == {
        "add": 1, "update": 0, "replace": 0, "skip": 0, "refuse": 0, "not_taken": 0, "bytes": len(clip())
    }  # fmt: skip


def test_a_wrong_sidecar_refuses_only_its_own_title(s3: Any, bucket: str, put: Any, ledger: Ledger) -> None:
    put(**{"bad.mp4": clip(1), "bad.yaml": b"titel: x", "good.mp4": clip(2)})
    actions = {item["key"]: (item["action"], item["reason"]) for item in planned(s3, bucket, ledger)["items"]}
    assert actions["good.mp4"][0] == "add"
    assert actions["bad.mp4"][0] == "refuse"
    assert "bad.yaml, line 1, field 'titel': unknown field" in actions["bad.mp4"][1]


def test_a_huge_sidecar_refuses_its_title(s3: Any, bucket: str, put: Any, ledger: Ledger) -> None:
    put(**{"a.mp4": clip(1), "a.yaml": b"#" * (3 * 1024 * 1024)})
    (item,) = planned(s3, bucket, ledger)["items"]
    assert item["action"] == "refuse"
    assert "a.yaml: is larger than 1024 KB" in item["reason"]


def test_an_empty_file_and_a_shared_reference_id_are_refused(s3: Any, bucket: str, put: Any, ledger: Ledger) -> None:
    put(
        **{
            "empty.mp4": b"",
            "a.mp4": clip(1),
            "a.yaml": b"reference_id: same",
            "b.mp4": clip(2),
            "b.yaml": b"reference_id: same",
        }
    )
    reasons = {
        item["key"]: item["reason"] for item in planned(s3, bucket, ledger)["items"] if item["action"] == "refuse"
    }
    assert set(reasons) == {"empty.mp4", "a.mp4", "b.mp4"}
    assert "a.mp4, b.mp4" in reasons["a.mp4"]


def test_what_is_ready_and_unchanged_is_skipped(s3: Any, bucket: str, put: Any, ledger: Ledger) -> None:
    put(**{"talk.mp4": clip(1)})
    finish(ledger, planned(s3, bucket, ledger), READY)
    item = planned(s3, bucket, ledger)["items"][0]
    assert (item["action"], item["reason"]) == ("skip", "unchanged since it became 0_x")


def test_a_changed_sidecar_alone_updates(s3: Any, bucket: str, put: Any, ledger: Ledger) -> None:
    put(**{"talk.mp4": clip(1)})
    finish(ledger, planned(s3, bucket, ledger), READY)
    put(**{"talk.yaml": b"name: New"})
    assert planned(s3, bucket, ledger)["items"][0]["action"] == "update"
    assert planned(s3, bucket, ledger, known_files="skip")["items"][0]["action"] == "skip"
    put(**{"talk.yaml": b"", "talk.en.vtt": CAPTIONS})
    assert planned(s3, bucket, ledger)["items"][0]["action"] == "update"


def test_changed_content_is_replaced_or_refused_with_the_way_out(
    s3: Any, bucket: str, put: Any, ledger: Ledger
) -> None:
    put(**{"talk.mp4": clip(1)})
    finish(ledger, planned(s3, bucket, ledger), READY)
    put(**{"talk.mp4": clip(2)})
    item = planned(s3, bucket, ledger)["items"][0]
    assert (item["action"], item["reason"]) == ("replace", "the content changed since it became 0_x")
    item = planned(s3, bucket, ledger, changed_files="refuse")["items"][0]
    assert item["action"] == "refuse"
    assert "put the new version under a new key" in item["reason"]


def test_what_failed_is_left_alone_until_told_or_changed(s3: Any, bucket: str, put: Any, ledger: Ledger) -> None:
    put(**{"talk.mp4": clip(1)})
    finish(ledger, planned(s3, bucket, ledger), FAILED, error="it broke")
    item = planned(s3, bucket, ledger)["items"][0]
    assert item["action"] == "skip"
    assert "it broke" in item["reason"]
    assert planned(s3, bucket, ledger, known_files="retry")["items"][0]["action"] == "add"
    put(**{"talk.yaml": b"name: other"})
    assert planned(s3, bucket, ledger)["items"][0]["action"] == "add"


@pytest.mark.parametrize("state", [UPLOADED, "claimed"])
def test_what_was_not_finished_is_taken_up(s3: Any, bucket: str, put: Any, ledger: Ledger, state: str) -> None:
    put(**{"talk.mp4": clip(1)})
    finish(ledger, planned(s3, bucket, ledger), state)
    assert planned(s3, bucket, ledger)["items"][0]["action"] == "add"


def test_wrong_settings_name_the_field(s3: Any, bucket: str, ledger: Ledger) -> None:
    with pytest.raises(ConfigurationError, match="default metadata, field 'tagz': unknown field"):
        planned(s3, bucket, ledger, defaults={"tagz": "x"})
    with pytest.raises(ConfigurationError, match=r"'never'.*update, skip, retry"):
        planned(s3, bucket, ledger, known_files="never")


def test_two_captions_of_one_language_are_not_both_taken(s3: Any, bucket: str, put: Any) -> None:
    put(**{"a.mp4": b"1", "a.es-419.vtt": b"", "a.es-mx.vtt": b"", "a.es-mx.srt": b""})
    result = found(s3, bucket)
    assert [caption.source.key for caption in result.titles[0].of(CAPTION)] == ["a.es-419.vtt", "a.es-mx.srt"]
    assert "a.es-419.vtt is the same language" in result.not_taken[0].reason


def test_a_bucket_written_as_an_address_is_named(s3: Any) -> None:
    with pytest.raises(BucketError, match="'s3://media/x' is no name of an S3 bucket"):
        found(s3, "s3://media/x")


@pytest.mark.parametrize(
    "key", ["..vtt", "a/..yaml", ".en.vtt", ".yaml", ".mp4", "a/.", "..", " ", "a//b.mp4", "x. mp4"]
)
def test_no_key_stops_the_listing(s3: Any, bucket: str, put: Any, key: str) -> None:
    put(**{key: b"1", "good.mp4": b"1"})
    assert "good.mp4" in {title.media.key for title in found(s3, bucket).titles}


def test_changed_content_names_the_ledger_record(s3: Any, bucket: str, put: Any, ledger: Ledger) -> None:
    put(**{"talk.mp4": clip(1)})
    finish(ledger, planned(s3, bucket, ledger), READY)
    put(**{"talk.mp4": clip(2)})
    reason = planned(s3, bucket, ledger, changed_files="refuse")["items"][0]["reason"]
    key = reason.rsplit(f"s3://{bucket}/", 1)[1]
    assert s3.head_object(Bucket=bucket, Key=key)
