"""``python -m kaltura_provider.api.advice``: explain error codes, or print the page ``docs/errors.md``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from kaltura_provider.api.advice import Advice, explain, known
from kaltura_provider.api.advice.page import render_page


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    :param arguments: the command line; the process's own by default.
    :return: the exit status: 0, or 1 when a code is not known.
    """
    parser = argparse.ArgumentParser(
        prog="python -m kaltura_provider.api.advice",
        description="What an error code means, who can fix it, and what to do next.",
    )
    parser.add_argument("codes", nargs="*", metavar="CODE", help="such as ENTRY_ID_NOT_FOUND or HTTP_502")
    parser.add_argument("--page", action="store_true", help="print all of them as docs/errors.md")
    options = parser.parse_args(arguments)
    if options.page:
        print(render_page(), end="")
        return 0
    if not options.codes:
        parser.error("name an error code, or use --page for all of them")
    for code in options.codes:
        print(_text(code, explain(code)))
    # A family such as HTTP_5* answers for codes that no table has one by one.
    unknown = [code for code in options.codes if explain(code).code == "*"]
    if unknown:
        print(f"not in the table: {', '.join(unknown)}; check the spelling", file=sys.stderr)
    return 1 if unknown else 0


def _text(code: str, advice: Advice) -> str:
    family = "" if known(code) or advice.code == "*" else f" (any {advice.code})"
    return f"{code}{family}: {advice.cause}\nwho can fix it: {advice.fixer.value}.\nnext step: {advice.step}"


if __name__ == "__main__":
    sys.exit(main())
