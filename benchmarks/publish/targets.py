"""The goals of publishing, held against what was measured."""

from __future__ import annotations

from benchmarks.ingest.figures import RunFigures
from benchmarks.upload.targets import Target

CALLS_AN_ENTRY, CALLS_UNCHANGED = 1.5, 0.05
MEMORY = 300e6
# Captions as players fetch them come from the API's address, and count as what a viewer gets, like all GETs.
_VIEWERS = frozenset({"caption_captionasset.servewebvtt", "caption_captionasset.serve"})


def api_calls(run: RunFigures) -> int:
    """Return the requests to the API; a multirequest is one."""
    return sum(count for action, count in run.kaltura.items() if not _is_delivery(action))


def delivery_calls(run: RunFigures) -> int:
    """Return the requests a viewer's player would make: playlists, segments, captions, pictures."""
    return sum(count for action, count in run.kaltura.items() if _is_delivery(action))


def _is_delivery(action: str) -> bool:
    return action.isupper() or action.lower() in _VIEWERS


def evaluate(first: RunFigures, again: RunFigures, complete: int) -> list[Target]:
    """Hold a run over entries that nothing was said of, and one over the same afterwards, against the goals.

    :param complete: entries that have all that is said of them, and a page.
    """
    return [
        Target("enriched: the run succeeds", first.state, first.state == "success"),
        Target("enriched: every entry is complete", f"{complete} of {first.files}", complete == first.files),
        _most("enriched: API requests an entry", api_calls(first) / first.files, CALLS_AN_ENTRY),
        _most("enriched: MB of any task", first.memory / 1e6, MEMORY / 1e6),
        Target("unchanged: the run succeeds", again.state, again.state == "success"),
        _most("unchanged: API requests an entry", api_calls(again) / again.files, CALLS_UNCHANGED),
    ]


def _most(name: str, value: float, limit: float) -> Target:
    return Target(f"{name}: at most {limit:g}", f"{value:.3f}", value <= limit)
