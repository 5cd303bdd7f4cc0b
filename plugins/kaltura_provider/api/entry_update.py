"""Changing the fields of many entries: only what differs, in few requests, as often as one likes."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from kaltura_provider.api import named_profiles
from kaltura_provider.api.enrichment.fields import changed_fields
from kaltura_provider.api.enrichment.part import Difference, Part
from kaltura_provider.api.enrichment.rounds import Rounds
from kaltura_provider.api.entry_fields import (
    BY_NAME,
    REFERENCE,
    TEMPLATE_FIELDS,
    ProfileName,
    items_of,
    names_of_fields,
    read_fields,
    refusal,
)
from kaltura_provider.api.errors import KalturaError
from kaltura_provider.api.metadata_document import FieldProblem
from kaltura_provider.api.named_profiles import NamedProfile, UnknownProfileError, find_profile

if TYPE_CHECKING:
    from kaltura_provider.api.client import KalturaClient
    from kaltura_provider.api.enrichment.part import Batch

Mode = Literal["merge", "replace"]
MODES = ("merge", "replace")

_LISTS = ("tags", "users")
_NO_CONTENT = 7
_ADMIN = 2
_ADMIN_ONLY = ("userId", "startDate", "endDate", "adminTags")
_ACCESS_CONTROL, _CONVERSION = "accessControlId", "conversionProfileId"
# What clears a field; others take an empty text.
_CLEARED_BY_NUMBER = ("startDate", "endDate", _CONVERSION)
_KINDS: Mapping[str, tuple[str, Callable[[KalturaClient], list[NamedProfile]]]] = {
    _ACCESS_CONTROL: ("access control profile", named_profiles.list_access_control),
    _CONVERSION: ("conversion profile", named_profiles.list_conversion),
}


@dataclass(frozen=True)
class EntryUpdates:
    """What became of some entries.

    :param changed: names of the fields that were changed, by entry; without the entries that were as they shall be.
    :param ignored: names of fields that Kaltura keeps another value of than was sent, by entry.
    :param errors: what went wrong, by entry.
    """

    changed: dict[str, list[str]] = field(default_factory=dict)
    ignored: dict[str, list[str]] = field(default_factory=dict)
    errors: dict[str, Exception] = field(default_factory=dict)


def update_entries(
    client: KalturaClient,
    entries: Mapping[str, Mapping[str, Any]],
    *,
    mode: Mode = "replace",
    keep_existing: bool = False,
    zone: datetime.tzinfo | None = None,
    cut_names: bool = False,
    template_entry: str | None = None,
) -> EntryUpdates:
    """Change fields of entries of any type (``baseEntry.get``, ``baseEntry.update``).

    A hundred entries travel in one request to look, one to write, and one to look at merged lists again. Only what
    differs is sent. All values are checked before anything is written; an entry that fails then stops no other. Safe to
    repeat, and for several at once: what another adds to a merged list meanwhile, or takes away by an update of its
    own, is put back.

    :param client: the client; owner, dates and admin tags need a session of the type ADMIN.
    :param entries: by id of an entry, its fields; see :func:`~kaltura_provider.api.entry_fields.read_fields`.
    :param mode: ``merge`` adds tags and users to those that are there, ``replace`` puts them in their place.
    :param keep_existing: leave what is set already alone, but for lists, which ``mode`` is about.
    :param zone: time zone of times without one.
    :param cut_names: cut names of more than 256 bytes, as Kaltura does, instead of refusing them.
    :param template_entry: an entry whose description, tags, admin tags, access control, users, license and credits
        count as said of each entry, unless ``entries`` says otherwise.
    :return: what became of each.
    :raises ValueError: a field or value cannot be; nothing was written. Names each with its entry and what to do.
    :raises KalturaError: the template entry or the profiles could not be read.
    """
    if mode not in MODES:
        raise ValueError(f"mode must be 'merge' or 'replace', not {mode!r}.")
    wanted = _read(entries, zone, cut_names)
    if template_entry:
        wanted = _with_template(client, template_entry, wanted)
    wanted = _with_profiles(client, wanted)
    parts = [_UpdatePart(client, entry_id, values, mode, keep_existing) for entry_id, values in wanted.items()]
    rounds = Rounds(client, parts, all_or_nothing=True)
    errors = rounds.run()
    if rounds.refused:
        problems = [(part.entry_id, problem) for part in parts for problem in part.problems]
        raise refusal("fields of entries", problems)
    return EntryUpdates(
        {part.entry_id: names_of_fields(part.changed) for part in parts if part.changed and part not in errors},
        {part.entry_id: names_of_fields(part.ignored) for part in parts if part.ignored},
        {part.entry_id: error for part, error in errors.items()},
    )


class _UpdatePart(Part):
    """The fields of one entry.

    :param values: as :func:`read_fields` returns them, profiles by id.
    """

    def __init__(
        self, client: KalturaClient, entry_id: str, values: Mapping[str, Any], mode: Mode, keep_existing: bool
    ) -> None:
        super().__init__(entry_id)
        self._client = client
        self._values = values
        self._merge = mode == "merge"
        self._keep_existing = keep_existing
        self._present: Mapping[str, Any] = {}
        self._sent: dict[str, Any] = {}
        #: What others added to lists between the look and the update, which took it away: to be put back.
        self._lost: dict[str, list[str]] = {}
        self.problems: list[FieldProblem] = []
        self.changed: set[str] = set()
        self.ignored: set[str] = set()

    def look(self, batch: Batch) -> None:
        """Read the entry."""
        batch.add(self, "baseEntry", "get", {"entryId": self.entry_id}, self._seen)

    def differences(self) -> list[Difference]:
        """Return the fields with other values."""
        return [Difference("fields", name, value, self._present.get(name)) for name, value in self._differing().items()]

    def write(self, batch: Batch) -> None:
        """Set what differs.

        :raises ValueError: Kaltura would refuse it.
        """
        self._sent = self._differing()
        self.problems = self._refused()
        if self.problems:
            raise refusal("fields", [(self.entry_id, problem) for problem in self.problems])
        if self._merges():
            # Right before the update: others may have added something since the first look.
            batch.add(self, "baseEntry", "get", {"entryId": self.entry_id}, self._seen_again)
        self._update(batch)

    def finish(self, batch: Batch) -> None:
        """See whether merged lists hold all they shall: updates of others take away what they did not see."""
        if self._merges():
            batch.add(self, "baseEntry", "get", {"entryId": self.entry_id}, self._check)

    def _seen(self, answer: Any) -> None:
        self._present = answer

    def _seen_again(self, answer: Any) -> None:
        for name in self._merges():
            known = {item.casefold() for item in [*items_of(self._present.get(name)), *self._sent[name]]}
            if lost := [item for item in items_of(answer.get(name)) if item.casefold() not in known]:
                self._lost[name] = [*self._lost.get(name, ()), *lost]

    def _check(self, answer: Any) -> None:
        for name in self._merges():
            there = {item.casefold() for item in items_of(answer.get(name))}
            if any(item.casefold() not in there for item in self._wanted_items(name)):
                # Retryable: the next round looks and merges again.
                raise KalturaError(
                    "MULTI_ATTEMPTS_TO_UPDATE_METADATA",
                    f"somebody else changes {name} of the entry {self.entry_id} at the same time",
                    service_action="baseEntry.update",
                )

    def _wanted_items(self, name: str) -> list[str]:
        return [*self._values[name], *self._lost.get(name, ())]

    def _merges(self) -> list[str]:
        """Return which lists were sent merged with what was there."""
        return [name for name, value in self._sent.items() if self._merge and _is_list(name) and value is not None]

    def _update(self, batch: Batch) -> None:
        # Kaltura ignores properties that the type it is told does not have.
        entry: dict[str, Any] = {"objectType": self._present.get("objectType", "KalturaBaseEntry")}
        for name, value in self._sent.items():
            if value is not None:
                entry[name] = _joined(name, value)
            elif name in _CLEARED_BY_NUMBER:
                entry[name] = -1
            else:
                # A JSON null would be stored as an empty value or refused, depending on the property.
                entry[f"{name}__null"] = ""
        batch.add(self, "baseEntry", "update", {"entryId": self.entry_id, "baseEntry": entry}, self._answered)
        self.changed |= self._sent.keys()

    def _answered(self, answer: Any) -> None:
        self.ignored = {name for name, value in self._sent.items() if _differs(answer, name, value)}

    def _differing(self) -> dict[str, Any]:
        differing = {}
        for name, value in self._values.items():
            listed = _is_list(name)
            if self._keep_existing and not listed and value is not None and self._present.get(name) not in (None, ""):
                continue
            if self._merge and listed and value is not None:
                there = items_of(self._present.get(name))
                known = {item.casefold() for item in there}
                value = [*there, *(item for item in self._wanted_items(name) if item.casefold() not in known)]
            if _differs(self._present, name, value):
                differing[name] = value
        return differing

    def _refused(self) -> list[FieldProblem]:
        sent = self._sent
        problems = []
        for name in _ADMIN_ONLY:
            if name in sent and not self._may(name):
                problems.append(
                    FieldProblem(
                        name,
                        "only a session of the type ADMIN may change it",
                        "choose the session type ADMIN in the connection or in session=",
                    )
                )
        if _CONVERSION in sent and str(self._present.get("status")) != str(_NO_CONTENT):
            problems.append(
                FieldProblem(
                    _CONVERSION,
                    "Kaltura changes it only while an entry has no content",
                    "leave it out, and set it when the entry is made",
                )
            )
        # In a list that is there already, or in a template.
        problems += (
            FieldProblem(name, f"the text {found[0]!r} has a meaning of its own for Kaltura", "change it on Kaltura")
            for name, value in sent.items()
            if (found := REFERENCE.search(str(value)))
        )
        start, end = (sent[name] if name in sent else self._present.get(name) for name in ("startDate", "endDate"))
        if {"startDate", "endDate"} & sent.keys() and start and end and int(start) >= int(end):
            name = "endDate" if "endDate" in sent else "startDate"
            problems.append(
                FieldProblem(
                    name, f"the end {_written(end)} does not lie after the start {_written(start)}", "set both dates"
                )
            )
        return problems

    def _may(self, name: str) -> bool:
        session = self._client.session_info()
        return session.session_type == _ADMIN or (name == "adminTags" and "editadmintags" in session.privileges)


def _read(
    entries: Mapping[str, Mapping[str, Any]], zone: datetime.tzinfo | None, cut_names: bool
) -> dict[str, dict[str, Any]]:
    wanted = {}
    problems: list[tuple[str, FieldProblem]] = []
    for entry_id, fields in entries.items():
        wanted[entry_id], found = read_fields(fields, zone, cut_names=cut_names)
        problems += ((entry_id, problem) for problem in found)
    if problems:
        raise refusal("fields of entries", problems)
    return wanted


def _with_template(
    client: KalturaClient, template_entry: str, wanted: Mapping[str, dict[str, Any]]
) -> dict[str, dict[str, Any]]:
    template = client.call("baseEntry", "get", {"entryId": template_entry})
    said = {
        name: items_of(template[name]) if _is_list(name) else template[name]
        for name in TEMPLATE_FIELDS
        if template.get(name) not in (None, "")
    }
    return {entry_id: {**said, **values} for entry_id, values in wanted.items()}


def _with_profiles(client: KalturaClient, wanted: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Put the ids of profiles in the place of their names, each list of profiles being asked for once."""
    result = {entry_id: dict(values) for entry_id, values in wanted.items()}
    problems: list[tuple[str, FieldProblem]] = []
    for name, (kind, listed) in _KINDS.items():
        named = [entry_id for entry_id, values in result.items() if isinstance(values.get(name), ProfileName)]
        profiles = listed(client) if named else []
        for entry_id in named:
            try:
                result[entry_id][name] = find_profile(profiles, result[entry_id][name].name, kind).id
            except UnknownProfileError as error:
                problems.append((entry_id, FieldProblem(name, error.message, error.fix)))
    if problems:
        raise refusal("fields of entries", problems)
    cleared = [values for values in result.values() if _ACCESS_CONTROL in values and values[_ACCESS_CONTROL] is None]
    if cleared:
        # An entry always has one; which one it has after -1, differs.
        default = _default_access_control(client)
        for values in cleared:
            values[_ACCESS_CONTROL] = default
    return result


def _default_access_control(client: KalturaClient) -> int:
    for profile in client.iterate("accessControlProfile"):
        if str(profile.get("isDefault")) in ("1", "True"):
            return int(profile["id"])
    raise ValueError("The account has no default access control profile; name the one that entries shall have.")


def _is_list(name: str) -> bool:
    return BY_NAME[name].kind in _LISTS


def _joined(name: str, value: Any) -> Any:
    return ", ".join(value) if BY_NAME[name].kind == "tags" else ",".join(value) if _is_list(name) else value


def _differs(present: Mapping[str, Any], name: str, value: Any) -> bool:
    if value is None:
        return present.get(name) not in (None, "")
    return bool(changed_fields(present, {name: _joined(name, value)}))


def _written(seconds: Any) -> str:
    return f"{datetime.datetime.fromtimestamp(int(seconds), datetime.timezone.utc):%Y-%m-%d %H:%M} UTC"
