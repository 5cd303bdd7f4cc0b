"""From bucket to Kaltura, exactly once: whatever dies, and whoever else works at the same time."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
import requests
from demo.media import CAPTIONS, audio, document, image, video

from kaltura_pipeline.catalogue import Catalogue
from kaltura_pipeline.ingest import TransferIncompleteError, ingest_batch
from kaltura_pipeline.ledger_index import LedgerIndex
from kaltura_pipeline.options import RunOptions
from kaltura_pipeline.outcome import record_outcome
from kaltura_pipeline.planning import plan_ingest
from kaltura_pipeline.settings import PipelineSettings
from kaltura_pipeline.workspace import Workspace
from kaltura_provider.api import AdminSecretCredentials, ClientConfig, KalturaClient, KalturaError, MultiRequest
from kaltura_provider.hooks.s3_documents import S3Documents

if TYPE_CHECKING:
    from kaltura_sandbox.server import SandboxServer

PARTNER = 102
ADMIN_SECRET = "admin-secret-for-tests"
# The sandbox shows new entries at once.
SETTINGS = PipelineSettings(batch_size=2, files_at_once=1)


class Killed(BaseException):
    """The worker dies here: nothing may catch it."""


def new_client(sandbox: SandboxServer) -> KalturaClient:
    config = ClientConfig(sandbox.url, PARTNER, max_attempts=2, backoff_initial=0.05)
    return KalturaClient(config, AdminSecretCredentials(ADMIN_SECRET))


class Pipeline:
    """One pipeline on one bucket; each call is what a DAG run does."""

    def __init__(self, s3: Any, bucket: str, sandbox: SandboxServer) -> None:
        self.s3, self.bucket, self.sandbox, self.runs = s3, bucket, sandbox, 0

    def put(self, **files: bytes) -> None:
        for key, data in files.items():
            self.s3.put_object(Bucket=self.bucket, Key=key, Body=data)

    def plan(self, changed_files: str = "replace", **options: Any) -> tuple[str, Any]:
        self.runs += 1
        # Whether media can be played is tested elsewhere; looking into them starts a process for each plan.
        options = {
            "bucket": self.bucket, "changed_files": changed_files, "duplicate_files": "add", "check_media": False,
            **options,
        }  # fmt: skip
        return plan_ingest(
            SETTINGS, RunOptions(**options), run_id=f"run {self.runs}", kaltura=lambda: new_client(self.sandbox)
        )

    def transfer(self, uri: str, plan: Any, kaltura: KalturaClient, owner: str = "worker") -> None:
        for batch in plan["batches"]:
            ingest_batch(SETTINGS, batch, bucket=self.bucket, run_id=f"run {self.runs}", owner=owner, kaltura=kaltura)

    def run(self, kaltura: KalturaClient, owner: str = "worker", changed_files: str = "replace", **options: Any) -> Any:
        """Plan, transfer, wait, record."""
        from kaltura_provider.hooks.readiness import look

        uri, plan = self.plan(changed_files, **options)
        self.transfer(uri, plan, kaltura, owner)
        mine = [record for record in self.records() if record["key"].startswith(options.get("prefix", ""))]
        ids = [record["entry_id"] for record in mine if record.get("entry_id")]
        for _ in range(300):
            if not look(kaltura, ids).waiting:
                break
            threading.Event().wait(0.05)  # the sandbox converts in its own time and sends no event
        return record_outcome(SETTINGS, bucket=self.bucket, run_id=f"run {self.runs}", plan_uri=uri, kaltura=kaltura)

    def records(self) -> list[dict[str, Any]]:
        listed = self.s3.list_objects_v2(Bucket=self.bucket, Prefix="_kaltura/ledger/").get("Contents", [])
        return [json.loads(self.s3.get_object(Bucket=self.bucket, Key=item["Key"])["Body"].read()) for item in listed]

    def entries(self, kaltura: KalturaClient) -> list[dict[str, Any]]:
        """All entries of this bucket's files that exist in Kaltura, in any state."""
        found: list[dict[str, Any]] = []
        for record in self.records():
            reference_id = record.get("reference_id") or reference_of(self.bucket, record["key"])
            answer = kaltura.call("baseEntry", "listByReferenceId", {"refId": reference_id})
            found.extend(answer["objects"])
        return found


def reference_of(bucket: str, key: str) -> str:
    from kaltura_provider.transfers.upload import reference_id_of

    return reference_id_of(f"s3://{bucket}/{key}")


