"""Playlists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from kaltura_provider.operators.base import KalturaBaseOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


class KalturaPlaylistOperator(KalturaBaseOperator):
    """Make sure that a playlist exists and holds the entries given, or the filters that find them (``playlist.list``,
    ``playlist.add``, ``playlist.get``, ``playlist.update``).

    ::

        KalturaPlaylistOperator(task_id="course", name="Optics", entry_ids=["1_a2b3c4d5", "1_b3c4d5e6"])
        KalturaPlaylistOperator(
            task_id="news",
            name="News",
            filters=[{"tagsMultiLikeOr": "news", "orderBy": "-createdAt", "limit": 20}],
        )

    The playlist is found by its name, so repeating it changes nothing. If nothing is to be done it takes one request.

    Returns ``{"playlist_id": str, "created": bool, "updated": bool, "added": [entry], "removed": [entry]}``.

    :param name: name of the playlist. Templated.
    :param entry_ids: its entries in their order; a text is cut at its commas. Templated.
    :param mode: ``replace``: ``entry_ids`` become the whole list; ``append``: those that are not in it are added to its
        end; ``remove``: they are taken out.
    :param filters: instead of entries, filters that find them each time the playlist is played: properties of
        ``KalturaMediaEntryFilter``, with ``limit`` and ``orderBy``. Templated.
    :param total_results: how many entries all filters may find together; 200 for a new playlist if None.
    :param description: what to tell people about it; None leaves it as it is. Templated.
    :param tags: comma-separated tags; None leaves them as they are. Templated.
    :param kaltura_conn_id: ID of the ``kaltura`` connection. Templated.
    :param session: restrictions of the session. Templated.
    """

    template_fields: Sequence[str] = (
        *KalturaBaseOperator.template_fields,
        "name",
        "entry_ids",
        "filters",
        "description",
        "tags",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {
        **KalturaBaseOperator.template_fields_renderers,
        "entry_ids": "json",
        "filters": "json",
    }

    def __init__(
        self,
        *,
        name: str,
        entry_ids: Sequence[str] | str | None = None,
        mode: Literal["replace", "append", "remove"] = "replace",
        filters: Sequence[Mapping[str, Any]] | None = None,
        total_results: int | None = None,
        description: str | None = None,
        tags: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.name = name
        self.entry_ids = entry_ids
        self.mode = mode
        self.filters = filters
        self.total_results = total_results
        self.description = description
        self.tags = tags

    def execute(self, context: Context) -> dict[str, Any]:
        """Find, make or change the playlist.

        :param context: the task's context.
        :return: ``{"playlist_id", "created", "updated", "added", "removed"}``.
        :raises kaltura_provider.api.KalturaError: Kaltura refused.
        :raises kaltura_provider.api.SelectionError: an entry does not exist.
        :raises ValueError: the arguments do not describe a playlist, or the one of the name is of the other kind.
        """
        from kaltura_provider.api import ensure_playlist

        playlist = ensure_playlist(
            self.hook.get_conn(),
            self.name,
            entry_ids=self.entry_ids,
            mode=self.mode,
            filters=self.filters,
            total_results=self.total_results,
            description=self.description,
            tags=self.tags,
        )
        what = "was made" if playlist.created else "was changed" if playlist.updated else "is as it should be"
        self.log.info(
            "Playlist %s (%s) %s: %d entries in, %d out.",
            playlist.id,
            self.name,
            what,
            len(playlist.added),
            len(playlist.removed),
        )
        return playlist.to_json()
