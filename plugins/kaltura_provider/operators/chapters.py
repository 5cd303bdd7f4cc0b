"""Chapters of entries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from kaltura_provider.operators.base import KalturaBaseOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

    from kaltura_provider.api.chapters import Chapter

_MAX_BYTES = 5_000_000


class KalturaChaptersOperator(KalturaBaseOperator):
    """Make the chapters of entries what they shall be (``cuepoint_cuepoint.list``, ``add``, ``update``, ``delete``).

    Repeating it changes nothing. Only chapters that this operator made are changed or deleted; those made in the KMC
    stay. About twenty entries take one request to look and, if something differs, one to write.

    Chapters are a list of mappings with ``time``, ``title`` and perhaps ``description``; a list of texts such as
    ``1:23 Title``; or a file: WebVTT, YAML or JSON of such a list, or lines as below a video. A time is text such as
    ``1:23`` or ``00:01:23.500``, a whole number of **milliseconds**, or seconds with a decimal point.

    Returns a mapping of entry id to ``{"added": int, "updated": int, "deleted": int}``.

    :param entry_id: the entry. Templated.
    :param chapters: its chapters, or the text of such a file; an empty list removes those made before. Templated.
    :param file: file with its chapters, instead: ``s3://bucket/key``, a path on the worker, or any other of Airflow's
        object storage. Templated.
    :param entries: several entries instead of one: pairs of entry id and chapters, or mappings with ``entry_id`` and
        ``chapters`` or ``file``. Templated.
    :param aws_conn_id: ID of the AWS connection, for files in S3. Templated.
    :param kaltura_conn_id: ID of the ``kaltura`` connection. Templated.
    :param session: restrictions of the session. Templated.
    """

    template_fields: Sequence[str] = (
        *KalturaBaseOperator.template_fields,
        "entry_id",
        "chapters",
        "file",
        "entries",
        "aws_conn_id",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {
        **KalturaBaseOperator.template_fields_renderers,
        "chapters": "json",
        "entries": "json",
    }

    def __init__(
        self,
        *,
        entry_id: str | None = None,
        chapters: Any = None,
        file: str | None = None,
        entries: Sequence[Any] | None = None,
        aws_conn_id: str | None = "aws_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.entry_id = entry_id
        self.chapters = chapters
        self.file = file
        self.entries = entries
        self.aws_conn_id = aws_conn_id

    def execute(self, context: Context) -> dict[str, Any]:
        """Add, change and delete chapters.

        :param context: the task's context.
        :return: counts by entry.
        :raises kaltura_provider.api.KalturaError: Kaltura refused.
        :raises ValueError: chapters cannot be read, which is found before anything is changed, or lie after the end of
            their entry; the message names them.
        """
        from kaltura_provider.api.chapters import put_chapters
        from kaltura_provider.operators.many import changes_of, pairs_of
        from kaltura_provider.transfers.small_files import SmallFiles

        one = {"chapters": self.chapters, "file": self.file}
        files = SmallFiles(self.aws_conn_id, _MAX_BYTES)
        wanted = [
            (entry_id, _read(entry_id, given, files))
            for entry_id, given in pairs_of(self.entry_id, one, self.entries, ("chapters", "file"))
        ]
        return changes_of(put_chapters(self.hook.get_conn(), wanted), "chapters", self.log.info)


def _read(entry_id: str, given: Mapping[str, Any], files: Any) -> list[Chapter]:
    from kaltura_provider.api.chapters import read_chapters

    chapters, file = given.get("chapters"), given.get("file")
    if (chapters is None) == (file is None):
        raise ValueError(
            f"Entry {entry_id}: set either chapters or file. An empty list as chapters removes those made before."
        )
    if file is not None:
        return read_chapters(files.read(str(file)), str(file))
    return read_chapters(chapters, f"chapters of entry {entry_id}")
