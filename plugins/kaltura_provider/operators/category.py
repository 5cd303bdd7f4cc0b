"""The categories of entries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from kaltura_provider.operators.base import KalturaBaseOperator
from kaltura_provider.operators.entry import require_entry_id

if TYPE_CHECKING:
    from airflow.sdk import Context


class KalturaCategoriesOperator(KalturaBaseOperator):
    """Put entries into categories, or take them out (``category.list``, ``category.add``, ``categoryEntry.list``,
    ``categoryEntry.add``, ``categoryEntry.delete``).

    Give the same categories to all of ``entry_ids``, or each entry its own::

        KalturaCategoriesOperator(task_id="file", entry_ids=["1_a2b3c4d5"], categories=["Physics>Optics"])
        KalturaCategoriesOperator(task_id="file", categories={"1_a2b3c4d5": ["Physics>Optics", "2026"]})

    A hundred entries take about three requests, or two if nothing is to be done. Repeating it changes nothing.
    Categories that the session may not see are left alone. An entry that a moderator keeps out of a category is not
    put forward again.

    Returns ``{"category_ids": {path: int}, "added": {entry: [path]}, "removed": {...}, "pending": {...}, "rejected":
    {...}}``. Pending are categories that an entry is in once a moderator lets it in.

    :param categories: full paths, the levels separated by ``>``, for all of ``entry_ids``; or a mapping from an entry
        id to its paths. Templated.
    :param entry_ids: the entries; a text is cut at its commas. Not with a mapping. Templated.
    :param mode: ``add``: take entries out of no category; ``replace``: out of all others; ``remove``: out of these.
    :param create: whether categories that do not exist are made. If not, and with ``remove``, they fail the task before
        anything is done; the error names the nearest paths.
    :param max_categories: how many categories an entry may be in: 32, unless Kaltura lifted that for the account.
    :param kaltura_conn_id: ID of the ``kaltura`` connection. Templated.
    :param session: restrictions of the session. Templated.
    """

    template_fields: Sequence[str] = (*KalturaBaseOperator.template_fields, "categories", "entry_ids")
    template_fields_renderers: ClassVar[dict[str, str]] = {
        **KalturaBaseOperator.template_fields_renderers,
        "categories": "json",
        "entry_ids": "json",
    }

    def __init__(
        self,
        *,
        categories: Sequence[str] | Mapping[str, Sequence[str]] | str,
        entry_ids: Sequence[str] | str | None = None,
        mode: Literal["add", "replace", "remove"] = "add",
        create: bool = True,
        max_categories: int = 32,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.categories = categories
        self.entry_ids = entry_ids
        self.mode = mode
        self.create = create
        self.max_categories = max_categories

    def execute(self, context: Context) -> dict[str, Any]:
        """Put the entries into the categories.

        :param context: the task's context.
        :return: ``{"category_ids", "added", "removed", "pending", "rejected"}``.
        :raises kaltura_provider.api.KalturaError: Kaltura refused; the other entries were taken care of.
        :raises kaltura_provider.api.UnknownCategoryError: a category does not exist and may not be made.
        :raises ValueError: the arguments do not say which entries and categories, or name more categories than an
            entry may be in; names the fix.
        """
        from kaltura_provider.api import categorize
        from kaltura_provider.api.enrichment.rounds import error_to_raise

        result = categorize(
            self.hook.get_conn(),
            self._wanted(),
            mode=self.mode,
            create=self.create and self.mode != "remove",
            max_categories=self.max_categories,
        )
        for entry, paths in result.pending.items():
            self.log.warning("Entry %s waits for a moderator of %s.", entry, ", ".join(paths))
        for entry, paths in result.rejected.items():
            self.log.warning("A moderator keeps entry %s out of %s.", entry, ", ".join(paths))
        self.log.info("%d entries were put into categories, %d taken out.", len(result.added), len(result.removed))
        for entry, error in result.errors.items():
            self.log.error("Entry %s: %s", entry, error)
        if (failure := error_to_raise(result.errors.values())) is not None:
            raise failure
        return {name: getattr(result, name) for name in ("category_ids", "added", "removed", "pending", "rejected")}

    def _wanted(self) -> dict[str, list[str]]:
        from kaltura_provider.api.paging import split_list

        given, entries = self.categories, split_list(self.entry_ids or [])
        if isinstance(given, Mapping):
            if entries:
                raise ValueError("Give either entry_ids and a list of categories, or a mapping, not both.")
            return {
                require_entry_id(entry): [paths] if isinstance(paths, str) else [*paths]
                for entry, paths in given.items()
            }
        if self.entry_ids is None:
            raise ValueError("Nothing says which entries are meant: set entry_ids, or use a mapping from each entry.")
        paths = [given] if isinstance(given, str) else given
        if not isinstance(paths, Sequence) or not all(isinstance(path, str) and path.strip() for path in paths):
            raise ValueError(
                f"categories must be a list of paths such as ['Physics>Optics'], or a mapping, not {given!r}. If it "
                "comes from a template, set render_template_as_native_obj=True on the DAG."
            )
        if not paths:
            raise ValueError(
                "No category is named. To take entries out of all categories, use a mapping from each entry to []."
            )
        return {require_entry_id(entry): [*paths] for entry in entries}


class KalturaCategoryMembersOperator(KalturaBaseOperator):
    """Make users members of categories, or members no more (``category.list``, ``categoryUser.get``,
    ``categoryUser.list``, ``categoryUser.add``, ``categoryUser.update``, ``categoryUser.activate``,
    ``categoryUser.delete``).

    ::

        KalturaCategoryMembersOperator(
            task_id="members", members={"Physics>Optics": {"ada@example.edu": "manager", "bob@example.edu": "member"}}
        )

    A hundred members take about three requests, or two if nothing is to be done. Repeating it changes nothing. Users
    that Kaltura does not know are made by it. A category that inherits the members of its parent has none of its own.

    Returns ``{"added": {path: [user]}, "updated": {path: [user]}, "removed": {path: [user]}}``.

    :param members: by full path of a category, levels by user ID, or user IDs, who become ``member``. Levels are
        ``manager``, ``moderator``, ``contributor``, ``member``, ``none``. Templated.
    :param mode: ``add``: remove nobody; ``replace``: remove everybody else, but the owner of a category; ``remove``:
        remove these.
    :param create: whether categories that do not exist are made. If not, and with ``remove``, they fail the task before
        anything is done; the error names the nearest paths.
    :param kaltura_conn_id: ID of the ``kaltura`` connection. Templated.
    :param session: restrictions of the session. Templated.
    """

    template_fields: Sequence[str] = (*KalturaBaseOperator.template_fields, "members")
    template_fields_renderers: ClassVar[dict[str, str]] = {
        **KalturaBaseOperator.template_fields_renderers,
        "members": "json",
    }

    def __init__(
        self,
        *,
        members: Mapping[str, Mapping[str, str] | Sequence[str]],
        mode: Literal["add", "replace", "remove"] = "add",
        create: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.members = members
        self.mode = mode
        self.create = create

    def execute(self, context: Context) -> dict[str, Any]:
        """Add, change or remove the members.

        :param context: the task's context.
        :return: ``{"added", "updated", "removed"}``.
        :raises kaltura_provider.api.KalturaError: Kaltura refused; the other members were taken care of.
        :raises kaltura_provider.api.UnknownCategoryError: a category does not exist and may not be made.
        :raises ValueError: the arguments do not say which members; names the fix.
        """
        from kaltura_provider.api import set_members
        from kaltura_provider.api.enrichment.rounds import error_to_raise

        if not isinstance(self.members, Mapping) or any(isinstance(each, str) for each in self.members.values()):
            raise ValueError(
                f"members must be a mapping such as {{'Physics>Optics': {{'ada': 'manager'}}}}, not {self.members!r}. "
                "If it comes from a template, set render_template_as_native_obj=True on the DAG."
            )
        result = set_members(self.hook.get_conn(), self.members, mode=self.mode, create=self.create)
        for name, error in result.errors.items():
            self.log.error("%s: %s", name, error)
        if (failure := error_to_raise(result.errors.values())) is not None:
            raise failure
        return {name: getattr(result, name) for name in ("added", "updated", "removed")}
