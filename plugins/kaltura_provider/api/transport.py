"""One HTTP request, one answer: connections, timeouts, proxies, and the network's faults as :class:`KalturaError`."""

from __future__ import annotations

import ssl
import threading
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from kaltura_provider.api.answers import Answer
from kaltura_provider.api.errors import KalturaError
from kaltura_provider.api.multipart import CONTENT_TYPE_JSON, MultipartBody, SourceReadError

if TYPE_CHECKING:
    import requests

    from kaltura_provider.api.config import ClientConfig
    from kaltura_provider.api.redaction import Redactor

# http.client sends a body in blocks of this size; its own 16 KiB halve the speed of an upload.
BLOCK_SIZE = 256 * 1024
POOL_SIZE = 32
_FETCH_BLOCK = 16 * 1024


class Transport:
    """Sends requests over one pool of kept-alive connections. Safe for use by threads.

    :param config: timeouts, proxy, certificates.
    :param redactor: masks secrets in error messages.
    """

    def __init__(self, config: ClientConfig, redactor: Redactor) -> None:
        self._config = config
        self._redactor = redactor
        self._lock = threading.Lock()
        self._session: requests.Session | None = None
        self._clock_skew = 0.0

    def server_time(self) -> float:
        """The time of the server in Unix seconds, as far as earlier answers have told; else the local time."""
        return time.time() + self._clock_skew

    def post(
        self, url: str, body: bytes | MultipartBody, *, service_action: str, read_timeout: float | None = None
    ) -> Answer:
        """Send one POST request. Redirects are not followed: the next server would get the session, without the body.

        :param url: full URL.
        :param body: JSON bytes, or a body with files.
        :param service_action: named in errors.
        :param read_timeout: seconds to wait for the next bytes of the answer; the configured ones when None.
        :return: the answer, whatever its status.
        :raises KalturaError: if there is no complete answer.
        """
        # Exactly this value: with "; charset=utf-8" behind it Kaltura does not read the body.
        content_type = body.content_type if isinstance(body, MultipartBody) else CONTENT_TYPE_JSON
        try:
            if isinstance(body, MultipartBody):
                body.open()
            response = self._requests().post(
                url,
                data=body,
                headers={"Content-Type": content_type},
                **self._options(read_timeout),
            )
        except SourceReadError as error:
            raise error.cause from error
        except Exception as error:
            raise self._network_error(error, service_action) from None
        finally:
            if isinstance(body, MultipartBody):
                body.close()
        headers = {name.lower(): value for name, value in response.headers.items()}
        self._learn_time(headers.get("date"))
        return Answer(response.status_code, headers, response.content)

    def get(self, url: str, *, service_action: str, limit: int, byte_range: str | None = None) -> Answer:
        """Read the beginning of what an address gives. Redirects are followed.

        :param url: full URL.
        :param service_action: named in errors.
        :param limit: bytes of the body that are read at most; the rest is left.
        :param byte_range: part of the file to ask for, such as ``bytes=0-999``.
        :return: the answer, whatever its status.
        :raises KalturaError: if there is no answer, or it breaks off before the limit.
        """
        # A compressed answer would have other lengths than the file.
        headers = {"Accept-Encoding": "identity", **({"Range": byte_range} if byte_range else {})}
        options = {**self._options(None), "allow_redirects": True}
        body = bytearray()
        try:
            with self._requests().get(url, headers=headers, stream=True, **options) as response:
                for block in response.iter_content(min(limit, _FETCH_BLOCK)):
                    body += block
                    if len(body) >= limit:
                        break
        except Exception as error:
            raise self._network_error(error, service_action) from None
        received = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, received, bytes(body[:limit]), response.url)

    def ask_for_nothing(self, base_url: str) -> None:
        """Send a request that Kaltura answers without doing anything (``OPTIONS``).

        :param base_url: root of the server.
        :raises OSError: there was no answer.
        """
        self._requests().options(f"{base_url}/api_v3/", **self._options(None)).close()

    def _options(self, read_timeout: float | None) -> dict[str, Any]:
        config = self._config
        return {
            "timeout": (config.connect_timeout, read_timeout or config.read_timeout),
            "allow_redirects": False,
            # Given with every request, as otherwise REQUESTS_CA_BUNDLE would win over the connection.
            "verify": config.ca_bundle or True,
            "proxies": {"http": config.proxy, "https": config.proxy} if config.proxy else None,
        }

    def close(self) -> None:
        """Close all connections. A later request opens new ones."""
        with self._lock:
            session, self._session = self._session, None
        if session is not None:
            session.close()

    def _requests(self) -> requests.Session:
        with self._lock:
            if self._session is None:
                self._session = _new_session(self._config.user_agent)
            return self._session

    def _learn_time(self, date: str | None) -> None:
        if date:
            try:
                self._clock_skew = parsedate_to_datetime(date).timestamp() - time.time()
            except (TypeError, ValueError):
                return

    def _network_error(self, error: Exception, service_action: str) -> KalturaError:
        code, unknown, text = _diagnose(error)
        return KalturaError(code, self._redactor(text), service_action=service_action, outcome_unknown=unknown)


