"""Pages of entries in S3: complete, repeatable, and true to what is on Kaltura."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from demo.media import document
from tests.pipeline.publishing.conftest import Library

from kaltura_pipeline.errors import ConfigurationError
from kaltura_pipeline.publishing.collecting import PublishOptions, collect_entries
from kaltura_pipeline.settings import PipelineSettings
from kaltura_provider.hooks.s3_documents import DocumentConflictError


def test_publishing_twice_gives_the_same_pages(library: Library) -> None:
    entry_id = library.add_entry("Optics")
    first = library.publish(entry_ids=(entry_id, f" {entry_id} "), check=False).published
    before = library.pages()
    assert library.publish(entry_ids=(entry_id,), check=False).published == {**first, "written": 0}
    assert library.pages() == before
    assert set(before) == {"index.html", "index.json", f"{entry_id}.html"}
    assert f"/entry_id/{entry_id}" in before[f"{entry_id}.html"]
    assert first == {
        "indexes": [f"s3://{library.bucket}/_kaltura/pages/index.html"], "pages": 1, "written": 2,
        "entry_ids": [entry_id],
    }  # fmt: skip


def test_the_index_keeps_earlier_pages_and_loses_deleted_entries(library: Library) -> None:
    first, second = library.add_entry("First"), library.add_entry("Second")
    library.publish(entry_ids=(first,), check=False)
    library.publish(entry_ids=(second,), check=False)
    index = library.pages()["index.html"]
    assert f'href="{first}.html"' in index
    assert f'href="{second}.html"' in index
    library.kaltura.call("baseEntry", "delete", {"entryId": first})
    run = library.publish(entry_ids=(first,), check=False)
    assert run.published["pages"] == 0
    assert run.outcomes[first]["result"] == "gone"
    index = library.pages()["index.html"]
    assert first not in index
    assert f'href="{second}.html"' in index


def test_hostile_titles_are_text(library: Library) -> None:
    entry_id = library.add_entry("</title><script>alert(1)</script>")
    library.publish(entry_ids=(entry_id,), check=False)
    for name in ("index.html", f"{entry_id}.html"):
        assert "<script>alert" not in library.pages()[name]
        assert "&lt;script&gt;alert(1)" in library.pages()[name]


def test_a_document_is_offered_for_download(library: Library) -> None:
    data = document()
    library.put("handout.pdf", data)
    run = library.publish(manifests=(library.ingest(),))
    (entry_id,) = run.outcomes
    page = library.pages()[f"{entry_id}.html"]
    assert "<iframe" not in page
    address = library.kaltura.call("baseEntry", "get", {"entryId": entry_id})["downloadUrl"]
    assert f'href="{address}"' in page
    assert requests.get(address, timeout=30).content == data


def test_pages_lie_with_the_manifest_they_come_from(library: Library) -> None:
    other = f"{library.bucket}-2"
    library.s3.create_bucket(Bucket=other)
    library.put("handout.pdf", document())
    library.s3.put_object(Bucket=other, Key="handout.pdf", Body=document())
    manifests = (library.ingest(), library.ingest(other))
    run = library.publish(manifests=manifests, check=False)
    assert len(run.outcomes) == 2
    assert len(run.published["indexes"]) == 2
    for name in (library.bucket, other):
        assert len(library.pages(name)) == 3


def test_with_a_state_bucket_the_pages_lie_there(library: Library) -> None:
    state = f"{library.bucket}-state"
    library.s3.create_bucket(Bucket=state)
    library.settings = PipelineSettings(state_bucket=state)
    library.put("handout.pdf", document())
    run = library.publish(manifests=(library.ingest(),), check=False)
    assert run.published["indexes"] == [f"s3://{state}/_kaltura/pages/index.html"]
    again = library.publish(entry_ids=tuple(run.outcomes), check=False).published
    assert again == {**run.published, "written": 0}


def test_two_runs_at_once_lose_no_page(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    from kaltura_provider.hooks.s3_site import S3Site

    first, second = library.add_entry("First"), library.add_entry("Second")
    write = S3Site.write

    def overtaken(self: S3Site, files: Any) -> Any:
        monkeypatch.setattr(S3Site, "write", write)
        library.publish(entry_ids=(second,), check=False)
        return write(self, files)

    monkeypatch.setattr(S3Site, "write", overtaken)
    with pytest.raises(DocumentConflictError):
        library.publish(entry_ids=(first,), check=False)
    library.publish(entry_ids=(first,), check=False)  # Airflow tries again
    index = library.pages()["index.html"]
    assert first in index
    assert second in index


def test_nothing_to_publish_names_the_ways_out() -> None:
    def collect(**options: object) -> None:
        given = PublishOptions(**options)  # type: ignore[arg-type]
        collect_entries(PipelineSettings(), given, run_id="r", kaltura=lambda: None)  # type: ignore[arg-type, return-value]

    with pytest.raises(ConfigurationError, match="a category or a search in the trigger form, or run kaltura_ingest"):
        collect(bucket="b")
    with pytest.raises(ConfigurationError, match="S3 bucket for the pages"):
        collect(entry_ids=("0_a",))


def test_pages_with_a_public_address_say_so(library: Library) -> None:
    library.settings = PipelineSettings(state_url="https://media.example.edu/")
    entry_id = library.add_entry("Optics")
    library.publish(entry_ids=(entry_id,), check=False)
    pages = library.pages()
    address = f"https://media.example.edu/_kaltura/pages/{entry_id}.html"
    assert f'property="og:url" content="{address}"' in pages[f"{entry_id}.html"]
    assert f"{entry_id}.oembed.json" in pages
