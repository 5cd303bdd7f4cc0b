"""The command ``python -m kaltura_sandbox.faults``: the proxy alone, in front of any Kaltura sandbox or S3 server."""

from __future__ import annotations

import argparse
import contextlib
import logging
import signal
import sys
import threading

from .fault import KALTURA, SERVICES
from .options import add_options, read_options
from .proxy import FaultProxy


def main(arguments: list[str] | None = None) -> int:
    """Run the proxy until it is interrupted.

    :param arguments: the command line; the process's own by default.
    :return: the exit status.
    """
    parser = argparse.ArgumentParser(
        prog="kaltura_sandbox.faults", description="A proxy that loses, delays and spoils requests on demand."
    )
    parser.add_argument("--upstream", required=True, metavar="URL", help="the server behind the proxy")
    parser.add_argument("--service", default=KALTURA, choices=SERVICES, help="what that is (default %(default)s)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default %(default)s)")
    parser.add_argument("--port", type=int, default=8124, help="port, 0 for a free one (default %(default)s)")
    parser.add_argument("--log-level", default="info", choices=["debug", "info", "warning", "error"])
    add_options(parser)
    options = parser.parse_args(arguments)
    logging.basicConfig(level=options.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        proxy = FaultProxy(
            options.upstream, service=options.service, host=options.host, port=options.port,
            **read_options(options, options.service),
        )  # fmt: skip
    except ValueError as problem:
        parser.error(str(problem))
    except RuntimeError as problem:
        print(problem, file=sys.stderr)
        return 1
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    with proxy, contextlib.suppress(KeyboardInterrupt):
        print(f"Fault proxy ready at {proxy.url} (in front of {proxy.upstream_url})", flush=True)
        ended.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
