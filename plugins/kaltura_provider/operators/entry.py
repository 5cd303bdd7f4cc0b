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
        "fields": "json",
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
    """Change fields of one entry or many (``baseEntry.get``, ``baseEntry.update``).

    Only what differs is sent, so repeating it changes nothing; a hundred entries travel in one request. All fields and
    values are checked before anything is written. An entry that fails stops no other, but the task fails in the end.

    Fields have Kaltura's names or friendlier ones: ``name``, ``description``, ``tags``, ``admin_tags``, ``owner``,
    ``start`` or ``embargo``, ``end``, ``access_control`` and ``conversion_profile`` (by name, system name or id),
    ``reference_id``, ``co_editors``, ``co_publishers``, ``viewers``. Lists are lists or texts with commas; times are
    seconds since 1970, datetimes, or texts such as ``2026-12-01 09:00``. None clears a field.

    Returns ``{"entries": int, "updated": int, "changed": {entry id: [field, ...]}, "ignored": {...}}``: ``changed`` has
    Kaltura's names of the fields that were changed, ``ignored`` those of which Kaltura keeps another value than sent.

    :param entry_id: the entry. Templated.
    :param fields: field -> new value; fields that are not named stay as they are. Templated.
    :param entries: instead of ``entry_id`` many entries: a mapping of entry id -> fields; or a list of ids or of
        mappings with an ``entry_id``, such as upstream tasks return. The fields of an entry are its ``fields``, or, if
        it has none and ``fields`` of this task are not set, its other keys. ``fields`` of this task hold for every
        entry, where its own do not say otherwise. Templated.
    :param mode: ``replace``, or ``merge``, which adds tags and users to those that are there. Templated.
    :param keep_existing: leave what is set already alone, but for lists, which ``mode`` is about.
    :param time_zone: IANA name of the zone of times without one, such as ``Europe/Berlin``; an entry's fields can have
        a ``time_zone`` of their own. A time that daylight saving skips, or that comes twice, is an error. Templated.
    :param template_entry: entry whose description, tags, admin tags, access control, users, license and credits each
        entry gets, where its fields do not say otherwise. Templated.
    :param cut_names: cut names of more than 256 bytes, as Kaltura does, instead of refusing them.
    :param kaltura_conn_id: ID of the ``kaltura`` connection. Templated.
    :param session: restrictions of the session; to change owner, dates and admin tags it must be of the type ADMIN.
        Templated.
    """

    template_fields: Sequence[str] = (
        *KalturaBaseOperator.template_fields,
        "entry_id",
        "fields",
        "entries",
        "mode",
        "time_zone",
        "template_entry",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {
        **KalturaBaseOperator.template_fields_renderers,
        "fields": "json",
        "entries": "json",
    }
    operator_extra_links = (KalturaEntryLink(),)

    def __init__(
        self,
        *,
        entry_id: str | None = None,
        fields: Mapping[str, Any] | None = None,
        entries: Mapping[str, Any] | Sequence[Any] | str | None = None,
        mode: str = "replace",
        keep_existing: bool = False,
        time_zone: str | None = None,
        template_entry: str | None = None,
        cut_names: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.entry_id = entry_id
        self.fields = fields
        self.entries = entries
        self.mode = mode
        self.keep_existing = keep_existing
        self.time_zone = time_zone
        self.template_entry = template_entry
        self.cut_names = cut_names

    def execute(self, context: Context) -> dict[str, Any]:
        """Change the entries.

        :param context: the task's context.
        :return: ``{"entries", "updated", "changed", "ignored"}``.
        :raises kaltura_provider.api.KalturaError: there is no such entry, or Kaltura refused a value; names it.
        :raises ValueError: an argument, a field or a value cannot be; nothing was written.
        """
        from kaltura_provider.api.entry_update import update_entries
        from kaltura_provider.api.local_times import zone
        from kaltura_provider.operators.objects import log_errors, read_objects

        entries = read_objects(self.entry_id, self.entries, self.fields, id_key="entry_id", value_key="fields")
        if not self.template_entry and not all(entries.values()):
            raise ValueError(
                "fields must be a mapping with at least one field for each entry, such as {'name': 'Talk'}."
            )
        if entries:
            KalturaEntryLink.persist(context, self, self.hook.entries_url(list(entries)))
        result = update_entries(
            self.hook.get_conn(),
            entries,
            mode=self.mode,  # type: ignore[arg-type]
            keep_existing=self.keep_existing,
            zone=zone(self.time_zone) if self.time_zone else None,
            cut_names=self.cut_names,
            template_entry=require_entry_id(self.template_entry) if self.template_entry else None,
        )
        for entry_id, names in result.ignored.items():
            self.log.warning(
                "Entry %s: Kaltura keeps another value than was sent of %s. It changes some texts, and ignores fields "
                "that this type of entry does not have.",
                entry_id,
                ", ".join(names),
            )
        self.log.info("Changed %d of %d entries.", len(result.changed), len(entries))
        log_errors(self.log, "Entry", result.errors)
        return {
            "entries": len(entries),
            "updated": len(result.changed),
            "changed": result.changed,
            "ignored": result.ignored,
        }


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
