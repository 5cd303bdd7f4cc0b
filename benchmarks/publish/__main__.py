"""The command ``python -m benchmarks.publish``; ``make bench-publish`` runs it."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence

from demo.airflow_api import AirflowApi
from demo.bucket import BUCKET
from demo.processes import Processes
from demo.stack import PARTNER_ID, ROOT, USER

from benchmarks.ingest import report
from benchmarks.ingest.figures import LoopFigures, RunFigures
from benchmarks.ingest.runs import run_dag, say
from benchmarks.ingest.stand import KALTURA, CountingStack
from benchmarks.publish.library import key_of, prepare, put_sidecars, put_sounds
from benchmarks.publish.targets import api_calls, delivery_calls, evaluate
from benchmarks.upload.report import targets
from kaltura_pipeline.settings import PipelineSettings
from kaltura_provider.api import AdminSecretCredentials, ClientConfig, KalturaClient
from kaltura_provider.hooks.s3_documents import S3Documents
from kaltura_provider.transfers.ledger import Ledger

STATE = ROOT / ".state" / "bench-publish"
_PREFIX = PipelineSettings().state_prefix


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and tell whether all targets are met."""
    options = _parser().parse_args(arguments)
    print(f"{os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}, Python {sys.version.split()[0]}", flush=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # on the way out, all servers are stopped
    # What a killed run has left behind is named in its state.
    Processes(STATE).stop()
    shutil.rmtree(STATE)
    with CountingStack(STATE) as stack:
        count, sample = options.entries, options.sample
        put_sounds(stack.s3, BUCKET, count + sample)
        stack.await_airflow()
        api = AirflowApi(stack.airflow_url, USER, stack.password)
        api.pause("kaltura_publish")
        ingest = run_dag(stack, api, "kaltura_ingest", {"bucket": BUCKET}, count + sample)
        say(f"{ingest.entries} entries are on Kaltura, bare ({ingest.state} in {ingest.seconds:.0f} s)")
        entries = _entries(stack, count + sample)
        with _client(stack) as client:
            profile = prepare(client)
        put_sidecars(stack.s3, BUCKET, count)
        api.pause("kaltura_publish", paused=False)
        conf = {"entry_ids": entries[:count], "bucket": BUCKET, "update": True}
        first = run_dag(stack, api, "kaltura_publish", conf, count)
        _print(f"Publish {count} entries: metadata, 2 captions, thumbnail, 2 categories, custom metadata, page", first)
        complete = _complete(stack, entries[:count])
        again = run_dag(stack, api, "kaltura_publish", conf, count)
        _print("The same again, unchanged", again)
        if sample:
            numbered = list(enumerate(entries))[count:]
            loop = _loop(stack, numbered, profile)
            print(_loop_table(loop, first), flush=True)
    found = evaluate(first, again, complete)
    print(targets(found))
    missed = sum(not each.met for each in found)
    if not missed:
        shutil.rmtree(STATE, ignore_errors=True)
    print(f"{len(found) - missed} met, {missed} missed; load {os.getloadavg()[0]:.1f}")
    return 1 if missed else 0


def _print(name: str, run: RunFigures) -> None:
    print(report.run_table(name, run))
    api, delivery = api_calls(run), delivery_calls(run)
    print(
        f"  of these  {api} to the API, {api / run.files:.3f} an entry; {delivery} as a viewer's player makes them, "
        f"{delivery / run.files:.2f} an entry",
        flush=True,
    )


def _entries(stack: CountingStack, count: int) -> list[str]:
    """Return the entry of each talk, as the ledger says."""
    ledger = Ledger(S3Documents(stack.s3, BUCKET, _PREFIX))
    found = []
    for number in range(count):
        record = ledger.read(BUCKET, key_of(number))
        if record is None or record["state"] != "ready":
            raise RuntimeError(f"{key_of(number)} is not ready on Kaltura: the log of kaltura_ingest says why")
        found.append(str(record["entry_id"]))
    return found


def _complete(stack: CountingStack, entries: Sequence[str]) -> int:
    """Count the entries that have all that is said of them, and a page."""
    listed = stack.s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=f"{_PREFIX}pages/")
    pages = {item["Key"].rsplit("/", 1)[1] for page in listed for item in page.get("Contents", [])}
    complete = 0
    with _client(stack) as client:
        for entry_id in entries:
            request = client.multirequest()
            request.add("baseEntry", "get", {"entryId": entry_id})
            for service in ("caption_captionAsset", "thumbAsset", "categoryEntry"):
                request.add(service, "list", {"filter": {"entryIdEqual": entry_id}})
            filter = {"objectIdEqual": entry_id, "metadataObjectTypeEqual": 1}
            request.add("metadata_metadata", "list", {"filter": filter})
            entry, captions, thumbnails, categories, metadata = request.send()
            complete += (
                str(entry["name"]).endswith(" on optics")
                and [len(each["objects"]) for each in (captions, thumbnails, categories, metadata)] == [2, 1, 2, 1]
                and all(int(each["size"]) for each in captions["objects"])
                and "default_thumb" in thumbnails["objects"][0]["tags"]
                and f"{entry_id}.html" in pages
            )
    return complete


def _loop(stack: CountingStack, entries: list[tuple[int, str]], profile: int) -> LoopFigures:
    """Let the official client describe some entries call by call."""
    stack.reset()
    job = {
        "kaltura": stack.counted_kaltura_url, "secret": stack.admin_secret, "partner": PARTNER_ID,
        "entries": entries, "profile": profile,
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.publish.loop"],
        input=json.dumps(job) + "\n", stdout=subprocess.PIPE, text=True, check=True, cwd=ROOT,
    )  # fmt: skip
    result = json.loads(done.stdout.splitlines()[-1])
    return LoopFigures(len(entries), result["seconds"], sum(stack.requests(KALTURA).values()), result["memory"])


def _loop_table(loop: LoopFigures, run: RunFigures) -> str:
    whole = loop.extrapolated(run.files)
    return "\n".join(
        [
            f"\nOfficial client, call by call over a sample of {loop.files} other entries: {loop.seconds:.1f} s, "
            f"{loop.calls / loop.files:.2f} requests an entry, {loop.memory / 1e6:.0f} MB",
            f"  extrapolated to {run.files} entries: {whole:.0f} s; the run of kaltura_publish took "
            f"{run.seconds / whole:.2f} times that",
            "  It reads no file from S3, looks at nothing first, checks no playback and writes no page; done again, it "
            "makes everything twice.",
        ]
    )


def _client(stack: CountingStack) -> KalturaClient:
    return KalturaClient(ClientConfig(stack.kaltura_url, PARTNER_ID), AdminSecretCredentials(stack.admin_secret))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="benchmarks.publish", description=__doc__)
    parser.add_argument("--entries", type=int, default=500, help="entries to publish (default %(default)s)")
    parser.add_argument(
        "--sample", type=int, default=25, help="others, for the official client; 0 for none (default %(default)s)"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
