"""``python -m kaltura_pipeline.deployment.init``: prepare Airflow's database, the pool and the first user.

Safe to repeat, and after an upgrade. Connections are not made: docker-compose.yaml gives them by the environment.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

#: Slots of the pool, where there is none yet: uploads at once, over all workers.
POOL_SLOTS = "16"


def main() -> int:
    """Prepare; return the exit status of what failed, or 0."""
    from kaltura_pipeline.settings import PipelineSettings

    pool = PipelineSettings.from_environment().pool
    steps = [["db", "migrate"]]
    if pool and pool != "default_pool":
        steps.append(["pools", "set", "--include-deferred", pool, POOL_SLOTS, "Transfers to Kaltura"])
    for step in steps:
        if step[0] == "pools" and _has_pool(pool):
            continue
        done = subprocess.run([sys.executable, "-m", "airflow", *step], check=False)  # noqa: S603 - words of this file
        if done.returncode:
            print(f"airflow {' '.join(step)} ended with {done.returncode}: see above", file=sys.stderr)
            return done.returncode
    _write_password()
    return 0


def _has_pool(name: str) -> bool:
    """Tell whether there is a pool: what somebody set in the UI stays."""
    listed = subprocess.run(  # noqa: S603 - words of this file, and the name of a pool
        [sys.executable, "-m", "airflow", "pools", "get", name, "--output", "json"], check=False, capture_output=True
    )
    return listed.returncode == 0


def _write_password() -> None:
    """Give Airflow's simple auth manager the password of ``admin``; other users of the file stay."""
    password = os.environ.get("AIRFLOW_ADMIN_PASSWORD")
    name = os.environ.get("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE")
    if not password or not name:
        return
    file = Path(name)
    known = json.loads(file.read_text()) if file.exists() else {}
    known["admin"] = password
    new = file.with_suffix(".new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        json.dump(known, stream)
    new.replace(file)


if __name__ == "__main__":
    sys.exit(main())
