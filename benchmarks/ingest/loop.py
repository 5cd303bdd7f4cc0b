"""A loop over the official client, as it is written when nothing else is at hand; runs in a process of its own.

It reads its job from standard input and reports as one line of JSON.
"""

from __future__ import annotations

import io
import json
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.ingest.files import sample
from benchmarks.ingest.memory import high_water

_IMAGE, _PDF = 2, 13


def main() -> None:
    """Get each file of the sample from S3, and make it an entry."""
    job = json.loads(sys.stdin.readline())
    client, s3 = official_client(job), _s3(job)
    keys = [key for key, _ in sample(job["files"], job["seed"])]
    started = time.perf_counter()
    for key in keys:
        _send(client, key, s3.get_object(Bucket=job["bucket"], Key=key)["Body"].read())
    seconds = time.perf_counter() - started
    print(json.dumps({"seconds": seconds, "memory": high_water(Path("/proc/self"))}), flush=True)


def _send(client: Any, key: str, data: bytes) -> None:
    from KalturaClient.Plugins.Core import (
        KalturaEntryType,
        KalturaMediaEntry,
        KalturaUploadedFileTokenResource,
        KalturaUploadToken,
    )
    from KalturaClient.Plugins.Document import KalturaDocumentEntry

    name = key.rsplit("/", 1)[-1]
    token = KalturaUploadToken()
    token.fileName, token.fileSize = name, len(data)
    token = client.uploadToken.add(token)
    file = io.BytesIO(data)
    file.name = name
    client.uploadToken.upload(token.id, file, False, True, -1)
    resource = KalturaUploadedFileTokenResource()
    resource.token = token.id
    if name.endswith(".pdf"):
        document = KalturaDocumentEntry()
        document.name, document.documentType = name, _PDF
        added = client.baseEntry.add(document, KalturaEntryType.DOCUMENT)
        client.baseEntry.addContent(added.id, resource)
    else:
        media = KalturaMediaEntry()
        media.name, media.mediaType = name, _IMAGE
        added = client.media.add(media)
        client.media.addContent(added.id, resource)


def official_client(job: dict[str, Any]) -> Any:
    """Return the official client with an administrator's session."""
    from KalturaClient import KalturaClient, KalturaConfiguration
    from KalturaClient.Plugins.Core import KalturaSessionType

    config = KalturaConfiguration()
    config.serviceUrl = job["kaltura"]
    config.requestTimeout = 120
    client = KalturaClient(config)
    client.setKs(client.session.start(job["secret"], "benchmark", KalturaSessionType.ADMIN, job["partner"]))
    return client


def _s3(job: dict[str, Any]) -> Any:
    from demo.bucket import s3_client

    return s3_client(job["s3"])


if __name__ == "__main__":
    main()
