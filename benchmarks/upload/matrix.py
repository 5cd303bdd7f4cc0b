"""What is measured: which files, over which lines, with which clients."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from benchmarks.upload.files import MEGABYTE
from benchmarks.upload.line import LineSettings

#: By the word that names them. A part of a request may have 2000 MiB at most, so 2 GiB in one request is impossible.
SIZES = {"64": 64 * 1024 * 1024, "512": 512 * 1024 * 1024, "2000": 2000 * MEGABYTE}
#: Bytes per second of one connection over a far line: 200 Mbit/s.
FAR_RATE = 200e6 / 8

OURS, OURS_S3, ONE_SHOT, CHUNKED, LIMIT = "ours", "ours from S3", "one shot", "chunked", "limit"


@dataclass(frozen=True)
class Situation:
    """A file and a line.

    :param size: a key of :data:`SIZES`, megabytes.
    :param round_trip: milliseconds; 0 without a proxy.
    """

    size: str
    round_trip: int

    @property
    def name(self) -> str:
        """Such as ``512@80``."""
        return f"{self.size}@{self.round_trip}"

    @property
    def bytes(self) -> int:
        """Length of the file."""
        return SIZES[self.size]

    @property
    def line(self) -> LineSettings | None:
        """The line, None if there is none between client and server."""
        return LineSettings(self.round_trip / 1000, FAR_RATE) if self.round_trip else None

    @classmethod
    def parse(cls, text: str) -> Situation:
        """Read a name such as ``512@80``.

        :raises ValueError: there is no such file, or the round trip is no number.
        """
        size, _, round_trip = text.partition("@")
        if size not in SIZES or not round_trip.isdecimal():
            raise ValueError(f"{text!r}: write SIZE@ROUND_TRIP with a size of {', '.join(SIZES)}, such as 512@80")
        return cls(size, int(round_trip))


SITUATIONS = tuple(
    Situation.parse(name) for name in ("64@0", "512@0", "2000@0", "512@20", "512@80", "512@200", "64@80", "64@200")
)


@dataclass(frozen=True)
class Candidate:
    """A client.

    :param name: what the tables call it.
    :param script: its script in ``clients``.
    :param kind: which role it has in the comparison.
    :param options: handed to the script.
    :param peer: runs in the environment of the peers.
    :param slow: makes so many requests that it is not run everywhere.
    """

    name: str
    script: str
    kind: str
    options: dict[str, Any] = field(default_factory=dict, hash=False)
    peer: bool = False
    slow: bool = False

    def rounds(self, situation: Situation, wanted: int, *, full: bool) -> int:
        """How often it takes part in a situation."""
        if not self.slow or full or situation.size == "64":
            return wanted
        return 0 if situation.round_trip else 1


def ours(**options: Any) -> Candidate:
    """The provider with options of ``upload``."""
    shown = ", ".join(f"{name}={value}" for name, value in options.items())
    return Candidate(f"upload({shown})", "ours", OURS, options)


CANDIDATES = (
    Candidate("curl, one request", "curl", LIMIT),
    Candidate("this provider, file", "ours", OURS),
    Candidate("this provider, S3", "ours", OURS_S3),
    Candidate("official client, one request", "official", ONE_SHOT, {}, peer=True),
    Candidate("official client, 10 MB parts", "official", CHUNKED, {"part_size": 10 * MEGABYTE}, peer=True),
    Candidate("kaltura-uploader, 2 MB parts", "uploader", CHUNKED, {}, peer=True, slow=True),
    Candidate("kaltura-uploader, adaptive", "uploader", CHUNKED, {"adaptive_chunking": True}, peer=True),
)
