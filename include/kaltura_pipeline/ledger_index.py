"""All records of the ledger at once: a run over a million known files must not read a million documents.

The index is one compressed document beside the ledger, written by the runs that write the records. It holds each
record with the ETag of the document it was read from; a listing of the ledger tells which of them changed since, and
only those are read again. So an index that is old, or was written by two runs at once, costs requests and is never
wrong.
"""

from __future__ import annotations

import gzip
import json
import logging
import tempfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING, Any

from kaltura_provider.transfers.ledger import RECORDS, record_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kaltura_pipeline.catalogue import Catalogue
    from kaltura_provider.hooks.s3_documents import Document, S3Documents

log = logging.getLogger(__name__)

INDEX = "ledger-index.ndjson.gz"
# What a plan looks at.
_FIELDS = (
    "bucket",
    "key",
    "state",
    "etag",
    "entry_id",
    "error",
    "metadata_digest",
    "inputs_digest",
    "reference_id",
    "named",
    "defaults",
)
_THREADS = 8
_IN_MEMORY = 8 * 1024 * 1024


class LedgerIndex:
    """What the ledger says, in the catalogue of a run.

    :param catalogue: where it is kept.
    :param documents: the store of the ledger.
    """

    def __init__(self, catalogue: Catalogue, documents: S3Documents) -> None:
        self._catalogue = catalogue
        self._documents = documents
        self._noted = False

    def load(self) -> int:
        """Read the index and what changed since; write it anew if that was something. S3: ListObjectsV2, GetObject.

        :return: how many records were read one by one.
        """
        db = self._catalogue.db
        for name, version, body in self._old():
            self._note(name, version, body)
        db.execute("CREATE TEMP TABLE listed (name TEXT PRIMARY KEY, version TEXT) WITHOUT ROWID")
        listed = self._documents.versions(RECORDS)
        while page := list(islice(listed, 1000)):
            db.executemany("INSERT INTO listed VALUES (?, ?)", page)
        gone = db.execute("DELETE FROM record WHERE name NOT IN (SELECT name FROM listed)").rowcount
        stale = [
            name
            for (name,) in db.execute(
                "SELECT listed.name FROM listed LEFT JOIN record USING (name) "
                "WHERE record.version IS NULL OR record.version <> listed.version"
            )
        ]
        with ThreadPoolExecutor(_THREADS, thread_name_prefix="ledger") as threads:
            for document in threads.map(self._documents.read, stale):
                if document is not None:
                    self._note(document.name, document.etag, document.body)
        db.execute("DROP TABLE listed")
        if stale or gone > 0:
            self._write()
        return len(stale)

    def note(self, document: Document) -> None:
        """Take note of a record that was just written; :meth:`save` writes what was noted."""
        self._note(document.name, document.etag, document.body)
        self._noted = True

    def save(self) -> None:
        """Bring what was noted into the index in S3, so that no plan has to read it. S3: GetObject, PutObject.

        The other records of the index stay as they are, whatever became of them since: a plan looks.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        if not self._noted:
            return
        try:
            for name, version, body in self._old():
                self._note(name, version, body, over=False)
            self._write()
        except (BotoCoreError, ClientError) as error:
            log.warning("The index of the ledger could not be written (%s); the next plan takes longer.", error)

    def find(self, bucket: str, key: str) -> dict[str, Any] | None:
        """Return what a plan has to know of the record of a file; None if there is none."""
        query = "SELECT body FROM record WHERE name = ?"
        found = self._catalogue.db.execute(query, (record_name(bucket, key),)).fetchone()
        return json.loads(found[0]) if found else None

    def sources_of(self, entry_ids: Iterable[str]) -> dict[str, tuple[str, str]]:
        """Return the file that each of some entries was made of, as bucket and key; of the others nothing is known."""
        query = "SELECT entry_id, body FROM record WHERE entry_id IN (SELECT value FROM json_each(?)) ORDER BY name"
        found = self._catalogue.db.execute(query, (json.dumps(sorted(entry_ids)),))
        records = ((entry_id, json.loads(body)) for entry_id, body in found)
        return {entry_id: (record["bucket"], record["key"]) for entry_id, record in records}

    def without_object(self, bucket: str, prefix: str) -> Iterator[dict[str, str]]:
        """Yield key and entry of the files below a prefix that became entries and were not listed, by key."""
        query = (
            "SELECT body FROM record WHERE entry_id <> '' AND key NOT IN (SELECT key FROM object) ORDER BY key"
        )  # fmt: skip
        for (body,) in self._catalogue.db.execute(query):
            record = json.loads(body)
            if record["bucket"] == bucket and record["key"].startswith(prefix):
                yield {"key": record["key"], "entry_id": record["entry_id"]}

    def _note(self, name: str, version: str, body: dict[str, Any], *, over: bool = True) -> None:
        kept = {field: body[field] for field in _FIELDS if body.get(field)}
        self._catalogue.db.execute(
            f"{'REPLACE' if over else 'INSERT OR IGNORE'} INTO record VALUES (?, ?, ?, ?, ?, ?)",  # noqa: S608
            (
                name, version, str(body.get("key") or ""), str(body.get("etag") or ""),
                str(body.get("entry_id") or ""), json.dumps(kept, ensure_ascii=False),
            ),
        )  # fmt: skip

    def _old(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        stream = self._documents.open(INDEX)
        if stream is None:
            return
        try:
            with gzip.open(stream, "rt", encoding="utf-8") as lines:
                for line in lines:
                    name, version, body = json.loads(line)
                    yield name, version, dict(body)
        except (OSError, EOFError, ValueError, zlib.error) as error:
            log.warning("The index of the ledger cannot be read (%s); the records are read one by one.", error)

    def _write(self) -> None:
        rows = self._catalogue.db.execute("SELECT name, version, body FROM record ORDER BY name")
        with tempfile.SpooledTemporaryFile(_IN_MEMORY) as file:
            with gzip.open(file, "wt", encoding="utf-8", compresslevel=3) as lines:
                for name, version, body in rows:
                    lines.write(f"[{json.dumps(name)},{json.dumps(version)},{body}]\n")
            file.seek(0)
            self._documents.upload(INDEX, file, "application/gzip")
