"""Everything a sandbox knows, to be compared: with itself later, or with what another one knows."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

State = dict[str, list[dict[str, Any]]]

# What only says when, how often or by which number something was done.
_PASSING = frozenset({"createdAt", "updatedAt", "version", "thumbnailVersion", "deletedAt", "contentPath"})
# What is left behind on the way.
_LEFT_OVER = frozenset({"uploadToken", "job"})
_DELETED = "3"


def state_of(data: Path) -> State:
    """Return all documents of a sandbox by collection.

    :param data: its data folder.
    """
    (database,) = data.glob("*.sqlite3")
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        listed = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB 'c_*'")
        return {
            name.removeprefix("c_"): [
                _with_content(json.loads(doc), data)
                for (doc,) in connection.execute(f'SELECT doc FROM "{name}" ORDER BY id')
            ]
            for (name,) in sorted(listed.fetchall())
        }
    finally:
        connection.close()


def _with_content(document: dict[str, Any], data: Path) -> dict[str, Any]:
    path = document.get("contentPath")
    if path and (data / path).is_file():
        return {**document, "content": hashlib.sha256((data / path).read_bytes()).hexdigest()}
    return document


def meaning_of(state: State) -> State:
    """Return what matters of a state: no times, no numbers that only count, nothing that was deleted again.

    Assets and documents are known by what they are, not by their IDs.
    """
    found: State = {}
    for name, documents in state.items():
        if name in _LEFT_OVER:
            continue
        # Of assets, assignments and documents; an entry that is gone is something to tell.
        kept = [each for each in documents if name == "entry" or str(each.get("status")) != _DELETED]
        found[name] = sorted((_plain(each, name) for each in kept), key=lambda each: json.dumps(each, sort_keys=True))
    return found


def _plain(document: dict[str, Any], name: str) -> dict[str, Any]:
    kept = {key: value for key, value in document.items() if key not in _PASSING}
    if name != "entry":
        kept.pop("id", None)
    return kept
