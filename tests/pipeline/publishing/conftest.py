"""A library on Kaltura and in S3, and the steps of the publish DAG over it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from tests.account import client, new_client, proxy
from tests.provider.entries import wait_for_status

from kaltura_pipeline.ingest import ingest_batch
from kaltura_pipeline.lines import read_lines
from kaltura_pipeline.options import RunOptions
from kaltura_pipeline.outcome import record_outcome
from kaltura_pipeline.planning import plan_ingest
from kaltura_pipeline.publishing import checking
from kaltura_pipeline.publishing.batch import publish_batch
from kaltura_pipeline.publishing.collecting import PublishOptions, collect_entries
from kaltura_pipeline.publishing.model import all_outcomes, site_workspace
from kaltura_pipeline.publishing.pages import write_pages
from kaltura_pipeline.publishing.record import record_publish
from kaltura_pipeline.run_outcomes import sent_entries
from kaltura_pipeline.settings import PipelineSettings
from kaltura_pipeline.workspace import Workspace
from kaltura_provider.api import Player

if TYPE_CHECKING:
    from kaltura_pipeline.publishing.model import EntryOutcome
    from kaltura_provider.api import KalturaClient
    from kaltura_sandbox.faults.proxy import FaultProxy

__all__ = ["client", "new_client", "proxy"]


@dataclass
class Run:
    """What a publish run returned."""

    outcomes: dict[str, EntryOutcome]
    published: Any
    summary: Any


@dataclass
class Library:
    """A bucket and an account."""

    s3: Any
    bucket: str
    kaltura: KalturaClient
    url: str
    settings: PipelineSettings = field(default_factory=PipelineSettings)
    runs: int = 0

    def put(self, key: str, data: bytes | str) -> None:
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=data)

    def ingest(self, bucket: str = "", *, wait: bool = True) -> str:
        """Ingest a bucket; return the address of the manifest."""
        bucket = bucket or self.bucket
        self.runs += 1
        run_id = f"i{self.runs}"
        uri, plan = plan_ingest(
            self.settings, RunOptions(bucket=bucket, check_media=False, duplicate_files="add"), run_id=run_id,
            kaltura=lambda: self.kaltura,
        )  # fmt: skip
        for batch in plan["batches"]:
            ingest_batch(self.settings, batch, bucket=bucket, run_id=run_id, owner="w", kaltura=self.kaltura)
        for ids in sent_entries(self.settings, bucket=bucket, run_id=run_id, plan_uri=uri):
            for entry_id in ids if wait else ():
                wait_for_status(self.kaltura, entry_id, 2)
        return record_outcome(self.settings, bucket=bucket, run_id=run_id, plan_uri=uri, kaltura=self.kaltura)[
            "manifest"
        ]

    def plan(self, **options: Any) -> list[dict[str, Any]]:
        """Plan an ingest of the bucket; return its titles."""
        self.runs += 1
        _, plan = plan_ingest(
            self.settings, RunOptions(bucket=self.bucket, duplicate_files="add", **options), run_id=f"i{self.runs}",
            kaltura=lambda: self.kaltura,
        )  # fmt: skip
        return list(read_lines(Workspace.open(self.settings, self.bucket), plan["titles"]))

    def add_entry(self, name: str, **fields: Any) -> str:
        """Make an entry without content, by hand."""
        entry = {"objectType": "KalturaMediaEntry", "mediaType": 1, "name": name, **fields}
        return str(self.kaltura.call("media", "add", {"entry": entry})["id"])

    def publish(self, *, approve: bool = False, check: bool = True, **options: Any) -> Run:
        """Run all steps of the DAG."""
        self.runs += 1
        run_id = f"p{self.runs}"
        settings, kaltura = self.settings, self.kaltura
        given = PublishOptions(**{"bucket": self.bucket, **options})
        found = collect_entries(settings, given, run_id=run_id, kaltura=lambda: kaltura)
        outcomes: dict[str, EntryOutcome] = {}
        for batch in found["batches"]:
            publish_batch(settings, batch, run_id=run_id, owner="w", kaltura=kaltura, approve=approve)
            checking.check_batch(settings, batch, run_id=run_id, kaltura=kaltura, cdn_url=self.url, check=check)
        for site in found["sites"]:
            workspace = site_workspace(settings, site["bucket"])
            outcomes |= {each["entry_id"]: each for each in all_outcomes(workspace, run_id, checking.STEP, site)}
        player = Player(self.url, 102, 1)
        published = write_pages(settings, found["sites"], run_id=run_id, player=player)
        return Run(outcomes, published, record_publish(settings, found["sites"], run_id=run_id))

    def pages(self, bucket: str = "") -> dict[str, str]:
        """Return the pages there are, by name."""
        bucket = bucket or self.bucket
        listed = self.s3.list_objects_v2(Bucket=bucket, Prefix="_kaltura/pages/").get("Contents", [])
        return {
            item["Key"].rsplit("/", 1)[1]: self.s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read().decode()
            for item in listed
        }

    def entry_of(self, key: str) -> str:
        record = Workspace.open(self.settings, self.bucket).ledger.read(self.bucket, key)
        assert record is not None
        return str(record["entry_id"])


@pytest.fixture
def library(s3: Any, bucket: str, client: KalturaClient, proxy: FaultProxy) -> Library:
    return Library(s3, bucket, client, proxy.url)
