"""The command ``python -m tests.matrix``: the wheel, copied DAGs and the tests, on several versions of Airflow.

For each version: a new environment with that Airflow and the wheel, and nothing of this tree; ``airflow providers
list``; the form for a connection; ``dag.test`` of the three DAGs against a local Kaltura and S3. With ``--tests`` the
tests of provider, DAGs and transcripts run there, too.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import requests
from benchmarks.publish.library import put_sounds
from demo.bucket import BUCKET
from demo.stack import LocalStack
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
STATE = ROOT / ".state" / "matrix"
UV = Path(os.environ.get("UV", ROOT / ".tools" / "bin" / "uv")).resolve()
_DAGS = ["kaltura_ingest", "kaltura_publish", "kaltura_reconcile", "kaltura_report"]
_INDEX = "https://pypi.org/simple/apache-airflow/"
_FILES = 3
#: Tests that ask for nothing of one version of Airflow.
_TESTS = ["tests/provider", "tests/dags", "tests/contract"]


def main() -> int:
    """Run all versions; the exit status tells whether all is well."""
    parser = argparse.ArgumentParser(prog="tests.matrix", description=__doc__)
    parser.add_argument("--airflow", default=",".join(_ends()), help="versions (default: %(default)s)")
    parser.add_argument("--tests", action="store_true", help="run the tests in each environment, too")
    options = parser.parse_args()
    wheel = _wheel()
    versions = options.airflow.split(",")
    wrong = [f"{version}: {each}" for version in versions for each in _try(version, wheel, options.tests)]
    for each in wrong:
        _say(f"WRONG: {each}")
    _say(f"{len(wrong)} things are wrong")
    return 1 if wrong else 0


def _ends() -> tuple[str, str]:
    """Return the oldest Airflow that pyproject.toml admits, and the newest that is released."""
    (oldest,) = re.findall(r'"apache-airflow>=([\d.]+)"', (ROOT / "pyproject.toml").read_text())
    newest = max(version for each in _releases() if not (version := Version(each)).is_prerelease)
    return f"{oldest}.0", str(newest)


@functools.cache
def _releases() -> dict[str, datetime]:
    """Return all versions of Airflow on the index, and when each came there."""
    answer = requests.get(_INDEX, headers={"Accept": "application/vnd.pypi.simple.v1+json"}, timeout=60)
    answer.raise_for_status()
    wheels = [file for file in answer.json()["files"] if file["filename"].endswith(".whl")]
    return {file["filename"].split("-")[1]: datetime.fromisoformat(file["upload-time"]) for file in wheels}


def _day_after(version: str) -> str:
    """Return the day up to which packages are taken: Airflow's constraints for a version are what was there then.

    Without that, an old Airflow gets libraries that it was never tried with, and breaks on them.
    """
    return (_releases()[version] + timedelta(days=1)).date().isoformat()


def _wheel() -> Path:
    shutil.rmtree(STATE, ignore_errors=True)
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(STATE / "dist")]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return next((STATE / "dist").glob("*.whl"))


def _try(version: str, wheel: Path, with_tests: bool) -> list[str]:
    folder = STATE / version
    python = folder / "venv" / "bin" / "python"
    _uv("venv", "--python", sys.executable, str(folder / "venv"))
    _uv(
        "pip", "install", "--python", str(python), "--exclude-newer", _day_after(version),
        f"apache-airflow=={version}", f"{wheel}[quality,report]",
    )  # fmt: skip
    _say(f"Airflow {version}: the wheel is installed")
    with ExitStack() as ending:
        servers = LocalStack(folder / "servers")
        ending.push(servers.__exit__)
        servers.start_s3()
        servers.start_kaltura()
        # moto keeps one set of buckets a process: what the version before has left goes.
        for item in servers.s3.list_objects_v2(Bucket=BUCKET).get("Contents", []):
            servers.s3.delete_object(Bucket=BUCKET, Key=item["Key"])
        put_sounds(servers.s3, BUCKET, _FILES)
        wrong = _look(python, folder, servers)
    if with_tests and not wrong:
        wrong += _tests(python, folder)
    _say(f"Airflow {version}: {len(wrong)} things are wrong")
    return wrong


def _look(python: Path, folder: Path, servers: LocalStack) -> list[str]:
    dags = folder / "dags"
    shutil.copytree(ROOT / "dags", dags, ignore=shutil.ignore_patterns("__pycache__"))
    given = servers.airflow_environment()
    environment = {name: value for name, value in given.items() if name != "PYTHONPATH"} | {
        "PATH": f"{python.parent}{os.pathsep}{given['PATH']}",
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(folder / "plugins"),
        "AIRFLOW_CONN_AWS_DEFAULT": json.dumps(servers.s3_connection()),
        "AIRFLOW_CONN_KALTURA_DEFAULT": json.dumps(servers.kaltura_connection()),
    }
    airflow = [str(python), "-m", "airflow"]
    _output([*airflow, "db", "migrate"], environment)
    listed = _output([*airflow, "providers", "list"], environment)
    _output([*airflow, "dags", "reserialize"], environment)
    inside, answer = folder / "inside.py", folder / "answer.json"
    shutil.copy(Path(__file__).with_name("inside.py"), inside)
    (folder / "inside.log").write_text(_output([str(python), str(inside), str(answer)], environment))
    told: dict[str, Any] = json.loads(answer.read_text())
    wrong = []
    if "airflow-provider-kaltura" not in listed:
        wrong.append("`airflow providers list` does not show the provider")
    if not Path(told["where"]).is_relative_to(folder):
        wrong.append(f"not the wheel ran, but {told['where']}")
    if "app_token_id" not in told["form"]:
        wrong.append(f"the connection's form has no field for an app token, only {told['form']}")
    if told["errors"] or told["dags"] != _DAGS:
        wrong.append(f"DAGs {told['dags']}, errors {told['errors']}")
    for dag_id, run in told["runs"].items():
        _say(f"{dag_id}: {run['state']}, {len(run['tasks'])} task instances")
        if run["state"] != "success":
            wrong.append(f"{dag_id} ended as {run['state']}: {run['tasks']}")
    keys = {item["Key"] for item in servers.s3.list_objects_v2(Bucket=BUCKET, Prefix="_kaltura/").get("Contents", [])}
    pages = [key for key in keys if re.fullmatch(r"_kaltura/pages/\w+_\w+\.html", key)]
    if len(pages) != _FILES or not any(key.startswith("_kaltura/reports/") for key in keys):
        wrong.append(f"{len(pages)} pages of {_FILES} titles; objects: {sorted(keys)}")
    return wrong


def _tests(python: Path, folder: Path) -> list[str]:
    """Run the tests with what is in the environment, and the libraries that tests need besides."""
    there, wanted, log = folder / "there.txt", folder / "tests.txt", folder / "tests.log"
    frozen = _uv("pip", "freeze", "--python", str(python)).splitlines()
    there.write_text("\n".join(line for line in frozen if "==" in line))
    _uv(
        "pip", "compile", "--python", str(python), "--all-extras", "--group", "dev", "pyproject.toml",
        "--constraints", str(there), "--output-file", str(wanted),
    )  # fmt: skip
    _uv("pip", "sync", "--python", str(python), str(wanted))
    _uv("pip", "install", "--python", str(python), "--no-deps", "--no-build-isolation", "--editable", ".")
    command = [str(python), "-m", "pytest", "-q", "-n", "2", *_TESTS]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    log.write_text(done.stdout + done.stderr)
    _say(done.stdout.strip().splitlines()[-1])
    return [] if done.returncode == 0 else [f"tests fail: {log}"]


def _uv(*words: str) -> str:
    return _output([str(UV), *words, "--quiet"], dict(os.environ), ROOT)


def _output(command: Sequence[str], environment: dict[str, str], folder: Path = STATE) -> str:
    """Run something, outside this tree if no folder is named, and return what it printed."""
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{(done.stdout + done.stderr)[-6000:]}")
    return done.stdout


def _say(text: str) -> None:
    print(f"{datetime.now().astimezone():%H:%M:%S} {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
