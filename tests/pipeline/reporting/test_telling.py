"""The report reaches people by e-mail, with the page attached."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime, timezone

from tests.pipeline.inbox import Inbox, inbox
from tests.pipeline.reporting.conftest import plays

from kaltura_pipeline.reporting.daily import fetch_day
from kaltura_pipeline.reporting.pages import PageWriter
from kaltura_pipeline.reporting.telling import in_words, tell_report
from kaltura_pipeline.settings import PipelineSettings
from kaltura_provider.api import KalturaClient
from kaltura_provider.hooks.s3_partitions import S3Partitions

__all__ = ["inbox"]

DAY = "2026-03-20"
SMTP = "airflow.providers.smtp.notifications.smtp.SmtpNotifier"


def test_an_e_mail_with_the_page(
    settings: PipelineSettings, busy: KalturaClient, bucket: str, tables: S3Partitions, inbox: Inbox
) -> None:
    notifiers = json.dumps([{"notifier": SMTP, "kwargs": {"to": "dean@example.edu"}}])
    settings = replace(settings, reports="TOP_CONTENT", report_notifiers=notifiers)
    fetch_day(settings, busy, bucket, DAY)
    PageWriter(settings, busy, bucket, datetime.now(timezone.utc)).write(date.fromisoformat(DAY))
    assert tell_report(settings, {}, bucket, DAY, "https://media.example.edu/<day>") == []
    (message,) = inbox.messages
    assert message["Subject"] == f"Kaltura report of {DAY}: {plays(tables, DAY):,} plays"
    body = message.get_body(("html",))
    assert body is not None
    assert "https://media.example.edu/&lt;day&gt;" in body.get_content()
    (attached,) = message.iter_attachments()
    assert attached.get_filename() == f"report-{DAY}.html"
    assert attached.get_payload(decode=True) == tables.read(f"_kaltura/reports/day={DAY}/index.html")


def test_a_mail_server_that_is_gone_stops_nothing(settings: PipelineSettings, bucket: str, inbox: Inbox) -> None:
    broken = replace(settings, report_notifiers='[{"notifier": "no.such.Notifier"}]')
    (problem,) = tell_report(broken, {}, bucket, DAY, "x")
    assert "no.such.Notifier did not send" in problem
    assert tell_report(settings, {}, bucket, DAY, "x") == []
    assert inbox.messages == []


def test_numbers_in_words() -> None:
    assert in_words(1, 1, 0.9) == "1 play by 1 viewer, 1 minute viewed"
    assert in_words(5211, 300, 12000.4) == "5,211 plays by 300 viewers, 12,000 minutes viewed"
