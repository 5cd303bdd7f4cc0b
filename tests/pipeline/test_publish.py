"""Pages of entries in S3: complete, repeatable, and true to what is on Kaltura."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests
from demo.media import document

from kaltura_pipeline.errors import ConfigurationError
from kaltura_pipeline.ingest import ingest_batch
from kaltura_pipeline.options import RunOptions
from kaltura_pipeline.outcome import record_outcome
from kaltura_pipeline.planning import plan_ingest
from kaltura_pipeline.publish import collect_entries, write_pages
from kaltura_pipeline.settings import PipelineSettings
from kaltura_provider.api import KalturaClient, Player
from kaltura_provider.hooks.s3_documents import DocumentConflictError

if TYPE_CHECKING:
    from kaltura_sandbox.server import SandboxServer

SETTINGS = PipelineSettings()


@pytest.fixture
def player(sandbox: SandboxServer) -> Player:
    return Player(sandbox.url, 102, 1)


def add_entry(kaltura: KalturaClient, name: str) -> str:
    entry = {"objectType": "KalturaMediaEntry", "mediaType": 1, "name": name}
    return str(kaltura.call("media", "add", {"entry": entry})["id"])


def publish(bucket: str, kaltura: KalturaClient, player: Player, *entry_ids: str) -> Any:
    collected = collect_entries(SETTINGS, manifests=[], entry_ids=entry_ids, bucket=bucket)
    return write_pages(SETTINGS, collected, kaltura=kaltura, player=player)


def pages(s3: Any, bucket: str) -> dict[str, str]:
    listed = s3.list_objects_v2(Bucket=bucket, Prefix="_kaltura/pages/")["Contents"]
    return {
        item["Key"].rsplit("/", 1)[1]: s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read().decode()
        for item in listed
    }


def ingest(settings: PipelineSettings, bucket: str, kaltura: KalturaClient) -> str:
    """Ingest a bucket; return the address of the manifest."""
    uri, plan = plan_ingest(settings, RunOptions(bucket=bucket), run_id="r", kaltura=lambda: kaltura)
    for batch in plan["batches"]:
        ingest_batch(settings, batch, bucket=bucket, run_id="r", owner="w", kaltura=kaltura)
    return record_outcome(settings, bucket=bucket, run_id="r", plan_uri=uri, kaltura=kaltura)["manifest"]


def test_publishing_twice_gives_the_same_pages(s3: Any, bucket: str, kaltura: KalturaClient, player: Player) -> None:
    entry_id = add_entry(kaltura, "Optics")
    first = publish(bucket, kaltura, player, entry_id, f" {entry_id} ")
    before = pages(s3, bucket)
    assert publish(bucket, kaltura, player, entry_id) == first
    assert pages(s3, bucket) == before
    assert set(before) == {"index.html", "index.json", f"{entry_id}.html"}
    assert f"/entry_id/{entry_id}" in before[f"{entry_id}.html"]
    assert first == {"indexes": [f"s3://{bucket}/_kaltura/pages/index.html"], "pages": 1}


def test_the_index_keeps_earlier_pages_and_loses_deleted_entries(
    s3: Any, bucket: str, kaltura: KalturaClient, player: Player
) -> None:
    first, second = add_entry(kaltura, "First"), add_entry(kaltura, "Second")
    publish(bucket, kaltura, player, first)
    publish(bucket, kaltura, player, second)
    index = pages(s3, bucket)["index.html"]
    assert f'href="{first}.html"' in index
    assert f'href="{second}.html"' in index
    kaltura.call("baseEntry", "delete", {"entryId": first})
    assert publish(bucket, kaltura, player, first)["pages"] == 0
    index = pages(s3, bucket)["index.html"]
    assert first not in index
    assert f'href="{second}.html"' in index


def test_hostile_titles_are_text(s3: Any, bucket: str, kaltura: KalturaClient, player: Player) -> None:
    entry_id = add_entry(kaltura, "</title><script>alert(1)</script>")
    publish(bucket, kaltura, player, entry_id)
    for name in ("index.html", f"{entry_id}.html"):
        assert "<script>alert" not in pages(s3, bucket)[name]
        assert "&lt;script&gt;alert(1)" in pages(s3, bucket)[name]


def test_a_document_is_offered_for_download(s3: Any, bucket: str, kaltura: KalturaClient, player: Player) -> None:
    data = document()
    s3.put_object(Bucket=bucket, Key="handout.pdf", Body=data)
    collected = collect_entries(SETTINGS, manifests=[ingest(SETTINGS, bucket, kaltura)], entry_ids=[], bucket="")
    (entry_id,) = collected["entry_ids"]
    write_pages(SETTINGS, collected, kaltura=kaltura, player=player)
    page = pages(s3, bucket)[f"{entry_id}.html"]
    assert "<iframe" not in page
    address = kaltura.call("baseEntry", "get", {"entryId": entry_id})["downloadUrl"]
    assert f'href="{address}"' in page
    assert requests.get(address, timeout=30).content == data


def test_pages_lie_with_the_manifest_they_come_from(
    s3: Any, bucket: str, kaltura: KalturaClient, player: Player
) -> None:
    other = f"{bucket}-2"
    s3.create_bucket(Bucket=other)
    manifests = []
    for name in (bucket, other):
        s3.put_object(Bucket=name, Key="handout.pdf", Body=document())
        manifests.append(ingest(SETTINGS, name, kaltura))
    collected = collect_entries(SETTINGS, manifests=manifests, entry_ids=[], bucket="")
    assert len(collected["entry_ids"]) == 2
    write_pages(SETTINGS, collected, kaltura=kaltura, player=player)
    for name in (bucket, other):
        (entry_id,) = collected["by_bucket"][name]
        assert set(pages(s3, name)) == {"index.html", "index.json", f"{entry_id}.html"}


def test_with_a_state_bucket_the_pages_lie_there(s3: Any, bucket: str, kaltura: KalturaClient) -> None:
    state = f"{bucket}-state"
    s3.create_bucket(Bucket=state)
    settings = PipelineSettings(state_bucket=state)
    s3.put_object(Bucket=bucket, Key="handout.pdf", Body=document())
    collected = collect_entries(settings, manifests=[ingest(settings, bucket, kaltura)], entry_ids=[], bucket="")
    assert list(collected["by_bucket"]) == [state]
    assert list(collect_entries(settings, manifests=[], entry_ids=["0_a"], bucket="")["by_bucket"]) == [state]
    assert list(collect_entries(settings, manifests=[], entry_ids=["0_a"], bucket="b")["by_bucket"]) == ["b"]


def test_two_runs_at_once_lose_no_page(
    s3: Any, bucket: str, kaltura: KalturaClient, player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kaltura_pipeline.workspace import Workspace

    first, second = add_entry(kaltura, "First"), add_entry(kaltura, "Second")
    write_html = Workspace.write_html

    def overtaken(self: Workspace, name: str, html: str) -> str:
        monkeypatch.setattr(Workspace, "write_html", write_html)
        publish(bucket, kaltura, player, second)
        return write_html(self, name, html)

    monkeypatch.setattr(Workspace, "write_html", overtaken)
    with pytest.raises(DocumentConflictError):
        publish(bucket, kaltura, player, first)
    publish(bucket, kaltura, player, first)  # Airflow tries again
    index = pages(s3, bucket)["index.html"]
    assert first in index
    assert second in index


def test_nothing_to_publish_names_the_ways_out() -> None:
    with pytest.raises(ConfigurationError, match="name entry ids in the trigger form, or run kaltura_ingest"):
        collect_entries(SETTINGS, manifests=[], entry_ids=[], bucket="b")
    with pytest.raises(ConfigurationError, match="S3 bucket for the pages"):
        collect_entries(SETTINGS, manifests=[], entry_ids=["0_a"], bucket="")
