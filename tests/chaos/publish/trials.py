"""Publishing in a process that is killed at random moments, over a library that can be put back as it was."""

from __future__ import annotations

import io
import json
import multiprocessing
import os
import shutil
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from tests.sandbox_state import State, meaning_of, state_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kaltura_sandbox.server import SandboxServer

TITLES = 6
SECRET = "admin-secret-for-tests"
PARTNER = 102
# So that pages are the same whatever port a sandbox has.
_CDN = "https://cdn.example.com"
_KILLS_A_TRIAL = 5
_PRELOAD = [
    "airflow.providers.amazon.aws.hooks.s3", "kaltura_pipeline.publishing.batch", "kaltura_pipeline.publishing.pages",
    "kaltura_pipeline.planning", "kaltura_pipeline.manifests", "kaltura_pipeline.quality.captions",
    "kaltura_provider.api.client", "kaltura_provider.api.players", "kaltura_provider.hooks.s3_site",
    "kaltura_provider.api.metadata_document", "lxml.etree", "boto3", "requests", "filetype",
]  # fmt: skip
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(_PRELOAD)
_XSD = """<xsd:schema xmlns:xsd="http://www.w3.org/2001/XMLSchema"><xsd:element name="metadata"><xsd:complexType>
<xsd:sequence><xsd:element id="md_1" name="Course" minOccurs="0" maxOccurs="1" type="textType"/></xsd:sequence>
</xsd:complexType></xsd:element><xsd:simpleType name="textType"><xsd:restriction base="xsd:string"/></xsd:simpleType>
</xsd:schema>"""
PHASES = ("start", "player", "collect", "publish", "pages", "done")


def aws_connection(s3: str) -> str:
    """Return Airflow's connection to a local S3.

    :param s3: its address.
    """
    extra = {"endpoint_url": s3, "region_name": "us-east-1"}
    return json.dumps({"conn_type": "aws", "login": "test", "password": "test", "extra": extra})


def publish(kaltura: str, s3: str, bucket: str, entries: tuple[str, ...], phase: Any) -> None:
    """Run the steps of the publish DAG once, as a task that is tried again does.

    :param kaltura: address of the sandbox.
    :param s3: address of S3.
    :param bucket: the bucket.
    :param entries: what to publish.
    :param phase: shared number, for the position in :data:`PHASES`.
    """
    os.environ["AIRFLOW_CONN_AWS_DEFAULT"] = aws_connection(s3)
    # Airflow tells much; what breaks is told on the other channel.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    from kaltura_pipeline.publishing import checking
    from kaltura_pipeline.publishing.batch import publish_batch
    from kaltura_pipeline.publishing.collecting import PublishOptions, collect_entries
    from kaltura_pipeline.publishing.pages import write_pages
    from kaltura_pipeline.settings import PipelineSettings
    from kaltura_provider.api import Player, ensure_player

    settings = PipelineSettings()
    with _client(kaltura) as client:
        phase.value = 1
        made = ensure_player(client, "Pages", {"playback": {"preload": "none"}})
        phase.value = 2
        options = PublishOptions(entry_ids=entries, bucket=bucket, update=True, create_categories=True)
        found = collect_entries(settings, options, run_id="p", kaltura=lambda: client)
        phase.value = 3
        for batch in found["batches"]:
            publish_batch(settings, batch, run_id="p", owner="w", kaltura=client)
            checking.check_batch(settings, batch, run_id="p", kaltura=client, cdn_url=kaltura, check=False)
        phase.value = 4
        write_pages(settings, found["sites"], run_id="p", player=Player(_CDN, PARTNER, made.ui_conf_id))
    phase.value = 5


