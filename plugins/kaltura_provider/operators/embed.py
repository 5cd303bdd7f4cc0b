"""Pieces of HTML with a Kaltura player, for the pages of a site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from kaltura_provider.operators.showing import PlayerOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


class KalturaEmbedOperator(PlayerOperator):
    """Render the pieces of HTML that show entries in the pages of a site (``baseEntry.list``; nothing is changed).

    No session is ever in them, as they travel through XCom: entries that need one to be played do not play. A site that
    renders its own pages starts one for each viewer by ``start_viewer_session`` of ``kaltura_provider.api``.

    Returns ``{"entry_ids": list, "embeds": {entry_id: html}}``.

    :param entry_ids: one entry id, a list of them, or what upload tasks returned. Templated.
    :param ui_conf_id: the player: its number, or what
        :class:`~kaltura_provider.operators.player.KalturaPlayerOperator` returned. Templated.
    :param embed_type: ``iframe``, ``dynamic`` (a script the page can drive), ``thumbnail`` (the same after a click on
        the picture), ``auto`` (one script of Kaltura's), or ``link`` (a picture with a link, for e-mails). Templated.
    :param config: sections of the player's configuration, such as ``{"playback": {"muted": True}}``. Templated.
    :param language: of the few words a player's surroundings say, such as ``de``. Templated.
    :param start: second to start at. Templated.
    :param width: pixels at most.
    :param ratio: width to height; 16 / 9, and 3 / 1 for sound alone, if None.
    :param kaltura_conn_id: ID of the ``kaltura`` connection. Templated.
    :param session: restrictions of the session that reads the entries. Templated.
    """

    template_fields: Sequence[str] = (*PlayerOperator.template_fields, "start")

    def __init__(
        self,
        *,
        entry_ids: str | Sequence[Any] | Mapping[str, Any],
        ui_conf_id: int | str | Mapping[str, Any],
        embed_type: Literal["iframe", "dynamic", "thumbnail", "auto", "link"] | str = "iframe",
        config: Mapping[str, Any] | None = None,
        language: str = "en",
        start: float | str | None = None,
        width: int = 960,
        ratio: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            entry_ids=entry_ids,
            ui_conf_id=ui_conf_id,
            embed_type=embed_type,
            config=config,
            language=language,
            **kwargs,
        )
        self.start = start
        self.width = width
        self.ratio = ratio

    def execute(self, context: Context) -> dict[str, Any]:
        """Render the pieces.

        :param context: the task's context.
        :return: entry ids, and HTML by entry.
        :raises kaltura_provider.api.KalturaError: the entries could not be read.
        :raises ValueError: an argument has no meaning, or an entry does not exist; names the fix.
        """
        from kaltura_provider.api import PageItem, render_embed

        player, entries = self.prepare(context)
        embeds = {
            entry.id: render_embed(
                player,
                PageItem.from_entry(entry),
                embed_type=self.embed_type,
                config=self.config,
                start=float(self.start) if self.start else None,
                width=self.width,
                ratio=self.ratio,
                language=self.language,
            )
            for entry in entries
        }
        return {"entry_ids": list(embeds), "embeds": embeds}
