"""The chapters of an entry: cue points that are recognised again by their system names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kaltura_provider.api.chapters import Chapter, clock
from kaltura_provider.api.enrichment.marks import age_of
from kaltura_provider.api.enrichment.part import WHOLE_LIST, Difference, Part, digest_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kaltura_provider.api import KalturaError
    from kaltura_provider.api.enrichment.part import Batch

SERVICE = "cuepoint_cuepoint"
_TYPE = "KalturaThumbCuePoint"
_CHAPTER = 2
#: What every list of chapters asks for, besides the entries.
CHAPTERS_FILTER = {"objectType": f"{_TYPE}Filter", "subTypeEqual": _CHAPTER}
# Tells chapters that this package made, so that only these are ever changed; the time follows.
_PREFIX = "from-source-chapter-"


class ChaptersPart(Part):
    """The chapters of the entry. Those that somebody else made are left alone.

    Kaltura refuses a second one of a system name, as far as its search index knows; what slipped through is deleted
    with the next look.

    :param entry_id: the entry.
    :param wanted: the chapters, no two at one time; None leaves them as they are.
    :param noted: the digest of what was wanted before.
    :param verify: whether to look although it is noted.
    """

    outdated_by = frozenset({"CUE_POINT_SYSTEM_NAME_EXISTS", "INVALID_CUE_POINT_ID"})

    def __init__(
        self, entry_id: str, wanted: Sequence[Chapter] | None, noted: str | None, *, verify: bool = False
    ) -> None:
        super().__init__(entry_id)
        self._wanted = {f"{_PREFIX}{each.start}": each for each in wanted or ()}
        self._digest = digest_of([[each.start, each.title, each.description] for each in wanted or ()])
        self._noted = noted
        self._present: list[Mapping[str, Any]] = []
        # By name, so that what another round does again counts once.
        self._changed: dict[str, set[str]] = {"added": set(), "updated": set(), "deleted": set()}
        self._leave = wanted is None
        self.done = wanted is None or (noted == self._digest and not verify)

    def look(self, batch: Batch) -> None:
        """List the chapters of the entry."""
        filter = {**CHAPTERS_FILTER, "entryIdEqual": self.entry_id}
        batch.add(self, SERVICE, "list", {"filter": filter, "pager": WHOLE_LIST}, self._seen)

    def differences(self) -> list[Difference]:
        """Return chapters that are missing, other than they shall be, or too many."""
        found = [Difference("chapters", _words(point), None, _words(point)) for point in self._surplus()]
        ours = self._ours()
        for name, chapter in self._wanted.items():
            words = f"{chapter.clock} {chapter.title}"
            if name not in ours:
                found.append(Difference("chapters", words, words, None))
                continue
            for key, value in _changes(chapter, ours[name][0]).items():
                found.append(Difference("chapters", f"{key} of {words}", value, ours[name][0].get(key)))
        return found

    def intention(self) -> dict[str, Any]:
        """Take the note back, as it may not be so any more."""
        return {"chapters": ""} if self._noted else {}

    def write(self, batch: Batch) -> None:
        """Add, change and delete chapters."""
        ours = self._ours()
        for point in self._surplus():
            batch.add(self, SERVICE, "delete", {"id": point["id"]}, fine={"INVALID_CUE_POINT_ID": None})
            self._changed["deleted"].add(str(point["id"]))
        for name, chapter in self._wanted.items():
            if name not in ours:
                point = {"objectType": _TYPE, "entryId": self.entry_id, "subType": _CHAPTER, "systemName": name}
                values = {key: value for key, value in _values(chapter).items() if value != ""}
                batch.add(self, SERVICE, "add", {"cuePoint": {**point, **values}})
                self._changed["added"].add(name)
            elif changes := _changes(chapter, ours[name][0]):
                params = {"id": ours[name][0]["id"], "cuePoint": {"objectType": _TYPE, **changes}}
                batch.add(self, SERVICE, "update", params)
                self._changed["updated"].add(name)

    def explain(self, error: KalturaError) -> Exception:
        """Name the chapter that does not fit into the entry."""
        if error.code != "START_TIME_IS_BIGGER_THAN_ENTRY_END_TIME":
            return error
        start, end = (int(error.details.get(key, 0)) for key in ("CUE_POINT_ID", "END_TIME"))
        chapter = self._wanted.get(f"{_PREFIX}{start}")
        return ValueError(
            f"the chapter {chapter.title if chapter else ''!r} at {clock(start)} begins after the end of entry "
            f"{self.entry_id} at {clock(end)}; correct its time, which is in milliseconds where it is a whole number"
        )

    def notes(self) -> dict[str, Any]:
        """Return the digest of the chapters."""
        return {} if self._leave else {"chapters": self._digest}

    def changes(self) -> dict[str, Any]:
        """Return how many chapters were added, changed and deleted."""
        return {} if self._leave else {"chapters": {what: len(names) for what, names in self._changed.items()}}

    def _ours(self) -> dict[str, list[Mapping[str, Any]]]:
        """Return what this package made by system name; of several everybody keeps the first."""
        ours: dict[str, list[Mapping[str, Any]]] = {}
        for point in sorted(self._present, key=age_of):
            if str(point.get("systemName") or "").startswith(_PREFIX):
                ours.setdefault(point["systemName"], []).append(point)
        return ours

    def _surplus(self) -> list[Mapping[str, Any]]:
        ours = self._ours().items()
        return [point for name, points in ours for point in (points[1:] if name in self._wanted else points)]

    def _seen(self, answer: Any) -> None:
        self._present = answer.get("objects") or []


def chapters_of(points: Iterable[Mapping[str, Any]]) -> list[Chapter]:
    """Return cue points as chapters, by time; one without a title is none for viewers."""
    found = (
        Chapter(int(point.get("startTime") or 0), str(point["title"]), str(point.get("description") or ""))
        for point in points
        if point.get("title")
    )
    return sorted(found, key=lambda chapter: chapter.start)


def _values(chapter: Chapter) -> dict[str, Any]:
    return {"title": chapter.title, "description": chapter.description, "startTime": chapter.start}


def _changes(chapter: Chapter, present: Mapping[str, Any]) -> dict[str, Any]:
    # A property without a value is absent from the answer.
    return {key: value for key, value in _values(chapter).items() if value != (present.get(key) or type(value)())}


def _words(point: Mapping[str, Any]) -> str:
    return f"{clock(int(point.get('startTime') or 0))} {point.get('title') or ''}".rstrip()
