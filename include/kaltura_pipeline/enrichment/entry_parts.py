"""The parts of a title that are no files: its properties, categories and custom metadata."""

from __future__ import annotations

import hashlib
import json
from functools import partial
from typing import TYPE_CHECKING, Any

from kaltura_pipeline.enrichment.part import Part
from kaltura_provider.api.metadata_document import fields_of, merge_documents, same_document
from kaltura_provider.api.paging import MAX_PAGE_SIZE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kaltura_pipeline.enrichment.part import Batch
    from kaltura_pipeline.enrichment.resolved import MetadataWish

_PAGER = {"pageSize": MAX_PAGE_SIZE, "pageIndex": 1}
_ENTRY = 1


def digest_of(value: Any) -> str:
    """Return a digest of plain JSON, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


class FieldsPart(Part):
    """The properties of the entry (``baseEntry.update``).

    :param entry_id: the entry.
    :param fields: properties of KalturaBaseEntry to set.
    :param noted: the digest of what was set before.
    :param are_set: whether the entry was made with them.
    """

    def __init__(self, entry_id: str, fields: Mapping[str, Any], noted: str | None, *, are_set: bool) -> None:
        super().__init__(entry_id)
        self._fields = fields
        self._noted = noted
        self._digest = digest_of(dict(fields))
        self.done = are_set or not fields or noted == self._digest

    def intention(self) -> dict[str, Any]:
        """Take the note back, as what was set before may not be so any more."""
        return {"fields": ""} if self._noted else {}

    def write(self, batch: Batch) -> None:
        """Set the properties."""
        entry = {"objectType": "KalturaBaseEntry", **self._fields}
        batch.add(self, "baseEntry", "update", {"entryId": self.entry_id, "baseEntry": entry})

    def notes(self) -> dict[str, Any]:
        """Return the digest of the properties."""
        return {"fields": self._digest} if self._fields else {}


class CategoriesPart(Part):
    """The categories of the entry; those that somebody else put it into are left alone.

    :param entry_id: the entry.
    :param wanted: ids of categories.
    :param noted: what :meth:`notes` returned before.
    """

    def __init__(self, entry_id: str, wanted: Sequence[int], noted: Mapping[str, Any] | None) -> None:
        super().__init__(entry_id)
        self._wanted = list(wanted)
        noted = noted or {}
        self._ours: set[int] = set(noted.get("ours") or ())
        self._present: set[int] = set()
        self._tried: set[int] = set()
        before = noted.get("wanted", [])
        self.done = before is not None and set(before) == set(self._wanted)

    def look(self, batch: Batch) -> None:
        """List the categories the entry is in."""
        params = {"filter": {"entryIdEqual": self.entry_id}, "pager": _PAGER}
        batch.add(self, "categoryEntry", "list", params, self._seen)

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


class MetadataPart(Part):
    """The custom metadata of the entry: fields that are said are set, those that were said before are removed.

    :param entry_id: the entry.
    :param wanted: by id of the profile.
    :param noted: what :meth:`notes` returned before.
    """

    outdated_by = frozenset(
        {
            "METADATA_ALREADY_EXISTS",
            "METADATA_NOT_FOUND",
            "INVALID_METADATA_VERSION",
            "LOCK_TIMED_OUT",
            "MULTI_ATTEMPTS_TO_UPDATE_METADATA",
        }
    )

    def __init__(
        self, entry_id: str, wanted: Mapping[str, MetadataWish], noted: Mapping[str, Mapping[str, Any]] | None
    ) -> None:
        super().__init__(entry_id)
        self._wanted = wanted
        self._noted = noted or {}
        self._present: dict[str, Mapping[str, Any]] = {}
        self._changed = {
            profile
            for profile in {*wanted, *self._noted}
            if profile not in wanted or self._noted.get(profile, {}).get("digest") != digest_of(wanted[profile].xml)
        }
        self.done = not self._changed

    def look(self, batch: Batch) -> None:
        """List the documents of the entry."""
        filter = {"objectIdEqual": self.entry_id, "metadataObjectTypeEqual": _ENTRY}
        batch.add(self, "metadata_metadata", "list", {"filter": filter, "pager": _PAGER}, self._seen)

    def intention(self) -> dict[str, Any]:
        """Return the fields that are about to be set, so that they are known if this ends on the way."""
        return {"metadata": {**self._noted, **{profile: self._doubtful(profile) for profile in self._changed}}}

    def write(self, batch: Batch) -> None:
        """Add, replace or delete documents."""
        for profile in sorted(self._changed):
            present = self._present.get(profile)
            xml = self._document(profile, present)
            if present is None:
                if xml:
                    params = {"metadataProfileId": int(profile), "objectType": _ENTRY, "objectId": self.entry_id}
                    batch.add(self, "metadata_metadata", "add", {**params, "xmlData": xml})
            elif not xml:
                batch.add(self, "metadata_metadata", "delete", {"id": present["id"]})
            elif not same_document(xml, present["xml"]):
                params = {"id": present["id"], "xmlData": xml, "version": present["version"]}
                batch.add(self, "metadata_metadata", "update", params)

    def notes(self) -> dict[str, Any]:
        """Return digest and fields of each document."""
        return {
            "metadata": {
                profile: {"digest": digest_of(wish.xml), "fields": list(fields_of(wish.xml))}
                for profile, wish in self._wanted.items()
            }
        }

    def _doubtful(self, profile: str) -> dict[str, Any]:
        before = self._noted.get(profile, {}).get("fields", ())
        new = fields_of(self._wanted[profile].xml) if profile in self._wanted else ()
        return {"digest": "", "fields": [*dict.fromkeys([*before, *new])]}

    def _document(self, profile: str, present: Mapping[str, Any] | None) -> str:
        wish = self._wanted.get(profile)
        dropped = self._noted.get(profile, {}).get("fields", ())
        return merge_documents(
            present["xml"] if present else "<metadata/>",
            wish.xml if wish else "<metadata/>",
            dropped=dropped,
            order=wish.order if wish else (),
        )

    def _seen(self, answer: Any) -> None:
        self._present = {str(item["metadataProfileId"]): item for item in answer.get("objects") or []}
