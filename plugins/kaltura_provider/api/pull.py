"""Kaltura fetches the content of an entry itself, from an address.

The answer to ``addContent`` says only that a background job was noted. Kaltura tries to load the address three times,
five minutes apart, and then the entry is ``ERROR_IMPORTING``. Before that it asks for the size (HEAD); an address that
is signed for GET refuses to tell it, and then Kaltura takes a download that broke off for complete. So READY alone
proves nothing: a pull is complete when Kaltura's source file is as long as the file.

A pull that failed is followed by a push into the same entry: upload the file, then
:func:`~kaltura_provider.api.start_replacement`, which takes an entry in any of these states:

* ``ERROR_IMPORTING``: the import is over;
* ``READY``, ``PRECONVERT`` or ``ERROR_CONVERTING`` with a file of the wrong length: the pushed one takes its place;
* ``IMPORT`` for too long: whichever comes first, the pushed file is what the entry ends up with. An import that ends
  before the exchange is exchanged with the rest; one that ends later finds a source file in its place and is dropped.

What is noted in the caller's journal, before the call: ``pulling``, the entry, ``pulling_since``, the time in Unix
seconds, and ``pulled_fingerprint``, which content it is.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from kaltura_provider.api.errors import KalturaError
from kaltura_provider.api.lookup import get_entry
from kaltura_provider.api.media_kind import MediaKind
from kaltura_provider.api.models import Entry, EntryStatus
from kaltura_provider.api.source_flavor import has_size, source_flavor

if TYPE_CHECKING:
    from kaltura_provider.api.client import KalturaClient
    from kaltura_provider.api.journal import Journal

log = logging.getLogger(__name__)

#: Seconds a pull may take before its first byte: a queue, and three attempts that are 300 seconds apart.
PULL_QUEUE = 3600.0
#: Bytes a second at which a pull counts as too slow to be waited for.
SLOWEST_PULL = 2_000_000
#: Characters of an address: beyond about 2 kB it may be cut on its way through Kaltura.
MAX_URL = 2000

_PUSH = "Push the file into the same entry (upload it, then start_replacement)"


class PullState(Enum):
    """What a caller can do about a pull."""

    #: Kaltura is at it. Look again.
    WAITING = "waiting"
    #: Kaltura has all bytes; what it makes of them is a matter of waiting for the entry.
    COMPLETE = "complete"
    #: Kaltura has no file, or another one. Push the file.
    FAILED = "failed"


@dataclass(frozen=True)
class PullStart:
    """What became of asking Kaltura to fetch a file.

    :param entry: the entry.
    :param started: whether it gets its content by this pull, begun now or in an earlier try. False if it had content
        or was getting some otherwise.
    """

    entry: Entry
    started: bool


@dataclass(frozen=True)
class Pull:
    """What one look at a pull found.

    :param state: what can be done about it.
    :param message: what that means, and the next step if it failed.
    :param entry: the entry.
    """

    state: PullState
    message: str
    entry: Entry


def pull_patience(size: int) -> float:
    """Return the seconds after which a pull of a file is given up.

    :param size: bytes of the file.
    """
    return PULL_QUEUE + size / SLOWEST_PULL


def start_pull(
    client: KalturaClient, entry_id: str, url: str, *, kind: MediaKind, journal: Journal, fingerprint: str = ""
) -> PullStart:
    """Ask Kaltura to fetch the first content of an entry, once (``media.addContent`` with a ``KalturaUrlResource``).

    Can be called again at any time with the same journal. Follow up with :func:`check_pull`.

    :param client: the client; it keeps the address out of logs and errors from now on, as who has it has the file.
    :param entry_id: an audio or video entry. Kaltura loads images within the call, under a name made of the query, and
        of documents and data it does not tell the size: they are pushed.
    :param url: http or https, at most 2,000 characters.
    :param kind: what the entry is.
    :param journal: durable notes; see the top of this module.
    :param fingerprint: names the content behind the address, such as an ETag, for the notes.
    :return: the entry, and whether this pull gives it its content.
    :raises KalturaError: if it was refused; calling again continues.
    :raises ValueError: if the kind is not audio or video, or the address cannot be pulled.
    """
    client.redactor.add(url)
    client.redactor.add(url.partition("?")[2])
    if kind not in (MediaKind.AUDIO, MediaKind.VIDEO):
        raise ValueError(
            f"Entry {entry_id} is of the kind {kind.value}, which cannot be checked after a pull: push it."
        )
    if problem := url_problem(url):
        raise ValueError(f"Entry {entry_id} cannot be pulled: {problem}. Push the file.")
    ours = journal.load().get("pulling") == entry_id
    tries_left = client.config.max_attempts
    while True:
        entry = get_entry(client, entry_id)
        if entry.status is not EntryStatus.NO_CONTENT:
            if not ours:
                # Noted, but somebody else was faster.
                journal.save(pulling="")
            return PullStart(entry, started=ours)
        journal.save(pulling=entry_id, pulling_since=str(int(time.time())), pulled_fingerprint=fingerprint)
        try:
            resource = {"objectType": "KalturaUrlResource", "url": url}
            answer = client.call("media", "addContent", {"entryId": entry_id, "resource": resource})
            return PullStart(Entry.from_api(answer), started=True)
        except KalturaError as error:
            tries_left -= 1
            if not tries_left or (error.code != "ENTRY_ALREADY_WITH_CONTENT" and not error.outcome_unknown):
                raise
            ours = ours or error.outcome_unknown
            log.warning("%s Looking whether Kaltura fetches the file.", error)
        time.sleep(client.config.backoff_initial)


def check_pull(
    client: KalturaClient, entry_id: str, size: int, *, since: float | None = None, patience: float | None = None
) -> Pull:
    """Look once at a pull (``baseEntry.get``, ``flavorAsset.list``).

    :param client: the client.
    :param entry_id: the entry.
    :param size: bytes of the file.
    :param since: when the pull was begun, in Unix seconds; the note ``pulling_since``. None waits for ever.
    :param patience: seconds after which it is given up; :func:`pull_patience` when None.
    :return: where it stands. Once the file was pushed instead, :func:`~kaltura_provider.api.settle_replacement` tells.
    :raises KalturaError: if a call failed.
    """
    entry = get_entry(client, entry_id)
    status = entry.status
    if not isinstance(status, EntryStatus):
        return Pull(PullState.FAILED, f"a plugin of Kaltura stopped the entry ({status}). Check the file", entry)
    if status is EntryStatus.ERROR_IMPORTING:
        message = (
            "Kaltura could not fetch the file: it does not reach the address, was refused, or the address had expired"
        )
        return Pull(PullState.FAILED, f"{message}. {_PUSH}", entry)
    if status is EntryStatus.NO_CONTENT:
        return Pull(PullState.FAILED, "Kaltura was not asked to fetch anything. Call start_pull first", entry)
    if status is not EntryStatus.IMPORT:
        source = source_flavor(client, entry_id)
        if has_size(source, size):
            return Pull(PullState.COMPLETE, "Kaltura has all bytes of the file", entry)
        if source is not None and has_size(source, size) is False:
            message = f"Kaltura fetched {source.size_in_bytes} bytes of {size}"
            return Pull(PullState.FAILED, f"{message}. {_PUSH}", entry)
        if status not in (EntryStatus.PRECONVERT, EntryStatus.PENDING):
            message = "Kaltura does not tell how many bytes it fetched; the account may remove source files"
            return Pull(PullState.FAILED, f"{message}. {_PUSH}", entry)
    waited = time.time() - since if since is not None else 0.0
    limit = pull_patience(size) if patience is None else patience
    if waited > limit:
        message = f"Kaltura has not fetched the file in {waited / 60:.0f} minutes (status {status.name})"
        return Pull(PullState.FAILED, f"{message}. {_PUSH}", entry)
    return Pull(PullState.WAITING, f"Kaltura is fetching the file (status {status.name})", entry)


def url_problem(url: str) -> str:
    """Say why Kaltura's import would not load what an address names; empty if nothing speaks against it.

    :param url: the address.
    :return: the problem, without the address.
    """
    scheme, separator, rest = url.partition("://")
    if scheme.lower() not in ("http", "https") or not separator:
        return "its address is neither http nor https"
    if "//" in rest:
        return "its address has two slashes in a row, of which Kaltura makes one"
    path = rest.partition("?")[0].partition("/")[2]
    if any(step in (".", "..") for step in path.split("/")):
        return "its address has a step . or .., which is resolved before it is loaded"
    if len(url) > MAX_URL:
        return f"its address has {len(url)} characters, more than {MAX_URL}"
    return ""
