"""Adding an entry exactly once, without asking the search index, which shows a new entry only after a while.

An entry is added together with its upload token, in one request, and the name of the token holds the ID of the entry
and a mark that was noted before. Whatever became of that request and its answer, the token tells: Kaltura lists tokens
straight from its database. The mark also finds tokens that were left over, and nobody else's.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kaltura_provider.api.errors import KalturaError
from kaltura_provider.api.lookup import find_by_reference_id, get_entry
from kaltura_provider.api.media_kind import MediaKind, entry_template, kind_of_entry
from kaltura_provider.api.models import Entry, EntryStatus, UploadToken, UploadTokenStatus
from kaltura_provider.api.token_names import delete_unused, new_mark, token_name
from kaltura_provider.api.upload_plan import depends_on_distance
from kaltura_provider.api.upload_tokens import delete_token, list_tokens
from kaltura_provider.api.upload_workers import Patience

if TYPE_CHECKING:
    from kaltura_provider.api.client import KalturaClient
    from kaltura_provider.api.journal import Journal
    from kaltura_provider.api.sources import UploadSource

log = logging.getLogger(__name__)

#: Seconds after which a request whose answer got lost has been carried out, or never will be.
ADD_SETTLE = 5.0
#: Clocks of worker and server may differ by this many seconds when old tokens are told from new ones.
CLOCK_SKEW = 3600.0
#: Bytes Kaltura keeps of a name.
MAX_NAME = 256


@dataclass
class Place:
    """The entry of a file, and what is known about it.

    :param entry: the entry.
    :param mark: begins the names of this file's upload tokens.
    :param token: a fresh token, if one was made together with the entry.
    :param created: whether this call added the entry.
    :param doubtful: whether an answer was lost or an earlier try interrupted, so that something may be left over.
    """

    entry: Entry
    mark: str
    token: UploadToken | None = None
    created: bool = False
    doubtful: bool = False


class EntryAdder:
    """Finds the entry of a file, or adds it.

    :param client: the client.
    :param source: the file.
    :param fields: fields of the entry.
    :param kind: what the file becomes.
    :param file_name: name under which it travels.
    :param reference_id: identity of the file in the system it comes from.
    :param journal: durable notes.
    :param settle: seconds to look for what a request with a lost answer made.
    :param known: the entries with this reference ID, if the caller has looked for them already.
    """

    def __init__(
        self,
        client: KalturaClient,
        source: UploadSource,
        fields: Mapping[str, Any],
        kind: MediaKind,
        file_name: str,
        reference_id: str,
        journal: Journal,
        settle: float = ADD_SETTLE,
        known: Sequence[Entry] | None = None,
    ) -> None:
        self._client = client
        self._source = source
        self._fields = fields
        self._kind = kind
        self._reference_id = reference_id
        self._journal = journal
        self._settle = settle
        self._known = known
        self.template = entry_template(kind, file_name)
        self._file_name = file_name

    def place(self) -> Place:
        """Find the entry of the file, or add it.

        :return: the entry.
        :raises KalturaError: if it can neither be found nor added.
        """
        notes = self._journal.load()
        if entry_id := notes.get("entry_id"):
            try:
                return Place(get_entry(self._client, entry_id), notes.get("add_mark") or new_mark(), doubtful=True)
            except KalturaError as error:
                if error.code not in ("ENTRY_ID_NOT_FOUND", "INVALID_ENTRY_ID"):
                    raise
            log.warning("Entry %s no longer exists; a new one is made.", entry_id)
            self._journal.save(entry_id="", upload_token_id="", confirmed="", add_mark="")
        elif mark := notes.get("add_mark"):
            # An earlier try was interrupted when it added the entry.
            until = float(notes.get("add_started") or 0) + self._settle
            if found := self._find_added(mark, int(notes.get("add_size") or 0), until=until):
                return self._noted(found)
        known = find_by_reference_id(self._client, self._reference_id) if self._known is None else [*self._known]
        if entry := self._choose(known):
            return self._noted(Place(entry, self._journal.load().get("add_mark") or new_mark(), doubtful=True))
        return self._noted(self._add())

    def token_name(self, place: Place, params_id: int | None = None) -> str:
        """The name of every upload token of the file.

        :param place: the entry.
        :param params_id: the flavor params, for a further file of the entry.
        """
        return token_name(place.mark, place.entry.id, self._file_name, params_id)

    def tidy(self, place: Place, keep: Collection[str], renditions: Iterable[int] = ()) -> None:
        """Throw away what lost answers and interrupted tries have left over. Never raises.

        :param place: the entry.
        :param keep: IDs of the upload tokens that are in use.
        :param renditions: flavor params of the further files of the entry.
        """
        try:
            self._drop_others(place.mark, place.entry.id)
        except KalturaError as error:
            log.warning("%s It is not known whether entry %s was added twice.", error, place.entry.id)
        for params_id in (None, *renditions):
            delete_unused(self._client, self.token_name(place, params_id), keep)

    # -- adding

    def _add(self) -> Place:
        mark = new_mark()
        self._journal.save(add_mark=mark, add_size=str(self._source.size), add_started=str(int(time.time())))
        patience = Patience(self._client.config)
        doubtful = False
        while True:
            try:
                place = self._add_once(mark)
                place.doubtful = doubtful
                return place
            except KalturaError as error:
                failure = error
            if failure.outcome_unknown:
                doubtful = True
                log.warning("%s Looking whether the entry was added.", failure)
                if found := self._find_added(mark, self._source.size, until=time.time() + self._settle):
                    found.created = True
                    return found
                # Nothing links it to us when the server failed between the two calls of the request.
                if entry := self._choose(find_by_reference_id(self._client, self._reference_id)):
                    return Place(entry, mark, created=True, doubtful=True)
            wait = patience.wait_after(failure) if failure.retryable else None
            if wait is None:
                raise failure
            time.sleep(wait)

    def _add_once(self, mark: str) -> Place:
        """Add entry and upload token in one request (``media.add`` or alike, and ``uploadToken.add``)."""
        template = self.template
        name = _shortened(self._source.name.rsplit(".", 1)[0])
        values = {"name": name, **self._fields, **template.fields, "referenceId": self._reference_id}
        params = {template.parameter: values, **template.params}
        if depends_on_distance(self._source.size):
            # The upload that follows wants to know.
            self._client.measure_distance()
        batch = self._client.multirequest()
        try:
            entry = batch.add(template.service, "add", params)
        except ValueError:
            # A text looks like a reference to another result, which only a call of its own leaves as it is.
            return Place(Entry.from_api(self._client.call(template.service, "add", params)), mark, created=True)
        token = {"fileName": token_name(mark, entry.ref("id"), self._file_name), "fileSize": self._source.size}
        batch.add("uploadToken", "add", {"uploadToken": token})
        added, made = batch.send(raise_on_error=False)
        if isinstance(added, KalturaError):
            # The server goes on after an error, so there is a token all the same.
            delete_unused(self._client, token_name(mark, "", self._file_name))
            raise added
        if isinstance(made, KalturaError):
            log.warning("%s It is made once more.", made)
            made = None
        return Place(Entry.from_api(added), mark, UploadToken.from_api(made) if made else None, created=True)

    def _noted(self, place: Place) -> Place:
        """Note the entry. If that fails, what was just added must not stay: nobody would find it."""
        token = place.token.id if place.token else ""
        try:
            self._journal.save(
                entry_id=place.entry.id,
                add_mark=place.mark,
                upload_token_id=token,
                fingerprint=self._source.fingerprint if token else "",
                confirmed="",
            )
        except Exception:
            if place.created:
                self._drop(place.entry.id, place.token)
            raise
        return place

    # -- finding again

    def _find_added(self, mark: str, size: int, until: float) -> Place | None:
        """Find what was added under a mark, and remove all of it but one."""
        pause = 0.2
        while True:
            try:
                if added := self._added(mark, size):
                    entry_id, token = added[0]
                    self._drop_others(mark, entry_id, added[1:])
                    fits = token.status is UploadTokenStatus.PENDING and token.file_size == self._source.size
                    unused = token if fits else None
                    return Place(get_entry(self._client, entry_id), mark, unused, doubtful=True)
            except KalturaError as error:
                if not error.retryable or time.time() >= until:
                    raise
                log.warning("%s Looking again.", error)
            left = until - time.time()
            if left <= 0:
                return None
            time.sleep(min(pause, left))
            pause = min(2 * pause, 2.0)

    def _added(self, mark: str, size: int) -> list[tuple[str, UploadToken]]:
        """The entries added under a mark, each with its token, the oldest first."""
        found: dict[str, UploadToken] = {}
        earliest = float(self._journal.load().get("add_started") or 0) - CLOCK_SKEW
        page = 1
        while True:
            tokens = list_tokens(self._client, page=page, fileSizeEqual=size, statusIn="0,1,2,3")
            for token in tokens:
                if token.file_name.startswith(f"{mark}."):
                    found[token.file_name.split(".")[1]] = token
            if not tokens or int(tokens[-1].raw.get("createdAt") or 0) < earliest:
                break
            page += 1
        if orphan := found.pop("", None):
            # The entry could not be added; its token was all the same.
            delete_token(self._client, orphan.id)
        return sorted(found.items())

    def _drop_others(self, mark: str, entry_id: str, others: list[tuple[str, UploadToken]] | None = None) -> None:
        """Remove entries that a lost request added a second time."""
        if others is None:
            size = int(self._journal.load().get("add_size") or 0)
            others = self._added(mark, size) if size else []
        for other_id, token in others:
            if other_id != entry_id:
                log.warning("Entry %s was added twice; %s is removed.", entry_id, other_id)
                self._drop(other_id, token)

    def _drop(self, entry_id: str, token: UploadToken | None) -> None:
        """Remove an empty entry that this file does not need, and its token. Never raises."""
        try:
            if get_entry(self._client, entry_id).status is EntryStatus.NO_CONTENT:
                self._client.call("baseEntry", "delete", {"entryId": entry_id})
        except KalturaError as error:
            log.warning("%s Delete entry %s in the KMC: it is empty and of no use.", error, entry_id)
        if token is not None and token.status is not UploadTokenStatus.CLOSED:
            delete_token(self._client, token.id)

    def _choose(self, entries: list[Entry]) -> Entry | None:
        """Pick the same entry whoever looks: one with content, else an empty one, else a failed one."""
        for entry in entries:
            found = kind_of_entry(entry.entry_type, entry.media_type)
            if found is not self._kind:
                raise KalturaError(
                    "REFERENCE_ID_IN_USE",
                    f"entry {entry.id} has the reference ID {self._reference_id} and is no {self._kind.value}",
                    service_action="baseEntry.listByReferenceId",
                )

        def rank(entry: Entry) -> int:
            if not isinstance(entry.status, EntryStatus) or entry.status.is_failed:
                return 2
            return 1 if entry.status is EntryStatus.NO_CONTENT else 0

        return min(entries, key=rank, default=None)


def _shortened(name: str) -> str:
    data = name.encode("utf-8", "replace")
    mark = "…"
    return name if len(data) <= MAX_NAME else data[: MAX_NAME - len(mark.encode())].decode("utf-8", "ignore") + mark
