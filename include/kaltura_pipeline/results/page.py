"""The page that says what became of a run: the failures first, by who can fix them. Plain HTML, no scripts."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from kaltura_pipeline.results.model import FAILURES, MEANING

if TYPE_CHECKING:
    from jinja2 import Template

    from kaltura_pipeline.results.tally import Tally


def render_page(
    tally: Tally,
    *,
    title: str,
    run_id: str,
    time: str,
    kmc_url: str = "",
    csv_href: str = "",
    ndjson_href: str = "",
    quarantine: str = "",
) -> str:
    """Return the page's HTML; every text in it is escaped.

    :param tally: the sums, and the titles to show.
    :param title: what the run was about, such as ``s3://bucket/prefix``.
    :param run_id: the DAG run.
    :param time: when it was written, as text.
    :param kmc_url: root of the server with the Kaltura Management Console; empty leaves entries without links.
    :param csv_href: address of the CSV file, relative to the page.
    :param ndjson_href: address of the NDJSON file, relative to the page.
    :param quarantine: address of the quarantine.
    """
    from kaltura_provider.api import Fixer

    order = [fixer.value for fixer in Fixer]
    failed = sorted(tally.failed.items(), key=lambda item: order.index(item[0]))
    return _template().render(
        tally=tally,
        title=title,
        run_id=run_id,
        time=time,
        failed=[(f"fix-{order.index(who)}", who, rows) for who, rows in failed],
        fine=[(name, tally.fine[name]) for name in MEANING if name in tally.fine],
        failures=FAILURES,
        meaning=MEANING,
        entry_href=lambda entry_id: _entry_href(kmc_url, entry_id),
        page_href=_page_href,
        csv_href=csv_href,
        ndjson_href=ndjson_href,
        quarantine=quarantine,
    )


@lru_cache(maxsize=1)
def _template() -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("kaltura_pipeline.results", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("results.html.j2")


def _entry_href(kmc_url: str, entry_id: str) -> str:
    from kaltura_provider.api import kmc_entry_url

    if not kmc_url.startswith(("https://", "http://")):
        return ""
    try:
        return kmc_entry_url(kmc_url, entry_id)
    except ValueError:
        # Not an ID Kaltura gives; shown as text.
        return ""


def _page_href(address: str) -> str:
    return address if address.startswith(("https://", "http://")) else ""
