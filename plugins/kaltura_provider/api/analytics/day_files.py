"""A day's report as files: Parquet, CSV, NDJSON, and a manifest that says what is in them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from kaltura_provider.api.analytics.reading import arrow
from kaltura_provider.api.errors import KalturaError

if TYPE_CHECKING:
    import pyarrow as pa

    from kaltura_provider.api.analytics.day_report import DayReport
    from kaltura_provider.api.analytics.details import EntryDetails

Format = Literal["parquet", "csv", "ndjson"]

#: Name and media type of each format's file.
FILES: dict[Format, tuple[str, str]] = {
    "parquet": ("data.parquet", "application/vnd.apache.parquet"),
    "csv": ("data.csv", "text/csv; charset=utf-8"),
    "ndjson": ("data.ndjson", "application/x-ndjson"),
}
#: Name of the manifest; readers of tables leave out what begins with an underscore.
MANIFEST = "_manifest.json"
#: Under this key a Parquet file carries its manifest, but for checksums.
METADATA_KEY = "kaltura"


@dataclass(frozen=True)
class DayFile:
    """A written file.

    :param path: where it is.
    :param content_type: its media type.
    :param bytes: its size.
    :param sha256: its checksum, hexadecimal.
    """

    path: Path
    content_type: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class DayFiles:
    """A day's report as files.

    :param manifest: what is in them, plain JSON: report, day, rows, schema, totals, ranges of values, checksums.
    :param files: by their name.
    """

    manifest: dict[str, Any]
    files: dict[str, DayFile] = field(default_factory=dict)


def write_day(
    report: DayReport,
    folder: Path,
    *,
    fetched_at: datetime,
    provisional: bool,
    formats: Sequence[Format] = ("parquet",),
    details: EntryDetails | None = None,
    check_totals: bool = True,
) -> DayFiles:
    """Fetch a day's report and write it, a part at a time, so that memory does not grow with it (``report.getTable``,
    ``report.getTotal``, and ``baseEntry.list`` for details).

    :param report: what to fetch.
    :param folder: where to write; it exists.
    :param fetched_at: now, with its zone.
    :param provisional: whether Kaltura may still change the figures.
    :param formats: the files to write.
    :param details: adds columns on entries, where the report is about entries.
    :param check_totals: whether to compare the rows with Kaltura's total.
    :return: the files and what is in them.
    :raises KalturaError: a call failed, or the answers cannot be read.
    :raises ValueError: a format is unknown.
    :raises ImportError: pyarrow is not installed.
    """
    unknown = [name for name in formats if name not in FILES]
    if unknown or not formats:
        raise ValueError(f"formats must be some of {', '.join(FILES)}, not {', '.join(unknown) or 'none'}")
    entries = details if report.report.dimension == "entry" else None
    writers = {name: _WRITERS[name](folder / FILES[name][0]) for name in formats}
    seen = _Seen()
    try:
        for table in _tables(report, entries):
            seen.take(table)
            for writer in writers.values():
                writer.write(table)
        checks = [asdict(check) for check in report.check_totals()] if check_totals else []
        period = report.period
        manifest: dict[str, Any] = {
            "report": report.report.name, "report_type": report.report.number, "day": str(period.day),
            "starts_at": period.start, "ends_at": period.end, "fetched_at": fetched_at.isoformat(timespec="seconds"),
            "provisional": provisional, "rows": report.rows, "schema": seen.schema, "ranges": seen.ranges,
            "totals": checks, "total": report.total, "requests": report.requests, "parts": report.parts,
            "notes": report.notes,
        }  # fmt: skip
        for writer in writers.values():
            writer.finish(manifest)
    finally:
        for writer in writers.values():
            writer.close()
    files = {FILES[name][0]: _file(folder / FILES[name][0], FILES[name][1]) for name in formats}
    manifest["files"] = {name: {"bytes": each.bytes, "sha256": each.sha256} for name, each in files.items()}
    return DayFiles(manifest, files)


def require_agreement(manifest: Mapping[str, Any]) -> None:
    """Require that rows and total of a day agree.

    :param manifest: of :func:`write_day`.
    :raises KalturaError: ``REPORT_DISAGREES``.
    """
    wrong = [each for each in manifest["totals"] if not each["agrees"]]
    if wrong:
        said = ", ".join(f"{each['column']}: rows {each['rows']:g}, total {each['total']:g}" for each in wrong)
        raise KalturaError(
            "REPORT_DISAGREES", f"{manifest['report']} of {manifest['day']} does not add up: {said}",
            service_action="report.getTotal",
        )  # fmt: skip


def _tables(report: DayReport, details: EntryDetails | None) -> Iterator[pa.Table]:
    """Yield the tables, one without rows if there is none, all of one schema."""
    names: list[str] | None = None
    for table in report.tables():
        shown = details.add_to(table) if details else table
        if names is not None and shown.schema.names != names:
            raise KalturaError(
                "BAD_ANSWER", "the columns changed from one part of the day to the next",
                service_action="report.getTable",
            )  # fmt: skip
        names = shown.schema.names
        yield shown
    if names is None:
        empty = report.empty()
        yield details.add_to(empty) if details else empty


class _Seen:
    """Gathers schema and range of values."""

    def __init__(self) -> None:
        self.schema: list[dict[str, str]] = []
        self.ranges: dict[str, list[float]] = {}

    def take(self, table: pa.Table) -> None:
        compute = arrow().compute
        if not self.schema:
            self.schema = [
                {
                    "name": each.name, "type": str(each.type),
                    **{key.decode(): value.decode() for key, value in (each.metadata or {}).items()},
                }
                for each in table.schema
            ]  # fmt: skip
        for each in table.schema:
            if str(each.type) not in ("int64", "double"):
                continue
            found = compute.min_max(table[each.name]).as_py()
            if found["min"] is None:
                continue
            low, high = self.ranges.get(each.name, [found["min"], found["max"]])
            self.ranges[each.name] = [min(low, found["min"]), max(high, found["max"])]


class _ParquetWriter:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer: Any = None

    def write(self, table: pa.Table) -> None:
        import pyarrow.parquet as parquet

        if self._writer is None:
            # Figures hardly repeat: to look for repetitions takes as long as all the rest, and saves nothing.
            texts = [each.name for each in table.schema if str(each.type) == "string"]
            self._writer = parquet.ParquetWriter(self._path, table.schema, compression="zstd", use_dictionary=texts)
        self._writer.write_table(table)

    def finish(self, manifest: dict[str, Any]) -> None:
        self._writer.add_key_value_metadata({METADATA_KEY: json.dumps(manifest, sort_keys=True)})
        self.close()

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()


class _CsvWriter:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer: Any = None

    def write(self, table: pa.Table) -> None:
        pa = arrow()
        if self._writer is None:
            self._writer = pa.csv.CSVWriter(
                self._path, table.schema, write_options=pa.csv.WriteOptions(quoting_style="needed")
            )
        self._writer.write_table(table)

    def finish(self, manifest: dict[str, Any]) -> None:
        self.close()

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None


class _NdjsonWriter:
    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8")

    def write(self, table: pa.Table) -> None:
        for row in table.to_pylist():
            self._file.write(json.dumps(row, ensure_ascii=False) + "\n")

    def finish(self, manifest: dict[str, Any]) -> None:
        self.close()

    def close(self) -> None:
        self._file.close()


_WRITERS: dict[str, Any] = {"parquet": _ParquetWriter, "csv": _CsvWriter, "ndjson": _NdjsonWriter}


def _file(path: Path, content_type: str) -> DayFile:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return DayFile(path, content_type, path.stat().st_size, digest.hexdigest())
