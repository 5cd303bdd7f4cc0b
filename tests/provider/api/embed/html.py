"""Reading what was rendered with a parser that follows the HTML standard, errors included."""

from __future__ import annotations

import json
from typing import Any

from justhtml import JustHTML


class Html:
    """A page or a piece of one, as a browser reads it. Fails when the standard calls something in it an error."""

    def __init__(self, text: str, *, whole: bool = True) -> None:
        self.source = (
            text if whole else f"<!doctype html><html lang=en><head><title>t</title></head><body>{text}</body>"
        )
        self.root: Any = JustHTML(self.source, collect_errors=True, sanitize=False)
        assert self.root.errors == []

    def all(self, selector: str) -> list[dict[str, str]]:
        """The attributes of elements."""
        return [dict(node.attrs) for node in self.root.query(selector)]

    def one(self, selector: str) -> dict[str, str]:
        (found,) = self.all(selector)
        return found

    def texts(self, selector: str) -> list[str]:
        """The exact text of elements."""
        return [_text(node) for node in self.root.query(selector)]

    def text(self, selector: str) -> str:
        (found,) = self.texts(selector)
        return found

    def meta(self, name: str) -> str:
        (found,) = [each for each in self.all("meta") if name in (each.get("name"), each.get("property"))]
        return found["content"]

    def data(self) -> Any:
        """What the script of a player is told."""
        return json.loads(self.one("[data-kaltura]")["data-kaltura"])

    def structure(self) -> list[Any]:
        """All elements with the names of their attributes, nested; nothing of any text."""
        return _structure(self.root.root)


def _text(node: Any) -> str:
    return "".join(child.data if child.name == "#text" else _text(child) for child in node.children or [])


def _structure(node: Any) -> list[Any]:
    return [
        (child.name, sorted(child.attrs), _structure(child))
        for child in node.children or []
        if not child.name.startswith(("#", "!"))
    ]
