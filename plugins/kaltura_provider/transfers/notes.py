"""Where an upload task keeps what a later try must know: in the ledger, or in Airflow's task state store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from kaltura_provider.hooks.errors import UploadSourceError

if TYPE_CHECKING:
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook

    from kaltura_provider.api import Journal, UploadProgress
    from kaltura_provider.transfers.journal import TaskStateJournal
    from kaltura_provider.transfers.ledger import Ledger, LedgerEntry


class UploadNotes(Protocol):
    """What an upload task knows about a file across tries, runs and workers."""

    @property
    def journal(self) -> Journal:
        """The notes that make an upload go on where it stopped."""
        ...

    @property
    def content(self) -> str:
        """Fingerprint of the content the entry was given; empty if nothing is known."""
        ...

    def tick(self, progress: UploadProgress) -> None:
        """Keep the claim on the file while bytes are moving.

        :param progress: how far the upload is.
        """
        ...

    def finish(self, **facts: Any) -> None:
        """Note what became of the file, and give the claim back.

        :param facts: plain JSON values; ``content``, ``entry_id``, ``etag``, ``reference_id`` and ``checksum``.
        """
        ...

    def pause(self) -> None:
        """Give the claim back while something is waited for; whoever takes it next goes on."""
        ...

    def give_up(self, error: str) -> None:
        """Note why this try ends, and give the claim back, so that the next one can begin at once.

        :param error: what a person is to read.
        """
        ...


class LedgerNotes:
    """Notes in the ledger, under a claim.

    :param record: the claimed record.
    """

    def __init__(self, record: LedgerEntry) -> None:
        self._record = record

    @property
    def journal(self) -> Journal:
        """The record itself."""
        return self._record

    @property
    def content(self) -> str:
        """Fingerprint of the content the entry was given; empty if nothing is known."""
        return str(self._record.body.get("content") or "")

    def tick(self, progress: UploadProgress) -> None:
        """Renew the lease from time to time."""
        self._record.renew(progress)

    def finish(self, **facts: Any) -> None:
        """Note what became of the file, and give the claim back."""
        from kaltura_provider.transfers.ledger import READY, UPLOADED

        same = facts.get("content") == self.content and self._record.body["state"] == READY
        self._record.release(READY if same else UPLOADED, error="", **facts)

    def pause(self) -> None:
        """Give the claim back; the state stays, so that the next one goes on."""
        self._record.release(self._record.body["state"], error="")

    def give_up(self, error: str) -> None:
        """Note why this try ends, and give the claim back; the state stays, so that the next one goes on."""
        from kaltura_provider.transfers.ledger import LeaseLostError

        try:
            self._record.release(self._record.body["state"], error=error)
        except LeaseLostError:
            # Whoever has the claim now notes what becomes of the file.
            return


class StateNotes:
    """Notes in Airflow's task state store; nobody else is kept from the file.

    :param journal: the notes.
    """

    def __init__(self, journal: TaskStateJournal) -> None:
        self.journal = journal

    @property
    def content(self) -> str:
        """Fingerprint of the content the entry was given; empty if nothing is known."""
        return self.journal.load().get("content", "")

    def tick(self, progress: UploadProgress) -> None:
        """Do nothing: there is no claim."""

    def finish(self, **facts: Any) -> None:
        """Note the content, to tell a changed source from this one."""
        self.journal.save(content=str(facts.get("content") or ""))

    def pause(self) -> None:
        """Do nothing: there is no claim."""

    def give_up(self, error: str) -> None:
        """Do nothing: the notes are as they should be, and the log has the error."""


def open_ledger(hook: S3Hook, place: str, source_bucket: str = "") -> Ledger:
    """Open a ledger.

    :param hook: the hook of the AWS connection.
    :param place: ``s3://bucket/prefix``, or a prefix within the source bucket.
    :param source_bucket: the bucket of the source; empty if it is not in S3.
    :raises ValueError: the place names no bucket.
    """
    from kaltura_provider.hooks.s3_documents import S3Documents
    from kaltura_provider.transfers.ledger import Ledger

    bucket, prefix = source_bucket, place
    if place.startswith("s3://"):
        bucket, _, prefix = place.removeprefix("s3://").partition("/")
    if not bucket:
        raise ValueError(f"ledger {place!r} names no bucket. Write it as s3://bucket/prefix.")
    prefix = prefix.strip("/")
    return Ledger(S3Documents(hook.get_conn(), bucket, f"{prefix}/" if prefix else ""))


def claim(ledger: Ledger, bucket: str, key: str, owner: str) -> LedgerNotes:
    """Claim a file in the ledger.

    :param ledger: the ledger.
    :param bucket: bucket of the source; empty if it is not in S3.
    :param key: key or path of the source.
    :param owner: names the worker, the same in every try of one task.
    :return: the notes earlier tries left, under the claim.
    :raises kaltura_provider.transfers.ledger.LedgerBusyError: another worker has it.
    :raises UploadSourceError: the ledger cannot be written; the message names the fix.
    """
    from botocore.exceptions import ClientError

    try:
        return LedgerNotes(ledger.claim(bucket, key, owner))
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code not in ("AccessDenied", "403", "NoSuchBucket", "AllAccessDisabled"):
            raise
        address = ledger.address(bucket, key)
        raise UploadSourceError(
            f"The ledger cannot be written at {address} ({code}), and without a claim there two workers could make two "
            "entries of one file. Allow the AWS connection's identity s3:GetObject and s3:PutObject there, or name a "
            "place of your own: ledger='s3://another-bucket/prefix'. For a source that is read-only that is the way."
        ) from error


def owner_of(ti: Any) -> str:
    """Name a task as the owner of a claim; the same in every try, so that a retry gets its own claim back.

    :param ti: the task instance.
    """
    names: Mapping[str, Any] = {name: getattr(ti, name, "") for name in ("dag_id", "run_id", "task_id", "map_index")}
    return "{dag_id}/{run_id}/{task_id}[{map_index}]".format(**names)
