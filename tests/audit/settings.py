"""What pyproject.toml says in [tool.audit]: findings that are known and borne, each with its reason."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from tests.audit.pins import ROOT

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@dataclass(frozen=True)
class Borne:
    """A vulnerability that has no fix yet."""

    reason: str
    until: date


@dataclass(frozen=True)
class Settings:
    """What is known."""

    vulnerabilities: Mapping[str, Borne] = field(default_factory=dict)
    licences: Mapping[str, str] = field(default_factory=dict)


def read_settings(path: Path = ROOT / "pyproject.toml") -> Settings:
    """Read [tool.audit].

    :raises ValueError: an exception lacks its reason, or a vulnerability the day on which to look at it again.
    """
    told: dict[str, Any] = tomllib.loads(path.read_text()).get("tool", {}).get("audit", {})
    vulnerabilities = {}
    for name, entry in told.get("vulnerabilities", {}).items():
        if not entry.get("reason") or type(entry.get("until")) is not date:
            raise ValueError(
                f"{path.name}, tool.audit.vulnerabilities.{name}: write "
                '{ reason = "why it does no harm here", until = 2030-01-31 }, the day on which to look again'
            )
        vulnerabilities[name] = Borne(entry["reason"], entry["until"])
    for name, reason in (licences := told.get("licences", {})).items():
        if not isinstance(reason, str) or not reason:
            raise ValueError(f"{path.name}, tool.audit.licences.{name}: write why its licence does no harm")
    return Settings(vulnerabilities, licences)
