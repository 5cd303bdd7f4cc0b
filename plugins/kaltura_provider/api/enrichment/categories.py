"""The categories of an entry."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from kaltura_provider.api.enrichment.part import WHOLE_LIST, Difference, Part

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kaltura_provider.api.enrichment.part import Batch


class CategoriesPart(Part):
    """The categories of the entry; those that somebody else put it into are left alone.

    :param entry_id: the entry.
    :param wanted: ids of categories.
    :param noted: what :meth:`notes` returned before.
    :param verify: whether to look although they are noted.
    """

    def __init__(
        self, entry_id: str, wanted: Sequence[int], noted: Mapping[str, Any] | None, *, verify: bool = False
    ) -> None:
        super().__init__(entry_id)
        self._wanted = list(wanted)
        noted = noted or {}
        self._ours: set[int] = set(noted.get("ours") or ())
        self._present: set[int] = set()
        self._tried: set[int] = set()
        before = noted.get("wanted", [])
        self.done = before is not None and set(before) == set(self._wanted)
        if verify and (self._wanted or self._ours):
            self.done = False

    def look(self, batch: Batch) -> None:
        """List the categories the entry is in."""
        params = {"filter": {"entryIdEqual": self.entry_id}, "pager": WHOLE_LIST}
        batch.add(self, "categoryEntry", "list", params, self._seen)

    def differences(self) -> list[Difference]:
        """Return the categories that the entry is not in, and those of ours that it is in but should not be."""
        too_many = sorted((self._ours & self._present) - set(self._wanted))
        return [
            *(Difference("categories", str(each), "assigned", None) for each in self._missing()),
            *(Difference("categories", str(each), None, "assigned") for each in too_many),
        ]

    def intention(self) -> dict[str, Any]:
        """Return the categories that the entry is about to be put into: afterwards nothing tells who did it."""
        return {"categories": {"wanted": None, "ours": sorted(self._ours | set(self._missing()))}}

    def write(self, batch: Batch) -> None:
        """Take the entry out of categories and put it into others."""
        for category in sorted(self._ours - set(self._wanted)):
            # First, as the number of categories of an entry is limited.
            gone = {"ENTRY_IS_NOT_ASSIGNED_TO_CATEGORY": None, "CATEGORY_NOT_FOUND": None}
            batch.add(self, "categoryEntry", "delete", {"entryId": self.entry_id, "categoryId": category}, fine=gone)
        for category in self._missing():
            item = {"objectType": "KalturaCategoryEntry", "entryId": self.entry_id, "categoryId": category}
            # Somebody else's, unless the answer to an earlier try was lost.
            not_ours = None if category in self._ours | self._tried else partial(self._ours.discard, category)
            batch.add(
                self,
                "categoryEntry",
                "add",
                {"categoryEntry": item},
                fine={"CATEGORY_ENTRY_ALREADY_EXISTS": not_ours},
            )
            self._tried.add(category)
        self._ours |= self._tried

    def notes(self) -> dict[str, Any]:
        """Return which categories were wanted, and which of them this package put the entry into."""
        return {"categories": {"wanted": self._wanted, "ours": sorted(self._ours & set(self._wanted))}}

    def _missing(self) -> list[int]:
        return [each for each in self._wanted if each not in self._present]

    def _seen(self, answer: Any) -> None:
        self._present = {int(item["categoryId"]) for item in answer.get("objects") or []}
