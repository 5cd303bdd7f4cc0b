"""Attachments of entries."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from kaltura_provider.operators.base import KalturaBaseOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

    from kaltura_provider.api.enrichment.attachments import WantedAttachment
    from kaltura_provider.transfers.small_files import SmallFiles

_FIELDS = ("file", "content", "filename", "title", "format")


class KalturaAttachmentOperator(KalturaBaseOperator):
    """Attach files to entries, such as slides or transcripts (``attachment_attachmentAsset.list``, ``add``,
    ``setContent``, ``update``, ``get``).

    A file takes the place of one of the same name, so repeating it changes nothing, and unchanged content is not sent
    again; of files in S3 it is not even read. Sizes are read back. Attachments that are not named stay. About twenty
    entries travel together; each new content takes one request of its own.

    Returns a mapping of entry id to ``{"added": int, "updated": int}``.

    :param entry_id: the entry. Templated.
    :param files: its files: places such as ``s3://bucket/slides.pdf``, a path on the worker, or any other of Airflow's
        object storage; or mappings with ``file`` (a place) or ``content`` (text or bytes), and perhaps ``filename``,
        ``title`` and ``format`` (1 text, 2 media, 3 document, 4 JSON, 5 Markdown; told by the file ending). Templated.
    :param entries: several entries instead of one: pairs of entry id and files, or mappings with ``entry_id`` and
        ``files``. Templated.
    :param aws_conn_id: ID of the AWS connection, for files in S3. Templated.
    :param kaltura_conn_id: ID of the ``kaltura`` connection. Templated.
    :param session: restrictions of the session. Templated.
    """

    template_fields: Sequence[str] = (
        *KalturaBaseOperator.template_fields,
        "entry_id",
        "files",
        "entries",
        "aws_conn_id",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {
        **KalturaBaseOperator.template_fields_renderers,
        "files": "json",
        "entries": "json",
    }

    def __init__(
        self,
        *,
        entry_id: str | None = None,
        files: Sequence[Any] | str | None = None,
        entries: Sequence[Any] | None = None,
        aws_conn_id: str | None = "aws_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.entry_id = entry_id
        self.files = files
        self.entries = entries
        self.aws_conn_id = aws_conn_id

    def execute(self, context: Context) -> dict[str, Any]:
        """Attach the files.

        :param context: the task's context.
        :return: counts by entry.
        :raises kaltura_provider.api.KalturaError: Kaltura refused.
        :raises kaltura_provider.hooks.errors.UploadSourceError: a file cannot be read; the message names the fix.
        :raises ValueError: a description of a file is wrong, a file is empty, or its size was read back wrong.
        """
        from kaltura_provider.api.attachments import put_attachments
        from kaltura_provider.api.enrichment.attachments import MAX_BYTES
        from kaltura_provider.operators.many import changes_of, pairs_of
        from kaltura_provider.transfers.small_files import SmallFiles

        contents: dict[str, bytes] = {}
        files = SmallFiles(self.aws_conn_id, MAX_BYTES)
        wanted = [
            (entry_id, _wanted(entry_id, given.get("files"), contents, files))
            for entry_id, given in pairs_of(self.entry_id, {"files": self.files}, self.entries, ("files",))
        ]

        def read(key: str) -> bytes:
            return contents[key] if key in contents else files.read(key)

        return changes_of(put_attachments(self.hook.get_conn(), wanted, read), "attachments", self.log.info)


def _wanted(entry_id: str, files: Any, contents: dict[str, bytes], small_files: SmallFiles) -> list[WantedAttachment]:
    from kaltura_provider.api.enrichment.attachments import WantedAttachment

    if isinstance(files, (str, Mapping)):
        files = [files]
    if not isinstance(files, Iterable):
        raise ValueError(
            f"Entry {entry_id}: files must be a list of places such as 's3://bucket/a.pdf', not {files!r}."
        )
    found = []
    for number, item in enumerate(files, 1):
        place = f"Entry {entry_id}, file {number}"
        if isinstance(item, str):
            item = {"file": item}
        if not isinstance(item, Mapping) or not set(item) <= set(_FIELDS):
            raise ValueError(f"{place}: {item!r} is no file; write a place, or a mapping with {', '.join(_FIELDS)}.")
        content, file = item.get("content"), item.get("file")
        if (content is None) == (file is None):
            raise ValueError(f"{place}: set either file or content.")
        name = str(item.get("filename") or "")
        if content is not None:
            if not name:
                raise ValueError(f"{place}: content needs a filename.")
            file = f"{entry_id}/{name}"
            contents[file] = content.encode() if isinstance(content, str) else bytes(content)
            etag = hashlib.sha256(contents[file]).hexdigest()
        else:
            file = str(file)
            etag = small_files.version(file)
        title, kind = (str(item.get(key) or "") for key in ("title", "format"))
        found.append(WantedAttachment(file, etag, name, title, kind))
    return found
