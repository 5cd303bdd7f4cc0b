"""Players (Kaltura's version 7 player)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from kaltura_provider.operators.base import KalturaBaseOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


class KalturaPlayerOperator(KalturaBaseOperator):
    """Make sure that a player exists and is configured as given (``uiConf.list``, ``uiConf.add``, ``uiConf.update``).

    The player is found by its name, so repeating it changes nothing. What somebody set in the Studio besides what is
    given here stays.

    Returns ``{"ui_conf_id": int, "created": bool, "updated": bool}``.

    :param name: name of the player, as the Studio shows it. Templated.
    :param config: configuration by section, such as ``{"playback": {"muted": True}}``. Templated.
    :param versions: versions of the player's parts, such as ``{"kaltura-ovp-player": "3.17.8"}``; the latest if None.
        Templated.
    :param width: pixels; 560 for a new player if None.
    :param height: pixels; 395 for a new player if None.
    :param kaltura_conn_id: ID of the ``kaltura`` connection. Templated.
    :param session: restrictions of the session. Templated.
    """

    template_fields: Sequence[str] = (*KalturaBaseOperator.template_fields, "name", "config", "versions")
    template_fields_renderers: ClassVar[dict[str, str]] = {
        **KalturaBaseOperator.template_fields_renderers,
        "config": "json",
        "versions": "json",
    }

    def __init__(
        self,
        *,
        name: str,
        config: Mapping[str, Any] | None = None,
        versions: Mapping[str, Any] | None = None,
        width: int | None = None,
        height: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.name = name
        self.config = config
        self.versions = versions
        self.width = width
        self.height = height

    def execute(self, context: Context) -> dict[str, Any]:
        """Find, make or change the player.

        :param context: the task's context.
        :return: ``{"ui_conf_id", "created", "updated"}``.
        :raises kaltura_provider.api.KalturaError: Kaltura refused; making players needs the permission
            STUDIO_ADD_UICONF.
        :raises ValueError: the name is empty.
        """
        from kaltura_provider.api import ensure_player

        player = ensure_player(
            self.hook.get_conn(),
            self.name,
            self.config,
            versions=self.versions,
            width=self.width,
            height=self.height,
        )
        what = "was made" if player.created else "was changed" if player.updated else "is as it should be"
        self.log.info("Player %d (%s) %s.", player.ui_conf_id, self.name, what)
        return {"ui_conf_id": player.ui_conf_id, "created": player.created, "updated": player.updated}
