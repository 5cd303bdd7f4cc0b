"""Service ``category``: the tree that entries are filed in."""

from __future__ import annotations

import time
from typing import Any

from ..context import Context
from ..errors import fail, register_error
from ..listing import find_page
from ..query import ALL, Where, equal, one_of, starts_with
from ..registry import ADMIN, USER, action, param
from ..schema import ApiObject, kaltura_type, list_type, prop, props, render, render_list
from ..store import Collection, Document, Store
from .category_entry import ACTIVE, category_entries, refresh_entry

_FIRST_ID = 1001
_ACTIVE = 2
_SEPARATOR = ">"
_ROOT = 0

register_error(
    "PARENT_CATEGORY_IS_CHILD", "The parent category [@PARENT_CATEGORY@] is one of the children of [@CATEGORY@]"
)

kaltura_type(
    "KalturaCategory", None,
    prop("id", "int", read_only=True), prop("parentId", "int"), *props("int", "depth partnerId", read_only=True),
    prop("name", "mstring", max_length=200), *props("string", "fullName fullIds", read_only=True),
    prop("entriesCount", "int", read_only=True), *props("time", "createdAt updatedAt", read_only=True),
    prop("description", "mstring"), prop("tags", "mstring"), *props("int", "appearInList privacy inheritanceType"),
    prop("userJoinPolicy", "int", read_only=True), prop("defaultPermissionLevel", "int"), prop("owner"),
    prop("directEntriesCount", "int", read_only=True), prop("referenceId"), prop("contributionPolicy", "int"),
    *props("int", "membersCount pendingMembersCount", read_only=True), prop("privacyContext"),
    prop("privacyContexts", read_only=True), prop("status", "int", read_only=True),
    prop("inheritedParentId", "int", read_only=True), prop("partnerSortValue", "int"), prop("partnerData"),
    prop("defaultOrderBy"), prop("directSubCategoriesCount", "int", read_only=True),
    *props("bool", "moderation isAggregationCategory"), prop("aggregationCategories"), prop("adminTags"),
)  # fmt: skip
kaltura_type(
    "KalturaCategoryFilter", "KalturaFilter",
    prop("idEqual", "int"), *props("string", "idIn idNotIn"), prop("parentIdEqual", "int"), prop("parentIdIn"),
    prop("depthEqual", "int"), *props("string", "fullNameEqual fullNameStartsWith fullNameIn"),
    *props("string", "fullIdsEqual fullIdsStartsWith fullIdsMatchOr tagsLike tagsMultiLikeOr tagsMultiLikeAnd"),
    *props("time", "createdAtGreaterThanOrEqual createdAtLessThanOrEqual"),
    *props("time", "updatedAtGreaterThanOrEqual updatedAtLessThanOrEqual"),
    *props("string", "referenceIdEqual nameOrReferenceIdStartsWith freeText ancestorIdIn privacyContextEqual"),
    prop("referenceIdEmpty", "bool"), prop("statusEqual", "int"), prop("statusIn"),
)  # fmt: skip
list_type("KalturaCategoryListResponse", "KalturaCategory")


def categories(store: Store) -> Collection:
    """Return the categories of all accounts."""
    return store.collection("category", "parentId", "referenceId")


def find_category(context: Context, category_id: int) -> Document:
    """Return a category of the account.

    :raises ApiError: ``CATEGORY_NOT_FOUND``.
    """
    found = categories(context.store).get(category_id, context.partner_id)
    if found is None:
        raise fail("CATEGORY_NOT_FOUND", ID=category_id)
    return found


def child_named(store: Store, partner_id: int, parent_id: int, name: str) -> Document | None:
    """Return the category of this name, in any case, right below another; None when there is none."""
    below = equal("partnerId", partner_id) & equal("parentId", parent_id)
    return categories(store).first(below & _same_text("name", name))


