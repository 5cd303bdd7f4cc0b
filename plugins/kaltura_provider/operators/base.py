"""What all operators of this provider share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import BaseOperator

if TYPE_CHECKING:
    from kaltura_provider.hooks.kaltura import KalturaHook


class KalturaBaseOperator(BaseOperator):
    """A task that talks to Kaltura through one connection.

    :param kaltura_conn_id: ID of the ``kaltura`` connection. Templated.
    :param session: restrictions of the session, as
        :class:`~kaltura_provider.hooks.kaltura.KalturaHook` takes them. Templated.
    """

    template_fields: Sequence[str] = ("kaltura_conn_id", "session")
    template_fields_renderers: ClassVar[dict[str, str]] = {"session": "json"}
    ui_color = "#dbe9ff"

    def __init__(
        self,
        *,
        kaltura_conn_id: str = "kaltura_default",
        session: Mapping[str, Any] | str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.kaltura_conn_id = kaltura_conn_id
        self.session = session

    @cached_property
    def hook(self) -> KalturaHook:
        """The hook of this task."""
        from kaltura_provider.hooks.kaltura import KalturaHook

        return KalturaHook(self.kaltura_conn_id, self.session)
