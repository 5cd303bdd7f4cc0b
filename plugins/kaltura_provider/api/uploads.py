"""Uploading a file into an upload token: resumable, streamed, and finished only when the server holds every byte.

A small first part goes alone, then several parts at once, each at its own position, then an empty last one that closes
the file. A small file, and the rest of one, goes in a single request.

What the server says about the token settles every doubt. After an answer got lost, the token is looked at and the
upload goes on where the server stands; nothing is assumed from what was sent.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kaltura_provider.api.errors import ErrorClass, KalturaError
from kaltura_provider.api.models import UploadToken, UploadTokenStatus
from kaltura_provider.api.sources import FileSource, UploadSource
from kaltura_provider.api.upload_parts import PartSender
from kaltura_provider.api.upload_plan import (
    MAX_PARALLEL,
    MAX_PART_SIZE,
    Part,
    Plan,
    choose_plan,
    plan_open_parts,
    plan_parts,
)
from kaltura_provider.api.upload_workers import Patience, in_parallel

if TYPE_CHECKING:
    from kaltura_provider.api.client import KalturaClient

__all__ = ["FileSource", "UploadProgress", "UploadResult", "UploadSource", "upload"]

log = logging.getLogger(__name__)

#: How often the state of a finished upload is looked at, once a second, until it says so.
FINISH_LOOKS = 10
#: Tokens one upload may use up before it gives up.
MAX_TOKENS = 3
#: Seconds of a call about the token from which on the server counts as far away: the call itself takes it about 45 ms,
#: so the round trip is then 50 ms or more.
FAR_CALL = 0.1

# The token can take no more: another one is needed.
_DEAD_TOKEN = frozenset(
    {
        "UPLOAD_TOKEN_NOT_FOUND",
        "UPLOAD_TOKEN_CANNOT_RESUME",
        "UPLOAD_PASSED_MAX_RESUME_TIME_ALLOWED",
        "MAX_ALLOWED_CHUNK_COUNT_EXCEEDED",
    }
)
_OPEN = (UploadTokenStatus.PENDING, UploadTokenStatus.PARTIAL_UPLOAD)
# A token that something was waiting for goes from its last part straight to CLOSED.
_COMPLETE = (UploadTokenStatus.FULL_UPLOAD, UploadTokenStatus.CLOSED)


@dataclass(frozen=True)
class UploadProgress:
    """How far an upload is.

    :param token_id: the upload token.
    :param bytes_done: bytes the server has confirmed, wherever in the file they are.
    :param bytes_total: length of the file.
    """

    token_id: str
    bytes_done: int
    bytes_total: int


@dataclass(frozen=True)
class UploadResult:
    """A finished upload.

    :param token: the token that holds the file.
    :param bytes_sent: bytes the server confirmed in this call; less than the file if an earlier upload was continued.
    :param resumed_from: bytes that were already there.
    """

    token: UploadToken
    bytes_sent: int
    resumed_from: int


def upload(
    client: KalturaClient,
    source: UploadSource,
    *,
    token_id: str | None = None,
    part_size: int | None = None,
    parallel: int | None = None,
    on_progress: Callable[[UploadProgress], None] | None = None,
    on_token: Callable[[UploadToken], None] | None = None,
) -> UploadResult:
    """Upload a file (``uploadToken.add``, ``uploadToken.upload``, ``uploadToken.get``).

    Several parts are sent at once, each read from the source at its own position. The file is streamed; no part of it
    is held in memory as a whole. The result is checked: the token is complete and holds as many bytes as the source
    has.

    :param client: the client.
    :param source: the file.
    :param token_id: the token of an upload that was interrupted. It goes on at the byte the server stands; if the
        token can take no more, or belongs to a file of another name or size, a new one is made.
    :param part_size: bytes of one request; chosen by the size of the file when None: 5 to 50 MB.
    :param parallel: parts in flight at once, 1 to 16; chosen when None: 4, or 8 for files of 256 MB and more and for
        servers that are far away.
    :param on_progress: called after each part, in the thread of the caller.
    :param on_token: called with a new token before anything is sent into it, so that it can be noted for a resumption.
    :return: the complete token.
    :raises KalturaError: if the upload failed; calling again with the token resumes it.
    :raises SourceChangedError: if the file changed meanwhile.
    :raises ValueError: if the file is empty, or the part size or number of parts out of range.
    """
    if source.size <= 0:
        raise ValueError(f"{source.name} is empty, and Kaltura makes no entry of an empty file: check the source")
    if part_size is not None and not 0 < part_size <= MAX_PART_SIZE:
        raise ValueError(
            f"part_size {part_size} is out of range: Kaltura takes 1 to {MAX_PART_SIZE} bytes with one request"
        )
    if parallel is not None and not 0 < parallel <= MAX_PARALLEL:
        raise ValueError(f"parallel {parallel} is out of range: send 1 to {MAX_PARALLEL} parts at once")
    return _Upload(client, source, part_size, parallel, on_progress, on_token).run(token_id)


def get_token(client: KalturaClient, token_id: str) -> UploadToken:
    """Read an upload token (``uploadToken.get``).

    :param client: the client.
    :param token_id: ID of the token.
    :raises KalturaError: if there is none, or it belongs to another user.
    """
    return UploadToken.from_api(client.call("uploadToken", "get", {"uploadTokenId": token_id}))


class _Upload:
    """One upload and its state."""

    def __init__(
        self,
        client: KalturaClient,
        source: UploadSource,
        part_size: int | None,
        parallel: int | None,
        on_progress: Callable[[UploadProgress], None] | None,
        on_token: Callable[[UploadToken], None] | None,
    ) -> None:
        self.client = client
        self.source = source
        self.part_size = part_size
        self.parallel = parallel
        self.on_progress = on_progress
        self.on_token = on_token
        self.bytes_sent = 0
        self.bytes_reported = 0
        self.tokens_made = 0
        self.fastest_call = float("inf")
        self.all_confirmed = False

    def run(self, token_id: str | None) -> UploadResult:
        # A session that has to be started first would look like a slow server.
        self.client.ks()
        token = self._reusable(token_id) if token_id else None
        token = token or self._new_token()
        sender = PartSender(self.client, self.source, token)
        resumed_from = token.uploaded_file_size
        patience = Patience(self.client.config)
        while token.status not in _COMPLETE:
            try:
                token = self._send_rest(sender, token)
                continue
            except KalturaError as error:
                failure = error
            if failure.code == "UPLOAD_TOKEN_CANNOT_MATCH_EXPECTED_SIZE":
                self.all_confirmed = False
            if failure is sender.given_up:
                raise failure
            before, token = token, self._after(failure, token)
            if token.id != before.id:
                sender = PartSender(self.client, self.source, token)
            if token.uploaded_file_size > before.uploaded_file_size:
                patience.reset()
            wait = patience.wait_after(failure)
            if token.status in _OPEN:
                if wait is None:
                    raise failure
                log.warning("%s The upload goes on at byte %d.", failure, token.uploaded_file_size)
                time.sleep(wait)
        if token.uploaded_file_size != self.source.size:
            raise KalturaError(
                "UPLOAD_SIZE_MISMATCH",
                f"{token.uploaded_file_size} bytes arrived of {self.source.size}",
                error_class=ErrorClass.RETRY,
                service_action="uploadToken.upload",
            )
        if self.tokens_made:
            resumed_from = 0
        # What was sent twice counts once.
        return UploadResult(token, min(self.bytes_sent, self.source.size - resumed_from), resumed_from)

    def _reusable(self, token_id: str) -> UploadToken | None:
        """The token of an earlier upload, if this file can be continued in it."""
        started = time.monotonic()
        try:
            token = get_token(self.client, token_id)
        except KalturaError as error:
            if error.code in _DEAD_TOKEN:
                return None
            raise
        self._note_call(started)
        same_file = token.file_name in ("", self.source.name) and token.file_size in (None, self.source.size)
        if not same_file:
            return None
        if token.status in _OPEN:
            return token if token.uploaded_file_size <= self.source.size else None
        complete = token.status is UploadTokenStatus.FULL_UPLOAD and token.uploaded_file_size == self.source.size
        return token if complete else None

    def _new_token(self) -> UploadToken:
        self.tokens_made += 1
        self.bytes_sent = self.bytes_reported = 0
        self.all_confirmed = False
        started = time.monotonic()
        params = {"uploadToken": {"fileName": self.source.name, "fileSize": self.source.size}}
        # A token nobody uses harms nobody and goes away by itself, so a lost answer may be followed by a second one.
        token = UploadToken.from_api(self.client.call("uploadToken", "add", params, idempotent=True))
        self._note_call(started)
        if self.on_token is not None:
            self.on_token(token)
        return token

    def _after(self, failure: KalturaError, token: UploadToken) -> UploadToken:
        """Look where the server stands after a failure."""
        looked: UploadToken | None = None
        if failure.code not in _DEAD_TOKEN:
            if not failure.retryable and failure.code != "UPLOAD_TOKEN_INVALID_STATUS_FOR_UPLOAD":
                raise failure
            looked = self._look(token)
        if looked is not None and looked.status in (*_OPEN, *_COMPLETE):
            return looked
        if self.tokens_made >= MAX_TOKENS:
            raise failure
        log.warning("%s The upload begins anew.", failure)
        return self._new_token()

    def _look(self, token: UploadToken) -> UploadToken | None:
        """Read the token, as patiently as parts are sent; None if it is gone."""
        patience = Patience(self.client.config)
        while True:
            try:
                return get_token(self.client, token.id)
            except KalturaError as error:
                if error.code in _DEAD_TOKEN:
                    return None
                wait = patience.wait_after(error) if error.retryable else None
                if wait is None:
                    raise
            time.sleep(wait)

    def _note_call(self, started: float) -> None:
        self.fastest_call = min(self.fastest_call, time.monotonic() - started)

    def _send_rest(self, sender: PartSender, token: UploadToken) -> UploadToken:
        """Send everything from the byte the server stands at."""
        size, start = self.source.size, token.uploaded_file_size
        plan = choose_plan(size, parallel=self.parallel, part_size=self.part_size, far=self.fastest_call >= FAR_CALL)
        if self.all_confirmed:
            # What the server has not joined yet it joins now; it says so if something is missing after all.
            token = sender.send(Part(size, 0, final=True))
        elif plan.parallel == 1 or (start and size - start <= plan.part_size):
            for part in plan_parts(size, start, plan.part_size):
                token = sender.send_patiently(part)
                self._confirmed(token, part, part.offset + part.size)
        else:
            token = self._send_at_once(sender, token, plan)
        for _ in range(FINISH_LOOKS):
            if token.status in _COMPLETE:
                return token
            time.sleep(1)
            token = get_token(self.client, token.id)
        raise KalturaError(
            "UPLOAD_NOT_FINISHED",
            f"{token.uploaded_file_size} of {size} bytes are joined",
            error_class=ErrorClass.RETRY,
            service_action="uploadToken.upload",
            hint="Kaltura still joins the parts. Run the task again; it continues where the upload stopped.",
        )

    def _send_at_once(self, sender: PartSender, token: UploadToken, plan: Plan) -> UploadToken:
        """Send the first part alone, those in the middle in parallel, and an empty one that closes the file."""
        size, done = self.source.size, token.uploaded_file_size
        if not done:
            first = Part(0, plan.first_size, final=False)
            started = time.monotonic()
            token = sender.send(first)
            self._note_call(started)
            done = first.size
            self._confirmed(token, first, done)
        parts = list(plan_open_parts(size, done, plan.part_size))
        with closing(in_parallel(parts, sender.send_patiently, min(plan.parallel, len(parts)))) as sent:
            for part in sent:
                done += part.size
                self._confirmed(token, part, done)
        self.all_confirmed = True
        return sender.send(Part(size, 0, final=True))

    def _confirmed(self, token: UploadToken, part: Part, done: int) -> None:
        """Count a part the server has, and tell about it unless more had been told already."""
        self.bytes_sent += part.size
        if done > self.bytes_reported:
            self.bytes_reported = done
            if self.on_progress is not None:
                self.on_progress(UploadProgress(token.id, done, self.source.size))
