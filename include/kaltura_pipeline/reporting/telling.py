"""Sends the report of a day to people."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from datetime import date
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kaltura_pipeline.notify import Message, parse_notifiers, send
from kaltura_pipeline.reporting.daily import partitions_of
from kaltura_pipeline.reporting.figures import read_period

if TYPE_CHECKING:
    from kaltura_pipeline.settings import PipelineSettings
    from kaltura_provider.hooks.s3_partitions import S3Partitions


def tell_report(
    settings: PipelineSettings, context: Mapping[str, Any], bucket: str, day: str, address: str
) -> list[str]:
    """Send a day's headline, with its page attached where a notifier can do that.

    :param settings: the settings; ``report_notifiers`` says whom to tell. ``when`` does not matter: a report is sent.
    :param context: the task's context.
    :param bucket: the state bucket.
    :param day: the day, ``YYYY-MM-DD``.
    :param address: where the page can be opened.
    :return: what went wrong, one sentence a notifier; logged as errors too.
    :raises ConfigurationError: the notifiers cannot be read.
    """
    notifiers = parse_notifiers(settings.report_notifiers)
    if not notifiers:
        return []
    tables = partitions_of(settings, bucket)
    plays, viewers, minutes = numbers_of(tables, day)
    said = in_words(plays, viewers, minutes)
    message = Message(
        f"Kaltura report of {day}: {plays:,} plays",
        f"**{day}**: {said}.\n\nThe page: {address}",
        f"<p><strong>{day}</strong>: {said}.</p><p>The page: {escape(address)}</p>",
    )
    page = tables.read(f"{settings.state_prefix}reports/day={day}/index.html")
    with tempfile.TemporaryDirectory(prefix="kaltura-report-") as folder:
        files = []
        if page is not None:
            path = Path(folder) / f"report-{day}.html"
            path.write_bytes(page)
            files.append(str(path))
        results = {"day": day, "plays": plays, "viewers": viewers, "minutes": round(minutes), "page": address}
        return send(context, message, notifiers, results=results, files=files)


def numbers_of(tables: S3Partitions, day: str) -> tuple[int, int, float]:
    """Return the plays, the viewers and the minutes viewed of a day.

    :param tables: the pipeline's tables.
    :param day: the day, ``YYYY-MM-DD``.
    """
    headline = read_period(tables, [date.fromisoformat(day)]).headline
    return (headline.plays, headline.viewers or 0, headline.seconds_viewed / 60) if headline else (0, 0, 0.0)


def in_words(plays: int, viewers: int, minutes: float) -> str:
    """Say the numbers of a day."""
    numbers = ((plays, "play"), (viewers, "viewer"), (round(minutes), "minute"))
    played, watched, viewed = (f"{number:,} {noun}{'' if number == 1 else 's'}" for number, noun in numbers)
    return f"{played} by {watched}, {viewed} viewed"
