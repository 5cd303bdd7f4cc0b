"""Kaltura's objects as typed values.

Kaltura gives numbers as numbers or as texts, depending on the field and the action, and leaves out what is empty. The
classes here accept all of that and keep the object as received in ``raw``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, TypeVar

_E = TypeVar("_E", bound=IntEnum)


class EntryStatus(IntEnum):
    """``KalturaEntryStatus``; plugins add others as texts, such as ``virusScan.Infected``."""

    ERROR_IMPORTING = -2
    ERROR_CONVERTING = -1
    IMPORT = 0
    PRECONVERT = 1
    READY = 2
    DELETED = 3
    PENDING = 4
    MODERATE = 5
    BLOCKED = 6
    NO_CONTENT = 7

    @property
    def is_ready(self) -> bool:
        """Whether the entry can be played."""
        return self is EntryStatus.READY

    @property
    def is_failed(self) -> bool:
        """Whether the entry will not become ready by itself."""
        return self in (EntryStatus.ERROR_IMPORTING, EntryStatus.ERROR_CONVERTING, EntryStatus.BLOCKED)

    @property
    def is_waiting(self) -> bool:
        """Whether the entry may still become ready; an entry without content is waiting for it."""
        return not (self.is_ready or self.is_failed or self is EntryStatus.DELETED)


#: All statuses but DELETED, for filters: without one, lists show only what is READY.
LIVE_STATUSES = ",".join(str(status.value) for status in EntryStatus if status is not EntryStatus.DELETED)


class ReplacementStatus(IntEnum):
    """``KalturaEntryReplacementStatus``: where the exchange of an entry's content stands."""

    NONE = 0
    APPROVED_BUT_NOT_READY = 1
    READY_BUT_NOT_APPROVED = 2
    NOT_READY_AND_NOT_APPROVED = 3
    FAILED = 4


class UploadTokenStatus(IntEnum):
    """``KalturaUploadTokenStatus``."""

    PENDING = 0
    PARTIAL_UPLOAD = 1
    FULL_UPLOAD = 2
    CLOSED = 3
    TIMED_OUT = 4
    DELETED = 5
    ERROR = 6


class FlavorStatus(IntEnum):
    """``KalturaFlavorAssetStatus``."""

    ERROR = -1
    QUEUED = 0
    CONVERTING = 1
    READY = 2
    DELETED = 3
    NOT_APPLICABLE = 4
    TEMP = 5
    WAIT_FOR_CONVERT = 6
    IMPORTING = 7
    VALIDATING = 8
    EXPORTING = 9


@dataclass(frozen=True)
class Entry:
    """A ``KalturaBaseEntry`` or one of its kinds.

    :param id: such as ``1_abcd1234``.
    :param name: title.
    :param status: :class:`EntryStatus`, or a text for a status of a plugin.
    :param media_type: 1 video, 2 image, 5 audio; None for entries that are no media.
    :param entry_type: 1 media, 6 data, 10 document; a text for types of plugins.
    :param reference_id: the ID in the system the entry came from.
    :param duration: seconds.
    :param ms_duration: milliseconds.
    :param plays: how often it was played.
    :param views: how often its player was loaded.
    :param tags: tags, in lower case.
    :param replacement_status: :class:`ReplacementStatus` as a number.
    :param replacing_entry_id: the hidden entry that holds the new content while it is being exchanged.
    :param moderation_status: 1 pending, 2 approved, 3 rejected, 6 approved without a person.
    :param user_id: owner.
    :param created_at: Unix seconds.
    :param updated_at: Unix seconds.
    :param raw: the object as received.
    """

    id: str
    name: str
    status: EntryStatus | str
    media_type: int | None
    entry_type: int | str | None
    reference_id: str
    duration: int
    ms_duration: int
    plays: int
    views: int
    tags: tuple[str, ...]
    replacement_status: int
    replacing_entry_id: str
    moderation_status: int | None
    user_id: str
    created_at: int
    updated_at: int
    raw: Mapping[str, Any] = field(repr=False, compare=False)

    @classmethod
    def from_api(cls, values: Mapping[str, Any]) -> Entry:
        """Build the entry from an answer.

        :param values: the object as received.
        """
        return cls(
            id=str(values["id"]),
            name=_text(values.get("name")),
            status=_enum(EntryStatus, values.get("status")),
            media_type=_number(values.get("mediaType")),
            entry_type=_number_or_text(values.get("type")),
            reference_id=_text(values.get("referenceId")),
            duration=_number(values.get("duration")) or 0,
            ms_duration=_number(values.get("msDuration")) or 0,
            plays=_number(values.get("plays")) or 0,
            views=_number(values.get("views")) or 0,
            tags=tuple(tag.strip() for tag in _text(values.get("tags")).split(",") if tag.strip()),
            replacement_status=_number(values.get("replacementStatus")) or 0,
            replacing_entry_id=_text(values.get("replacingEntryId")),
            moderation_status=_number(values.get("moderationStatus")),
            user_id=_text(values.get("userId")),
            created_at=_number(values.get("createdAt")) or 0,
            updated_at=_number(values.get("updatedAt")) or 0,
            raw=values,
        )


