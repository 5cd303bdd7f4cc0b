"""How fast uploads are, against ``curl`` sending the same file in one request, and against parts one after another.

Run: ``python -m benchmarks.upload [MB ...]`` (64 and 512 by default). Server and client share this machine, so the
ratios tell more than the seconds. The candidates take turns; each figure is the median of several fresh uploads, timed
from ``uploadToken.add`` to the answer that closes the file. Every upload is checked for its size and closed state, and
its token is deleted.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from kaltura_provider.api import AdminSecretCredentials, ClientConfig, FileSource, KalturaClient, SessionSpec, upload

RUNS = 5
PARTNER, SECRET = 102, "admin-secret-of-the-benchmark"
HEAD = Path(__file__).parent.parent / "tests" / "contract" / "scenarios" / "_fixtures" / "tiny.mp4"
MEGABYTE = 1000 * 1000

#: Takes client and file, and returns the ID of the token.
Candidate = Callable[[KalturaClient, Path], str]


@contextlib.contextmanager
def running_sandbox(folder: Path) -> Iterator[str]:
    """A sandbox in a process of its own, so that the client is not slowed down by it; gives its URL."""
    command = [sys.executable, "-m", "kaltura_sandbox", "--host", "127.0.0.1", "--port", "0", "--data", str(folder)]
    command += ["--partner-id", str(PARTNER), "--admin-secret", SECRET, "--user-secret", "user-secret"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            found = re.search(r"http://\S+", line)
            if not found:
                raise RuntimeError(f"the sandbox did not start: {line!r}")
            yield found[0]
        finally:
            process.terminate()


def make_file(path: Path, size: int) -> Path:
    """An MP4 of this size: the beginning is real, the rest is random bytes in a box that players skip."""
    head = HEAD.read_bytes()
    with path.open("wb") as file:
        file.write(head + (1).to_bytes(4, "big") + b"free" + (size - len(head)).to_bytes(8, "big"))
        while (left := size - file.tell()) > 0:
            file.write(os.urandom(min(left, 8 * MEGABYTE)))
    return path


def with_curl(client: KalturaClient, path: Path) -> str:
    """One request with everything."""
    params = {"uploadToken": {"fileName": path.name, "fileSize": path.stat().st_size}}
    token = str(client.call("uploadToken", "add", params)["id"])
    url = f"{client.config.service_url}/api_v3/service/uploadToken/action/upload?format=1"
    # The session goes through standard input: command lines can be read by everybody.
    options = f'form-string = "ks={client.ks()}"\nform-string = "uploadTokenId={token}"\nform = "fileData=@{path}"\n'
    run = subprocess.run(
        ["curl", "-sS", "-H", "Expect:", "-K", "-", url], input=options, capture_output=True, text=True, check=True
    )
    if json.loads(run.stdout).get("status") != 2:
        raise RuntimeError(f"curl did not upload the file: {run.stdout}")
    return token


def with_upload(parallel: int | None) -> Candidate:
    """The upload of the provider."""

    def run(client: KalturaClient, path: Path) -> str:
        return upload(client, FileSource(path), parallel=parallel).token.id

    return run


def one_after_another(client: KalturaClient, path: Path) -> str:
    """Parts of the size the parallel upload would take, one after another."""
    from kaltura_provider.api.upload_plan import choose_plan

    size = path.stat().st_size
    return upload(client, FileSource(path), parallel=1, part_size=choose_plan(size).part_size).token.id


CANDIDATES: dict[str, Candidate] = {
    "curl, one request": with_curl,
    "parallel=1, parts of equal size": one_after_another,
    "parallel=1": with_upload(1),
    "parallel=2": with_upload(2),
    "parallel=4": with_upload(4),
    "parallel=8": with_upload(8),
    "upload() as it comes": with_upload(None),
}


def measure(url: str, path: Path) -> dict[str, list[float]]:
    """Let the candidates take turns; return the seconds of each."""
    config = ClientConfig(url, PARTNER)
    seconds: dict[str, list[float]] = {name: [] for name in CANDIDATES}
    with KalturaClient(config, AdminSecretCredentials(SECRET), SessionSpec(user_id="benchmark")) as client:
        for _ in range(RUNS):
            for name, candidate in CANDIDATES.items():
                client.call("system", "ping")
                started = time.perf_counter()
                token = candidate(client, path)
                seconds[name].append(time.perf_counter() - started)
                state = client.call("uploadToken", "get", {"uploadTokenId": token})
                if (int(state["status"]), int(state["uploadedFileSize"])) != (2, path.stat().st_size):
                    raise RuntimeError(f"{name} left the token incomplete: {state}")
                client.call("uploadToken", "delete", {"uploadTokenId": token})
    return seconds


def main(sizes: list[int]) -> int:
    """Measure and print a table for each size in MB."""
    if shutil.which("curl") is None:
        print("curl is needed to compare with: install it", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder, running_sandbox(Path(folder) / "data") as url:
        for size in sizes:
            path = make_file(Path(folder) / f"{size}.mp4", size * MEGABYTE)
            seconds = measure(url, path)
            path.unlink()
            reference = statistics.median(seconds["curl, one request"])
            print(f"\n{size} MB, {RUNS} runs each     median s   range         MB/s   x curl")
            for name, values in seconds.items():
                middle = statistics.median(values)
                span = f"{min(values):.2f}-{max(values):.2f}"
                print(f"{name:32} {middle:7.2f}   {span:11} {size / middle:6.0f}   {reference / middle:6.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main([int(argument) for argument in sys.argv[1:]] or [64, 512]))
