"""Names of upload tokens by which they are found again, whatever became of the answer that held their ID."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Collection
from typing import TYPE_CHECKING

from kaltura_provider.api.errors import KalturaError
from kaltura_provider.api.file_names import extension_of
from kaltura_provider.api.upload_tokens import UNUSED_STATUSES, delete_token, list_tokens

if TYPE_CHECKING:
    from kaltura_provider.api.client import KalturaClient

log = logging.getLogger(__name__)


def new_mark() -> str:
    """Return a mark that begins the names of one file's tokens and of no others."""
    return f"airflow-{uuid.uuid4().hex[:16]}"


def token_name(mark: str, entry_id: str, file_name: str, params_id: int | None = None) -> str:
    """Name the upload tokens of a file.

    :param mark: the mark of the file.
    :param entry_id: its entry; a reference to it will do.
    :param file_name: the name under which the file travels; its extension is all that Kaltura takes from a name.
    :param params_id: the flavor params, for a further file of the entry.
    """
    extension = extension_of(file_name)
    which = "" if params_id is None else f".{params_id}"
    return f"{mark}.{entry_id}{which}{'.' if extension else ''}{extension}"


def delete_unused(client: KalturaClient, name: str, keep: Collection[str] = ()) -> None:
    """Throw away the tokens of a name that nothing uses (``uploadToken.list``, ``uploadToken.delete``). Never raises.

    :param client: the client.
    :param name: what :func:`token_name` made.
    :param keep: IDs of tokens that are still needed.
    """
    try:
        for token in list_tokens(client, fileNameEqual=name, statusIn=UNUSED_STATUSES):
            if token.id not in keep:
                delete_token(client, token.id)
    except KalturaError as error:
        log.warning("%s An upload token may be left over; it goes away by itself.", error)
