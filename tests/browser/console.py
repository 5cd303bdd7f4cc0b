"""What a browser complains of while it shows pages: errors in its console, and what scripts did not catch."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, ConsoleMessage, WebError

#: Errors that Airflow 3.3's own pages bring, by what is said and from where, each with the reason.
AIRFLOWS_OWN = (
    # The page for logging in asks for settings that only those who are logged in get.
    (r"status of 401", r"/ui/config$"),
    # Its editor of code looks for a checker of SQL that Airflow's package does not have.
    (r"status of 404", r"/static/wasm/sqlparser_rs_wasm\.js$"),
)


class Console:
    """Collects errors of all pages of a browser context, those in frames and new windows too."""

    def __init__(self) -> None:
        self.errors: list[str] = []
        self._known = [(re.compile(text), re.compile(source)) for text, source in AIRFLOWS_OWN]

    def expect(self, text: str, source: str = "") -> None:
        """Take an error for one that the test means to cause.

        :param text: pattern of what is said.
        :param source: pattern of the address it comes from.
        """
        self._known.append((re.compile(text), re.compile(source)))

    def watch(self, context: BrowserContext) -> None:
        """Listen to a context from now on."""
        context.on("console", self._hear)
        context.on("weberror", self._catch)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._keep(message.text, message.location["url"], message.page.url if message.page else "")

    def _catch(self, fault: WebError) -> None:
        page = fault.page.url if fault.page else ""
        self._keep(f"not caught: {fault.error}", page, page)

    def _keep(self, text: str, source: str, page: str) -> None:
        if not any(said.search(text) and place.search(source) for said, place in self._known):
            self.errors.append(f"{text} (from {source or 'the page'}, on {page})")
