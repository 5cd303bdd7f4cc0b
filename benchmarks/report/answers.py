"""Rows of a report as Kaltura writes them: pages of ``report.getTable``, and the file of ``getUrlForReportAsCsv``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random

from kaltura_provider.api.analytics.asking import MAX_ROWS
from kaltura_provider.api.analytics.reading import DELIMITER
from kaltura_provider.api.analytics.report_types import REPORT_TYPES

REPORT = REPORT_TYPES["TOP_CONTENT"]
DAY = "2026-03-20"
_WORDS = ("Introduction", "Optics", "Wellen", "Été", "Физика", "Lecture", "Part", "Revision")
# Blocks that stand before the table in the file: title, date, text, totals.
_PREAMBLE = "\ufeffTop content\nFrom: 2026-03-20,To: 2026-03-20\n\n# ------------------------------------\nTotals\n"


def rows(count: int) -> Iterator[list[str]]:
    """Yield rows of the report: figures with up to 14 digits, as the server's PHP writes them.

    :param count: how many.
    """
    chance = Random(1)
    for number in range(count):
        plays = chance.randrange(1, 400)
        loads = plays + chance.randrange(200)
        minutes = plays * chance.uniform(0.2, 40)
        seen = chance.random()
        values: dict[str, str] = {
            "object_id": f"1_{number:08x}", "entry_name": f"{chance.choice(_WORDS)} {number} {chance.choice(_WORDS)}",
            "count_plays": str(plays), "count_loads": str(loads), "unique_known_users": str(1 + plays // 3),
            "sum_time_viewed": f"{minutes:.14g}", "avg_time_viewed": f"{minutes / plays:.14g}",
            "load_play_ratio": f"{plays / loads:.14g}", "avg_view_drop_off": f"{seen:.14g}",
            "sum_view_period": f"{minutes * 1.1:.14g}", "avg_view_period_time": f"{minutes * 1.1 / plays:.14g}",
            "avg_completion_rate": f"{100 * seen:.14g}",
        }  # fmt: skip
        yield [values[name] for name in REPORT.columns]


def pages(count: int) -> Iterator[bytes]:
    """Yield answers of ``report.getTable`` that hold so many rows together, as bodies.

    :param count: how many rows.
    """
    header = DELIMITER.join(REPORT.columns)
    page: list[list[str]] = []
    # A page less than full says that nothing is left of its entries.
    for number, row in enumerate(rows(count), start=1):
        page.append(row)
        if len(page) == MAX_ROWS - 1 or number == count:
            data = "".join(f"{DELIMITER.join(cells)};" for cells in page)
            answer = {"header": header, "data": data, "totalCount": len(page), "objectType": "KalturaReportTable"}
            yield json.dumps(answer).encode()
            page = []


def csv_file(count: int) -> Iterator[bytes]:
    """Yield the pieces of the file that the same report is as CSV.

    :param count: how many rows.
    """
    yield f"{_PREAMBLE}{','.join(REPORT.columns)}\n".encode()
    for row in rows(count):
        cells = (
            f'"{cell}"' if column == "entry_name" else cell for column, cell in zip(REPORT.columns, row, strict=True)
        )
        yield f"{','.join(cells)}\n".encode()
