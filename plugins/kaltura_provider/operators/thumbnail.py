"""Thumbnails of entries."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kaltura_provider.operators.assets import KalturaEntryAssetsOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

    from kaltura_provider.api.enrichment.enrich import Enrichment
    from kaltura_provider.api.enrichment.thumbnail import WantedFrame

_LARGEST = 10 * 1024 * 1024
_NUMBER = re.compile(r"([-+]?[0-9]+(?:\.[0-9]*)?) ?(%?)")


class KalturaThumbnailOperator(KalturaEntryAssetsOperator):
    """Show entries with a picture from a file, or with a frame of their video.

    (Kaltura ``thumbAsset.list``, ``add``, ``setContent``, ``generate``, ``setAsDefault``, ``delete``, ``get``; about
    twenty entries travel in one request, and each picture from a file in one of its own.)

    Repeating it changes nothing and reads no file from S3: a tag on the thumbnail tells which version of which file, or
    which frame, it is. The picture becomes the default thumbnail and is read back: Kaltura must have all of its bytes
    and know how wide it is; a broken one is made anew. Pictures that this operator made before are deleted, those of
    others stay. An entry with a problem stops no other one; what is wrong names the file.

    Returns ``{"entries": {entry_id: {"added": int, "made_default": int, "deleted": int, "problem": str | None}},
    "problems": int}`` and the same counts over all entries.

    :param entry_id: the entry, if it is one. Templated.
    :param thumbnail: its picture:

        * a JPEG or PNG file (also GIF, BMP, WebP): ``s3://bucket/key``, a key (with ``s3_bucket``), or any path of
          Airflow's object storage;
        * a frame: seconds from the start of the video as a number (``12.5``), or percent of its duration as a text
          (``"25%"``). The entry must be a video that is ready.

        Templated.
    :param entries: several entries: a mapping of entry id to picture, or a list of mappings with ``entry_id`` and
        ``thumbnail``. Templated.
    :param s3_bucket: the bucket of files that are named by their key alone. Templated.
    :param aws_conn_id: ID of the AWS connection. Templated.
    :param conn_id: ID of the connection to another object store, for paths that name none. Templated.
    :param on_problem: ``fail`` the task when all entries had their turn; ``warn`` in its log; or ``return`` the
        problems quietly.
    :param kaltura_conn_id: ID of the ``kaltura`` connection. Templated.
    :param session: restrictions of the session. Templated.
    """

    template_fields: Sequence[str] = (*KalturaEntryAssetsOperator.template_fields, "thumbnail")

    def __init__(self, *, thumbnail: str | float | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.thumbnail = thumbnail

    def execute(self, context: Context) -> dict[str, Any]:
        """Bring the thumbnails up to date.

        :param context: the task's context.
        :return: counts and problems by entry; see the class.
        :raises kaltura_provider.hooks.errors.EntriesFailedError: an entry has a problem; names each.
        :raises ValueError: ``entries`` cannot be used.
        """
        from kaltura_provider.api.enrichment.enrich import Enrichment
        from kaltura_provider.api.enrichment.thumbnail import WantedThumbnail

        files = self.files(_LARGEST)

        def wish(entry_id: str, picture: Any) -> Enrichment:
            if (frame := _frame(picture)) is not None:
                return Enrichment(entry_id, thumbnail=frame)
            file = files.find(picture)
            return Enrichment(entry_id, thumbnail=WantedThumbnail(file.name, file.etag), read=lambda _: file.read())

        return self.apply(self.wanted_by_entry("thumbnail"), wish, "thumbnail")


def _frame(picture: Any) -> WantedFrame | None:
    from kaltura_provider.api.enrichment.thumbnail import WantedFrame

    if isinstance(picture, bool) or picture is None:
        raise ValueError(f"{picture!r} is no picture; give a file, seconds, or percent such as '25%'")
    # A template renders a number as text.
    found = _NUMBER.fullmatch(str(picture).strip())
    if found is None:
        return None
    number = float(found[1])
    return WantedFrame(percent=number) if found[2] else WantedFrame(seconds=number)
