"""The S3 of the benchmark: nginx, whose static files answer HeadObject, and GetObject with Range and If-Match.

moto reads the whole object for every range, which is slower than what is measured here.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.upload.environment import nginx

_CONFIG = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 256; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  default_type binary/octet-stream;
  server {{
    listen 127.0.0.1:{port};
    location / {{
      root {root};
      # Anything but the object itself, such as its attributes or its ACL.
      if ($args ~ "attributes|acl|tagging|versions|uploads") {{ return 501; }}
    }}
  }}
}}
"""


@contextlib.contextmanager
def running_storage(folder: Path, objects: Path) -> Iterator[str]:
    """Serve files as S3 objects.

    :param folder: for what nginx writes.
    :param objects: holds a folder ``bucket`` with the objects.
    :return: the endpoint's URL.
    """
    folder.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    config = folder / "nginx.conf"
    user = "" if os.geteuid() else "user root;"
    config.write_text(user + _CONFIG.format(folder=folder, root=objects, port=port))
    # It does not notice by itself when the benchmark is killed.
    command = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []
    command += [str(nginx()), "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(config)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as process:
        try:
            _wait_for(port, process, folder / "error.log")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 10
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise RuntimeError(f"nginx did not start: {log.read_text() if log.exists() else ''}")
