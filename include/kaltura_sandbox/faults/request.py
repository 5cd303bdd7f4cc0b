"""What the proxy knows about a request: what it asks for, found without reading more than its beginning."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from ..casting import to_text
from ..parameters import form_pairs, group_colons, json_object, merge, nest_brackets, path_pairs
from .fault import (
    ACCESS_DENIED,
    ANSWER_KINDS,
    EXPIRED_KS,
    INDEX_LAG,
    KALTURA,
    KINDS,
    KMS_DENIED,
    KMS_DISABLED,
    NO_SUCH_VERSION,
    PRECONDITION_FAILED,
    S3,
    STALL_REQUEST,
    Fault,
)

MULTIREQUEST = "multirequest"

_OBJECT_QUERIES = {
    "GET": {"uploadId": "ListParts", "acl": "GetObjectAcl", "tagging": "GetObjectTagging"},
    "PUT": {"partNumber": "UploadPart", "acl": "PutObjectAcl", "tagging": "PutObjectTagging"},
    "POST": {"uploads": "CreateMultipartUpload", "uploadId": "CompleteMultipartUpload", "restore": "RestoreObject"},
    "DELETE": {"uploadId": "AbortMultipartUpload", "tagging": "DeleteObjectTagging"},
}
_OBJECT_METHODS = {"GET": "GetObject", "HEAD": "HeadObject", "PUT": "PutObject", "DELETE": "DeleteObject"}
_BUCKET_QUERIES = {
    "GET": {"list-type": "ListObjectsV2", "versions": "ListObjectVersions", "uploads": "ListMultipartUploads"},
    "PUT": {"versioning": "PutBucketVersioning"},
    "POST": {"delete": "DeleteObjects"},
}
_BUCKET_METHODS = {"GET": "ListObjects", "HEAD": "HeadBucket", "PUT": "CreateBucket", "DELETE": "DeleteBucket"}
_ABOUT_OBJECTS = (PRECONDITION_FAILED, NO_SUCH_VERSION, KMS_DENIED, KMS_DISABLED)


@dataclass(frozen=True)
class Request:
    """One request, as far as the proxy has read it.

    :param service: ``kaltura`` or ``s3``.
    :param method: the HTTP method.
    :param target: path and query as sent.
    :param headers: header values by lower-case name.
    :param length: bytes of the body as announced; None if it comes in chunks.
    :param action: such as ``media.add`` or ``multirequest``; for S3 the operation, such as ``GetObject``. What is
        neither is named by its method alone.
    :param items: the actions within a multirequest, in order.
    :param params: Kaltura's parameters, the session left out.
    :param session: a digest of the session (KS); empty without one.
    :param file_start: position in the body of the bytes of the file it carries; None if it carries none.
    """

    service: str
    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    length: int | None = 0
    action: str = ""
    items: tuple[str, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict)
    session: str = ""
    file_start: int | None = None

    @cached_property
    def path(self) -> str:
        """The decoded path; for S3 the bucket and the key."""
        return unquote(self.target.partition("?")[0])

    @property
    def upload_token(self) -> str:
        """The upload token this request sends bytes into; empty for others."""
        return to_text(self.params.get("uploadTokenId")) if self.file_start is not None else ""

    @property
    def file_length(self) -> int | None:
        """Bytes of the file this request carries as announced, if it is the last field; None if not known."""
        if self.file_start is None or self.length is None:
            return None
        end = len(_boundary(self.headers.get("content-type", ""))) + len(b"\r\n----\r\n")
        return max(0, self.length - self.file_start - end)

    def can_get(self, fault: Fault) -> bool:
        """Tell whether a fault makes sense for this request: no session can expire where none is used."""
        if fault.kind not in KINDS[self.service]:
            return False
        if fault.kind == STALL_REQUEST:
            return self.length != 0
        if self.service == KALTURA:
            if fault.kind == EXPIRED_KS:
                return bool(self.session)
            # Made answers are those of the API; a download, say, has none of them.
            return fault.kind not in (*ANSWER_KINDS[KALTURA], INDEX_LAG) or bool(self.params)
        if fault.kind == PRECONDITION_FAILED:
            return bool({"if-match", "if-none-match"} & {*self.headers})
        if fault.kind == NO_SUCH_VERSION:
            return "versionId=" in self.target
        return self.action.endswith("Object") or fault.kind not in _ABOUT_OBJECTS or fault.kind == ACCESS_DENIED


def s3_request(method: str, target: str, headers: Mapping[str, str], length: int | None) -> Request:
    """Describe a request to S3, in path style (``/bucket/key``)."""
    parts = urlsplit(f"//host{target}")
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    bucket, _, key = parts.path.lstrip("/").partition("/")
    if not bucket:
        action = "ListBuckets" if method == "GET" else method
    else:
        queries, methods = (_OBJECT_QUERIES, _OBJECT_METHODS) if key else (_BUCKET_QUERIES, _BUCKET_METHODS)
        named = (name for sign, name in queries.get(method, {}).items() if sign in query)
        action = next(named, methods.get(method, method))
        if action == "PutObject" and "x-amz-copy-source" in headers:
            action = "CopyObject"
    return Request(S3, method, target, headers, length, action)


def kaltura_request(
    method: str, target: str, headers: Mapping[str, str], length: int | None, beginning: bytes
) -> Request:
    """Describe a request to Kaltura.

    :param beginning: of the body: all of a JSON or form body, of a multipart body as much as precedes its file.
    """
    tail = _script_tail(target)
    # The API answers OPTIONS without a look at what is asked for.
    if tail is None or method == "OPTIONS":
        return Request(KALTURA, method, target, headers, length, method)
    query = target.partition("?")[2]
    body, file_start = _body_params(headers.get("content-type", ""), beginning)
    url = merge(nest_brackets(form_pairs(query)), path_pairs(tail))
    try:
        params = group_colons(merge(body, url))
    except RecursionError:
        params = group_colons(url)
    items: tuple[str, ...] = ()
    sessions = [params.pop("ks", None)]
    if to_text(params.get("service")).lower() == MULTIREQUEST:
        numbered = sorted((int(name), item) for name, item in params.items() if name.isdecimal() and _is_call(item))
        items = tuple(_name(item) for _, item in numbered)
        sessions += [item.pop("ks", None) for _, item in numbered]
    session = next((text for text in map(to_text, sessions) if text and "{" not in text), "")
    return Request(
        KALTURA, method, target, headers, length, MULTIREQUEST if items else _name(params), items, params,
        hashlib.sha256(session.encode()).hexdigest() if session else "", file_start,
    )  # fmt: skip


def has_beginning(content_type: str, beginning: bytes) -> bool:
    """Tell whether enough of a multipart body has been read to describe its request: all that precedes its file."""
    return _multipart(content_type, beginning)[1] is not None


def _script_tail(target: str) -> str | None:
    path = "/" + target.partition("?")[0].lstrip("/")
    for script in ("/api_v3/index.php", "/api_v3"):
        if path == script or path.startswith(f"{script}/"):
            return path.removeprefix(script)
    return None


def _is_call(item: Any) -> bool:
    return isinstance(item, dict) and bool(item.get("service"))


def _name(params: Mapping[str, Any]) -> str:
    return f"{to_text(params.get('service'))}.{to_text(params.get('action'))}"


def _body_params(content_type: str, beginning: bytes) -> tuple[dict[str, Any], int | None]:
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        fields, start = _multipart(content_type, beginning)
        nested = nest_brackets(fields)
        sent = nested.pop("json", None)
        return merge(nested, (json_object(sent) if isinstance(sent, str) else None) or {}), start
    text = beginning.decode("utf-8", "replace")
    if kind == "application/x-www-form-urlencoded":
        return nest_brackets(form_pairs(text)), None
    return (json_object(text) or {}) if kind == "application/json" else {}, None


def _boundary(content_type: str) -> bytes:
    return content_type.partition("boundary=")[2].partition(";")[0].strip().strip('"').encode("latin-1")


def _multipart(content_type: str, beginning: bytes) -> tuple[list[tuple[str, Any]], int | None]:
    """Return the fields before the first file of a multipart body, and where the bytes of that file begin."""
    marker = _boundary(content_type)
    pairs: list[tuple[str, Any]] = []
    position = beginning.find(b"--" + marker) if marker else -1
    while position >= 0:
        head_end = beginning.find(b"\r\n\r\n", position)
        if head_end < 0:
            break
        head, start = beginning[position:head_end].decode("utf-8", "replace"), head_end + 4
        if 'filename="' in head:
            return pairs, start
        position = beginning.find(b"\r\n--" + marker, start)
        if position >= 0:
            name = head.partition(' name="')[2].partition('"')[0]
            pairs.append((name, beginning[start:position].decode("utf-8", "replace")))
            position += 2
    return pairs, None
