"""Settings of the sandbox."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from .receiving.costs import Costs
from .traffic.plan import TrafficPlan

_MEGABYTE = 1024 * 1024


def default_player_dir() -> Path:
    """Return where Kaltura's player lies: ``KALTURA_SANDBOX_PLAYER_DIR``, else where ``make player`` puts it."""
    named = os.environ.get("KALTURA_SANDBOX_PLAYER_DIR")
    return Path(named) if named else Path(__file__).resolve().parents[2] / ".tools" / "player"


@dataclass(frozen=True)
class Partner:
    """One account.

    :param id: the partner id.
    :param admin_secret: signs every session; several may be separated by commas, the first one signs new ones.
    :param user_secret: opens user sessions with ``session.start``.
    """

    id: int
    admin_secret: str = field(repr=False)
    user_secret: str = field(repr=False)

    @property
    def admin_secrets(self) -> tuple[str, ...]:
        """All secrets that sessions may be signed with."""
        return tuple(self.admin_secret.split(","))


@dataclass(frozen=True)
class Settings:
    """What one sandbox is made of.

    :param data: directory that holds everything; made when missing.
    :param partners: the accounts; the first one is named in the ready line.
    :param host: address to listen on.
    :param port: port to listen on, 0 for a free one.
    :param index_lag: seconds until lists see a new or changed object.
    :param final_chunk_wait: seconds an upload's final request waits for missing chunks.
    :param conversion_seconds: seconds a video takes to become READY.
    :param import_retry_seconds: seconds between the attempts to fetch content from a URL.
    :param import_attempts: how often that is tried before the entry becomes ERROR_IMPORTING.
    :param restrict_file_types: refuse uploads that are neither media nor documents nor text.
    :param replacement_approval: new content of a ready entry waits for approval.
    :param reach_seconds: seconds that the vendor takes for an order of captions or a translation (REACH).
    :param reach_error: what the vendor says instead of doing its work; empty, it does it.
    :param upload_max_bytes: greatest size of one uploaded file.
    :param post_max_bytes: greatest size of one request; the parameters of a larger one are lost.
    :param worker_threads: requests served at the same time; blocking ones keep theirs.
    :param receivers: processes that take the requests and keep their bodies; 0 does it in the sandbox's own process.
    :param costs: what a server's work is charged; charging for receiving needs receivers.
    :param max_access_controls: access control profiles that an account may have, its default one included.
    :param sample_events: keep some plays in January 2026, so that reports have something to show.
    :param traffic: synthetic traffic of the first account, with the library it is about; None for none.
    :param player_dir: directory with Kaltura's player; without one, players show a notice.
    """

    data: Path
    partners: tuple[Partner, ...]
    host: str = "127.0.0.1"
    port: int = 0
    index_lag: float = 0.0
    final_chunk_wait: float = 45.0
    conversion_seconds: float = 2.0
    import_retry_seconds: float = 300.0
    import_attempts: int = 3
    restrict_file_types: bool = False
    replacement_approval: bool = False
    reach_seconds: float = 2.0
    reach_error: str = ""
    upload_max_bytes: int = 2000 * _MEGABYTE
    post_max_bytes: int = 2024 * _MEGABYTE
    worker_threads: int = 128
    receivers: int = 0
    costs: Costs = field(default_factory=Costs)
    max_access_controls: int = 24
    sample_events: bool = False
    traffic: TrafficPlan | None = None
    player_dir: Path = field(default_factory=default_player_dir)

    def __post_init__(self) -> None:
        ids = [each.id for each in self.partners]
        if not ids or len(set(ids)) < len(ids):
            raise ValueError(f"Give every account a partner id of its own, not {ids}.")
        if not all(each.user_secret and all(each.admin_secrets) for each in self.partners):
            raise ValueError("Give every account an admin secret and a user secret, neither empty.")
        if self.costs.receive and not self.receivers:
            raise ValueError("Receiving is charged by the receiving processes: set receivers to 1 or more.")

    def partner(self, partner_id: int) -> Partner | None:
        """Return the account with this id, or None."""
        return next((each for each in self.partners if each.id == partner_id), None)

    def traffic_of(self, partner_id: int) -> TrafficPlan | None:
        """Return the synthetic traffic of an account; only the first one has any."""
        return self.traffic if partner_id == self.partners[0].id else None

    def admin_secrets(self, partner_id: int) -> tuple[str, ...]:
        """Return the secrets an account's sessions may be signed with; none for an unknown account."""
        found = self.partner(partner_id)
        return found.admin_secrets if found else ()
