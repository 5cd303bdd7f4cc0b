"""Read, find, change and delete entries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar

from kaltura_provider.links.kaltura import KalturaEntryLink
from kaltura_provider.operators.base import KalturaBaseOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

_LARGEST_PAGE = 500


class KalturaGetEntryOperator(KalturaBaseOperator):
    """Read one entry of any type (``baseEntry.get``).

    Returns the entry as Kaltura describes it: a mapping in which unset properties are absent.

    :param entry_id: the entry. Templated.
    :param kaltura_conn_id: ID of the ``kaltura`` connection. Templated.
    :param session: restrictions of the session. Templated.
    """

    template_fields: Sequence[str] = (*KalturaBaseOperator.template_fields, "entry_id")
    operator_extra_links = (KalturaEntryLink(),)

    def __init__(self, *, entry_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.entry_id = entry_id

    def execute(self, context: Context) -> dict[str, Any]:
        """Read the entry.

        :param context: the task's context.
        :return: the entry.
        :raises kaltura_provider.api.KalturaError: code ``ENTRY_ID_NOT_FOUND`` if there is none.
        """
        entry_id = require_entry_id(self.entry_id)
        KalturaEntryLink.persist(context, self, self.hook.entry_url(entry_id))
        return dict(self.hook.get_conn().call("baseEntry", "get", {"entryId": entry_id}))


class KalturaListEntriesOperator(KalturaBaseOperator):
    """Find entries (``baseEntry.list``), also more than the 10,000 that Kaltura pages through.

    Kaltura shows only READY entries unless ``filter`` names statuses, and hides those that wait for moderation unless
    it names moderation statuses. New entries take a while to appear.

    Returns a list of entries, each as Kaltura describes it. It becomes an XCom: keep it small with ``limit`` and
    ``fields``.

    :param filter: properties of ``KalturaBaseEntryFilter``, such as ``{"tagsLike": "news", "statusIn": "2,1"}``; add
        ``objectType`` for a more special filter. Times are seconds since 1970. Templated.
    :param limit: how many entries to return at most; None returns all. When more match, the log says so.
    :param fields: names of the properties to keep of each entry, such as ``["id", "name"]`` or ``"id,name"``; all if
        None. Templated.
    :param kaltura_conn_id: ID of the ``kaltura`` connection. Templated.
    :param session: restrictions of the session. Templated.
    """

    template_fields: Sequence[str] = (*KalturaBaseOperator.template_fields, "filter", "fields")
    template_fields_renderers: ClassVar[dict[str, str]] = {
        **KalturaBaseOperator.template_fields_renderers,
        "filter": "json",
    }

    def __init__(
        self,
        *,
        filter: Mapping[str, Any] | None = None,
        limit: int | None = 500,
        fields: Sequence[str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if limit is not None and limit < 1:
            raise ValueError(f"limit must be 1 or more, or None for all entries, not {limit}.")
        self.filter = filter
        self.limit = limit
        self.fields = fields

    def execute(self, context: Context) -> list[dict[str, Any]]:
        """Find the entries.

        :param context: the task's context.
        :return: the entries, newest first unless ``filter`` has an ``orderBy``.
        :raises kaltura_provider.api.KalturaError: Kaltura refused the filter or the session.
        :raises ValueError: ``filter`` is not a mapping.
        """
        from kaltura_provider.api.paging import split_list

        if self.filter is not None and not isinstance(self.filter, Mapping):
            raise ValueError(
                f"filter must be a mapping such as {{'tagsLike': 'news'}}, not {self.filter!r}. If it comes from a "
                "template, set render_template_as_native_obj=True on the DAG."
            )
        fields = None if self.fields is None else split_list(self.fields)
        matches = self.hook.get_conn().iterate(
            "baseEntry",
            "list",
            # With a limit, what was added last is what most people are after.
            filter={"orderBy": "-createdAt", **(self.filter or {})},
            # One more than asked for tells whether there are more.
            page_size=_LARGEST_PAGE if self.limit is None else min(self.limit + 1, _LARGEST_PAGE),
        )
        entries = [_pick(entry, fields) for entry in islice(matches, self.limit)]
        if self.limit is not None and next(iter(matches), None) is not None:
            self.log.warning("More than %d entries match; the others are left out. Raise 'limit'.", self.limit)
        return entries


class KalturaUpdateEntryOperator(KalturaBaseOperator):
    """Change properties of one entry (``baseEntry.get``, then ``baseEntry.update``).

    Repeating it changes nothing. Returns the entry after the change.

    :param entry_id: the entry. Templated.
    :param fields: property name -> new value, in Kaltura's spelling: ``{"name": "Talk", "tags": "a,b"}``. None clears
        a property. Properties that are not named stay as they are. Templated.
    :param kaltura_conn_id: ID of the ``kaltura`` connection. Templated.
    :param session: restrictions of the session. Templated.
    """

    template_fields: Sequence[str] = (*KalturaBaseOperator.template_fields, "entry_id", "fields")
    template_fields_renderers: ClassVar[dict[str, str]] = {
        **KalturaBaseOperator.template_fields_renderers,
        "fields": "json",
    }
    operator_extra_links = (KalturaEntryLink(),)

    def __init__(self, *, entry_id: str, fields: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.entry_id = entry_id
        self.fields = fields

    def execute(self, context: Context) -> dict[str, Any]:
        """Change the entry.

        :param context: the task's context.
        :return: the entry after the change.
        :raises kaltura_provider.api.KalturaError: there is no such entry, or Kaltura refused a value; names it.
        :raises ValueError: ``fields`` is not a mapping or empty.
        """
        entry_id = require_entry_id(self.entry_id)
        if not isinstance(self.fields, Mapping) or not self.fields:
            raise ValueError(
                f"fields must be a mapping with at least one property, such as {{'name': 'Talk'}}, not {self.fields!r}."
            )
        KalturaEntryLink.persist(context, self, self.hook.entry_url(entry_id))
        client = self.hook.get_conn()
        # Kaltura ignores properties that the object type it is told does not have, so tell it the entry's real type.
        object_type = client.call("baseEntry", "get", {"entryId": entry_id}).get("objectType", "KalturaBaseEntry")
        # A JSON null would be stored as an empty value or refused, depending on the property; this spelling clears.
        changes = {
            (f"{name}__null" if value is None else name): ("" if value is None else value)
            for name, value in self.fields.items()
        }
        updated = dict(
            client.call(
                "baseEntry", "update", {"entryId": entry_id, "baseEntry": {"objectType": object_type, **changes}}
            )
        )
        unknown = [name for name, value in self.fields.items() if value not in (None, "") and name not in updated]
        if unknown:
            self.log.warning(
                "Kaltura answered without %s; it ignores properties that %s does not have. Check the spelling.",
                ", ".join(unknown),
                object_type,
            )
        return updated


class KalturaDeleteEntryOperator(KalturaBaseOperator):
    """Delete one entry with all its files (``baseEntry.delete``). An entry that is gone already is fine.

    Returns ``{"entry_id": str, "deleted": bool}``; ``deleted`` is False if there was nothing to delete.

    :param entry_id: the entry. Templated.
    :param ignore_missing: whether an entry that does not exist is fine. If False, it fails the task.
    :param kaltura_conn_id: ID of the ``kaltura`` connection. Templated.
    :param session: restrictions of the session. Templated.
    """

    template_fields: Sequence[str] = (*KalturaBaseOperator.template_fields, "entry_id")

    def __init__(self, *, entry_id: str, ignore_missing: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.entry_id = entry_id
        self.ignore_missing = ignore_missing

    def execute(self, context: Context) -> dict[str, Any]:
        """Delete the entry.

        :param context: the task's context.
        :return: ``{"entry_id", "deleted"}``.
        :raises kaltura_provider.api.KalturaError: Kaltura refused, or there is no such entry and that is not fine.
        """
        from kaltura_provider.api import KalturaError

        entry_id = require_entry_id(self.entry_id)
        try:
            self.hook.get_conn().call("baseEntry", "delete", {"entryId": entry_id})
        except KalturaError as error:
            if error.code != "ENTRY_ID_NOT_FOUND" or not self.ignore_missing:
                raise
            self.log.info("Entry %s does not exist (any more).", entry_id)
            return {"entry_id": entry_id, "deleted": False}
        return {"entry_id": entry_id, "deleted": True}


def _pick(entry: Mapping[str, Any], fields: Sequence[str] | None) -> dict[str, Any]:
    return dict(entry) if fields is None else {key: entry[key] for key in fields if key in entry}


def require_entry_id(entry_id: Any) -> str:
    """Return an entry id without surrounding blanks.

    :param entry_id: what a template rendered to.
    :raises ValueError: it is no entry id, for example because an upstream task was skipped.
    """
    if not isinstance(entry_id, str) or not entry_id.strip() or entry_id.strip() == "None":
        raise ValueError(
            f"entry_id must be an entry id such as '1_a2b3c4d5', not {entry_id!r}. If it comes from another task, "
            "check that the task ran and returned one."
        )
    return entry_id.strip()
