"""Following what appears in an account: which entries are new since the last look.

Kaltura has no journal to read. Its search lists entries by creation time, and shows an entry only some time after it
was added, which may be after younger ones. So each look reaches back a while behind the youngest entry seen, and the
entries seen there are remembered by id. All times are Kaltura's own: the clock of this machine decides nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kaltura_provider.api import KalturaClient

log = logging.getLogger(__name__)

#: Report entries when they can be played, or as soon as they exist.
READY, ADDED = "ready", "added"
STATUSES = (READY, ADDED)

#: Kaltura reads at most so many ids in a filter, so whoever gets a batch can ask for it with one call.
MAX_BATCH = 150
#: One look ends after so many new entries; the next one follows at once.
MAX_LOOK = 3000
#: The memory of ids is cut to the youngest ones when it is stored. What is forgotten is reported again at worst.
MAX_STORED = 2000
#: Smaller times are taken by Kaltura as relative to now.
MIN_TIME = 315_360_000


@dataclass(frozen=True)
class Watch:
    """What to look for.

    :param status: :data:`READY` or :data:`ADDED`.
    :param filter: further conditions, properties of ``KalturaBaseEntryFilter`` such as ``tagsMultiLikeOr`` or
        ``categoriesIdsMatchOr``. They are asked when an entry is first seen: one that comes to match later than
        ``overlap`` after it was added is not found.
    :param overlap: seconds by which a look reaches back behind the youngest entry seen.
    :param give_up_after: seconds after which an entry that never became ready is no longer asked for.
    """

    status: str = READY
    filter: Mapping[str, Any] = field(default_factory=dict)
    overlap: int = 300
    give_up_after: int = 7 * 24 * 3600

    def __post_init__(self) -> None:
        if self.status not in STATUSES:
            raise ValueError(f"status is {self.status!r}; use one of {', '.join(STATUSES)}")
        taken = sorted({"orderBy", "createdAtGreaterThanOrEqual", "idIn", "statusIn", "statusEqual"} & set(self.filter))
        if taken:
            raise ValueError(f"filter must not hold {', '.join(taken)}: the watcher sets these itself")
        if self.overlap < 0:
            raise ValueError(f"overlap is {self.overlap}; give seconds, 0 or more")


@dataclass
class WatchState:
    """Where a watcher is.

    :param watermark: creation time of the youngest entry seen, in Unix seconds of Kaltura's clock.
    :param start: entries added before this time are none of the watcher's business.
    :param recent: id -> creation time of the entries seen that another look will show again.
    :param pending: id -> creation time of the entries seen that are not ready yet.
    """

    watermark: int
    start: int
    recent: dict[str, int] = field(default_factory=dict)
    pending: dict[str, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON values, small enough for Airflow's asset state store."""
        recent = sorted(self.recent.items(), key=lambda item: item[1])[-MAX_STORED:]
        return {
            "watermark": self.watermark,
            "start": self.start,
            "recent": _pack(recent),
            "pending": _pack(self.pending.items()),
        }

    @classmethod
    def from_json(cls, stored: Any) -> WatchState | None:
        """Read what :meth:`to_json` returned.

        :return: the state; None if it is no such thing.
        """
        try:
            recent, pending = _unpack(stored["recent"]), _unpack(stored["pending"])
            return cls(int(stored["watermark"]), int(stored["start"]), recent, pending)
        except (KeyError, TypeError, ValueError, AttributeError):
            return None

    def copy(self) -> WatchState:
        """Return an independent copy."""
        return replace(self, recent=dict(self.recent), pending=dict(self.pending))


@dataclass(frozen=True)
class Found:
    """A batch of new entries.

    :param entry_ids: at most :data:`MAX_BATCH` ids, the oldest entry first; may be empty when only the state changed.
    :param state: where the watcher is when these are dealt with.
    """

    entry_ids: list[str]
    state: WatchState


@dataclass(frozen=True)
class LookResult:
    """What one look found.

    :param found: batches in order.
    :param more: whether another look at once will find more.
    """

    found: list[Found]
    more: bool


def first_state(client: KalturaClient, since: int | None) -> WatchState:
    """Say where a watcher begins that never ran.

    :param client: the client.
    :param since: report entries added from this Unix time on; from now on when None.
    :raises KalturaError: Kaltura does not answer.
    """
    if since is not None:
        return WatchState(since, since)
    now = int(client.call("system", "getTime", anonymous=True))
    return WatchState(now, now)


