"""Service ``uploadToken``: files that arrive whole or in chunks, before they become content of something."""

from __future__ import annotations

import time
from pathlib import Path, PurePath
from typing import Any

from ..context import Context
from ..errors import ServerCrash, fail, register_error
from ..ids import long_id
from ..inputs import UploadedFile
from ..listing import find_page
from ..query import equal, one_of
from ..registry import action, param
from ..schema import ApiObject, int_enum, kaltura_type, list_type, prop, props, render, render_list
from ..store import Document
from .upload_content import (
    CLOSED,
    DELETED,
    FULL,
    PARTIAL,
    PENDING,
    find_token,
    finish_attached,
    folder,
    refuse_attached,
    tokens,
)
from .upload_types import is_restricted

# A begun upload can be continued this long after its last chunk.
_MAX_RESUME_SECONDS = 7 * 24 * 3600
# How often a final request looks whether the missing chunks have come.
_POLL_SECONDS = 0.1
_FREE_FORM_SUFFIXES = frozenset({"", ".tmp"})

int_enum("KalturaUploadTokenStatus", 0, 1, 2, 3, 4, 5)
kaltura_type(
    "KalturaUploadToken", None,
    prop("id", read_only=True), prop("partnerId", "int", read_only=True), prop("userId", read_only=True),
    prop("status", "KalturaUploadTokenStatus", read_only=True), prop("fileName", insert_only=True),
    prop("fileSize", "bigint", insert_only=True), prop("uploadedFileSize", "bigint", read_only=True),
    *props("time", "createdAt updatedAt", read_only=True), prop("uploadUrl", read_only=True),
    prop("autoFinalize", "bool", insert_only=True), prop("attachedObjectType", read_only=True),
    prop("attachedObjectId", read_only=True),
)  # fmt: skip
kaltura_type(
    "KalturaUploadTokenFilter", "KalturaFilter",
    *props("string", "idEqual idIn userIdEqual statusIn fileNameEqual"),
    prop("statusEqual", "KalturaUploadTokenStatus"), prop("fileSizeEqual", "int"),
)  # fmt: skip
list_type("KalturaUploadTokenListResponse", "KalturaUploadToken")
register_error(
    "UPLOAD_PASSED_MAX_RESUME_TIME_ALLOWED",
    "Cannot resume upload token, the token passed the maximum resume time allowed",
)


def _answer(token: Document) -> dict[str, Any]:
    return render("KalturaUploadToken", token)


@action("uploadToken", "add", param("uploadToken", "KalturaUploadToken", None))
def add(context: Context, upload_token: ApiObject | None) -> dict[str, Any]:
    """Make a token; the declared size is only a note unless the upload is to finish by itself."""
    now = int(time.time())
    document: Document = {
        "id": long_id(), "partnerId": context.partner_id, "userId": context.user_id, "status": PENDING,
        "createdAt": now, "updatedAt": now, "autoFinalize": False,
    }  # fmt: skip
    if upload_token is not None:
        upload_token.check_insert()
        upload_token.apply_to(document)
        if document["autoFinalize"] and not document.get("fileSize"):
            raise fail("UPLOAD_TOKEN_MISSING_FILE_SIZE")
    return _answer(tokens(context.store).insert(document))


@action("uploadToken", "get", param("uploadTokenId"))
def get(context: Context, upload_token_id: str) -> dict[str, Any]:
    """Answer a token; ``uploadedFileSize`` counts joined bytes only."""
    return _answer(find_token(context, upload_token_id))


@action(
    "uploadToken", "list",
    param("filter", "KalturaUploadTokenFilter", None), param("pager", "KalturaFilterPager", None),
)  # fmt: skip
def list_tokens(context: Context, filter: ApiObject | None, pager: ApiObject | None) -> dict[str, Any]:
    """List tokens; a user session sees its own ones only."""
    base = equal("partnerId", context.partner_id) & ~equal("status", DELETED)
    if not context.is_admin:
        base &= equal("userId", context.user_id)
    if filter is not None and "fileNameEqual" in filter and not {"statusEqual", "statusIn"} & filter.values.keys():
        base &= one_of("status", (PENDING, PARTIAL, FULL))
    found, total = find_page(tokens(context.store), filter, pager, base=base)
    return render_list("KalturaUploadTokenListResponse", [_answer(each) for each in found], total)


@action("uploadToken", "delete", param("uploadTokenId"))
def delete(context: Context, upload_token_id: str) -> None:
    """Delete a token and what it holds, unless something uses that as its content."""
    with context.sandbox.lock(f"token:{upload_token_id}"):
        # One step, or the file could become somebody's content between the look and the removal.
        with context.store.transaction():
            token = find_token(context, upload_token_id)
            tokens(context.store).update(upload_token_id, status=DELETED, updatedAt=int(time.time()))
        if token["status"] != CLOSED:
            context.files.remove("token", upload_token_id)


