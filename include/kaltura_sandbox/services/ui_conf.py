"""Service ``uiConf``: players and other pieces of user interface."""

from __future__ import annotations

import time
from typing import Any

from ..context import Context
from ..errors import fail
from ..listing import find_page
from ..query import ALL, NOTHING, Where, contains, equal
from ..registry import ADMIN, USER, WIDGET, action, param
from ..schema import ApiObject, int_enum, kaltura_type, list_type, prop, props, render, render_list
from ..store import Collection, Document, Store

_FIRST_ID = 23448200
# Kaltura counts versions of stored files in tens and marks them with the number of the data centre's slot.
_FIRST_VERSION = 2
_VERSION_STEP = 10
_TYPE_NAMES = {
    1: "Widget", 2: "CW", 3: "Editor", 4: "Advanced editor", 5: "Playlist", 6: "KMC App Studio", 8: "Player V3",
}  # fmt: skip
# A change of these makes a new version.
_CONTENT = ("config", "confVars", "confFile", "confFileFeatures")

int_enum("KalturaUiConfObjType", 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23)
int_enum("KalturaUiConfCreationMode", 2, 3, 4)
kaltura_type(
    "KalturaUiConf", None,
    prop("id", "int", read_only=True), prop("name"), prop("description"), prop("partnerId", "int", read_only=True),
    prop("objType", "KalturaUiConfObjType"), prop("objTypeAsString", read_only=True), *props("bigint", "width height"),
    *props("string", "htmlParams swfUrl"), prop("confFilePath", read_only=True),
    *props("string", "confFile confFileFeatures config confVars"), prop("useCdn", "bool"), prop("tags"),
    prop("swfUrlVersion"), *props("time", "createdAt updatedAt", read_only=True),
    prop("creationMode", "KalturaUiConfCreationMode"), prop("html5Url"), prop("version", read_only=True),
    prop("partnerTags"),
)  # fmt: skip
kaltura_type(
    "KalturaUiConfFilter", "KalturaFilter",
    prop("idEqual", "int"), prop("idIn"), prop("nameLike"), prop("partnerIdEqual", "int"), prop("partnerIdIn"),
    prop("objTypeEqual", "KalturaUiConfObjType"), prop("objTypeIn"),
    *props("string", "tagsMultiLikeOr tagsMultiLikeAnd partnerTagsMultiLikeOr partnerTagsMultiLikeAnd"),
    *props("time", "createdAtGreaterThanOrEqual createdAtLessThanOrEqual"),
    *props("time", "updatedAtGreaterThanOrEqual updatedAtLessThanOrEqual"),
    prop("creationModeEqual", "KalturaUiConfCreationMode"), prop("creationModeIn"),
    *props("string", "versionEqual versionMultiLikeOr versionMultiLikeAnd"),
)  # fmt: skip
list_type("KalturaUiConfListResponse", "KalturaUiConf")


def ui_confs(store: Store) -> Collection:
    """Return the stored players."""
    return store.collection("uiConf", "createdAt")


def _ui_conf(context: Context, ui_conf_id: int) -> Document:
    found = ui_confs(context.store).get(ui_conf_id, context.partner_id)
    if found is None:
        raise fail("INVALID_UI_CONF_ID", UI_CONF_ID=ui_conf_id)
    return found


def _answer(document: Document) -> dict[str, Any]:
    return render("KalturaUiConf", document)


@action("uiConf", "add", param("uiConf", "KalturaUiConf"), access=ADMIN)
def add(context: Context, ui_conf: ApiObject) -> dict[str, Any]:
    """Make a player; ``creationMode`` is needed."""
    ui_conf.require("creationMode")
    ui_conf.check_insert()
    now = int(time.time())
    document: Document = {
        "id": context.store.next_number("uiConf", first=_FIRST_ID), "partnerId": context.partner_id, "createdAt": now,
        "updatedAt": now, "useCdn": 1, "version": str(_FIRST_VERSION),
    }  # fmt: skip
    ui_conf.apply_to(document)
    return _answer(ui_confs(context.store).insert(_normalized(document)))


@action("uiConf", "get", param("id", "int"), access=WIDGET)
def get(context: Context, id: int) -> dict[str, Any]:
    """Answer a player."""
    return _answer(_ui_conf(context, id))


@action("uiConf", "update", param("id", "int"), param("uiConf", "KalturaUiConf"), access=ADMIN)
def update(context: Context, id: int, ui_conf: ApiObject) -> dict[str, Any]:
    """Change a player; a new configuration raises its version."""
    _ui_conf(context, id)
    ui_conf.check_update()

    def change(document: Document) -> None:
        before = [document.get(name) for name in _CONTENT]
        ui_conf.apply_to(document)
        if [document.get(name) for name in _CONTENT] != before:
            document["version"] = str(int(document["version"]) + _VERSION_STEP)
        _normalized(document)

    return _answer(ui_confs(context.store).update(id, change, updatedAt=int(time.time())))


@action("uiConf", "delete", param("id", "int"), access=ADMIN)
def delete(context: Context, id: int) -> None:
    """Delete a player."""
    _ui_conf(context, id)
    ui_confs(context.store).delete(id)


@action("uiConf", "clone", param("id", "int"), access=ADMIN)
def clone(context: Context, id: int) -> dict[str, Any]:
    """Copy a player; the copy's configuration counts as changed once."""
    now = int(time.time())
    document = {
        **_ui_conf(context, id), "id": context.store.next_number("uiConf", first=_FIRST_ID), "createdAt": now,
        "updatedAt": now, "version": str(_FIRST_VERSION + _VERSION_STEP),
    }  # fmt: skip
    return _answer(ui_confs(context.store).insert(document))


@action(
    "uiConf", "list",
    param("filter", "KalturaUiConfFilter", None), param("pager", "KalturaFilterPager", None), access=USER,
)  # fmt: skip
def list_ui_confs(context: Context, filter: ApiObject | None, pager: ApiObject | None) -> dict[str, Any]:
    """List the account's players."""
    found, total = find_page(
        ui_confs(context.store), filter, pager, base=equal("partnerId", context.partner_id),
        conditions={"tagsMultiLikeOr": _any_of, "tagsMultiLikeAnd": _all_of}, default_order="-createdAt",
        order_fields=("createdAt", "updatedAt", "name"),
    )  # fmt: skip
    return render_list("KalturaUiConfListResponse", [_answer(each) for each in found], total)


@action(
    "uiConf", "listTemplates",
    param("filter", "KalturaUiConfFilter", None), param("pager", "KalturaFilterPager", None), access=USER,
)  # fmt: skip
def list_templates(context: Context, filter: ApiObject | None, pager: ApiObject | None) -> dict[str, Any]:
    """List the templates of the installation; here there are none."""
    return render_list("KalturaUiConfListResponse", [], 0)


def _any_of(value: str) -> Where:
    """Tags are compared as parts of the text here, unlike those of entries."""
    words = [word.strip() for word in value.split(",") if word.strip()]
    where = NOTHING if words else ALL
    for word in words:
        where |= contains("tags", word)
    return where


def _all_of(value: str) -> Where:
    where = ALL
    for word in value.split(","):
        if word.strip():
            where &= contains("tags", word.strip())
    return where


def _normalized(document: Document) -> Document:
    document["useCdn"] = int(bool(document.get("useCdn", True)))
    if "objType" in document:
        document["objTypeAsString"] = _TYPE_NAMES.get(document["objType"], "")
    return document
