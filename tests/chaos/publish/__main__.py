"""The command ``python -m tests.chaos.publish``: publishing killed many times; ``make chaos-publish`` runs it."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import tempfile
from pathlib import Path

from tests.chaos.publish.trials import PHASES, Ground, Trials, aws_connection


def main() -> int:
    """Run trials until enough processes were killed at work; the exit status tells whether all is well."""
    parser = argparse.ArgumentParser(prog="tests.chaos.publish", description=__doc__)
    parser.add_argument("kills", type=int, nargs="?", default=100, help="processes to kill (default %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the first trial (default %(default)s)")
    options = parser.parse_args()
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    os.environ["AIRFLOW_CONN_AWS_DEFAULT"] = aws_connection(url)
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        ground = Ground(url, "killed", Path(folder))
        ground.prepare()
        logging.disable(logging.INFO)
        trials = Trials(ground)
        print(f"an undisturbed run takes {trials.seconds:.2f} s", flush=True)
        seed = options.seed
        while trials.met.total() < options.kills:
            found = trials.trial(seed)
            wrong += found
            if found:
                print(*found, sep="\n", flush=True)
            seed += 1
    server.stop()
    met = ", ".join(f"{trials.met[name]} in '{name}'" for name in PHASES[:-1])
    print(f"{trials.met.total()} processes killed at work in {seed - options.seed} trials: {met}")
    print(f"{len(wrong)} differences from an undisturbed run")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
