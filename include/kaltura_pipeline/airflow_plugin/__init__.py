"""The page *Kaltura* in Airflow's navigation: runs, what is in work, what is in quarantine, and the report; and notes.

Every process of Airflow loads plugins, so this module imports next to nothing; the pages come with the first request to
the API server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from airflow.configuration import conf
from airflow.plugins_manager import AirflowPlugin

from kaltura_pipeline.airflow_plugin import notes

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    Channel = Callable[..., Awaitable[Any]]

#: Where the API server has the pages.
URL_PREFIX = "/kaltura-pipeline"


class LateApplication:
    """An ASGI application that is made when it is first asked."""

    def __init__(self) -> None:
        self._application: Any = None

    async def __call__(
        self,
        scope: MutableMapping[str, Any],
        receive: Callable[..., Awaitable[Any]],
        send: Callable[..., Awaitable[Any]],
    ) -> None:
        """Answer a request."""
        if self._application is None:
            from kaltura_pipeline.airflow_plugin.application import make_application

            self._application = make_application()
        await self._application(scope, receive, send)


def base_path() -> str:
    """Return the path that Airflow has on its host, such as ``/airflow``; empty if it has the host for itself."""
    return urlsplit(conf.get("api", "base_url", fallback="") or "").path.rstrip("/")


class KalturaPipelinePlugin(AirflowPlugin):
    """Puts the page into the navigation, and notes on runs."""

    name = "kaltura_pipeline"
    fastapi_apps: list[Any] = [{"app": LateApplication(), "url_prefix": URL_PREFIX, "name": "Kaltura pipeline"}]  # noqa: RUF012 - as below
    external_views: list[Any] = [  # noqa: RUF012 - as Airflow declares it
        {
            "name": "Kaltura",
            "href": f"{base_path()}{URL_PREFIX}/",
            "destination": "nav",
            "url_route": "kaltura",
            "nav_top_level": True,
        }
    ]
    listeners: list[Any] = [notes]  # noqa: RUF012 - as Airflow declares it
