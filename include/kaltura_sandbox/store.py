"""Documents in SQLite: one table a collection, safe under threads, safe against a kill at any moment.

A document is a JSON object with ``id`` and ``partnerId``. Any property can be searched for; the ones a collection
names as indexed are fast. Writers take turns; readers never wait.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from .query import ALL, Where

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

Document = dict[str, Any]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS unindexed (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, collection TEXT NOT NULL, id TEXT NOT NULL, visible_at REAL NOT NULL,
    doc TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS unindexed_due ON unindexed (visible_at);
CREATE TABLE IF NOT EXISTS jobs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, payload TEXT NOT NULL, due_at REAL NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS jobs_due ON jobs (due_at);
"""


def _dump(document: Document) -> str:
    # One NaN would make SQLite refuse every search of the collection.
    return json.dumps(document, separators=(",", ":"), allow_nan=False)


class Store:
    """A database file and its collections.

    :param path: the database file, made when missing.
    :param index_lag: seconds until searches see a new or changed document; reads by id always see it.
    """

    def __init__(self, path: Path, index_lag: float = 0.0) -> None:
        self.index_lag = index_lag
        self._path = path
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._connections_lock = threading.Lock()
        self._write_lock = threading.RLock()
        self._collections: dict[str, Collection] = {}
        self._uncommitted: dict[str, Collection] = {}
        self._after_commit: list[Callable[[], None]] = []
        self._after_rollback: list[Callable[[], object]] = []
        self._write_depth = 0
        with self.transaction() as connection:
            for statement in _SCHEMA.split(";"):
                connection.execute(statement)

    @property
    def connection(self) -> sqlite3.Connection:
        """This thread's connection."""
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            # Closed by close() from another thread, hence no thread check; each is used by one thread only.
            found = sqlite3.connect(self._path, timeout=60, isolation_level=None, check_same_thread=False)
            found.execute("PRAGMA journal_mode=WAL")
            found.execute("PRAGMA synchronous=NORMAL")
            found.execute("PRAGMA cache_size=-512")  # every worker thread has a connection, so keep each one small
            self._local.connection = found
            with self._connections_lock:
                self._connections.append(found)
        return found

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Do several reads and writes as one: all or none of them last, and no other writer comes between.

        May be nested; the outermost one commits. Do not wait for anything inside.
        """
        with self._write_lock:
            connection = self.connection
            if self._write_depth:
                yield connection
                return
            connection.execute("BEGIN IMMEDIATE")
            self._write_depth = 1
            hooks: list[Callable[[], None]] = []
            try:
                yield connection
                connection.execute("COMMIT")
                hooks = self._after_commit
            except BaseException:
                connection.execute("ROLLBACK")
                for undo in self._after_rollback:
                    undo()
                raise
            finally:
                self._write_depth = 0
                self._after_commit = []
                self._after_rollback = []
        for hook in hooks:
            hook()

    def after_commit(self, hook: Callable[[], None]) -> None:
        """Run something once the present transaction has been committed; at once when there is none."""
        with self._write_lock:
            if self._write_depth:
                self._after_commit.append(hook)
                return
        hook()

    def after_rollback(self, undo: Callable[[], object]) -> None:
        """Run something if the present transaction is not committed."""
        self._after_rollback.append(undo)

    def collection(self, name: str, *indexed: str) -> Collection:
        """Return a collection, making its table and indexes when missing.

        :param name: letters, digits and underscores.
        :param indexed: properties that are often searched for; callers need not agree on them.
        """
        found = self._collections.get(name)
        if found is None or not found.indexed.issuperset(indexed):
            with self.transaction():
                found = self._collections.get(name) or self._uncommitted.get(name)
                if found is None:
                    # Other threads get it once its table is there for them.
                    found = self._uncommitted[name] = Collection(self, name)
                    self.after_commit(lambda: self._collections.update({name: self._uncommitted.pop(name)}))
                    self.after_rollback(lambda: self._uncommitted.pop(name))
                found.add_indexes(indexed)
        return found

    def next_number(self, name: str, first: int = 1) -> int:
        """Return the next number of a counter; no number comes twice, not even after a restart.

        :param name: the counter.
        :param first: the number a new counter starts with.
        """
        with self.transaction() as connection:
            row = connection.execute(
                "INSERT INTO counters (name, value) VALUES (?, ?)"
                " ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value",
                (name, first),
            ).fetchone()
            return int(row[0])

    def set_index_lag(self, seconds: float) -> None:
        """Change how long searches lag, at any time.

        Searches that begin to lag know everything stored before; what waits already waits no longer than the new lag.

        :param seconds: 0 for no lag.
        """
        with self.transaction() as connection:
            if seconds and not self.index_lag:
                connection.execute("DELETE FROM unindexed")
                self.index_lag = seconds
                for each in [*self._collections.values()]:
                    each.index_all()
            elif seconds:
                # Or a later change could become visible before an earlier one, and be undone by that.
                latest = time.time() + seconds
                connection.execute("UPDATE unindexed SET visible_at = ? WHERE visible_at > ?", (latest, latest))
            self.index_lag = seconds

    def index_due(self) -> None:
        """Let searches see the documents whose lag is over."""
        now = time.time()
        if not self.connection.execute("SELECT 1 FROM unindexed WHERE visible_at <= ? LIMIT 1", (now,)).fetchone():
            return
        with self.transaction() as connection:
            due = connection.execute(
                "SELECT seq, collection, id, doc FROM unindexed WHERE visible_at <= ? ORDER BY seq", (now,)
            ).fetchall()
            for seq, name, key, doc in due:
                if name in self._collections:
                    sql = f'UPDATE "c_{name}" SET search_doc = ? WHERE id = ?'  # noqa: S608
                    connection.execute(sql, (doc, key))
                connection.execute("DELETE FROM unindexed WHERE seq = ?", (seq,))

    def close(self) -> None:
        """Close every connection; the store can not be used afterwards."""
        with self._connections_lock:
            for connection in self._connections:
                connection.close()
            self._connections.clear()


class Collection:
    """The documents of one kind.

    :param store: the database.
    :param name: the collection's name.
    """

    def __init__(self, store: Store, name: str) -> None:
        if not name.isidentifier():
            raise ValueError(f"{name!r}: use letters, digits and underscores only")
        self.store = store
        self.name = name
        self.indexed: set[str] = set()
        self._table = f'"c_{name}"'
        self._select = f"SELECT doc FROM {self._table}"  # noqa: S608 - the name was checked above
        self._update = f"UPDATE {self._table} SET doc = ? WHERE id = ?"  # noqa: S608
        with store.transaction() as connection:
            connection.execute(
                f"CREATE TABLE IF NOT EXISTS {self._table} (seq INTEGER PRIMARY KEY AUTOINCREMENT,"
                " id TEXT NOT NULL UNIQUE, doc TEXT NOT NULL, search_doc TEXT)"
            )
        self.index_all()
        self.add_indexes(["partnerId"])

    def index_all(self) -> None:
        """Let lagging searches see every document that does not wait for that."""
        if not self.store.index_lag:
            return
        with self.store.transaction() as connection:
            waiting = "SELECT id FROM unindexed WHERE collection = ?"
            sql = f"UPDATE {self._table} SET search_doc = doc WHERE id NOT IN ({waiting})"  # noqa: S608
            connection.execute(sql, (self.name,))
        known, self.indexed = self.indexed, set()
        self.add_indexes(known)

    def add_indexes(self, names: Iterable[str]) -> None:
        """Make searches for some properties fast.

        :raises ValueError: a name is not one of a property.
        """
        with self.store.transaction() as connection:
            missing = {*names} - self.indexed
            for each in missing:
                if not each.isidentifier():
                    raise ValueError(f"{each!r} is not the name of a property")
                for column in ("doc", "search_doc") if self.store.index_lag else ("doc",):
                    index = f'"c_{self.name}_{each}_{column}"'
                    field = f"json_extract({column}, '$.{each}')"
                    connection.execute(f"CREATE INDEX IF NOT EXISTS {index} ON {self._table} ({field})")
            self.indexed |= missing
            self.store.after_rollback(lambda: self.indexed.difference_update(missing))

    def insert(self, document: Document) -> Document:
        """Store a new document and return it.

        :param document: JSON data with a unique ``id``.
        :raises sqlite3.IntegrityError: the id exists.
        """
        text = _dump(document)
        with self.store.transaction() as connection:
            sql = f"INSERT INTO {self._table} (id, doc) VALUES (?, ?)"  # noqa: S608
            connection.execute(sql, (str(document["id"]), text))
            self._index_later(connection, str(document["id"]), text)
        return document

    def save(self, document: Document) -> Document:
        """Replace a stored document. Inside a transaction only, or changes of others may be lost.

        :raises KeyError: there is no such document.
        """
        text = _dump(document)
        with self.store.transaction() as connection:
            done = connection.execute(self._update, (text, str(document["id"])))
            if done.rowcount == 0:
                raise KeyError(document["id"])
            self._index_later(connection, str(document["id"]), text)
        return document

    def update(self, key: str | int, change: Callable[[Document], object] | None = None, **values: Any) -> Document:
        """Change a stored document as one step and return it.

        :param key: its id.
        :param change: called with the present document, changes it in place; may raise to leave it as it is.
        :param values: properties to set; None removes one.
        :raises KeyError: there is no such document.
        """
        with self.store.transaction():
            document = self.get(key)
            if document is None:
                raise KeyError(key)
            if change is not None:
                change(document)
            for name, value in values.items():
                if value is None:
                    document.pop(name, None)
                else:
                    document[name] = value
            return self.save(document)

    def get(self, key: str | int | None, partner_id: int | None = None) -> Document | None:
        """Return the document with an id, or None.

        :param partner_id: the account it must belong to; None allows all.
        """
        row = self.store.connection.execute(f"{self._select} WHERE id = ?", (str(key),)).fetchone()
        if row is None:
            return None
        document: Document = json.loads(row[0])
        return document if partner_id is None or document.get("partnerId") == partner_id else None

    def delete(self, key: str | int) -> bool:
        """Remove a document for good; return whether there was one."""
        with self.store.transaction() as connection:
            sql = f"DELETE FROM {self._table} WHERE id = ?"  # noqa: S608
            done = connection.execute(sql, (str(key),))
            return done.rowcount > 0

    def find(
        self,
        where: Where = ALL,
        order: Sequence[tuple[str, bool]] = (),
        limit: int | None = None,
        offset: int = 0,
        *,
        search: bool = False,
    ) -> list[Document]:
        """Return the documents that match, oldest first unless ordered.

        :param where: conditions, see :mod:`kaltura_sandbox.query`.
        :param order: properties and whether they descend; ties go by age, in the direction of the last one.
        :param limit: at most this many.
        :param offset: leave out this many first.
        :param search: go through the search index, which lags by ``index_lag`` seconds.
        """
        text, values = self._condition(where, search)
        terms = [f"{self._expression(name, search)} {'DESC' if down else 'ASC'}" for name, down in order]
        terms.append("seq DESC" if order and order[-1][1] else "seq ASC")
        sql = f"{self._select} WHERE {text} ORDER BY {', '.join(terms)} LIMIT ? OFFSET ?"
        rows = self.store.connection.execute(sql, (*values, -1 if limit is None else limit, offset))
        return [json.loads(row[0]) for row in rows]

    def first(self, where: Where, order: Sequence[tuple[str, bool]] = ()) -> Document | None:
        """Return the first document that matches, or None."""
        found = self.find(where, order, limit=1)
        return found[0] if found else None

    def count(self, where: Where = ALL, *, search: bool = False) -> int:
        """Return how many documents match."""
        text, values = self._condition(where, search)
        sql = f"SELECT COUNT(*) FROM {self._table} WHERE {text}"  # noqa: S608
        return int(self.store.connection.execute(sql, values).fetchone()[0])

    def _condition(self, where: Where, search: bool) -> tuple[str, tuple[Any, ...]]:
        lagging = search and self.store.index_lag > 0
        if lagging:
            self.store.index_due()
        text = where.sql.replace("{doc}", "search_doc" if lagging else "doc")
        return (f"search_doc IS NOT NULL AND ({text})" if lagging else text), where.values

    def _expression(self, name: str, search: bool) -> str:
        if not name.isidentifier():
            raise ValueError(f"{name!r} is not the name of a property")
        document = "search_doc" if search and self.store.index_lag > 0 else "doc"
        return f"json_extract({document}, '$.{name}')"

    def _index_later(self, connection: sqlite3.Connection, key: str, text: str) -> None:
        if self.store.index_lag:
            connection.execute(
                "INSERT INTO unindexed (collection, id, visible_at, doc) VALUES (?, ?, ?, ?)",
                (self.name, key, time.time() + self.store.index_lag, text),
            )
