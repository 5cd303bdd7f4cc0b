"""Known vulnerabilities of what is pinned, told by pip-audit."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import zip_longest
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from tests.audit.pins import Pin, read_pins
from tests.audit.settings import Borne


class UnreachableError(Exception):
    """No service told of vulnerabilities."""


class _FailedError(Exception):
    """pip-audit came to no end."""


@dataclass
class Verdict:
    """What pip-audit found."""

    audited: int = 0
    found: list[str] = field(default_factory=list)
    borne: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


def audit(paths: Sequence[Path], service: Sequence[str], borne: Mapping[str, Borne], today: date) -> Verdict:
    """Look at every pin, those for other Pythons and systems included.

    :param paths: files of requirements.
    :param service: options of pip-audit that choose who is asked.
    :param borne: known vulnerabilities by id.
    :raises UnreachableError: nobody answers.
    :raises RuntimeError: somebody answers, and pip-audit fails all the same.
    """
    files: dict[tuple[str, str], list[str]] = {}
    for path in paths:
        for pin in read_pins(path):
            files.setdefault((pin.name, pin.version), []).append(path.name)
    probe = [Pin(*next(iter(files)))]
    _reach(probe, service)
    told = []
    for layer in _layers(files):
        try:
            told += _ask(layer, service)
        except _FailedError as problem:
            _reach(probe, service)
            raise RuntimeError(f"pip-audit failed: {problem}") from None
    return judge(told, files, borne, today)


def judge(
    told: Iterable[Mapping[str, Any]], files: Mapping[tuple[str, str], Sequence[str]], borne: Mapping[str, Borne],
    today: date,
) -> Verdict:  # fmt: skip
    """Tell what of pip-audit's answers is new, known, or missing.

    :param told: what pip-audit says of each package.
    :param files: where each name and version is pinned.
    """
    verdict = Verdict()
    for each in told:
        if _skipped(each):
            verdict.unknown.append(f"{each['name']}: {each['skip_reason']}")
            continue
        verdict.audited += 1
        name, version = canonicalize_name(each["name"]), each["version"]
        for hole in each["vulns"]:
            ids = [hole["id"], *hole["aliases"]]
            text = f"{name}=={version} ({', '.join(files[name, version])}): {', '.join(ids)}"
            known = next((borne[each_id] for each_id in ids if each_id in borne), None)
            if known and today <= known.until:
                verdict.borne.append(f"{text}; borne until {known.until}: {known.reason}")
                continue
            if known:
                text += f"; it was to be looked at again on {known.until}"
            fixes = ", ".join(hole["fix_versions"])
            verdict.found.append(f"{text}; {f'fixed in {fixes}' if fixes else 'no fix yet'}. {hole['description']}")
    return verdict


def _layers(pins: Iterable[tuple[str, str]]) -> list[list[Pin]]:
    """Spread pins over lists that have every package once, as pip-audit wants it."""
    by_name: dict[str, list[Pin]] = {}
    for name, version in pins:
        by_name.setdefault(name, []).append(Pin(name, version))
    return [[pin for pin in layer if pin] for layer in zip_longest(*by_name.values())]


def _reach(probe: Sequence[Pin], service: Sequence[str]) -> None:
    """Ask one question: an index without advisories answers "not found" to everything.

    :raises UnreachableError: nobody answers.
    """
    try:
        told = _ask(probe, service)
    except _FailedError as problem:
        raise UnreachableError(str(problem)) from None
    if _skipped(told[0]):
        raise UnreachableError(f"the service does not know {probe[0]}")


def _ask(pins: Sequence[Pin], service: Sequence[str]) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "pip_audit", "--no-deps", "--disable-pip", "--progress-spinner", "off"]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "pins.txt")
        path.write_text("".join(f"{pin}\n" for pin in pins))
        command += ["--format", "json", "--timeout", "10", *service, "--requirement", str(path)]
        done = subprocess.run(command, capture_output=True, text=True)
    try:
        told: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except ValueError:
        reason = done.stderr.strip().rpartition("\n")[2] or f"it ended with status {done.returncode}"
        raise _FailedError(reason) from None
    return told


def _skipped(told: Mapping[str, Any]) -> bool:
    return "skip_reason" in told
