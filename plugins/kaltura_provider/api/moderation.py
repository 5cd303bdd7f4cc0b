"""Letting viewers see entries, or keeping them from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from kaltura_provider.api.enrichment.part import Difference, Part
from kaltura_provider.api.enrichment.rounds import Rounds

if TYPE_CHECKING:
    from kaltura_provider.api.client import KalturaClient
    from kaltura_provider.api.enrichment.part import Batch

Decision = Literal["approve", "reject"]
#: What an entry's ``moderationStatus`` is where nothing is left to do: approved, also by itself; rejected.
_DONE = {"approve": (2, 6), "reject": (3,)}
DECISIONS = tuple(_DONE)


@dataclass(frozen=True)
class Moderated:
    """What became of some entries.

    :param changed: the entries that were approved or rejected; those that were so already are not among them.
    :param errors: what went wrong, by entry.
    """

    changed: list[str] = field(default_factory=list)
    errors: dict[str, Exception] = field(default_factory=dict)


def moderate(client: KalturaClient, entry_ids: Iterable[str], decision: Decision) -> Moderated:
    """Approve or reject entries of any type (``baseEntry.get``, ``baseEntry.approve``, ``baseEntry.reject``).

    A hundred entries travel in one request. Safe to repeat: what is approved or rejected already is left alone. An
    entry that fails stops no other. Of two opposite decisions at once, the later one stands.

    :param client: the client; its session must be of the type ADMIN.
    :param entry_ids: the entries.
    :param decision: ``approve`` or ``reject``.
    :return: what became of each.
    :raises ValueError: it is another decision.
    """
    if decision not in DECISIONS:
        raise ValueError(f"decision must be 'approve' or 'reject', not {decision!r}.")
    parts = [_ModerationPart(entry_id, decision) for entry_id in dict.fromkeys(entry_ids)]
    errors = Rounds(client, parts).run()
    return Moderated(
        [part.entry_id for part in parts if part.decided and part not in errors],
        {part.entry_id: error for part, error in errors.items()},
    )


class _ModerationPart(Part):
    """The moderation of one entry."""

    def __init__(self, entry_id: str, decision: Decision) -> None:
        super().__init__(entry_id)
        self._decision = decision
        self._status = 0
        self.decided = False

    def look(self, batch: Batch) -> None:
        """Read the entry."""
        batch.add(self, "baseEntry", "get", {"entryId": self.entry_id}, self._seen)

    def differences(self) -> list[Difference]:
        """Return whether it is not so already."""
        done = _DONE[self._decision]
        if self._status in done:
            return []
        return [Difference("moderation", "moderationStatus", done[0], self._status)]

    def write(self, batch: Batch) -> None:
        """Approve or reject it."""
        batch.add(self, "baseEntry", self._decision, {"entryId": self.entry_id})
        self.decided = True

    def _seen(self, answer: Any) -> None:
        self._status = int(answer.get("moderationStatus") or 0)
