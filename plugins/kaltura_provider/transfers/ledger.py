"""The ledger: one record a source object, claimed before anything is created in Kaltura.

A record is a JSON document in S3. It is created with ``If-None-Match: *`` and changed with ``If-Match``, so of two
workers on one file exactly one holds the claim. The claim is a lease: a worker that dies loses it after
:data:`LEASE_SECONDS`, and whoever comes next goes on from the entry and upload token noted so far.
"""

from __future__ import annotations

import hashlib
import logging
import time
import uuid
from typing import TYPE_CHECKING, Any

from kaltura_provider.hooks.s3_documents import Document, DocumentConflictError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kaltura_provider.api import UploadProgress
    from kaltura_provider.hooks.s3_documents import S3Documents

log = logging.getLogger(__name__)

LEASE_SECONDS = 300
# A running upload is noted at most this often: each note is one S3 request.
RENEW_SECONDS = 60

CLAIMED = "claimed"
UPLOADED = "uploaded"
READY = "ready"
FAILED = "failed"
STATES = (CLAIMED, UPLOADED, READY, FAILED)

#: Where the records lie, below the place of the ledger.
RECORDS = "ledger/"


class LedgerBusyError(Exception):
    """Another worker holds the claim on this file."""


class LeaseLostError(Exception):
    """Another worker took the claim over; this one must stop at once and touch nothing more."""


def record_name(bucket: str, key: str) -> str:
    """Return the document name of a source object's record; a hash, since keys hold any character."""
    return f"{RECORDS}{hashlib.sha256(f'{bucket}/{key}'.encode()).hexdigest()}.json"


