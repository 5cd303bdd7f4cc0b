"""What a sidecar or a manifest says of a title, whatever form it was written in."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Problem:
    """Something wrong in a file a person wrote.

    :param file: the file's name or key.
    :param place: where in it: ``line 3``, ``row 12, column 'owner'``, or empty.
    :param field: the field it is about; empty if it is about none.
    :param message: what is wrong.
    :param fix: what to do about it.
    """

    file: str
    place: str
    field: str
    message: str
    fix: str

    def __str__(self) -> str:
        where = ", ".join(part for part in (self.place, self.field and f"field {self.field!r}") if part)
        return f"{self.file}{f', {where}' if where else ''}: {self.message}; {self.fix}"


class ManifestError(ValueError):
    """A file cannot be used.

    :param problems: what is wrong with it, at least one.
    """

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


@dataclass(frozen=True)
class CaptionWish:
    """A caption file a description names.

    :param file: its name, beside the media file or the manifest.
    :param language: Kaltura's name of its language, such as ``English (British)``; empty leaves it to the file's name.
    :param label: what viewers see; empty leaves it to the language.
    :param default: whether it is shown unless the viewer chooses another.
    """

    file: str
    language: str = ""
    label: str = ""
    default: bool = False


@dataclass(frozen=True)
class Description:
    """All a person may say of a title; None and empty values say nothing.

    :param name: title.
    :param description: text.
    :param tags: tags.
    :param owner: user ID of the owner.
    :param reference_id: identity in the system it comes from.
    :param categories: full paths, levels separated by ``>``: ``Physics>Optics``.
    :param access_control: name of an access control profile.
    :param conversion_profile: name of a conversion profile.
    :param template_entry: ID of the entry that a new one is modelled on.
    :param start: when viewers may see it at first, in seconds since 1970.
    :param end: when they no longer may, in seconds since 1970.
    :param metadata: custom metadata: by name or system name of the profile, by field, one value or a list.
    :param captions: caption files.
    :param thumbnail: name of an image file beside the media file or the manifest.
    :param co_editors: user IDs who may edit it.
    :param co_publishers: user IDs who may publish it.
    :param viewers: user IDs who may view it, where entitlement is on.
    """

    name: str | None = None
    description: str | None = None
    tags: tuple[str, ...] | None = None
    owner: str | None = None
    reference_id: str | None = None
    categories: tuple[str, ...] | None = None
    access_control: str | None = None
    conversion_profile: str | None = None
    template_entry: str | None = None
    start: int | None = None
    end: int | None = None
    metadata: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    captions: tuple[CaptionWish, ...] = ()
    thumbnail: str | None = None
    co_editors: tuple[str, ...] | None = None
    co_publishers: tuple[str, ...] | None = None
    viewers: tuple[str, ...] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return what is said as plain JSON; what is not said is left out."""
        return {name: value for name, value in asdict(self).items() if value not in (None, (), {})}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Description:
        """Rebuild a description from :meth:`to_json`, read back from JSON."""
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in data.items()
        }
        if "captions" in values:
            values["captions"] = tuple(CaptionWish(**caption) for caption in values["captions"])
        return cls(**values)

    def over(self, other: Description) -> Description:
        """Return this description, completed by another where this one says nothing."""
        mine = {name: value for name, value in vars(self).items() if value not in (None, (), {})}
        return Description(**{**vars(other), **mine, "metadata": {**other.metadata, **self.metadata}})


@dataclass(frozen=True)
class Row:
    """A title as a batch manifest lists it.

    :param media: the media file: a key relative to the manifest's folder, or ``s3://bucket/key``.
    :param description: what is said of it.
    :param file: the manifest.
    :param place: where in it, such as ``row 12``.
    :param action: what the row asks for: ``add``, ``update``, ``replace`` or ``add_or_update``; a pipeline that keeps a
        ledger decides by itself, so this only limits it. Empty asks for nothing in particular.
    :param entry_id: the entry the row is about, if it names one.
    """

    media: str
    description: Description
    file: str
    place: str
    action: str = ""
    entry_id: str = ""


@dataclass(frozen=True)
class Manifest:
    """A batch manifest as read.

    :param rows: the rows that can be used.
    :param problems: the rows and fields that cannot, and why; a row with a problem is not among ``rows``.
    :param form: what it was read as: ``yaml``, ``json``, ``ndjson``, ``csv``, ``xlsx``, ``kaltura-csv``,
        ``kaltura-xml`` or ``mrss``.
    :param refused: the media that only rows name that cannot be used, and why. Whoever finds these files in the folder
        must not ingest them without what the row says of them.
    """

    rows: tuple[Row, ...]
    problems: tuple[Problem, ...]
    form: str
    refused: Mapping[str, tuple[Problem, ...]] = field(default_factory=dict)
