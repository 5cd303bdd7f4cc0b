"""What a run knows of a bucket, in a database on the worker's disk: memory stays small, however many objects."""

from __future__ import annotations

import json
import sqlite3
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# What an object is to the pipeline.
MEDIA, METADATA, CAPTION, THUMBNAIL, RENDITION, CHAPTERS, ATTACHMENT, MANIFEST, DONE = (
    "media", "metadata", "caption", "thumbnail", "rendition", "chapters", "attachment", "manifest", "done",
)  # fmt: skip

_TABLES = """
CREATE TABLE object (
    key TEXT PRIMARY KEY, size INTEGER, etag TEXT, modified REAL, role TEXT, kind TEXT, stem TEXT,
    title TEXT DEFAULT '', detail TEXT DEFAULT '', reason TEXT DEFAULT ''
) WITHOUT ROWID;
CREATE INDEX object_stem ON object (stem, role);
CREATE INDEX object_title ON object (title) WHERE title <> '';
CREATE INDEX object_content ON object (etag, size) WHERE role = 'media';
CREATE TABLE row (
    key TEXT PRIMARY KEY, file TEXT, place TEXT, body TEXT
) WITHOUT ROWID;
CREATE TABLE record (
    name TEXT PRIMARY KEY, version TEXT, key TEXT, etag TEXT, entry_id TEXT, body TEXT
) WITHOUT ROWID;
CREATE INDEX record_content ON record (etag);
CREATE TABLE item (
    key TEXT PRIMARY KEY, action TEXT, reference_id TEXT, size INTEGER, body TEXT
) WITHOUT ROWID;
CREATE INDEX item_reference ON item (reference_id);
"""
_PAGE = 500


@dataclass(frozen=True)
class SourceObject:
    """An S3 object as a listing shows it.

    :param key: its key.
    :param size: bytes.
    :param etag: ETag of its content, without quotes.
    :param modified: when it was written, in seconds since 1970.
    """

    key: str
    size: int
    etag: str
    modified: float = 0.0

    @property
    def path(self) -> PurePosixPath:
        """The key as a path, for its folder, stem and ending."""
        return PurePosixPath(self.key)


@dataclass(frozen=True)
class Sidecar:
    """An object that belongs to a title.

    :param source: the object.
    :param role: :data:`METADATA`, :data:`CAPTION`, :data:`THUMBNAIL`, :data:`RENDITION`, :data:`CHAPTERS`,
        :data:`ATTACHMENT` or :data:`DONE`.
    :param detail: of a caption its language in Kaltura's words, of a rendition the ID of its flavor params.
    """

    source: SourceObject
    role: str
    detail: str = ""


@dataclass(frozen=True)
class Title:
    """A media file with what lies beside it.

    :param media: the media file.
    :param kind: what it is by its name: video, audio, image, document or data.
    :param sidecars: what belongs to it, by key.
    """

    media: SourceObject
    kind: str
    sidecars: tuple[Sidecar, ...] = ()

    def of(self, role: str) -> list[Sidecar]:
        """Return the sidecars of one role, by key."""
        return [sidecar for sidecar in self.sidecars if sidecar.role == role]


@dataclass(frozen=True)
class NotTaken:
    """An object that is no part of any title, and why."""

    key: str
    reason: str


