"""``python -m kaltura_pipeline.ledger``: look at the ledger, and mend what only a person may mend.

The place and the AWS connection are those of the pipeline, read from its settings (``KALTURA_PIPELINE_*``); each can be
named on the command line instead.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from contextlib import redirect_stdout
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from kaltura_pipeline.settings import PipelineSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from airflow.providers.amazon.aws.hooks.s3 import S3Hook

    from kaltura_provider.transfers.ledger import Ledger

_DAY = 24 * 3600.0
_MISSING = ("404", "NoSuchKey", "NoSuchBucket")


class CommandError(Exception):
    """What was asked for cannot be done; the message says what can."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    :param arguments: the command line; the process's own by default.
    :return: the exit status: 0, or 1 when something named does not exist or cannot be done.
    """
    parser = _parser(PipelineSettings.from_environment())
    options = parser.parse_args(arguments)
    place = options.ledger
    if not place.startswith("s3://") and not options.bucket:
        parser.error("name the bucket with --bucket, or the ledger's place with --ledger s3://bucket/prefix")
    act: Callable[[Ledger, S3Hook, argparse.Namespace], Iterator[str]] = options.act
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        # Airflow logs to standard output, where only the answer belongs.
        with redirect_stdout(sys.stderr):
            from airflow.providers.amazon.aws.hooks.s3 import S3Hook

            from kaltura_provider.transfers.notes import open_ledger

            hook = S3Hook(aws_conn_id=options.aws_conn_id)
            lines = list(act(open_ledger(hook, place, options.bucket), hook, options))
    except CommandError as error:
        print(error, file=sys.stderr)
        return 1
    except (BotoCoreError, ClientError) as error:
        fix = f"Check the AWS connection {options.aws_conn_id!r}, and that the ledger is at {place!r}."
        print(f"S3 refused: {error}. {fix}", file=sys.stderr)
        return 1
    for line in lines:
        print(line)
    return 0


def _parser(settings: PipelineSettings) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m kaltura_pipeline.ledger",
        description="What the pipeline knows of each source file, and who is working on it.",
    )
    state = f"s3://{settings.state_bucket}/{settings.state_prefix}" if settings.state_bucket else settings.state_prefix
    parser.add_argument("--bucket", default=settings.bucket, help="the source bucket (default %(default)r)")
    parser.add_argument(
        "--ledger", default=state, help="s3://bucket/prefix, or a prefix in the source bucket (default %(default)r)"
    )
    parser.add_argument(
        "--aws-conn-id", default=settings.aws_conn_id, help="Airflow's AWS connection (default %(default)r)"
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    from kaltura_provider.transfers.ledger import STATES

    listing = commands.add_parser("list", help="one line a file")
    listing.add_argument("--state", choices=STATES, help="only files in this state")
    listing.add_argument("--errors", action="store_true", help="only files whose last try failed")
    listing.add_argument("--prefix", default="", help="only keys that start with this")
    listing.add_argument("--json", action="store_true", help="one JSON document a line, with everything that is noted")
    listing.set_defaults(act=_list)

    show = commands.add_parser("show", help="everything about one file")
    show.add_argument("key", help="key of the source object")
    show.set_defaults(act=_show)

    release = commands.add_parser("release", help="end the claim of a worker that is dead, so that another can go on")
    release.add_argument("key", help="key of the source object")
    release.set_defaults(act=_release)

    forget = commands.add_parser("forget", help="remove the record of a file, so that it is ingested as if it were new")
    forget.add_argument("key", help="key of the source object")
    forget.set_defaults(act=_forget)

    prune = commands.add_parser("prune", help="remove records of files that are no longer in the bucket")
    prune.add_argument("--days", type=float, default=90.0, help="only what was not touched for so long (default 90)")
    prune.add_argument("--yes", action="store_true", help="remove them; without it they are only listed")
    prune.set_defaults(act=_prune)
    return parser


def _list(ledger: Ledger, hook: S3Hook, options: argparse.Namespace) -> Iterator[str]:
    found = [
        record
        for record in ledger.records()
        if (not options.state or record["state"] == options.state)
        and (not options.errors or record["error"])
        and record["key"].startswith(options.prefix)
    ]
    for record in sorted(found, key=lambda record: (record["bucket"], record["key"])):
        yield json.dumps(record, ensure_ascii=False, sort_keys=True) if options.json else _line(record)


def _line(record: dict[str, Any]) -> str:
    texts = [record["state"], record.get("entry_id") or record["notes"].get("entry_id") or "-", _bytes(record)]
    texts += [f"try {record['attempts']}", _time(record["updated_at"]), _url(record)]
    if record["lease_until"] > time.time():
        texts.append(f"held by {record['owner']}")
    return "  ".join(texts) + (f"\n    {record['error']}" if record["error"] else "")


def _bytes(record: dict[str, Any]) -> str:
    total = record.get("bytes_total")
    return f"{record.get('bytes_done', 0)}/{total} bytes" if total else "-"


def _show(ledger: Ledger, hook: S3Hook, options: argparse.Namespace) -> Iterator[str]:
    record = ledger.read(options.bucket, options.key)
    if record is None:
        raise _no_record(ledger, options)
    notes = record["notes"]
    lease = record["lease_until"]
    rows = {
        "file": _url(record),
        "record": ledger.address(record["bucket"], record["key"]),
        "state": record["state"],
        "entry": record.get("entry_id") or notes.get("entry_id"),
        "reference id": record.get("reference_id"),
        "upload token": notes.get("upload_token_id"),
        "bytes": _bytes(record),
        "checksum": record.get("checksum"),
        "owner": record["owner"],
        "claim": f"until {_time(lease)}" if lease > time.time() else "none: any worker may take it",
        "tries": record["attempts"],
        "first seen": _time(record["created_at"]),
        "last note": _time(record["updated_at"]),
        "last error": record["error"],
    }
    for name, value in rows.items():
        yield f"{name:13} {'-' if value in (None, '') else value}"


def _release(ledger: Ledger, hook: S3Hook, options: argparse.Namespace) -> Iterator[str]:
    from kaltura_provider.hooks.s3_documents import DocumentConflictError

    if ledger.read(options.bucket, options.key) is None:
        raise _no_record(ledger, options)
    try:
        released = ledger.release(options.bucket, options.key)
    except DocumentConflictError as error:
        raise CommandError(
            f"{options.key}: its worker wrote at this moment, so it is alive; stop its task first"
        ) from error
    text = "released: the next run goes on with it" if released else "was not claimed; nothing to do"
    yield f"{options.key}: {text}"


def _forget(ledger: Ledger, hook: S3Hook, options: argparse.Namespace) -> Iterator[str]:
    record = ledger.read(options.bucket, options.key)
    if record is None:
        raise _no_record(ledger, options)
    if record["lease_until"] > time.time():
        raise CommandError(
            f"{options.key}: {record['owner']} is working on it; wait for its end, or 'release' it first"
        )
    ledger.forget(options.bucket, options.key)
    entry = record.get("entry_id")
    kept = f"; entry {entry}, if it is still on Kaltura, is found again by its reference ID" if entry else ""
    yield f"{options.key}: forgotten, the next run of kaltura_ingest takes it{kept}"


def _prune(ledger: Ledger, hook: S3Hook, options: argparse.Namespace) -> Iterator[str]:
    oldest = time.time() - options.days * _DAY
    count = 0
    for record in ledger.records():
        idle = record["updated_at"] < oldest and record["lease_until"] <= time.time()
        if not idle or not record["bucket"] or _exists(hook, record):
            continue
        count += 1
        yield f"{_url(record)}: {record['state']}, {record.get('entry_id') or 'no entry'}"
        if options.yes:
            ledger.forget(record["bucket"], record["key"])
    yield f"{count} records {'removed' if options.yes else 'would be removed; run again with --yes'}"


def _exists(hook: S3Hook, record: dict[str, Any]) -> bool:
    from botocore.exceptions import ClientError

    client: Any = hook.get_conn()
    try:
        client.head_object(Bucket=record["bucket"], Key=record["key"])
    except ClientError as error:
        if error.response["Error"]["Code"] in _MISSING:
            return False
        raise
    return True


def _no_record(ledger: Ledger, options: argparse.Namespace) -> CommandError:
    address = ledger.address(options.bucket, options.key)
    return CommandError(f"{options.key}: no record at {address}. Check bucket and key; 'list' shows all.")


def _url(record: dict[str, Any]) -> str:
    return f"s3://{record['bucket']}/{record['key']}" if record["bucket"] else str(record["key"])


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")


if __name__ == "__main__":
    sys.exit(main())
