"""Where a pipeline works: S3, the source bucket, and the pipeline's own documents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from kaltura_pipeline.errors import ConfigurationError
from kaltura_provider.hooks.s3_documents import S3Documents
from kaltura_provider.transfers.ledger import Ledger

if TYPE_CHECKING:
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook

    from kaltura_pipeline.settings import PipelineSettings


# Captions of a whole day of speech stay far below; a film that was named .srt must not fill the worker's memory.
MAXIMUM_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True)
class Workspace:
    """Where a pipeline works: S3, the source bucket, and its own documents."""

    settings: PipelineSettings
    hook: S3Hook
    bucket: str
    documents: S3Documents

    @classmethod
    def open(cls, settings: PipelineSettings, bucket: str) -> Workspace:
        """Open the workspace of a run.

        :param bucket: source bucket; the documents lie in ``settings.state_bucket`` if that is set, else here too.
        :raises ConfigurationError: no bucket is named.
        """
        from airflow.providers.amazon.aws.hooks.s3 import S3Hook

        if not bucket:
            raise ConfigurationError(
                "no bucket is named: fill 'S3 bucket' in the trigger form, or set KALTURA_PIPELINE_BUCKET"
            )
        hook = S3Hook(aws_conn_id=settings.aws_conn_id)
        documents = S3Documents(hook.get_conn(), settings.state_bucket or bucket, settings.state_prefix)
        return cls(settings, hook, bucket, documents)

    @property
    def client(self) -> Any:
        """The boto3 client of S3."""
        return self.hook.get_conn()

    @property
    def ledger(self) -> Ledger:
        """The ledger of this workspace."""
        return Ledger(self.documents)

    def read(self, key: str, most: int = MAXIMUM_BYTES) -> bytes:
        """Return the bytes of a small source object. S3: GetObject.

        :param key: its key.
        :param most: so many bytes it may have.
        :raises ValueError: it is larger, and so is not what its name says.
        """
        body: bytes = self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read(most + 1)
        if len(body) > most:
            raise ValueError(f"{key}: larger than {most} bytes, too large for what its name says; check the file")
        return body

    def browser_url(self, uri: str) -> str:
        """Return where a browser opens a document, or an empty text if it cannot. Nothing in it is secret.

        That is below ``settings.state_url`` if it is set, else in the console of AWS.

        :param uri: the document's ``s3://`` address.
        """
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        if self.settings.state_url:
            return f"{self.settings.state_url.rstrip('/')}/{quote(key)}"
        if str(self.client.meta.endpoint_url).endswith((".amazonaws.com", ".amazonaws.com.cn")):
            return f"https://s3.console.aws.amazon.com/s3/object/{bucket}?{urlencode({'prefix': key})}"
        return ""

    def write_html(self, name: str, html: str) -> str:
        """Write a page below the state prefix and return its address. S3: PutObject."""
        uri = self.documents.uri(name)
        self.client.put_object(
            Bucket=self.documents.bucket,
            Key=self.documents.prefix + name,
            Body=html.encode(),
            ContentType="text/html; charset=utf-8",
        )
        return uri


def run_name(run_id: str) -> str:
    """Return the folder of a run's documents; run ids hold ``:`` and ``+``, which some S3 tools dislike."""
    return "runs/" + "".join(char if char.isalnum() or char in "-_." else "-" for char in run_id)
