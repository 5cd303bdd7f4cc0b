"""Days written by workers that are killed equal a direct count over the raw events. ``make test-year`` does a year."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from kaltura_sandbox.settings import Partner, Settings
from kaltura_sandbox.traffic.plan import TrafficPlan
from tests.chaos.report.backfill import PARTNER, SECRET, Backfill, export, fetch, sandbox_of_its_own, unfit
from tests.chaos.report.direct_count import REPORTS, DirectCount
from tests.chaos.report.proof import faults

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

ZONE = "Pacific/Chatham"
# Everybody watches on 3 April from 12 to 15 UTC; in Chatham that is the next day already.
PLAN = TrafficPlan(5, entries=300, viewers=20_000, first_day=date(2026, 3, 17), days=200, sessions=250)
EXAM, LONG, SHORT = "2026-04-04", "2026-04-05", "2026-09-27"
DAYS = (EXAM, LONG, SHORT)
UTC_DAYS = (("2026-04-03", 3), ("2026-09-26", 2))


def test_days_equal_a_direct_count(s3_url: str, s3: Any, tmp_path: Path) -> None:
    settings = Settings(tmp_path / "kaltura", (Partner(PARTNER, SECRET, "user-secret-for-tests"),), traffic=PLAN)
    s3.create_bucket(Bucket="days")
    tasks = [(report, day) for day in DAYS for report in REPORTS]
    with sandbox_of_its_own(settings) as url:
        backfill = Backfill([url], s3_url, "days", ZONE, tasks, kills=3, seed=1, batch=5)
        backfill.run()
    raw = [export(settings, first, days, tmp_path / f"{first}.csv") for first, days in UTC_DAYS]
    assert backfill.met.total() >= 3
    folder = tmp_path / "tables"
    assert unfit(fetch(s3, "days", folder), folder, DAYS) == []
    counted = DirectCount(raw, ZONE, list(DAYS))
    assert counted.rows("USER_ENGAGEMENT")[EXAM] > 12_000
    assert counted.events > 50_000
    assert faults(counted, folder) == []
