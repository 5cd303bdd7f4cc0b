"""curl sending the file in one request: the limit of one connection. Its own start is not counted."""

import http.client
import json
import os
import subprocess

from _job import clock, idle, job, report


def call(connection: http.client.HTTPConnection, service: str, action: str, **params: object) -> object:
    body = json.dumps({"format": 1, **params})
    connection.request("POST", f"/api_v3/service/{service}/action/{action}", body, {"Content-Type": "application/json"})
    return json.loads(connection.getresponse().read())


def main() -> None:
    connection = http.client.HTTPConnection(job["address"])
    ks = call(
        connection, "session", "start", secret=job["secret"], userId="benchmark", type=2, partnerId=job["partner"]
    )
    connection.close()
    if idle():
        return
    path = job["path"]
    started = clock()
    token = {"fileName": os.path.basename(path), "fileSize": os.path.getsize(path)}
    added = call(connection, "uploadToken", "add", ks=ks, uploadToken=token)
    seconds = clock() - started
    assert isinstance(added, dict)
    # The session goes through standard input: command lines can be read by everybody.
    options = f'form-string = "ks={ks}"\nform-string = "uploadTokenId={added["id"]}"\nform = "fileData=@{path}"\n'
    url = f"http://{job['address']}/api_v3/service/uploadToken/action/upload?format=1"
    command = ["curl", "-sS", "-H", "Expect:", "-K", "-", "-w", "\n%{time_total}", url]
    run = subprocess.run(command, input=options, capture_output=True, text=True, check=True)
    answer, _, transfer = run.stdout.rpartition("\n")
    assert json.loads(answer).get("status") == 2, f"curl did not upload the file: {answer}"
    report(seconds + float(transfer), added["id"])


main()
