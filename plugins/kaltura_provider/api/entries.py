"""One entry from one file, exactly once, however often and wherever the work is interrupted.

The order of the steps is what makes it safe. The entry is noted before it is filled, the upload token before bytes are
sent into it, and content is attached only with a token that is complete. Whatever was not noted because the process
died is found again: the entry by the name of its upload token, the state of the upload by the token.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kaltura_provider.api.calls import clean
from kaltura_provider.api.data_text import read_text
from kaltura_provider.api.entry_adding import ADD_SETTLE, EntryAdder, Place
from kaltura_provider.api.errors import KalturaError
from kaltura_provider.api.file_names import extension_of, stored_name
from kaltura_provider.api.journal import Journal
from kaltura_provider.api.lookup import get_entry
from kaltura_provider.api.media_kind import MediaKind
from kaltura_provider.api.models import Entry, EntryStatus, UploadToken, UploadTokenStatus
from kaltura_provider.api.noted_upload import NotedUpload, upload_noted
from kaltura_provider.api.renditions import renditions_resource
from kaltura_provider.api.sources import UploadSource
from kaltura_provider.api.upload_settings import UploadSettings
from kaltura_provider.api.upload_tokens import DEAD_TOKEN, delete_token, get_token

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from kaltura_provider.api.checksums import Checksum
    from kaltura_provider.api.client import KalturaClient

log = logging.getLogger(__name__)

#: Seconds to wait for the answer when content is attached: the server may copy the file meanwhile.
ATTACH_READ_TIMEOUT = 120.0
#: How often a token is looked at that may just be being attached.
ATTACHED_LOOKS = 10

MIN_REFERENCE_ID = 2


@dataclass(frozen=True)
class PutResult:
    """What became of one file.

    :param entry: the entry, which Kaltura may still be converting.
    :param created: whether this call added it.
    :param uploaded: whether this call gave it its content.
    :param is_source: whether the entry's content is surely that of the source as it is now: this call gave it, or an
        earlier one that took note of it. False says only that nobody knows.
    :param bytes_sent: bytes sent in this call.
    :param resumed_from: bytes of an earlier try that did not have to be sent again.
    :param checksum: checksum of the bytes of the source as they were sent; None if nothing was uploaded.
    :param verified: whether the source has that checksum itself.
    :param retries: how often a part was sent again.
    """

    entry: Entry
    created: bool
    uploaded: bool
    is_source: bool
    bytes_sent: int = 0
    resumed_from: int = 0
    checksum: Checksum | None = None
    verified: bool = False
    retries: int = 0


def put_content(
    client: KalturaClient,
    source: UploadSource,
    *,
    entry: Mapping[str, Any],
    kind: MediaKind,
    reference_id: str,
    journal: Journal,
    file_name: str | None = None,
    renditions: Mapping[int, UploadSource] | None = None,
    fill: Callable[[Entry], Entry] | None = None,
    on_entry: Callable[[Entry], None] | None = None,
    settle: float = ADD_SETTLE,
    known: Sequence[Entry] | None = None,
    **settings: Unpack[UploadSettings],
) -> PutResult:
    """Make an entry of a file, once.

    Can be called again at any time, after any kind of interruption, with the same journal: it goes on where Kaltura
    stands. Without the journal it finds the entry by its reference ID once Kaltura has indexed it. An entry that has
    content is left as it is. Uses ``baseEntry.listByReferenceId``, ``media.add`` or ``baseEntry.add``, the actions of
    :func:`upload`, ``uploadToken.list`` and ``addContent``.

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
    :param file_name: name under which the file travels, with the extension Kaltura is to store it by; made of the
        source's name when None.
    :param renditions: further finished files of an audio or video, by the ID of their flavor params; see
        :mod:`~kaltura_provider.api.renditions`. They are given to the entry together with the source.
    :param fill: gives an empty entry its content in another way than by an upload, and returns the entry; see
        :mod:`~kaltura_provider.api.pull`.
    :param on_entry: called with the entry as soon as it is known, before bytes are sent.
    :param settle: seconds to look for an entry that a request with a lost answer may have added.
    :param known: the entries with this reference ID, if the caller has looked for them already, as with
        :func:`~kaltura_provider.api.lookup.find_by_reference_ids`; None looks for them.
    :param settings: see :class:`~kaltura_provider.api.upload_settings.UploadSettings`.
    :return: the entry and what was done.
    :raises KalturaError: if a call failed; calling again continues.
    :raises SourceChangedError: if the file changed while it was uploaded.
    :raises SourceUnavailableError: if the file could not be read for longer than the budget.
    :raises UploadStoppedError: if it was stopped.
    :raises ValueError: if the file is empty, the reference ID too short, or a data file no text or longer than 10 MB.
    """
    reference_id = str(clean(reference_id)).strip()
    if len(reference_id) < MIN_REFERENCE_ID:
        raise ValueError(
            f"reference_id {reference_id!r} is too short: Kaltura needs at least {MIN_REFERENCE_ID} characters"
        )
    if kind is MediaKind.DATA:
        # Such an entry is added together with its content, in one call.
        entry = {**entry, "dataContent": read_text(source)}
    file_name = file_name or stored_name(source.name, extension_of(source.name))
    if renditions and kind not in (MediaKind.AUDIO, MediaKind.VIDEO):
        raise ValueError(
            f"{source.name} becomes an entry of the kind {kind.value}, which has no renditions: leave them out"
        )
    adder = EntryAdder(client, source, entry, kind, file_name, reference_id, journal, settle, known)
    return _Put(client, source, kind, file_name, renditions or {}, journal, adder, fill, on_entry, settings).run()


@dataclass
class _Put:
    client: KalturaClient
    source: UploadSource
    kind: MediaKind
    file_name: str
    renditions: Mapping[int, UploadSource]
    journal: Journal
    adder: EntryAdder
    fill: Callable[[Entry], Entry] | None
    on_entry: Callable[[Entry], None] | None
    settings: UploadSettings
    maybe_attached: bool = False

    def run(self) -> PutResult:
        place = self.adder.place()
        if self.on_entry is not None:
            self.on_entry(place.entry)
        if self.kind is MediaKind.DATA:
            self.adder.tidy(place, set(), self.renditions)
            sent = self.source.size if place.created else 0
            return PutResult(place.entry, place.created, place.created, is_source=place.created, bytes_sent=sent)
        if place.entry.status is not EntryStatus.NO_CONTENT:
            return self._filled_before(place)
        if self.fill is not None:
            entry = self.fill(place.entry)
            self.adder.tidy(place, set())
            return PutResult(entry, place.created, uploaded=False, is_source=False)
        main = self._upload(place)
        self.maybe_attached = main.earlier_token
        result = main.result
        others = {params_id: self._upload(place, params_id).result for params_id in self.renditions}
        if place.doubtful or any(each.resumed_from or each.retries for each in (result, *others.values())):
            self.adder.tidy(place, {result.token.id, *(each.token.id for each in others.values())}, others)
        entry, uploaded = self._attach(place, result.token, {key: each.token.id for key, each in others.items()})
        return PutResult(
            entry,
            place.created,
            uploaded,
            uploaded,
            sum(each.bytes_sent for each in (result, *others.values())),
            sum(each.resumed_from for each in (result, *others.values())),
            result.checksum,
            result.verified,
            sum(each.retries for each in (result, *others.values())),
        )

    def _filled_before(self, place: Place) -> PutResult:
        """The entry has content; an earlier try may have died right after giving it, and left something over."""
        notes = self.journal.load()
        token_id = notes.get("upload_token_id", "")
        is_source = False
        # Of a token that was used to exchange the content only the end of that tells.
        exchanged = token_id in notes.get("replacing", "").split(",")
        if token_id and not exchanged and notes.get("fingerprint") == self.source.fingerprint:
            try:
                is_source = get_token(self.client, token_id).status is UploadTokenStatus.CLOSED
            except KalturaError as error:
                if error.code not in DEAD_TOKEN:
                    raise
        self.adder.tidy(place, set(), self.renditions)
        return PutResult(place.entry, place.created, uploaded=False, is_source=is_source)

    def _upload(self, place: Place, params_id: int | None = None) -> NotedUpload:
        """Upload the file itself, or one of its renditions."""
        source, file_name = self.source, self.file_name
        if params_id is not None:
            source = self.renditions[params_id]
            file_name = stored_name(source.name, extension_of(source.name))
        return upload_noted(
            self.client,
            source,
            self.journal,
            self.settings,
            token_name=self.adder.token_name(place, params_id),
            file_name=file_name,
            fresh_token=place.token if params_id is None else None,
            prefix="" if params_id is None else f"rendition_{params_id}_",
        )

    def _attach(self, place: Place, token: UploadToken, others: Mapping[int, str]) -> tuple[Entry, bool]:
        """Give the entry its content; returns the entry and whether the content is that of our token."""
        entry_id = place.entry.id
        resource: dict[str, Any] = {"objectType": "KalturaUploadedFileTokenResource", "token": token.id}
        if others:
            resource = renditions_resource({0: token.id, **others})
        service = self.adder.template.content_service
        failure: KalturaError | None = None
        tries_left = self.client.config.max_attempts
        # Only what this call has just made and filled is surely as it was left.
        certain = place.created and not place.doubtful and token.status is UploadTokenStatus.FULL_UPLOAD
        while True:
            if not certain:
                # Looked at each time: an unfinished or used token is accepted without an error, and the entry then
                # waits for its content for ever.
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
            certain = False
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
            delete_token(self.client, token.id)
        return entry, False
