"""Days of analytics in S3: one prefix a report and local day, whose files are replaced as one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from kaltura_provider.hooks.s3_write import raise_explained

if TYPE_CHECKING:
    from kaltura_provider.api.analytics.day_files import DayFiles

# How often two that write one day at the same time try to be the last.
_ATTEMPTS = 5


class S3Partitions:
    """The tables below a prefix: ``<prefix><report>/day=<YYYY-MM-DD>/data.parquet`` and a manifest beside it.

    :param aws_conn_id: ID of the AWS connection.
    :param bucket: the bucket.
    :param prefix: where the tables are, such as ``analytics/``.
    :param extra_args: further arguments of ``PutObject``.
    """

    def __init__(
        self, aws_conn_id: str | None, bucket: str, prefix: str, extra_args: Mapping[str, Any] | None = None
    ) -> None:
        if not bucket:
            raise ValueError("s3_bucket is needed to keep tables in S3; it is empty.")
        self.bucket = bucket
        self.prefix = prefix.strip("/") + "/" if prefix.strip("/") else ""
        self._aws_conn_id = aws_conn_id
        self._extra = dict(extra_args or {})
        self._made: Any = None

    @property
    def client(self) -> Any:
        """The S3 client, made when it is needed."""
        if self._made is None:
            from airflow.providers.amazon.aws.hooks.s3 import S3Hook

            self._made = S3Hook(aws_conn_id=self._aws_conn_id).get_conn()
        return self._made

    def folder(self, report: str, day: str) -> str:
        """Return the prefix of a day's files."""
        return f"{self.prefix}{report.lower()}/day={day}/"

    def put(self, written: DayFiles) -> str:
        """Put a day's files in the place of those that are there (``PutObject``).

        A reader of tables sees the old file or the new one. The manifest comes last; a process that dies before it
        leaves one whose checksum does not fit, and the next run mends it. Of two at once, one is last with all files.

        :param written: the files.
        :return: the address of the prefix.
        :raises ValueError: no such bucket, or no access to it; names the fix.
        """
        from botocore.exceptions import ClientError

        from kaltura_provider.api.analytics.day_files import MANIFEST

        folder = self.folder(written.manifest["report"], written.manifest["day"])
        body = json.dumps(written.manifest, indent=1, ensure_ascii=False).encode()
        try:
            for _ in range(_ATTEMPTS):
                tags = {name: self._put_file(folder + name, each) for name, each in written.files.items()}
                self._put(folder + MANIFEST, body, "application/json")
                if all(self._tag(folder + name) == tag for name, tag in tags.items()):
                    break
        except ClientError as error:
            raise_explained(error, self.bucket, folder)
            raise
        return f"s3://{self.bucket}/{folder}"

    def manifest(self, report: str, day: str) -> dict[str, Any] | None:
        """Read the manifest of a day (``GetObject``).

        :return: None when there is none.
        """
        from kaltura_provider.api.analytics.day_files import MANIFEST

        body = self.read(self.folder(report, day) + MANIFEST)
        return None if body is None else dict(json.loads(body))

    def manifests(self, report: str, days: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Read the manifests of several days, those that there are."""
        found = {day: self.manifest(report, day) for day in days}
        return {day: manifest for day, manifest in found.items() if manifest is not None}

    def table(self, report: str, day: str) -> Any:
        """Read a day's table (``GetObject``).

        :return: a ``pyarrow.Table``; None when there is none.
        """
        import io

        import pyarrow.parquet as parquet

        body = self.read(self.folder(report, day) + "data.parquet")
        return None if body is None else parquet.read_table(io.BytesIO(body))

    def read(self, key: str) -> bytes | None:
        """Read an object; None when there is none."""
        from botocore.exceptions import ClientError

        try:
            return bytes(self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read())
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in ("NoSuchKey", "404"):
                return None
            raise_explained(error, self.bucket, key)
            raise

    def _put_file(self, key: str, file: Any) -> str:
        with file.path.open("rb") as stream:
            return self._put(key, stream, file.content_type)

    def _put(self, key: str, body: Any, content_type: str) -> str:
        answer = self.client.put_object(Bucket=self.bucket, Key=key, Body=body, ContentType=content_type, **self._extra)
        return str(answer.get("ETag"))

    def _tag(self, key: str) -> str:
        return str(self.client.head_object(Bucket=self.bucket, Key=key).get("ETag"))
