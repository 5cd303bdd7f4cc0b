"""The routes of the page in Airflow's navigation. Each asks who is there, as those of Airflow do."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from airflow.api_fastapi.core_api.security import requires_access_dag
from fastapi import Depends, FastAPI
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from kaltura_pipeline.airflow_plugin import base_path
from kaltura_pipeline.airflow_plugin.runs import DAGS, last_runs
from kaltura_pipeline.airflow_plugin.state import PipelineState, day_of
from kaltura_pipeline.errors import ConfigurationError
from kaltura_pipeline.settings import PipelineSettings

if TYPE_CHECKING:
    from jinja2 import Environment

log = logging.getLogger(__name__)

_INGEST, _REPORT = "kaltura_ingest", "kaltura_report"
_OK, _NOT_FOUND, _BAD_GATEWAY, _NOT_CONFIGURED = 200, 404, 502, 503
_PERIODS = ("week", "month")
_NAME = re.compile(r"[a-z0-9_]{1,60}")
_ENTRY = re.compile(r"\d+_[a-z0-9]{1,40}")
# No page has a script, or loads anything but what it holds; only Airflow may show it in a frame.
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def make_application() -> FastAPI:
    """Make the application. Without a user who may see the DAG that a page is about, it answers 401 or 403."""
    application = FastAPI(title="Kaltura pipeline", docs_url=None, redoc_url=None, openapi_url=None)
    for_ingest = [Depends(requires_access_dag("GET", param_dag_id=_INGEST))]
    for_report = [Depends(requires_access_dag("GET", param_dag_id=_REPORT))]
    # Plain functions, which FastAPI runs in threads: S3 and the database may take their time.
    application.get("/", dependencies=for_ingest)(overview)
    application.get("/report/{period}", dependencies=for_report)(report)
    application.get("/reports/{name}", dependencies=for_report)(period_page)
    application.get("/reports/{folder}/index.html", dependencies=for_report)(day_page)
    application.get("/analytics/{name}/{folder}/data.csv", dependencies=for_report)(table)
    application.get("/pages/{name}", dependencies=for_report)(entry_page)
    application.get("/{path:path}", dependencies=for_ingest)(nothing)
    return application


def overview() -> Response:
    """Show the last runs, what is in work, what is in quarantine, and the reports."""
    problem, titles, held, days = "", None, None, []
    try:
        state = PipelineState(PipelineSettings.from_environment())
        titles, held, days = state.titles(), state.held(), state.days()
    except Exception as error:
        # The runs are worth a page, too.
        problem = _in_words(error)
    return _page(
        "overview.html.j2", runs=last_runs(), dags=DAGS, titles=titles, held=held, days=days, problem=problem,
        root=base_path(),
    )  # fmt: skip


def report(period: str) -> Response:
    """Show a report with a way back: of a day, or of the week or month up to the newest."""
    if period not in _PERIODS and day_of(period) is None:
        return nothing()
    source = f"../reports/{period}.html" if period in _PERIODS else f"../reports/day={period}/index.html"
    return _page("report.html.j2", period=period, source=source)


def period_page(name: str) -> Response:
    """Give the report of the week or the month."""
    return _file(f"reports/{name}") if name in {f"{period}.html" for period in _PERIODS} else nothing()


def day_page(folder: str) -> Response:
    """Give the report of a day."""
    return _file(f"reports/{folder}/index.html") if _is_day(folder) else nothing()


def table(name: str, folder: str) -> Response:
    """Give a table of a day as CSV."""
    if not (_is_day(folder) and _NAME.fullmatch(name)):
        return nothing()
    return _file(f"analytics/{name}/{folder}/data.csv", "text/csv; charset=utf-8")


def entry_page(name: str) -> Response:
    """Send the reader to the page of an entry. It has a player's scripts, so it is not shown from Airflow's address."""
    if not _ENTRY.fullmatch(name.removesuffix(".html")):
        return nothing()
    found = _with_state(lambda state: state.public_url(f"pages/{name}"))
    if isinstance(found, Response):
        return found
    if found:
        return RedirectResponse(found, headers={"Referrer-Policy": "no-referrer"})
    step = "Set KALTURA_PIPELINE_STATE_URL to the address below which a browser reads the state bucket."
    return _message("The pages of entries have no address that a browser can open.", step, _NOT_FOUND)


def nothing() -> Response:
    """Say that there is no such page."""
    return _message("There is no such page.", "Choose Kaltura in the navigation again.", _NOT_FOUND)


def _is_day(folder: str) -> bool:
    return folder.startswith("day=") and day_of(folder.removeprefix("day=")) is not None


def _file(name: str, content_type: str = "text/html; charset=utf-8") -> Response:
    found = _with_state(lambda state: state.read(name))
    if isinstance(found, Response):
        return found
    if found is None:
        step = "Run kaltura_report for that day; it writes pages of the days it is asked for."
        return _message("There is no such report.", step, _NOT_FOUND)
    return Response(found, media_type=content_type, headers=_HEADERS)


def _with_state(read: Callable[[PipelineState], Any]) -> Any:
    """Return what is read, or a page that says why it cannot be."""
    try:
        return read(PipelineState(PipelineSettings.from_environment()))
    except ConfigurationError as error:
        return _message("The pipeline is not set up here.", str(error), _NOT_CONFIGURED)
    except Exception as error:
        return _message("The pipeline's bucket cannot be read.", _in_words(error), _BAD_GATEWAY)


def _in_words(error: Exception) -> str:
    """Say what went wrong, and what to do. What the exception itself says is for the log: it may name too much."""
    from botocore.exceptions import ClientError

    if isinstance(error, ConfigurationError):
        return f"The pipeline is not set up here: {error}."
    log.warning("The pipeline's state cannot be read.", exc_info=error)
    if isinstance(error, ClientError):
        code = str(error.response.get("Error", {}).get("Code") or "an error")
        return (
            f"S3 answers {code}. Check the bucket (KALTURA_PIPELINE_STATE_BUCKET or KALTURA_PIPELINE_BUCKET), and that "
            "the AWS connection may s3:GetObject and s3:ListBucket there."
        )
    return f"{type(error).__name__} while reading S3. Check the AWS connection; the API server's log says more."


def _message(text: str, step: str, status: int) -> Response:
    return _page("message.html.j2", status, text=text, step=step, root=base_path())


def _page(template: str, status: int = _OK, **values: Any) -> Response:
    return HTMLResponse(_environment().get_template(template).render(values), status, headers=_HEADERS)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("kaltura_pipeline.airflow_plugin", "templates")
    return Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )  # fmt: skip
