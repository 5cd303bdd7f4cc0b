"""Results as NDJSON for programs and as CSV for a spreadsheet, written record by record."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import IO, TYPE_CHECKING, Any

from kaltura_pipeline.results.model import text_of
from kaltura_pipeline.results.why import why

if TYPE_CHECKING:
    from kaltura_pipeline.results.model import TitleResult

COLUMNS = (
    "key", "result", "cause", "who can fix it", "next step", "entry_id", "message", "problems", "bytes_sent", "seconds",
    "api_calls", "quarantined", "page",
)  # fmt: skip

#: What a spreadsheet takes for the beginning of a formula; the wide forms count too.
_FORMULA = tuple("=+-@＝＋－＠")
#: Excel cuts a cell there, in the middle of whatever it is.
MAXIMUM_CELL = 32_767
# Python's own CSV reader stops at NUL, and spreadsheets show the others as nothing.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def safe_cell(text: str) -> str:
    """Return a text that a spreadsheet shows as it is, and never computes.

    :param text: any text, such as a file name somebody chose.
    :return: the text; one that could be taken for a formula has an apostrophe before it. Line ends become line
        feeds, other control characters U+FFFD, and what is too long for a cell is cut.
    """
    text = _CONTROL.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))
    if text.lstrip().startswith(_FORMULA) or text.startswith(("\t", "\n")):
        text = f"'{text}"
    return text if len(text) <= MAXIMUM_CELL else text[: MAXIMUM_CELL - 1] + "…"


class NdjsonWriter:
    """Writes one JSON document a line, with all that is known of a title.

    :param stream: takes the bytes (UTF-8).
    """

    content_type = "application/x-ndjson; charset=utf-8"

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def write(self, result: TitleResult) -> None:
        """Write one record, with its explanation as ``why``."""
        line = json.dumps({**result, "why": why(result)}, ensure_ascii=False) + "\n"
        # A lone surrogate, from a name that is no UTF-8, is left as its JSON escape.
        self._stream.write(line.encode("utf-8", "backslashreplace"))


class CsvWriter:
    """Writes one row a title, as Excel, LibreOffice and Python read it: UTF-8 with a byte order mark, commas, CRLF.

    :param stream: takes the bytes.
    """

    content_type = "text/csv; charset=utf-8"

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._row = io.StringIO(newline="")
        self._writer = csv.writer(self._row, quoting=csv.QUOTE_MINIMAL)
        self._stream.write(b"\xef\xbb\xbf")
        self._put(COLUMNS)

    def write(self, result: TitleResult) -> None:
        """Write one record."""
        reason = why(result)
        cells: list[Any] = [
            safe_cell(text)
            for text in (
                result["key"],
                result["result"],
                reason["cause"],
                reason["who"],
                reason["step"],
                result["entry_id"],
                result["message"],
                "\n".join(map(text_of, result["problems"])),
            )
        ]
        cells += [result["bytes_sent"], round(result["seconds"], 3), result["api_calls"]]
        cells += ["yes" if result["quarantined"] else "no", safe_cell(result["page"])]
        self._put(cells)

    def _put(self, cells: Any) -> None:
        self._writer.writerow(cells)
        self._stream.write(self._row.getvalue().encode("utf-8", "replace"))
        self._row.seek(0)
        self._row.truncate()
