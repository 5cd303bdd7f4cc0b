"""What an account uses: storage by the sizes of its sources, bandwidth by what was watched of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..query import equal
from ..services.flavor_asset import DELETED, flavors
from ..store import Store
from .figures import Question, table
from .metrics import QUARTILES
from .periods import label
from .types import REPORT_TYPES, USAGE

_MEGABYTE = 1024 * 1024
_DAY = 86_400
_TOP_CONTENT = 1


def usage(store: Store, question: Question) -> dict[str, float]:
    """Return the figures of a time in MB, by the names in :data:`.types.USAGE`, whatever the filter says."""
    stored = list(_stored(store, question.partner_id))
    start, end = question.start, question.end
    added = sum(size for _, size, came, _ in stored if start <= came < end)
    present = sum(size * max(min(gone, end) - max(came, start), 0) for _, size, came, gone in stored) / (end - start)
    sent = _sent(store, question, {entry_id: size for entry_id, size, _, _ in stored})
    figures = {
        "bandwidth_consumption": sent, "average_storage": present, "peak_storage": _peak(stored, start, end),
        "added_storage": added, "deleted_storage": sum(size for _, size, _, gone in stored if start <= gone < end),
        # Kaltura converts every source once.
        "combined_bandwidth_storage": sent + present, "transcoding_consumption": added,
    }  # fmt: skip
    return {name: figures[name] / _MEGABYTE for name in USAGE}


def usage_points(store: Store, question: Question, step: str) -> dict[str, dict[str, float]]:
    """Return the figures by graph point, in order of time; no point is shorter than a day."""
    parts: dict[str, Question] = {}
    for start in range(question.start, question.end, _DAY):
        name, end = label(start, step, question.offset), min(start + _DAY, question.end)
        parts[name] = replace(parts.get(name, replace(question, start=start)), end=end)
    return {name: usage(store, part) for name, part in parts.items()}


def _stored(store: Store, partner_id: int) -> Iterator[tuple[str, float, int, float]]:
    """Yield the sources: entry, bytes, and the Unix seconds when it came and went."""
    for asset in flavors(store).find(equal("partnerId", partner_id) & equal("isOriginal", True)):
        gone = asset.get("deletedAt") or asset["updatedAt"] if asset["status"] == DELETED else float("inf")
        yield asset["entryId"], float(asset.get("sizeInBytes") or 0), asset["createdAt"], gone


def _peak(stored: list[tuple[str, float, int, float]], start: int, end: int) -> float:
    """Return the most that was stored at one time."""
    now = peak = sum(size for _, size, came, gone in stored if came < start <= gone)
    changes = [(came, size) for _, size, came, _ in stored if start <= came < end]
    changes += [(int(gone), -size) for _, size, _, gone in stored if start <= gone < end]
    for _, size in sorted(changes):
        now += size
        peak = max(peak, now)
    return peak


def _sent(store: Store, question: Question, sizes: dict[str, float]) -> float:
    """Return the bytes that viewers were sent: a quarter of the source for every quarter they reached."""
    everything = replace(
        question, report=REPORT_TYPES[_TOP_CONTENT], object_ids=None, entry_ids=None, conditions=()
    )  # fmt: skip
    rows = table(store, everything)
    return sum(row.totals.of(*QUARTILES) / len(QUARTILES) * sizes.get(row.key, 0.0) for row in rows)
