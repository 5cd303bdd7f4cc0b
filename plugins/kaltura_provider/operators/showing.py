"""What operators share that show entries in a player."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from kaltura_provider.links.kaltura import KalturaPlayerLink
from kaltura_provider.operators.base import KalturaBaseOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

    from kaltura_provider.api import Entry, Player


class PlayerOperator(KalturaBaseOperator):
    """A task that reads entries and shows them in a player."""

    template_fields: Sequence[str] = (
        *KalturaBaseOperator.template_fields,
        "entry_ids",
        "ui_conf_id",
        "embed_type",
        "config",
        "language",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {
        **KalturaBaseOperator.template_fields_renderers,
        "entry_ids": "json",
        "ui_conf_id": "json",
        "config": "json",
    }
    operator_extra_links = (KalturaPlayerLink(),)

    def __init__(
        self,
        *,
        entry_ids: str | Sequence[Any] | Mapping[str, Any],
        ui_conf_id: int | str | Mapping[str, Any],
        embed_type: str,
        config: Mapping[str, Any] | None = None,
        language: str = "en",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.entry_ids = entry_ids
        self.ui_conf_id = ui_conf_id
        self.embed_type = embed_type
        self.config = config
        self.language = language

    def prepare(self, context: Context) -> tuple[Player, list[Entry]]:
        """Read the entries, and let the task's link open the first one.

        :param context: the task's context.
        :return: the player, and the entries in the order they were asked for.
        :raises ValueError: there are none, or one does not exist.
        """
        from kaltura_provider.api import EntryStatus, Player, get_entries
        from kaltura_provider.hooks.readiness import normalize_entry_ids

        entry_ids = normalize_entry_ids(self.entry_ids)
        if not entry_ids:
            raise ValueError("entry_ids is empty; name at least one entry.")
        player = Player(self.hook.cdn_url, self.hook.partner_id, self._ui_conf_id())
        KalturaPlayerLink.persist(context, self, self.hook.player_url(player.ui_conf_id, entry_ids[0]))
        entries = get_entries(self.hook.get_conn(), entry_ids)
        if missing := [entry_id for entry_id in entry_ids if entry_id not in entries]:
            raise ValueError(f"No such entries: {', '.join(missing)}. Check the ids; deleted entries cannot be shown.")
        unready = [entry_id for entry_id, entry in entries.items() if entry.status is not EntryStatus.READY]
        if unready:
            self.log.warning(
                "Not ready to play yet: %s. What is made here is complete; put KalturaEntryReadySensor before this "
                "task to be sure that it plays.",
                ", ".join(unready),
            )
        return player, list(entries.values())

    def _ui_conf_id(self) -> int:
        value = self.ui_conf_id.get("ui_conf_id") if isinstance(self.ui_conf_id, Mapping) else self.ui_conf_id
        try:
            return int(str(value))
        except ValueError:
            raise ValueError(
                f"ui_conf_id must be the number of a player (KMC, Studio), or the output of KalturaPlayerOperator, not "
                f"{self.ui_conf_id!r}."
            ) from None
