"""Writes what a run leaves behind to S3, in one pass over its results."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack, contextmanager
from datetime import datetime, timezone
from typing import IO, TYPE_CHECKING, TypedDict

from kaltura_pipeline.results.files import CsvWriter, NdjsonWriter
from kaltura_pipeline.results.page import render_page
from kaltura_pipeline.results.tally import Tally
from kaltura_pipeline.workspace import run_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kaltura_pipeline.results.model import TitleResult
    from kaltura_pipeline.workspace import Workspace

# Of a failure in XCom; the files have the whole text.
MAXIMUM_SHORT = 500

PAGE, CSV, NDJSON = "index.html", "results.csv", "results.ndjson"


class ResultFiles(TypedDict):
    """What was written, small enough for XCom.

    ``page``, ``csv`` and ``ndjson`` are ``s3://`` addresses; ``counts`` has the titles by result and ``fixers`` the
    failed ones by who can fix them; ``first`` names the first ten failed titles, each with cause and next step.
    """

    page: str
    csv: str
    ndjson: str
    total: int
    failed: int
    quarantined: int
    bytes_sent: int
    counts: dict[str, int]
    fixers: dict[str, int]
    first: list[str]


def write_results(
    workspace: Workspace,
    run_id: str,
    results: Iterable[TitleResult],
    *,
    title: str = "",
    kmc_url: str = "",
    quarantine: str = "",
    now: datetime | None = None,
) -> tuple[ResultFiles, Tally]:
    """Write the results of a run as NDJSON, as CSV and as a page, below ``runs/<run>/results/``.

    The results are read once and not kept, so there may be any number of them. Repeating it replaces the files.
    S3: PutObject, or a multipart upload for large files.

    :param workspace: where the run works.
    :param run_id: the DAG run.
    :param results: one record a title.
    :param title: what the run was about; the bucket's address by default.
    :param kmc_url: root of the server with the Kaltura Management Console, see ``KalturaHook.kmc_url``.
    :param quarantine: address of the quarantine, shown when something is in it.
    :param now: the time to print.
    :return: what was written, and the sums for :func:`kaltura_pipeline.results.tally.log_table`.
    """
    folder = f"{run_name(run_id)}/results/"
    with spool(results) as (tally, ndjson, csv):
        _upload(workspace, folder + NDJSON, ndjson, NdjsonWriter.content_type)
        _upload(workspace, folder + CSV, csv, CsvWriter.content_type)
    moment = (now or datetime.now(timezone.utc)).astimezone(timezone.utc)
    page = render_page(
        tally,
        title=title or f"s3://{workspace.bucket}",
        run_id=run_id,
        time=moment.strftime("%Y-%m-%d %H:%M UTC"),
        kmc_url=kmc_url,
        csv_href=CSV,
        ndjson_href=NDJSON,
        quarantine=quarantine,
    )
    # The page last: whoever finds it finds the files it links to.
    uri = workspace.write_html(folder + PAGE, page)
    files: ResultFiles = {
        "page": uri,
        "csv": workspace.documents.uri(folder + CSV),
        "ndjson": workspace.documents.uri(folder + NDJSON),
        "total": tally.total,
        "failed": tally.failures,
        "quarantined": tally.quarantined,
        "bytes_sent": tally.bytes_sent,
        "counts": tally.sorted_counts(),
        "fixers": dict(tally.fixers),
        "first": [_short(f"{line.key}: {line.cause.rstrip('.')}. Next step: {line.step}") for line in tally.first()],
    }
    return files, tally


def _short(text: str) -> str:
    return text if len(text) <= MAXIMUM_SHORT else text[:MAXIMUM_SHORT] + "…"


@contextmanager
def spool(results: Iterable[TitleResult]) -> Iterator[tuple[Tally, IO[bytes], IO[bytes]]]:
    """Write results to temporary files and sum them up; give sums, NDJSON and CSV, which are gone at the end."""
    with ExitStack() as stack:
        ndjson = stack.enter_context(tempfile.TemporaryFile())
        csv = stack.enter_context(tempfile.TemporaryFile())
        tally = Tally()
        writers = (NdjsonWriter(ndjson), CsvWriter(csv))
        for result in results:
            for writer in writers:
                writer.write(result)
            tally.add(result)
        for stream in (ndjson, csv):
            stream.seek(0)
        yield tally, ndjson, csv


def _upload(workspace: Workspace, name: str, stream: IO[bytes], content_type: str) -> None:
    from boto3.s3.transfer import TransferConfig

    workspace.client.upload_fileobj(
        stream,
        workspace.documents.bucket,
        workspace.documents.prefix + name,
        ExtraArgs={"ContentType": content_type},
        # With threads, ten parts would lie in memory at once.
        Config=TransferConfig(use_threads=False),
    )
