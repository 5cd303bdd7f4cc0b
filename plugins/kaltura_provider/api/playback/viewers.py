"""What Kaltura tells a viewer's player: asked for many entries with one request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kaltura_provider.api.credentials import ADMIN, USER, SessionSpec, WidgetCredentials
from kaltura_provider.api.errors import KalturaError
from kaltura_provider.api.playback.delivery import Delivery

if TYPE_CHECKING:
    from types import TracebackType

    from kaltura_provider.api.client import KalturaClient

ANONYMOUS = "anonymous"
SIGNED_IN = "signed_in"
VIEWERS = (ANONYMOUS, SIGNED_IN)

_BLOCK = 1
_OUT_OF_SCHEDULE = "SCHEDULED_RESTRICTED"


@dataclass(frozen=True)
class Offer:
    """What a player was told about an entry.

    :param delivery: fetches as this viewer.
    :param context: the answer of ``baseEntry.getPlaybackContext``.
    :param error: why there is none.
    """

    delivery: Delivery
    context: Mapping[str, Any] = field(default_factory=dict)
    error: KalturaError | None = None

    @property
    def sources(self) -> list[Mapping[str, Any]]:
        """Addresses of streams, each with its ``format``."""
        return list(self.context.get("sources") or [])

    @property
    def is_refused(self) -> bool:
        """Whether the viewer may not play it."""
        messages = self.context.get("messages") or []
        return (
            any(int(action.get("type") or 0) == _BLOCK for action in self.context.get("actions") or [])
            or any(message.get("code") == _OUT_OF_SCHEDULE for message in messages)
            or ("sources" not in self.context and bool(messages))
        )

    @property
    def message(self) -> str:
        """Kaltura's words for the viewer, on one line."""
        messages = (str(message.get("message") or "") for message in self.context.get("messages") or [])
        return " ".join(" ".join(messages).split())


class Viewers:
    """The sessions of viewers: never one of an administrator, who may play everything. Use it as a context manager.

    :param client: gives settings and credentials.
    :param viewer: ``anonymous`` or ``signed_in``.
    :param user_id: the Kaltura user of those who are signed in.
    """

    def __init__(self, client: KalturaClient, viewer: str, user_id: str) -> None:
        if viewer not in VIEWERS:
            raise ValueError(f"viewer is {viewer!r}: use {' or '.join(VIEWERS)}")
        self._client = client
        self._viewer = viewer
        self._user_id = user_id
        self._anonymous: KalturaClient | None = None
        self._open: list[KalturaClient] = []

    def __enter__(self) -> Viewers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for client in self._open:
            client.close()

    def offers(self, entry_ids: Sequence[str], *, anonymously: bool) -> dict[str, Offer]:
        """Ask what a viewer's player may play (``baseEntry.getPlaybackContext``, all in one request).

        :param entry_ids: the entries.
        :param anonymously: ask without a signed-in viewer, whoever the viewer is otherwise.
        :return: the answers by entry.
        :raises KalturaError: if no session could be started, or the request as a whole failed.
        :raises ValueError: if the credentials only make sessions of administrators.
        """
        if not entry_ids:
            return {}
        signed_in = self._viewer == SIGNED_IN and not anonymously
        client = self._signed_in(entry_ids) if signed_in else self._without_name()
        delivery = Delivery(client, client.ks() if signed_in else "")
        batch = client.multirequest()
        for entry_id in entry_ids:
            options = {"objectType": "KalturaPlaybackContextOptions"}
            batch.add("baseEntry", "getPlaybackContext", {"entryId": entry_id, "contextDataParams": options})
        return {
            entry_id: Offer(delivery, error=answer) if isinstance(answer, KalturaError) else Offer(delivery, answer)
            for entry_id, answer in zip(entry_ids, batch.send(raise_on_error=False), strict=True)
        }

    def _without_name(self) -> KalturaClient:
        if self._anonymous is None:
            spec = SessionSpec(session_type=USER)
            self._anonymous = self._client.with_session(spec, WidgetCredentials())
            self._open.append(self._anonymous)
        return self._anonymous

    def _signed_in(self, entry_ids: Sequence[str]) -> KalturaClient:
        spec = SessionSpec(self._user_id, USER, ",".join(f"sview:{entry_id}" for entry_id in entry_ids))
        client = self._client.with_session(spec)
        self._open.append(client)
        if client.session_info().session_type == ADMIN:
            raise ValueError(
                "The app token of this connection only makes sessions of administrators, who may play everything: use "
                "viewer='anonymous', or a connection with an app token for users (sessionType 0)"
            )
        return client
