"""The official client: one request, or a loop of parts."""

import io
import os

from _job import clock, idle, job, report
from KalturaClient import KalturaClient, KalturaConfiguration
from KalturaClient.Plugins.Core import KalturaSessionType, KalturaUploadToken


def main() -> None:
    config = KalturaConfiguration()
    config.serviceUrl = "http://" + job["address"]
    config.requestTimeout = 120  # its own 10 s are too short for the answer to a large request
    client = KalturaClient(config)
    client.setKs(client.session.start(job["secret"], "benchmark", KalturaSessionType.ADMIN, job["partner"]))
    if idle():
        return
    size = os.path.getsize(job["path"])
    part = job["options"].get("part_size") or size
    started = clock()
    token = KalturaUploadToken()
    token.fileName, token.fileSize = os.path.basename(job["path"]), size
    token = client.uploadToken.add(token)
    with open(job["path"], "rb") as file:
        if part == size:
            client.uploadToken.upload(token.id, file, False, True, -1)
        else:
            for offset in range(0, size, part):
                chunk = io.BytesIO(file.read(part))
                chunk.name = os.path.basename(job["path"])
                client.uploadToken.upload(token.id, chunk, offset > 0, offset + part >= size, offset if offset else -1)
    report(clock() - started, token.id)


main()
