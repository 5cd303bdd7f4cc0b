"""Errors of the way to Kaltura: network, proxies, web servers. Their codes are this package's own."""

from __future__ import annotations

from kaltura_provider.api.advice.model import (
    CONNECTION,
    KALTURA,
    NETWORK,
    PERMANENT,
    PERMISSION,
    RETRY,
    TIME,
    YOU,
    Advice,
)

_PING = "Try it on the worker: curl -sS SERVICE_URL/api_v3/service/system/action/ping"

ADVICE = (
    Advice(
        "CONNECTION_REFUSED", RETRY, NETWORK,
        "Nothing accepts connections at this host and port, or a firewall refuses them.",
        f"Check host and port of the service URL, and that a firewall lets this machine reach them. {_PING}",
    ),
    Advice(
        "CONNECTION_LOST", RETRY, NETWORK,
        "The connection broke while a request or its answer was on the way.",
        "Check the network and any proxy on the way, then run the task again.",
    ),
    Advice(
        "CONNECT_TIMEOUT", RETRY, NETWORK,
        "The server did not accept a connection in time.",
        f"Check the service URL, firewall and proxy. {_PING}",
    ),
    Advice(
        "READ_TIMEOUT", RETRY, TIME,
        "The server did not answer in time.",
        "Run the task again; if it stays, raise read_timeout in the connection.",
    ),
    Advice(
        "HOST_NOT_FOUND", RETRY, CONNECTION,
        "The name of the host could not be resolved.",
        "Check the service URL in the connection and the DNS of the worker.",
    ),
    Advice(
        "HOST_UNREACHABLE", RETRY, NETWORK,
        "There is no route to the host.",
        f"Check the network, VPN and firewall of this machine. {_PING}",
    ),
    Advice(
        "PROXY_ERROR", RETRY, NETWORK,
        "The proxy did not connect.",
        "Check the proxy setting of the connection and the variables HTTPS_PROXY and NO_PROXY.",
    ),
    Advice(
        "TLS_ERROR", PERMANENT, CONNECTION,
        "The certificate of the server is not trusted, or the port speaks no TLS.",
        "Check the service URL; for a private certificate authority set ca_bundle in the connection.",
    ),
    Advice(
        "BAD_ANSWER", RETRY, NETWORK,
        "Something between this machine and Kaltura changed or cut the answer.",
        f"Check the service URL, a proxy or a firewall on the way, then run the task again. {_PING}",
    ),
    Advice(
        "HTTP_3*", PERMANENT, CONNECTION,
        "The server sends the client elsewhere.",
        "Put the final address, with https, into the connection as service URL.",
    ),
    Advice(
        "HTTP_401", PERMISSION, NETWORK,
        "A proxy or firewall refused the request before Kaltura saw it.",
        "Ask the network administrator to let it pass.",
    ),
    Advice(
        "HTTP_403", PERMISSION, NETWORK,
        "A proxy or firewall refused the request before Kaltura saw it.",
        "Ask the network administrator to let it pass.",
    ),
    Advice(
        "HTTP_404", PERMANENT, CONNECTION,
        "This address is no Kaltura API.",
        "Check the service URL in the connection, such as https://www.kaltura.com.",
    ),
    Advice(
        "HTTP_407", PERMISSION, NETWORK,
        "A proxy refused the request before Kaltura saw it: it wants a user name and a password.",
        "Ask the network administrator, and put them into the proxy setting of the connection.",
    ),
    Advice(
        "HTTP_408", RETRY, TIME,
        "The server waited too long for the request.",
        "Run the task again; if it stays, use smaller upload parts.",
    ),
    Advice(
        "HTTP_413", PERMANENT, YOU,
        "The request was too big for the server.",
        "Use smaller upload parts.",
    ),
    Advice(
        "HTTP_425", RETRY, TIME,
        "The server does not take a request so early on a new connection.",
        "Run the task again.",
    ),
    Advice(
        "HTTP_429", RETRY, YOU,
        "Too many calls in a short time.",
        "Lower the parallelism (an Airflow pool helps) and run again.",
    ),
    Advice(
        "HTTP_4*", PERMANENT, CONNECTION,
        "The web server or a proxy refused the request.",
        "Check the service URL and the proxy in the connection.",
    ),
    Advice(
        "HTTP_5*", RETRY, KALTURA,
        "The web server or a proxy failed.",
        "Run the task again; if it stays, check the service URL and the proxy, then ask Kaltura support.",
    ),
    Advice(
        "HTTP_*", PERMANENT, CONNECTION,
        "The answer has an HTTP status that Kaltura does not use.",
        "Check the service URL and the proxy in the connection.",
    ),
)  # fmt: skip
