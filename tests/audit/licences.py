"""Licences of what runs with the provider: nothing that asks for the provider's own source."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from importlib.metadata import Distribution, PackageNotFoundError, distribution

from tests.audit.pins import Pin

# Not the Lesser GPL, which asks for nothing of who merely uses a library.
_STRONG = re.compile(r"\bA?GPL|(?<!Lesser )General Public|Affero|\bSSPL|Server Side Public", re.IGNORECASE)
# Libraries under the GPL that wheels carry beside code under another licence.
_CARRIED = re.compile(r"(?:^|/)lib(?P<name>x264|x265|xvidcore|vidstab|rubberband|readline|gdbm|postproc)[-.\d]")


def licences(package: Distribution) -> list[str]:
    """Return what a package says of its licence."""
    told = package.metadata
    if expressions := told.get_all("License-Expression"):
        return list(expressions)
    named = [text.rpartition(" :: ")[2] for text in told.get_all("Classifier") or () if text.startswith("License ::")]
    # Some write the whole text there.
    lines = [text.strip().partition("\n")[0] for text in told.get_all("License") or ()]
    return [*named, *(line for line in lines if line and line.upper() != "UNKNOWN")]


def problems(pins: Iterable[Pin], borne: Mapping[str, str]) -> list[str]:
    """Tell which licences must not be there, and what of the exceptions is of no use any more.

    :param pins: what runs with the provider; those for this Python are looked at.
    :param borne: reasons by package.
    """
    found = {}
    for pin in pins:
        if pin.holds_here and (text := _problem(pin)):
            found[pin.name] = f"{pin}: {text}"
    new = [text for name, text in found.items() if name not in borne]
    return new + [f"{name}: needs no exception any more; take it out of tool.audit.licences" for name in borne
                  if name not in found]  # fmt: skip


def _problem(pin: Pin) -> str | None:
    try:
        package = distribution(pin.name)
    except PackageNotFoundError:
        return "not installed, so its licence is not known; run `make setup`"
    told = licences(package)
    carried = sorted({match["name"] for file in package.files or () if (match := _CARRIED.search(str(file)))})
    if not told:
        return "names no licence"
    if strong := [text for text in told if _STRONG.search(text)]:
        return f"is under {', '.join(strong)}"
    return f"carries {', '.join(carried)}, which are under the GPL" if carried else None
