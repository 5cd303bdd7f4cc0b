"""What the benchmark of publishing counts, and what it holds against its goals."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.ingest.figures import RunFigures, TaskFigures
from benchmarks.publish.targets import api_calls, delivery_calls, evaluate

RUN = RunFigures(
    files=100, state="success", seconds=9.0, s3={},
    kaltura={"multirequest": 30, "uploadToken.upload": 100, "GET": 700, "caption_captionAsset.serveWebVTT": 200},
    tasks={"publish": TaskFigures(1, 1.0, 1.0, 200_000_000)},
)  # fmt: skip
AGAIN = replace(RUN, kaltura={"baseEntry.list": 2, "GET": 700})


def missed(first: RunFigures, again: RunFigures, complete: int = 100) -> list[str]:
    return [target.name for target in evaluate(first, again, complete) if not target.met]


def test_what_viewers_fetch_is_counted_apart() -> None:
    assert (api_calls(RUN), delivery_calls(RUN)) == (130, 900)


def test_each_goal_can_be_missed() -> None:
    assert missed(RUN, AGAIN) == []
    assert missed(RUN, AGAIN, complete=99) == ["enriched: every entry is complete"]
    assert missed(replace(RUN, kaltura={"baseEntry.get": 151}), AGAIN) == [
        "enriched: API requests an entry: at most 1.5"
    ]
    assert missed(RUN, replace(AGAIN, kaltura={"baseEntry.list": 6})) == [
        "unchanged: API requests an entry: at most 0.05"
    ]
    assert missed(replace(RUN, state="failed"), AGAIN) == ["enriched: the run succeeds"]
