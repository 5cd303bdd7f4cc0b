"""A night's work: which local days are fetched, and the tables of each."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Sequence
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kaltura_pipeline.errors import ConfigurationError
from kaltura_pipeline.reporting.gate import GateRules, judge

if TYPE_CHECKING:
    from kaltura_pipeline.settings import PipelineSettings
    from kaltura_provider.api import KalturaClient
    from kaltura_provider.hooks.s3_partitions import S3Partitions

_log = logging.getLogger(__name__)

#: The report that every other figure on the pages refers to.
MAIN_REPORT = "TOP_CONTENT"


class ReportsFailedError(Exception):
    """Some tables of a day could not be taken over; the message names each and the next step."""


def report_day(chosen: str | None, moment: datetime, time_zone: str) -> str:
    """Return the local day a run is about, as ``YYYY-MM-DD``.

    :param chosen: a day from the trigger form; it wins.
    :param moment: the run's date; the report is about the day before, in ``time_zone``.
    :raises ValueError: ``chosen`` is not a date.
    """
    from zoneinfo import ZoneInfo

    if chosen:
        try:
            return date.fromisoformat(chosen).isoformat()
        except ValueError:
            raise ValueError(f"day {chosen!r} is not a date; write it as 2026-11-22") from None
    return (moment.astimezone(ZoneInfo(time_zone)).date() - timedelta(days=1)).isoformat()


def partitions_of(settings: PipelineSettings, bucket: str) -> S3Partitions:
    """Return where the tables are kept."""
    from kaltura_provider.hooks.s3_partitions import S3Partitions

    return S3Partitions(settings.aws_conn_id, bucket, settings.state_prefix + "analytics/")


def reports_of(settings: PipelineSettings) -> list[str]:
    """Return the names of the reports of every night.

    :raises ConfigurationError: one is unknown, or the main one is missing.
    """
    from kaltura_provider.api import report_type

    try:
        names = [report_type(name).name for name in settings.reports.split(",") if name.strip()]
    except ValueError as error:
        raise ConfigurationError(f"KALTURA_PIPELINE_REPORTS: {error}") from None
    if MAIN_REPORT not in names:
        raise ConfigurationError(f"KALTURA_PIPELINE_REPORTS lacks {MAIN_REPORT}, which the pages need: add it")
    return list(dict.fromkeys(names))


def days_to_fetch(settings: PipelineSettings, bucket: str, day: str, *, look_back: bool) -> list[str]:
    """Return the days a run fetches, the one it is about last.

    :param day: the day the run is about.
    :param look_back: whether earlier days are fetched again while Kaltura may still change them.
    """
    if not look_back:
        return [day]
    newest = date.fromisoformat(day)
    earlier = [(newest - timedelta(days=back)).isoformat() for back in range(settings.report_lookback, 0, -1)]
    known = partitions_of(settings, bucket).manifests(MAIN_REPORT, earlier)
    return [*(each for each in earlier if known.get(each, {}).get("provisional")), day]


def fetch_day(settings: PipelineSettings, client: KalturaClient, bucket: str, day: str) -> dict[str, Any]:
    """Fetch all tables of a day and put them in the place of those that are there.

    A table that fails, or whose numbers the gate keeps out, stays as it was; the others go on.

    :param client: the client.
    :param bucket: the state bucket.
    :param day: the local day.
    :return: the day, rows by report, warnings in words, whether it is provisional, and calls to Kaltura.
    :raises ReportsFailedError: not all could be taken over; says which and why.
    """
    from kaltura_provider.api import EntryDetails, KalturaError

    partitions, rules = partitions_of(settings, bucket), GateRules.read(settings.report_rules)
    details = EntryDetails(client)
    rows: dict[str, int] = {}
    warnings: list[str] = []
    failures: list[str] = []
    errors: list[Exception] = []
    provisional, requests = False, 0
    for name in reports_of(settings):
        try:
            manifest, said = _fetch(settings, client, partitions, rules, name, day, details)
        except (KalturaError, ReportsFailedError) as error:
            _log.error("%s of %s: %s", name, day, error)
            failures.append(f"{name}: {error}")
            errors.append(error)
            continue
        rows[name] = manifest["rows"]
        provisional |= manifest["provisional"]
        requests += manifest["requests"]
        warnings += [f"{name}: {sentence}" for sentence in said]
    for sentence in warnings:
        _log.warning("%s of %s", sentence, day)
    if failures:
        raise ReportsFailedError(
            f"{len(failures)} of {len(failures) + len(rows)} tables of {day} stay as they were before. "
            + " | ".join(failures)
        ) from max(errors, key=_worth_another_try)
    return {
        "day": day, "rows": rows, "warnings": warnings, "provisional": provisional,
        "requests": requests + details.requests,
    }  # fmt: skip


def _fetch(
    settings: PipelineSettings, client: KalturaClient, partitions: S3Partitions, rules: GateRules, name: str, day: str,
    details: Any,
) -> tuple[dict[str, Any], Sequence[str]]:  # fmt: skip
    from kaltura_provider.api import DayReport, write_day

    report = DayReport(client, name, day, settings.time_zone, on_drift="error")
    now = datetime.now(timezone.utc)
    with tempfile.TemporaryDirectory(prefix="kaltura-report-") as folder:
        written = write_day(
            report, Path(folder), fetched_at=now, provisional=report.is_provisional(now, settings.report_settle_hours),
            formats=("parquet", "csv"), details=details,
        )  # fmt: skip
        date_of = date.fromisoformat(day)
        weeks = [(date_of - timedelta(weeks=back)).isoformat() for back in range(1, int(rules.rows_weeks) + 1)]
        verdict = judge(rules, written.manifest, partitions.manifests(name, weeks))
        if verdict.failures:
            raise ReportsFailedError("; ".join(verdict.failures))
        written.manifest["warnings"] = [*report.notes, *verdict.warnings]
        partitions.put(written)
    return written.manifest, written.manifest["warnings"]


def _worth_another_try(error: Exception) -> bool:
    from kaltura_provider.api import ErrorClass, KalturaError

    return isinstance(error, KalturaError) and error.error_class is ErrorClass.RETRY
