"""Moderation: approve and reject entries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from kaltura_provider.links.kaltura import KalturaEntryLink
from kaltura_provider.operators.base import KalturaBaseOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


class KalturaModerationOperator(KalturaBaseOperator):
    """Approve entries, so that viewers may see them, or reject them (``baseEntry.approve``, ``baseEntry.reject``).

    What is so already is left alone, so it can be repeated; a hundred entries travel in one request. An entry that
    fails stops no other, but the task fails in the end.

    Returns ``{"decision": str, "entries": int, "changed": [entry id, ...]}``; ``changed`` has those that were not so
    before.

    :param entry_ids: one entry id, a list of them, or what upload tasks returned. Templated.
    :param decision: ``approve`` or ``reject``. Templated.
    :param kaltura_conn_id: ID of the ``kaltura`` connection. Templated.
    :param session: restrictions of the session, which must be of the type ADMIN. Templated.
    """

    template_fields: Sequence[str] = (*KalturaBaseOperator.template_fields, "entry_ids", "decision")
    template_fields_renderers: ClassVar[dict[str, str]] = {
        **KalturaBaseOperator.template_fields_renderers,
        "entry_ids": "json",
    }
    operator_extra_links = (KalturaEntryLink(),)

    def __init__(
        self, *, entry_ids: str | Sequence[Any] | Mapping[str, Any], decision: str = "approve", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.entry_ids = entry_ids
        self.decision = decision

    def execute(self, context: Context) -> dict[str, Any]:
        """Approve or reject the entries.

        :param context: the task's context.
        :return: ``{"decision", "entries", "changed"}``.
        :raises kaltura_provider.api.KalturaError: there is no such entry, or the session may not decide.
        :raises ValueError: an argument cannot be; nothing was changed.
        """
        from kaltura_provider.api.moderation import moderate
        from kaltura_provider.hooks.readiness import normalize_entry_ids
        from kaltura_provider.operators.objects import log_errors

        entry_ids = normalize_entry_ids(self.entry_ids)
        if entry_ids:
            KalturaEntryLink.persist(context, self, self.hook.entries_url(entry_ids))
        result = moderate(self.hook.get_conn(), entry_ids, self.decision)  # type: ignore[arg-type]
        self.log.info("%s: %d of %d entries were not so before.", self.decision, len(result.changed), len(entry_ids))
        log_errors(self.log, "Entry", result.errors)
        return {"decision": self.decision, "entries": len(entry_ids), "changed": result.changed}
