"""Service ``categoryEntry``: which entries are in which categories."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from ..context import Context
from ..errors import fail, register_error
from ..listing import find_page
from ..query import equal, starts_with
from ..registry import USER, action, param
from ..schema import ApiObject, kaltura_type, list_type, prop, props, render, render_list
from ..store import Collection, Document, Store
from .entries import DELETED, entries, on_entry_deleted

if TYPE_CHECKING:
    from ..sandbox import Sandbox

_PENDING, ACTIVE, _REJECTED = 1, 2, 4
_MAX_CATEGORIES = 32

register_error("CANNOT_ACTIVATE_CATEGORY_ENTRY", "Cannot activate category entry, only pending ones can be activated")
register_error("CANNOT_REJECT_CATEGORY_ENTRY", "Cannot reject category entry, only pending ones can be rejected")
register_error("MAX_CATEGORIES_FOR_ENTRY_REACHED", "Maximum number of categories for an entry reached [@MAX@]")

kaltura_type(
    "KalturaCategoryEntry", None,
    prop("categoryId", "int"), prop("entryId"), prop("createdAt", "time", read_only=True),
    prop("categoryFullIds", read_only=True), prop("status", "int", read_only=True),
    *props("string", "creatorUserId statusChangerUserId", read_only=True),
)  # fmt: skip
kaltura_type(
    "KalturaCategoryEntryFilter", "KalturaFilter",
    prop("categoryIdEqual", "int"), *props("string", "categoryIdIn entryIdEqual entryIdIn categoryFullIdsStartsWith"),
    *props("time", "createdAtGreaterThanOrEqual createdAtLessThanOrEqual"), prop("statusEqual", "int"),
    prop("statusIn"), *props("string", "creatorUserIdEqual creatorUserIdIn"),
)  # fmt: skip
list_type("KalturaCategoryEntryListResponse", "KalturaCategoryEntry")


def category_entries(store: Store) -> Collection:
    """Return the assignments."""
    return store.collection("categoryEntry", "entryId", "categoryId")


def assign(
    context: Context, entry_id: str, category: Document, creator: str | None = None, status: int = ACTIVE
) -> Document:
    """Put an entry into a category, if it is not there; return the assignment. Call it inside a transaction.

    :param creator: the user who asked for it; None when it came with the entry.
    :param status: of the assignment.
    :raises ApiError: ``MAX_CATEGORIES_FOR_ENTRY_REACHED``.
    """
    assigned = category_entries(context.store)
    key = f"{category['id']}/{entry_id}"
    found = assigned.get(key)
    if found is not None:
        return found
    if assigned.count(equal("entryId", entry_id)) >= _MAX_CATEGORIES:
        raise fail("MAX_CATEGORIES_FOR_ENTRY_REACHED", MAX=_MAX_CATEGORIES)
    made = assigned.insert({
        "id": key, "partnerId": category["partnerId"], "categoryId": category["id"], "entryId": entry_id,
        "createdAt": int(time.time()), "categoryFullIds": category["fullIds"], "status": status,
        "creatorUserId": creator,
    })  # fmt: skip
    refresh_entry(context.store, entry_id)
    return made


def refresh_entry(store: Store, entry_id: str) -> None:
    """Write the categories of an entry into the entry, where lists look for them."""
    from .category import categories

    found = []
    active = equal("entryId", entry_id) & equal("status", ACTIVE)
    for assignment in category_entries(store).find(active, [("createdAt", False)]):
        category = categories(store).get(assignment["categoryId"])
        if category is not None:
            found.append(category)
    if entries(store).get(entry_id) is not None:
        entries(store).update(
            entry_id, categories=",".join(each["fullName"] for each in found),
            categoriesIds=",".join(str(each["id"]) for each in found),
        )  # fmt: skip


def assign_by_ids(context: Context, entry_id: str, text: str) -> None:
    """Make these the categories of an entry; ids that do not exist are passed over.

    :param text: ids with commas between them.
    """
    from .category import categories

    wanted = []
    for part in text.split(","):
        category = categories(context.store).get(part.strip(), context.partner_id)
        if category is not None:
            wanted.append(category)
    _replace(context, entry_id, wanted)


def assign_by_names(context: Context, entry_id: str, text: str) -> None:
    """Make these the categories of an entry; ones that do not exist are made.

    :param text: full names, such as ``news>local``, with commas between them.
    """
    from .category import child_named, insert_category

    wanted = []
    with context.store.transaction():
        for full_name in text.split(","):
            category: Document | None = None
            for name in (part.strip() for part in full_name.split(">")):
                if name:
                    parent_id = category["id"] if category else 0
                    found = child_named(context.store, context.partner_id, parent_id, name)
                    category = found or insert_category(context, name, category)
            if category is not None:
                wanted.append(category)
        _replace(context, entry_id, wanted)


def _replace(context: Context, entry_id: str, wanted: list[Document]) -> None:
    store = context.store
    with store.transaction():
        keep = {category["id"] for category in wanted}
        for assignment in category_entries(store).find(equal("entryId", entry_id)):
            if assignment["categoryId"] not in keep:
                category_entries(store).delete(assignment["id"])
        for category in wanted:
            assign(context, entry_id, category)
        refresh_entry(store, entry_id)


@on_entry_deleted
def forget_entry(sandbox: Sandbox, entry: Document) -> None:
    """Take a deleted entry out of its categories."""
    for assignment in category_entries(sandbox.store).find(equal("entryId", entry["id"])):
        category_entries(sandbox.store).delete(assignment["id"])


def _entry(context: Context, entry_id: str | None) -> Document:
    found = entries(context.store).get(entry_id, context.partner_id)
    if found is None or found["status"] == DELETED:
        raise fail("INVALID_ENTRY_ID", ID=entry_id or "")
    return found


def _answer(document: Document) -> dict[str, Any]:
    return render("KalturaCategoryEntry", document)


@action("categoryEntry", "add", param("categoryEntry", "KalturaCategoryEntry"), access=USER)
def add(context: Context, category_entry: ApiObject) -> dict[str, Any]:
    """Put an entry into a category; one that is moderated lets some sessions only ask for it."""
    from .category import find_category

    category_entry.check_insert()
    category_entry.require("categoryId", "entryId")
    with context.store.transaction():
        entry = _entry(context, category_entry["entryId"])
        category = find_category(context, category_entry["categoryId"])
        key = f"{category['id']}/{entry['id']}"
        found = category_entries(context.store).get(key)
        if found is not None and found["status"] == ACTIVE:
            raise fail("CATEGORY_ENTRY_ALREADY_EXISTS")
        status = _PENDING if category["moderation"] and _is_moderated(context) else ACTIVE
        if found is not None:
            return _answer(_set_status(context, found, status))
        return _answer(assign(context, entry["id"], category, context.user_id, status))


def _is_moderated(context: Context) -> bool:
    return context.session is not None and "enablecategorymoderation" in context.session.privileges.lower().split(",")


def _set_status(context: Context, assignment: Document, status: int) -> Document:
    changed = category_entries(context.store).update(assignment["id"], status=status)
    refresh_entry(context.store, assignment["entryId"])
    return changed


def _decide(context: Context, entry_id: str, category_id: int, status: int, refusal: str) -> None:
    from .category import find_category

    with context.store.transaction():
        entry = _entry(context, entry_id)
        category = find_category(context, category_id)
        found = category_entries(context.store).get(f"{category['id']}/{entry['id']}")
        if found is None:
            raise fail("ENTRY_IS_NOT_ASSIGNED_TO_CATEGORY")
        if found["status"] != _PENDING:
            raise fail(refusal)
        _set_status(context, found, status)


@action("categoryEntry", "activate", param("entryId"), param("categoryId", "int"), access=USER)
def activate(context: Context, entry_id: str, category_id: int) -> None:
    """Let an entry into a moderated category."""
    _decide(context, entry_id, category_id, ACTIVE, "CANNOT_ACTIVATE_CATEGORY_ENTRY")


@action("categoryEntry", "reject", param("entryId"), param("categoryId", "int"), access=USER)
def reject(context: Context, entry_id: str, category_id: int) -> None:
    """Keep an entry out of a moderated category."""
    _decide(context, entry_id, category_id, _REJECTED, "CANNOT_REJECT_CATEGORY_ENTRY")


@action("categoryEntry", "delete", param("entryId"), param("categoryId", "int"), access=USER)
def delete(context: Context, entry_id: str, category_id: int) -> None:
    """Take an entry out of a category."""
    from .category import find_category

    with context.store.transaction():
        entry = _entry(context, entry_id)
        category = find_category(context, category_id)
        if not category_entries(context.store).delete(f"{category['id']}/{entry['id']}"):
            raise fail("ENTRY_IS_NOT_ASSIGNED_TO_CATEGORY")
        refresh_entry(context.store, entry_id)


@action(
    "categoryEntry", "list",
    param("filter", "KalturaCategoryEntryFilter", None), param("pager", "KalturaFilterPager", None), access=USER,
)  # fmt: skip
def list_category_entries(context: Context, filter: ApiObject | None, pager: ApiObject | None) -> dict[str, Any]:
    """List the assignments of an entry or a category."""
    if filter is None or not {"entryIdEqual", "entryIdIn", "categoryIdEqual", "categoryIdIn"} & set(filter.values):
        raise fail("MUST_FILTER_ON_ENTRY_OR_CATEGORY")
    found, total = find_page(
        category_entries(context.store), filter, pager, base=equal("partnerId", context.partner_id),
        conditions={"categoryFullIdsStartsWith": lambda value: starts_with("categoryFullIds", value)},
        order_fields=("createdAt",),
    )  # fmt: skip
    return render_list("KalturaCategoryEntryListResponse", [_answer(each) for each in found], total)
