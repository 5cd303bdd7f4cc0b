"""A server in a process of its own that gives prepared answers at once, so that readers alone are measured."""

from __future__ import annotations

import multiprocessing
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.report.answers import csv_file, pages

if TYPE_CHECKING:
    from collections.abc import Iterator

CSV = "report.csv"


def prepare(folder: Path, count: int) -> int:
    """Write the answers; return how many pages there are.

    :param folder: where.
    :param count: rows.
    """
    number = 0
    for number, page in enumerate(pages(count), start=1):
        (folder / f"{number}.json").write_bytes(page)
    with (folder / CSV).open("wb") as file:
        file.writelines(csv_file(count))
    return number


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    folder: Path

    def do_POST(self) -> None:
        """Answer ``report.getTable``: the page whose number the filter's ``entryIdIn`` says."""
        import json

        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._give(self.folder / f"{asked['reportInputFilter']['entryIdIn']}.json", "application/json")

    def do_GET(self) -> None:
        """Give the file."""
        self._give(self.folder / CSV, "text/csv")

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def _give(self, file: Path, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(file.stat().st_size))
        self.end_headers()
        with file.open("rb") as stream:
            while piece := stream.read(1 << 20):
                self.wfile.write(piece)


def _serve(folder: Path, address: Any) -> None:
    _Handler.folder = folder
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    address.send(f"http://127.0.0.1:{server.server_address[1]}")
    server.serve_forever()


@contextmanager
def answering(folder: Path) -> Iterator[str]:
    """Run the server over a folder; give its address."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(folder, theirs), daemon=True)
    process.start()
    try:
        yield ours.recv()
    finally:
        process.kill()
        process.join()
