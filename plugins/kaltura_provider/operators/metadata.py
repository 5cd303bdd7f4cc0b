"""Custom metadata, and the profiles that say what they hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from kaltura_provider.operators.base import KalturaBaseOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


class KalturaMetadataOperator(KalturaBaseOperator):
    """Give entries, categories or users custom metadata (``metadata_metadata.list``, ``add``, ``update``, ``delete``).

    Values are plain: the profile's schema says how they are written, and in which order. A document that is as it shall
    be is not written, so repeating it changes nothing; a hundred objects travel in one request. All values are checked
    by the schema before anything is written. What somebody else changes meanwhile is merged again. An object that fails
    stops no other, but the task fails in the end.

    Returns ``{"profile_id": int, "objects": int, "updated": int, "changed": {id: [field, ...]}}``.

    :param profile: system name, name or id of the metadata profile. Templated.
    :param object_id: the entry, category or user. Templated.
    :param values: by name or label of a field, its value: a text, number, truth, date or time; a list of them for a
        field that may be repeated; a mapping for a group. Templated.
    :param objects: instead of ``object_id`` many objects: a mapping of id -> values; or a list of ids or of mappings
        with an ``object_id`` or ``entry_id``, such as upstream tasks return. The values of an object are its
        ``values``, or, if it has none and ``values`` of this task are not set, its other keys. ``values`` of this task
        hold for every object, where its own do not say otherwise. Templated.
    :param object_type: ``entry``, ``category`` or ``user``.
    :param mode: ``merge`` sets the fields that are named, removes those that are named and empty, and leaves the others
        alone; ``replace`` makes the document anew. A document without a field is deleted. Templated.
    :param time_zone: IANA name of the zone of dates and times that name none. Templated.
    :param kaltura_conn_id: ID of the ``kaltura`` connection. Templated.
    :param session: restrictions of the session. Templated.
    """

    template_fields: Sequence[str] = (
        *KalturaBaseOperator.template_fields,
        "profile",
        "object_id",
        "values",
        "objects",
        "mode",
        "time_zone",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {
        **KalturaBaseOperator.template_fields_renderers,
        "values": "json",
        "objects": "json",
    }

    def __init__(
        self,
        *,
        profile: str | int,
        object_id: str | None = None,
        values: Mapping[str, Any] | None = None,
        objects: Mapping[str, Any] | Sequence[Any] | str | None = None,
        object_type: str = "entry",
        mode: str = "merge",
        time_zone: str = "UTC",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.profile = profile
        self.object_id = object_id
        self.values = values
        self.objects = objects
        self.object_type = object_type
        self.mode = mode
        self.time_zone = time_zone

    def execute(self, context: Context) -> dict[str, Any]:
        """Write the custom metadata.

        :param context: the task's context.
        :return: ``{"profile_id", "objects", "updated", "changed"}``.
        :raises kaltura_provider.api.KalturaError: there is no such object, or a call failed.
        :raises ValueError: an argument, a field or a value cannot be; nothing was written.
        """
        from kaltura_provider.api.custom_metadata import put_metadata
        from kaltura_provider.api.local_times import zone
        from kaltura_provider.operators.objects import log_errors, read_objects

        objects = read_objects(
            self.object_id, self.objects, self.values, id_key="object_id", value_key="values", many_key="objects"
        )
        result = put_metadata(
            self.hook.get_conn(),
            objects,
            profile=self.profile,
            object_type=self.object_type,
            mode=self.mode,  # type: ignore[arg-type]
            zone=zone(self.time_zone),
        )
        self.log.info("Changed the custom metadata of %d of %d objects.", len(result.changed), len(objects))
        log_errors(self.log, self.object_type.capitalize(), result.errors)
        return {
            "profile_id": result.profile_id,
            "objects": len(objects),
            "updated": len(result.changed),
            "changed": result.changed,
        }


class KalturaMetadataProfileOperator(KalturaBaseOperator):
    """Make sure that a metadata profile has certain fields (``metadata_metadataProfile.list``, ``add``, ``update``).

    The profile is found by its system name, so repeating it changes nothing. What is given is enforced, what somebody
    set besides it in the KMC stays. No field is removed unless ``drop`` names it, and what documents that exist may not
    survive is an error, unless ``allow_breaking`` says otherwise.

    Returns ``{"profile_id": int, "created": bool, "updated": bool, "added": [field, ...], "changed": [...], "dropped":
    [...], "extra": [...]}``; ``extra`` are the fields it has besides those given.

    :param system_name: its system name. Templated.
    :param fields: the fields: a list of mappings with ``name``, ``type`` (text, date, int, list, boolean or object;
        text if missing) and, where wanted, ``label``, ``description``, ``required``, ``repeated``, ``searchable`` and,
        for a list, ``options``. Templated.
    :param name: what the KMC shows; the system name if None. Templated.
    :param description: its description. Templated.
    :param object_type: what it is for: ``entry``, ``category`` or ``user``.
    :param drop: names of fields to remove, with what documents have in them. Templated.
    :param allow_breaking: also change types, remove options, require fields and forbid several values.
    :param kaltura_conn_id: ID of the ``kaltura`` connection. Templated.
    :param session: restrictions of the session, which must be of the type ADMIN. Templated.
    """

    template_fields: Sequence[str] = (
        *KalturaBaseOperator.template_fields,
        "system_name",
        "fields",
        "name",
        "description",
        "drop",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {
        **KalturaBaseOperator.template_fields_renderers,
        "fields": "json",
        "drop": "json",
    }

    def __init__(
        self,
        *,
        system_name: str,
        fields: Sequence[Mapping[str, Any] | str],
        name: str | None = None,
        description: str | None = None,
        object_type: str = "entry",
        drop: Sequence[str] = (),
        allow_breaking: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.system_name = system_name
        self.fields = fields
        self.name = name
        self.description = description
        self.object_type = object_type
        self.drop = drop
        self.allow_breaking = allow_breaking

    def execute(self, context: Context) -> dict[str, Any]:
        """Find, make or change the profile.

        :param context: the task's context.
        :return: ``{"profile_id", "created", "updated", "added", "changed", "dropped", "extra"}``.
        :raises kaltura_provider.api.KalturaError: a call failed.
        :raises ValueError: a field cannot be, or a change would break documents; nothing was written.
        """
        from kaltura_provider.api.metadata_profiles import ensure_metadata_profile
        from kaltura_provider.api.paging import split_list

        if isinstance(self.fields, str | Mapping):
            raise ValueError(
                f"fields must be a list of mappings with 'name' and 'type', not {self.fields!r:.80}. If it comes from "
                "a template, set render_template_as_native_obj=True on the DAG."
            )
        result = ensure_metadata_profile(
            self.hook.get_conn(),
            self.system_name,
            list(self.fields),
            name=self.name,
            description=self.description,
            object_type=self.object_type,
            drop=split_list(self.drop),
            allow_breaking=self.allow_breaking,
        )
        what = "was made" if result.created else "was changed" if result.updated else "is as it should be"
        self.log.info("Metadata profile %d (%s) %s.", result.profile_id, self.system_name, what)
        if result.extra:
            self.log.info("It also has %s, which stay; 'drop' removes fields.", ", ".join(result.extra))
        return {
            "profile_id": result.profile_id,
            "created": result.created,
            "updated": result.updated,
            "added": list(result.added),
            "changed": list(result.changed),
            "dropped": list(result.dropped),
            "extra": list(result.extra),
        }
