"""Long lists in S3: one JSON a line, of which a task reads the part that is its own."""

from __future__ import annotations

import json
import tempfile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kaltura_pipeline.workspace import Workspace

_IN_MEMORY = 8 * 1024 * 1024


def write_lines(workspace: Workspace, name: str, rows: Iterable[Any]) -> tuple[str, list[int]]:
    """Write a list; return its address, and the byte that each line begins at and the last one ends at.

    S3: PutObject, or in parts.

    :param name: the document's name.
    :param rows: plain JSON; taken as they are written.
    """
    offsets = [0]
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")
            offsets.append(file.tell())
        file.seek(0)
        return workspace.documents.upload(name, file, "application/x-ndjson"), offsets


def read_lines(workspace: Workspace, uri: str, start: int = 0, stop: int | None = None) -> Iterator[Any]:
    """Read a list, or the lines of a range of bytes. S3: GetObject.

    :param uri: its address.
    :raises FileNotFoundError: it is gone.
    """
    stream = workspace.documents.open(workspace.documents.name_of(uri), start, stop)
    if stream is None:
        raise FileNotFoundError(f"{uri} is gone; start a new run")
    return (json.loads(line) for line in stream.iter_lines() if line)
