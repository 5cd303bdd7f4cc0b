"""``python -m kaltura_pipeline.requeue``: see what is in quarantine and why, and have titles tried again.

Without keys it lists. With keys it takes the titles out of quarantine and out of the ledger's failures, so that the
next run takes them up. The place and the AWS connection are those of the pipeline (``KALTURA_PIPELINE_*``); each can be
named on the command line instead.
"""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import redirect_stdout
from dataclasses import replace
from typing import TYPE_CHECKING

from kaltura_pipeline.settings import PipelineSettings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kaltura_pipeline.quarantine import Quarantine
    from kaltura_provider.transfers.ledger import Ledger

_OWNER = "python -m kaltura_pipeline.requeue"


class RequeueError(Exception):
    """A title cannot be requeued; the message says what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    :param arguments: the command line; the process's own by default.
    :return: the exit status: 0, or 1 when a title cannot be requeued.
    """
    settings = PipelineSettings.from_environment()
    parser = _parser(settings)
    options = parser.parse_args(arguments)
    if not options.bucket:
        parser.error("name the source bucket with --bucket, or set KALTURA_PIPELINE_BUCKET")
    settings = replace(
        settings,
        state_bucket=options.state_bucket,
        state_prefix=options.state_prefix,
        aws_conn_id=options.aws_conn_id,
    )
    from botocore.exceptions import BotoCoreError, ClientError

    status = 0
    try:
        # Airflow logs to standard output, where only the answer belongs.
        with redirect_stdout(sys.stderr):
            from kaltura_pipeline.quarantine import FOLDER, Quarantine
            from kaltura_pipeline.workspace import Workspace

            workspace = Workspace.open(settings, options.bucket)
            quarantine = Quarantine(workspace, options.folder or FOLDER)
            if options.keys or options.all:
                lines, status = _requeue(quarantine, workspace.ledger, options)
            else:
                lines = list(_list(quarantine, options))
    except (BotoCoreError, ClientError) as error:
        fix = f"Check the AWS connection {options.aws_conn_id!r} and the bucket {options.bucket!r}."
        print(f"S3 refused: {error}. {fix}", file=sys.stderr)
        return 1
    for line in lines:
        print(line)
    return status


def _parser(settings: PipelineSettings) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m kaltura_pipeline.requeue",
        description="List what is in quarantine and why; with keys, have these titles tried again by the next run.",
    )
    parser.add_argument("keys", nargs="*", metavar="KEY", help="key of a media file that shall be tried again")
    parser.add_argument("--all", action="store_true", help="all titles in quarantine (with --prefix: of these)")
    parser.add_argument("--prefix", default="", help="only keys that start with this, for the list and --all")
    parser.add_argument("--restore", action="store_true", help="copy back source objects that are gone")
    parser.add_argument("--json", action="store_true", help="list one JSON document a line, with all that is known")
    parser.add_argument("--bucket", default=settings.bucket, help="the source bucket (default %(default)r)")
    parser.add_argument(
        "--state-bucket", default=settings.state_bucket, help="bucket of ledger and quarantine (default: the source's)"
    )
    parser.add_argument(
        "--state-prefix", default=settings.state_prefix, help="prefix of what the pipeline writes (default %(default)r)"
    )
    parser.add_argument("--folder", help="folder of the quarantine below it (default 'quarantine/')")
    parser.add_argument(
        "--aws-conn-id", default=settings.aws_conn_id, help="Airflow's AWS connection (default %(default)r)"
    )
    return parser


def _list(quarantine: Quarantine, options: argparse.Namespace) -> Iterator[str]:
    count = 0
    for document in quarantine.titles(options.prefix):
        count += 1
        if options.json:
            yield json.dumps(document, ensure_ascii=True, sort_keys=True)
            continue
        yield f"{_line(document['key'])}  since {document['time']}, {document['result']}"
        yield f"    {_line(document['cause'])}"
        yield f"    who can fix it: {document['who']}; next step: {_line(document['step'])}"
        for held in document["objects"]:
            if held["note"] or held["moved"]:
                yield f"    {_line(held['key'])}: {held['note'] or 'moved here; --restore copies it back'}"
    if not options.json:
        yield f"{count} titles in quarantine below {quarantine.address}"


def _line(text: str) -> str:
    # A name with a line end in it must not look like two lines of the list, nor may it steer the terminal.
    return "".join(char if char.isprintable() else "\ufffd" for char in text)


def _requeue(quarantine: Quarantine, ledger: Ledger, options: argparse.Namespace) -> tuple[list[str], int]:
    keys: list[str] = list(options.keys)
    if options.all:
        keys += [document["key"] for document in quarantine.titles(options.prefix)]
    lines, status = [], 0
    for key in dict.fromkeys(keys):
        try:
            text = requeue(quarantine, ledger, options.bucket, key, restore=options.restore)
        except RequeueError as error:
            text, status = f"not requeued: {error}", 1
        lines.append(f"{_line(key)}: {text}")
    if not lines:
        lines = ["nothing is in quarantine"]
    return lines, status


def requeue(quarantine: Quarantine, ledger: Ledger, bucket: str, key: str, *, restore: bool = False) -> str:
    """Have one title tried again by the next run: out of quarantine, and out of the ledger's failures.

    If it ends in the middle, doing it again does the rest.

    :param quarantine: the quarantine of the bucket.
    :param ledger: the ledger.
    :param bucket: the source bucket.
    :param key: key of the media file.
    :param restore: copy back its objects that are gone from the source bucket.
    :return: what was done, in words.
    :raises RequeueError: there is no such title, its file is gone, or somebody works on it.
    """
    document = quarantine.read(key)
    record = ledger.read(bucket, key)
    from kaltura_provider.transfers.ledger import FAILED

    if document is None and (record is None or record["state"] != FAILED):
        raise RequeueError("it is neither in quarantine nor failed. Check the key; without keys, all are listed")
    done = []
    if document is not None:
        if restore and (restored := quarantine.restore(document)):
            done.append(f"copied back {', '.join(map(_line, restored))}")
        if key in quarantine.missing(document):
            again = "put it back" if restore else "put it back, or use --restore"
            raise RequeueError(f"s3://{bucket}/{_line(key)} is gone; {again}")
    if _forgive(ledger, bucket, key):
        done.append("its failure is forgotten")
    if document is not None:
        quarantine.remove(document)
        done.append("out of quarantine")
    return f"{', '.join(done)}; the next run takes it"


def _forgive(ledger: Ledger, bucket: str, key: str) -> bool:
    """Turn a failed record into one that a run has begun and not finished, which the next run goes on with."""
    from kaltura_provider.transfers.ledger import CLAIMED, FAILED, LeaseLostError, LedgerBusyError

    # What was refused before it was tried has no record.
    record = ledger.read(bucket, key)
    if record is None or record["state"] != FAILED:
        return False
    try:
        entry = ledger.claim(bucket, key, _OWNER, attempt=False)
        failed = bool(entry.body["state"] == FAILED)
        entry.release(CLAIMED if failed else entry.body["state"], error="")
    except (LedgerBusyError, LeaseLostError) as error:
        raise RequeueError(f"{error}; it is being tried right now") from error
    return failed


if __name__ == "__main__":
    sys.exit(main())
