"""The command ``python -m kaltura_sandbox``."""

from __future__ import annotations

import argparse
import logging
import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .faults import FaultProxy
from .faults.options import add_options, read_options
from .receiving.costs import Costs
from .settings import Partner, Settings, default_player_dir
from .traffic.options import add_traffic_options, traffic_plan

if TYPE_CHECKING:
    from .server import SandboxServer

_DURATIONS = (
    ("--index-lag", 0.0, "until lists see a new or changed object"),
    ("--final-chunk-wait", 45.0, "how long the last request of an upload waits for missing chunks"),
    ("--conversion-seconds", 2.0, "until a video is READY"),
    ("--import-retry-seconds", 300.0, "between attempts to import from a URL"),
    ("--reach-seconds", 2.0, "until an order of captions (REACH) is done"),
)

_COSTS = (
    ("--cost-call", "milliseconds of a core charged for an API call, as a real server would take"),
    ("--cost-receive", "milliseconds of a core charged for a megabyte of a body; needs --receivers"),
    ("--cost-append", "milliseconds of a core charged for a megabyte that is appended to an upload"),
)


def main(arguments: list[str] | None = None) -> int:
    """Run the sandbox until it is interrupted.

    :param arguments: the command line; the process's own by default.
    :return: the exit status.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    logging.basicConfig(level=options.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        settings = Settings(
            data=options.data,
            partners=(Partner(options.partner_id, options.admin_secret, options.user_secret), *options.partner),
            host=options.host,
            port=options.port,
            index_lag=options.index_lag,
            final_chunk_wait=options.final_chunk_wait,
            conversion_seconds=options.conversion_seconds,
            import_retry_seconds=options.import_retry_seconds,
            import_attempts=options.import_attempts,
            restrict_file_types=options.restrict_file_types,
            replacement_approval=options.replacement_approval,
            reach_seconds=options.reach_seconds,
            reach_error=options.reach_error,
            sample_events=options.sample_events,
            traffic=traffic_plan(options),
            player_dir=options.player_dir,
            receivers=options.receivers,
            costs=Costs(
                options.cost_cores, options.cost_call / 1000, options.cost_receive / 1000, options.cost_append / 1000
            ),
        )
        faults = _faults(options)
    except ValueError as problem:
        parser.error(str(problem))
    from .server import SandboxServer  # after the options, so that --help and mistakes answer at once

    try:
        with ExitStack() as running:
            server = SandboxServer(settings if faults is None else replace(settings, host="127.0.0.1", port=0))
            url = server.url if faults is None else _start_proxy(running, server, settings, faults)
            server.serve(lambda: print(f"Kaltura sandbox ready at {url} (partner {options.partner_id})", flush=True))
    except RuntimeError as problem:
        print(problem, file=sys.stderr)
        return 1
    except OSError as problem:
        print(f"Cannot use {options.data}: {problem}. Choose another directory with --data.", file=sys.stderr)
        return 1
    return 0


def _faults(options: argparse.Namespace) -> dict[str, Any] | None:
    """Return what the fault proxy is to do; None when none was asked for."""
    if not options.faults and options.fault_seed is None and options.fault_rules is None:
        return None
    return read_options(options, "kaltura")


def _start_proxy(running: ExitStack, server: SandboxServer, settings: Settings, faults: dict[str, Any]) -> str:
    """Put a fault proxy at the address the sandbox was to have; return it."""
    try:
        proxy = FaultProxy(server.url, host=settings.host, port=settings.port, **faults)
    except RuntimeError:
        server.stop()
        raise
    server.sandbox.url = proxy.url
    running.enter_context(proxy)
    return proxy.url


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="kaltura_sandbox", description="A local Kaltura: answers as Kaltura's API server does, keeps its data."
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default %(default)s)")
    parser.add_argument("--port", type=int, default=8123, help="port, 0 for a free one (default %(default)s)")
    parser.add_argument("--data", type=Path, default=Path("sandbox-data"), help="directory (default %(default)s)")
    parser.add_argument(
        "--player-dir", type=Path, default=default_player_dir(),
        help="directory with Kaltura's player, as `make player` fills it (default %(default)s)",
    )  # fmt: skip
    parser.add_argument("--partner-id", type=int, default=102, help="the account (default %(default)s)")
    parser.add_argument("--admin-secret", default="sandbox-admin-secret", help="its admin secret (default %(default)s)")
    parser.add_argument("--user-secret", default="sandbox-user-secret", help="its user secret (default %(default)s)")
    parser.add_argument(
        "--partner", type=_partner, action="append", default=[], metavar="ID:ADMIN_SECRET:USER_SECRET",
        help="one more account; may be repeated",
    )  # fmt: skip
    for name, default, text in _DURATIONS:
        parser.add_argument(
            name, type=float, default=default, metavar="SECONDS", help=f"{text} (default %(default)s seconds)"
        )
    parser.add_argument(
        "--import-attempts", type=int, default=3, metavar="NUMBER",
        help="how often an import from a URL is tried (default %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--restrict-file-types", action="store_true",
        help="refuse uploads that are neither media nor documents nor text, as many accounts do",
    )  # fmt: skip
    parser.add_argument(
        "--replacement-approval", action="store_true", help="new content of a ready entry waits for approval"
    )
    parser.add_argument(
        "--reach-error", default="", metavar="TEXT", help="orders of captions (REACH) end with this error"
    )
    parser.add_argument(
        "--sample-events", action="store_true",
        help="give a fresh account some plays in January 2026, so that reports have something to show",
    )  # fmt: skip
    add_traffic_options(parser)
    parser.add_argument(
        "--receivers", type=int, default=0, metavar="PROCESSES",
        help="take requests in this many processes; 0, the default, does it in the sandbox's own",
    )  # fmt: skip
    for name, text in _COSTS:
        parser.add_argument(name, type=float, default=0.0, metavar="MS", help=f"{text} (default 0)")
    parser.add_argument(
        "--cost-cores", type=int, default=2, metavar="CORES",
        help="cores all requests share when their work is charged (default %(default)s)",
    )  # fmt: skip
    parser.add_argument("--log-level", default="warning", choices=["debug", "info", "warning", "error"])
    add_options(parser, "fault-")
    parser.add_argument(
        "--faults", action="store_true",
        help="put the fault proxy in front, to be controlled by calls to /_faults; the options for faults do so too",
    )  # fmt: skip
    return parser


def _partner(text: str) -> Partner:
    number, _, rest = text.partition(":")
    admin_secret, _, user_secret = rest.partition(":")
    if not (number.isdecimal() and admin_secret and user_secret):
        raise argparse.ArgumentTypeError(f"{text!r}: write ID:ADMIN_SECRET:USER_SECRET, for example 103:aaa:bbb")
    return Partner(int(number), admin_secret, user_secret)


if __name__ == "__main__":
    sys.exit(main())
