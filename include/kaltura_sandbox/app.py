"""The web application: reads requests as PHP and Kaltura do, runs them in threads and writes the answers."""

from __future__ import annotations

import asyncio
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from .answers import (
    HTML_TYPE,
    JSON,
    JSONP,
    PHP,
    XML,
    FileAnswer,
    RedirectAnswer,
    common_headers,
    error_headers,
    header_text,
    serialize,
)
from .casting import to_text
from .context import RequestInfo
from .dispatch import ServeError, execute
from .errors import ApiError, ServerCrash, fail
from .multipart import MultipartBody
from .multirequest import execute_all, is_multirequest
from .parameters import form_pairs, group_colons, json_object, merge, nest_brackets, path_pairs
from .receiving.handover import parts_in_files
from .registry import ROUTES, RawRoute

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from .sandbox import Sandbox

_log = logging.getLogger(__name__)

# What pages of other sites may send: browsers ask before the player's first call.
_PREFLIGHT = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Headers": "Origin, X-Requested-With, Content-Type, Accept, Range, Cache-Control",
    "Access-Control-Allow-Methods": "POST, GET, HEAD, OPTIONS",
}
_RAW_PREFLIGHT = {
    **_PREFLIGHT, "Access-Control-Allow-Headers": f"{_PREFLIGHT['Access-Control-Allow-Headers']}, X-Kaltura-Ks"
}  # fmt: skip
_METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]
_MAX_TEXT_BODY = 64 * 1024 * 1024
_NOT_FOUND = (
    '<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">\n<html><head>\n<title>404 Not Found</title>\n</head><body>\n'
    "<h1>Not Found</h1>\n<p>The requested URL was not found on this server.</p>\n</body></html>\n"
)


@dataclass
class _Reply:
    """A finished answer, made in a worker thread."""

    status: int = 200
    body: bytes = b""
    content_type: str = HTML_TYPE
    headers: dict[str, str] = field(default_factory=dict)
    file: FileAnswer | None = None


