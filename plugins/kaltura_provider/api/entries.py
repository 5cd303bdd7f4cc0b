"""One entry from one file, exactly once, however often and wherever the work is interrupted.

The order of the steps is what makes it safe. The entry is noted before it is filled, the upload token before bytes are
sent into it, and content is attached only with a token the server has just called complete. Whatever was not noted
because the process died is found again: the entry by its reference ID, the state of the upload by its token.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from kaltura_provider.api.calls import clean
from kaltura_provider.api.errors import KalturaError
from kaltura_provider.api.lookup import find_by_reference_id, get_entry
from kaltura_provider.api.media_kind import MediaKind, entry_template, kind_of_entry
from kaltura_provider.api.models import Entry, EntryStatus, UploadToken, UploadTokenStatus
from kaltura_provider.api.uploads import UploadProgress, UploadSource, get_token, upload

if TYPE_CHECKING:
    from kaltura_provider.api.client import KalturaClient

log = logging.getLogger(__name__)

#: Seconds after which an entry that was added is expected to be found by its reference ID.
INDEX_WAIT = 60.0
#: Seconds to wait for the answer when content is attached: the server may copy the file meanwhile.
ATTACH_READ_TIMEOUT = 120.0

#: How often a token is looked at that may just be being attached.
ATTACHED_LOOKS = 10

MIN_REFERENCE_ID = 2
#: Bytes of a data entry at most: its text travels in the call itself.
MAX_TEXT = 10_000_000


class Journal(Protocol):
    """Durable notes about one entry, kept where a later try finds them."""

    def load(self) -> Mapping[str, str]:
        """Return all notes."""
        ...

    def save(self, **changes: str) -> None:
        """Write notes; when it returns they are safe. An empty text deletes a note.

        :param changes: notes by name: ``entry_id``, ``upload_token_id``, ``fingerprint``, ``add_started``.
        """
        ...


class MemoryJournal:
    """Notes that live as long as the process; enough where nothing is retried."""

    def __init__(self) -> None:
        self._notes: dict[str, str] = {}

    def load(self) -> Mapping[str, str]:
        """Return all notes."""
        return dict(self._notes)

    def save(self, **changes: str) -> None:
        """Write notes.

        :param changes: notes by name.
        """
        self._notes.update(changes)


@dataclass(frozen=True)
class PutResult:
    """What became of one file.

    :param entry: the entry, which Kaltura may still be converting.
    :param created: whether this call added it.
    :param uploaded: whether this call gave it its content.
    :param bytes_sent: bytes sent in this call.
    :param resumed_from: bytes of an earlier try that did not have to be sent again.
    """

    entry: Entry
    created: bool
    uploaded: bool
    bytes_sent: int = 0
    resumed_from: int = 0


def put_content(
    client: KalturaClient,
    source: UploadSource,
    *,
    entry: Mapping[str, Any],
    kind: MediaKind,
    reference_id: str,
    journal: Journal,
    on_progress: Callable[[UploadProgress], None] | None = None,
    part_size: int | None = None,
    parallel: int | None = None,
    index_wait: float = INDEX_WAIT,
) -> PutResult:
    """Make an entry of a file, once.

    Can be called again at any time, after any kind of interruption, with the same journal: it goes on where Kaltura
    stands. Without the journal it finds the entry by its reference ID once Kaltura has indexed it. An entry that has
    content is left as it is. Uses ``baseEntry.listByReferenceId``, ``media.add`` or ``baseEntry.add``, the actions of
    :func:`upload`, and ``addContent``.

    Two calls at the same time for one reference ID can both add an entry, as Kaltura does not keep reference IDs
    unique: the caller must see to it that only one runs. One of two at the same time for an entry that exists does no
    harm: the server takes the content of one.

    :param client: the client.
    :param source: the file.
    :param entry: fields of the entry, such as ``name``, ``tags`` and ``conversionProfileId``; the name of the file
        when there is no ``name``.
    :param kind: what the file becomes.
    :param reference_id: identity of the file in the system it comes from, at least 2 characters.
    :param journal: durable notes.
    :param on_progress: called after each part of the upload.
    :param part_size: bytes of one upload request; chosen by the size of the file when None.
    :param parallel: upload requests at once, 1 to 16; chosen when None.
    :param index_wait: seconds after which an entry is expected to be found by its reference ID. Waited for only when
        it is not known what became of an earlier attempt to add the entry.
    :return: the entry and what was done.
    :raises KalturaError: if a call failed; calling again continues.
    :raises SourceChangedError: if the file changed while it was uploaded.
    :raises ValueError: if the file is empty, the reference ID too short, or a data file no text or longer than 10 MB.
    """
    reference_id = str(clean(reference_id)).strip()
    if len(reference_id) < MIN_REFERENCE_ID:
        raise ValueError(
            f"reference_id {reference_id!r} is too short: Kaltura needs at least {MIN_REFERENCE_ID} characters"
        )
    return _Put(client, source, entry, kind, reference_id, journal, on_progress, part_size, parallel, index_wait).run()


@dataclass
class _Put:
    client: KalturaClient
    source: UploadSource
    fields: Mapping[str, Any]
    kind: MediaKind
    reference_id: str
    journal: Journal
    on_progress: Callable[[UploadProgress], None] | None
    part_size: int | None
    parallel: int | None
    index_wait: float

    def __post_init__(self) -> None:
        self.template = entry_template(self.kind, self.source.name)
        self.created = False
        self.maybe_attached = False

    def run(self) -> PutResult:
        if self.kind is MediaKind.DATA:
            # Such an entry is added together with its content, in one call.
            self.fields = {**self.fields, "dataContent": _read_text(self.source)}
        entry = self._entry()
        if self.created and self.kind is MediaKind.DATA:
            return PutResult(entry, created=True, uploaded=True, bytes_sent=self.source.size)
        if entry.status is not EntryStatus.NO_CONTENT:
            return PutResult(entry, self.created, uploaded=False)
        notes = self.journal.load()
        token_id = notes.get("upload_token_id") if notes.get("fingerprint") == self.source.fingerprint else None
        result = upload(
            self.client,
            self.source,
            token_id=token_id or None,
            part_size=self.part_size,
            parallel=self.parallel,
            on_progress=self.on_progress,
            on_token=lambda token: self.journal.save(upload_token_id=token.id, fingerprint=self.source.fingerprint),
        )
        # An earlier process may have died while Kaltura was still attaching what it had uploaded.
        self.maybe_attached = result.token.id == token_id
        entry, uploaded = self._attach(entry.id, result.token)
        return PutResult(entry, self.created, uploaded, result.bytes_sent, result.resumed_from)

    def _entry(self) -> Entry:
        notes = self.journal.load()
        if notes.get("entry_id"):
            try:
                return get_entry(self.client, notes["entry_id"])
            except KalturaError as error:
                if error.code not in ("ENTRY_ID_NOT_FOUND", "INVALID_ENTRY_ID"):
                    raise
            log.warning("Entry %s no longer exists; a new one is made.", notes["entry_id"])
            self.journal.save(entry_id="", upload_token_id="", add_started="")
            notes = self.journal.load()
        # If an earlier try was interrupted just when it added the entry, then the entry may exist and not be found yet.
        entry = self._find(until=float(notes.get("add_started") or 0) + self.index_wait) or self._add()
        self.journal.save(entry_id=entry.id)
        return entry

    def _find(self, until: float) -> Entry | None:
        pause = 0.5
        while True:
            if entry := self._choose(find_by_reference_id(self.client, self.reference_id)):
                return entry
            left = until - time.time()
            if left <= 0:
                return None
            time.sleep(min(pause, left))
            pause = min(2 * pause, 5.0)

    def _choose(self, entries: list[Entry]) -> Entry | None:
        """Pick the same entry whoever looks: one with content, else an empty one, else a failed one."""
        for entry in entries:
            found = kind_of_entry(entry.entry_type, entry.media_type)
            if found is not self.kind:
                raise KalturaError(
                    "REFERENCE_ID_IN_USE",
                    f"entry {entry.id} has the reference ID {self.reference_id} and is no {self.kind.value}",
                    service_action="baseEntry.listByReferenceId",
                )

        def rank(entry: Entry) -> int:
            if not isinstance(entry.status, EntryStatus) or entry.status.is_failed:
                return 2
            return 1 if entry.status is EntryStatus.NO_CONTENT else 0

        return min(entries, key=rank, default=None)

    def _add(self) -> Entry:
        try:
            entry = self._add_once()
        except KalturaError as error:
            if not error.outcome_unknown:
                raise
            log.warning("%s Looking whether the entry was added.", error)
            entry = self._find(until=time.time() + self.index_wait) or self._add_once()
        self.created = True
        return entry

    def _add_once(self) -> Entry:
        name = self.source.name.rsplit(".", 1)[0]
        template = self.template
        values = {"name": name, **self.fields, **template.fields, "referenceId": self.reference_id}
        self.journal.save(add_started=str(int(time.time())))
        params = {template.parameter: values, **template.params}
        return Entry.from_api(self.client.call(template.service, "add", params))

    def _attach(self, entry_id: str, token: UploadToken) -> tuple[Entry, bool]:
        """Give the entry its content; returns the entry and whether the content is that of our token."""
        resource = {"objectType": "KalturaUploadedFileTokenResource", "token": token.id}
        service = self.template.content_service
        failure: KalturaError | None = None
        tries_left = self.client.config.max_attempts
        while True:
            # Looked at each time: an unfinished or used token is accepted without an error, and the entry then waits
            # for its content for ever.
            entry = get_entry(self.client, entry_id)
            token = get_token(self.client, token.id)
            if entry.status is not EntryStatus.NO_CONTENT:
                return self._filled(entry, token)
            if token.status is not UploadTokenStatus.FULL_UPLOAD:
                raise failure or KalturaError(
                    "UPLOAD_TOKEN_INVALID_STATUS_FOR_ADD_ENTRY",
                    f"upload token {token.id} is not complete or was used for something else",
                    service_action=f"{service}.addContent",
                    hint="Run the task again; it starts a new upload.",
                )
            try:
                answer = self.client.call(
                    service,
                    "addContent",
                    {"entryId": entry_id, "resource": resource},
                    read_timeout=max(self.client.config.read_timeout, ATTACH_READ_TIMEOUT),
                )
                return Entry.from_api(answer), True
            except KalturaError as error:
                tries_left -= 1
                if not tries_left or (error.code != "ENTRY_ALREADY_WITH_CONTENT" and not error.outcome_unknown):
                    raise
                failure = error
                self.maybe_attached = self.maybe_attached or error.outcome_unknown
            log.warning("%s Looking whether the content was attached.", failure)
            time.sleep(self.client.config.backoff_initial)

    def _filled(self, entry: Entry, token: UploadToken) -> tuple[Entry, bool]:
        """Find out whether the content an entry has is that of our token."""
        looks_left = ATTACHED_LOOKS if self.maybe_attached else 0
        while token.status is not UploadTokenStatus.CLOSED and looks_left:
            # Kaltura first changes the entry and closes the token last.
            looks_left -= 1
            time.sleep(self.client.config.backoff_initial)
            token = get_token(self.client, token.id)
        if token.status is UploadTokenStatus.CLOSED:
            return entry, True
        if not self.maybe_attached:
            # Somebody else was faster, and what we uploaded belongs to nothing.
            try:
                self.client.call("uploadToken", "delete", {"uploadTokenId": token.id})
            except KalturaError as error:
                log.warning("%s The unused upload goes away by itself.", error)
        return entry, False


def _read_text(source: UploadSource) -> str:
    if not 0 < source.size <= MAX_TEXT:
        raise ValueError(
            f"{source.name} has {source.size} bytes: a data entry takes 1 to {MAX_TEXT}. Use a document instead"
        )
    stream = source.open(0, source.size)
    try:
        content = b"".join(iter(lambda: stream.read(1 << 20), b""))
    finally:
        stream.close()
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = ""
    if not text or clean(text) != text:
        raise ValueError(
            f"{source.name} is no plain text in UTF-8, and a data entry takes nothing else: use a document"
        )
    return text
