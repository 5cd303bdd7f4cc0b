"""What the demonstration does: fill a bucket, run the three DAGs, check every byte, and show the result."""

from __future__ import annotations

import hashlib
import signal
import sys
import threading
import time
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from rich.box import SIMPLE
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from demo.airflow_api import AirflowApi, RunFailedError
from demo.bucket import BUCKET
from demo.folder import CATEGORIES, GOOD, demo_folder
from demo.stack import PARTNER_ID, TIME_ZONE, USER, LocalStack
from kaltura_pipeline.settings import PipelineSettings

if TYPE_CHECKING:
    from pathlib import Path

console = Console(highlight=False, width=None if sys.stdout.isatty() else 110)
STATE_PREFIX = PipelineSettings().state_prefix
# Trouble is part of what is shown: it does not make a run red.
SETTINGS = {"KALTURA_PIPELINE_MAX_FAILURES": "1"}


@dataclass
class Shown:
    """One line of the closing table."""

    key: str
    entry_id: str
    state: str
    added: bool
    identical: bool
    plays: int = 0


def run_demo(state: Path) -> int:
    """Ingest, publish and report once; print progress, a table, and what to try next. Return the exit code."""
    started = time.monotonic()
    _say("starting Airflow, a local Kaltura and a local S3 (the first start takes longest)")
    with LocalStack(state, settings=SETTINGS) as stack:
        _put_files(stack, demo_folder())
        stack.await_airflow()
        api = AirflowApi(stack.airflow_url, USER, stack.password)
        _make_categories(stack)
        _say("all servers are up")
        before = _ledger_entries(stack)
        ingest = _run(api, "kaltura_ingest", {"bucket": BUCKET})
        summary = api.xcom("kaltura_ingest", ingest, "record", "summary")
        records = _ledger_entries(stack)
        rows = _shown(stack, records, before)
        if any(row.added for row in rows):
            _await_publish(api, ingest)
            _watch(stack, [row for row in rows if row.added])
        day = datetime.now(ZoneInfo(TIME_ZONE)).date().isoformat()
        report = _run(api, "kaltura_report", {"day": day, "bucket": BUCKET})
        plays = _plays(stack, day)
        for row in rows:
            row.plays = plays.get(row.entry_id, 0)
        folder = state / "results"
        _download(stack, folder)
        _show(rows, day, folder, time.monotonic() - started)
        why = folder / summary["page"].split(f"/{STATE_PREFIX}", 1)[1]
        _show_trouble(records, why)
        live = {row.key for row in rows if row.identical}
        return 0 if report and live == set(GOOD) and why.exists() else 1


def run_up(state: Path) -> int:
    """Start everything with fixed ports where they are free, and wait for Ctrl-C."""
    _say("starting Airflow, a local Kaltura and a local S3")
    with LocalStack(state, {"airflow": 8080, "kaltura": 8123, "s3": 5555}, SETTINGS, open_bucket=True) as stack:
        _put_files(stack, demo_folder())
        stack.await_airflow()
        console.print(
            f"\nAirflow   [bold]{stack.airflow_url}[/]   user [bold]{USER}[/], password [bold]{stack.password}[/]\n"
            f"Kaltura   {stack.kaltura_url}   partner {PARTNER_ID}, connection kaltura_default\n"
            f"S3        {stack.s3_url}   bucket {BUCKET}, connection aws_default\n\n"
            "Trigger the DAG kaltura_ingest in Airflow; kaltura_publish follows by itself, and its pages are at\n"
            f"{stack.s3_url}/{BUCKET}/{STATE_PREFIX}pages/index.html\n\nCtrl-C stops everything."
        )
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        stop.wait()
        console.print("stopping ...")
    return 0


def _say(text: str) -> None:
    console.print(f"[dim]{datetime.now():%H:%M:%S}[/] {escape(text)}")


def _put_files(stack: LocalStack, files: dict[str, bytes]) -> None:
    """Put the files into the bucket; the same bytes again are the same object."""
    for key, data in files.items():
        stack.s3.put_object(Bucket=BUCKET, Key=key, Body=data)
    folders = sorted({key.split("/", 1)[0] for key in files})
    _say(f"{len(files)} files are in s3://{BUCKET}/, in the folders {', '.join(folders)}")


def _make_categories(stack: LocalStack) -> None:
    from kaltura_provider.api.categories import ensure_category

    with _client(stack) as client:
        for path in CATEGORIES:
            ensure_category(client, path)


def _run(api: AirflowApi, dag_id: str, conf: dict[str, Any]) -> str:
    run_id = api.trigger(dag_id, conf)
    if api.await_run(dag_id, run_id, 420, _say) != "success":
        raise RunFailedError(f"{dag_id} ended red:\n{api.failure(dag_id, run_id)}")
    return run_id


