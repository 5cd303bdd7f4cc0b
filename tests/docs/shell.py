"""Let bash itself read a block of commands: each program is one that only notes how it was called."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

# What the documentation calls. Another program is not found, and the block fails.
PROGRAMS = (
    "airflow", "astro", "aws", "cp", "curl", "docker", "gcloud", "helm", "kubectl", "make", "mkdir", "openssl", "paste",
    "pip", "python", "python3", "rm", "sed", "tr", "twine",
)  # fmt: skip
_NOTE = """#!/bin/bash
{ printf '%s\\0' "${0##*/}" "$@"; printf '\\1\\0'; } >> "$NOTES"
"""


@dataclass(frozen=True)
class Called:
    """What a block did.

    :param commands: the programs with their arguments, in order.
    :param variables: what it exported.
    """

    commands: list[list[str]]
    variables: dict[str, str]


def read_commands(code: str, folder: Path) -> Called:
    """Run a block with programs that only note their arguments.

    :param folder: a place for these programs.
    :raises AssertionError: bash does not understand it, or it calls something else.
    """
    programs, notes, exported = folder / "bin", folder / "notes", folder / "exported"
    programs.mkdir()
    for name in PROGRAMS:
        (programs / name).write_text(_NOTE)
        (programs / name).chmod(0o755)
    notes.touch()
    # Options such as a secret of the reader's own are empty here.
    environment = {"PATH": str(programs), "NOTES": str(notes), "ADMIN_SECRET": "s", "KS": "s", "BASH_ENV": ""}
    script = f"{code}\n/usr/bin/env -0 > {exported}\n"
    done = subprocess.run(
        ["/bin/bash", "-eu", "-o", "pipefail", "-c", script], cwd=folder, env=environment, text=True,
        capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode != 127, f"{done.stderr}Name it in PROGRAMS, and what is to be checked of it."
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    calls = notes.read_bytes().decode().split("\1\0")[:-1]
    pairs = (line.partition("=") for line in exported.read_bytes().decode().split("\0") if line)
    variables = {name: value for name, _, value in pairs if name not in environment and name not in os.environ}
    return Called([call.split("\0")[:-1] for call in calls], variables)
