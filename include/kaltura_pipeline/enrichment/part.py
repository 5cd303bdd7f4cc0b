"""What the parts of a title have in common, and the requests in which they travel together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from kaltura_provider.api.errors import KalturaError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kaltura_provider.api import KalturaClient
    from kaltura_provider.api.multirequest import Call


class Part:
    """One part of a title on Kaltura, such as its captions. It goes through rounds until it is done.

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

    def intention(self) -> dict[str, Any]:
        """Return what to note before anything is written, for the case that nothing can be noted afterwards.

        :raises ValueError: a file cannot be used.
        """
        return {}

    def write(self, batch: Batch) -> None:
        """Add the calls that change what is there.

        :raises ValueError: a file cannot be used; no call was added for it.
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


class _Sent(NamedTuple):
    part: Part
    then: Callable[[Any], None] | None
    fine: Mapping[str, Callable[[], None] | None]


class Batch:
    """Calls of several parts that travel in one request, each with what to do with its result.

    :param client: the client.
    """

    def __init__(self, client: KalturaClient) -> None:
        self._request = client.multirequest()
        self._sent: list[_Sent] = []

    def __len__(self) -> int:
        return len(self._sent)

    def add(
        self,
        part: Part,
        service: str,
        action: str,
        params: Mapping[str, Any],
        then: Callable[[Any], None] | None = None,
        fine: Mapping[str, Callable[[], None] | None] | None = None,
    ) -> Call:
        """Add a call.

        :param part: the part it is for.
        :param service: such as ``categoryEntry``.
        :param action: such as ``add``.
        :param params: parameters by name.
        :param then: takes the result.
        :param fine: error codes that say that nothing is left to do, with what to do then.
        :raises ValueError: a text looks like a reference to another call.
        """
        call = self._request.add(service, action, params)
        self._sent.append(_Sent(part, then, fine or {}))
        return call

    @property
    def parts(self) -> set[Part]:
        """The parts that added calls."""
        return {sent.part for sent in self._sent}

    def send(self) -> dict[Part, Exception]:
        """Send the calls in one request; an empty batch sends none.

        :return: the first error of each part that has one.
        :raises KalturaError: the request as a whole failed.
        """
        errors: dict[Part, Exception] = {}
        if not self._sent:
            return errors
        for sent, result in zip(self._sent, self._request.send(raise_on_error=False), strict=True):
            try:
                _use(sent, result)
            except (KalturaError, ValueError) as error:
                # A call that needed the result of a failed one comes after it, and explains less.
                errors.setdefault(sent.part, error)
        return errors


def _use(sent: _Sent, result: Any) -> None:
    if isinstance(result, KalturaError):
        if result.code not in sent.fine:
            raise result
        if (then := sent.fine[result.code]) is not None:
            then()
    elif sent.then is not None:
        sent.then(result)
