"""Service ``metadata_metadataProfile``: the schemas of custom metadata."""

from __future__ import annotations

import time
from typing import Any

from ..answers import FileAnswer
from ..context import Context
from ..errors import fail, register_error
from ..listing import find_page
from ..metadata_xml import InvalidMetadata, schema_fields
from ..query import equal
from ..registry import ADMIN, ANYONE, USER, action, param
from ..schema import ApiObject, int_enum, kaltura_type, list_type, prop, props, render, render_list
from ..store import Collection, Document, Store
from .partner_profiles import check_system_name

_ACTIVE = 1
_API = 1
_FIRST_ID = 31
FIRST_VERSION = 2
VERSION_STEP = 10

register_error("INVALID_METADATA_PROFILE_SCHEMA", "invalid metadata profile schema: @ERR_MSG@")

# Numbers of the kinds of object; plugins may add names, which the sandbox has none of.
int_enum("KalturaMetadataObjectType", 1, 2, 3, 4, 5, 6)
int_enum("KalturaMetadataProfileCreateMode", 1, 2, 3)
int_enum("KalturaMetadataProfileStatus", 1, 2, 3)
kaltura_type(
    "KalturaMetadataProfile", None,
    *props("int", "id partnerId", read_only=True), prop("metadataObjectType", "KalturaMetadataObjectType"),
    prop("version", "int", read_only=True), prop("name", min_length=1), prop("systemName"), prop("description"),
    *props("time", "createdAt updatedAt", read_only=True),
    prop("status", "KalturaMetadataProfileStatus", read_only=True), *props("string", "xsd views xslt", read_only=True),
    prop("createMode", "KalturaMetadataProfileCreateMode"), prop("disableReIndexing", "bool"),
)  # fmt: skip
kaltura_type(
    "KalturaMetadataProfileFilter", "KalturaFilter",
    prop("idEqual", "int"), prop("idIn"), prop("partnerIdEqual", "int"),
    prop("metadataObjectTypeEqual", "KalturaMetadataObjectType"), prop("metadataObjectTypeIn"),
    *props("string", "nameEqual systemNameEqual systemNameIn"),
    *props("time", "createdAtGreaterThanOrEqual createdAtLessThanOrEqual"),
    *props("time", "updatedAtGreaterThanOrEqual updatedAtLessThanOrEqual"),
    prop("statusEqual", "KalturaMetadataProfileStatus"), prop("statusIn"),
    prop("createModeEqual", "KalturaMetadataProfileCreateMode"), prop("createModeIn"),
)  # fmt: skip
list_type("KalturaMetadataProfileListResponse", "KalturaMetadataProfile")
kaltura_type("KalturaMetadataProfileField", None, prop("id", "int"), *props("string", "xPath key label"))
list_type("KalturaMetadataProfileFieldListResponse", "KalturaMetadataProfileField")


def metadata_profiles(store: Store) -> Collection:
    """Return the profiles."""
    return store.collection("metadataProfile", "systemName")


def find_metadata_profile(context: Context, profile_id: int) -> Document:
    """Return a profile of the account.

    :raises ApiError: ``METADATA_PROFILE_NOT_FOUND``.
    """
    found = metadata_profiles(context.store).get(profile_id, context.partner_id)
    if found is None:
        raise fail("METADATA_PROFILE_NOT_FOUND", ID=profile_id)
    return found


def _answer(document: Document) -> dict[str, Any]:
    return render("KalturaMetadataProfile", document)


def _set_schema(context: Context, document: Document, xsd: str) -> None:
    """Set schema and fields; a field keeps its number from one schema to the next."""
    try:
        fields = schema_fields(xsd)
    except InvalidMetadata as problem:
        raise fail("INVALID_METADATA_PROFILE_SCHEMA", ERR_MSG=problem) from problem
    known = {field["xPath"]: field["id"] for field in document.get("fields", [])}
    document["xsd"] = xsd
    document["fields"] = [
        {"id": known.get(field["xPath"]) or context.store.next_number("metadataField"), **field} for field in fields
    ]


