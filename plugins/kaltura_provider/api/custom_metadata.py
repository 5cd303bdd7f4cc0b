"""Custom metadata of many objects from plain values: added, merged or replaced, in few requests."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from kaltura_provider.api.enrichment.metadata import MetadataPart
from kaltura_provider.api.enrichment.part import WHOLE_LIST, Difference, Part
from kaltura_provider.api.enrichment.rounds import Rounds
from kaltura_provider.api.entry_fields import refusal
from kaltura_provider.api.metadata_document import (
    FieldProblem,
    build_document,
    check_document,
    differing_fields,
    fields_of,
    merge_documents,
    named_fields,
    same_document,
)
from kaltura_provider.api.metadata_schema import MetadataSchema, MetadataSchemaError
from kaltura_provider.api.named_profiles import (
    NamedProfile,
    UnknownProfileError,
    find_profile,
    list_metadata,
    with_schema,
)

if TYPE_CHECKING:
    from kaltura_provider.api.client import KalturaClient
    from kaltura_provider.api.enrichment.part import Batch

Mode = Literal["merge", "replace"]
MODES = ("merge", "replace")
#: KalturaMetadataObjectType by name.
OBJECT_TYPES: Mapping[str, int] = {"entry": 1, "category": 2, "user": 3}


@dataclass(frozen=True)
class MetadataUpdates:
    """What became of the custom metadata of some objects.

    :param profile_id: the metadata profile.
    :param changed: names of the fields that were changed, by object; without those that were as they shall be.
    :param errors: what went wrong, by object.
    """

    profile_id: int
    changed: dict[str, list[str]] = field(default_factory=dict)
    errors: dict[str, Exception] = field(default_factory=dict)


def put_metadata(
    client: KalturaClient,
    documents: Mapping[str, Mapping[str, Any]],
    *,
    profile: str | int,
    object_type: str = "entry",
    mode: Mode = "merge",
    zone: datetime.tzinfo = datetime.timezone.utc,
) -> MetadataUpdates:
    """Give objects custom metadata (``metadata_metadata.list``, ``add``, ``update``, ``delete``).

    A hundred objects travel in one request. A document that is as it shall be is not written. All values are checked
    by the profile's schema before anything is written; an object that fails then stops no other. What somebody else
    changes meanwhile is noticed by the version of the document, and merged again. Safe to repeat.

    :param client: the client.
    :param documents: by id of an object, its values by name or label of a field; see
        :func:`~kaltura_provider.api.metadata_document.build_document`.
    :param profile: system name, name or id of the metadata profile.
    :param object_type: ``entry``, ``category`` or ``user``.
    :param mode: ``merge`` sets the fields that are named, removes those that are named and empty, and leaves the others
        alone; ``replace`` makes the document anew. A document without a field is deleted.
    :param zone: time zone of dates and times that name none.
    :return: what became of each.
    :raises ValueError: a field or value does not fit the profile, or there is no such profile; nothing was written.
        Names profile, object, field, value and what to do.
    :raises KalturaError: the profile could not be read.
    """
    if mode not in MODES:
        raise ValueError(f"mode must be 'merge' or 'replace', not {mode!r}.")
    if object_type not in OBJECT_TYPES:
        raise ValueError(f"object_type must be one of {', '.join(OBJECT_TYPES)}, not {object_type!r}.")
    number = OBJECT_TYPES[object_type]
    found, schema = _profile(client, profile, number)
    what = f"values of the metadata profile {found.name!r}"
    parts = []
    problems: list[tuple[str, FieldProblem]] = []
    for object_id, values in documents.items():
        xml, wrong = build_document(schema, values, zone, partial=mode == "merge", exact=True)
        problems += ((object_id, problem) for problem in wrong)
        parts.append(_DocumentPart(object_id, number, found.id, schema, xml, named_fields(schema, values), mode))
    if problems:
        raise refusal(what, problems)
    rounds = Rounds(client, parts, all_or_nothing=True)
    errors = rounds.run()
    if rounds.refused:
        raise refusal(what, [(part.entry_id, problem) for part in parts for problem in part.problems])
    return MetadataUpdates(
        found.id,
        {part.entry_id: part.changed for part in parts if part.changed and part not in errors},
        {part.entry_id: error for part, error in errors.items()},
    )


class _DocumentPart(Part):
    """The document of one object.

    :param xml: the fields to set.
    :param named: the fields that are spoken of, also those to remove.
    """

    outdated_by = MetadataPart.outdated_by

    def __init__(
        self,
        object_id: str,
        object_type: int,
        profile_id: int,
        schema: MetadataSchema,
        xml: str,
        named: Iterable[str],
        mode: Mode,
    ) -> None:
        super().__init__(object_id)
        self._object_type = object_type
        self._profile_id = profile_id
        self._schema = schema
        self._xml = xml
        self._named = tuple(named)
        self._merge = mode == "merge"
        self._present: Mapping[str, Any] | None = None
        self._alone: tuple[str, Mapping[str, Any]] | None = None
        self.problems: list[FieldProblem] = []
        #: Names of the fields that were written.
        self.changed: list[str] = []

    def look(self, batch: Batch) -> None:
        """Find the document."""
        filter = {
            "objectIdEqual": self.entry_id,
            "metadataObjectTypeEqual": self._object_type,
            "metadataProfileIdEqual": self._profile_id,
        }
        batch.add(self, "metadata_metadata", "list", {"filter": filter, "pager": WHOLE_LIST}, self._seen)

    def differences(self) -> list[Difference]:
        """Return the fields with other values."""
        before = str(self._present["xml"]) if self._present else "<metadata/>"
        found = differing_fields(before, self._document(before) or "<metadata/>")
        return [Difference("metadata", name, wanted, present) for name, wanted, present in found]

    def write(self, batch: Batch) -> None:
        """Add, change or delete it.

        :raises ValueError: it would not fit the schema.
        """
        self._alone = None
        present = self._present
        before = str(present["xml"]) if present else "<metadata/>"
        xml = self._document(before)
        if xml:
            # Also what is there already and stays may not fit, such as after a change of the profile.
            self.problems = check_document(self._schema, xml)
            if self.problems:
                raise refusal("values", [(self.entry_id, problem) for problem in self.problems])
        # After a lost answer another round may find nothing left to do: then what was sent counts as changed.
        self.changed = [each.field for each in self.differences()] or self.changed
        if present is None:
            if xml:
                params = {
                    "metadataProfileId": self._profile_id,
                    "objectType": self._object_type,
                    "objectId": self.entry_id,
                }
                self._send_xml(batch, "add", {**params, "xmlData": xml})
        elif not xml:
            batch.add(self, "metadata_metadata", "delete", {"id": present["id"]})
        elif not same_document(xml, before):
            params = {"id": present["id"], "xmlData": xml, "version": present["version"]}
            self._send_xml(batch, "update", params)

    def send(self, client: KalturaClient) -> None:
        """Send a document that cannot travel with others."""
        if self._alone is not None:
            client.call("metadata_metadata", *self._alone)

    def _send_xml(self, batch: Batch, action: str, params: Mapping[str, Any]) -> None:
        try:
            batch.add(self, "metadata_metadata", action, params)
        except ValueError:
            # Among other calls Kaltura takes a text of it for a reference to one of them.
            self._alone = action, params

    def _document(self, before: str) -> str:
        if self._merge:
            return merge_documents(before, self._xml, dropped=self._named, order=self._schema.order)
        return self._xml if fields_of(self._xml) else ""

    def _seen(self, answer: Any) -> None:
        self._present = next(iter(answer.get("objects") or []), None)


def _profile(client: KalturaClient, name: str | int, object_type: int) -> tuple[NamedProfile, MetadataSchema]:
    try:
        found = find_profile(list_metadata(client, object_type), str(name).strip(), "metadata profile")
    except UnknownProfileError as error:
        raise ValueError(f"{error}.") from None
    try:
        return found, MetadataSchema(with_schema(client, found).xsd)
    except MetadataSchemaError as error:
        raise ValueError(
            f"The metadata profile {found.name!r} cannot be used: {error}. Correct it in the KMC, Settings > Custom "
            "Data."
        ) from None
