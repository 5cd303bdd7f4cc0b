"""The fields of a description, in one table: what parses them, what the schema says and what the documentation says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["line", "text", "tags", "categories", "users", "object", "time", "zone", "captions", "metadata"]


@dataclass(frozen=True)
class Field:
    """One field of a description.

    :param name: its name in sidecars and manifests.
    :param kind: how its value is read.
    :param about: what it says, in one sentence.
    :param example: a value as JSON has it.
    :param kaltura: what it becomes on Kaltura, for the documentation.
    :param shortest: fewest characters.
    :param longest: most characters; 0 is no limit.
    :param longest_bytes: most bytes in UTF-8; 0 is no limit.
    :param pattern: regular expression of the whole value; empty allows any.
    :param allowed: what the pattern allows, in words.
    """

    name: str
    kind: Kind
    about: str
    example: Any
    kaltura: str
    shortest: int = 1
    longest: int = 0
    longest_bytes: int = 0
    pattern: str = ""
    allowed: str = ""


# Kaltura's user IDs (kuser's own pattern). Its user lists are texts with commas, so a user in a list has none.
_USER = r"[A-Za-z0-9,!#$%&'*+?^_`{|}~.@-]+"
_LIST_USER = _USER.replace(",", "", 1)
_USER_WORDS = "letters a to z, digits and ! # $ % & ' * + ? ^ _ ` { | } ~ . @ -"
_ENTRY = {"pattern": r"[0-9A-Za-z_]+", "allowed": "an entry ID such as 1_ab12cd34", "longest": 20}
_PROFILE = "is looked up by name, system name or ID"

MAXIMUM_CATEGORIES = 32
MAXIMUM_CATEGORY_NAME = 200

FIELDS: tuple[Field, ...] = (
    Field("name", "line", "Title.", "Introduction to optics", "name", longest_bytes=256),
    Field("description", "text", "Text below the title.", "First lecture of the term", "description"),
    Field("tags", "tags", "Tags.", ["physics", "optics"], "tags"),
    Field(
        "owner",
        "line",
        "User ID of the owner.",
        "ada@example.edu",
        "userId; a user who does not exist is created",
        longest=320,
        pattern=_USER,
        allowed=_USER_WORDS + " ,",
    ),
    Field(
        "reference_id",
        "line",
        "Identity in the system the title comes from; Kaltura does not hold it unique, the pipeline does.",
        "optics-01",
        "referenceId",
        shortest=2,
        longest=512,
    ),
    Field(
        "categories",
        "categories",
        "Categories by full path, with '>' between the levels.",
        ["Physics>Optics", "Term 2026"],
        f"category assignments; at most {MAXIMUM_CATEGORIES}, {MAXIMUM_CATEGORY_NAME} characters a level",
    ),
    Field("access_control", "line", "Access control profile.", "Staff only", _PROFILE, longest=128),
    Field("conversion_profile", "line", "Conversion profile.", "Lectures", _PROFILE, longest=128),
    Field(
        "template_entry",
        "line",
        "ID of the entry that a new one is modelled on.",
        "1_ab12cd34",
        "templateEntryId",
        **_ENTRY,  # type: ignore[arg-type]
    ),
    Field("start", "time", "When viewers may see it at first.", "2026-12-01 09:00", "startDate"),
    Field("end", "time", "When they no longer may.", "2027-03-31 18:00", "endDate"),
    Field("time_zone", "zone", "IANA time zone of start and end.", "Europe/Berlin", "not sent"),
    Field(
        "metadata",
        "metadata",
        "Custom metadata: by name or system name of the profile, by field, one value or a list.",
        {"Lectures": {"Course": "PHY-201", "Lecturer": ["Ada Byron", "Mary Somerville"]}},
        "custom metadata",
    ),
    Field(
        "captions",
        "captions",
        "Caption files. Without a language, it is taken from the file's name.",
        [{"file": "talk.en.vtt"}, {"file": "untertitel.srt", "language": "de-AT", "label": "Deutsch", "default": True}],
        "caption assets",
    ),
    Field("thumbnail", "object", "Image file.", "talk.jpg", "default thumbnail"),
    Field("co_editors", "users", "User IDs who may edit it.", ["grace@example.edu"], "entitledUsersEdit"),
    Field("co_publishers", "users", "User IDs who may publish it.", ["press"], "entitledUsersPublish"),
    Field(
        "viewers", "users", "User IDs who may view it, where entitlement is on.", ["class-2026"], "entitledUsersView"
    ),
)
MEDIA = Field(
    "media",
    "object",
    "The media file: its name relative to the manifest's folder, or s3://bucket/key.",
    "lectures/talk.mp4",
    "content of the entry",
)
ENTRY_ID = Field(
    "entry_id",
    "line",
    "Entry the row is about.",
    "1_ab12cd34",
    "entry",
    **_ENTRY,  # type: ignore[arg-type]
)
USER = Field(
    "user",
    "line",
    "User ID.",
    "ada@example.edu",
    "user",
    longest=320,
    pattern=_LIST_USER,
    allowed=_USER_WORDS,
)
TAG = Field("tag", "line", "Tag.", "physics", "tag", longest=255)
BY_NAME = {field.name: field for field in FIELDS}
# What tables call a column, besides the field's own name.
COLUMN_NAMES = {
    "file": "media",
    "key": "media",
    "url": "media",
    "title": "name",
    "keywords": "tags",
    "category": "categories",
    "timezone": "time_zone",
}
