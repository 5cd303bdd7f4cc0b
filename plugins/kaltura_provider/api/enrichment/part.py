"""What the parts of an entry have in common, and the requests in which those of many entries travel together."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, NamedTuple

from kaltura_provider.api.errors import KalturaError
from kaltura_provider.api.paging import MAX_PAGE_SIZE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kaltura_provider.api import KalturaClient
    from kaltura_provider.api.multirequest import Call, MultiRequest


#: All assets or documents of an entry.
WHOLE_LIST = {"pageSize": MAX_PAGE_SIZE, "pageIndex": 1}
# The server carries out the calls of a request one after the other, and ends it after a minute.
_MAX_CALLS = 100
_MAX_CHARACTERS = 4_000_000


def digest_of(value: Any) -> str:
    """Return a digest of plain JSON, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


class Difference(NamedTuple):
    """One thing of an entry that is not as it shall be; all values are plain JSON.

    :param part: ``fields``, ``categories``, ``metadata``, ``captions``, ``thumbnail``, ``attachments``,
        ``chapters``, or ``entry`` for an entry that is gone.
    :param field: what of it: a property, a category, a field of a profile, a file, or a caption or chapter in words.
    :param wanted: what it shall be; None if it shall not be there.
    :param present: what it is; None if it is not there.
    """

    part: str
    field: str
    wanted: Any
    present: Any

    def __str__(self) -> str:
        return f"{self.part}: {self.field} is {_in_words(self.present)}, not {_in_words(self.wanted)}"


def _in_words(value: Any) -> str:
    return "missing" if value is None else repr(value) if isinstance(value, str) else str(value)


class Part:
    """One part of an entry on Kaltura, such as its captions. It goes through rounds until it is done.

    A round looks at what is there, writes what is missing, sends bytes, and finishes. After one without an error the
    part is done. What goes wrong in a way that another look can settle (somebody else was quicker, an answer was lost)
    leads to another round.

    :param entry_id: the entry.
    """

    #: Codes that say that what was looked at is not so any more.
    outdated_by: frozenset[str] = frozenset()

    def __init__(self, entry_id: str) -> None:
        self.entry_id = entry_id
        self.done = False

    def look(self, batch: Batch) -> None:
        """Add the calls that read what is there."""

    def differences(self) -> list[Difference]:
        """Return what is not as it shall be, known after :meth:`look`, whatever was noted. It writes nothing."""
        return []

    def intention(self) -> dict[str, Any]:
        """Return what to note before anything is written, for the case that nothing can be noted afterwards.

        :raises ValueError: a file cannot be used.
        """
        return {}

    def write(self, batch: Batch) -> None:
        """Add the calls that change what is there.

        :raises Exception: a file cannot be read or used; no call was added for it.
        """

    def send(self, client: KalturaClient) -> None:
        """Send what does not fit into a batch.

        :raises KalturaError: a call failed.
        """

    def finish(self, batch: Batch) -> None:
        """Add the calls that need the results of the others."""

    def explain(self, error: KalturaError) -> Exception:
        """Return an error in words that say more, where Kaltura's mislead."""
        return error

    def notes(self) -> dict[str, Any]:
        """Return what to note of this part once it is done."""
        return {}

    def changes(self) -> dict[str, Any]:
        """Return what was changed, by the name of the part; empty for a part that does not tell."""
        return {}


class _Sent(NamedTuple):
    part: Part
    then: Callable[[Any], None] | None
    fine: Mapping[str, Callable[[], None] | None]


class Batch:
    """Calls of several parts that travel together, each with what to do with its result.

    The calls of one part stay in one request, as later ones may need results of earlier ones. There are as few requests
    as a server can be asked to carry out.

    :param client: the client.
    """

    def __init__(self, client: KalturaClient) -> None:
        self._client = client
        self._requests: list[tuple[MultiRequest, list[_Sent]]] = []
        self._characters = 0
        self._cost = 0

    def __len__(self) -> int:
        return sum(len(sent) for _, sent in self._requests)

    def add(
        self,
        part: Part,
        service: str,
        action: str,
        params: Mapping[str, Any],
        then: Callable[[Any], None] | None = None,
        fine: Mapping[str, Callable[[], None] | None] | None = None,
        cost: int = 1,
    ) -> Call:
        """Add a call.

        :param part: the part it is for; all its calls are added before those of the next one.
        :param service: such as ``categoryEntry``.
        :param action: such as ``add``.
        :param params: parameters by name.
        :param then: takes the result.
        :param fine: error codes that say that nothing is left to do, with what to do then.
        :param cost: how many ordinary calls it takes the server as long as.
        :raises ValueError: a text looks like a reference to another call.
        """
        if self._is_full() and self._requests[-1][1][-1].part is not part:
            self._characters = self._cost = 0
            self._requests.append((self._client.multirequest(), []))
        elif not self._requests:
            self._requests.append((self._client.multirequest(), []))
        request, sent = self._requests[-1]
        call = request.add(service, action, params)
        sent.append(_Sent(part, then, fine or {}))
        self._characters += _characters(params)
        self._cost += cost
        return call

    @property
    def parts(self) -> set[Part]:
        """The parts that added calls."""
        return {each.part for _, sent in self._requests for each in sent}

    def send(self) -> dict[Part, Exception]:
        """Send the calls; an empty batch sends none.

        :return: the first error of each part that has one. When a request failed as a whole, nobody knows what was
            done, or nothing was: then it is the error of each part that travelled in it.
        """
        errors: dict[Part, Exception] = {}
        for request, calls in self._requests:
            if not calls:
                # Its only call was refused.
                continue
            try:
                results = request.send(raise_on_error=False)
            except KalturaError as error:
                errors.update({sent.part: error for sent in calls})
                continue
            for sent, result in zip(calls, results, strict=True):
                try:
                    _use(sent, result)
                except (KalturaError, ValueError) as error:
                    # A call that needed the result of a failed one comes after it, and explains less.
                    errors.setdefault(sent.part, error)
        return errors

    def _is_full(self) -> bool:
        if not self._requests:
            return False
        return self._cost >= _MAX_CALLS or self._characters >= _MAX_CHARACTERS


def _characters(value: Any) -> int:
    if isinstance(value, dict):
        return sum(map(_characters, value.values()))
    return len(value) if isinstance(value, str) else 1


def _use(sent: _Sent, result: Any) -> None:
    if isinstance(result, KalturaError):
        if result.code not in sent.fine:
            raise result
        if (then := sent.fine[result.code]) is not None:
            then()
    elif sent.then is not None:
        sent.then(result)