@pytest.fixture
def pipeline(s3: Any, bucket: str, sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    # Each task opens its workspace once; here many tasks run in one process, and boto3 needs a while for a client.
    monkeypatch.setattr(Workspace, "open", staticmethod(cache(Workspace.open)))
    return Pipeline(s3, bucket, sandbox)


def content_of(entry: dict[str, Any]) -> str:
    """Return the sha256 of what Kaltura gives back for an entry."""
    return hashlib.sha256(requests.get(entry["downloadUrl"], timeout=30).content).hexdigest()


def test_every_kind_of_file_arrives_byte_for_byte(pipeline: Pipeline, kaltura: KalturaClient) -> None:
    files = {"talk.mp4": video(4), "sound.mp3": audio(1), "poster.png": image(), "handout.pdf": document()}
    pipeline.put(**files, **{"talk.en.vtt": CAPTIONS.encode(), "talk.yaml": b"name: The talk\ntags: [a, bc]\n"})
    summary = pipeline.run(kaltura)
    assert summary["failures"] == []
    assert summary["ready"] == 4
    entries = {
        record["key"]: kaltura.call("baseEntry", "get", {"entryId": record["entry_id"]})
        for record in pipeline.records()
    }
    for key, data in files.items():
        assert entries[key]["status"] == 2
        assert content_of(entries[key]) == hashlib.sha256(data).hexdigest(), key
    assert entries["talk.mp4"]["name"] == "The talk"
    captions = kaltura.call("caption_captionAsset", "list", {"filter": {"entryIdEqual": entries["talk.mp4"]["id"]}})
    assert [(asset["language"], asset["status"]) for asset in captions["objects"]] == [("English", 2)]
    text = kaltura.call("caption_captionAsset", "serve", {"captionAssetId": captions["objects"][0]["id"]})
    assert text.decode() == CAPTIONS


def test_a_second_run_changes_nothing(pipeline: Pipeline, kaltura: KalturaClient) -> None:
    pipeline.put(**{"a.mp3": audio(1), "b.png": image(), "broken.mp4": b"no video"})
    pipeline.run(kaltura, check_media=True)
    with Catalogue.open() as catalogue:
        documents = S3Documents(pipeline.s3, pipeline.bucket, "_kaltura/")
        assert LedgerIndex(catalogue, documents).load() == 0, "a plan has no record to read one by one"
    before = pipeline.records(), pipeline.entries(kaltura)
    summary = pipeline.run(kaltura)
    assert (summary["ready"], summary["counts"]) == (0, {"skip": 3})
    assert (pipeline.records(), pipeline.entries(kaltura)) == before


def test_a_changed_sidecar_updates_the_entry_it_has(pipeline: Pipeline, kaltura: KalturaClient) -> None:
    pipeline.put(**{"a.mp4": video(1)})
    pipeline.run(kaltura)
    (first,) = pipeline.entries(kaltura)
    pipeline.put(**{"a.yaml": b"name: Renamed\n", "a.de.srt": b"1\n00:00:00,000 --> 00:00:01,000\nHallo\n"})
    summary = pipeline.run(kaltura)
    assert summary["counts"] == {"update": 1}
    (second,) = pipeline.entries(kaltura)
    assert (second["id"], second["name"]) == (first["id"], "Renamed")
    captions = kaltura.call("caption_captionAsset", "list", {"filter": {"entryIdEqual": first["id"]}})
    assert [asset["language"] for asset in captions["objects"]] == ["German"]
    # The same language again replaces the text, it does not add a second caption.
    pipeline.put(**{"a.de.srt": b"1\n00:00:00,000 --> 00:00:01,000\nGuten Tag\n"})
    pipeline.run(kaltura)
    captions = kaltura.call("caption_captionAsset", "list", {"filter": {"entryIdEqual": first["id"]}})
    assert len(captions["objects"]) == 1
    assert b"Guten Tag" in kaltura.call(
        "caption_captionAsset", "serve", {"captionAssetId": captions["objects"][0]["id"]}
    )


class Mortal:
    """A client that dies before or after its n-th call."""

    def __init__(self, client: KalturaClient, calls: int, *, after: bool) -> None:
        self._client, self._left, self._after = client, calls, after

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def call(self, *arguments: Any, **options: Any) -> Any:
        return self._live(self._client.call, *arguments, **options)

    def perform(self, *arguments: Any, **options: Any) -> Any:
        return self._live(self._client.perform, *arguments, **options)

    def multirequest(self) -> MultiRequest:
        mortal: Any = self
        return MultiRequest(mortal)

    def _live(self, act: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        self._left -= 1
        if self._left == 0 and not self._after:
            raise Killed
        answer = act(*arguments, **options)
        if self._left == 0:
            raise Killed
        return answer


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_worker_killed_at_any_call_leaves_one_entry(
    pipeline: Pipeline, kaltura: KalturaClient, *, after: bool
) -> None:
    data = audio(1)
    calls = 0
    while True:
        calls += 1
        key = f"take-{calls}.mp3"
        pipeline.put(**{key: data, f"take-{calls}.en.srt": b"1\n00:00:00,000 --> 00:00:01,000\nHi\n"})
        mortal: Any = Mortal(kaltura, calls, after=after)
        uri, plan = pipeline.plan(prefix=f"take-{calls}.")
        try:
            pipeline.transfer(uri, plan, mortal, owner="the task")
        except Killed:
            # Airflow tries the task again.
            pipeline.run(kaltura, owner="the task", prefix=f"take-{calls}.")
            died = True
        else:
            pipeline.run(kaltura, owner="the task", prefix=f"take-{calls}.")
            died = False
        record = next(record for record in pipeline.records() if record["key"] == key)
        assert record["state"] == "ready", record
        answer = kaltura.call("baseEntry", "listByReferenceId", {"refId": reference_of(pipeline.bucket, key)})
        assert [entry["id"] for entry in answer["objects"]] == [record["entry_id"]]
        assert content_of(answer["objects"][0]) == hashlib.sha256(data).hexdigest()
        captions = kaltura.call("caption_captionAsset", "list", {"filter": {"entryIdEqual": record["entry_id"]}})
        assert [asset["status"] for asset in captions["objects"]] == [2]
        if not died:
            break
    # The search, entry with token, upload, addContent, and the captions at least.
    assert calls > 5


def test_two_runs_at_the_same_time_make_one_entry(pipeline: Pipeline, sandbox: SandboxServer) -> None:
    pipeline.put(**{f"{number}.mp3": audio(1) for number in range(3)})
    uri, plan = pipeline.plan()
    clients = [new_client(sandbox) for _ in range(4)]
    start = threading.Barrier(len(clients))

    def work(number: int) -> None:
        start.wait()
        pipeline.transfer(uri, plan, clients[number], owner=f"worker {number}")

    with ThreadPoolExecutor(len(clients)) as pool:
        list(pool.map(work, range(len(clients))))
    assert len(pipeline.entries(clients[0])) == 3
    assert {record["state"] for record in pipeline.records()} == {"uploaded"}
    for client in clients:
        client.close()


def test_without_its_ledger_the_pipeline_finds_its_entries_again(pipeline: Pipeline, kaltura: KalturaClient) -> None:
    pipeline.put(**{"a.mp3": audio(1)})
    pipeline.run(kaltura)
    (entry,) = pipeline.entries(kaltura)
    for item in pipeline.s3.list_objects_v2(Bucket=pipeline.bucket, Prefix="_kaltura/")["Contents"]:
        pipeline.s3.delete_object(Bucket=pipeline.bucket, Key=item["Key"])
    pipeline.run(kaltura)
    assert [found["id"] for found in pipeline.entries(kaltura)] == [entry["id"]]
    assert pipeline.records()[0]["entry_id"] == entry["id"]


def test_a_sidecar_that_changed_while_the_ledger_was_lost_is_sent(pipeline: Pipeline, kaltura: KalturaClient) -> None:
    pipeline.put(**{"a.mp3": audio(1)})
    pipeline.run(kaltura)
    (entry,) = pipeline.entries(kaltura)
    for item in pipeline.s3.list_objects_v2(Bucket=pipeline.bucket, Prefix="_kaltura/")["Contents"]:
        pipeline.s3.delete_object(Bucket=pipeline.bucket, Key=item["Key"])
    pipeline.put(**{"a.yaml": b"name: Renamed meanwhile"})
    pipeline.run(kaltura)
    (found,) = pipeline.entries(kaltura)
    assert (found["id"], found["name"]) == (entry["id"], "Renamed meanwhile")


def test_a_huge_caption_file_names_itself(pipeline: Pipeline, kaltura: KalturaClient) -> None:
    pipeline.put(**{"a.mp3": audio(1), "a.en.srt": b"x" * (16 * 1024 * 1024 + 1)})
    (failure,) = pipeline.run(kaltura)["failures"]
    assert "a.en.srt: larger than" in failure


def test_broken_media_is_named_and_the_rest_goes_on(pipeline: Pipeline, kaltura: KalturaClient) -> None:
    pipeline.put(**{"broken.mp4": b"\x00\x00\x00\x18ftypmp42" + b"no film " * 100, "good.mp3": audio(1)})
    summary = pipeline.run(kaltura)
    assert summary["ready"] == 1
    (failure,) = summary["failures"]
    assert failure.startswith("broken.mp4: ")
    assert "ERROR_CONVERTING" in failure
    states = {record["key"]: record["state"] for record in pipeline.records()}
    assert states == {"broken.mp4": "failed", "good.mp3": "ready"}


@pytest.mark.parametrize(
    ("tag", "encoding", "said"), [("de", "cp1252", "Ärger"), ("he", "cp1255", "שלום"), ("tr", "cp1254", "Işık")]
)
def test_captions_that_are_not_utf8_arrive_readable(
    pipeline: Pipeline, kaltura: KalturaClient, tag: str, encoding: str, said: str
) -> None:
    pipeline.put(**{"a.mp4": video(1), f"a.{tag}.srt": f"1\n00:00:00,000 --> 00:00:01,000\n{said}\n".encode(encoding)})
    assert pipeline.run(kaltura)["failures"] == []
    (record,) = pipeline.records()
    (asset,) = kaltura.call("caption_captionAsset", "list", {"filter": {"entryIdEqual": record["entry_id"]}})["objects"]
    text = kaltura.call("caption_captionAsset", "serve", {"captionAssetId": asset["id"]})
    assert said in text.decode()


def test_a_wrong_secret_stops_the_batch_at_once(pipeline: Pipeline, sandbox: SandboxServer) -> None:
    pipeline.put(**{"a.mp3": audio(1), "b.mp3": audio(1)})
    uri, plan = pipeline.plan()
    wrong = KalturaClient(ClientConfig(sandbox.url, PARTNER), AdminSecretCredentials("0" * 32))
    with pytest.raises(KalturaError, match="secret"):
        pipeline.transfer(uri, plan, wrong)
    # The file is free for the next try: no claim is left behind.
    assert all(record["lease_until"] == 0 for record in pipeline.records())


class Denying:
    """A client that is denied its first call about one title, as for somebody else's entry."""

    def __init__(self, client: KalturaClient) -> None:
        self._client, self._denied = client, False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def call(self, *arguments: Any, **options: Any) -> Any:
        if not self._denied:
            self._denied = True
            raise KalturaError("SERVICE_FORBIDDEN", "not for you", service_action="baseEntry.update")
        return self._client.call(*arguments, **options)


def test_one_title_that_is_denied_does_not_stop_the_others(pipeline: Pipeline, kaltura: KalturaClient) -> None:
    pipeline.put(**{"a.png": image(), "b.png": image()})
    uri, plan = pipeline.plan()
    denying: Any = Denying(kaltura)
    pipeline.transfer(uri, plan, denying)
    records = {record["key"]: record for record in pipeline.records()}
    assert (records["a.png"]["state"], records["a.png"]["lease_until"]) == ("claimed", 0)
    assert records["b.png"]["state"] == "uploaded"


def test_metadata_changed_before_the_end_is_sent(pipeline: Pipeline, kaltura: KalturaClient) -> None:
    pipeline.put(**{"a.mp3": audio(1)})
    uri, plan = pipeline.plan()
    pipeline.transfer(uri, plan, kaltura)  # uploaded, and nobody waited for it
    pipeline.put(**{"a.yaml": b"name: Renamed\nreference_id: new-reference\n"})
    assert pipeline.run(kaltura)["ready"] == 1
    (record,) = pipeline.records()
    entry = kaltura.call("baseEntry", "get", {"entryId": record["entry_id"]})
    assert (entry["name"], entry["referenceId"]) == ("Renamed", "new-reference")


def test_a_changed_reference_id_reaches_the_entry(pipeline: Pipeline, kaltura: KalturaClient) -> None:
    pipeline.put(**{"a.png": image()})
    pipeline.run(kaltura)
    pipeline.put(**{"a.yaml": b"reference_id: another\n"})
    pipeline.run(kaltura)
    (record,) = pipeline.records()
    assert kaltura.call("baseEntry", "get", {"entryId": record["entry_id"]})["referenceId"] == "another"


def test_changed_content_is_exchanged(pipeline: Pipeline, kaltura: KalturaClient) -> None:
    pipeline.put(**{"a.mp3": audio(1), "b.png": image()})
    pipeline.run(kaltura)
    before = {record["key"]: record["entry_id"] for record in pipeline.records()}
    new = {"a.mp3": audio(2), "b.png": image() + b"more"}
    pipeline.put(**new)
    summary = pipeline.run(kaltura)
    assert (summary["failures"], summary["counts"]) == ([], {"replace": 2})
    records = {record["key"]: record for record in pipeline.records()}
    for key, data in new.items():
        assert (records[key]["entry_id"], records[key]["state"]) == (before[key], "ready")
        entry = kaltura.call("baseEntry", "get", {"entryId": before[key]})
        assert content_of(entry) == hashlib.sha256(data).hexdigest()
    assert pipeline.run(kaltura)["counts"] == {"skip": 2}


def test_new_content_that_is_broken_leaves_the_old(pipeline: Pipeline, kaltura: KalturaClient) -> None:
    old, new = video(1), video(2)
    pipeline.put(**{"a.mp4": old})
    pipeline.run(kaltura)
    (before,) = pipeline.records()
    pipeline.put(**{"a.mp4": b"\x00\x00\x00\x18ftypmp42" + b"no film " * 100})
    (failure,) = pipeline.run(kaltura)["failures"]
    assert "its new content could not be converted" in failure
    entry = kaltura.call("baseEntry", "get", {"entryId": before["entry_id"]})
    assert (entry["status"], content_of(entry)) == (2, hashlib.sha256(old).hexdigest())
    assert pipeline.run(kaltura)["counts"] == {"skip": 1}
    pipeline.put(**{"a.mp4": new})
    assert pipeline.run(kaltura)["failures"] == []
    entry = kaltura.call("baseEntry", "get", {"entryId": before["entry_id"]})
    assert content_of(entry) == hashlib.sha256(new).hexdigest()


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_worker_killed_while_content_is_exchanged(pipeline: Pipeline, kaltura: KalturaClient, *, after: bool) -> None:
    calls = 0
    died = True
    while died:
        calls += 1
        key = f"take-{calls}.mp3"
        pipeline.put(**{key: audio(1)})
        pipeline.run(kaltura, prefix=key)
        pipeline.put(**{key: audio(2)})
        mortal: Any = Mortal(kaltura, calls, after=after)
        uri, plan = pipeline.plan(prefix=key)
        try:
            pipeline.transfer(uri, plan, mortal, owner="the task")
            died = False
        except Killed:
            died = True
        assert pipeline.run(kaltura, owner="the task", prefix=key)["failures"] == []
        record = next(record for record in pipeline.records() if record["key"] == key)
        assert record["state"] == "ready", record
        entry = kaltura.call("baseEntry", "get", {"entryId": record["entry_id"]})
        assert content_of(entry) == hashlib.sha256(audio(2)).hexdigest()
    assert calls > 5


def test_a_title_that_was_refused_goes_live_when_it_is_mended(pipeline: Pipeline, kaltura: KalturaClient) -> None:
    pipeline.put(**{"a.mp3": audio(1), "a.en.srt": b"\xe4"})
    pipeline.run(kaltura)
    pipeline.put(**{"a.mp3": audio(2), "a.en.srt": b"1\n00:00:00,000 --> 00:00:01,000\nHi\n"})
    assert pipeline.run(kaltura)["failures"] == []
    (record,) = pipeline.records()
    entry = kaltura.call("baseEntry", "get", {"entryId": record["entry_id"]})
    assert content_of(entry) == hashlib.sha256(audio(2)).hexdigest()


def test_changed_content_can_be_refused_or_skipped(pipeline: Pipeline, kaltura: KalturaClient) -> None:
    pipeline.put(**{"a.mp3": audio(1)})
    pipeline.run(kaltura)
    pipeline.put(**{"a.mp3": audio(2)})
    (failure,) = pipeline.run(kaltura, changed_files="refuse")["failures"]
    assert "content changed since it became entry" in failure
    assert pipeline.run(kaltura, changed_files="skip")["counts"] == {"skip": 1}
    (record,) = pipeline.records()
    assert record["state"] == "ready"
    entry = kaltura.call("baseEntry", "get", {"entryId": record["entry_id"]})
    assert content_of(entry) == hashlib.sha256(audio(1)).hexdigest()


def test_changed_content_can_become_an_entry_of_its_own(pipeline: Pipeline, kaltura: KalturaClient) -> None:
    pipeline.put(**{"a.mp3": audio(1), "a.yaml": b"name: First\n"})
    pipeline.run(kaltura)
    (before,) = pipeline.records()
    pipeline.put(**{"a.mp3": audio(2)})
    summary = pipeline.run(kaltura, changed_files="new_entry")
    assert (summary["failures"], summary["counts"]) == ([], {"add": 1})
    (record,) = pipeline.records()
    assert record["entry_id"] != before["entry_id"]
    assert [each["entry_id"] for each in record["earlier"]] == [before["entry_id"]]
    for entry_id, seconds in ((before["entry_id"], 1), (record["entry_id"], 2)):
        entry = kaltura.call("baseEntry", "get", {"entryId": entry_id})
        assert content_of(entry) == hashlib.sha256(audio(seconds)).hexdigest()
    # It is known by its own reference ID from now on: nothing is sent again, and a sidecar reaches the new entry.
    assert pipeline.run(kaltura, changed_files="new_entry")["counts"] == {"skip": 1}
    pipeline.put(**{"a.yaml": b"name: Second\n"})
    assert pipeline.run(kaltura, changed_files="new_entry")["counts"] == {"update": 1}
    names = [kaltura.call("baseEntry", "get", {"entryId": each["entry_id"]})["name"] for each in (before, record)]
    assert names == ["First", "Second"]


def test_a_cleared_run_forgets_what_its_first_plan_brought(pipeline: Pipeline, kaltura: KalturaClient) -> None:
    pipeline.put(**{"a.png": image(), "b.png": image(), "c.png": image()})
    uri, plan = pipeline.plan()
    name = "_kaltura/runs/run-1/outcomes/0000001.json"
    pipeline.transfer(uri, plan, kaltura)
    stale = json.loads(pipeline.s3.get_object(Bucket=pipeline.bucket, Key=name)["Body"].read())
    stale["outcomes"][0].update(result="error", message="the server was away")
    pipeline.s3.put_object(Bucket=pipeline.bucket, Key=name, Body=json.dumps(stale))
    for key in ("a.png", "b.png"):
        pipeline.s3.delete_object(Bucket=pipeline.bucket, Key=key)
    # The whole run is cleared: the same run id, a new plan with one batch.
    pipeline.runs = 0
    assert pipeline.run(kaltura)["failures"] == []


def test_state_in_a_bucket_of_its_own(s3: Any, pipeline: Pipeline, kaltura: KalturaClient) -> None:
    state = f"{pipeline.bucket}-state"
    s3.create_bucket(Bucket=state)
    settings = PipelineSettings(state_bucket=state, state_prefix="lectures")
    pipeline.put(**{"lectures/a.png": image()})
    options = RunOptions(bucket=pipeline.bucket)
    uri, plan = plan_ingest(settings, options, run_id="r", kaltura=lambda: kaltura)
    assert uri == f"s3://{state}/lectures/runs/r/plan.json"
    for batch in plan["batches"]:
        ingest_batch(settings, batch, bucket=pipeline.bucket, run_id="r", owner="w", kaltura=kaltura)
    summary = record_outcome(settings, bucket=pipeline.bucket, run_id="r", plan_uri=uri, kaltura=kaltura)
    assert summary["ready"] == 1
    assert summary["manifest"].startswith(f"s3://{state}/lectures/")
    assert [item["Key"] for item in s3.list_objects_v2(Bucket=pipeline.bucket)["Contents"]] == ["lectures/a.png"]


def test_a_server_that_is_away_is_tried_again(pipeline: Pipeline, kaltura: KalturaClient) -> None:
    pipeline.put(**{"a.mp3": audio(1)})
    uri, plan = pipeline.plan()
    away = KalturaClient(
        ClientConfig("http://127.0.0.1:9", PARTNER, max_attempts=1), AdminSecretCredentials(ADMIN_SECRET)
    )
    with pytest.raises(TransferIncompleteError, match=r"a\.mp3"):
        pipeline.transfer(uri, plan, away)
    assert pipeline.run(kaltura)["ready"] == 1
