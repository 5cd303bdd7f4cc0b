"""What importing the provider costs a DAG file, over importing ``airflow.sdk``.

Run: ``make bench`` (or ``python -m benchmarks.import_time``). Each figure is the median of several fresh processes,
taken in turns so that a busy machine disturbs both alike. Exits with 1 if the limit is passed.
"""

from __future__ import annotations

import statistics
import subprocess
import sys

RUNS = 11
LIMIT_MS = 50.0

# What a DAG file imports when it uses everything the provider has.
PROVIDER = "\n".join(
    f"import kaltura_provider.{module}"
    for module in (
        "hooks.kaltura",
        "operators.call",
        "operators.embed",
        "operators.entry",
        "operators.player",
        "operators.session",
        "policies.retry",
        "sensors.entry",
        "transfers.file_to_kaltura",
        "transfers.kaltura_to_s3",
        "transfers.s3_to_kaltura",
    )
)
SCRIPT = """
import time
import airflow.sdk
from airflow.sdk import DAG, BaseHook, BaseOperator, BaseOperatorLink, BaseSensorOperator, Param, task
started = time.perf_counter()
{imports}
print((time.perf_counter() - started) * 1000)
"""


def milliseconds(imports: str) -> float:
    """Import in a fresh process, after ``airflow.sdk``; return what it took."""
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(imports=imports)], capture_output=True, text=True, check=True
    )
    return float(run.stdout.splitlines()[-1])


def main() -> int:
    """Measure, print, and tell whether the limit is kept."""
    nothing, provider = [], []
    for _ in range(RUNS):
        nothing.append(milliseconds("pass"))
        provider.append(milliseconds(PROVIDER))
    added = statistics.median(provider) - statistics.median(nothing)
    print(f"importing all of kaltura_provider adds {added:.1f} ms to airflow.sdk (limit {LIMIT_MS:.0f} ms)")
    low, middle, high = min(provider), statistics.median(provider), max(provider)
    print(f"  min {low:.1f}, median {middle:.1f}, max {high:.1f} ms, {RUNS} processes")
    return 0 if added < LIMIT_MS else 1


if __name__ == "__main__":
    sys.exit(main())
