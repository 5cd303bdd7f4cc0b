"""The files that go with a title: captions, thumbnail, attachments, by their names and by what is said of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kaltura_pipeline.catalogue import ATTACHMENT, CAPTION, THUMBNAIL, SourceObject, Title
from kaltura_pipeline.manifests.model import Description, Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from kaltura_pipeline.catalogue import Catalogue, Sidecar
    from kaltura_pipeline.plan import PlanItem, PlannedFile


@dataclass
class Draft:
    """A title on its way into the plan."""

    title: Title
    record: dict[str, Any] | None
    item: PlanItem
    described_in: str
    place: str = ""
    description: Description = field(default_factory=Description)
    problems: list[Problem] = field(default_factory=list)

    @property
    def key(self) -> str:
        """Key of the media file."""
        return self.title.media.key


class TitleFiles:
    """Finds the files of titles; what is wrong with them is added to the problems of the draft.

    :param catalogue: what the bucket holds.
    :param key_of: makes a key of a file's name and the key of the file that names it.
    """

    def __init__(self, catalogue: Catalogue, key_of: Callable[[str, str], str]) -> None:
        self._catalogue = catalogue
        self._key_of = key_of

    def captions(self, draft: Draft) -> list[PlannedFile]:
        """Return the captions of a title, by key."""
        found = {each.source.key: _file(each.source, each.detail) for each in draft.title.of(CAPTION)}
        for wish in draft.description.captions:
            source = self._beside(draft, wish.file, "captions")
            if source is None:
                continue
            language = wish.language or found.get(source.key, {"language": ""})["language"]
            if not language:
                draft.problems.append(
                    Problem(
                        draft.described_in, draft.place, "captions", f"{wish.file} has no language", "add 'language'"
                    )
                )
            found[source.key] = {
                **_file(source, language), "label": wish.label or language, "default": wish.default,
            }  # fmt: skip
        return [found[key] for key in sorted(found)]

    def attachments(self, draft: Draft) -> list[PlannedFile]:
        """Return what is attached to a title, by key."""
        from kaltura_provider.api.enrichment.attachments import MAX_BYTES

        found = [each.source for each in draft.title.of(ATTACHMENT)]
        for source in found:
            if not 0 < source.size <= MAX_BYTES:
                message = f"it has {source.size} bytes" if source.size else "it is empty"
                fix = f"attach what has 1 to {MAX_BYTES} bytes, or remove it"
                draft.problems.append(Problem(source.key, "", "", message, fix))
        return [_file(source) for source in found]

    def thumbnail(self, draft: Draft) -> PlannedFile | None:
        """Return the image that a title is shown by, the named one before the one of its name."""
        if draft.description.thumbnail:
            source = self._beside(draft, draft.description.thumbnail, "thumbnail")
            return _file(source) if source else None
        sidecars: list[Sidecar] = draft.title.of(THUMBNAIL)
        return _file(sidecars[0].source) if sidecars else None

    def _beside(self, draft: Draft, name: str, field: str) -> SourceObject | None:
        """Find a file a description names, beside the file that names it, and note that it is no title of its own."""
        key = self._key_of(name, draft.described_in)
        source = self._catalogue.find(key)
        if source is None:
            draft.problems.append(
                Problem(
                    draft.described_in, draft.place, field, f"there is no {key} in the bucket",
                    "upload it, or correct the name",
                )
            )  # fmt: skip
            return None
        self._catalogue.attach_named(key, CAPTION if field == "captions" else THUMBNAIL, draft.key)
        draft.item["named"][key] = source.etag
        return source


def _file(source: SourceObject, language: str = "") -> PlannedFile:
    return {"key": source.key, "etag": source.etag, "language": language, "label": language, "default": False}