def insert_category(context: Context, name: str, parent: Document | None, sent: ApiObject | None = None) -> Document:
    """Store a new category. Call it inside a transaction, after :func:`child_named` found none.

    :param parent: the category above, None for the top.
    :param sent: what the caller described, if somebody did.
    """
    now = int(time.time())
    document: Document = {
        "id": context.store.next_number("category", _FIRST_ID), "parentId": parent["id"] if parent else _ROOT,
        "partnerId": context.partner_id, "name": name, "createdAt": now, "updatedAt": now, "description": "",
        "tags": "", "appearInList": 1, "privacy": 1, "inheritanceType": 2, "userJoinPolicy": 3,
        "defaultPermissionLevel": 3, "owner": "", "contributionPolicy": 1, "membersCount": 0,
        "pendingMembersCount": 0, "privacyContext": "", "privacyContexts": "", "status": _ACTIVE,
        "partnerSortValue": 0, "moderation": False, "isAggregationCategory": False, "aggregationCategories": "",
    }  # fmt: skip
    if sent is not None:
        sent.apply_to(document)
    return categories(context.store).insert(_placed(document, parent))


def _placed(document: Document, parent: Document | None) -> Document:
    """Set what follows from the place in the tree."""
    above_name = parent["fullName"] + _SEPARATOR if parent else ""
    above_ids = parent["fullIds"] + _SEPARATOR if parent else ""
    document.update(
        parentId=parent["id"] if parent else _ROOT, depth=parent["depth"] + 1 if parent else 0,
        fullName=above_name + document["name"], fullIds=f"{above_ids}{document['id']}",
    )  # fmt: skip
    return document


def _answer(context: Context, document: Document) -> dict[str, Any]:
    from .category_user import active_members

    below = starts_with("categoryFullIds", document["fullIds"] + _SEPARATOR)
    assigned = category_entries(context.store)
    active = equal("status", ACTIVE)
    direct = assigned.count(active & equal("categoryId", document["id"]))
    counts = {
        "directEntriesCount": direct, "entriesCount": direct + assigned.count(active & below),
        "directSubCategoriesCount": categories(context.store).count(equal("parentId", document["id"])),
        "membersCount": active_members(context.store, document["id"]),
    }  # fmt: skip
    return render("KalturaCategory", {**document, **counts})


@action("category", "add", param("category", "KalturaCategory"), access=ADMIN)
def add(context: Context, category: ApiObject) -> dict[str, Any]:
    """Make a category; its name must be free among its neighbours."""
    category.require("name")
    category.check_insert()
    with context.store.transaction():
        parent = _parent(context, category.get("parentId", _ROOT))
        _check_free(context, category["name"], parent)
        return _answer(context, insert_category(context, category["name"], parent, category))


@action("category", "get", param("id", "int"), access=USER)
def get(context: Context, id: int) -> dict[str, Any]:
    """Answer a category."""
    return _answer(context, find_category(context, id))


@action("category", "update", param("id", "int"), param("category", "KalturaCategory"), access=ADMIN)
def update(context: Context, id: int, category: ApiObject) -> dict[str, Any]:
    """Change a category; a new name or parent changes the full names of all below it."""
    category.check_update()
    with context.store.transaction():
        document = find_category(context, id)
        before = (document["name"], document["parentId"])
        category.apply_to(document)
        document.setdefault("name", before[0])
        document["updatedAt"] = int(time.time())
        if (document["name"], document["parentId"]) != before:
            _move(context, document, document["parentId"])
        else:
            categories(context.store).save(document)
        return _answer(context, document)


@action("category", "move", param("categoryIds"), param("targetCategoryParentId", "int"), access=ADMIN)
def move(context: Context, category_ids: str, target_category_parent_id: int) -> bool:
    """Hang categories below another one, 0 for the top."""
    with context.store.transaction():
        for part in category_ids.split(","):
            _move(context, find_category(context, int(part or 0)), target_category_parent_id)
    return True


