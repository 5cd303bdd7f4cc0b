"""What a page shows that is in no table: curves of titles, small pictures, what the library costs."""

from __future__ import annotations

import base64
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from kaltura_pipeline.reporting.figures import VIEWERS_REPORT
from kaltura_pipeline.reporting.page_model import DropOff, Title, Usage

if TYPE_CHECKING:
    from kaltura_provider.api import KalturaClient

_log = logging.getLogger(__name__)

_CURVES = 5
_PICTURES = 10
_WIDTH = 120
_MOST_BYTES = 20_000
_SECONDS = 10
# The tag of what a sandbox made up.
_SYNTHETIC = "synthetic"


def drop_offs(client: KalturaClient, titles: Sequence[Title], days: Sequence[date], time_zone: str) -> list[DropOff]:
    """Return the curves of the first titles (``report.getTable`` of PERCENTILES, one call a title).

    :param titles: the titles, those with the most plays first.
    :param days: the period.
    """
    from kaltura_provider.api import KalturaError, fetch_period_table

    curves = []
    for title in titles[:_CURVES]:
        try:
            table = fetch_period_table(
                client, "PERCENTILES", days[0], days[-1], time_zone, filter={"entryIdIn": [title.entry_id]}
            )
        except KalturaError as error:
            # A page without a curve is better than none.
            _log.warning("No curve of %s: %s", title.entry_id, error)
            continue
        rows = sorted(table.to_pylist(), key=lambda row: int(row["percentile"]))
        most = max((row["count_viewers"] for row in rows), default=0)
        if most:
            curves.append(DropOff(title.name, tuple(row["count_viewers"] / most for row in rows)))
    return curves


@dataclass(frozen=True)
class Seen:
    """What entries look like.

    :param pictures: small pictures of the first ones as ``data:`` URIs; one that cannot be had is missing.
    :param synthetic: whether any of them was made up by a sandbox.
    """

    pictures: dict[str, str]
    synthetic: bool


def look(client: KalturaClient, entry_ids: Sequence[str]) -> Seen:
    """Look at the first entries (``baseEntry.list``, and one picture each).

    :param entry_ids: the entries, the most important first.
    """
    import requests

    from kaltura_provider.api.lookup import get_entries

    found: dict[str, str] = {}
    wanted = list(entry_ids)[:_PICTURES]
    known = get_entries(client, wanted) if wanted else {}
    for entry_id, entry in known.items():
        address = entry.raw.get("thumbnailUrl")
        if not address:
            continue
        try:
            answer = requests.get(f"{address}/width/{_WIDTH}/quality/60", timeout=_SECONDS)
        except requests.RequestException as error:
            _log.warning("No picture of %s: %s", entry_id, type(error).__name__)
            continue
        kind = answer.headers.get("Content-Type", "").partition(";")[0]
        if answer.ok and kind.startswith("image/") and len(answer.content) <= _MOST_BYTES:
            found[entry_id] = f"data:{kind};base64,{base64.b64encode(answer.content).decode()}"
    return Seen(found, any(_is_synthetic(entry.raw.get("tags")) for entry in known.values()))


def _is_synthetic(tags: str | None) -> bool:
    return _SYNTHETIC in (tag.strip() for tag in (tags or "").split(","))


def viewers(client: KalturaClient, days: Sequence[date], time_zone: str) -> int | None:
    """Return the different viewers of a period, known by name or not (``report.getTotal`` of PLATFORMS).

    :param days: the period.
    :return: None if Kaltura does not say.
    """
    from kaltura_provider.api import KalturaError, fetch_period_total

    try:
        total = fetch_period_total(client, VIEWERS_REPORT, days[0], days[-1], time_zone)
    except KalturaError as error:
        _log.warning("No number of viewers: %s", error)
        return None
    return int(total["unique_viewers"]) if "unique_viewers" in total else None


def usage(client: KalturaClient, days: Sequence[date], time_zone: str) -> Usage | None:
    """Return storage and bandwidth of a period (``report.getTotal`` of PARTNER_USAGE); None if Kaltura does not say.

    :param days: the period.
    """
    from kaltura_provider.api import KalturaError, fetch_period_total

    try:
        total: dict[str, Any] = fetch_period_total(client, "PARTNER_USAGE", days[0], days[-1], time_zone)
    except KalturaError as error:
        _log.warning("No storage and bandwidth: %s", error)
        return None
    storage, bandwidth = total.get("average_storage_mb"), total.get("bandwidth_mb")
    return None if storage is None and bandwidth is None else Usage(storage, bandwidth)
