"""Players (Kaltura's version 7 player)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from kaltura_provider.operators.base import KalturaBaseOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


class KalturaPlayerOperator(KalturaBaseOperator):
    """Make sure that a player exists and is configured as given (``uiConf.list``, ``uiConf.add``, ``uiConf.clone``,
    ``uiConf.update``).

    The player is found by its name, so repeating it changes nothing. What somebody set in the Studio besides what is
    given here stays.

    Returns ``{"ui_conf_id": int, "created": bool, "updated": bool, "drift": list}``. The drift is what was not as given
    when the player was found, each ``{"key": "config.playback.muted", "wanted": true, "present": false}``.

    :param name: name of the player, as the Studio shows it. Templated.
    :param config: configuration by section, such as ``{"playback": {"muted": True}}``. Templated.
    :param versions: versions of the player's parts, such as ``{"kaltura-ovp-player": "3.17.8"}``; the latest if None.
        Templated.
    :param width: pixels; if None, 560 for a new player, or the template's.
    :param height: pixels; if None, 395 for a new player, or the template's.
    :param template: ID or name of a player that a new one is a copy of, with ``config`` and the rest in their places.
        A player that exists is not compared with it. Templated.
    :param on_drift: what to do with a player that is not as given: ``repair`` it; ``report`` it in the log and the
        result, and change nothing; or ``fail``.
    :param kaltura_conn_id: ID of the ``kaltura`` connection. Templated.
    :param session: restrictions of the session. Templated.
    """

    template_fields: Sequence[str] = (*KalturaBaseOperator.template_fields, "name", "config", "versions", "template")
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
        template: int | str | None = None,
        on_drift: Literal["repair", "report", "fail"] = "repair",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.name = name
        self.config = config
        self.versions = versions
        self.width = width
        self.height = height
        self.template = template
        self.on_drift = on_drift

    def execute(self, context: Context) -> dict[str, Any]:
        """Find, make or change the player.

        :param context: the task's context.
        :return: ``{"ui_conf_id", "created", "updated", "drift"}``.
        :raises kaltura_provider.api.KalturaError: Kaltura refused; making players needs the permission
            STUDIO_ADD_UICONF.
        :raises kaltura_provider.api.DriftError: the player is not as given, and ``on_drift`` is ``fail``.
        :raises ValueError: the name is empty, or there is no such template.
        """
        from kaltura_provider.api import ensure_player

        player = ensure_player(
            self.hook.get_conn(),
            self.name,
            self.config,
            versions=self.versions,
            width=self.width,
            height=self.height,
            template=self.template or None,
            on_drift=self.on_drift,
        )
        for drift in player.drift:
            self.log.warning("Player %d (%s): %s.", player.ui_conf_id, self.name, drift)
        left = "is not as it should be, and was left so" if player.drift else "is as it should be"
        what = "was made" if player.created else "was repaired" if player.updated else left
        self.log.info("Player %d (%s) %s.", player.ui_conf_id, self.name, what)
        return {
            "ui_conf_id": player.ui_conf_id,
            "created": player.created,
            "updated": player.updated,
            "drift": [drift.to_dict() for drift in player.drift],
        }
