"""Service ``metadata_metadata``: custom metadata of entries, categories and other objects."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from ..answers import FileAnswer
from ..context import Context
from ..errors import fail, register_error
from ..listing import find_page
from ..metadata_xml import InvalidMetadata, check_document
from ..query import equal
from ..registry import ANYONE, USER, action, param
from ..schema import ApiObject, int_enum, kaltura_type, list_type, prop, props, render, render_list
from ..store import Collection, Document, Store
from .category import categories
from .entries import DELETED, entries, on_entry_deleted
from .metadata_profile import FIRST_VERSION, VERSION_STEP, find_metadata_profile
from .user import ensure_user

if TYPE_CHECKING:
    from ..sandbox import Sandbox

_VALID = 1
_ENTRY = 1
_CATEGORY = 2
_USER = 3
_FIRST_ID = 101

register_error(
    "INCOMPATIBLE_METADATA_PROFILE_OBJECT_TYPE",
    "metadata profile object type [@PROFILE_TYPE@] does not fit object type [@OBJECT_TYPE@]",
)

int_enum("KalturaMetadataStatus", 1, 2, 3)
kaltura_type(
    "KalturaMetadata", None,
    *props("int", "id partnerId metadataProfileId metadataProfileVersion", read_only=True),
    prop("metadataObjectType", "KalturaMetadataObjectType", read_only=True), prop("objectId", read_only=True),
    prop("version", "int", read_only=True), *props("time", "createdAt updatedAt", read_only=True),
    prop("status", "KalturaMetadataStatus", read_only=True), prop("xml", read_only=True),
)  # fmt: skip
kaltura_type(
    "KalturaMetadataFilter", "KalturaFilter",
    *props("string", "idEqual idIn"), prop("partnerIdEqual", "int"), prop("metadataProfileIdEqual", "int"),
    prop("metadataProfileIdIn"), *props("int", "metadataProfileVersionEqual versionEqual"),
    prop("metadataObjectTypeEqual", "KalturaMetadataObjectType"), *props("string", "objectIdEqual objectIdIn"),
    *props("time", "createdAtGreaterThanOrEqual createdAtLessThanOrEqual"),
    *props("time", "updatedAtGreaterThanOrEqual updatedAtLessThanOrEqual"),
    prop("statusEqual", "KalturaMetadataStatus"), prop("statusIn"),
)  # fmt: skip
list_type("KalturaMetadataListResponse", "KalturaMetadata")


def all_metadata(store: Store) -> Collection:
    """Return the metadata of all objects."""
    return store.collection("metadata", "objectId", "metadataProfileId")


def _find(context: Context, metadata_id: int) -> Document:
    found = all_metadata(context.store).get(metadata_id, context.partner_id)
    if found is None:
        raise fail("METADATA_NOT_FOUND", ID=metadata_id)
    return found


def _answer(document: Document) -> dict[str, Any]:
    return render("KalturaMetadata", document)


def _check(xml: str, profile: Document) -> None:
    if not xml:
        # Kaltura's parser throws at an empty text.
        raise fail("INTERNAL_SERVERL_ERROR")
    try:
        check_document(xml, profile["xsd"])
    except InvalidMetadata as problem:
        raise fail("INVALID_METADATA_DATA", ERR_MSG=problem) from problem


def _check_object(context: Context, object_type: int, object_id: str) -> None:
    store, partner_id = context.store, context.partner_id
    found: Document | None = {}
    if object_type == _ENTRY:
        found = entries(store).get(object_id, partner_id)
        found = None if found is None or found["status"] == DELETED else found
    elif object_type == _CATEGORY:
        found = categories(store).get(object_id, partner_id)
    elif object_type == _USER:
        ensure_user(store, partner_id, object_id)
    if found is None:
        raise fail("METADATA_OBJECT_ID_NOT_FOUND", ID=object_id)


@action(
    "metadata_metadata", "add",
    param("metadataProfileId", "int"), param("objectType", "KalturaMetadataObjectType"), param("objectId"),
    param("xmlData"), access=USER,
)  # fmt: skip
def add(context: Context, metadata_profile_id: int, object_type: int, object_id: str, xml_data: str) -> dict[str, Any]:
    """Give an object metadata of a profile; it can have it once."""
    profile = find_metadata_profile(context, metadata_profile_id)
    if profile["metadataObjectType"] != object_type:
        raise fail(
            "INCOMPATIBLE_METADATA_PROFILE_OBJECT_TYPE", PROFILE_TYPE=profile["metadataObjectType"],
            OBJECT_TYPE=object_type,
        )  # fmt: skip
    now = int(time.time())
    present = equal("objectId", object_id) & equal("metadataProfileId", metadata_profile_id)
    with context.store.transaction():
        _check_object(context, object_type, object_id)
        existing = all_metadata(context.store).first(present & equal("partnerId", context.partner_id))
        if existing is not None:
            raise fail("METADATA_ALREADY_EXISTS", ID=existing["id"])
        _check(xml_data, profile)
        document = {
            "id": context.store.next_number("metadata", _FIRST_ID), "partnerId": context.partner_id,
            "metadataProfileId": metadata_profile_id, "metadataProfileVersion": profile["version"],
            "metadataObjectType": object_type, "objectId": object_id, "version": FIRST_VERSION, "createdAt": now,
            "updatedAt": now, "status": _VALID, "xml": xml_data,
        }  # fmt: skip
        return _answer(all_metadata(context.store).insert(document))


@action("metadata_metadata", "get", param("id", "int"), access=USER)
def get(context: Context, id: int) -> dict[str, Any]:
    """Answer metadata with its document."""
    return _answer(_find(context, id))


@action(
    "metadata_metadata", "update",
    param("id", "int"), param("xmlData", default=None), param("version", "int", None), access=USER,
)  # fmt: skip
def update(context: Context, id: int, xml_data: str | None, version: int | None) -> dict[str, Any]:
    """Replace the document.

    A named version must be the present one; the same document once more changes nothing.
    """
    with context.store.transaction():
        document = _find(context, id)
        if version and version != document["version"]:
            raise fail("INVALID_METADATA_VERSION", VERSION=document["version"])
        if xml_data is None or xml_data == document["xml"]:
            return _answer(document)
        profile = find_metadata_profile(context, document["metadataProfileId"])
        _check(xml_data, profile)
        changed = all_metadata(context.store).update(
            id, xml=xml_data, version=document["version"] + VERSION_STEP, updatedAt=int(time.time()),
            metadataProfileVersion=profile["version"],
        )  # fmt: skip
        return _answer(changed)


@action("metadata_metadata", "delete", param("id", "int"), access=USER)
def delete(context: Context, id: int) -> None:
    """Delete metadata; the object may get some again."""
    _find(context, id)
    all_metadata(context.store).delete(id)


@action(
    "metadata_metadata", "list",
    param("filter", "KalturaMetadataFilter", None), param("pager", "KalturaFilterPager", None), access=ANYONE,
)  # fmt: skip
def list_metadata(context: Context, filter: ApiObject | None, pager: ApiObject | None) -> dict[str, Any]:
    """List the metadata of objects, of entries unless another type is asked for."""
    if filter is None or not (filter.get("objectIdEqual") or filter.get("objectIdIn")):
        raise fail("MUST_FILTER_ON_OBJECT_ID")
    base = equal("partnerId", context.partner_id)
    if "metadataObjectTypeEqual" not in filter:
        base &= equal("metadataObjectType", _ENTRY)
    found, total = find_page(
        all_metadata(context.store), filter, pager, base=base,
        order_fields=("createdAt", "updatedAt", "version", "metadataProfileVersion"),
    )  # fmt: skip
    return render_list("KalturaMetadataListResponse", [_answer(each) for each in found], total)


@action("metadata_metadata", "serve", param("id", "int"), access=USER, serves_file=True)
def serve(context: Context, id: int) -> FileAnswer:
    """Answer the document as a file."""
    return FileAnswer(_find(context, id)["xml"].encode(), "text/xml")


@on_entry_deleted
def forget_entry(sandbox: Sandbox, entry: Document) -> None:
    """Delete the metadata of a deleted entry."""
    for document in all_metadata(sandbox.store).find(equal("objectId", entry["id"])):
        if document["metadataObjectType"] == _ENTRY:
            all_metadata(sandbox.store).delete(document["id"])
