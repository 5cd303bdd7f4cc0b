"""Playlists by name: a list of entries in an order, or filters that find the entries anew each time."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from kaltura_provider.api.enrichment.fields import changed_fields
from kaltura_provider.api.errors import KalturaError
from kaltura_provider.api.paging import split_list
from kaltura_provider.api.selection import find_entries

if TYPE_CHECKING:
    from kaltura_provider.api.client import KalturaClient

log = logging.getLogger(__name__)

Mode = Literal["replace", "append", "remove"]
MODES = ("replace", "append", "remove")

_SERVICE = "playlist"
_STATIC, _DYNAMIC = 3, 10
_FILTER = "KalturaMediaEntryFilterForPlaylist"
_KINDS = {_STATIC: "a list of entries", _DYNAMIC: "made of filters"}
# A playlist that was just made is found once the search index has it.
_LOOKS = 6
# Kaltura keeps whole seconds: only when one is over is it known which playlist of it is the first.
_SECOND = 1.0
# Kaltura has no lock on a playlist. Those that change it look right before they write, within one request; when so many
# seconds have passed, what such a request wrote over shows.
_SETTLE = 0.3
_WRITES = 10


@dataclass(frozen=True)
class PlaylistResult:
    """A playlist.

    :param id: its ID, which is that of an entry; None if there is none and nothing was to be put into it.
    :param created: whether this call made it.
    :param updated: whether this call changed it.
    :param added: entries that were put into it.
    :param removed: entries that were taken out.
    """

    id: str | None
    created: bool = False
    updated: bool = False
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return {
            "playlist_id": self.id,
            "created": self.created,
            "updated": self.updated,
            "added": [*self.added],
            "removed": [*self.removed],
        }


def ensure_playlist(
    client: KalturaClient,
    name: str,
    *,
    entry_ids: Iterable[str] | str | None = None,
    mode: Mode = "replace",
    filters: Sequence[Mapping[str, Any]] | None = None,
    total_results: int | None = None,
    description: str | None = None,
    tags: str | None = None,
) -> PlaylistResult:
    """Find the playlist of a name, or make it; change it where it differs (``playlist.list``, ``playlist.add``,
    ``playlist.get``, ``playlist.update``).

    Safe to repeat, and for several at once: one makes the playlist, which takes a second longer for that, and what one
    appends another does not take away. If there are several of the name, everybody gets the oldest.

    :param client: the client.
    :param name: name of the playlist.
    :param entry_ids: entries of a playlist in their order; a text is cut at its commas. Those that are new in it must
        exist.
    :param mode: ``replace`` makes ``entry_ids`` the whole list; ``append`` adds those that are not in it to its end;
        ``remove`` takes them out, and makes no playlist.
    :param filters: instead of entries, filters that find them, each properties of ``KalturaMediaEntryFilter`` with
        ``limit`` and ``orderBy``. Properties that Kaltura or a person added to a filter are no difference.
    :param total_results: how many entries all filters may find together; 200 for a new playlist if None.
    :param description: what to tell people about it; None leaves it as it is.
    :param tags: comma-separated tags; None leaves them as they are.
    :return: the playlist.
    :raises SelectionError: an entry does not exist.
    :raises ValueError: the arguments do not describe a playlist, or the one of the name is of the other kind.
    :raises KalturaError: a call failed.
    """
    name = name.strip()
    if not name:
        raise ValueError("The playlist has no name: set one, it is how the playlist is found again")
    if (entry_ids is None) == (filters is None):
        raise ValueError("Give either entry_ids, for a list of entries, or filters, which find them")
    if mode not in MODES or (mode != "replace" and filters is not None):
        raise ValueError(f"mode is {mode!r}: use 'replace', or for a list of entries 'append' or 'remove'")
    texts = {"description": description, "tags": tags}
    given = {key: value for key, value in texts.items() if value is not None}
    kind: _Entries | _Filters
    if filters is None:
        kind = _Entries(given, split_list(entry_ids or ()), mode)
    else:
        kind = _Filters(given, _read_filters(filters), total_results)
    found = _find(client, name)
    if found is not None:
        return kind.align(client, found)
    return PlaylistResult(None) if mode == "remove" else _make(client, name, kind)


def _make(client: KalturaClient, name: str, kind: _Entries | _Filters) -> PlaylistResult:
    fields = {"objectType": "KalturaPlaylist", "name": name, **kind.for_new(client)}
    added = None
    try:
        added = str(client.call(_SERVICE, "add", {"playlist": fields})["id"])
    except KalturaError as error:
        if not error.outcome_unknown:
            raise
        refusal = error
    found = _find_made(client, name, added)
    if found is None and added is None:
        raise refusal
    new = kind.entries if isinstance(kind, _Entries) else []
    if found is None or found["id"] == added:
        return PlaylistResult(added, created=True, added=tuple(new))
    if added is not None:
        # Another call made one at the same time, and was first.
        client.call(_SERVICE, "delete", {"id": added})
        return kind.align(client, found)
    result = kind.align(client, found)
    return result if result.updated else PlaylistResult(result.id, created=True, added=tuple(new))


def _find(client: KalturaClient, name: str) -> dict[str, Any] | None:
    found = _named(client, name)
    if len(found) > 1:
        log.warning("%d playlists are named %r: the oldest is used. Rename or delete the others.", len(found), name)
    return found[0] if found else None


def _named(client: KalturaClient, name: str) -> list[dict[str, Any]]:
    found = [each for each in client.iterate(_SERVICE, filter={"nameEqual": name}) if each.get("name") == name]
    return sorted(found, key=lambda each: (int(each.get("createdAt") or 0), str(each["id"])))


def _find_made(client: KalturaClient, name: str, added: str | None) -> dict[str, Any] | None:
    """Find the oldest playlist of a name once the index has the one that was added, or any if that is not known."""
    config = client.config
    if added is not None:
        time.sleep(_SECOND)
    for look in range(_LOOKS):
        found = _named(client, name)
        if any(added in (None, each["id"]) for each in found):
            return found[0]
        time.sleep(random.uniform(0.5, 1) * min(2.0**look * config.backoff_initial, config.backoff_max))
    return None


class _Entries:
    """A playlist that is a list of entries."""

    def __init__(self, texts: Mapping[str, str], entries: Sequence[str], mode: Mode) -> None:
        self._texts = texts
        self.entries = list(entries)
        self._mode = mode

    def for_new(self, client: KalturaClient) -> dict[str, Any]:
        self._check(client, self.entries)
        return {**self._texts, **_content(self.entries)}

    def align(self, client: KalturaClient, found: Mapping[str, Any]) -> PlaylistResult:
        _check_kind(found, _STATIC)
        playlist_id = str(found["id"])
        present = split_list(found.get("playlistContent") or "")
        wanted = self._wanted(present)
        changes = changed_fields(found, self._texts)
        if wanted == present and not changes:
            return PlaylistResult(playlist_id)
        self._check(client, [entry for entry in wanted if entry not in present])
        written = self._write(client, playlist_id, changes, present, wanted)
        return PlaylistResult(
            playlist_id,
            updated=True,
            added=tuple(entry for entry in written if entry not in present and entry in self.entries),
            removed=tuple(entry for entry in present if entry not in written),
        )

    def _write(
        self,
        client: KalturaClient,
        playlist_id: str,
        changes: Mapping[str, str],
        expected: list[str],
        wanted: list[str],
    ) -> list[str]:
        """Write the list; see that it stays, and put back what others put in meanwhile. Return it as written last."""
        others: list[str] = []
        for _ in range(_WRITES):
            # What is written over shows right before.
            batch = client.multirequest()
            batch.add(_SERVICE, "get", {"id": playlist_id})
            playlist = {"objectType": "KalturaPlaylist", **changes, **_content(wanted)}
            batch.add(_SERVICE, "update", {"id": playlist_id, "playlist": playlist})
            seen = split_list(batch.send()[0].get("playlistContent") or "")
            if self._mode == "replace":
                break
            others += [entry for entry in seen if entry not in expected and entry not in others]
            # Another that looked before this write may write over it.
            time.sleep(_SETTLE)
            present = split_list(client.call(_SERVICE, "get", {"id": playlist_id}).get("playlistContent") or "")
            right = self._wanted([*present, *(entry for entry in others if entry not in present)])
            if right == present:
                break
            expected, wanted = present, right
        return wanted

    def _wanted(self, present: list[str]) -> list[str]:
        if self._mode == "replace":
            return self.entries
        if self._mode == "remove":
            return [entry for entry in present if entry not in self.entries]
        return [*present, *(entry for entry in dict.fromkeys(self.entries) if entry not in present)]

    def _check(self, client: KalturaClient, entries: list[str]) -> None:
        if entries:
            # Kaltura takes any text, and leaves out what it does not find when the playlist is played.
            find_entries(client, entry_ids=entries)


class _Filters:
    """A playlist that is made of filters."""

    def __init__(
        self, texts: Mapping[str, str], filters: Sequence[Mapping[str, Any]], total_results: int | None
    ) -> None:
        self._texts = texts
        self._filters = [{**each, "objectType": _FILTER} for each in filters]
        self._total = total_results

    def for_new(self, client: KalturaClient) -> dict[str, Any]:
        return {**self._texts, **self._rules(self._total or 200)}

    def align(self, client: KalturaClient, found: Mapping[str, Any]) -> PlaylistResult:
        _check_kind(found, _DYNAMIC)
        playlist_id = str(found["id"])
        changes = changed_fields(found, self._texts)
        present = found.get("filters") or []
        total = int(found.get("totalResults") or 0)
        alike = len(present) == len(self._filters) and not any(
            _differs(there.get(key), value)
            for there, wanted in zip(present, self._filters, strict=True)
            for key, value in wanted.items()
            if key != "objectType"
        )
        if alike and not changes and self._total in (None, total):
            return PlaylistResult(playlist_id)
        playlist = {"objectType": "KalturaPlaylist", **changes, **self._rules(self._total or total)}
        client.call(_SERVICE, "update", {"id": playlist_id, "playlist": playlist})
        return PlaylistResult(playlist_id, updated=True)

    def _rules(self, total: int) -> dict[str, Any]:
        # Kaltura reads the filters only if the type is sent along, and forgets those that are not sent.
        return {"playlistType": _DYNAMIC, "totalResults": total, "filters": self._filters}


def _content(entries: Sequence[str]) -> dict[str, Any]:
    # An update without the list would empty it.
    return {"playlistType": _STATIC, "playlistContent": ",".join(entries)}


def _read_filters(filters: Any) -> list[dict[str, Any]]:
    if isinstance(filters, str | Mapping) or not isinstance(filters, Sequence) or not filters:
        raise ValueError(
            f"filters must be a list of mappings such as [{{'tagsMultiLikeOr': 'news', 'limit': 20}}], not {filters!r}"
        )
    for number, each in enumerate(filters, start=1):
        if not isinstance(each, Mapping) or not each.keys() - {"objectType", "limit", "orderBy", "name"}:
            raise ValueError(f"filter {number} says nothing about which entries it finds: {each!r}; name a property")
    return [dict(each) for each in filters]


def _check_kind(found: Mapping[str, Any], wanted: int) -> None:
    kind = int(found.get("playlistType") or 0)
    if kind != wanted:
        raise ValueError(
            f"The playlist {found.get('name')!r} ({found['id']}) is {_KINDS.get(kind, f'of type {kind}')}, and not "
            f"{_KINDS[wanted]}: choose another name, or delete it"
        )


def _differs(present: Any, wanted: Any) -> bool:
    """Compare values as Kaltura keeps them: numbers may be texts, and what is empty is left out."""

    def text(value: Any) -> str:
        return str(int(value)) if isinstance(value, bool) else str(value or "")

    return text(present or "") != text(wanted or "")
