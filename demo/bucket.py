"""The demonstration's S3: moto's server, which forgets everything when it stops, kept on disk between runs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

BUCKET = "media"
REGION = "us-east-1"
ACCESS_KEY, SECRET_KEY = "demo", "demo-secret"
INDEX = "index.json"


def s3_client(url: str) -> Any:
    """Return a boto3 client for a local S3 server."""
    import boto3

    return boto3.client(
        "s3", endpoint_url=url, region_name=REGION, aws_access_key_id=ACCESS_KEY, aws_secret_access_key=SECRET_KEY
    )


def save_bucket(client: Any, folder: Path) -> None:
    """Write all objects of the bucket to a folder; the index is written last, so a broken save is never read."""
    folder.mkdir(parents=True, exist_ok=True)
    index: dict[str, dict[str, str]] = {}
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
        for number, item in enumerate(page.get("Contents", []), start=len(index)):
            answer = client.get_object(Bucket=BUCKET, Key=item["Key"])
            (folder / f"{number:06d}").write_bytes(answer["Body"].read())
            index[item["Key"]] = {"file": f"{number:06d}", "type": answer["ContentType"]}
    temporary = folder / f"{INDEX}.new"
    temporary.write_text(json.dumps(index, indent=1))
    temporary.replace(folder / INDEX)


def open_to_all(client: Any) -> None:
    """Let everybody on this machine read and put objects: browsers open pages, and curl puts files."""
    rule = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": ["s3:GetObject", "s3:PutObject"],
        "Resource": f"arn:aws:s3:::{BUCKET}/*",
    }
    client.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps({"Version": "2012-10-17", "Statement": [rule]}))


def restore_bucket(client: Any, folder: Path) -> int:
    """Create the bucket and put back what an earlier run saved; return the number of objects."""
    client.create_bucket(Bucket=BUCKET)
    try:
        index = json.loads((folder / INDEX).read_text())
    except FileNotFoundError:
        return 0
    for key, note in index.items():
        data = (folder / note["file"]).read_bytes()
        client.put_object(Bucket=BUCKET, Key=key, Body=data, ContentType=note["type"])
    return len(index)