class LedgerEntry:
    """A claimed record; every change is written to S3 before the method returns.

    It is the Journal that :func:`kaltura_provider.api.put_content` keeps its notes in.
    """

    def __init__(self, documents: S3Documents, document: Document, clock: Callable[[], float]) -> None:
        self._documents = documents
        self._document = document
        self._clock = clock
        self._writes = {document.body["write"]}

    @property
    def body(self) -> dict[str, Any]:
        """The record as last written."""
        return self._document.body

    @property
    def document(self) -> Document:
        """The same, with the name and the version it has in S3."""
        return self._document

    def load(self) -> dict[str, str]:
        """Return the notes on entry and upload token that an earlier worker left."""
        return dict(self.body.get("notes", {}))

    def save(self, **changes: str) -> None:
        """Change notes and renew the lease. An empty text removes a note.

        :raises LeaseLostError: another worker took over.
        """
        notes = {**self.load(), **changes}
        self.update(notes={name: value for name, value in notes.items() if value})

    def try_save(self, **changes: str) -> bool:
        """Change notes that only save time later; S3 may be in trouble.

        :return: whether they were written.
        :raises LeaseLostError: another worker took over.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            self.save(**changes)
        except (BotoCoreError, ClientError) as error:
            log.warning("The ledger could not be written: %s", error)
            return False
        return True

    def update(self, **changes: Any) -> None:
        """Change fields of the record and renew the lease.

        :raises LeaseLostError: another worker took over.
        """
        self._write(changes, self._clock() + LEASE_SECONDS)

    def renew(self, progress: UploadProgress | None = None) -> None:
        """Keep the lease during a long step, and note how far it is; cheap to call often.

        :param progress: how far the upload is.
        :raises LeaseLostError: another worker took over.
        """
        if self._clock() - self.body["updated_at"] >= RENEW_SECONDS:
            seen = {"bytes_done": progress.bytes_done, "bytes_total": progress.bytes_total} if progress else {}
            self.update(**seen)

    def release(self, state: str, **changes: Any) -> None:
        """Write the outcome and give the claim back.

        :raises LeaseLostError: another worker took over.
        """
        self._write({"state": state, **changes}, 0.0)

    def _write(self, changes: dict[str, Any], lease_until: float) -> None:
        body = {**self.body, **changes, **_stamp(self._clock(), lease_until)}
        self._writes.add(body["write"])
        try:
            self._document = self._documents.replace(self._document, body)
            return
        except DocumentConflictError as error:
            # Unless what is there is a write of our own whose answer got lost, somebody else was here.
            current = self._documents.read(self._document.name)
            if current is None or current.body["write"] not in self._writes:
                raise self._lost() from error
        try:
            self._document = self._documents.replace(current, body)
        except DocumentConflictError as error:
            raise self._lost() from error

    def _lost(self) -> LeaseLostError:
        return LeaseLostError(
            f"{self.body['key']}: another worker took this file over; nothing to do, it goes on there"
        )


def _stamp(now: float, lease_until: float) -> dict[str, Any]:
    # The number tells a worker its own write from another's that says the same.
    return {"updated_at": now, "lease_until": lease_until, "write": uuid.uuid4().hex}


class Ledger:
    """All records below one place in S3.

    :param documents: where the records lie.
    :param clock: seconds since 1970; tests pass their own.
    """

    def __init__(self, documents: S3Documents, clock: Callable[[], float] = time.time) -> None:
        self._documents = documents
        self._clock = clock

    def address(self, bucket: str, key: str) -> str:
        """Return where the record of a source object lies."""
        return self._documents.uri(record_name(bucket, key))

    def read(self, bucket: str, key: str) -> dict[str, Any] | None:
        """Return the record of a source object, or None."""
        document = self._documents.read(record_name(bucket, key))
        return document.body if document else None

    def records(self) -> Iterator[dict[str, Any]]:
        """Yield all records, in no particular order. One that is removed meanwhile is left out."""
        for name in self._documents.names(RECORDS):
            if document := self._documents.read(name):
                yield document.body

    def claim(self, bucket: str, key: str, owner: str, *, attempt: bool = True) -> LedgerEntry:
        """Claim a source object for one worker.

        :param owner: names the worker, the same in every try of one task, so that a retry gets its own claim back.
        :param attempt: whether this counts as an attempt to upload it.
        :raises LedgerBusyError: another worker's lease runs.
        """
        now = self._clock()
        fresh = {
            "bucket": bucket, "key": key, "state": CLAIMED, "owner": owner, "attempts": int(attempt), "notes": {},
            "error": "", "created_at": now, **_stamp(now, now + LEASE_SECONDS),
        }  # fmt: skip
        try:
            name = record_name(bucket, key)
            return LedgerEntry(self._documents, self._documents.create(name, fresh), self._clock)
        except DocumentConflictError:
            pass
        return self.claim_known(bucket, key, owner, attempt=attempt)

    def claim_known(self, bucket: str, key: str, owner: str, *, attempt: bool = False) -> LedgerEntry:
        """Claim a source object that has a record; one request less than :meth:`claim`.

        :param owner: names the worker.
        :param attempt: whether this counts as an attempt to upload it.
        :raises LedgerBusyError: another worker's lease runs, or there is no record.
        """
        document = self._free(bucket, key, owner)
        attempts = document.body["attempts"] + int(attempt)
        taken = self._take(document, owner, {"attempts": attempts}, LEASE_SECONDS)
        return LedgerEntry(self._documents, taken, self._clock)

    def finish(self, bucket: str, key: str, owner: str, state: str, **changes: Any) -> Document:
        """Write the outcome into a record that nobody has claimed.

        As safe as :meth:`claim_known` and :meth:`LedgerEntry.release`, and one request less: where nothing is done in
        between, the one conditional write is the claim. S3: GetObject; PutObject, If-Match.

        :param owner: names the worker.
        :param state: one of :data:`STATES`.
        :return: the record as it was written.
        :raises LedgerBusyError: another worker's lease runs, or there is no record.
        """
        return self._take(self._free(bucket, key, owner), owner, {"state": state, **changes}, None)

    def _free(self, bucket: str, key: str, owner: str) -> Document:
        """Read a record that a worker may have.

        :raises LedgerBusyError: it may not.
        """
        document = self._documents.read(record_name(bucket, key))
        if document is None:
            raise LedgerBusyError(f"{key}: its ledger record was removed at this moment; run again")
        body, now = document.body, self._clock()
        if body["lease_until"] > now and body["owner"] != owner:
            left = int(body["lease_until"] - now)
            raise LedgerBusyError(
                f"{key}: {body['owner']} is working on it; if that worker is dead, its claim ends in {left} s: "
                "run again then"
            )
        return document

    def _take(self, document: Document, owner: str, changes: dict[str, Any], lease: float | None) -> Document:
        """Write a record for a worker, with a lease of some seconds or without one, unless another one was faster."""
        now = self._clock()
        until = 0.0 if lease is None else now + lease
        body = {**document.body, "owner": owner, "error": "", **changes, **_stamp(now, until)}
        try:
            return self._documents.replace(document, body)
        except DocumentConflictError as error:
            raise LedgerBusyError(
                f"{body['key']}: another worker claimed it at this moment; run again later"
            ) from error

    def release(self, bucket: str, key: str) -> bool:
        """End the claim on a source object, whoever holds it; what was noted stays.

        :return: whether there was a claim to end.
        :raises DocumentConflictError: its worker wrote at this moment, so it is alive.
        """
        document = self._documents.read(record_name(bucket, key))
        if document is None or document.body["lease_until"] <= self._clock():
            return False
        self._documents.replace(document, {**document.body, **_stamp(self._clock(), 0.0)})
        return True

    def forget(self, bucket: str, key: str) -> None:
        """Remove the record of a source object. S3: DeleteObject."""
        self._documents.delete(record_name(bucket, key))
