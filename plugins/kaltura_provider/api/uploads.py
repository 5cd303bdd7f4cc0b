"""Uploading a file into an upload token: resumable, streamed, and finished only when the server holds every byte.

A small first part goes alone, then several parts at once, each at its own position, then an empty last one that closes
the file. A small file, and the rest of one, goes in a single request.

What the server says about the token settles every doubt. After an answer got lost, the token is looked at and the
upload goes on where the server stands; nothing is assumed from what was sent.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kaltura_provider.api.checksums import DEFAULT_ALGORITHM, Checksum, Crc
from kaltura_provider.api.errors import ErrorClass, KalturaError, UploadStoppedError
from kaltura_provider.api.models import UploadToken, UploadTokenStatus
from kaltura_provider.api.sources import FileSource, UploadSource
from kaltura_provider.api.upload_check import CHECKSUM_MISMATCH, check_upload
from kaltura_provider.api.upload_meter import UploadMeter, UploadProgress
from kaltura_provider.api.upload_parts import PartSender, SentPart
from kaltura_provider.api.upload_plan import (
    Gap,
    Part,
    Plan,
    choose_plan,
    depends_on_distance,
    plan_open_parts,
    plan_sequence,
)
from kaltura_provider.api.upload_ranges import ConfirmedRanges
from kaltura_provider.api.upload_settings import UploadSettings, check_settings
from kaltura_provider.api.upload_tokens import COMPLETE, DEAD_TOKEN, OPEN, add_token, delete_token, get_token
from kaltura_provider.api.upload_window import Window
from kaltura_provider.api.upload_workers import Patience, in_parallel

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from kaltura_provider.api.client import KalturaClient

__all__ = ["FileSource", "UploadProgress", "UploadResult", "UploadSource", "upload"]

log = logging.getLogger(__name__)

#: How often the state of a finished upload is looked at, once a second, until it says so.
FINISH_LOOKS = 10
#: Tokens one upload may use up before it gives up.
MAX_TOKENS = 3
#: Seconds between two looks at whether the upload is to stop, and two calls of ``on_tick``.
TICK = 0.5


@dataclass(frozen=True)
class UploadResult:
    """A finished upload.

    :param token: the token that holds the file.
    :param bytes_sent: bytes the server confirmed in this call; less than the file if an earlier upload was continued.
    :param resumed_from: bytes that were already there.
    :param checksum: checksum of the file as it was sent.
    :param verified: whether the source has that checksum itself; False if it has none to compare with.
    :param retries: how often a part was sent again.
    """

    token: UploadToken
    bytes_sent: int
    resumed_from: int
    checksum: Checksum
    verified: bool
    retries: int


def upload(
    client: KalturaClient,
    source: UploadSource,
    *,
    token: UploadToken | str | None = None,
    token_name: str | None = None,
    file_name: str | None = None,
    confirmed: str = "",
    on_token: Callable[[UploadToken], None] | None = None,
    on_confirmed: Callable[[str], bool] | None = None,
    **settings: Unpack[UploadSettings],
) -> UploadResult:
    """Upload a file (``uploadToken.add``, ``uploadToken.upload``, ``uploadToken.get``).

    Several parts are sent at once, each read from the source at its own position. The file is streamed; no part of it
    is held in memory as a whole. The result is checked: the token is complete, holds as many bytes as the source has,
    and the checksum of what was sent is that of the source, if the source has one.

    :param client: the client.
    :param source: the file.
    :param token: a fresh token to upload into, or the ID of the token of an upload that was interrupted. That one goes
        on where the server stands; if the token can take no more, or belongs to a file of another name or size, a new
        one is made.
    :param token_name: file name to note at a token; that of the source when None. A name that nothing else has lets a
        token be found again whose ID got lost.
    :param file_name: name under which the file travels, whose extension Kaltura stores it by; that of the source when
        None.
    :param confirmed: what ``on_confirmed`` was called with last in the upload that is resumed.
    :param on_token: called with a new token before anything is sent into it, so that it can be noted for a resumption.
    :param on_confirmed: called after parts were confirmed, with a text that says which; to be noted for a resumption,
        so that what waits on the server behind a gap is not sent again. It tells whether it was noted; parts do not run
        far ahead of that.
    :param settings: see :class:`~kaltura_provider.api.upload_settings.UploadSettings`.
    :return: the complete token.
    :raises KalturaError: if the upload failed; calling again with the token resumes it.
    :raises SourceChangedError: if the file changed meanwhile.
    :raises SourceUnavailableError: if the file could not be read for longer than the budget.
    :raises UploadStoppedError: if it was stopped.
    :raises ValueError: if the file is empty, or the part size or number of parts out of range.
    """
    if source.size <= 0:
        raise ValueError(f"{source.name} is empty, and Kaltura makes no entry of an empty file: check the source")
    check_settings(settings)
    if depends_on_distance(source.size):
        client.measure_distance()
    names = (token_name or source.name, file_name or source.name)
    return _Upload(client, source, names, on_token, on_confirmed, settings).run(token, confirmed)


class _Upload:
    """One upload and its state."""

    def __init__(
        self,
        client: KalturaClient,
        source: UploadSource,
        names: tuple[str, str],
        on_token: Callable[[UploadToken], None] | None,
        on_confirmed: Callable[[str], bool] | None,
        settings: UploadSettings,
    ) -> None:
        self.client = client
        self.source = source
        self.token_name, self.file_name = names
        self.on_token = on_token
        self.on_confirmed = on_confirmed
        self.settings = settings
        self.stop = settings.get("stop") or threading.Event()
        self.crc = Crc(source.checksum.algorithm if source.checksum else DEFAULT_ALGORITHM)
        self.meter = UploadMeter()
        self.ranges = ConfirmedRanges(self.crc)
        self.token: UploadToken
        self.window: Window | None = None
        self.unnoted: set[int] = set()
        self.tokens_made = 0
        self.resumed = 0
        self.bytes_sent = 0
        self.bytes_reported = 0

    def run(self, token: UploadToken | str | None, confirmed: str) -> UploadResult:
        if isinstance(token, UploadToken):
            self.token = token
        elif token is None or not self._resume(token, confirmed):
            self._begin()
        sender = self._sender()
        patience = self._patience()
        while self.token.status not in COMPLETE:
            try:
                self._send_rest(sender)
                continue
            except KalturaError as error:
                failure = error
            if failure.code == "UPLOAD_TOKEN_CANNOT_MATCH_EXPECTED_SIZE":
                self.ranges.clear()
            if failure is sender.given_up:
                raise failure
            before = self.token
            self._look_after(failure)
            if self.token.id != before.id:
                sender = self._sender()
            if self.token.uploaded_file_size > before.uploaded_file_size:
                patience.reset()
            wait = patience.wait_after(failure)
            if self.token.status in OPEN:
                if wait is None:
                    raise failure
                log.warning("%s The upload goes on at byte %d.", failure, self.token.uploaded_file_size)
                self.meter.retried()
                self._pause(wait)
        return self._result()

    # -- tokens

    def _resume(self, token_id: str, confirmed: str) -> bool:
        """Take up an earlier upload, if this file can be continued in its token."""
        try:
            token = get_token(self.client, token_id)
        except KalturaError as error:
            if error.code in DEAD_TOKEN:
                return False
            raise
        size = self.source.size
        if token.file_name not in ("", self.token_name) or token.file_size not in (None, size):
            return False
        joined = token.uploaded_file_size
        continues = token.status in OPEN and joined <= size
        if not continues and not (token.status is UploadTokenStatus.FULL_UPLOAD and joined == size):
            return False
        self.ranges.read_text(confirmed)
        self.token = token
        if not joined:
            # Without a first part the server has nothing that could wait for it.
            self.ranges.clear()
        gaps = list(self.ranges.missing(joined, size))
        self.resumed = self.bytes_reported = size - sum(length for _, length in gaps)
        self.meter.resumed_at = gaps[0][0] if gaps else size
        return True

    def _begin(self) -> None:
        """Begin with a new token."""
        self.tokens_made += 1
        self.resumed = self.bytes_sent = self.bytes_reported = self.meter.resumed_at = 0
        self.ranges.clear()
        unique = self.token_name != self.source.name
        self.token = add_token(
            self.client, self.token_name, self.source.size, self._patience(), self._pause, unique=unique
        )
        if self.on_token is not None:
            self.on_token(self.token)

    def _look_after(self, failure: KalturaError) -> None:
        """Look where the server stands after a failure; begin anew if the token can take no more."""
        looked: UploadToken | None = None
        if failure.code not in DEAD_TOKEN:
            if not failure.retryable and failure.code != "UPLOAD_TOKEN_INVALID_STATUS_FOR_UPLOAD":
                raise failure
            looked = self._look()
        if looked is not None and looked.status in (*OPEN, *COMPLETE):
            self.token = looked
            return
        if self.tokens_made >= MAX_TOKENS:
            raise failure
        log.warning("%s The upload begins anew.", failure)
        delete_token(self.client, self.token.id)
        self._begin()

    def _look(self) -> UploadToken | None:
        """Read the token, as patiently as parts are sent; None if it is gone."""
        patience = self._patience()
        while True:
            try:
                return get_token(self.client, self.token.id)
            except KalturaError as error:
                if error.code in DEAD_TOKEN:
                    return None
                wait = patience.wait_after(error) if error.retryable else None
                if wait is None:
                    raise
            self._pause(wait)

    # -- parts

    def _send_rest(self, sender: PartSender) -> None:
        """Send everything the server does not have, and close the file."""
        size, joined = self.source.size, self.token.uploaded_file_size
        plan = choose_plan(
            size,
            parallel=self.settings.get("parallel"),
            part_size=self.settings.get("part_size"),
            round_trip=self.client.round_trip() if depends_on_distance(size) else 0.0,
        )
        gaps = list(self.ranges.missing(joined, size))
        left = sum(length for _, length in gaps)
        if plan.parallel == 1 or (joined and len(gaps) == 1 and left <= plan.part_size):
            self._run(list(plan_sequence(gaps, size, plan.part_size)), sender.send_patiently, 1)
        else:
            if gaps:
                self._send_at_once(sender, gaps, plan)
            # What the server has not joined yet it joins now; it says so if something is missing after all.
            self._run([Part(size, 0, final=True)], sender.send, 1)
        for _ in range(FINISH_LOOKS):
            if self.token.status in COMPLETE:
                return
            self._pause(1)
            self.token = get_token(self.client, self.token.id)
        raise KalturaError(
            "UPLOAD_NOT_FINISHED",
            f"{self.token.uploaded_file_size} of {size} bytes are joined",
            error_class=ErrorClass.RETRY,
            service_action="uploadToken.upload",
            hint="Kaltura still joins the parts. Run the task again; it continues where the upload stopped.",
        )

    def _send_at_once(self, sender: PartSender, gaps: list[Gap], plan: Plan) -> None:
        """Send the first part, and those in the middle in parallel, none of which is complete before the first one."""
        begun = threading.Event()
        parts: list[Part] = []
        start, length = gaps[0]
        if start:
            begun.set()
        else:
            parts.append(Part(0, plan.first_size, final=False))
            gaps = [(plan.first_size, length - plan.first_size), *gaps[1:]]
        parts += plan_open_parts(gaps, plan.part_size)
        # Without notes there is nothing to wait for.
        window = self.window = Window(plan.parallel) if self.on_confirmed is not None else None

        def send(part: Part, stop: threading.Event) -> SentPart:
            if part.is_first:
                sent = sender.send(part, stop)
                begun.set()
                return sent
            if window is None:
                return sender.send_patiently(part, stop, begun)
            window.enter(stop)
            sent = sender.send_patiently(part, stop, begun)
            window.confirmed(part, sent.token.uploaded_file_size)
            return sent

        self._run(parts, send, min(plan.parallel, len(parts)))

    def _run(self, parts: list[Part], send: Callable[[Part, threading.Event], SentPart], threads: int) -> None:
        """Send parts and take note of each that is confirmed."""
        last = parts[-1]
        with closing(in_parallel(parts, send, threads, tick=TICK)) as results:
            self._note(results, alone=threads == 1, last=last)

    def _note(self, results: Iterable[SentPart | None], *, alone: bool, last: Part) -> None:
        next_tick = time.monotonic() + TICK
        for sent in results:
            if sent is not None:
                self.ranges.add(sent.part.offset, sent.part.size, sent.crc)
                if alone or sent.part.final:
                    # Of several answers the one that says most may have come first.
                    self.token = sent.token
                self._confirmed(sent.part, closing_part=sent.part is last)
            if sent is None or time.monotonic() >= next_tick or self.stop.is_set():
                self._tick()
                next_tick = time.monotonic() + TICK
            if sent is None and self.unnoted and self.window is not None and self.window.holds:
                self._note_confirmed()

    def _confirmed(self, part: Part, *, closing_part: bool) -> None:
        """Count a part the server has, and tell about it unless more had been told already."""
        self.bytes_sent += part.size
        if part.size and not (closing_part and part.final):
            self.unnoted.add(part.offset + part.size)
            self._note_confirmed()
        done = min(self.resumed + self.bytes_sent, self.source.size)
        if done > self.bytes_reported:
            self.bytes_reported = done
            if on_progress := self.settings.get("on_progress"):
                on_progress(self._progress())

    def _note_confirmed(self) -> None:
        """Have it noted which parts have arrived."""
        if self.on_confirmed is not None and self.on_confirmed(self.ranges.to_text()):
            if self.window is not None:
                self.window.noted(self.unnoted)
            self.unnoted = set()

    # -- while it runs

    def _sender(self) -> PartSender:
        return PartSender(
            self.client, self.source, self.file_name, self.token, self.crc, self.meter, self.settings.get("budget")
        )

    def _patience(self) -> Patience:
        return Patience(self.client.config, self.settings.get("budget"))

    def _progress(self) -> UploadProgress:
        return self.meter.progress(self.token.id, self.bytes_reported, self.source.size, self.resumed)

    def _tick(self) -> None:
        """Stop if asked to, and let the caller look after other things."""
        if self.stop.is_set():
            raise UploadStoppedError(
                f"The upload of {self.source.name} was stopped at {self.bytes_reported} of {self.source.size} bytes. "
                "They stay on Kaltura for 7 days: run the task again, and it goes on from there."
            )
        if (on_tick := self.settings.get("on_tick")) and hasattr(self, "token"):
            on_tick(self._progress())

    def _pause(self, seconds: float) -> None:
        """Wait, without being deaf meanwhile."""
        deadline = time.monotonic() + seconds
        while True:
            self._tick()
            left = deadline - time.monotonic()
            if left <= 0:
                return
            self.stop.wait(min(left, TICK))

    # -- the end

    def _result(self) -> UploadResult:
        try:
            checksum = check_upload(self.source, self.token, self.ranges, self.crc)
        except KalturaError as error:
            if error.code == CHECKSUM_MISMATCH:
                delete_token(self.client, self.token.id)
            raise
        # What was sent twice counts once.
        sent = min(self.bytes_sent, self.source.size - self.resumed)
        verified = self.source.checksum is not None
        return UploadResult(self.token, sent, self.resumed, checksum, verified, self.meter.retries)
