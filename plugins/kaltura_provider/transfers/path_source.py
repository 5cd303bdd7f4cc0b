"""A file behind any path that Airflow's object storage understands, as a source of uploads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kaltura_provider.api.errors import SourceUnavailableError
from kaltura_provider.hooks.errors import UploadSourceError

if TYPE_CHECKING:
    from airflow.sdk import ObjectStoragePath

    from kaltura_provider.api import ByteStream, Checksum


# What file systems say about a file differs; the first of these that there is tells versions apart.
_VERSION_MARKS = (
    "ETag",
    "etag",
    "md5Hash",
    "generation",
    "mtime",
    "LastModified",
    "last_modified",
    "updated",
    "created",
)


@dataclass(frozen=True)
class PathSource:
    """One file, with the state it was in when it was looked up.

    :param path: where it is.
    :param name: its file name.
    :param size: bytes.
    :param fingerprint: changes whenever the content does.
    :param checksum: None: what stores say of a file differs too much.
    """

    path: ObjectStoragePath = field(repr=False, compare=False)
    name: str
    size: int
    fingerprint: str
    checksum: Checksum | None = None

    @classmethod
    def find(cls, path: ObjectStoragePath) -> PathSource:
        """Look a file up.

        :param path: where it is.
        :return: the source.
        :raises UploadSourceError: there is no such file, no access to it, or it is empty. The message names the fix.
        """
        try:
            file_system = path.fs
        except ValueError as error:
            raise UploadSourceError(
                f"{path} cannot be read: {error}. Install the Airflow provider of that store, such as "
                "apache-airflow-providers-google for gs:// or apache-airflow-providers-microsoft-azure for abfs://."
            ) from error
        try:
            info = file_system.info(path.path)
        except FileNotFoundError:
            raise UploadSourceError(
                f"{path} does not exist. Check the path; a local path must exist on the worker that runs the task."
            ) from None
        except PermissionError as error:
            raise UploadSourceError(
                f"Access to {path} was denied: {error}. Give the worker's user, or the connection in the path, read "
                "access."
            ) from error
        if info.get("type") == "directory":
            raise UploadSourceError(f"{path} is a folder. Name a file; map the task over the files of a folder.")
        size = int(info["size"])
        if size == 0:
            raise UploadSourceError(f"{path} is empty. Kaltura accepts no empty files; write it again.")
        return cls(path=path, name=path.name, size=size, fingerprint=_fingerprint(size, info))

    def open(self, start: int, length: int) -> ByteStream:
        """Open a range.

        :param start: first byte.
        :param length: number of bytes; must end within the file.
        :return: a stream of these bytes.
        :raises kaltura_provider.api.SourceChangedError: the file was changed or deleted since it was looked up.
        :raises kaltura_provider.api.SourceUnavailableError: its store is in trouble or out of reach.
        :raises UploadSourceError: access was taken away since.
        """
        from kaltura_provider.api import SourceChangedError

        try:
            # File systems keep listings; a changed file must not hide behind one.
            self.path.fs.invalidate_cache()
            info = self.path.fs.info(self.path.path)
            if _fingerprint(int(info["size"]), info) != self.fingerprint:
                raise SourceChangedError(f"{self.path} was changed while it was being uploaded.")
            stream: Any = self.path.fs.open(self.path.path, "rb")
        except FileNotFoundError:
            raise SourceChangedError(
                f"{self.path} was deleted while it was being uploaded. Put it back and clear the task."
            ) from None
        except PermissionError as error:
            raise UploadSourceError(
                f"Access to {self.path} was taken away during the upload: {error}. Give the worker's user, or the "
                "connection in the path, read access."
            ) from error
        except OSError as error:
            raise _unavailable(str(self.path), error) from error
        stream.seek(start)
        return _Limited(stream, length, str(self.path))


def _fingerprint(size: int, info: dict[str, Any]) -> str:
    for key in _VERSION_MARKS:
        if info.get(key):
            return f"{size}:{info[key]}"
    return str(size)


class _Limited:
    """The next bytes of a stream, up to a number, as a stream of its own that closes the other one."""

    def __init__(self, stream: Any, length: int, path: str) -> None:
        self._stream = stream
        self._left = length
        self._path = path

    def read(self, size: int = -1, /) -> bytes:
        try:
            data: bytes = self._stream.read(self._left if size < 0 else min(size, self._left))
        except OSError as error:
            raise _unavailable(self._path, error) from error
        self._left -= len(data)
        return data

    def close(self) -> None:
        self._stream.close()


def _unavailable(path: str, error: OSError) -> SourceUnavailableError:
    return SourceUnavailableError(
        f"{path} cannot be read just now: {error}. If it stays, check the store and the network between it and the "
        "worker."
    )