def look(client: KalturaClient, state: WatchState, watch: Watch) -> LookResult:
    """Look for new entries (``baseEntry.list``; one call, and one for each 150 entries that are not ready yet).

    :param client: the client.
    :param state: where the watcher is; not changed.
    :param watch: what to look for.
    :raises KalturaError: a call failed; nothing is lost, look again.
    """
    state = state.copy()
    before = (state.watermark, set(state.recent), set(state.pending))
    found: list[Found] = []
    ids = _now_ready(client, state, watch) if state.pending else []
    while len(ids) > MAX_BATCH:
        # Those of later batches are pending as long as only the first ones are dealt with.
        later = {**state.pending, **dict.fromkeys(ids[MAX_BATCH:], 0)}
        found.append(Found(ids[:MAX_BATCH], replace(state, recent=dict(state.recent), pending=later)))
        ids = ids[MAX_BATCH:]
    seen, more = 0, False
    now = int(client.server_time())
    for item in client.iterate("baseEntry", "list", _filter(state, watch)):
        entry_id, created = str(item["id"]), int(item.get("createdAt") or 0)
        if entry_id in state.recent:
            continue
        if seen == MAX_LOOK:
            more = True
            break
        if len(ids) == MAX_BATCH:
            found.append(Found(ids, _forget(state, watch)))
            ids = []
        seen += 1
        state.recent[entry_id] = created
        # A server of Kaltura's whose clock is ahead must not make the watcher skip what comes before that time.
        state.watermark = max(state.watermark, min(created, now))
        if watch.status == ADDED or str(item.get("status")) == "2":
            ids.append(entry_id)
        else:
            state.pending[entry_id] = created
    state = _forget(state, watch)
    if ids or before != (state.watermark, set(state.recent), set(state.pending)):
        found.append(Found(ids, state))
    return LookResult(found, more)


def _filter(state: WatchState, watch: Watch) -> dict[str, Any]:
    from kaltura_provider.api.lookup import ANY_MODERATION
    from kaltura_provider.api.models import LIVE_STATUSES

    return {
        # Whoever asks for the moderation status means it; otherwise an entry that is approved later would be missed.
        **(
            {}
            if any(key.startswith("moderationStatus") for key in watch.filter)
            else {"moderationStatusIn": ANY_MODERATION}
        ),
        **watch.filter,
        # Without it lists show only what is ready.
        "statusIn": LIVE_STATUSES,
        "createdAtGreaterThanOrEqual": max(state.watermark - watch.overlap, state.start),
        "orderBy": "+createdAt",
    }


def _now_ready(client: KalturaClient, state: WatchState, watch: Watch) -> list[str]:
    """Take those that became ready, are gone, or took too long from the pending ones; return the ready ones."""
    from kaltura_provider.api.lookup import get_entries
    from kaltura_provider.api.models import EntryStatus

    entries = get_entries(client, state.pending)
    now = client.server_time()
    ready = []
    for entry_id, created in list(state.pending.items()):
        entry = entries.get(entry_id)
        if entry is not None and entry.status == EntryStatus.READY:
            ready.append(entry_id)
        elif entry is not None and created and now - created > watch.give_up_after:
            log.warning(
                "Kaltura entry %s has not become ready for %d s and is no longer asked for: look at it in the KMC, or "
                "raise give_up_after.",
                entry_id,
                now - created,
            )
        elif entry is not None:
            continue
        del state.pending[entry_id]
    return ready


def _forget(state: WatchState, watch: Watch) -> WatchState:
    """Keep only the memory that a look needs, in a state of its own."""
    oldest = state.watermark - watch.overlap
    recent = {entry_id: created for entry_id, created in state.recent.items() if created >= oldest}
    return replace(state, recent=recent, pending=dict(state.pending))


def _pack(items: Any) -> str:
    return ",".join(f"{entry_id}:{created}" for entry_id, created in items)


def _unpack(text: str) -> dict[str, int]:
    pairs = (part.rpartition(":") for part in text.split(",") if part)
    return {entry_id: int(created) for entry_id, _, created in pairs}
