"""The fields of a ``kaltura`` connection, read and checked in one place.

Every complaint names the field as the connection form labels it, and what to put there.
"""

from __future__ import annotations

import difflib
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

from kaltura_provider.api.credentials import HASH_TYPES, SESSION_METHODS
from kaltura_provider.hooks.errors import KalturaConnectionError

if TYPE_CHECKING:
    from airflow.sdk import Connection

    from kaltura_provider.api import (
        AdminSecretCredentials,
        AppTokenCredentials,
        ClientConfig,
        SessionSpec,
    )

log = logging.getLogger(__name__)

REGIONS: Mapping[str, str] = {
    "US": "https://www.kaltura.com",
    "DE": "https://api.de.kaltura.com",
    "EU": "https://api.eu.kaltura.com",
    "SG": "https://api.sg.kaltura.com",
    "CA": "https://api.ca.kaltura.com",
    "AU": "https://api.ap.kaltura.com",
}
SESSION_TYPES: Mapping[str, int] = {"USER": 0, "ADMIN": 2}
DEFAULT_SESSION_LIFETIME = 3600

# Any other service serves the console itself.
_KMC_OF_HOST = {"www.kaltura.com": "https://kmc.kaltura.com"}

EXTRA_LABELS: Mapping[str, str] = {
    "app_token_id": "App token ID",
    "app_token_hash": "App token hash",
    "admin_secret": "Admin secret",
    "session_method": "Session method",
    "user_id": "User ID",
    "session_type": "Session type",
    "privileges": "Privileges",
    "ks_lifetime": "Session lifetime",
    "ca_bundle": "CA bundle",
    "proxy": "Proxy",
    "connect_timeout": "Connect timeout",
    "read_timeout": "Read timeout",
    "calls_per_second": "Calls per second",
    "kmc_url": "KMC URL",
    "cdn_url": "CDN URL",
}


@dataclass(frozen=True)
class ConnectionSettings:
    """What a ``kaltura`` connection says, checked.

    :param config: where the service is and how patient to be with it.
    :param credentials: what starts a session; its ``repr`` shows no secret.
    :param session: what a session is restricted to unless a task asks for another.
    :param kmc_url: base URL of the Kaltura Management Console.
    :param cdn_url: base URL that players and media are loaded from.
    """

    config: ClientConfig
    credentials: AppTokenCredentials | AdminSecretCredentials
    session: SessionSpec
    kmc_url: str
    cdn_url: str


def read_connection(connection: Connection, *, on_secret: Callable[[str], None]) -> ConnectionSettings:
    """Check an Airflow connection of type ``kaltura`` and turn it into settings.

    :param connection: the connection; login is the partner ID, password the app token.
    :param on_secret: called with every secret before anything else is done with it.
    :return: the checked settings.
    :raises KalturaConnectionError: names the first field that is wrong, and the fix.
    """
    return _ConnectionReader(connection, on_secret).read()


