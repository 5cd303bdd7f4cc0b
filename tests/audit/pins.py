"""What requirements.txt and requirements-dev.txt pin."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Pin:
    """One version of one package, and for which Python or system it is meant."""

    name: str
    version: str
    marker: Marker | None = None

    @property
    def holds_here(self) -> bool:
        """Whether it is meant for this Python on this system."""
        return self.marker is None or self.marker.evaluate()

    def __str__(self) -> str:
        return f"{self.name}=={self.version}"


def read_pins(path: Path) -> Iterator[Pin]:
    """Read what a file of requirements pins.

    :param path: a file of lines ``name==version``, each perhaps with a marker.
    :raises ValueError: a line pins nothing.
    """
    for number, line in enumerate(path.read_text().splitlines(), 1):
        text = line.partition("#")[0].strip()
        if not text:
            continue
        requirement = Requirement(text)
        exact = [each.version for each in requirement.specifier if each.operator == "=="]
        if len(exact) != 1:
            raise ValueError(f"{path.name}, line {number}: {text!r} pins no version; run `make requirements`")
        yield Pin(canonicalize_name(requirement.name), exact[0], requirement.marker)
