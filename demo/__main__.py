"""``python -m demo run`` shows the main job and ends; ``python -m demo up`` keeps everything running."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from demo.stack import ROOT


def main(arguments: list[str] | None = None) -> int:
    """Run the demonstration; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("mode", choices=["run", "up"])
    parser.add_argument(
        "--state", type=Path, default=ROOT / ".state" / "demo", help="directory that is kept between runs"
    )
    options = parser.parse_args(arguments)
    from demo.airflow_api import RunFailedError
    from demo.processes import ProcessError
    from demo.run import run_demo, run_up

    # However the demonstration is ended, its servers must not stay behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return run_demo(options.state) if options.mode == "run" else run_up(options.state)
    except KeyboardInterrupt:
        return 130
    except (ProcessError, RunFailedError, TimeoutError) as error:
        print(f"{error}\nAll logs are below {options.state}. To start afresh, remove that directory.", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
