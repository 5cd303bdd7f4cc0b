"""``python -m tests.docs.check_site .state/site``: the built site leads nowhere that is not there.

mkdocs looks at the links that pages are written with; this looks at what came out: navigation, pictures, links in HTML
and in docstrings, and that nothing is loaded from another site.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from lxml import html

# What a browser loads by itself.
LOADED = {("link", "href"), ("script", "src"), ("img", "src"), ("iframe", "src"), ("source", "src")}
# Links of <link> that are not loaded.
NOT_LOADED = {"canonical", "next", "prev", "alternate"}


def faults(site: Path) -> list[str]:
    """Return what is wrong with the pages of a site."""
    pages: dict[Path, Any] = {path.resolve(): html.parse(path) for path in sorted(site.rglob("*.html"))}
    places = {path: set(page.xpath("//@id | //@name")) for path, page in pages.items()}
    found = []
    for path, page in pages.items():
        # The page for what is not found is served at any depth, and links from the root.
        root = site.resolve() if path.name == "404.html" else path.parent
        for element in page.iter("a", "link", "script", "img", "iframe", "source"):
            for name in ("href", "src"):
                target = element.get(name)
                if target is None:
                    continue
                where = f"{path.relative_to(site.resolve())}: {target}"
                parts = urlsplit(target)
                if parts.scheme or parts.netloc:
                    if (element.tag, name) in LOADED and element.get("rel") not in NOT_LOADED:
                        found.append(f"{where} is loaded from another site")
                    continue
                to = (root / unquote(parts.path).lstrip("/")).resolve() if parts.path else path
                to = to / "index.html" if to.is_dir() else to
                if not to.exists():
                    found.append(f"{where} is not there")
                elif parts.fragment and to in places and unquote(parts.fragment) not in places[to]:
                    found.append(f"{where}: there is no such place on that page")
    return found


def main(site: str) -> int:
    """Print what is wrong; return the exit code."""
    wrong = faults(Path(site))
    for line in wrong:
        print(line)  # noqa: T201 - what it is for
    return 1 if wrong or not Path(site, "index.html").exists() else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
