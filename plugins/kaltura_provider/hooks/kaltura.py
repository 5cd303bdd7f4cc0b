"""The hook: from a ``kaltura`` connection to an authenticated client."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseHook

if TYPE_CHECKING:
    from kaltura_provider.api import KalturaClient, SessionSpec
    from kaltura_provider.hooks.connection import ConnectionSettings


class KalturaHook(BaseHook):
    """Connect to Kaltura as a ``kaltura`` connection says.

    The client is made once a hook and may be shared by threads: its session (KS) is renewed ahead of its end, by one
    thread at a time. Every secret of the connection and every session is given to Airflow's secrets masker the moment
    it is known.

    :param kaltura_conn_id: ID of the connection.
    :param session: restrict the session further than the connection does: a mapping with any of ``user_id``,
        ``session_type``, ``privileges`` and ``lifetime`` (seconds), the same as JSON text, or what
        :class:`~kaltura_provider.operators.session.KalturaStartSessionOperator` returned. What it leaves out comes
        from the connection.
    :param sharing: how many tasks of this account run at once, each of which gets that part of the connection's
        ``calls_per_second``. Tasks run in different processes and on different machines and know nothing of each other,
        so bound their number as well: with an Airflow pool, or ``max_active_tis_per_dag``.
    """

    conn_name_attr = "kaltura_conn_id"
    default_conn_name = "kaltura_default"
    conn_type = "kaltura"
    hook_name = "Kaltura"

    def __init__(
        self,
        kaltura_conn_id: str = default_conn_name,
        session: Mapping[str, Any] | SessionSpec | str | None = None,
        *,
        sharing: int = 1,
    ) -> None:
        super().__init__()
        if sharing < 1:
            raise ValueError(f"sharing is {sharing}; say how many tasks run at once, at least 1")
        self._sharing = sharing
        self.kaltura_conn_id = kaltura_conn_id
        self._session = session
        self._client: KalturaClient | None = None
        self._lock = threading.Lock()

    @cached_property
    def settings(self) -> ConnectionSettings:
        """What the connection says, checked.

        :raises airflow.sdk.exceptions.AirflowNotFoundException: there is no such connection.
        :raises kaltura_provider.hooks.errors.KalturaConnectionError: a field is wrong; names it and the fix.
        """
        from dataclasses import replace

        from kaltura_provider.hooks.connection import read_connection

        settings = read_connection(self.get_connection(self.kaltura_conn_id), on_secret=mask)
        rate = settings.config.calls_per_second
        if rate is None or self._sharing == 1:
            return settings
        return replace(settings, config=replace(settings.config, calls_per_second=rate / self._sharing))

    @cached_property
    def session_spec(self) -> SessionSpec:
        """What sessions of this hook are restricted to: the connection's words, overridden by ``session``."""
        return merge_session(self.settings.session, self._session)

    @property
    def partner_id(self) -> int:
        """The Kaltura account's number."""
        return self.settings.config.partner_id

    @property
    def service_url(self) -> str:
        """Base URL of the API, without ``/api_v3``."""
        return self.settings.config.service_url

    @property
    def kmc_url(self) -> str:
        """Base URL of the Kaltura Management Console."""
        return self.settings.kmc_url

    @property
    def cdn_url(self) -> str:
        """Base URL that players and media are loaded from."""
        return self.settings.cdn_url

    def entry_url(self, entry_id: str) -> str:
        """Return the address of an entry's page in the Kaltura Management Console.

        :param entry_id: the entry.
        :raises ValueError: it is no entry id.
        """
        from kaltura_provider.api import kmc_entry_url

        return kmc_entry_url(self.kmc_url, entry_id)

    def entries_url(self, entry_ids: Sequence[str]) -> str:
        """Return the address that shows entries in the Kaltura Management Console: of one, its own page; else the list.

        :param entry_ids: the entries.
        """
        from kaltura_provider.api.links import kmc_entries_url

        return self.entry_url(entry_ids[0]) if len(entry_ids) == 1 else kmc_entries_url(self.kmc_url)

    def player_url(self, ui_conf_id: int, entry_id: str) -> str:
        """Return the address of a page that plays an entry in a player (v7) and nothing else.

        :param ui_conf_id: the player.
        :param entry_id: the entry.
        :raises ValueError: it is no entry id.
        """
        from kaltura_provider.api import player_url

        return player_url(self.cdn_url, self.partner_id, ui_conf_id, entry_id)

    def get_conn(self) -> KalturaClient:
        """Return the authenticated client, made on first use. No request is sent before the client's first call.

        :return: the client; threads may share it.
        :raises airflow.sdk.exceptions.AirflowNotFoundException: there is no such connection.
        :raises kaltura_provider.hooks.errors.KalturaConnectionError: a field is wrong; names it and the fix.
        """
        with self._lock:
            if self._client is None:
                from kaltura_provider.api import KalturaClient

                self._client = KalturaClient(
                    self.settings.config, self.settings.credentials, self.session_spec, on_secret=mask
                )
            return self._client

    def close(self) -> None:
        """Close the client's connections. The Kaltura session itself is left to expire.

        Ending it would end every other session started with the same app token as well.
        """
        with self._lock:
            if self._client is not None:
                self._client.close()
                self._client = None

    def test_connection(self) -> tuple[bool, str]:
        """Try the connection, for the Test button of Airflow's UI.

        Takes a few seconds at most and never raises; the message never contains a secret.

        :return: whether it works, and a sentence that says what was reached or what to change.
        """
        try:
            from kaltura_provider.api import diagnose

            return diagnose(self.settings.config, self.settings.credentials, self.session_spec, on_secret=mask)
        except Exception as error:
            return False, str(error) or type(error).__name__


def mask(secret: str) -> None:
    """Give a secret to Airflow's secrets masker, in the form used and in the form URLs carry.

    :param secret: the secret; a KS ends in ``=``, which URLs write as ``%3D``.
    """
    from airflow.sdk.log import mask_secret

    mask_secret(secret)
    without_padding = secret.rstrip("=")
    if without_padding != secret:
        mask_secret(without_padding)


def merge_session(default: SessionSpec, session: Mapping[str, Any] | SessionSpec | str | None) -> SessionSpec:
    """Override what a connection says about sessions with what a task says.

    :param default: the connection's restrictions.
    :param session: a mapping with any of ``user_id``, ``session_type``, ``privileges`` and ``lifetime``; the same as
        JSON text; a complete ``SessionSpec``; or nothing. Other keys, such as those
        :class:`~kaltura_provider.operators.session.KalturaStartSessionOperator` adds, are ignored.
    :return: the restrictions to use.
    :raises ValueError: ``session`` is none of these.
    """
    from kaltura_provider.api import SessionSpec
    from kaltura_provider.hooks.connection import parse_session_type

    if not session:
        return default
    if isinstance(session, SessionSpec):
        return session
    if isinstance(session, str):
        try:
            session = json.loads(session)
        except ValueError:
            session = None
    if not isinstance(session, Mapping):
        raise ValueError(
            "session must be a mapping such as {'user_id': 'someone', 'privileges': 'edit:*'}, or the output of "
            "KalturaStartSessionOperator (pass start_session.output, not a Jinja string of it)."
        )
    known = default.to_dict()
    changes = {key: value for key, value in session.items() if key in known and value is not None}
    if "session_type" in changes:
        changes["session_type"] = parse_session_type(changes["session_type"])
    return SessionSpec.from_dict({**known, **changes})