@action(
    "uploadToken", "upload",
    param("uploadTokenId"), param("fileData", "file", None), param("resume", "bool", False),
    param("finalChunk", "bool", True), param("resumeAt", "int", -1),
)  # fmt: skip
def upload(
    context: Context, upload_token_id: str, file_data: UploadedFile | None, resume: bool, final_chunk: bool,
    resume_at: int,
) -> dict[str, Any]:  # fmt: skip
    """Take a file or one chunk of it.

    :param resume: the bytes belong behind a first chunk; otherwise the upload starts over.
    :param final_chunk: the upload ends with these bytes.
    :param resume_at: offset of the bytes; -1 appends them.
    """
    if file_data is None and "fileData" not in context.params:
        raise fail("MISSING_MANDATORY_PARAMETER", PARAM_NAME="fileData")
    find_token(context, upload_token_id)
    if file_data is None or file_data.too_large:
        raise fail("UPLOAD_ERROR")
    with context.sandbox.lock(f"token:{upload_token_id}"):
        token = _open_token(context, upload_token_id)
        if not resume:
            token = _begin(context, token, file_data)
            expected = None
            ends = final_chunk or _is_complete(token)
        else:
            ends, expected = _ending(token, file_data.size, final_chunk, resume_at)
            token = _continue(context, token, file_data, resume_at)
        if not ends:
            return _answer(token)
        if expected is None:
            return _answer(_close(context, token))
    return _answer(_close_when_complete(context, upload_token_id, expected))


def _open_token(context: Context, token_id: str) -> Document:
    """Return a token that takes bytes."""
    token = find_token(context, token_id)
    if token["status"] not in {PENDING, PARTIAL}:
        raise fail("UPLOAD_TOKEN_INVALID_STATUS_FOR_UPLOAD")
    if token["status"] == PARTIAL and token["updatedAt"] < time.time() - _MAX_RESUME_SECONDS:
        raise fail("UPLOAD_PASSED_MAX_RESUME_TIME_ALLOWED")
    return token


def _begin(context: Context, token: Document, part: UploadedFile) -> Document:
    """Take a first chunk; repeating it drops what was joined behind it."""
    suffix = PurePath(part.name).suffix.lower()
    if suffix in _FREE_FORM_SUFFIXES:
        suffix = PurePath(token.get("fileName") or part.name).suffix.lower()
    chunks = folder(context.sandbox, token["id"])
    name = chunks.start(part.path, suffix)
    changed = tokens(context.store).update(
        token["id"], status=PARTIAL, dataName=name, uploadedFileSize=part.size, receivedBytes=part.size,
        fileName=token.get("fileName") or part.name, updatedAt=int(time.time()),
    )  # fmt: skip
    chunks.drop(token.get("dataName"))
    return changed


def _continue(context: Context, token: Document, part: UploadedFile, offset: int) -> Document:
    """Join up to ten waiting chunks, then this one or let it wait."""
    name, size = token["dataName"], token["uploadedFileSize"]
    chunks = folder(context.sandbox, token["id"])
    joined: list[Path] = []
    if offset > 0:
        size, joined = chunks.join_waiting(name, size)
    if part.size:
        size = chunks.put(name, size, part.path, part.size, size if offset < 0 else offset)
    changed = tokens(context.store).update(
        token["id"], uploadedFileSize=size, receivedBytes=token["receivedBytes"] + part.size,
        updatedAt=int(time.time()),
    )  # fmt: skip
    _remove(joined)
    return changed


def _ending(token: Document, length: int, final_chunk: bool, offset: int) -> tuple[bool, int | None]:
    """Tell whether a chunk ends the upload and which size the file must then have; None checks no size."""
    if "dataName" not in token:
        raise fail("UPLOAD_TOKEN_CANNOT_RESUME")
    if token["autoFinalize"]:
        # Received bytes are counted, repeated ones too.
        if token["receivedBytes"] + length >= token["fileSize"]:
            return True, token["fileSize"]
        if offset == -1 and token["fileSize"] >= token["uploadedFileSize"]:
            return True, None
    return final_chunk, offset + length if offset > 0 else None


def _is_complete(token: Document) -> bool:
    return bool(token["autoFinalize"]) and token["receivedBytes"] >= token["fileSize"]


def _close_when_complete(context: Context, token_id: str, expected: int) -> Document:
    """End an upload as soon as it has the expected size; the lock is free while chunks are missing."""
    deadline = time.monotonic() + context.settings.final_chunk_wait
    while True:
        with context.sandbox.lock(f"token:{token_id}"):
            token = _open_token(context, token_id)
            chunks = folder(context.sandbox, token_id)
            size, joined = chunks.join_waiting(token["dataName"], token["uploadedFileSize"], None)
            if joined:
                token = tokens(context.store).update(token_id, uploadedFileSize=size)
                _remove(joined)
            if size == expected:
                return _close(context, token)
        if time.monotonic() >= deadline:
            raise fail("UPLOAD_TOKEN_CANNOT_MATCH_EXPECTED_SIZE")
        if context.sandbox.stopping.wait(_POLL_SECONDS):
            raise ServerCrash("the sandbox stops while an upload waits for chunks")


def _remove(chunks: list[Path]) -> None:
    for path in chunks:
        path.unlink(missing_ok=True)


def _close(context: Context, token: Document) -> Document:
    """End an upload; a token that something waits for hands over its file at once."""
    chunks = folder(context.sandbox, token["id"])
    path = chunks.close(token["dataName"], token["uploadedFileSize"])
    if context.settings.restrict_file_types and is_restricted(path):
        with context.store.transaction():
            refused = tokens(context.store).update(token["id"], status=DELETED, updatedAt=int(time.time()))
            refuse_attached(context.sandbox, refused)
        context.files.remove("token", token["id"])
        raise fail("UPLOAD_TOKEN_FILE_TYPE_RESTRICTED_FOR_UPLOAD")
    with context.store.transaction():
        token = tokens(context.store).update(token["id"], status=FULL, updatedAt=int(time.time()))
        if token.get("attachedObjectId"):
            token = finish_attached(context.sandbox, token, path)
    chunks.tidy(token["dataName"])
    return token
