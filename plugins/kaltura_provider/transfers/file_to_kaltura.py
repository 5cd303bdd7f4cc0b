"""From files, local or in any object store Airflow knows, into Kaltura."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kaltura_provider.transfers.upload import KalturaUploadOperator

if TYPE_CHECKING:
    from airflow.sdk import ObjectStoragePath

    from kaltura_provider.api import UploadSource


class FileToKalturaOperator(KalturaUploadOperator):
    """Upload one file and make it one Kaltura entry, exactly once.

    The file is any path of Airflow's object storage: a local path on the worker, ``file://``, ``gs://connection@bucket``,
    ``abfs://`` and so on. For S3, :class:`~kaltura_provider.transfers.s3_to_kaltura.S3ToKalturaOperator` also pins the
    object's version. (Kaltura ``media.add``, ``uploadToken.add``, ``uploadToken.upload``, ``media.addContent``.)

    Returns the same mapping as ``S3ToKalturaOperator``.

    :param path: the file. Templated.
    :param conn_id: ID of the connection to the object store; may also be written in the path. Templated.
    :param entry: properties of the new entry, such as ``{"name": "Talk", "tags": "a,b"}``. Templated.
    :param reference_id: identity of the entry. Default: the path's scheme and a hash of the path. Templated.
    :param media_kind: ``video``, ``audio``, ``image``, ``document`` or ``data``; found from the file if None.
        Templated.
    :param ledger: ``s3://bucket/prefix`` of a ledger, where one is wanted: it keeps two tasks off one file, and any
        task goes on where another stopped. Without it that is noted in Airflow's task state store. Templated.
    :param aws_conn_id: ID of the AWS connection to the ledger. Templated.
    :param renditions: further finished files of an audio or video: name or ID of the flavor params, and the path.
        Templated.
    :param part_size: bytes of one upload request. Default: 5 to 50 MB, by the size of the file.
    :param parallel: upload requests at once, 1 to 16. Default: 4, or 8 for big files and far servers.
    :param patience: seconds (or a timedelta) to go on trying while Kaltura or the store is in trouble. Default: 200.
    :param if_changed: what to do when the entry exists and was made from other content than the source has now:
        ``replace`` its content, ``fail``, or ``keep`` the entry as it is.
    :param approve_replacement: approve the new content where the account asks for that.
    :param wait_until_ready: whether to wait until Kaltura has converted the entry.
    :param wait_timeout: seconds (or a timedelta) to wait for that. Default 12 hours.
    :param poll_interval: seconds between two looks while waiting. Default 30.
    :param deferrable: wait in the triggerer, so that no worker slot is held. False waits on the worker.
    :param kaltura_conn_id: ID of the ``kaltura`` connection. Templated.
    :param session: restrictions of the Kaltura session. Templated.
    """

    template_fields: Sequence[str] = (*KalturaUploadOperator.template_fields, "path", "conn_id")

    def __init__(self, *, path: str, conn_id: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.path = path
        self.conn_id = conn_id

    def find_source(self) -> UploadSource:
        """Look the file up.

        :return: the file, with the state it is in now.
        :raises kaltura_provider.hooks.errors.UploadSourceError: it cannot be used; the message names the fix.
        """
        from kaltura_provider.transfers.path_source import PathSource

        return PathSource.find(self._path())

    def find_rendition(self, place: str) -> UploadSource:
        """Look up a further file of the entry.

        :param place: its path.
        :raises kaltura_provider.hooks.errors.UploadSourceError: it cannot be used; the message names the fix.
        """
        from airflow.sdk import ObjectStoragePath

        from kaltura_provider.transfers.path_source import PathSource

        return PathSource.find(ObjectStoragePath(place, conn_id=self.conn_id))

    def source_url(self) -> str:
        """Return the path as a URL, without the connection."""
        path = self._path()
        return f"{path.protocol or 'file'}://{path.path}"

    def _path(self) -> ObjectStoragePath:
        from airflow.sdk import ObjectStoragePath

        if not str(self.path or "").strip():
            raise ValueError("path is empty. Set it to a file, such as /data/talk.mp4 or gs://bucket/talk.mp4.")
        return ObjectStoragePath(str(self.path), conn_id=self.conn_id)
