"""Web pages with a Kaltura player."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from kaltura_provider.links.kaltura import KalturaPlayerLink
from kaltura_provider.operators.base import KalturaBaseOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

    from kaltura_provider.api import PageItem, Player


class KalturaEmbedPageOperator(KalturaBaseOperator):
    """Render a web page that plays one entry, or lists several (``baseEntry.list``; nothing is changed in Kaltura).

    With ``s3_bucket`` and ``s3_key`` the page is written to S3, in place of one that is there; otherwise the task
    returns it. No session is ever written into a page: entries that need one to be played do not play.

    Returns ``{"entry_ids": list, "html": str}`` or ``{"entry_ids": list, "s3_uri": str, "bytes": int}``.

    :param entry_ids: one entry id, a list of them, or what upload tasks returned. Templated.
    :param ui_conf_id: the player: its number, or what
        :class:`~kaltura_provider.operators.player.KalturaPlayerOperator` returned. Templated.
    :param title: heading of a page that lists several entries. Templated.
    :param description: some sentences below that heading. Templated.
    :param embed_type: for one entry: ``iframe``, ``dynamic`` (a script the page can control), or ``snippet``, which
        is the iframe without a page around it.
    :param config: for ``dynamic``: the player's configuration on this page, such as
        ``{"playback": {"muted": True}}``. Templated.
    :param language: language of titles and descriptions, such as ``en``. Templated.
    :param s3_bucket: where to write the page. Templated.
    :param s3_key: where to write the page. Templated.
    :param aws_conn_id: ID of the AWS connection. Templated.
    :param kaltura_conn_id: ID of the ``kaltura`` connection. Templated.
    :param session: restrictions of the session. Templated.
    """

    template_fields: Sequence[str] = (
        *KalturaBaseOperator.template_fields,
        "entry_ids",
        "ui_conf_id",
        "title",
        "description",
        "config",
        "language",
        "s3_bucket",
        "s3_key",
        "aws_conn_id",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {
        **KalturaBaseOperator.template_fields_renderers,
        "config": "json",
    }
    operator_extra_links = (KalturaPlayerLink(),)

    def __init__(
        self,
        *,
        entry_ids: str | Sequence[Any] | Mapping[str, Any],
        ui_conf_id: int | str | Mapping[str, Any],
        title: str = "Videos",
        description: str = "",
        embed_type: Literal["iframe", "dynamic", "snippet"] = "iframe",
        config: Mapping[str, Any] | None = None,
        language: str = "en",
        s3_bucket: str | None = None,
        s3_key: str | None = None,
        aws_conn_id: str | None = "aws_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.entry_ids = entry_ids
        self.ui_conf_id = ui_conf_id
        self.title = title
        self.description = description
        self.embed_type = embed_type
        self.config = config
        self.language = language
        self.s3_bucket = s3_bucket
        self.s3_key = s3_key
        self.aws_conn_id = aws_conn_id

    def execute(self, context: Context) -> dict[str, Any]:
        """Render the page, and write it if asked to.

        :param context: the task's context.
        :return: entry ids with ``html``, or with ``s3_uri`` and ``bytes``.
        :raises kaltura_provider.api.KalturaError: the entries could not be read.
        :raises ValueError: an argument has no meaning, an entry does not exist, or S3 refused; names the fix.
        """
        from kaltura_provider.api import Player
        from kaltura_provider.hooks.readiness import normalize_entry_ids
        from kaltura_provider.hooks.s3_write import write_object

        entry_ids = normalize_entry_ids(self.entry_ids)
        if not entry_ids:
            raise ValueError("entry_ids is empty; a page needs at least one entry.")
        player = Player(self.hook.cdn_url, self.hook.partner_id, self._ui_conf_id())
        KalturaPlayerLink.persist(context, self, self.hook.player_url(player.ui_conf_id, entry_ids[0]))
        html = self._page(player, self._items(entry_ids))
        if self.s3_bucket is None and self.s3_key is None:
            return {"entry_ids": entry_ids, "html": html}
        body = html.encode()
        uri = write_object(
            self.aws_conn_id, self.s3_bucket or "", self.s3_key or "", body, content_type="text/html; charset=utf-8"
        )
        self.log.info("Wrote %s (%d bytes).", uri, len(body))
        return {"entry_ids": entry_ids, "s3_uri": uri, "bytes": len(body)}

    def _ui_conf_id(self) -> int:
        value = self.ui_conf_id.get("ui_conf_id") if isinstance(self.ui_conf_id, Mapping) else self.ui_conf_id
        try:
            return int(str(value))
        except ValueError:
            raise ValueError(
                f"ui_conf_id must be the number of a player (KMC, Studio), or the output of KalturaPlayerOperator, not "
                f"{self.ui_conf_id!r}."
            ) from None

    def _items(self, entry_ids: list[str]) -> list[PageItem]:
        from kaltura_provider.api import EntryStatus, PageItem, get_entries

        entries = get_entries(self.hook.get_conn(), entry_ids)
        if missing := [entry_id for entry_id in entry_ids if entry_id not in entries]:
            raise ValueError(f"No such entries: {', '.join(missing)}. Check the ids; deleted entries cannot be shown.")
        unready = [entry_id for entry_id, entry in entries.items() if entry.status is not EntryStatus.READY]
        if unready:
            self.log.warning(
                "Not ready to play yet: %s. The page is complete; put KalturaEntryReadySensor before this task to be "
                "sure that it plays.",
                ", ".join(unready),
            )
        return [
            PageItem(
                entry_id=entry.id,
                title=entry.name or entry.id,
                description=str(entry.raw.get("description") or ""),
                duration=entry.duration or None,
            )
            for entry in entries.values()
        ]

    def _page(self, player: Player, items: list[PageItem]) -> str:
        from kaltura_provider.api import render_embed, render_index, render_page

        if len(items) > 1:
            return render_index(player, items, title=self.title, description=self.description, language=self.language)
        if self.embed_type == "snippet":
            return render_embed(player, items[0], config=self.config)
        return render_page(player, items[0], embed_type=self.embed_type, config=self.config, language=self.language)
