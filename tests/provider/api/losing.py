"""A proxy that passes requests on to a real server and loses some of them, or their answers."""

from __future__ import annotations

from collections.abc import Callable

import requests
from tests.provider.api.scripted import HANG_UP, Received, Reply, ScriptedServer

#: What to do with a request: pass it on, lose the answer, or lose the request itself.
PASS, LOSE_ANSWER, LOSE_REQUEST = "pass", "lose answer", "lose request"

Judge = Callable[[Received], str]


def action_of(received: Received) -> str:
    """The action a request calls, such as ``media.add``."""
    return ".".join(received.target.split("?")[0].split("/service/")[-1].split("/action/"))


def forward(url: str, received: Received) -> bytes:
    """Pass a request on.

    :param url: the server.
    :param received: the request.
    :return: the bytes of the answer.
    """
    headers = {name: value for name, value in received.headers.items() if name not in ("host", "connection")}
    answer = requests.request(
        received.method,
        url + received.target,
        headers=headers,
        data=received.body,
        allow_redirects=False,
        timeout=60,
    )
    fields = {**answer.headers, "Connection": "close", "Content-Length": str(len(answer.content))}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if name.lower() != "content-encoding")
    return f"HTTP/1.1 {answer.status_code} {answer.reason}\r\n{head}\r\n".encode() + answer.content


def losing_proxy(url: str, judge: Judge) -> ScriptedServer:
    """Start a proxy in front of a server.

    :param url: the server.
    :param judge: decides about each request.
    """

    def answer(received: Received) -> Reply:
        if not received.complete:
            return HANG_UP
        verdict = judge(received)
        if verdict == LOSE_REQUEST:
            return HANG_UP
        reply = forward(url, received)
        return HANG_UP if verdict == LOSE_ANSWER else reply

    return ScriptedServer(answer)


def once(action: str, verdict: str, number: int = 1) -> Judge:
    """Judge the n-th call of an action; pass everything else on.

    :param action: such as ``media.add``.
    :param verdict: what becomes of it.
    :param number: which of its calls.
    """
    seen = 0

    def judge(received: Received) -> str:
        nonlocal seen
        if action_of(received) != action:
            return PASS
        seen += 1
        return verdict if seen == number else PASS

    return judge
