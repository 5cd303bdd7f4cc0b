"""The provider's upload, from a local file or from S3, with its defaults unless the job says otherwise."""

from __future__ import annotations

from typing import Any

from _job import clock, idle, job, report

from kaltura_provider.api import AdminSecretCredentials, ClientConfig, FileSource, KalturaClient, SessionSpec, upload


class Hook:
    """What S3Source needs of an S3Hook."""

    aws_conn_id = "benchmark"

    def get_conn(self) -> Any:
        import boto3

        return boto3.client(
            "s3", endpoint_url=job["s3"], region_name="us-east-1", aws_access_key_id="benchmark",
            aws_secret_access_key="benchmark",
        )  # fmt: skip


def main() -> None:
    if job.get("s3"):
        from kaltura_provider.transfers.s3_source import S3Source

        source: Any = S3Source.find(Hook(), "bucket", job["key"])  # type: ignore[arg-type]
    else:
        source = FileSource(job["path"])
    config = ClientConfig("http://" + job["address"], job["partner"])
    with KalturaClient(config, AdminSecretCredentials(job["secret"]), SessionSpec(user_id="benchmark")) as client:
        client.ks()
        if idle():
            return
        started = clock()
        result = upload(client, source, **job.get("options", {}))
        report(clock() - started, result.token.id)


main()