class _ConnectionReader:
    def __init__(self, connection: Connection, on_secret: Callable[[str], None]) -> None:
        self._connection = connection
        self._on_secret = on_secret
        self._extra = self._read_extra()

    def read(self) -> ConnectionSettings:
        from kaltura_provider.api import ClientConfig, SessionSpec, default_cdn_url

        password = self._connection.password or ""
        admin_secret = self._text("admin_secret")
        for secret in (password, admin_secret):
            if secret:
                self._on_secret(secret)
        proxy = self._url("proxy", keep_credentials=True)
        if proxy and (proxy_password := urlsplit(proxy).password):
            self._on_secret(proxy_password)

        self._warn_about_unknown_extras()
        service_url = self._service_url()
        partner_id = self._partner_id()
        credentials = self._credentials(password.strip(), admin_secret)
        try:
            config = ClientConfig(
                service_url=service_url,
                partner_id=partner_id,
                connect_timeout=self._number("connect_timeout", 10.0),
                read_timeout=self._number("read_timeout", 60.0),
                ca_bundle=self._ca_bundle(),
                proxy=proxy or None,
                calls_per_second=self._calls_per_second(),
            )
            session = SessionSpec(
                user_id=self._text("user_id"),
                session_type=self._session_type(),
                privileges=self._text("privileges"),
                lifetime=self._lifetime(),
            )
        except KalturaConnectionError:
            raise
        except ValueError as error:
            raise self._fail(str(error)) from None
        return ConnectionSettings(
            config=config,
            credentials=credentials,
            session=session,
            # Copied from a browser it has the path of the page that was open.
            kmc_url=self._url("kmc_url").split("/index.php")[0]
            or _KMC_OF_HOST.get(urlsplit(service_url).hostname or "", service_url),
            cdn_url=self._url("cdn_url") or default_cdn_url(service_url),
        )

    def _fail(self, message: str) -> KalturaConnectionError:
        return KalturaConnectionError(f"Connection {self._connection.conn_id!r}: {message}")

    def _read_extra(self) -> dict[str, Any]:
        raw = self._connection.extra
        if not raw:
            return {}
        try:
            extra = json.loads(raw)
        except ValueError:
            extra = None
        if not isinstance(extra, dict):
            raise self._fail('Extra is not a JSON object. Write it as {"app_token_id": "...", ...}.')
        return extra

    def _warn_about_unknown_extras(self) -> None:
        for key in sorted(set(self._extra) - set(EXTRA_LABELS)):
            close = difflib.get_close_matches(key, EXTRA_LABELS, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else f" Known keys: {', '.join(sorted(EXTRA_LABELS))}."
            log.warning("Connection %r: extra %r is not used.%s", self._connection.conn_id, key, hint)

    def _text(self, key: str) -> str:
        value = self._extra.get(key)
        if value is None:
            return ""
        if isinstance(value, (dict, list)):
            raise self._fail(f"{EXTRA_LABELS[key]} (extra {key!r}) must be plain text.")
        return str(value).strip()

    def _number(self, key: str, default: float) -> float:
        text = self._text(key)
        if not text:
            return default
        try:
            number = float(text)
        except ValueError:
            number = float("nan")
        if not 0 < number < float("inf"):
            raise self._fail(f"{EXTRA_LABELS[key]} (extra {key!r}) must be a number of seconds above 0, not {text!r}.")
        return number

    def _calls_per_second(self) -> float | None:
        text = self._text("calls_per_second")
        if not text:
            return None
        try:
            rate = float(text)
        except ValueError:
            rate = float("nan")
        # The form stores an empty number as 0.
        if not 0 <= rate < float("inf"):
            raise self._fail(
                f"Calls per second (extra 'calls_per_second') must be a number such as 10, or 0 or empty for no limit, "
                f"not {text!r}."
            )
        return rate or None

    def _lifetime(self) -> int:
        lifetime = self._number("ks_lifetime", DEFAULT_SESSION_LIFETIME)
        if lifetime < 60:
            raise self._fail(
                "Session lifetime (extra 'ks_lifetime') must be at least 60 seconds, or sessions end before they are "
                f"used; it is {lifetime:g}. 3600 is a good value."
            )
        return int(lifetime)

    def _service_url(self) -> str:
        host = (self._connection.host or "").strip()
        presets = ", ".join(f"{region} {url}" for region, url in REGIONS.items())
        if not host:
            raise self._fail(
                f"Service URL (host) is missing. Set the API address of your Kaltura account: {presets}, "
                "or the address of your own Kaltura server."
            )
        schema = (self._connection.schema or "").strip().lower()
        if schema not in ("", "http", "https"):
            raise self._fail(
                f"Schema {schema!r} has no meaning here. Leave it empty, or use 'http' or 'https' for the Service URL."
            )
        if "://" not in host:
            host = f"{schema or 'https'}://{host}"
        parts = self._split_url(host, "Service URL (host)", keep_credentials=False)
        port = parts.port
        # Airflow's form stores an empty port as 0.
        if self._connection.port:
            if port is not None and port != self._connection.port:
                raise self._fail(
                    f"Service URL (host) says port {port}, but Port says {self._connection.port}. Keep one of them."
                )
            port = self._connection.port
        if (parts.scheme, port) in (("https", 443), ("http", 80)):
            port = None
        name = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        path = parts.path.rstrip("/")
        # The address is often copied together with the API's own path, which the client adds itself.
        for suffix in ("/index.php", "/api_v3"):
            path = path[: -len(suffix)] if path.endswith(suffix) else path
        return f"{parts.scheme}://{name}{f':{port}' if port else ''}{path}"

    def _split_url(self, url: str, label: str, *, keep_credentials: bool) -> SplitResult:
        example = "for example https://www.kaltura.com"
        try:
            parts = urlsplit(url)
            _ = parts.port
        except ValueError:
            # What urlsplit says may repeat a part of the URL, and a part may be a password.
            raise self._fail(f"{label} is not a URL. Write scheme, host and port only, {example}.") from None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise self._fail(f"{label} must start with http:// or https:// and name a host, {example}.")
        if not keep_credentials and (parts.username or parts.password):
            raise self._fail(
                f"{label} contains a user name or password. Remove them: the partner ID belongs in Partner ID (login), "
                "the app token in App token (password)."
            )
        if parts.query or parts.fragment:
            raise self._fail(f"{label} contains '?' or '#'. Write scheme, host and port only, {example}.")
        return parts

    def _url(self, key: str, *, keep_credentials: bool = False) -> str:
        url = self._text(key)
        if url:
            self._split_url(url, f"{EXTRA_LABELS[key]} (extra {key!r})", keep_credentials=keep_credentials)
        return url.rstrip("/")

    def _partner_id(self) -> int:
        login = (self._connection.login or "").strip()
        where = "It is shown in the KMC under Settings > Integration Settings."
        if not login:
            raise self._fail(f"Partner ID (login) is missing. {where}")
        if not (login.isascii() and login.isdigit() and int(login) > 0):
            raise self._fail(f"Partner ID (login) must be a number, not {login!r}. {where}")
        return int(login)

    def _credentials(self, app_token: str, admin_secret: str) -> AppTokenCredentials | AdminSecretCredentials:
        from kaltura_provider.api import AdminSecretCredentials, AppTokenCredentials

        token_id = self._text("app_token_id")
        method = self._text("session_method") or SESSION_METHODS[0]
        if method not in SESSION_METHODS:
            raise self._fail(
                f"Session method (extra 'session_method') must be one of {', '.join(SESSION_METHODS)}, not {method!r}."
            )
        if admin_secret and (app_token or token_id):
            raise self._fail(
                "both an app token and an Admin secret are set. Keep the app token (password and extra "
                "'app_token_id') and clear Admin secret, or the other way round."
            )
        if admin_secret:
            return AdminSecretCredentials(secret=admin_secret, method=method)
        if app_token and not token_id:
            raise self._fail(
                "App token (password) is set, but App token ID (extra 'app_token_id') is missing. Set it to the "
                "token's id, such as 1_a2b3c4d5. If the password is really the account's admin secret, move it to "
                "Admin secret (extra 'admin_secret')."
            )
        if token_id and not app_token:
            raise self._fail(
                "App token ID (extra 'app_token_id') is set, but App token (password) is missing. Set the password "
                "to the token's value: 32 hexadecimal digits, shown when the token is created."
            )
        if not token_id:
            raise self._fail(
                "no credentials. Set App token (password) together with App token ID (extra 'app_token_id'), or "
                "Admin secret (extra 'admin_secret')."
            )
        hash_type = (self._text("app_token_hash") or HASH_TYPES[0]).upper()
        if hash_type not in HASH_TYPES:
            raise self._fail(
                f"App token hash (extra 'app_token_hash') must be one of {', '.join(HASH_TYPES)}, as chosen when the "
                f"token was created, not {hash_type!r}."
            )
        return AppTokenCredentials(token_id=token_id, token=app_token, hash_type=hash_type)

    def _session_type(self) -> int:
        text = self._text("session_type")
        try:
            return parse_session_type(text or "ADMIN")
        except ValueError as error:
            raise self._fail(f"Session type (extra 'session_type'): {error}") from None

    def _ca_bundle(self) -> str | None:
        from pathlib import Path

        path = self._text("ca_bundle")
        if path and not Path(path).exists():
            raise self._fail(
                f"CA bundle (extra 'ca_bundle') points to {path!r}, which does not exist on this machine. Workers, "
                "triggerer and API server each need the file, or leave the field empty to use the system's."
            )
        return path or None


def parse_session_type(value: int | str) -> int:
    """Read a session type by name or number.

    :param value: ``"USER"``, ``"ADMIN"``, 0 or 2 (also as text).
    :return: Kaltura's ``KalturaSessionType``: 0 for USER, 2 for ADMIN.
    :raises ValueError: for anything else.
    """
    text = str(value).strip().upper()
    if text in SESSION_TYPES:
        return SESSION_TYPES[text]
    if text in {str(number) for number in SESSION_TYPES.values()}:
        return int(text)
    raise ValueError(f"use 'USER' (0) or 'ADMIN' (2), not {value!r}.")
