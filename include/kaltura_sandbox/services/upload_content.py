"""Upload tokens as content of something: who may use one, and what happens when it is used before its bytes came."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import fail
from .upload_assembly import ChunkFolder

if TYPE_CHECKING:
    from ..context import Context
    from ..sandbox import Sandbox
    from ..store import Collection, Document, Store

PENDING = 0
PARTIAL = 1
FULL = 2
CLOSED = 3
DELETED = 5

_FinishedHandler = Callable[["Sandbox", "Document", Path], object]
_RefusedHandler = Callable[["Sandbox", "Document"], object]
_FINISHED: dict[str, _FinishedHandler] = {}
_REFUSED: dict[str, _RefusedHandler] = {}


def tokens(store: Store) -> Collection:
    """Return the upload tokens."""
    return store.collection("uploadToken", "status", "userId", "fileName")


def find_token(context: Context, token_id: str) -> Document:
    """Return a token of the account; a user session finds its own ones only.

    :raises ApiError: ``UPLOAD_TOKEN_NOT_FOUND``.
    """
    token = tokens(context.store).get(token_id, context.partner_id)
    if token is None or token["status"] == DELETED or not (context.is_admin or token["userId"] == context.user_id):
        raise fail("UPLOAD_TOKEN_NOT_FOUND")
    return token


def folder(sandbox: Sandbox, token_id: str) -> ChunkFolder:
    """Return the files of a token."""
    return ChunkFolder(sandbox.files.path("token", token_id, "x").parent, sandbox.meter.appending)


def token_file(sandbox: Sandbox, token: Document) -> Path:
    """Return the file of a token that has one."""
    return sandbox.files.path("token", token["id"], token["dataName"], make=False)


def consume_token(context: Context, token_id: str, object_type: str, object_id: str) -> Path | None:
    """Use a token as the content of an object. Call it inside the transaction that changes the object.

    A finished token is closed and its file returned. Any other one, a closed one too, is noted as wanted by the
    object: Kaltura takes it for an upload that is still to come.

    :param object_type: Kaltura's word, for example ``flavorAsset``; see :func:`on_upload_finished`.
    :param object_id: the object's id.
    :return: the file, which stays where it is, or None when it is still to come.
    :raises ApiError: ``UPLOAD_TOKEN_NOT_FOUND``.
    """
    token = find_token(context, token_id)
    if token["status"] == FULL:
        tokens(context.store).update(token_id, status=CLOSED, updatedAt=int(time.time()))
        return token_file(context.sandbox, token)
    if token["status"] != CLOSED:
        tokens(context.store).update(
            token_id, attachedObjectType=object_type, attachedObjectId=object_id, updatedAt=int(time.time())
        )
    return None


def on_upload_finished(object_type: str) -> Callable[[_FinishedHandler], _FinishedHandler]:
    """Declare what gives an object its content when the upload it waits for has ended.

    The function gets the sandbox, the token and the file; it runs inside the transaction that closes the token.
    """

    def register(handler: _FinishedHandler) -> _FinishedHandler:
        if object_type in _FINISHED:
            raise ValueError(f"uploads for {object_type} are already handled")
        _FINISHED[object_type] = handler
        return handler

    return register


def on_upload_refused(object_type: str) -> Callable[[_RefusedHandler], _RefusedHandler]:
    """Declare what becomes of an object when the upload it waits for turned out to be of a restricted type.

    The function gets the sandbox and the token; it runs inside the transaction that deletes the token.
    """

    def register(handler: _RefusedHandler) -> _RefusedHandler:
        _REFUSED[object_type] = handler
        return handler

    return register


def refuse_attached(sandbox: Sandbox, token: Document) -> None:
    """Tell the object that waits for an upload, if there is one, that it will not come."""
    handler = _REFUSED.get(token.get("attachedObjectType", ""))
    if handler is not None:
        handler(sandbox, token)


def finish_attached(sandbox: Sandbox, token: Document, path: Path) -> Document:
    """Hand the file of a finished upload to the object that waits for it; return the closed token."""
    closed = tokens(sandbox.store).update(token["id"], status=CLOSED)
    handler = _FINISHED.get(token["attachedObjectType"])
    if handler is not None:
        handler(sandbox, closed, path)
    return closed