@dataclass
class Ground:
    """A library on Kaltura and in S3 before anything of it is published.

    :param s3_url: address of S3.
    :param bucket: a bucket of its own.
    :param folder: for the sandboxes' data.
    """

    s3_url: str
    bucket: str
    folder: Path
    entries: tuple[str, ...] = ()
    objects: dict[str, bytes] = field(default_factory=dict)
    seconds: float = 0.0

    def __post_init__(self) -> None:
        import boto3

        self.s3: Any = boto3.client(
            "s3", endpoint_url=self.s3_url, region_name="us-east-1", aws_access_key_id="test",
            aws_secret_access_key="test",
        )  # fmt: skip
        self.s3.create_bucket(Bucket=self.bucket)
        self._number = 0

    def prepare(self) -> None:
        """Make the library."""
        from demo.media import audio

        for number in range(TITLES):
            self._put(f"talk{number}.mp3", audio(1) + b"%d" % number)
        with self.sandbox(self.folder / "bare") as server, _client(server.url) as client:
            self._ingest(client)
            profile = {"name": "Talks", "systemName": "Talks", "metadataObjectType": 1}
            client.call("metadata_metadataProfile", "add", {"metadataProfile": profile, "xsdData": _XSD})
        for number in range(TITLES):
            self._put(f"talk{number}.yaml", _description(number))
            self._put(f"talk{number}.en.vtt", b"WEBVTT\n\n00:00.000 --> 00:01.000\nHello %d\n" % number)
            self._put(f"talk{number}.de.srt", b"1\n00:00:00,000 --> 00:00:01,000\nHallo %d\n" % number)
            self._put(f"talk{number}.jpg", _picture(number))
        self.objects = self._all("")

    @contextmanager
    def restored(self) -> Iterator[SandboxServer]:
        """Put everything back as it was before, and start a sandbox with it."""
        for key in self._all(""):
            if key not in self.objects:
                self.s3.delete_object(Bucket=self.bucket, Key=key)
        for key, body in self.objects.items():
            self._put(key, body)
        self._number += 1
        data = self.folder / f"trial-{self._number}"
        shutil.copytree(self.folder / "bare", data)
        try:
            with self.sandbox(data) as server:
                yield server
        finally:
            shutil.rmtree(data, ignore_errors=True)

    def run(self, server: SandboxServer, kill_after: float | None = None) -> str:
        """Publish in a process, which is killed after some seconds; return the phase that it reached."""
        phase = _CONTEXT.Value("i", 0)
        process = _CONTEXT.Process(target=publish, args=(server.url, self.s3_url, self.bucket, self.entries, phase))
        process.start()
        process.join(kill_after)
        if kill_after is not None:
            process.kill()
            process.join()
        elif process.exitcode:
            raise RuntimeError(f"the process ended with {process.exitcode}; what it said is above")
        return PHASES[phase.value]

    def outcome(self, server: SandboxServer) -> tuple[State, dict[str, bytes], dict[str, Any]]:
        """Return what Kaltura has, the pages, and what the ledger says of each title."""
        pages = self._all("_kaltura/pages/")
        ledger: dict[str, Any] = {}
        for body in self._all("_kaltura/ledger/").values():
            record = json.loads(body)
            kept = ("state", "etag", "entry_id", "metadata_digest", "inputs_digest", "named", "parts", "error")
            ledger[record["key"]] = {name: record.get(name) for name in kept}
        return meaning_of(state_of(server.settings.data)), pages, ledger

    @contextmanager
    def sandbox(self, data: Path) -> Iterator[SandboxServer]:
        """Start a sandbox that converts at once."""
        from kaltura_sandbox.server import SandboxServer
        from kaltura_sandbox.settings import Partner, Settings

        partner = Partner(PARTNER, SECRET, "user-secret-for-tests")
        with SandboxServer(Settings(data=data, partners=(partner,), conversion_seconds=0.05)) as server:
            yield server

    def _ingest(self, client: Any) -> None:
        from kaltura_pipeline.ingest import ingest_batch
        from kaltura_pipeline.options import RunOptions
        from kaltura_pipeline.outcome import record_outcome
        from kaltura_pipeline.planning import plan_ingest
        from kaltura_pipeline.run_outcomes import sent_entries
        from kaltura_pipeline.settings import PipelineSettings
        from tests.provider.entries import wait_for_status

        settings, options = PipelineSettings(), RunOptions(bucket=self.bucket, duplicate_files="add", check_media=False)
        uri, plan = plan_ingest(settings, options, run_id="i", kaltura=lambda: client)
        for batch in plan["batches"]:
            ingest_batch(settings, batch, bucket=self.bucket, run_id="i", owner="w", kaltura=client)
        for ids in sent_entries(settings, bucket=self.bucket, run_id="i", plan_uri=uri):
            for entry_id in ids:
                wait_for_status(client, entry_id, 2)
            self.entries += tuple(ids)
        record_outcome(settings, bucket=self.bucket, run_id="i", plan_uri=uri, kaltura=client)

    def _put(self, key: str, body: bytes) -> None:
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=body)

    def _all(self, prefix: str) -> dict[str, bytes]:
        listed = self.s3.list_objects_v2(Bucket=self.bucket, Prefix=prefix).get("Contents", [])
        keys = [item["Key"] for item in listed]
        return {key: self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read() for key in keys}


class Trials:
    """Trials over one ground, each held against a run that nobody disturbed.

    :param ground: the library.
    """

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        with ground.restored() as server:
            # The first process also starts the server that the others are forked from.
            ground.run(server)
            self.expected = ground.outcome(server)
        with ground.restored() as server:
            started = time.monotonic()
            ground.run(server)
            self.seconds = time.monotonic() - started
        #: Kills by the phase that they met.
        self.met: Counter[str] = Counter()

    def trial(self, seed: int) -> list[str]:
        """Kill some processes, let one come to its end, and return what is not as it shall be.

        One that has come to its end before its moment ends the killing: those after it find nothing left to do.
        """
        chance = Random(seed)
        moments = []
        with self._ground.restored() as server:
            for _ in range(_KILLS_A_TRIAL):
                moment = chance.uniform(0, self.seconds)
                phase = self._ground.run(server, kill_after=moment)
                if phase == PHASES[-1]:
                    break
                self.met[phase] += 1
                moments.append(f"{moment:.3f} s ({phase})")
            self._ground.run(server)
            found = self._ground.outcome(server)
        names = ("Kaltura", "the pages", "the ledger")
        wrong = [name for name, one, other in zip(names, found, self.expected, strict=True) if one != other]
        when = f"seed {seed}, killed after {', '.join(moments)}"
        return [f"{when}: {name} differ from an undisturbed run's" for name in wrong]


def _client(url: str) -> Any:
    from kaltura_provider.api import AdminSecretCredentials, ClientConfig, KalturaClient

    return KalturaClient(
        ClientConfig(url, PARTNER, max_attempts=2, backoff_initial=0.05), AdminSecretCredentials(SECRET)
    )


def _description(number: int) -> bytes:
    return (
        f"name: Talk {number}\ndescription: About {number}\ntags: [optics]\n"
        f"categories: [Killed>Talks, 'Killed>Group {number % 2}']\nmetadata: {{Talks: {{Course: PHY-{number}}}}}\n"
    ).encode()


def _picture(number: int) -> bytes:
    from PIL import Image

    file = io.BytesIO()
    Image.new("RGB", (64, 36), (number * 40, 20, 20)).save(file, "JPEG")
    return file.getvalue()
