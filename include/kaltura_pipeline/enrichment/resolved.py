"""What a description means on one Kaltura account: names turned into ids, custom metadata into XML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from kaltura_pipeline.manifests.model import Problem
from kaltura_provider.api.enrichment.metadata import MetadataWish


@dataclass(frozen=True)
class Resolved:
    """A description, ready for Kaltura.

    :param fields: properties of KalturaBaseEntry for a new entry, without ``objectType`` and ``referenceId``.
    :param insert_only: those of ``fields`` that only a new entry may have.
    :param category_ids: categories, each once, in the order of the description.
    :param new_categories: full paths of categories that do not exist and are to be made.
    :param metadata: custom metadata by id of its profile, as text, as JSON has no other keys.
    :param problems: what is wrong; a title with problems must not be transferred.
    """

    fields: Mapping[str, Any] = field(default_factory=dict)
    insert_only: frozenset[str] = frozenset()
    category_ids: tuple[int, ...] = ()
    new_categories: tuple[str, ...] = ()
    metadata: Mapping[str, MetadataWish] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    @property
    def update_fields(self) -> dict[str, Any]:
        """The properties that may be sent for an entry that exists (``baseEntry.update``)."""
        return {name: value for name, value in self.fields.items() if name not in self.insert_only}

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return {
            "fields": dict(self.fields),
            "insert_only": sorted(self.insert_only),
            "category_ids": list(self.category_ids),
            "new_categories": list(self.new_categories),
            "metadata": {
                profile: {"xml": wish.xml, "order": list(wish.order)} for profile, wish in self.metadata.items()
            },
            "problems": [asdict(problem) for problem in self.problems],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Resolved:
        """Rebuild it from :meth:`to_json`, read back from JSON."""
        return cls(
            fields=dict(data["fields"]),
            insert_only=frozenset(data["insert_only"]),
            category_ids=tuple(data["category_ids"]),
            new_categories=tuple(data["new_categories"]),
            metadata={
                profile: MetadataWish(wish["xml"], tuple(wish["order"])) for profile, wish in data["metadata"].items()
            },
            problems=tuple(Problem(**problem) for problem in data["problems"]),
        )
