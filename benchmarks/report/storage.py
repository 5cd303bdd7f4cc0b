"""An S3 server for this process, and the connection to it."""

from __future__ import annotations

import json
import os
from typing import Any


def storage_at(url: str, bucket: str) -> None:
    """Make ``aws_default`` point to a server, and a bucket there.

    :param url: its address.
    :param bucket: the bucket.
    """
    extra = {"endpoint_url": url, "region_name": "us-east-1"}
    connection = {"conn_type": "aws", "login": "x", "password": "x", "extra": extra}
    os.environ["AIRFLOW_CONN_AWS_DEFAULT"] = json.dumps(connection)
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook

    client: Any = S3Hook().get_conn()
    client.create_bucket(Bucket=bucket)
