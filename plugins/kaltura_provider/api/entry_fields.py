"""The fields of an entry that can be changed, under Kaltura's names and friendlier ones, and how each is written."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from kaltura_provider.api.local_times import LocalTimeError, moment, zone
from kaltura_provider.api.metadata_document import FieldProblem
from kaltura_provider.api.paging import split_list
from kaltura_provider.api.suggestions import advice

Kind = Literal["text", "name", "tags", "users", "user", "time", "profile", "integer", "boolean"]

#: The zone of an entry's own times; it is not sent.
TIME_ZONE = "time_zone"
NAME_BYTES = 256
_TEXT_BYTES = 65_535
_SHORTEST_TAG = 2
_SHORTEST_REFERENCE = 2
#: Kaltura takes smaller times for "so many seconds from now".
_FIRST_TIME = 315_360_000
_CLEAR = -1
_USER = re.compile(r"[A-Za-z0-9,!#$%&'*+?^_`{|}~.@-]{1,100}")
_ITEMS = re.compile(r"[,\r\n]+")
# What XML, and so Kaltura, cannot hold, and halves of characters.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
#: What Kaltura takes, among other calls, for the result of one of them.
REFERENCE = re.compile(r"\{[0-9]+:result[^{}]*\}")


@dataclass(frozen=True)
class EntryField:
    """A field that can be changed.

    :param name: Kaltura's name.
    :param kind: how it is written.
    :param friendly: other names.
    :param clearable: whether it can be empty.
    """

    name: str
    kind: Kind
    friendly: tuple[str, ...] = ()
    clearable: bool = True


FIELDS = (
    EntryField("name", "name", ("title",), clearable=False),
    EntryField("description", "text"),
    EntryField("tags", "tags"),
    EntryField("adminTags", "tags", ("admin_tags",)),
    EntryField("userId", "user", ("owner",), clearable=False),
    EntryField("startDate", "time", ("start", "embargo")),
    EntryField("endDate", "time", ("end",)),
    EntryField("accessControlId", "profile", ("access_control",)),
    EntryField("conversionProfileId", "profile", ("conversion_profile",)),
    EntryField("referenceId", "text", ("reference_id",)),
    EntryField("entitledUsersEdit", "users", ("co_editors",)),
    EntryField("entitledUsersPublish", "users", ("co_publishers",)),
    EntryField("entitledUsersView", "users", ("viewers",)),
    EntryField("partnerData", "text", ("partner_data",)),
    EntryField("partnerSortValue", "integer", ("partner_sort_value",), clearable=False),
    EntryField("licenseType", "integer", ("license_type",), clearable=False),
    EntryField("groupId", "integer", clearable=False),
    EntryField("displayInSearch", "integer", ("display_in_search",), clearable=False),
    EntryField("blockAutoTranscript", "boolean", ("block_auto_transcript",), clearable=False),
    EntryField("redirectEntryId", "text", ("redirect_entry",)),
    EntryField("parentEntryId", "text", ("parent_entry",)),
    EntryField("creditUserName", "text", ("credit_user_name",)),
    EntryField("creditUrl", "text", ("credit_url",)),
)
BY_NAME = {field.name: field for field in FIELDS}
_BY_ANY_NAME = {name: field for field in FIELDS for name in (field.name, *field.friendly)}

#: What an entry has from its template; see the ``template_entry`` of an update.
TEMPLATE_FIELDS = (
    "description",
    "tags",
    "adminTags",
    "accessControlId",
    "entitledUsersEdit",
    "entitledUsersPublish",
    "entitledUsersView",
    "licenseType",
    "creditUserName",
    "creditUrl",
)

_MADE_WITH = "Kaltura takes it only when an entry is made; set it there, in the entry of the upload"
_OWN = "Kaltura sets it itself; leave it out"
_REFUSED: Mapping[str, str] = {
    **dict.fromkeys(
        split_list(
            "id,partnerId,createdAt,updatedAt,lastPlayedAt,plays,views,rank,totalRank,votes,duration,msDuration,"
            "durationType,width,height,dataUrl,downloadUrl,version,rootEntryId,replacingEntryId,replacedEntryId,"
            "replacementStatus,capabilities,searchText,mediaDate,flavorParamsIds,assetParamsIds,isTrimDisabled,"
            "moderationCount,objectType"
        ),
        _OWN,
    ),
    **dict.fromkeys(
        split_list(
            "creatorId,type,mediaType,conversionQuality,sourceType,searchProviderType,searchProviderId,documentType,"
            "retrieveDataContentByGet,application,applicationVersion"
        ),
        _MADE_WITH,
    ),
    **dict.fromkeys(
        ("templateEntryId",), f"{_MADE_WITH}; 'template_entry' of the operator gives entries that exist what one has"
    ),
    "status": "the content decides it; leave it out, and approve or reject with KalturaModerationOperator",
    "moderationStatus": "approve or reject the entry with KalturaModerationOperator",
    "thumbnailUrl": "set one with KalturaThumbnailOperator",
    **dict.fromkeys(
        ("categories", "categoriesIds"),
        "it would take the entry out of all other categories; put it into one with KalturaCategoriesOperator",
    ),
}
# Friendly names of what cannot be changed, so that they are no unknown names.
_REFUSED_FRIENDLY = {"template_entry": "templateEntryId", "creator": "creatorId", "media_type": "mediaType"}


@dataclass(frozen=True)
class ProfileName:
    """A profile that a person named.

    :param name: its name, system name or id.
    """

    name: str


class _WrongValue(Exception):
    def __init__(self, message: str, fix: str) -> None:
        self.message = message
        self.fix = fix


def read_fields(
    fields: Mapping[str, Any], where: datetime.tzinfo | None = None, *, cut_names: bool = False
) -> tuple[dict[str, Any], list[FieldProblem]]:
    """Read what an entry shall have.

    :param fields: values by Kaltura's name or a friendly one. None clears a field, as -1 does dates and profiles. Lists
        are lists or texts with commas. A time is seconds since 1970, a datetime, or a text such as ``2026-12-01
        09:00``. ``time_zone`` is the zone of this entry's times.
    :param where: the zone of times without one.
    :param cut_names: cut names that are too long, as Kaltura does, instead of refusing them.
    :return: values by Kaltura's name, and what is wrong. A value is a text, a number, a truth, a list of texts, a
        :class:`ProfileName`, or None for what is to be cleared.
    """
    read: dict[str, Any] = {}
    written: dict[str, str] = {}
    problems: list[FieldProblem] = []
    if fields.get(TIME_ZONE) is not None:
        try:
            where = zone(str(fields[TIME_ZONE]))
        except LocalTimeError as error:
            problems.append(FieldProblem(TIME_ZONE, error.message, error.fix))
    for name, value in fields.items():
        field = _BY_ANY_NAME.get(name)
        if name == TIME_ZONE:
            continue
        if field is None:
            problems.append(_unknown(str(name)))
        elif field.name in written:
            problems.append(FieldProblem(name, f"it is the same field as {written[field.name]!r}", "name it once"))
        else:
            written[field.name] = name
            try:
                read[field.name] = _read(field, value, where, cut_names)
            except LocalTimeError as error:
                problems.append(FieldProblem(name, error.message, error.fix))
            except _WrongValue as error:
                problems.append(FieldProblem(name, error.message, error.fix))
    start, end = read.get("startDate"), read.get("endDate")
    if start is not None and end is not None and start >= end:
        problems.append(FieldProblem(written["endDate"], "it does not lie after the start", "let it end later"))
    return read, problems


def items_of(value: Any) -> list[str]:
    """Take a list as Kaltura keeps it apart.

    :param value: a text with commas, or nothing.
    """
    return split_list(str(value or ""))


def refusal(what: str, problems: Sequence[tuple[str, FieldProblem]]) -> ValueError:
    """Return the error that says what is wrong with values, before anything was written.

    :param what: what was to be written, such as ``fields of entries``.
    :param problems: each with the object it is of.
    """
    lines = [f"{of}: {each.field}: {each.message}; {each.fix}".rstrip(".") for of, each in problems[:20]]
    if len(problems) > len(lines):
        lines.append(f"... and {len(problems) - len(lines)} more")
    return ValueError("\n".join([f"Nothing was written, as these {what} cannot be:", *lines]))


def _unknown(name: str) -> FieldProblem:
    refused = _REFUSED_FRIENDLY.get(name, name)
    if refused in _REFUSED:
        return FieldProblem(name, "it cannot be changed", _REFUSED[refused])
    otherwise = "use KalturaCallOperator for a field of a special type of entry"
    known = [*_BY_ANY_NAME, *_REFUSED]
    return FieldProblem(name, "an entry has no such field", advice(name, known, otherwise))


def _read(field: EntryField, value: Any, where: datetime.tzinfo | None, cut_names: bool) -> Any:
    cleared = value is None or (field.kind in ("time", "profile") and str(value).strip() in ("", str(_CLEAR)))
    if field.kind in ("text", "tags", "users"):
        cleared = cleared or (isinstance(value, str | list | tuple | set) and not value)
    if cleared:
        if not field.clearable:
            raise _WrongValue("it cannot be empty", "write a value, or leave the field out")
        return None
    if field.kind == "time":
        return _time(value, where)
    if field.kind == "tags":
        return _list(value, _tag)
    if field.kind == "users":
        return _list(value, _user)
    if field.kind == "user":
        return _user(_text(value).strip())
    if field.kind == "profile":
        number = isinstance(value, int) and not isinstance(value, bool)
        return value if number else ProfileName(_text(value).strip())
    if field.kind == "integer":
        return _integer(field, value)
    if field.kind == "boolean":
        return _boolean(value)
    text = _text(value)
    if field.kind == "name":
        return _name(text, cut_names)
    if field.name == "referenceId" and len(text) < _SHORTEST_REFERENCE:
        raise _WrongValue(f"{text!r} is too short", f"Kaltura wants at least {_SHORTEST_REFERENCE} characters")
    return text


def _text(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise _WrongValue(f"it must be a text, and is {_kind(value)}", "write one text")
    text = str(value)
    if found := _FORBIDDEN.search(text):
        raise _WrongValue(
            f"it has the character U+{ord(found[0]):04X} at position {found.start() + 1}, which Kaltura cannot store",
            "remove it",
        )
    if found := REFERENCE.search(text):
        raise _WrongValue(f"the text {found[0]!r} has a meaning of its own for Kaltura", "change it")
    if len(text.encode()) > _TEXT_BYTES:
        raise _WrongValue(f"it has {len(text.encode())} bytes in UTF-8", f"shorten it to {_TEXT_BYTES}")
    return text


def _name(text: str, cut_names: bool) -> str:
    text = text.strip()
    if not text:
        raise _WrongValue("it cannot be empty", "write a name, or leave the field out")
    data = text.encode()
    if len(data) <= NAME_BYTES:
        return text
    cut = data[:NAME_BYTES].decode(errors="ignore").strip()
    if not cut_names:
        raise _WrongValue(
            f"it has {len(data)} bytes in UTF-8, and Kaltura would cut it after {cut[-20:]!r}",
            f"shorten it to {NAME_BYTES} bytes, or set cut_names=True",
        )
    return cut


def _list(value: Any, check: Any) -> list[str]:
    if isinstance(value, list | tuple | set | frozenset):
        items = [_text(item).strip() for item in value]
        if wrong := next((item for item in items if _ITEMS.search(item)), None):
            raise _WrongValue(f"{wrong[:60]!r} has a comma or line break, which separates items", "write two items")
    else:
        items = [item.strip() for item in _ITEMS.split(_text(value))]
    found = list(dict.fromkeys(check(item) for item in items if item))
    if len(", ".join(found).encode()) > _TEXT_BYTES:
        raise _WrongValue(f"its {len(found)} items are too long together", f"shorten them to {_TEXT_BYTES} bytes")
    return found


def _tag(text: str) -> str:
    if len(text) < _SHORTEST_TAG:
        raise _WrongValue(f"the tag {text!r} has one character, and Kaltura drops such tags", "write a longer one")
    return text


def _user(text: str) -> str:
    if not _USER.fullmatch(text):
        raise _WrongValue(
            f"{text[:100]!r} is no user ID",
            "use 1 to 100 letters a to z, digits and ! # $ % & ' * + ? ^ _ ` { | } ~ . @ -",
        )
    return text


def _time(value: Any, where: datetime.tzinfo | None) -> int:
    if isinstance(value, str) and re.fullmatch("[0-9]+", value.strip()):
        value = int(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        if value != value or not _FIRST_TIME <= value < 2**32:
            raise _WrongValue(
                f"{value} is no time in seconds since 1970 that Kaltura takes", "write it like 2026-12-01 09:00"
            )
        return int(value)
    if not isinstance(value, str | datetime.date):
        raise _WrongValue(f"it must be a time, and is {_kind(value)}", "write it like 2026-12-01 09:00")
    if isinstance(value, datetime.datetime) and value.tzinfo is not None:
        seconds = int(value.timestamp())
    else:
        seconds = moment(value, where)
    if seconds < _FIRST_TIME:
        raise _WrongValue(f"{str(value)[:60]!r} lies before 1980, which Kaltura does not take", "correct it")
    return seconds


def _integer(field: EntryField, value: Any) -> int:
    if isinstance(value, bool) or not re.fullmatch(r"-?[0-9]{1,18}", str(value).strip()):
        raise _WrongValue(f"{str(value)[:60]!r} is no whole number", "write digits only")
    number = int(value)
    if field.name == "displayInSearch" and number not in (-1, 1):
        raise _WrongValue(f"{number} cannot be set", "write 1 to show the entry in lists and searches, -1 to hide it")
    return number


def _boolean(value: Any) -> bool:
    text = str(value).strip().casefold()
    if text not in ("true", "false", "1", "0", "yes", "no"):
        raise _WrongValue(f"{text[:60]!r} is neither true nor false", "write true or false")
    return text in ("true", "1", "yes")


def _kind(value: Any) -> str:
    names = {bool: "a truth value", dict: "a mapping", list: "a list"}
    return names.get(type(value), type(value).__name__)


def names_of_fields(names: Iterable[str]) -> list[str]:
    """Return names of fields in the order of the table.

    :param names: Kaltura's names.
    """
    wanted = set(names)
    return [field.name for field in FIELDS if field.name in wanted]
