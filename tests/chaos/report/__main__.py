"""The command ``python -m tests.chaos.report``: a year of days by killed workers; ``make test-year`` runs it."""

from __future__ import annotations

import argparse
import logging
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

from kaltura_sandbox.settings import Partner, Settings
from kaltura_sandbox.traffic.plan import TrafficPlan
from tests.chaos.report.backfill import PARTNER, SECRET, Backfill, export, fetch, sandbox_of_its_own, unfit
from tests.chaos.report.direct_count import REPORTS, DirectCount
from tests.chaos.report.proof import faults, requests_a_day

ZONE = "Pacific/Chatham"
BUCKET = "year"
_SANDBOXES = 2


def main() -> int:
    """Write the days, count the raw events, and compare; the exit status tells whether all is well."""
    parser = argparse.ArgumentParser(prog="tests.chaos.report", description=__doc__)
    parser.add_argument("--days", type=int, default=366, help="local days, up to 366 (default %(default)s)")
    parser.add_argument("--kills", type=int, default=100, help="processes to kill at work (default %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the moments (default %(default)s)")
    options = parser.parse_args()
    import boto3
    from moto.server import ThreadedMotoServer

    logging.disable(logging.INFO)
    plan = TrafficPlan(7)
    # The local days that the plan's UTC days touch; the first and the last are parts of a day.
    days = [str(plan.first_day + timedelta(days=number)) for number in range(min(options.days, plan.days + 1))]
    tasks = [(report, day) for day in days for report in REPORTS]
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    s3_url = "http://{}:{}".format(*server.get_host_and_port())
    s3 = boto3.client(
        "s3", endpoint_url=s3_url, region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        partners = (Partner(PARTNER, SECRET, "user-secret-for-tests"),)
        settings = [Settings(folder / f"kaltura{number}", partners, traffic=plan) for number in range(_SANDBOXES)]
        started = time.monotonic()
        with ExitStack() as sandboxes:
            urls = [sandboxes.enter_context(sandbox_of_its_own(each)) for each in settings]
            backfill = Backfill(urls, s3_url, BUCKET, ZONE, tasks, kills=options.kills, seed=options.seed, batch=12)
            backfill.run()
        seconds = time.monotonic() - started
        met = ", ".join(f"{number} in '{phase}'" for phase, number in sorted(backfill.met.items()))
        print(f"{len(days)} days of {ZONE} from {days[0]}, {len(REPORTS)} reports each, in {seconds:.0f} s", flush=True)
        print(f"{backfill.met.total()} of {backfill.processes} processes killed at work: {met}", flush=True)
        tables = folder / "tables"
        wrong = unfit(fetch(s3, BUCKET, tables), tables, days)
        server.stop()
        if not wrong:
            raw = export(settings[0], str(plan.first_day), min(plan.days, len(days) + 1), folder / "raw.csv")
            counted = DirectCount([raw], ZONE, days)
            rows = {report: counted.rows(report) for report in REPORTS}
            calls = requests_a_day(tables, days)
            busiest, most = max(rows["USER_ENGAGEMENT"].items(), key=lambda each: each[1])
            print(
                f"{counted.events:,} raw events make {sum(map(sum, (each.values() for each in rows.values()))):,} rows"
            )
            print(f"the most of USER_ENGAGEMENT: {most:,} on {busiest}")
            print(f"requests a day: {statistics.median(calls):.0f} as a rule, {max(calls)} at most")
            wrong = faults(counted, tables)
    print(*wrong, f"{len(wrong)} differences from a direct count over the raw events", sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
