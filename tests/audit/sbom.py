"""The list of what the provider's wheel needs, in CycloneDX's format (SBOM)."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from email import message_from_bytes
from importlib.metadata import distribution
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from packaging.utils import canonicalize_name

from tests.audit.licences import licences
from tests.audit.pins import ROOT, Pin, read_pins

VERSION = "1.6"


class DriftError(Exception):
    """What is installed is not what is pinned."""


def make(wheel: Path, requirements: Path = ROOT / "requirements.txt") -> str:
    """List a wheel, its pinned dependencies, their licences and what needs what.

    Pins for other Pythons and systems are on the list too, with the condition they hold under.

    :param wheel: the provider's.
    :param requirements: what it runs with.
    :raises DriftError: an installed version differs from the pinned one.
    """
    bom = _environment()
    pins = list(read_pins(requirements))
    installed: dict[str, dict[str, Any]] = {canonicalize_name(each["name"]): each for each in bom["components"]}
    components = [_component(pin, installed) for pin in pins]
    root = bom["metadata"]["component"]
    root.update(_identity(wheel))
    kept = {each["bom-ref"] for each in (root, *components)}
    bom["components"] = sorted(components, key=lambda each: str(each["bom-ref"]))
    bom["dependencies"] = [
        {**each, "dependsOn": [ref for ref in each.get("dependsOn", ()) if ref in kept]}
        for each in bom["dependencies"]
        if each["ref"] in kept
    ]
    return json.dumps(bom, indent=1) + "\n"


def validate(text: str) -> str | None:
    """Hold a list against CycloneDX's schema.

    :return: what is wrong; None if nothing is.
    """
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    problem = JsonStrictValidator(SchemaVersion.from_version(VERSION)).validate_str(text)
    return None if problem is None else str(problem)


def _environment() -> dict[str, Any]:
    """Return all that is installed here, and the provider as pyproject.toml describes it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "bom.json")
        command: Sequence[str] = (
            sys.executable, "-m", "cyclonedx_py", "environment", "--no-validate", "--output-reproducible",
            "--spec-version", VERSION, "--pyproject", str(ROOT / "pyproject.toml"), "--mc-type", "library",
            "--output-format", "JSON", "--output-file", str(path), sys.executable,
        )  # fmt: skip
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
        told: dict[str, Any] = json.loads(path.read_text())
    return told


def _component(pin: Pin, installed: dict[str, dict[str, Any]]) -> dict[str, Any]:
    condition = [{"name": "python:marker", "value": str(pin.marker)}] if pin.marker else []
    if pin.holds_here:
        known = installed.get(pin.name, {"version": "none"})
        if known["version"] != pin.version:
            raise DriftError(f"{pin} is pinned, and {known['version']} installed; run `make setup`")
        # No addresses of its project: the package's own address (purl) leads there, and checking them takes long.
        kept = {key: value for key, value in known.items() if key != "externalReferences"}
        if not kept.get("licenses"):
            # Words that are no name of SPDX's.
            kept["licenses"] = [{"license": {"name": text}} for text in licences(distribution(pin.name))]
        properties = [*known.get("properties", ()), *condition]
        return {**kept, **({"properties": properties} if properties else {})}
    return {
        "type": "library",
        "bom-ref": str(pin),
        "name": pin.name,
        "version": pin.version,
        "purl": f"pkg:pypi/{pin.name}@{pin.version}",
        "properties": condition,
    }


def _identity(wheel: Path) -> dict[str, Any]:
    with ZipFile(wheel) as archive:
        path = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        told = message_from_bytes(archive.read(path))
    return {
        "name": told["Name"],
        "version": told["Version"],
        "purl": f"pkg:pypi/{told['Name']}@{told['Version']}",
        "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(wheel.read_bytes()).hexdigest()}],
    }
