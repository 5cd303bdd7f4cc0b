"""When an entry may be seen."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kaltura_provider.api.models import Entry

#: How exactly the server's clock is known: answers carry whole seconds.
CLOCK_SECONDS = 2.0


@dataclass(frozen=True)
class Dates:
    """The time between an entry's ``startDate`` and ``endDate``.

    :param start: Unix seconds; None for ever since.
    :param end: Unix seconds; None for ever after.
    """

    start: int | None = None
    end: int | None = None

    @classmethod
    def of(cls, entry: Entry) -> Dates:
        """Return the dates of an entry.

        :param entry: the entry.
        """
        return cls(_seconds(entry.raw.get("startDate")), _seconds(entry.raw.get("endDate")))

    def is_closed(self, moment: float) -> bool:
        """Tell whether the entry may not be seen.

        :param moment: Unix seconds by the server's clock.
        """
        return (self.start is not None and moment < self.start) or (self.end is not None and moment > self.end)

    @property
    def words(self) -> str:
        """The dates in words, such as "it starts at ... and ends at ..."."""
        parts = [f"starts at {_utc(self.start)}"] if self.start is not None else []
        parts += [f"ends at {_utc(self.end)}"] if self.end is not None else []
        return f"it {' and '.join(parts)}"


def _seconds(value: Any) -> int | None:
    return int(value) if value not in (None, "") else None


def _utc(moment: int) -> str:
    return datetime.datetime.fromtimestamp(moment, datetime.timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")
