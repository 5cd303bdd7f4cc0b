"""The custom metadata of an entry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kaltura_provider.api.enrichment.part import WHOLE_LIST, Difference, Part, digest_of
from kaltura_provider.api.metadata_document import differing_fields, fields_of, merge_documents, same_document

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kaltura_provider.api.enrichment.part import Batch

_ENTRY = 1


@dataclass(frozen=True)
class MetadataWish:
    """Custom metadata of one profile.

    :param xml: the document, with the fields that are said.
    :param order: all fields of the profile, in the order in which Kaltura takes them.
    """

    xml: str
    order: tuple[str, ...] = ()


class MetadataPart(Part):
    """The custom metadata of the entry: fields that are said are set, those that were said before are removed.

    :param entry_id: the entry.
    :param wanted: by id of the profile.
    :param noted: what :meth:`notes` returned before.
    :param verify: whether to look although it is noted.
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
        self,
        entry_id: str,
        wanted: Mapping[str, MetadataWish],
        noted: Mapping[str, Mapping[str, Any]] | None,
        *,
        verify: bool = False,
    ) -> None:
        super().__init__(entry_id)
        self._wanted = wanted
        self._noted = noted or {}
        self._present: dict[str, Mapping[str, Any]] = {}
        self._changed = {
            profile
            for profile in {*wanted, *self._noted}
            if verify
            or profile not in wanted
            or self._noted.get(profile, {}).get("digest") != digest_of(wanted[profile].xml)
        }
        self.done = not self._changed

    def look(self, batch: Batch) -> None:
        """List the documents of the entry."""
        filter = {"objectIdEqual": self.entry_id, "metadataObjectTypeEqual": _ENTRY}
        batch.add(self, "metadata_metadata", "list", {"filter": filter, "pager": WHOLE_LIST}, self._seen)

    def differences(self) -> list[Difference]:
        """Return the fields with other values, each as ``profile.Field``, and those of ours that shall not be there."""
        found = []
        for profile in sorted({*self._wanted, *self._noted}):
            present = self._present.get(profile)
            before = present["xml"] if present else "<metadata/>"
            for name, wanted, there in differing_fields(before, self._document(profile, present) or "<metadata/>"):
                found.append(Difference("metadata", f"{profile}.{name}", wanted, there))
        return found

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