class Catalogue:
    """The database of one run; see :meth:`open`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.db = connection

    @classmethod
    @contextmanager
    def open(cls) -> Iterator[Catalogue]:
        """Make an empty catalogue, and remove it in the end."""
        with tempfile.TemporaryDirectory(prefix="kaltura-plan-") as folder:
            # Nothing in it is worth keeping when the worker dies, so nothing waits for the disk.
            connection = sqlite3.connect(Path(folder) / "plan.db", isolation_level=None)
            connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + _TABLES)
            connection.execute("BEGIN")
            try:
                yield cls(connection)
            finally:
                connection.close()

    # -- objects

    def add(self, source: SourceObject, role: str, *, kind: str = "", stem: str = "", reason: str = "") -> None:
        """Note an object of the listing."""
        self.db.execute(
            "INSERT OR REPLACE INTO object (key, size, etag, modified, role, kind, stem, reason) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (source.key, source.size, source.etag, source.modified, role, kind, stem, reason),
        )

    def find(self, key: str, role: str | None = None) -> SourceObject | None:
        """Return an object of the listing, if it is there (and has that role)."""
        found = self.db.execute("SELECT key, size, etag, modified, role FROM object WHERE key = ?", (key,)).fetchone()
        return SourceObject(*found[:4]) if found and role in (None, found[4]) else None

    def media_of_stem(self, stem: str) -> list[tuple[str, str]]:
        """Return key and kind of the media files with a stem, by key."""
        query = "SELECT key, kind FROM object WHERE stem = ? AND role = 'media' ORDER BY key"
        return list(self.db.execute(query, (stem,)))

    def of_role(self, role: str) -> Iterator[tuple[SourceObject, str, str]]:
        """Yield objects of a role with their kind and stem, by key; their roles may be changed meanwhile."""
        for row in self._pages("object", "key, size, etag, modified, kind, stem", "role = ? AND title = ''", role):
            yield SourceObject(*row[:4]), row[4], row[5]

    def attach(self, key: str, role: str, title: str, detail: str = "") -> None:
        """Make an object part of a title."""
        self.db.execute("UPDATE object SET role = ?, title = ?, detail = ? WHERE key = ?", (role, title, detail, key))

    def attach_named(self, key: str, role: str, title: str) -> None:
        """Make an object part of a title that names it, whatever it was taken for before."""
        self.attach(key, role, title)
        self.db.execute("DELETE FROM item WHERE key = ?", (key,))

    def leave(self, key: str, reason: str) -> None:
        """Do not take an object, for a reason."""
        self.db.execute("UPDATE object SET role = '', title = '', reason = ? WHERE key = ?", (reason, key))

    def sidecars_of(self, title: str) -> tuple[Sidecar, ...]:
        """Return what belongs to a title, by key."""
        query = "SELECT key, size, etag, modified, role, detail FROM object WHERE title = ? ORDER BY key"
        return tuple(Sidecar(SourceObject(*row[:4]), row[4], row[5]) for row in self.db.execute(query, (title,)))

    def titles(self) -> Iterator[Title]:
        """Yield all titles, by key of the media file."""
        for source, kind, _ in self.of_role(MEDIA):
            yield Title(source, kind, self.sidecars_of(source.key))

    def not_taken(self) -> Iterator[NotTaken]:
        """Yield the objects that are no part of any title, by key."""
        for row in self._pages("object", "key, reason", "reason <> '' AND role = ?", ""):
            yield NotTaken(row[0], row[1])

    def same_content(self, source: SourceObject) -> tuple[str, str] | None:
        """Find an older file of the same content: its key, and the entry it became if it did.

        Files of one content are ordered by when they were written, then by key: all but the first repeat it.
        """
        seen = self.db.execute(
            "SELECT key, entry_id FROM record WHERE etag = ? AND key <> ? AND entry_id <> '' LIMIT 1",
            (source.etag, source.key),
        ).fetchone()
        if seen is None:
            seen = self.db.execute(
                "SELECT key, '' FROM object WHERE etag = ? AND size = ? AND role = 'media' "
                "AND (modified, key) < (?, ?) ORDER BY modified, key LIMIT 1",
                (source.etag, source.size, source.modified, source.key),
            ).fetchone()
        return (seen[0], seen[1]) if seen else None

    # -- rows of batch manifests

    def add_row(self, key: str, file: str, place: str, body: dict[str, Any]) -> str:
        """Note what a manifest says of a media file; return where another row said something before, if one did."""
        before = self.db.execute("SELECT file, place FROM row WHERE key = ?", (key,)).fetchone()
        if before:
            return ", ".join(part for part in before if part)
        self.db.execute("INSERT INTO row VALUES (?, ?, ?, ?)", (key, file, place, json.dumps(body)))
        return ""

    def row(self, key: str) -> tuple[str, str, dict[str, Any]] | None:
        """Return file, place and content of the row about a media file."""
        found = self.db.execute("SELECT file, place, body FROM row WHERE key = ?", (key,)).fetchone()
        return (found[0], found[1], json.loads(found[2])) if found else None

    def rows_without_media(self) -> Iterator[tuple[str, str, str]]:
        """Yield key, file and place of the rows whose media file is not in the bucket."""
        yield from self.db.execute(
            "SELECT key, file, place FROM row WHERE key NOT IN (SELECT key FROM object WHERE role = 'media') "
            "ORDER BY key"
        )

    # -- items of the plan

    def add_item(self, item: dict[str, Any]) -> None:
        """Note an item of the plan."""
        self.db.execute(
            "INSERT OR REPLACE INTO item VALUES (?, ?, ?, ?, ?)",
            (item["key"], item["action"], item["reference_id"], item["size"], json.dumps(item, ensure_ascii=False)),
        )

    def items(self, actions: Iterable[str] | None = None) -> Iterator[dict[str, Any]]:
        """Yield the items of the plan, by key; only those with one of some actions if these are given."""
        wanted = None if actions is None else set(actions)
        for _, action, body in self._pages("item", "key, action, body", "? = ''", ""):
            if wanted is None or action in wanted:
                yield json.loads(body)

    def shared_reference_ids(self) -> Iterator[list[dict[str, Any]]]:
        """Yield the items that have one reference ID, where there are several."""
        shared = "SELECT reference_id FROM item WHERE reference_id <> '' GROUP BY reference_id HAVING count(*) > 1"
        for (reference_id,) in self.db.execute(shared).fetchall():
            query = "SELECT body FROM item WHERE reference_id = ? ORDER BY key"
            yield [json.loads(body) for (body,) in self.db.execute(query, (reference_id,))]

    def _pages(self, table: str, columns: str, condition: str, value: str) -> Iterator[tuple[Any, ...]]:
        """Read a table by key, a page at a time, so that it may be changed meanwhile."""
        after = ""
        while True:
            # Table and columns are names of this module. No key is empty, and a plain comparison lets SQLite begin
            # where the page before ended.
            rows = self.db.execute(
                f"SELECT {columns} FROM {table} WHERE {condition} AND key > ? ORDER BY key LIMIT {_PAGE}",  # noqa: S608
                (value, after),
            ).fetchall()
            yield from rows
            if len(rows) < _PAGE:
                return
            after = rows[-1][0]
