"""Beginning to exchange the content of an entry that has some, exactly once.

Two rules of Kaltura's shape this module. A second ``media.updateContent`` while an exchange runs is refused *and
cancels the one that runs*, as does any other failure of that action; so it is never called without a look right before.
And an upload token that is used up is closed at the end of the call; so a token that is closed tells, after an answer
was lost or a process died, that the call did its work.

What is noted in the caller's journal is described in :mod:`.replacement`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kaltura_provider.api.errors import ErrorClass, KalturaError
from kaltura_provider.api.lookup import get_entry
from kaltura_provider.api.media_kind import MediaKind
from kaltura_provider.api.models import Entry, EntryStatus, ReplacementStatus, UploadTokenStatus
from kaltura_provider.api.replacement import (
    BY_A_PERSON,
    Exchange,
    ExchangeState,
    Replacement,
    ended,
    foreign,
    is_closed,
    is_ours,
    replacement_of,
    running,
    service_of,
)
from kaltura_provider.api.source_flavor import mark_of, source_flavor
from kaltura_provider.api.upload_tokens import get_token

if TYPE_CHECKING:
    from kaltura_provider.api.client import KalturaClient
    from kaltura_provider.api.journal import Journal

log = logging.getLogger(__name__)

#: Seconds to wait for the answer: the server may copy the file meanwhile.
UPDATE_READ_TIMEOUT = 120.0
#: How often it is looked whether a call with a lost answer did its work.
EXCHANGE_LOOKS = 10


def start_replacement(
    client: KalturaClient,
    entry_id: str,
    resource: Mapping[str, Any],
    *,
    kind: MediaKind,
    journal: Journal,
    conversion_profile_id: int | None = None,
) -> Exchange:
    """Give an entry new content, once (``media.updateContent``, ``document_documents.updateContent``, ``data.update``).

    Can be called again at any time with the same journal and resource, after any kind of interruption: it finds out
    what became of an earlier call before it makes another one. Follow up with :func:`settle_replacement`.

    An exchange that somebody else began is never touched. The look for one comes right before the call, but Kaltura
    offers nothing that would hold it off in between: somebody who begins an exchange in just that moment may find it
    cancelled, and of two workers that do so at once with the same entry both may. Both are told: the result of one of
    the calls is then ``CANCELLED``, or it is refused.

    :param client: the client.
    :param entry_id: an entry that has content, whatever its status.
    :param resource: the new content: a resource with one or more complete upload tokens, or a ``KalturaStringResource``
        for a data entry.
    :param kind: what the entry is.
    :param journal: durable notes; see :mod:`.replacement`.
    :param conversion_profile_id: conversion profile for the new content; that of the entry when None.
    :return: where it stands: images and data are ``DONE`` at once, documents as a rule too.
    :raises KalturaError: if it was refused or failed; with the code ``ENTRY_REPLACEMENT_ALREADY_EXISTS`` if another
        exchange runs, waits for approval or has failed.
    :raises ValueError: if the resource has no upload token, or a data entry no text.
    """
    if kind is MediaKind.DATA:
        return _update_text(client, entry_id, resource)
    tokens = list(_tokens_in(resource))
    if not tokens:
        raise ValueError(
            f"The new content of entry {entry_id} is a {resource.get('objectType')}, which holds no upload token: "
            "upload the file first. New content is not pulled, as it could only be checked when the old one is gone."
        )
    return _Start(client, entry_id, resource, tokens, kind, journal, conversion_profile_id).run()


def _tokens_in(resource: Any) -> Iterator[str]:
    """Find the upload tokens in a resource, however deep it holds them."""
    if isinstance(resource, Mapping):
        if resource.get("token"):
            yield str(resource["token"])
        for value in resource.values():
            yield from _tokens_in(value)
    elif isinstance(resource, list | tuple):
        for value in resource:
            yield from _tokens_in(value)


def _update_text(client: KalturaClient, entry_id: str, resource: Mapping[str, Any]) -> Exchange:
    text = resource.get("content")
    if not isinstance(text, str) or not text:
        raise ValueError(f"The new content of data entry {entry_id} must be a KalturaStringResource with a text.")
    # An update may be repeated: the same text gives the same entry.
    document = {"objectType": "KalturaDataEntry", "dataContent": text}
    answer = client.call("data", "update", {"entryId": entry_id, "documentEntry": document})
    return Exchange(ExchangeState.DONE, "it has its new content", Entry.from_api(answer))


@dataclass
class _Start:
    client: KalturaClient
    entry_id: str
    resource: Mapping[str, Any]
    tokens: list[str]
    kind: MediaKind
    journal: Journal
    conversion_profile_id: int | None

    def run(self) -> Exchange:
        notes = self.journal.load()
        if notes.get("replacing") == ",".join(self.tokens):
            # An earlier process may have died while the server was at it.
            if done := self.accepted():
                return done
        else:
            found = self.ready_to_call()
            self.journal.save(
                replacing=",".join(self.tokens),
                replaced_source=mark_of(self.source(found.entry)),
                replacing_entry_id="",
                replacing_error="",
            )
        tries_left = self.client.config.max_attempts
        while True:
            self.ready_to_call()
            try:
                answer = self.client.call(
                    "document_documents" if self.kind is MediaKind.DOCUMENT else "media",
                    "updateContent",
                    {
                        "entryId": self.entry_id,
                        "resource": dict(self.resource),
                        "conversionProfileId": self.conversion_profile_id,
                    },
                    read_timeout=max(self.client.config.read_timeout, UPDATE_READ_TIMEOUT),
                )
                return self.begun(Entry.from_api(answer))
            except KalturaError as error:
                tries_left -= 1
                if error.code != "ENTRY_REPLACEMENT_ALREADY_EXISTS" and not error.outcome_unknown:
                    raise
                log.warning("%s Looking whether the exchange has begun.", error)
                if done := self.accepted():
                    return done
                if not tries_left:
                    raise

    def source(self, entry: Entry) -> Any:
        return source_flavor(self.client, entry.id) if self.kind in (MediaKind.VIDEO, MediaKind.AUDIO) else None

    def ready_to_call(self) -> Replacement:
        """Look whether the call can do nothing but what is meant."""
        found = replacement_of(self.client, self.entry_id)
        if found.entry.status is EntryStatus.NO_CONTENT:
            raise KalturaError(
                "ENTRY_WITHOUT_CONTENT",
                f"entry {self.entry_id} has no content that could be exchanged",
                service_action=f"{service_of(found.entry)}.updateContent",
            )
        if found.is_open:
            found = self.tidied(found)
        for token_id in self.tokens:
            token = get_token(self.client, token_id)
            if token.status is not UploadTokenStatus.FULL_UPLOAD:
                # The server would accept it, and the new content would never come.
                raise KalturaError(
                    "UPLOAD_TOKEN_INVALID_STATUS_FOR_ADD_ENTRY",
                    f"upload token {token_id} is not complete or was used for something else",
                    service_action=f"{service_of(found.entry)}.updateContent",
                    hint="Run the task again; it starts a new upload.",
                )
        return found

    def tidied(self, found: Replacement) -> Replacement:
        """Cancel an exchange of ours that has failed; refuse to disturb any other."""
        if not is_ours(self.client, found, self.journal):
            raise foreign(found)
        if found.status is ReplacementStatus.FAILED:
            self.client.call(service_of(found.entry), "cancelReplace", {"entryId": self.entry_id})
            return replacement_of(self.client, self.entry_id)
        converting = found.status is ReplacementStatus.APPROVED_BUT_NOT_READY
        raise KalturaError(
            "ENTRY_REPLACEMENT_ALREADY_EXISTS",
            f"entry {self.entry_id} is still taking the content of an earlier upload ({found.status.name})",
            error_class=ErrorClass.RETRY if converting else None,
            service_action=f"{service_of(found.entry)}.updateContent",
            hint="Run the task again when that is done." if converting else f"{BY_A_PERSON}.",
        )

    def accepted(self) -> Exchange | None:
        """Find out whether a call whose answer nobody has did its work; None if it surely did not."""
        for look in range(EXCHANGE_LOOKS + 1):
            if look:
                time.sleep(self.client.config.backoff_initial)
            # Kaltura first shows the exchange at the entry, and closes the token last.
            if any(is_closed(self.client, token) for token in self.tokens):
                return self.begun(get_entry(self.client, self.entry_id))
        return None

    def begun(self, entry: Entry) -> Exchange:
        if entry.replacing_entry_id:
            self.journal.save(replacing_entry_id=entry.replacing_entry_id)
            status = ReplacementStatus(entry.replacement_status)
            return running(Replacement(status, entry.replacing_entry_id, "", entry))
        return ended(self.client, entry, self.journal.load(), None, noted=True)