def _new_session(user_agent: str) -> requests.Session:
    from http.cookiejar import DefaultCookiePolicy

    import requests
    from requests.adapters import HTTPAdapter

    class _Adapter(HTTPAdapter):
        def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
            super().init_poolmanager(*args, blocksize=BLOCK_SIZE, **kwargs)

        def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
            return super().proxy_manager_for(proxy, blocksize=BLOCK_SIZE, **kwargs)

    session = requests.Session()
    session.headers["User-Agent"] = user_agent
    # Kaltura needs no cookies, and the jar would be shared by threads.
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    # Without an own "auth" the library would add a password from ~/.netrc.
    session.auth = lambda request: request
    adapter = _Adapter(pool_connections=8, pool_maxsize=POOL_SIZE)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def _diagnose(error: Exception) -> tuple[str, bool, str]:
    """Find code, whether the server may have got the request, and text for a fault of the network."""
    import requests
    from urllib3 import exceptions as urllib3

    chain = _causes(error)
    if isinstance(error, requests.exceptions.InvalidProxyURL) or _find(chain, urllib3.ProxyError):
        # The proxy is blamed also for a connection that broke when it had the request, and may have passed it on.
        if _find(chain, ConnectionError) and not _find(chain, urllib3.NewConnectionError):
            return "CONNECTION_LOST", True, _text(chain)
        return "PROXY_ERROR", False, _text(chain, "the proxy could not be used")
    if certificate := _find(chain, ssl.SSLCertVerificationError):
        return (
            "TLS_ERROR",
            False,
            f"certificate check failed: {getattr(certificate, 'verify_message', '') or certificate}",
        )
    if isinstance(error, requests.exceptions.SSLError):
        # A handshake that fails says so at once; a connection that breaks later ends without the closing record.
        broken = _find(chain, ssl.SSLEOFError) or _find(chain, ssl.SSLZeroReturnError)
        return ("CONNECTION_LOST", True, _text(chain)) if broken else ("TLS_ERROR", False, _text(chain))
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return "CONNECT_TIMEOUT", False, "no connection in time"
    if isinstance(error, requests.exceptions.ReadTimeout) or _find(chain, urllib3.ReadTimeoutError):
        return "READ_TIMEOUT", True, "no answer in time"
    if _find(chain, urllib3.NameResolutionError):
        return "HOST_NOT_FOUND", False, "the host name cannot be resolved"
    if _find(chain, urllib3.NewConnectionError):
        if _find(chain, ConnectionRefusedError):
            return "CONNECTION_REFUSED", False, "the host refused the connection"
        return "HOST_UNREACHABLE", False, _text(chain)
    if isinstance(error, requests.exceptions.RequestException) and isinstance(error, OSError):
        invalid = isinstance(error, ValueError)
        return ("HOST_NOT_FOUND", False, _text(chain)) if invalid else ("CONNECTION_LOST", True, _text(chain))
    if isinstance(error, OSError | urllib3.HTTPError):
        # A missing CA file, for example, is found before anything is sent.
        return (
            ("TLS_ERROR", False, str(error))
            if "CA certificate" in str(error)
            else ("CONNECTION_LOST", True, str(error))
        )
    raise error


def _causes(error: BaseException) -> list[BaseException]:
    """The error and everything it was made of, from the outside in."""
    found: list[BaseException] = []
    queue: list[object] = [error]
    while queue:
        current = queue.pop(0)
        # An error of an earlier call may be the context of this one; it tells nothing about it.
        if isinstance(current, BaseException) and not isinstance(current, KalturaError) and current not in found:
            found.append(current)
            context = None if current.__suppress_context__ else current.__context__
            queue += [current.__cause__, context, getattr(current, "reason", None), *current.args]
    return found


def _find(chain: list[BaseException], kind: type[BaseException]) -> BaseException | None:
    return next((error for error in chain if isinstance(error, kind)), None)


def _text(chain: list[BaseException], fallback: str = "the connection broke") -> str:
    """The innermost message: the outer ones repeat it together with addresses of objects."""
    for error in reversed(chain):
        if isinstance(error, OSError) and error.strerror:
            return error.strerror
    for error in reversed(chain):
        if len(error.args) == 1 and isinstance(error.args[0], str) and error.args[0]:
            return error.args[0]
    return fallback
