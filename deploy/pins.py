"""``python -m deploy.pins``: write the versions of ``requirements.txt`` into the requirement files below ``deploy/``.

Airflow's constraints files decide about most packages. What they do not know (they are made of Airflow's own providers)
is pinned here, so that two installations are the same. ``make requirements`` runs this.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent

#: What a deployment installs of the distribution: the four DAGs need these extras.
EXTRAS = ("quality", "report")
#: What Airflow's constraints files lack of its dependencies, and of theirs.
PINNED = frozenset(
    {
        "av", "awscrt", "contourpy", "cycler", "filetype", "fonttools", "kiwisolver", "langcodes", "m3u8", "matplotlib",
        "pillow", "pysubs2",
    }
)  # fmt: skip
_NOTE = "# Written by `make requirements`: what Airflow's constraints files do not pin.\n"


def pins(python: str = "", *, known: Iterable[str] = ()) -> list[str]:
    """Return the pins as requirements, in the order of their names.

    :param python: version of Python such as ``3.12``; without it those of all versions are returned, with markers.
    :param known: names of packages that a constraints file pins already; they are left out.
    """
    wanted = PINNED - {canonicalize_name(name) for name in known}
    found = []
    for line in (ROOT / "requirements.txt").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        requirement = Requirement(line)
        if canonicalize_name(requirement.name) not in wanted:
            continue
        if python and requirement.marker:
            if not requirement.marker.evaluate({"python_full_version": f"{python}.0", "python_version": python}):
                continue
            requirement.marker = None
        found.append(str(requirement))
    return found


def files() -> dict[Path, str]:
    """Return the requirement files with what they are to say."""
    from kaltura_provider import __version__

    extras = ",".join(EXTRAS)
    composer = [f"airflow-provider-kaltura[{extras}]=={__version__}", *pins("3.11")]
    return {
        ROOT / "deploy" / "astronomer" / "requirements.txt": _NOTE + "\n".join(pins()) + "\n",
        # gcloud takes names, extras and versions: no comments, no markers.
        ROOT / "deploy" / "composer" / "requirements.txt": "\n".join(composer) + "\n",
    }


def main() -> int:
    """Write the files; return the exit status."""
    for path, text in files().items():
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