@action(
    "metadata_metadataProfile", "add",
    param("metadataProfile", "KalturaMetadataProfile"), param("xsdData"), param("viewsData", default=None),
    access=ADMIN,
)  # fmt: skip
def add(context: Context, metadata_profile: ApiObject, xsd_data: str, views_data: str | None) -> dict[str, Any]:
    """Make a profile of a schema."""
    metadata_profile.require("name", "metadataObjectType")
    metadata_profile.check_insert()
    now = int(time.time())
    document: Document = {
        "partnerId": context.partner_id, "version": FIRST_VERSION, "createdAt": now, "updatedAt": now,
        "status": _ACTIVE, "createMode": _API, "disableReIndexing": False, "views": views_data,
    }  # fmt: skip
    metadata_profile.apply_to(document)
    with context.store.transaction():
        check_system_name(context, metadata_profiles(context.store), metadata_profile)
        _set_schema(context, document, xsd_data)
        document["id"] = context.store.next_number("metadataProfile", _FIRST_ID)
        return _answer(metadata_profiles(context.store).insert(document))


@action("metadata_metadataProfile", "get", param("id", "int"), access=USER)
def get(context: Context, id: int) -> dict[str, Any]:
    """Answer a profile with its schema."""
    return _answer(find_metadata_profile(context, id))


@action(
    "metadata_metadataProfile", "update",
    param("id", "int"), param("metadataProfile", "KalturaMetadataProfile"), param("xsdData", default=None),
    param("viewsData", default=None), access=ADMIN,
)  # fmt: skip
def update(
    context: Context, id: int, metadata_profile: ApiObject, xsd_data: str | None, views_data: str | None
) -> dict[str, Any]:
    """Change a profile; another schema raises its version. Present metadata stays as it is."""
    metadata_profile.check_update()
    with context.store.transaction():
        document = find_metadata_profile(context, id)
        check_system_name(context, metadata_profiles(context.store), metadata_profile, id)
        metadata_profile.apply_to(document)
        if xsd_data is not None and xsd_data != document["xsd"]:
            _set_schema(context, document, xsd_data)
            document["version"] += VERSION_STEP
        if views_data is not None:
            document["views"] = views_data
        document["updatedAt"] = int(time.time())
        return _answer(metadata_profiles(context.store).save(document))


@action("metadata_metadataProfile", "delete", param("id", "int"), access=ADMIN)
def delete(context: Context, id: int) -> None:
    """Delete a profile with all metadata of it."""
    from .metadata import all_metadata

    with context.store.transaction():
        find_metadata_profile(context, id)
        for each in all_metadata(context.store).find(equal("metadataProfileId", id)):
            all_metadata(context.store).delete(each["id"])
        metadata_profiles(context.store).delete(id)


@action(
    "metadata_metadataProfile", "list",
    param("filter", "KalturaMetadataProfileFilter", None), param("pager", "KalturaFilterPager", None), access=ANYONE,
)  # fmt: skip
def list_profiles(context: Context, filter: ApiObject | None, pager: ApiObject | None) -> dict[str, Any]:
    """List the account's profiles."""
    found, total = find_page(
        metadata_profiles(context.store), filter, pager, base=equal("partnerId", context.partner_id)
    )
    return render_list("KalturaMetadataProfileListResponse", [_answer(each) for each in found], total)


@action("metadata_metadataProfile", "listFields", param("metadataProfileId", "int"), access=USER)
def list_fields(context: Context, metadata_profile_id: int) -> dict[str, Any]:
    """List the fields that a profile's schema declares."""
    fields = find_metadata_profile(context, metadata_profile_id)["fields"]
    answers = [render("KalturaMetadataProfileField", field) for field in fields]
    return render_list("KalturaMetadataProfileFieldListResponse", answers, len(answers))


@action("metadata_metadataProfile", "serve", param("id", "int"), access=USER, serves_file=True)
def serve(context: Context, id: int) -> FileAnswer:
    """Answer a profile's schema as a file."""
    return FileAnswer(find_metadata_profile(context, id)["xsd"].encode(), "text/xml")
