"""Where Kaltura is and how patiently to talk to it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from kaltura_provider import __version__

CLIENT_TAG = f"airflow-provider-kaltura:{__version__}"
USER_AGENT = f"airflow-provider-kaltura/{__version__}"


@dataclass(frozen=True)
class ClientConfig:
    """Settings of one client. Holds no secret except a password that a proxy URL may contain, which ``repr`` leaves
    out.

    :param service_url: root of the Kaltura server, such as ``https://www.kaltura.com``. A bare host means https; a
        trailing ``/api_v3`` is dropped.
    :param partner_id: the account number, shown in the KMC under Settings > Integration Settings.
    :param connect_timeout: seconds to wait for a connection.
    :param read_timeout: seconds to wait for the next bytes of an answer.
    :param ca_bundle: path of a PEM file with the certificate authorities to trust; the usual ones when None.
    :param proxy: URL of an HTTP proxy; the environment decides when None.
    :param client_tag: how the client names itself in Kaltura's logs.
    :param user_agent: the HTTP ``User-Agent``.
    :param max_attempts: how often one call is tried in all, where repeating it is safe.
    :param backoff_initial: upper bound, in seconds, of the random wait before the first repetition; it doubles each
        time.
    :param backoff_max: upper bound of that wait in seconds.
    :param rate_limit_wait: seconds to wait at least after Kaltura refused a call because of too many. Its counters
        usually look at the last 10 seconds.
    :param calls_per_second: how many calls of actions begin in a second at most, all clients of this account in the
        process together; any number when None.
    """

    service_url: str
    partner_id: int
    connect_timeout: float = 10.0
    read_timeout: float = 60.0
    ca_bundle: str | None = None
    proxy: str | None = None
    client_tag: str = CLIENT_TAG
    user_agent: str = USER_AGENT
    max_attempts: int = 5
    backoff_initial: float = 1.0
    backoff_max: float = 30.0
    rate_limit_wait: float = 10.0
    calls_per_second: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "service_url", normalize_service_url(self.service_url))
        partner_id = str(self.partner_id).strip()
        if not partner_id.lstrip("-").isdigit():
            raise ValueError(
                f"Partner ID {partner_id!r} is not a number: copy it from the KMC, Settings > Integration Settings"
            )
        object.__setattr__(self, "partner_id", int(partner_id))
        if self.max_attempts < 1:
            raise ValueError("max_attempts must be at least 1")
        for name in ("connect_timeout", "read_timeout"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be more than 0 seconds")
        if self.calls_per_second is not None and not 0 < self.calls_per_second < float("inf"):
            raise ValueError(
                f"calls_per_second must be a number above 0, not {self.calls_per_second!r}; leave it out for no limit"
            )

    def __repr__(self) -> str:
        return f"ClientConfig(service_url={self.service_url!r}, partner_id={self.partner_id})"


def normalize_service_url(url: str) -> str:
    """Bring a service URL as people write it into the form ``scheme://host[:port][/path]``.

    :param url: URL or bare host name.
    :return: the URL without a trailing slash and without ``/api_v3``.
    :raises ValueError: if it is no http(s) URL, or contains a user name, a query or a fragment.
    """
    text = url.strip()
    if "://" not in text:
        text = "https://" + text.lstrip("/")
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        parts, host = urlsplit(""), None
    if parts.scheme not in ("http", "https") or not host:
        raise ValueError("The Kaltura service URL is not an http(s) URL: use the form https://www.kaltura.com")
    if parts.username or parts.password or parts.query or parts.fragment:
        # The URL itself is left out of the message, it may contain a password.
        raise ValueError(
            "The Kaltura service URL must hold no user name, query or fragment: use https://www.kaltura.com"
        )
    path = parts.path.rstrip("/")
    for ending in ("/index.php", "/api_v3"):
        path = path.removesuffix(ending)
    return urlunsplit((parts.scheme, parts.netloc, path, "", ""))
