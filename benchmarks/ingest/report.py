"""What was measured, for people."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.ingest.figures import LoopFigures, RunFigures


def run_table(name: str, run: RunFigures) -> str:
    """Return what a run cost, and which tasks it had."""
    lines = [
        f"\n{name}: {run.files} files, {run.state} in {run.seconds:.1f} s, {run.entries} entries on Kaltura",
        f"  Kaltura   {sum(run.kaltura.values())} requests, {run.calls_a_file:.3f} a file: {_actions(run.kaltura)}",
        f"  S3        {sum(run.s3.values())} requests, {run.s3_a_file:.2f} a file: {_actions(run.s3)}",
        f"  XCom      {run.xcom_bytes} bytes in Airflow's database, the largest {run.xcom_largest}",
        f"  helpers   {run.helpers} processes at once look into files, the largest {run.helper_memory / 1e6:.0f} MB",
        f"  {'task':10} {'instances':>9} {'s in all':>9} {'s longest':>9} {'CPU s':>7} {'MB':>5}",
    ]
    lines += [
        f"  {name:10} {task.count:9} {task.seconds:9.1f} {task.longest:9.1f} {task.cpu:7.1f} {task.memory / 1e6:5.0f}"
        for name, task in run.tasks.items()
    ]
    cpu = ", ".join(f"{server} {seconds:.1f}" for server, seconds in run.servers.items())
    lines.append(f"  CPU s of the servers: {cpu}")
    return "\n".join(lines)


def loop_table(loop: LoopFigures, run: RunFigures) -> str:
    """Return how the loop over the official client compares with a run."""
    whole = loop.extrapolated(run.files)
    return "\n".join(
        [
            f"\nOfficial client, a loop over a sample of {loop.files} of these files: {loop.seconds:.1f} s, "
            f"{loop.calls / loop.files:.2f} requests to Kaltura a file, {loop.memory / 1e6:.0f} MB",
            f"  extrapolated to {run.files} files: {whole:.0f} s; the ingest took {run.seconds / whole:.2f} times that",
            "  The loop only sends: it checks, notes and waits for nothing, and next time it sends all again.",
        ]
    )


def _actions(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{action} {count}" for action, count in sorted(counts.items(), key=lambda each: -each[1]))