@dataclass(frozen=True)
class UploadToken:
    """A ``KalturaUploadToken``: a place on the server that takes one file.

    :param id: ``<data centre>_<32 digits>``.
    :param status: :class:`UploadTokenStatus`, or a text if unknown.
    :param file_name: as declared.
    :param file_size: bytes, as declared; None if not.
    :param uploaded_file_size: bytes put together from the start of the file, which is where an upload goes on.
    :param upload_url: server that holds the token, if Kaltura names one.
    :param attached_object_type: kind of what waits for this upload, such as ``flavorAsset``.
    :param attached_object_id: ID of it.
    :param raw: the object as received.
    """

    id: str
    status: UploadTokenStatus | str
    file_name: str
    file_size: int | None
    uploaded_file_size: int
    upload_url: str
    attached_object_type: str
    attached_object_id: str
    raw: Mapping[str, Any] = field(repr=False, compare=False)

    @classmethod
    def from_api(cls, values: Mapping[str, Any]) -> UploadToken:
        """Build the token from an answer.

        :param values: the object as received.
        """
        return cls(
            id=str(values["id"]),
            status=_enum(UploadTokenStatus, values.get("status")),
            file_name=_text(values.get("fileName")),
            file_size=_number(values.get("fileSize")),
            uploaded_file_size=_number(values.get("uploadedFileSize")) or 0,
            upload_url=_text(values.get("uploadUrl")),
            attached_object_type=_text(values.get("attachedObjectType")),
            attached_object_id=_text(values.get("attachedObjectId")),
            raw=values,
        )


@dataclass(frozen=True)
class FlavorAsset:
    """A ``KalturaFlavorAsset``: one file of an entry, the source or a rendition.

    :param id: ID of the asset.
    :param entry_id: the entry it belongs to.
    :param status: :class:`FlavorStatus`, or a text if unknown.
    :param flavor_params_id: the rendition's settings; 0 for the source.
    :param is_original: whether it is the source.
    :param size_in_bytes: bytes; 0 if unknown.
    :param file_ext: such as ``mp4``.
    :param width: pixels.
    :param height: pixels.
    :param bitrate: kbit/s.
    :param tags: such as ``web`` and ``mbr``.
    :param raw: the object as received.
    """

    id: str
    entry_id: str
    status: FlavorStatus | str
    flavor_params_id: int
    is_original: bool
    size_in_bytes: int
    file_ext: str
    width: int
    height: int
    bitrate: int
    tags: tuple[str, ...]
    raw: Mapping[str, Any] = field(repr=False, compare=False)

    @classmethod
    def from_api(cls, values: Mapping[str, Any]) -> FlavorAsset:
        """Build the flavor from an answer.

        :param values: the object as received.
        """
        kilobytes = _number(values.get("size")) or 0
        return cls(
            id=str(values["id"]),
            entry_id=_text(values.get("entryId")),
            status=_enum(FlavorStatus, values.get("status")),
            flavor_params_id=_number(values.get("flavorParamsId")) or 0,
            is_original=values.get("isOriginal") in (True, 1, "1", "true"),
            size_in_bytes=_number(values.get("sizeInBytes")) or kilobytes * 1024,
            file_ext=_text(values.get("fileExt")),
            width=_number(values.get("width")) or 0,
            height=_number(values.get("height")) or 0,
            bitrate=_number(values.get("bitrate")) or 0,
            tags=tuple(tag.strip() for tag in _text(values.get("tags")).split(",") if tag.strip()),
            raw=values,
        )

    def describe(self) -> str:
        """Name the flavor as a person would find it in the KMC."""
        size = f"{self.width}x{self.height} " if self.width else ""
        kind = "source" if self.is_original else f"flavor params {self.flavor_params_id}"
        return f"{self.id} ({size}{self.file_ext + ', ' if self.file_ext else ''}{kind})"


def _number(value: Any) -> int | None:
    if value is None or value == "":
        return None
    try:
        return int(value)
    except (TypeError, ValueError):
        try:
            return int(float(value))
        except (TypeError, ValueError):
            return None


def _number_or_text(value: Any) -> int | str | None:
    number = _number(value)
    return number if number is not None else (str(value) if value else None)


def _text(value: Any) -> str:
    if isinstance(value, list):
        # In answers under a response profile a text may come with its languages.
        value = next((item.get("value") for item in value if isinstance(item, dict)), "")
    return "" if value is None else str(value)


def _enum(kind: type[_E], value: Any) -> _E | str:
    number = _number(value)
    if number is None:
        return _text(value)
    try:
        return kind(number)
    except ValueError:
        return str(number)