def build_app(sandbox: Sandbox) -> Starlette:
    """Make the web application of a sandbox; it starts and stops the sandbox with itself."""
    workers = ThreadPoolExecutor(sandbox.settings.worker_threads, thread_name_prefix="sandbox")

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        sandbox.start()
        yield
        sandbox.stopping.set()
        await asyncio.to_thread(workers.shutdown)
        await asyncio.to_thread(sandbox.stop)

    async def api(request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(b"", 200, {**common_headers(_client(request)), **_PREFLIGHT}, HTML_TYPE)
        tail = _script_tail(request)
        if tail is None:
            return _not_found()
        url_params = merge(nest_brackets(form_pairs(request.url.query)), path_pairs(tail))
        try:
            body, multipart = await _read_body(sandbox, request)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody is there to read it
        except OSError:
            _log.exception("answering HTTP 500: the files of a request can not be kept")
            return Response(status_code=500)
        agent = request.headers.get("user-agent", "")
        info = RequestInfo(_base_url(request), _client(request), _uri(request), url_params, agent)
        try:
            reply = await asyncio.get_running_loop().run_in_executor(workers, _answer, sandbox, info, body)
        finally:
            if multipart is not None:
                multipart.discard()
        return _response(reply)

    def raw(declared: RawRoute) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            if request.method == "OPTIONS":
                return Response(b"", 200, _RAW_PREFLIGHT, HTML_TYPE)
            answer = await asyncio.get_running_loop().run_in_executor(workers, declared.run, sandbox, request)
            if isinstance(answer, FileAnswer):
                return file_response(answer)
            if isinstance(answer, RedirectAnswer):
                return Response(b"", 302, {"Location": header_text(answer.url)}, HTML_TYPE)
            return answer

        return endpoint

    async def not_found(request: Request, error: Exception) -> Response:
        return _not_found()

    routes = [Route(path, api, methods=_METHODS) for path in ("/api_v3", "/api_v3/{tail:path}")]
    routes += [Route(each.path, raw(each), methods=_METHODS) for each in ROUTES]
    return Starlette(routes=routes, lifespan=lifespan, exception_handlers={404: not_found, 405: not_found})


def _script_tail(request: Request) -> str | None:
    """Return the undecoded path behind the API's script; None when it is another address."""
    path = request.scope["raw_path"].decode("latin-1").removeprefix("/api_v3")
    for script in ("/index.php", ""):
        rest = path.removeprefix(script)
        if (script and rest != path) or rest in {"", "/"} or rest.lower().startswith("/service/"):
            return rest if not rest or rest.startswith("/") else None
    return None


def _client(request: Request) -> str:
    return request.client.host if request.client else "127.0.0.1"


def _uri(request: Request) -> str:
    path: str = request.scope["raw_path"].decode("latin-1")
    return f"{path}?{request.url.query}" if request.url.query else path


def _base_url(request: Request) -> str:
    return f"{request.url.scheme}://{request.headers.get('host') or request.url.netloc}"


def _not_found() -> Response:
    return Response(_NOT_FOUND, 404, media_type="text/html; charset=iso-8859-1")


async def _read_body(sandbox: Sandbox, request: Request) -> tuple[dict[str, Any], MultipartBody | None]:
    """Read the parameters of a body; one that is too large or malformed counts as empty, as in PHP."""
    kind = request.headers.get("content-type", "")
    bare_kind = kind.partition(";")[0].strip().lower()
    settings = sandbox.settings
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > settings.post_max_bytes:
        await _drain(request)
        return {}, None
    if bare_kind == "multipart/form-data" and request.method == "POST":
        parts = parts_in_files(request.scope)
        multipart = MultipartBody(kind, sandbox.files.spool, settings.upload_max_bytes, parts)
        try:
            await multipart.read(request.stream())
        except BaseException:
            multipart.discard()
            raise
        return _multipart_params(multipart), multipart
    text = await _read_text(request)
    if kind.lower() == "application/json" and request.method in {"POST", "PUT", "PATCH"}:
        return json_object(text) or {}, None
    if bare_kind == "application/x-www-form-urlencoded" and request.method == "POST":
        return nest_brackets(form_pairs(text)), None
    return {}, None


def _multipart_params(multipart: MultipartBody) -> dict[str, Any]:
    fields = nest_brackets([*multipart.fields])
    sent = fields.pop("json", None)
    decoded = json_object(sent) if isinstance(sent, str) else None
    if decoded is not None:
        fields = merge(group_colons(fields), group_colons(decoded))
    # The upload fields of Kaltura's forms are flat, so their names are grouped like those of texts.
    return merge(group_colons(fields), group_colons(nest_brackets([*multipart.files])))


async def _read_text(request: Request) -> str:
    body = bytearray()
    async for chunk in request.stream():
        if len(body) <= _MAX_TEXT_BODY:
            body += chunk
    return "" if len(body) > _MAX_TEXT_BODY else body.decode("utf-8", "ignore")


async def _drain(request: Request) -> None:
    async for _ in request.stream():
        pass


def _parameters(body: dict[str, Any], url_params: dict[str, Any]) -> dict[str, Any]:
    """Lay the parameters of the address over those of the body; a body nested too deeply counts as none."""
    try:
        return cast("dict[str, Any]", group_colons(merge(body, url_params)))
    except RecursionError:
        return cast("dict[str, Any]", group_colons(url_params))


def _answer(sandbox: Sandbox, info: RequestInfo, body: dict[str, Any]) -> _Reply:
    """Run a request and write its answer, in a worker thread."""
    try:
        with sandbox.meter.call():
            return _run(sandbox, info, _parameters(body, info.url_params))
    except ServerCrash as crash:
        _log.info("answering HTTP 500: %s", crash)
    except Exception:
        _log.exception("answering HTTP 500")
    return _Reply(500)


def _run(sandbox: Sandbox, info: RequestInfo, params: dict[str, Any]) -> _Reply:
    started = time.perf_counter()
    headers = common_headers(info.client)
    try:
        response_format = to_text(params.get("format")) or XML
        callback = to_text(info.url_params.get("callback"))
        if response_format not in {JSON, XML, PHP, JSONP}:
            raise ServeError(fail("UNKNOWN_RESPONSE_FORMAT", FORMAT=response_format))
        if response_format == JSONP and not callback:
            raise ServeError(fail("MANDATORY_PARAMETER_MISSING", PARAM="callback"))
        try:
            result = (execute_all if is_multirequest(params) else execute)(sandbox, info, params)
        except ApiError as error:
            result = error
            if error.code == "SERVICE_FORBIDDEN":
                headers.update(error_headers(error, serving=False))
        if isinstance(result, FileAnswer):
            return _Reply(headers={**headers, **result.headers}, file=result)
        if isinstance(result, RedirectAnswer):
            return _Reply(302, headers={**headers, "Location": header_text(result.url)})
        body, content_type = serialize(
            result, response_format, seconds=time.perf_counter() - started, callback=callback,
            keep_nulls=to_text(params.get("ignoreNull")) not in {"1", "true"},
        )  # fmt: skip
        return _Reply(200, body, content_type, headers)
    except ServeError as refused:
        return _Reply(headers={**headers, **error_headers(refused.error, serving=True)})


def _response(reply: _Reply) -> Response:
    if reply.file is None:
        return Response(reply.body, reply.status, reply.headers, reply.content_type)
    return file_response(reply.file, reply.headers)


def file_response(answer: FileAnswer, headers: dict[str, str] | None = None) -> Response:
    """Make the HTTP response of a file; files on disk answer range requests.

    :param headers: headers to send besides the answer's own.
    """
    every = {**(headers or {}), **answer.headers}
    if isinstance(answer.content, bytes):
        if answer.download_name is not None:
            name = header_text(answer.download_name).replace('"', "'")
            every["Content-Disposition"] = f'attachment; filename="{name}"'
        return Response(answer.content, 200, every, answer.content_type)
    return FileResponse(answer.content, 200, every, answer.content_type, filename=answer.download_name)
