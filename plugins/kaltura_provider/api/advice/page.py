"""The page ``docs/errors.md``: all that is known of error codes, as Markdown."""

from __future__ import annotations

from kaltura_provider.api.advice import topics
from kaltura_provider.api.catalogue import ErrorClass

_INTRODUCTION = """\
# Error codes

<!-- Written by `make docs` from kaltura_provider/api/advice; change the tables there. -->

Every error from Kaltura is a `kaltura_provider.api.KalturaError`. Its text names the code, the cause, the next step and
who can fix it; `error.advice` has the same as fields. This page lists all codes; on the command line

    python -m kaltura_provider.api.advice ENTRY_ID_NOT_FOUND

prints one. A code that ends in `*`, or begins with it, stands for all codes that begin or end so. A word after a colon
is the case of a code that means several things.

The column *again* says what the retry policy makes of it: **yes** where the same call may work later, **renew** where a
new session is made and the call sent once more, **no** where only the next step helps.
"""

_AGAIN = {
    ErrorClass.RETRY: "yes",
    ErrorClass.RENEW_SESSION: "renew",
    ErrorClass.PERMISSION: "no",
    ErrorClass.PERMANENT: "no",
}


def render_page() -> str:
    """Return the page."""
    parts = [_INTRODUCTION]
    for topic, table in topics().items():
        rows = [
            f"| `{row.code}` | {row.cause} | {row.fixer.value} | {row.step} | {_AGAIN[row.error_class]} |"
            for row in table
        ]
        head = "| code | cause | who can fix it | next step | again |\n|---|---|---|---|---|"
        parts.append("\n".join([f"## {topic}", "", head, *rows, ""]))
    return "\n".join(parts)
