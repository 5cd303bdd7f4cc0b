"""Parts of many entries go through their rounds together, until each is done or cannot be."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

from kaltura_provider.api.catalogue import REFUSED_BEFORE_ACTING
from kaltura_provider.api.enrichment.part import Batch, Part
from kaltura_provider.api.errors import KalturaError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kaltura_provider.api import KalturaClient

_ROUNDS = 4


class Rounds:
    """Looks at what is there, writes what is missing and looks again where that may settle an error.

    Safe to repeat after the end of a process at any point, and for several at once, as far as the parts are.

    :param client: the client.
    :param parts: the parts.
    :param all_or_nothing: write nothing if a part finds, after looking, that it cannot be done (a ValueError).
    """

    def __init__(self, client: KalturaClient, parts: Iterable[Part], *, all_or_nothing: bool = False) -> None:
        self.client = client
        self.parts = list(parts)
        #: What keeps a part from being done; one that another round may settle is asked again.
        self.errors: dict[Part, Exception] = {}
        #: Whether nothing was written because a part cannot be done.
        self.refused = False
        self._all_or_nothing = all_or_nothing
        # Parts whose error stays: what is there could not be read, although the client tried as often as it may.
        self._ended: set[Part] = set()

    def run(self) -> dict[Part, Exception]:
        """Take the parts as far as they go.

        :return: the errors of those that are not done.
        """
        for number in range(_ROUNDS):
            pending = [part for part in self.parts if not part.done and self._may_go_on(part)]
            if not pending:
                break
            if number:
                self._wait(number)
            self.errors = {part: error for part, error in self.errors.items() if part not in pending}
            self._round(pending, first=number == 0)
            if self.refused:
                break
        return self.errors

    def must_look(self, part: Part, *, first: bool) -> bool:
        """Tell whether a part must look at what is there.

        :param part: the part.
        :param first: whether this is the first round.
        """
        return True

    def is_stopped(self, part: Part) -> bool:
        """Tell whether nothing more may be done for a part, although it has no error."""
        return False

    def before_writing(self, parts: list[Part]) -> None:
        """Do what must be done after looking and before anything is written.

        :param parts: the parts that are about to write.
        """

    def _round(self, parts: list[Part], *, first: bool) -> None:
        batch = Batch(self.client)
        for part in parts:
            if self.must_look(part, first=first):
                part.look(batch)
        self._send(batch)
        # If nothing can be read, nothing is written either.
        self._ended |= self.errors.keys()
        looked = batch.parts
        for part in self._going(parts):
            try:
                # What was not looked at has no differences to tell.
                part.done = part in looked and not part.differences()
            except ValueError as error:
                self.errors[part] = error
        parts = [part for part in parts if not part.done]
        self.before_writing(self._going(parts))
        batch = Batch(self.client)
        refused = False
        for part in self._going(parts):
            try:
                part.write(batch)
            except Exception as error:  # whatever reading a file raises; it is of one entry only
                self.errors[part] = error
                refused = True
        if refused and first and self._all_or_nothing:
            self.refused = True
            return
        self._send(batch)
        for part in self._going(parts):
            try:
                part.send(self.client)
            except KalturaError as error:
                self.errors[part] = error
        batch = Batch(self.client)
        for part in self._going(parts):
            try:
                part.finish(batch)
            except Exception as error:  # of reading a file that somebody else had promised to send
                self.errors[part] = error
        self._send(batch)
        for part in self._going(parts):
            part.done = True

    def _send(self, batch: Batch) -> None:
        for part, problem in batch.send().items():
            self.errors.setdefault(part, part.explain(problem) if isinstance(problem, KalturaError) else problem)

    def _going(self, parts: list[Part]) -> list[Part]:
        return [part for part in parts if part not in self.errors and not self.is_stopped(part)]

    def _may_go_on(self, part: Part) -> bool:
        error = self.errors.get(part)
        return not self.is_stopped(part) and (
            error is None
            or (
                part not in self._ended
                and isinstance(error, KalturaError)
                and (error.retryable or error.code in part.outdated_by)
            )
        )

    def _wait(self, number: int) -> None:
        config = self.client.config
        wait = random.uniform(0, min(config.backoff_max, config.backoff_initial * 2.0 ** (number - 1)))
        if any(
            isinstance(error, KalturaError) and error.code in REFUSED_BEFORE_ACTING for error in self.errors.values()
        ):
            wait += config.rate_limit_wait
        time.sleep(wait)


def error_to_raise(errors: Iterable[Exception]) -> Exception | None:
    """Return which of several errors to raise: one that may pass, if there is one, as a repetition then makes sense.

    :param errors: the errors.
    """
    found = list(errors)
    return next((error for error in found if getattr(error, "retryable", False)), found[0] if found else None)
