"""The command ``python -m tests.chaos``: many schedules, several at once."""

from __future__ import annotations

import argparse
import shutil
import sys
import time
import traceback
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from tests.chaos.ground import ROOT, Ground
from tests.chaos.scenario import Scenario
from tests.chaos.trial import Trial, Verdict

DONE = ("done", "clean: done")
STATE = ROOT / ".state" / "chaos"


def main() -> int:
    """Run the schedules; the exit status tells whether all is well."""
    parser = argparse.ArgumentParser(prog="tests.chaos", description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=500, help="schedules (default %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the first; the others follow (default %(default)s)")
    parser.add_argument("--lanes", type=int, default=6, help="schedules at once (default %(default)s)")
    options = parser.parse_args()
    shutil.rmtree(STATE, ignore_errors=True)
    started = time.monotonic()
    verdicts: list[Verdict] = []
    with Ground() as ground, ThreadPoolExecutor(options.lanes) as lanes:

        def run(seed: int) -> Verdict:
            trial = Trial(ground, Scenario.of(seed), STATE / str(seed))
            try:
                return trial.run()
            except Exception:
                trial.verdict.violations.append(f"it could not be played to its end\n{traceback.format_exc()}")
                return trial.verdict

        for done in as_completed([lanes.submit(run, options.seed + number) for number in range(options.count)]):
            verdicts.append(verdict := done.result())
            settle(verdict, STATE / str(verdict.scenario.seed))
            if len(verdicts) % 25 == 0:
                print(f"{len(verdicts)} of {options.count}, {time.monotonic() - started:.0f} s", flush=True)
    print(summary(verdicts, time.monotonic() - started))
    return 1 if any(verdict.violations for verdict in verdicts) else 0


def settle(verdict: Verdict, folder: Path) -> None:
    """Keep and print what is wrong, forget the rest."""
    if not verdict.violations:
        shutil.rmtree(folder)
        return
    report = verdict.report(folder)
    (folder / "report.txt").write_text(report)
    print(f"{report}\n--- all of this is in {folder / 'report.txt'}\n", flush=True)


def summary(verdicts: list[Verdict], seconds: float) -> str:
    """Say in some lines what happened to whom."""
    wrong = [verdict for verdict in verdicts if verdict.violations]
    ends = Counter(end if end == "killed" else "failed" for each in verdicts for end in each.ends if end not in DONE)
    faults = sum(len(verdict.faults) for verdict in verdicts)
    sent = sum(verdict.facts.bytes_sent for verdict in verdicts if verdict.facts)
    size = sum(verdict.scenario.size for verdict in verdicts)
    violations = sum(len(verdict.violations) for verdict in wrong)
    seeds = ", ".join(str(seed) for seed in sorted(verdict.scenario.seed for verdict in wrong))
    return (
        f"{len(verdicts)} schedules in {seconds:.0f} s: {faults} faults, {ends['killed']} workers killed, "
        f"{ends['failed']} failed and were run again; {sent / size:.2f} bytes sent for each byte of a file\n"
        f"{violations} violations" + (f" in the seeds {seeds}" if wrong else "")
    )


if __name__ == "__main__":
    sys.exit(main())