@action("category", "delete", param("id", "int"), param("moveEntriesToParentCategory", "int", 1), access=ADMIN)
def delete(context: Context, id: int, move_entries_to_parent_category: int) -> None:
    """Delete a category with all below it; its entries move up unless told otherwise."""
    from .category_user import forget_category

    store = context.store
    with store.transaction():
        document = find_category(context, id)
        parent = _parent(context, document["parentId"])
        gone = [document, *categories(store).find(_below(document))]
        for assignment in category_entries(store).find(one_of("categoryId", [each["id"] for each in gone])):
            category_entries(store).delete(assignment["id"])
            if move_entries_to_parent_category and parent is not None:
                from .category_entry import assign

                assign(context, assignment["entryId"], parent)
            refresh_entry(store, assignment["entryId"])
        for each in gone:
            categories(store).delete(each["id"])
            forget_category(store, each["id"])


@action(
    "category", "list",
    param("filter", "KalturaCategoryFilter", None), param("pager", "KalturaFilterPager", None), access=USER,
)  # fmt: skip
def list_categories(context: Context, filter: ApiObject | None, pager: ApiObject | None) -> dict[str, Any]:
    """List the account's categories."""
    found, total = find_page(
        categories(context.store), filter, pager, base=equal("partnerId", context.partner_id), conditions=_CONDITIONS,
        order_fields=("createdAt", "updatedAt", "fullName", "name", "depth", "partnerSortValue"),
        search=filter is None or "idEqual" not in filter,
    )  # fmt: skip
    return render_list("KalturaCategoryListResponse", [_answer(context, each) for each in found], total)


def _parent(context: Context, parent_id: int) -> Document | None:
    return find_category(context, parent_id) if parent_id else None


def _check_free(context: Context, name: str, parent: Document | None, own_id: int | None = None) -> None:
    taken = child_named(context.store, context.partner_id, parent["id"] if parent else _ROOT, name)
    if taken is not None and taken["id"] != own_id:
        raise fail("DUPLICATE_CATEGORY", CATEGORY=taken["fullName"])


def _move(context: Context, document: Document, parent_id: int) -> None:
    """Save a category at its place below another one, and all that is below it."""
    store = context.store
    parent = _parent(context, parent_id)
    if parent is not None and f"{parent['fullIds']}>".startswith(f"{document['fullIds']}>"):
        raise fail("PARENT_CATEGORY_IS_CHILD", PARENT_CATEGORY=parent_id, CATEGORY=document["id"])
    _check_free(context, document["name"], parent, document["id"])
    below = categories(store).find(_below(document), [("depth", False)])
    moved = {document["id"]: categories(store).save(_placed(document, parent))}
    for each in below:
        moved[each["id"]] = categories(store).save(_placed(each, moved[each["parentId"]]))
    for assignment in category_entries(store).find(one_of("categoryId", list(moved))):
        category_entries(store).update(assignment["id"], categoryFullIds=moved[assignment["categoryId"]]["fullIds"])
        refresh_entry(store, assignment["entryId"])


def _below(document: Document) -> Where:
    return starts_with("fullIds", document["fullIds"] + _SEPARATOR)


def _same_text(name: str, value: str) -> Where:
    return Where(f"lower(json_extract({{doc}}, '$.{name}')) = lower(?)", (value,))


def _any_full_name(value: str) -> Where:
    # One list: SQLite cannot read the conditions of 150 names nested into each other.
    names = tuple(part.strip() for part in value.split(","))
    return Where(f"lower(json_extract({{doc}}, '$.fullName')) IN ({', '.join(['lower(?)'] * len(names))})", names)


def _any_ancestor(value: str) -> Where:
    return Where(
        " OR ".join(["instr('>' || json_extract({doc}, '$.fullIds') || '>', '>' || ? || '>') > 0"]
                    * len(value.split(","))),
        tuple(part.strip() for part in value.split(",")),
    )  # fmt: skip


_CONDITIONS = {
    "fullNameEqual": lambda value: _same_text("fullName", value),
    "fullNameIn": _any_full_name,
    "nameOrReferenceIdStartsWith": lambda value: starts_with("name", value) | starts_with("referenceId", value),
    "freeText": lambda value: starts_with("name", value.rstrip("*")) | starts_with("referenceId", value.rstrip("*")),
    "ancestorIdIn": _any_ancestor,
    "referenceIdEmpty": lambda value: equal("referenceId", None) if value else ALL,
}
