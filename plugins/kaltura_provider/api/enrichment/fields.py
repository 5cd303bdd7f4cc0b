"""The properties of an entry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kaltura_provider.api.enrichment.part import Difference, Part, digest_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kaltura_provider.api.enrichment.part import Batch

# Texts with commas whose order and blanks mean nothing.
_USERS = frozenset({"entitledUsersEdit", "entitledUsersPublish", "entitledUsersView"})
# Of these Kaltura keeps small letters, and no single ones.
_TAGS = frozenset({"tags", "adminTags"})
_SHORTEST_TAG = 2
# Kaltura cuts a longer name, between two characters.
_NAME_BYTES = 256


class FieldsPart(Part):
    """The properties of the entry (``baseEntry.update``); only those that differ are sent.

    :param entry_id: the entry.
    :param fields: properties of KalturaBaseEntry to set.
    :param noted: the digest of what was set before.
    :param are_set: whether the entry was made with them.
    :param verify: whether to look although they are noted.
    """

    def __init__(
        self,
        entry_id: str,
        fields: Mapping[str, Any],
        noted: str | None,
        *,
        are_set: bool = False,
        verify: bool = False,
    ) -> None:
        super().__init__(entry_id)
        self._fields = fields
        self._noted = noted
        self._digest = digest_of(dict(fields))
        self._present: Mapping[str, Any] = {}
        self.done = are_set or not fields or (noted == self._digest and not verify)

    def look(self, batch: Batch) -> None:
        """Read the entry."""
        batch.add(self, "baseEntry", "get", {"entryId": self.entry_id}, self._seen)

    def differences(self) -> list[Difference]:
        """Return the properties with another value."""
        changed = changed_fields(self._present, self._fields)
        return [Difference("fields", name, value, self._present.get(name)) for name, value in changed.items()]

    def intention(self) -> dict[str, Any]:
        """Take the note back, as what was set before may not be so any more."""
        return {"fields": ""} if self._noted else {}

    def write(self, batch: Batch) -> None:
        """Set the properties that differ."""
        changed = changed_fields(self._present, self._fields)
        if changed:
            entry = {"objectType": "KalturaBaseEntry", **changed}
            batch.add(self, "baseEntry", "update", {"entryId": self.entry_id, "baseEntry": entry})

    def notes(self) -> dict[str, Any]:
        """Return the digest of the properties."""
        return {"fields": self._digest} if self._fields else {}

    def _seen(self, answer: Any) -> None:
        self._present = answer


def changed_fields(present: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return the properties of an entry that have another value than they shall have.

    :param present: the entry as Kaltura describes it.
    :param wanted: properties to set.
    """
    return {name: value for name, value in wanted.items() if _plain(name, present.get(name)) != _plain(name, value)}


def _plain(name: str, value: Any) -> Any:
    """Return a value as it is compared: Kaltura answers numbers as texts now and then, and leaves out what is empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, dict | list):
        return value
    text = str(value)
    if name in _USERS | _TAGS:
        items = {item.strip() for item in text.split(",")} - {""}
        return sorted({item.lower() for item in items if len(item) >= _SHORTEST_TAG} if name in _TAGS else items)
    if name == "name":
        return text.encode()[:_NAME_BYTES].decode(errors="ignore").strip()
    return text