def _await_publish(api: AirflowApi, ingest_run: str) -> None:
    """Wait for the publish run that the ingest run's asset event starts."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for event in api.get("assets/events", order_by="-timestamp", limit=20)["asset_events"]:
            if event["source_run_id"] == ingest_run and event["created_dagruns"]:
                run_id = event["created_dagruns"][0]["run_id"]
                if api.await_run("kaltura_publish", run_id, 420, _say) != "success":
                    raise RunFailedError(f"kaltura_publish ended red:\n{api.failure('kaltura_publish', run_id)}")
                return
        time.sleep(0.5)
    raise TimeoutError("kaltura_ingest ended, but kaltura_publish was not started by its asset")


def _ledger_entries(stack: LocalStack) -> dict[str, dict[str, Any]]:
    """Return the ledger's records by source key."""
    from kaltura_provider.hooks.s3_documents import S3Documents

    documents = S3Documents(stack.s3, BUCKET, STATE_PREFIX)
    records = (documents.read(name) for name in documents.names("ledger/"))
    return {record.body["key"]: record.body for record in records if record}


def _shown(stack: LocalStack, records: dict[str, dict[str, Any]], before: dict[str, dict[str, Any]]) -> list[Shown]:
    """Read back what the ledger says was ingested, and compare every byte with the source."""
    with _client(stack) as client:
        return [
            Shown(
                key=key,
                entry_id=record.get("entry_id", ""),
                state=record["state"],
                added=key not in before,
                identical=_same_bytes(stack, client, key, record.get("entry_id", "")),
            )
            for key, record in sorted(records.items())
            if record.get("entry_id")
        ]


def _same_bytes(stack: LocalStack, client: Any, key: str, entry_id: str) -> bool:
    """Download the entry's source from Kaltura and compare its sha256 with the object's."""
    import requests

    entry = client.call("baseEntry", "get", {"entryId": entry_id})
    answer = requests.get(entry["downloadUrl"], timeout=60)
    source = stack.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    return answer.status_code == 200 and hashlib.sha256(answer.content).digest() == hashlib.sha256(source).digest()


def _client(stack: LocalStack) -> Any:
    from kaltura_provider.api import AdminSecretCredentials, ClientConfig, KalturaClient

    return KalturaClient(ClientConfig(stack.kaltura_url, PARTNER_ID), AdminSecretCredentials(stack.admin_secret))


def _watch(stack: LocalStack, rows: list[Shown]) -> None:
    """Let a few viewers play what can be played, so that the report has something to tell."""
    with _client(stack) as client:
        played = sorted(
            (row for row in rows if row.key.endswith((".mp4", ".mp3"))), key=lambda row: row.key[-1:] != "4"
        )
        for number, row in enumerate(played):
            for viewer in range(3 - number):
                for event_type in (2, 3, 7):  # MEDIA_LOADED, PLAY, PLAY_REACHED_100
                    event = {
                        "objectType": "KalturaStatsEvent",
                        "clientVer": "demo",
                        "eventType": event_type,
                        "eventTimestamp": time.time(),
                        "sessionId": f"viewer-{viewer}",
                        "partnerId": PARTNER_ID,
                        "entryId": row.entry_id,
                    }
                    client.call("stats", "collect", {"event": event})
    _say("some viewers played the video and the sound")


def _plays(stack: LocalStack, day: str) -> dict[str, int]:
    import csv
    import io

    key = f"{STATE_PREFIX}analytics/top_content/day={day}/data.csv"
    text = stack.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read().decode()
    return {row["object_id"]: int(row["count_plays"]) for row in csv.DictReader(io.StringIO(text))}


def _download(stack: LocalStack, folder: Path) -> None:
    """Copy pages and reports out of S3, so that they can be opened after the servers have stopped."""
    for kind in ("pages/", "reports/", "analytics/", "runs/", "quarantine/"):
        for page in stack.s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=STATE_PREFIX + kind):
            for item in page.get("Contents", []):
                target = folder / item["Key"][len(STATE_PREFIX) :]
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(stack.s3.get_object(Bucket=BUCKET, Key=item["Key"])["Body"].read())


def _show(rows: list[Shown], day: str, folder: Path, seconds: float) -> None:
    table = Table(box=SIMPLE)
    for title in ("file", "entry", "state", "page", "plays today", "bytes"):
        table.add_column(title, overflow="fold")
    for row in rows:
        page = f"pages/{row.entry_id}.html"
        table.add_row(
            row.key,
            row.entry_id,
            row.state + (", added" if row.added else ""),
            page if (folder / page).exists() else "-",
            str(row.plays),
            "identical" if row.identical else "[bold red]differ[/]",
        )
    console.print(table)
    added = sum(row.added for row in rows)
    console.print(f"[bold]{added} added[/], {len(rows) - added} known, in {seconds:.0f} s\n")
    console.print(f"Pages   {folder / 'pages' / 'index.html'}")
    console.print(f"Report  {folder / 'reports' / f'day={day}' / 'index.html'}\n")


def _show_trouble(records: dict[str, dict[str, Any]], page: Path) -> None:
    failed = {key: record["error"] for key, record in sorted(records.items()) if record["state"] == "failed"}
    console.print(f"[bold]{len(failed)} titles are in quarantine[/]: " + ", ".join(failed), style="yellow")
    # A path that is cut into lines can be neither clicked nor copied.
    console.print(f"Why     {page}\n", soft_wrap=True)
    console.print(
        "Next: run [bold]make demo[/] again (it adds nothing), "
        "or [bold]make up[/] and open Airflow to see the same runs, the forms and the players."
    )
