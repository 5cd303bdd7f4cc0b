"""The candidates, each in a process of its own: ``python -m benchmarks.report.readers provider URL PAGES FILE``."""

from __future__ import annotations

import json
import sys
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class _Waiting:
    """Counts the seconds in which answers are awaited, and the requests."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.requests = 0

    def around(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def measured(*args: Any, **kwargs: Any) -> Any:
            started = time.monotonic()
            try:
                return call(*args, **kwargs)
            finally:
                self.seconds += time.monotonic() - started
                self.requests += 1

        return measured


def provider(url: str, count: int, target: Path, waiting: _Waiting) -> int:
    """Read pages with the provider, as a day is read that was cut by entries; return the rows.

    :param url: the server.
    :param count: pages.
    :param target: the Parquet file's folder.
    """
    from benchmarks.report.answers import DAY, REPORT
    from kaltura_provider.api import AdminSecretCredentials, ClientConfig, KalturaClient
    from kaltura_provider.api.analytics.day_files import write_day
    from kaltura_provider.api.analytics.day_report import DayReport

    class Cut(DayReport):
        """The day, with the sets of entries known before."""

        def _disjoint(self) -> Iterator[Any]:
            for number in range(1, count + 1):
                yield from self._of([str(number)])

    with KalturaClient(ClientConfig(url, 102), AdminSecretCredentials("a" * 32)) as client:
        transport = client._transport
        setattr(transport, "post", waiting.around(transport.post))  # noqa: B010 - mypy allows no other exchange
        now = datetime.now(timezone.utc)
        done = write_day(Cut(client, REPORT, DAY), target, fetched_at=now, provisional=False, check_totals=False)
    return int(done.manifest["rows"])


def pandas(url: str, count: int, target: Path, waiting: _Waiting) -> int:
    """Read the file with pandas and write the same columns; return the rows."""
    import io

    import pandas as frames
    import requests

    from benchmarks.report.answers import REPORT

    body = waiting.around(requests.get)(f"{url}/report.csv", timeout=600).content
    # The table begins at its header, after the blocks of the file.
    frame = frames.read_csv(io.BytesIO(body[body.index(b"object_id,") :]), dtype={"object_id": "string"})
    for column in REPORT.described():
        if column.kind == "number":
            frame[column.name] = (frame[column.name] * column.factor).round(column.decimals)
    frame = frame.rename(columns={column.name: column.output for column in REPORT.described()})
    frame.to_parquet(target / "data.parquet", compression="zstd", index=False)
    return len(frame)


READERS: dict[str, Callable[[str, int, Path, _Waiting], int]] = {"provider": provider, "pandas": pandas}


def peak_rss() -> float:
    """Return the most memory this process has had, in MB.

    Not by getrusage, whose figure of a new process begins with that of the one that started it.
    """
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("no VmHWM in /proc/self/status: this needs Linux")


def main() -> None:
    """Read, and print what it took."""
    name, url, count, folder = sys.argv[1:]
    import pyarrow.parquet  # noqa: F401  its import is no part of reading

    waiting = _Waiting()
    started = time.monotonic()
    rows = READERS[name](url, int(count), Path(folder), waiting)
    seconds = time.monotonic() - started
    print(json.dumps({"rows": rows, "seconds": seconds, "waited": waiting.seconds, "rss": peak_rss()}))


if __name__ == "__main__":
    main()
